package bitcoin

import (
	"bytes"
	"encoding/hex"
	"slices"
	"testing"

	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/wire/v2"
	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/coin/bitcoin/block"
)

const genesisTime = 1296688602 // of the regression test network

func TestMedianTimePast(t *testing.T) {
	ctx := t.Context()
	n := newMemoryNode(t)
	times := []int64{genesisTime}
	// Up to two hours ahead, and back again as far as consensus allows.
	for i := range 40 {
		past := slices.Clone(times[max(0, len(times)-11):])
		slices.Sort(past)
		at := past[len(past)/2] + 1 + int64(i%5)*1800
		n.mine(t, at)
		times = append(times, at)
	}
	c := reading(t, n)
	tip, err := c.Tip(ctx)
	require.NoError(t, err)
	require.Equal(t, uint64(40), tip)
	var last coin.Header
	for number := range uint64(41) {
		header, err := c.Header(ctx, number)
		require.NoError(t, err)
		past := slices.Clone(times[max(0, int(number)-11):number])
		if number == 0 {
			past = times[:1]
		}
		slices.Sort(past)
		require.Equal(t, uint64(past[len(past)/2]), header.Time)
		require.Equal(t, number, header.Number)
		require.Equal(t, last.ID, header.Parent)
		require.GreaterOrEqual(t, header.Time, last.Time)
		last = header
	}
	_, err = c.Header(ctx, 41)
	require.ErrorIs(t, err, coin.ErrNotFound)

	// Another coin that begins in the middle sees the same.
	later, err := reading(t, n).Header(ctx, 40)
	require.NoError(t, err)
	require.Equal(t, last, later)
}

func TestWrongNumbers(t *testing.T) {
	ctx := t.Context()
	n := newMemoryNode(t)
	for i := range 20 {
		n.mine(t, genesisTime+int64(i)*600)
	}
	for _, test := range []struct{ asked, told uint64 }{{0, 1}, {1, 0}, {3, 4}, {4, 3}, {10, 20}, {20, 10}} {
		honest := n.best[test.told]
		n.lie = func(what string, raw []byte) []byte {
			if what == "id" {
				return honest[:]
			}
			return raw
		}
		_, err := reading(t, n).Header(ctx, test.asked)
		require.ErrorIs(t, err, coin.ErrInvalid, "%d for %d", test.told, test.asked)
	}
}

// A block has the number that its coinbase names, wherever a node puts it: else
// it could count the whole chain from another number on.
func TestBlocksHaveTheirNumbers(t *testing.T) {
	n := newMemoryNode(t)
	c := reading(t, n)
	for i := range 40 {
		header := n.mine(t, genesisTime+int64(i)*600)
		b, err := c.Block(t.Context(), header)
		require.NoError(t, err)
		require.Equal(t, header, b.Header())
		for _, number := range []uint64{header.Number - 1, header.Number + 1, header.Number + 2016, 1 << 40} {
			wrong := header
			if wrong.Number = number; number == 0 {
				continue // which has the ID of the genesis block
			}
			_, err := c.Block(t.Context(), wrong)
			require.ErrorIs(t, err, coin.ErrInvalid)
			require.ErrorContains(t, err, "another number")
		}
	}
	for number, push := range map[uint64]string{
		1: "51", 16: "60", 17: "0111", 127: "017f", 128: "028000", 255: "02ff00", 256: "020001", 32767: "02ff7f", 32768: "03008000",
		227931: "035b7a03", 840000: "0340d10c", 1 << 23: "0400008000",
	} {
		require.Equal(t, push, hex.EncodeToString(pushNumber(number)))
	}
	old, err := New(n, Mainnet, coin.Parameters{})
	require.NoError(t, err)
	raw := n.blocks[n.best[3]]
	b, err := block.Parse(raw)
	require.NoError(t, err)
	require.NoError(t, old.checkNumber(227930, b), "a rule since 227931")
	require.Error(t, old.checkNumber(227931, b))
}

// TestLies: whatever a node changes in what it hands out, nothing of it comes
// through, and the error says that the data is wrong.
func TestLies(t *testing.T) {
	ctx := t.Context()
	n := newMemoryNode(t)
	c := reading(t, n)
	key := bytes.Clone(unhex(t, "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"))
	k, err := c.outputKey(key, coin.External)
	require.NoError(t, err)
	from := source(wire.NewTxOut(70_000, witnessScript(0, make([]byte, 20))))
	n.addTransaction(t, from)
	first := n.mine(t, genesisTime+600)
	header := n.mine(t, genesisTime+1200, spending(from, []uint32{0}, wire.NewTxOut(50_000, k.script)))
	keys := []coin.Key{{Session: 3, Key: key}}

	read := func(c *Coin) ([]coin.Output, uint64, error) {
		got, err := c.Header(ctx, 2)
		if err != nil {
			return nil, 0, err
		}
		b, err := c.Block(ctx, got)
		if err != nil {
			return nil, 0, err
		}
		outputs, err := c.Outputs(ctx, b, keys)
		if err != nil {
			return nil, 0, err
		}
		rate, err := c.BlockRate(ctx, got)
		return outputs, rate, err
	}
	outputs, rate, err := read(c)
	require.NoError(t, err)
	require.Len(t, outputs, 1)
	require.Equal(t, uint64(50_000), outputs[0].Amount)
	require.Equal(t, uint64(3), outputs[0].Session)
	require.NotEmpty(t, outputs[0].Origin)
	require.NotZero(t, rate)

	for _, what := range []string{"header", "block", "transaction"} {
		var size int
		n.lie = func(said string, raw []byte) []byte {
			if said == what {
				size = max(size, len(raw))
			}
			return raw
		}
		_, _, err := read(reading(t, n))
		require.NoError(t, err)
		for at := range size {
			lied := false
			n.lie = func(said string, raw []byte) []byte {
				if said == what && at < len(raw) && !lied {
					raw[at] ^= 1
					lied = true
				}
				return raw
			}
			_, _, err := read(reading(t, n))
			require.ErrorIs(t, err, coin.ErrInvalid, "%s, byte %d", what, at)
		}
		for name, change := range map[string]func([]byte) []byte{
			"nothing":       func([]byte) []byte { return nil },
			"half":          func(raw []byte) []byte { return raw[:len(raw)/2] },
			"and one more":  func(raw []byte) []byte { return append(raw, 0) },
			"another block": func([]byte) []byte { return n.blocks[first.ID] },
		} {
			n.lie = func(said string, raw []byte) []byte {
				if said == what {
					return change(raw)
				}
				return raw
			}
			_, _, err := read(reading(t, n))
			require.ErrorIs(t, err, coin.ErrInvalid, "%s: %s", what, name)
		}
	}
	n.lie = nil

	wrong, err := c.Header(ctx, 2)
	require.NoError(t, err)
	wrong.Parent = header.ID
	_, err = c.Block(ctx, wrong)
	require.ErrorIs(t, err, coin.ErrInvalid)
	require.ErrorContains(t, err, "is not on top of")

	clear(n.txs) // the index is behind
	_, _, err = read(reading(t, n))
	require.ErrorIs(t, err, coin.ErrTransient)
	require.NotErrorIs(t, err, coin.ErrNotFound)
}

// TestWork: a header without the work that it claims is not taken, however
// well it fits.
func TestWork(t *testing.T) {
	n := newMemoryNode(t)
	msg := wire.MsgBlock{Header: *wire.NewBlockHeader(4, chaincfg.RegressionNetParams.GenesisHash,
		&chaincfg.RegressionNetParams.GenesisBlock.Header.MerkleRoot, 0x1d00ffff, 0)}
	msg.AddTransaction(chaincfg.RegressionNetParams.GenesisBlock.Transactions[0])
	n.add(t, &msg)
	_, err := reading(t, n).Header(t.Context(), 1)
	require.ErrorIs(t, err, coin.ErrInvalid)
	require.ErrorContains(t, err, "proof of work")
}

func TestOrigins(t *testing.T) {
	ctx := t.Context()
	n := newMemoryNode(t)
	c := reading(t, n)
	key := unhex(t, "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798")
	var ours [len(coin.Kinds)][]byte
	for i, kind := range coin.Kinds {
		k, err := c.outputKey(key, kind)
		require.NoError(t, err)
		ours[i] = k.script
	}
	bare := append(append([]byte{33}, key...), 0xac)
	anchor := []byte{0x51, 2, 0x4e, 0x73}
	addressed := pubKeyHashScript(make([]byte, 20))
	address, ok := scriptAddress(c.params, addressed)
	require.True(t, ok)

	var outs []*wire.TxOut
	for range 200 {
		outs = append(outs, wire.NewTxOut(1000, bare))
	}
	outs[150].PkScript = addressed
	outs[3].PkScript = anchor
	outs[4].PkScript = witnessScript(1, make([]byte, 32))
	from := source(outs...)
	n.addTransaction(t, from)
	many := make([]uint32, 200)
	for i := range many {
		many[i] = uint32(i)
	}
	anonymous := slices.Delete(slices.Clone(many), 150, 151)
	anonymous = slices.Delete(anonymous, 4, 5)

	inBlock := spending(from, []uint32{0}, wire.NewTxOut(900, addressed), wire.NewTxOut(0, []byte{0x6a, 1, 9}))
	header := n.mine(t, genesisTime+600,
		spending(from, many, wire.NewTxOut(5, ours[0]), wire.NewTxOut(6, []byte{0x51}), wire.NewTxOut(7, ours[2])),
		spending(from, anonymous, wire.NewTxOut(8, ours[1]), wire.NewTxOut(0, []byte{0x6a, 1, 9})),
		inBlock,
		spending(inBlock, []uint32{0}, wire.NewTxOut(9, ours[3])),
	)
	header, err := c.Header(ctx, header.Number)
	require.NoError(t, err)
	b, err := c.Block(ctx, header)
	require.NoError(t, err)
	require.Len(t, b.Transactions(), 5)
	outputs, err := c.Outputs(ctx, b, []coin.Key{{Session: 1, Key: key}})
	require.NoError(t, err)

	p2tr, _ := scriptAddress(c.params, witnessScript(1, make([]byte, 32)))
	want := []coin.Output{
		{Kind: coin.External, Amount: 5, Position: 1, Origin: p2tr},
		{Kind: coin.Change, Amount: 7, Position: 1, Origin: p2tr},
		{Kind: coin.Branch, Amount: 8, Position: 2, Data: []byte{9}},
		{Kind: coin.Forwarded, Amount: 9, Position: 4, Origin: address},
	}
	require.Len(t, outputs, len(want))
	for i, o := range outputs {
		require.Equal(t, b.Transactions()[o.Position].ID(), [32]byte(o.ID.Transaction))
		require.Len(t, c.SpendLookup(o), lookupSize)
		want[i].ID, want[i].Session = o.ID, 1
		require.Equal(t, want[i], o)
	}
	require.Equal(t, uint32(2), outputs[1].ID.Index)
	// Each round asks for a transaction once.
	require.LessOrEqual(t, n.asked, 6)

	require.Equal(t, c.SpendLookup(coin.Output{ID: coin.OutputID{
		Transaction: b.Transactions()[3].ID(), Index: 0,
	}}), b.Transactions()[4].Lookups()[0])

	none, err := c.Outputs(ctx, b, nil)
	require.NoError(t, err)
	require.Empty(t, none)
	_, err = c.Outputs(ctx, b, []coin.Key{{Key: key[1:]}})
	require.Error(t, err)
	_, err = c.Outputs(ctx, nil, nil)
	require.ErrorIs(t, err, coin.ErrInvalid)
}

func TestCheckTarget(t *testing.T) {
	for _, test := range []struct {
		name          string
		network       Network
		number        uint64
		before, after uint32
		ok            bool
	}{
		{"same", Mainnet, 100_001, 0x1b0404cb, 0x1b0404cb, true},
		{"changes in between", Mainnet, 100_001, 0x1b0404cb, 0x1b0404ca, false},
		{"changes in between, easier", Mainnet, 100_001, 0x1b0404cb, 0x1d00ffff, false},
		{"the first real adjustment", Mainnet, 32_256, 0x1d00ffff, 0x1d00d86a, true},
		{"four times harder", Mainnet, 4 * 2016, 0x1c00ffff, 0x1b3fffc0, true},
		{"four times easier", Mainnet, 4 * 2016, 0x1b3fffc0, 0x1c00ffff, true},
		{"five times harder", Mainnet, 4 * 2016, 0x1c050000, 0x1c010000, false},
		{"five times easier", Mainnet, 4 * 2016, 0x1c010000, 0x1c050000, false},
		{"none", Mainnet, 4 * 2016, 0x1c010000, 0, false},
		{"signet", Signet, 5, 0x1e0377ae, 0x1e0377ad, false},
		{"test network", Testnet4, 5, 0x1b0404cb, 0x1d00ffff, true},
		{"regression test network", Regtest, 5, 0x207fffff, 0x207ffffe, true},
	} {
		err := offline(t, test.network).checkTarget(test.number, test.before, test.after)
		if test.ok {
			require.NoError(t, err, test.name)
		} else {
			require.ErrorIs(t, err, coin.ErrInvalid, test.name)
		}
	}
}
