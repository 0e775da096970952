package bitcoin

import (
	"bytes"
	"testing"

	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/wire/v2"
	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/coin/bitcoin/block"
)

// Whatever else spends a plan's first input, or pays like it, is not the plan's
// transaction.
func TestOnlyItsTransactionMatchesAPlan(t *testing.T) {
	s := newSigner(t)
	plan := s.plan(t, payment(payee, 20_000))
	prepared, err := s.coin.Prepare(t.Context(), plan, coin.BlockID{})
	require.NoError(t, err)
	d, err := s.coin.Describe(plan, prepared)
	require.NoError(t, err)
	for name, c := range map[string]struct {
		matches bool
		change  func(*wire.MsgTx)
	}{
		"itself, signed":    {true, func(tx *wire.MsgTx) { tx.TxIn[0].Witness = wire.TxWitness{make([]byte, 64)} }},
		"to another payee":  {false, func(tx *wire.MsgTx) { tx.TxOut[0].PkScript[5] ^= 1 }},
		"of another amount": {false, func(tx *wire.MsgTx) { tx.TxOut[1].Value-- }},
		"of fewer inputs":   {false, func(tx *wire.MsgTx) { tx.TxIn = tx.TxIn[:1] }},
		"with a lock time":  {false, func(tx *wire.MsgTx) { tx.LockTime = 1 }},
	} {
		msg := new(wire.MsgTx)
		require.NoError(t, msg.Deserialize(bytes.NewReader(prepared)))
		c.change(msg)
		var raw bytes.Buffer
		require.NoError(t, msg.Serialize(&raw))
		tx, err := block.ParseTransaction(raw.Bytes())
		require.NoError(t, err)
		require.Equal(t, d.Eventuality.Lookup(), tx.Lookups()[0])
		require.Equal(t, c.matches, d.Eventuality.Matches(tx), name)
	}
}

// A coinbase that pays the group may not be spent for a hundred blocks, and is
// gone with its block.
func TestCoinbasesNeverCount(t *testing.T) {
	n := newMemoryNode(t)
	c := reading(t, n)
	keys := []coin.Key{{Session: 3, Key: unhex(t, "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798")}}
	for _, kind := range coin.Kinds {
		k, err := c.outputKey(keys[0].Key, kind)
		require.NoError(t, err)
		coinbase := wire.NewMsgTx(2)
		coinbase.AddTxIn(&wire.TxIn{
			PreviousOutPoint: wire.OutPoint{Index: wire.MaxPrevOutIndex}, SignatureScript: append(pushNumber(1), byte(kind)),
		})
		coinbase.AddTxOut(wire.NewTxOut(50_0000_0000, k.script))
		msg := &wire.MsgBlock{Transactions: []*wire.MsgTx{coinbase}}
		root := coinbase.TxHash()
		msg.Header = *wire.NewBlockHeader(4, chaincfg.RegressionNetParams.GenesisHash, &root, 0x207fffff, 0)
		for ; ; msg.Header.Nonce++ {
			var raw bytes.Buffer
			require.NoError(t, msg.Header.Serialize(&raw))
			if h, err := block.ParseHeader(raw.Bytes()); err == nil && h.CheckWork(chaincfg.RegressionNetParams.PowLimit) == nil {
				break
			}
		}
		n.best = n.best[:1]
		b, err := c.Block(t.Context(), n.add(t, msg))
		require.NoError(t, err)
		outputs, err := c.Outputs(t.Context(), b, keys)
		require.NoError(t, err)
		require.Empty(t, outputs, kind)
	}
}
