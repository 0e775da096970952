package mock

import (
	"bytes"
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/coin/cointest"
)

func seededChain(tb testing.TB) *Chain {
	c := New(Options{})
	_, err := c.Pay(tb.Context(), cointest.Deposit{
		To:   []cointest.Target{{Address: groupAddress(tb, c), Amount: 1000}},
		Data: []byte("data"),
	})
	require.NoError(tb, err)
	mine(tb, c, 2)
	return c
}

func FuzzTransaction(f *testing.F) {
	c := seededChain(f)
	for _, b := range c.best {
		for _, t := range b.transactions {
			f.Add(t.raw)
			f.Add(t.unsigned)
		}
	}
	copied := newTransaction(nil, []output{{amount: 9, to: miner, copies: &coin.OutputID{Index: 1}}}, nil)
	f.Add(copied.sign(nil).raw)
	f.Fuzz(func(t *testing.T, raw []byte) {
		tx, err := decodeTransaction(raw)
		if err != nil {
			return
		}
		again := newTransaction(tx.inputs, tx.outputs, tx.data).sign(tx.signatures)
		require.Equal(t, raw, again.raw)
		require.Equal(t, tx.id, again.id)
		require.EqualValues(t, weightPerByte*len(raw), tx.weight())
		require.NotEqual(t, coin.Accepted, c.submit(raw).Status)
	})
}

func FuzzBlock(f *testing.F) {
	c := seededChain(f)
	for _, b := range c.best {
		f.Add(b.raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		b, err := decodeBlock(raw)
		if err != nil {
			return
		}
		again := newBlock(b.number, b.parent, b.time, b.transactions)
		require.Equal(t, raw, again.raw)
		require.Equal(t, b.id, again.id)
		other := c.Clone()
		if err := other.AddBlock(raw); err != nil {
			require.Equal(t, c.tip(), other.tip())
		}
	})
}

func FuzzAddress(f *testing.F) {
	c := New(Options{})
	f.Add(string(groupAddress(f, c)))
	f.Add("mock1")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := parseAddress(c.genesisID, coin.Address(text))
		if err != nil {
			require.ErrorIs(t, err, coin.ErrAddress)
			return
		}
		require.Equal(t, coin.Address(text), s.address(c.genesisID))
	})
}

func FuzzVerify(f *testing.F) {
	c := NewCoin(New(Options{}))
	key := groupKey(0)
	address, err := c.Address(key, coin.Change)
	require.NoError(f, err)
	plan := coin.Plan{
		Key:    coin.Key{Session: 1, Key: key},
		Inputs: []coin.Output{{Session: 1, Kind: coin.Change, Amount: 1000}},
		Own:    []coin.OwnOutput{{Kind: coin.Change, Session: 1, Address: address, Amount: 900}},
		Fee:    100,
	}
	prepared, err := c.Prepare(f.Context(), plan, coin.BlockID{})
	require.NoError(f, err)
	f.Add(prepared)
	f.Fuzz(func(t *testing.T, raw []byte) {
		_, err := c.Verify(plan, prepared, raw)
		require.ErrorIs(t, err, coin.ErrInvalid, "nobody has signed")
		_, err = c.Assemble(plan, prepared, [][]byte{raw})
		require.ErrorIs(t, err, coin.ErrInvalid)
		_, err = c.Describe(plan, raw)
		require.Equal(t, bytes.Equal(raw, prepared), err == nil)
		_, err = c.Work(plan, raw)
		require.Equal(t, bytes.Equal(raw, prepared), err == nil)
	})
}

func FuzzRead(f *testing.F) {
	c := NewCoin(New(Options{}))
	address, err := c.Address(groupKey(0), coin.Change)
	require.NoError(f, err)
	plan := coin.Plan{
		Key:    coin.Key{Session: 1, Key: groupKey(0)},
		Inputs: []coin.Output{{Session: 1, Kind: coin.Change, Amount: 1000}},
		Own:    []coin.OwnOutput{{Kind: coin.Change, Session: 1, Address: address, Amount: 900}},
		Fee:    100,
	}
	prepared, err := c.Prepare(f.Context(), plan, coin.BlockID{})
	require.NoError(f, err)
	f.Add(prepared)
	f.Fuzz(func(t *testing.T, raw []byte) {
		read, err := c.Read(plan, raw)
		if err != nil {
			require.ErrorIs(t, err, coin.ErrInvalid)
			return
		}
		require.Equal(t, bytes.Equal(raw, prepared), read.Check(plan) == nil)
	})
}

func FuzzEventuality(f *testing.F) {
	f.Add(make([]byte, 68))
	f.Fuzz(func(t *testing.T, data []byte) {
		e, err := decodeHappening(data)
		if err != nil {
			require.ErrorIs(t, err, coin.ErrInvalid)
			return
		}
		require.Equal(t, data, e.Bytes())
	})
}

func FuzzArchive(f *testing.F) {
	chain := seededChain(f)
	c := NewCoin(chain)
	keys := []coin.Key{{Session: 1, Key: groupKey(0)}}
	for _, b := range chain.best {
		data, err := c.ArchiveBlock(f.Context(), &parsed{block: b}, nil, keys)
		require.NoError(f, err)
		f.Add(data)
	}
	none := NewCoin(New(Options{}))
	none.SetFaults(Faults{Unreachable: 1 << 60})
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := decodeArchive(data)
		if err != nil {
			return
		}
		require.Equal(t, data, encodeArchive(p.raw, slices.SortedFunc(maps.Values(p.beside.known), byID)))
		b, err := none.RestoreBlock(t.Context(), p.head(), data)
		require.NoError(t, err)
		_, err = none.Outputs(t.Context(), b, keys)
		require.NotErrorIs(t, err, coin.ErrTransient, "a node was asked")
		_, err = none.RateOf(t.Context(), b)
		require.NotErrorIs(t, err, coin.ErrTransient, "a node was asked")
	})
}
