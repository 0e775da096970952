package mock

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/coin/cointest"
)

// watched is a chain whose block 2 pays the group, and a coin that watches it.
func watched(t *testing.T) (*Chain, *Coin, coin.Header) {
	chain := New(Options{})
	mine(t, chain, 1)
	pay(t, chain, groupAddress(t, chain), 1000)
	mine(t, chain, 2)
	c := NewCoin(chain)
	header, err := c.Header(t.Context(), 2)
	require.NoError(t, err)
	return chain, c, header
}

// read asks a coin all there is to know about a block.
func read(ctx context.Context, c *Coin, number uint64) ([]coin.Output, error) {
	header, err := c.Header(ctx, number)
	if err != nil {
		return nil, err
	}
	if _, err := c.BlockRate(ctx, header); err != nil {
		return nil, err
	}
	block, err := c.Block(ctx, header)
	if err != nil {
		return nil, err
	}
	return c.Outputs(ctx, block, []coin.Key{{Session: 1, Key: groupKey(0)}})
}

func TestLiesAreCaught(t *testing.T) {
	_, c, _ := watched(t)
	honest, err := read(t.Context(), c, 2)
	require.NoError(t, err)
	require.Len(t, honest, 1)
	for name, f := range map[string]Faults{
		"wrong parent":      {WrongParent: true},
		"wrong number":      {WrongNumber: true},
		"wrong body":        {WrongBody: true},
		"wrong transaction": {WrongTransaction: true},
		"wrong signature":   {WrongSignature: true},
		"truncated":         {Truncated: true},
	} {
		c.SetFaults(f)
		outputs, err := read(t.Context(), c, 2)
		require.ErrorIs(t, err, coin.ErrInvalid, name)
		require.NotErrorIs(t, err, coin.ErrTransient, name)
		require.Nil(t, outputs, name)
	}
	c.SetFaults(Faults{})
	outputs, err := read(t.Context(), c, 2)
	require.NoError(t, err)
	require.Equal(t, honest, outputs)
}

// Each question can go unanswered, and then another try succeeds.
func TestUnreachable(t *testing.T) {
	chain, c, header := watched(t)
	id := chain.best[2].transactions[1].id
	for n := 1; ; n++ {
		c.SetFaults(Faults{Unreachable: n})
		asked := 0
		for {
			outputs, err := read(t.Context(), c, 2)
			asked++
			if err == nil {
				require.Len(t, outputs, 1)
				break
			}
			require.ErrorIs(t, err, coin.ErrTransient)
		}
		require.Equal(t, n+1, asked)
		if n == 6 {
			break
		}
	}
	for name, ask := range map[string]func() error{
		"tip":         func() error { _, err := c.Tip(t.Context()); return err },
		"header":      func() error { _, err := c.Header(t.Context(), 1); return err },
		"block":       func() error { _, err := c.Block(t.Context(), header); return err },
		"transaction": func() error { _, err := c.Transaction(t.Context(), id); return err },
		"publish": func() error {
			_, err := c.Publish(t.Context(), coin.Transaction{ID: id, Raw: chain.best[2].transactions[1].raw})
			return err
		},
	} {
		c.SetFaults(Faults{Unreachable: 1})
		require.ErrorIs(t, ask(), coin.ErrTransient, name)
		require.NoError(t, ask(), name)
	}
}

func TestBehind(t *testing.T) {
	_, c, _ := watched(t)
	c.SetFaults(Faults{Behind: 2})
	tip, err := c.Tip(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, 1, tip)
	_, err = c.Header(t.Context(), 2)
	require.ErrorIs(t, err, coin.ErrNotFound)
	c.SetFaults(Faults{Behind: 100})
	tip, err = c.Tip(t.Context())
	require.NoError(t, err)
	require.Zero(t, tip)
}

func TestRefusedPublication(t *testing.T) {
	chain, c, _ := watched(t)
	known := chain.best[2].transactions[1]
	tx := coin.Transaction{ID: known.id, Raw: known.raw}
	c.SetFaults(Faults{Refuse: "not today"})
	publication, err := c.Publish(t.Context(), tx)
	require.NoError(t, err)
	require.Equal(t, coin.Publication{Status: coin.Rejected, Reason: "not today"}, publication)

	c.SetFaults(Faults{})
	tx.ID[0] ^= 1
	_, err = c.Publish(t.Context(), tx)
	require.ErrorIs(t, err, coin.ErrInvalid, "an ID of another transaction")
}

// The ID does not cover signatures, so a node can tell wrong ones.
func TestWrongSignatureOfTransaction(t *testing.T) {
	chain, c, _ := watched(t)
	known := chain.best[2].transactions[1]
	c.SetFaults(Faults{WrongSignature: true})
	raw, err := c.Transaction(t.Context(), known.id)
	require.NoError(t, err)
	told, err := decodeTransaction(raw)
	require.NoError(t, err)
	require.ErrorIs(t, told.verify(c.Genesis(), []output{chain.best[0].transactions[0].outputs[0]}), errSignature)
}

// Origins: the first spent output that has an address, if any.
func TestOrigin(t *testing.T) {
	w := wallet{New(Options{}), t}
	to, err := parseAddress(w.genesisID, groupAddress(t, w.Chain))
	require.NoError(t, err)
	first := userScript(addressed, userKey(1)).address(w.genesisID)
	for _, test := range []struct {
		from []uint32
		want coin.Address
	}{
		{[]uint32{0, lanes}, first},
		{[]uint32{lanes, 0}, first},
		{[]uint32{lanes, lanes + 1}, ""},
	} {
		c := wallet{w.Clone(), t}
		inputs := c.spend(test.from, 20).inputs
		tx := c.sign(newTransaction(inputs, []output{{amount: 2*laneAmount - 20, to: to}}, nil), test.from)
		require.Equal(t, coin.Accepted, c.submit(tx.raw).Status)
		mine(t, c.Chain, 1)
		outputs, err := read(t.Context(), NewCoin(c.Chain), 1)
		require.NoError(t, err)
		require.Len(t, outputs, 1)
		require.Equal(t, test.want, outputs[0].Origin)
	}
}

func TestBlockRateIsTheMedianByWeight(t *testing.T) {
	for _, test := range []struct {
		rates  []uint64
		median uint64
	}{
		{nil, 0},
		{[]uint64{1000}, 1000},
		{[]uint64{2000, 1000}, 1000},
		{[]uint64{3000, 1000, 2000}, 2000},
		{[]uint64{1000, 1000, 1000, 90000}, 1000},
	} {
		w := wallet{New(Options{}), t}
		for i, r := range test.rates {
			cost, _ := fee(weight(1, 1, 0), r)
			require.Equal(t, coin.Accepted, w.submit(w.spend([]uint32{uint32(i)}, cost).raw).Status)
		}
		mine(t, w.Chain, 1)
		c := w.Coin()
		header, err := c.Header(t.Context(), 1)
		require.NoError(t, err)
		got, err := c.BlockRate(t.Context(), header)
		require.NoError(t, err)
		require.InDelta(t, test.median, got, 2)
	}
}

// A chain that all follow at the same rate keeps it.
func TestRatesDoNotCreep(t *testing.T) {
	for inputs := 1; inputs <= 4; inputs++ {
		for outputs := 1; outputs <= 4; outputs++ {
			for r := uint64(1); r < 600; r++ {
				w := weight(inputs, outputs, 0)
				paid, ok := fee(w, r)
				require.True(t, ok)
				read := rate(paid, w)
				require.LessOrEqual(t, read, r)
				again, _ := fee(w, read)
				require.Equal(t, paid, again)
			}
		}
	}
	_, ok := fee(1<<40, 1<<40)
	require.False(t, ok)
	require.EqualValues(t, uint64(1<<64-1), rate(1<<63, 1))
}

func TestConcurrentCoins(t *testing.T) {
	chain, _, _ := watched(t)
	address := groupAddress(t, chain)
	var group errgroup.Group
	for range 4 {
		c := NewCoin(chain)
		group.Go(func() error {
			for range 50 {
				if _, err := read(t.Context(), c, 2); err != nil {
					return err
				}
			}
			return nil
		})
	}
	group.Go(func() error {
		for range 20 {
			if _, err := chain.Pay(t.Context(), cointest.Deposit{To: []cointest.Target{{Address: address, Amount: 100}}}); err != nil {
				return err
			}
			if err := chain.Mine(t.Context(), 1); err != nil {
				return err
			}
			if err := chain.Clone().Fork(t.Context(), 1, false); err != nil {
				return err
			}
		}
		return nil
	})
	require.NoError(t, group.Wait())
	require.EqualValues(t, 3000, received(t, chain, address))
}
