package bitcoin

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"
	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/coin/bitcoin/block"
)

// memoryNode is a node that has what it was given, and can be made to lie
// about it.
type memoryNode struct {
	best    []coin.BlockID
	blocks  map[coin.BlockID][]byte
	txs     map[coin.TransactionID][]byte
	asked   int // how many transactions were asked for
	batches int
	// lie changes what is handed out.
	lie func(what string, raw []byte) []byte
}

func newMemoryNode(t testing.TB) *memoryNode {
	n := &memoryNode{blocks: make(map[coin.BlockID][]byte), txs: make(map[coin.TransactionID][]byte)}
	n.add(t, chaincfg.RegressionNetParams.GenesisBlock)
	return n
}

// add puts a block on top of the best chain.
func (n *memoryNode) add(t testing.TB, msg *wire.MsgBlock) coin.Header {
	var raw bytes.Buffer
	require.NoError(t, msg.Serialize(&raw))
	id := coin.BlockID(msg.BlockHash())
	slices.Reverse(id[:])
	n.blocks[id] = raw.Bytes()
	n.best = append(n.best, id)
	for _, tx := range msg.Transactions {
		n.addTransaction(t, tx)
	}
	header := coin.Header{Number: uint64(len(n.best) - 1), ID: id}
	if len(n.best) > 1 {
		header.Parent = n.best[len(n.best)-2]
	}
	return header
}

func (n *memoryNode) addTransaction(t testing.TB, tx *wire.MsgTx) {
	var raw bytes.Buffer
	require.NoError(t, tx.Serialize(&raw))
	id := coin.TransactionID(tx.TxHash())
	slices.Reverse(id[:])
	n.txs[id] = raw.Bytes()
}

// mine makes a block of the transactions, at a time.
func (n *memoryNode) mine(t testing.TB, at int64, txs ...*wire.MsgTx) coin.Header {
	coinbase := wire.NewMsgTx(2)
	coinbase.AddTxIn(&wire.TxIn{
		PreviousOutPoint: wire.OutPoint{Index: wire.MaxPrevOutIndex},
		SignatureScript:  fmt.Appendf(pushNumber(uint64(len(n.best))), "block %d", len(n.best)),
	})
	coinbase.AddTxOut(wire.NewTxOut(50_0000_0000, []byte{0x51}))
	msg := &wire.MsgBlock{Transactions: append([]*wire.MsgTx{coinbase}, txs...)}
	parent := chainhash.Hash(n.best[len(n.best)-1])
	slices.Reverse(parent[:])
	level := make([]chainhash.Hash, len(msg.Transactions))
	for i, tx := range msg.Transactions {
		level[i] = tx.TxHash()
	}
	for len(level) > 1 {
		for i := 0; i < len(level); i += 2 {
			right := level[min(i+1, len(level)-1)]
			level[i/2] = chainhash.DoubleHashH(slices.Concat(level[i][:], right[:]))
		}
		level = level[:(len(level)+1)/2]
	}
	msg.Header = *wire.NewBlockHeader(4, &parent, &level[0], 0x207fffff, 0)
	msg.Header.Timestamp = time.Unix(at, 0)
	for ; ; msg.Header.Nonce++ {
		var raw bytes.Buffer
		require.NoError(t, msg.Header.Serialize(&raw))
		h, err := block.ParseHeader(raw.Bytes())
		require.NoError(t, err)
		if h.CheckWork(chaincfg.RegressionNetParams.PowLimit) == nil {
			return n.add(t, msg)
		}
	}
}

func (n *memoryNode) say(what string, raw []byte) []byte {
	if n.lie != nil {
		return n.lie(what, slices.Clone(raw))
	}
	return raw
}

func (n *memoryNode) Tip(context.Context) (uint64, error) { return uint64(len(n.best) - 1), nil }

func (n *memoryNode) BlockID(_ context.Context, number uint64) (coin.BlockID, error) {
	if number >= uint64(len(n.best)) {
		return coin.BlockID{}, coin.ErrNotFound
	}
	return coin.BlockID(n.say("id", n.best[number][:])), nil
}

func (n *memoryNode) Header(_ context.Context, id coin.BlockID) ([]byte, error) {
	raw, ok := n.blocks[id]
	if !ok {
		return nil, coin.ErrNotFound
	}
	return n.say("header", raw[:block.HeaderSize]), nil
}

func (n *memoryNode) BlockIDs(ctx context.Context, first uint64, count int) (list []coin.BlockID, err error) {
	for i := range count {
		id, err := n.BlockID(ctx, first+uint64(i))
		if err != nil {
			return nil, err
		}
		list = append(list, id)
	}
	return list, nil
}

func (n *memoryNode) Headers(ctx context.Context, ids []coin.BlockID) (list [][]byte, err error) {
	for _, id := range ids {
		raw, err := n.Header(ctx, id)
		if err != nil {
			return nil, err
		}
		list = append(list, raw)
	}
	return list, nil
}

func (n *memoryNode) Block(_ context.Context, id coin.BlockID) ([]byte, error) {
	raw, ok := n.blocks[id]
	if !ok {
		return nil, coin.ErrNotFound
	}
	return n.say("block", raw), nil
}

func (n *memoryNode) Transactions(_ context.Context, ids []coin.TransactionID) ([][]byte, error) {
	n.asked += len(ids)
	n.batches++
	var raws [][]byte
	for _, id := range ids {
		raw, ok := n.txs[id]
		if !ok {
			return nil, coin.ErrNotFound
		}
		raws = append(raws, n.say("transaction", raw))
	}
	return raws, nil
}

func (n *memoryNode) Publish(context.Context, []byte) (coin.Publication, error) {
	return coin.Publication{Status: coin.Accepted}, nil
}

func reading(t testing.TB, n *memoryNode) *Coin {
	c, err := New(n, Regtest, coin.Parameters{})
	require.NoError(t, err)
	return c
}

// source is a transaction, not in any block, with outputs of the values to
// the scripts.
func source(outs ...*wire.TxOut) *wire.MsgTx {
	tx := wire.NewMsgTx(2)
	tx.AddTxIn(&wire.TxIn{SignatureScript: []byte{1, 7}})
	tx.TxOut = outs
	return tx
}

// spending spends outputs of one transaction.
func spending(from *wire.MsgTx, indices []uint32, outs ...*wire.TxOut) *wire.MsgTx {
	tx := wire.NewMsgTx(2)
	hash := from.TxHash()
	for _, i := range indices {
		tx.AddTxIn(wire.NewTxIn(wire.NewOutPoint(&hash, i), []byte{3, 1, 2, 3}, nil))
	}
	tx.TxOut = outs
	return tx
}
