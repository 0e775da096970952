package bitcoin

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"math"
	"math/big"
	"slices"
	"testing"

	"github.com/btcsuite/btcd/wire/v2"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/serai-go/processor/coin"
)

func TestBlockRate(t *testing.T) {
	ctx := t.Context()
	n := newMemoryNode(t)
	c := reading(t, n)
	empty, err := c.BlockRate(ctx, n.mine(t, genesisTime+600))
	require.NoError(t, err)
	require.Zero(t, empty)

	// Far more transactions than are sampled, with rates that say which.
	var outs []*wire.TxOut
	for range 400 {
		outs = append(outs, wire.NewTxOut(1_000_000, []byte{0x51}))
	}
	from := source(outs...)
	n.addTransaction(t, from)
	var txs []*wire.MsgTx
	fees := make(map[coin.TransactionID]uint64)
	for i := range uint32(400) {
		fee := uint64(100 + 3*i)
		script := binary.LittleEndian.AppendUint32(bytes.Repeat([]byte{0x61}, int(i%90)), i)
		tx := spending(from, []uint32{i}, wire.NewTxOut(int64(1_000_000-fee), script))
		txs = append(txs, tx)
		id := coin.TransactionID(tx.TxHash())
		slices.Reverse(id[:])
		fees[id] = fee
	}
	header := n.mine(t, genesisTime+1200, txs...)
	n.asked, n.batches = 0, 0
	rate, err := c.BlockRate(ctx, header)
	require.NoError(t, err)
	require.Equal(t, 1, n.asked, "what all spend from is asked for once")

	// The rule, written down once more.
	type choice struct {
		order        [32]byte
		rate, weight uint64
	}
	var choices []choice
	for _, tx := range txs {
		id := coin.TransactionID(tx.TxHash())
		slices.Reverse(id[:])
		weight := uint64(3*tx.SerializeSizeStripped() + tx.SerializeSize())
		choices = append(choices, choice{sha256.Sum256(slices.Concat(header.ID[:], id[:])), 1000 * fees[id] / weight, weight})
	}
	slices.SortFunc(choices, func(a, b choice) int { return bytes.Compare(a.order[:], b.order[:]) })
	choices = choices[:100]
	var total uint64
	for _, choice := range choices {
		total += choice.weight
	}
	least := uint64(math.MaxUint64)
	for _, candidate := range choices {
		var holds uint64
		for _, other := range choices {
			if other.rate <= candidate.rate {
				holds += other.weight
			}
		}
		if 2*holds >= total {
			least = min(least, candidate.rate)
		}
	}
	require.Equal(t, least, rate)
}

func TestBlockRateInBlockAndImpossible(t *testing.T) {
	ctx := t.Context()
	n := newMemoryNode(t)
	c := reading(t, n)
	from := source(wire.NewTxOut(5000, []byte{0x51}))
	n.addTransaction(t, from)
	parent := spending(from, []uint32{0}, wire.NewTxOut(4000, []byte{0x51}))
	child := spending(parent, []uint32{0}, wire.NewTxOut(1000, []byte{0x51}))
	header := n.mine(t, genesisTime+600, parent, child)
	n.asked = 0
	rate, err := c.BlockRate(ctx, header)
	require.NoError(t, err)
	weight := uint64(4 * parent.SerializeSize())
	require.Equal(t, 1000*1000/weight, rate, "the lower of two of the same weight")
	require.Equal(t, 1, n.asked, "the parent is in the block")

	for name, tx := range map[string]*wire.MsgTx{
		"pays more than it spends": spending(from, []uint32{0}, wire.NewTxOut(5001, []byte{0x51})),
		"does not exist":           spending(from, []uint32{1}, wire.NewTxOut(1, []byte{0x51})),
	} {
		_, err := c.BlockRate(ctx, n.mine(t, genesisTime+1200, tx))
		require.ErrorIs(t, err, coin.ErrInvalid)
		require.ErrorContains(t, err, name)
	}
	_, err = c.BlockRate(ctx, coin.Header{Number: 9})
	require.ErrorIs(t, err, coin.ErrNotFound)
}

func TestMedianRate(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rates := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) weightedRate {
			return weightedRate{rapid.Uint64Range(0, 20).Draw(t, "rate"), rapid.Uint64Range(1, 50).Draw(t, "weight")}
		}), 1, 20).Draw(t, "rates")
		// Each unit of weight is one vote.
		var votes []uint64
		for _, r := range rates {
			votes = append(votes, slices.Repeat([]uint64{r.rate}, int(r.weight))...)
		}
		slices.Sort(votes)
		want := votes[(len(votes)-1)/2]
		slices.SortFunc(rates, func(a, b weightedRate) int { return cmp.Compare(a.weight, b.weight) })
		require.Equal(t, want, medianRate(rates))
	})
}

func TestFee(t *testing.T) {
	c := offline(t, Mainnet)
	addresses := []coin.Address{
		"1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", "3P14159f73E4gFr7JterCCQh9QjiTjiZrG",
		"bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
		"bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0",
	}
	const sizes = 34 + 32 + 31 + 43
	fee, err := c.Fee(1000, make([]coin.Output, 2), addresses)
	require.NoError(t, err)
	require.Equal(t, uint64(4*(4+1+1+4+sizes)+2+2*230), fee)
	fee, err = c.Fee(1001, make([]coin.Output, 1), addresses[:1])
	require.NoError(t, err)
	require.Equal(t, uint64(409), fee) // 408 and a bit for 408 weight units
	many := slices.Repeat(addresses[3:], 300)
	fee, err = c.Fee(1000, make([]coin.Output, 300), many)
	require.NoError(t, err)
	require.Equal(t, uint64(4*(4+3+3+4+300*43)+2+300*230), fee)

	rules := c.Parameters()
	_, err = c.Fee(rules.FeeCap, make([]coin.Output, rules.MaxInputs), slices.Repeat(addresses[3:], int(rules.MaxOutputs)))
	require.NoError(t, err, "the most that the parameters allow")
	_, err = c.Fee(1000, make([]coin.Output, 64), slices.Repeat(addresses[3:], 2300))
	require.ErrorIs(t, err, coin.ErrInvalid)
	_, err = c.Fee(1000, nil, []coin.Address{"bc1"})
	require.ErrorIs(t, err, coin.ErrAddress)

	require.Equal(t, uint64(230), c.InputCost(1000))
	require.Equal(t, uint64(115), c.InputCost(500))
	require.Equal(t, uint64(1), c.InputCost(1))
	require.Zero(t, c.InputCost(0))
}

func TestFeeOf(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		weight, rate := rapid.Uint64().Draw(t, "weight"), rapid.Uint64().Draw(t, "rate")
		want := new(big.Int).Mul(new(big.Int).SetUint64(weight), new(big.Int).SetUint64(rate))
		want.Add(want, big.NewInt(999)).Div(want, big.NewInt(1000))
		if !want.IsUint64() {
			want.SetUint64(math.MaxUint64)
		}
		require.Equal(t, want.Uint64(), feeOf(weight, rate))
	})
}

// BenchmarkFee prices the largest transaction of the default parameters.
func BenchmarkFee(b *testing.B) {
	c := offline(b, Mainnet)
	rules := c.Parameters()
	inputs := make([]coin.Output, rules.MaxInputs)
	var addresses []coin.Address
	for i := range int(rules.MaxOutputs) {
		program := binary.LittleEndian.AppendUint64(make([]byte, 24), uint64(i))
		address, ok := scriptAddress(c.params, witnessScript(1, program))
		require.True(b, ok)
		addresses = append(addresses, address)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.Fee(1000, inputs, addresses); err != nil {
			b.Fatal(err)
		}
	}
}
