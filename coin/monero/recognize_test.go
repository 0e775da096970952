package monero

import (
	"math"
	"math/rand/v2"
	"testing"

	"filippo.io/edwards25519"
	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/coin/monero/address"
	"github.com/serai-go/processor/coin/monero/block"
	"github.com/serai-go/processor/coin/monero/keys"
	"github.com/serai-go/processor/coin/monero/outputs"
	"github.com/serai-go/processor/internal/wire"
)

func newSender(t *testing.T) (*sender, *memoryNode) {
	n := newMemoryNode(t)
	return &sender{t, newCoin(t, n), rand.New(rand.NewPCG(1, 2))}, n
}

func TestOutputsAreThoseOfEachKindAndKey(t *testing.T) {
	s, n := newSender(t)
	a, b := newKey(1), newKey(2)
	first := s.strangers(9, 1e9)
	for i, kind := range coin.Kinds {
		s.pay(first, 2*i, a, kind, uint64(100+i))
		s.pay(first, 2*i+1, b, kind, uint64(200+i))
	}
	s.data(first, "mint")
	s.data(first, "not this one")
	second := s.strangers(2, 1e9)
	s.pay(second, 1, b, coin.External, math.MaxUint64)
	transactions := []*block.Transaction{s.encode(s.strangers(2, 1e9)), s.encode(first), s.encode(second)}
	made := n.mine(mined{transactions: transactions})
	parsed, found := read(t, s.coin, made, a, b)
	require.Len(t, found, 9)
	for i, o := range found[:8] {
		key := []coin.Key{a, b}[i%2]
		require.Equal(t, coin.OutputID{Transaction: transactions[1].Hash(), Index: uint32(i)}, o.ID)
		require.Equal(t, key.Session, o.Session)
		require.Equal(t, coin.Kinds[i/2], o.Kind)
		require.EqualValues(t, 100+100*(i%2)+i/2, o.Amount)
		require.EqualValues(t, 2, o.Position)
		require.Equal(t, []byte("mint"), o.Data)
		require.Empty(t, o.Origin)
		require.Nil(t, s.coin.SpendLookup(o))
		require.Equal(t, [32]byte(o.ID.Transaction), parsed.Transactions()[o.Position].ID())
		decoded, err := wire.Unmarshal[coin.Output](wire.Marshal(o))
		require.NoError(t, err)
		require.Equal(t, o, decoded)
	}
	require.Equal(t, uint64(math.MaxUint64), found[8].Amount)
	require.Empty(t, found[8].Data)
	_, ofB := read(t, s.coin, made, b)
	require.Len(t, ofB, 5)
	_, none := read(t, s.coin, made)
	require.Empty(t, none)
	_, none = read(t, s.coin, made, newKey(3))
	require.Empty(t, none)

	_, err := s.coin.Outputs(t.Context(), parsed, []coin.Key{a, a})
	require.ErrorIs(t, err, coin.ErrInvalid)
	_, err = s.coin.Outputs(t.Context(), parsed, []coin.Key{{Key: []byte("no key")}})
	require.ErrorIs(t, err, coin.ErrInvalid)
	_, err = s.coin.Outputs(t.Context(), nil, []coin.Key{a})
	require.ErrorIs(t, err, coin.ErrInvalid)
}

// Nothing but a deposit's data says where it can be sent back to.
func TestTheOriginIsTheAddressThatDataNames(t *testing.T) {
	s, n := newSender(t)
	key := newKey(1)
	text, err := s.coin.Address(newKey(2).Key, coin.External)
	require.NoError(t, err)
	back, err := address.Parse(string(text))
	require.NoError(t, err)
	named, ok := outputs.AppendRefund(nil, back)
	require.True(t, ok)
	for data, origin := range map[string]coin.Address{
		string(named): text, string(named) + "mint": text, "mint" + string(named): "", string(named[:65]): "", "mint": "",
	} {
		f := s.strangers(2, 1e9)
		s.pay(f, 0, key, coin.External, 7)
		s.data(f, data)
		_, found := read(t, s.coin, n.mine(mined{transactions: []*block.Transaction{s.encode(f)}}), key)
		require.Len(t, found, 1)
		require.Equal(t, origin, found[0].Origin)
		require.Equal(t, []byte(data), found[0].Data)
	}
}

// What Spend holds leads, with the view key, to all that it takes to spend.
func TestSpendLeadsToTheSecretsOfAnOutput(t *testing.T) {
	s, n := newSender(t)
	key := newKey(1)
	private, err := keys.HashToScalar([]byte{1})
	require.NoError(t, err)
	f := s.strangers(4, 1e9)
	for i, kind := range coin.Kinds {
		s.pay(f, i, key, kind, uint64(1+i))
	}
	_, found := read(t, s.coin, n.mine(mined{transactions: []*block.Transaction{s.encode(f)}}), key)
	require.Len(t, found, 4)
	view, err := s.coin.ViewKey(key.Key)
	require.NoError(t, err)
	for i, o := range found {
		require.Len(t, o.Spend, spendSize)
		require.Equal(t, f.Outputs[i].Key[:], o.Spend[:32])
		require.Equal(t, f.Commitments[i][:], o.Spend[32:64])
		r, err := keys.DecodePoint(o.Spend[64:96])
		require.NoError(t, err)
		d := view.Derive(r)
		shared, err := d.SharedKey(uint64(o.ID.Index))
		require.NoError(t, err)
		x, err := view.SubaddressScalar(outputs.Address(o.Kind))
		require.NoError(t, err)
		x.Add(x, shared.Scalar())
		x.Add(x, private)
		require.Equal(t, o.Spend[:32], new(edwards25519.Point).ScalarBaseMult(x).Bytes())
		mask, err := shared.CommitmentMask()
		require.NoError(t, err)
		require.Equal(t, o.Spend[32:64], keys.Commit(mask, o.Amount).Bytes())
	}
}

func TestCoinbasesAndLockedOutputsNeverCount(t *testing.T) {
	s, n := newSender(t)
	key := newKey(1)
	coinbase := &block.Fields{Outputs: []block.Output{{}}}
	s.pay(coinbase, 0, key, coin.External, 5e11)
	for _, lock := range []uint64{0, 1, 500_000_000} {
		f := s.strangers(2, 1e9)
		f.UnlockTime = lock
		s.pay(f, 0, key, coin.External, 7)
		_, found := read(t, s.coin, n.mine(mined{coinbase: coinbase, transactions: []*block.Transaction{s.encode(f)}}), key)
		if lock == 0 {
			require.Len(t, found, 1)
			require.EqualValues(t, 7, found[0].Amount)
		} else {
			require.Empty(t, found, "%d", lock)
		}
	}
}

func TestNothingCountsBeforeTheHardFork(t *testing.T) {
	s, n := newSender(t)
	key := newKey(1)
	f := s.strangers(2, 1e9)
	s.pay(f, 0, key, coin.External, 7)
	tx := []*block.Transaction{s.encode(f)}
	_, found := read(t, s.coin, n.mine(mined{major: 15, transactions: tx}), key)
	require.Empty(t, found)
	_, found = read(t, s.coin, n.mine(mined{major: 16, transactions: tx}), key)
	require.Len(t, found, 1)
}

// The rules about equal keys are for one who knows all blocks. What it takes is
// in each output.
func TestOutputsWithEqualKeysAreAllFound(t *testing.T) {
	s, n := newSender(t)
	key := newKey(1)
	f := s.strangers(2, 1e9)
	s.pay(f, 0, key, coin.External, 7)
	copied := *f
	copied.Inputs = s.strangers(2, 1).Inputs
	_, found := read(t, s.coin, n.mine(mined{transactions: []*block.Transaction{s.encode(f), s.encode(&copied)}}), key)
	require.Len(t, found, 2)
	require.NotEqual(t, found[0].ID, found[1].ID)
	require.Equal(t, found[0].Spend[:108], found[1].Spend[:108], "all but their places")
	require.Equal(t, []byte{0, 0, 0, 1}, found[0].Spend[108:])
	require.Equal(t, []byte{0, 0, 0, 3}, found[1].Spend[108:])
	require.Equal(t, found[0].Spend[:32], s.coin.Twin(found[0]))
	require.Equal(t, s.coin.Twin(found[0]), s.coin.Twin(found[1]))
	require.Nil(t, s.coin.Twin(coin.Output{}))
}

func TestRateIsTheMedianByWeight(t *testing.T) {
	s, n := newSender(t)
	weight := s.encode(s.strangers(2, 1e9)).Weight()
	for _, c := range []struct {
		fees []uint64
		want uint64 // the fee whose rate it is
	}{
		{nil, 0},
		{[]uint64{5e9}, 5e9},
		{[]uint64{9e9, 5e9}, 5e9},
		{[]uint64{9e9, 2e9, 5e9}, 5e9},
	} {
		var transactions []*block.Transaction
		for _, fee := range c.fees {
			transactions = append(transactions, s.encode(s.strangers(2, fee)))
		}
		b, _ := read(t, s.coin, n.mine(mined{transactions: transactions}))
		rate, err := s.coin.BlockRate(t.Context(), b.Header())
		require.NoError(t, err)
		require.Equal(t, 1000*c.want/weight, rate)
		same, err := s.coin.RateOf(t.Context(), b)
		require.NoError(t, err)
		require.Equal(t, rate, same)
	}
	// A heavy one counts for more.
	b, _ := read(t, s.coin, n.mine(mined{transactions: []*block.Transaction{
		s.encode(s.strangers(16, 1e9)), s.encode(s.strangers(2, 5e9)), s.encode(s.strangers(2, 6e9)),
	}}))
	rate, err := s.coin.RateOf(t.Context(), b)
	require.NoError(t, err)
	require.Equal(t, 1000*1_000_000_000/s.encode(s.strangers(16, 1e9)).Weight(), rate)
	require.Equal(t, uint64(math.MaxUint64), perThousand(math.MaxUint64, 1000-1))
	require.Equal(t, uint64(math.MaxUint64), perThousand(math.MaxUint64, 1000))
	require.EqualValues(t, math.MaxUint64/2, perThousand(math.MaxUint64, 2000))
	_, err = s.coin.RateOf(t.Context(), nil)
	require.ErrorIs(t, err, coin.ErrInvalid)
}
