package bitcointest

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/txscript/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"github.com/serai-go/processor/coin/bitcoin/block"
	"github.com/serai-go/processor/internal/jsonrpc"
)

const (
	blockVersion    = 0x20000000
	subsidy         = 50 * 100_000_000
	subsidyHalving  = 150
	maxTransactions = block.MaxWeight - 4000 // what the coinbase leaves, in weight units
)

// mine makes a block of the transactions, in this order, on top of the best
// chain. The coinbase pays the script.
func (c *Chain) mine(ctx context.Context, to []byte, txs []*wire.MsgTx) error {
	msg, err := c.newBlock(to, txs)
	if err != nil {
		return err
	}
	var raw bytes.Buffer
	if err := msg.Serialize(&raw); err != nil {
		return fmt.Errorf("encode block: %w", err)
	}
	var refused *string
	if err := c.rpc.Call(ctx, "submitblock", []any{jsonrpc.Hex(raw.Bytes())}, &refused); err != nil {
		return err
	}
	if refused != nil {
		return fmt.Errorf("block %d: %s", len(c.ledger.blocks), *refused)
	}
	c.ledger.push(msg)
	return nil
}

func (c *Chain) newBlock(to []byte, txs []*wire.MsgTx) (*wire.MsgBlock, error) {
	number := len(c.ledger.blocks)
	coinbase, err := c.newCoinbase(to, number)
	if err != nil {
		return nil, err
	}
	all := append([]*wire.MsgTx{coinbase}, txs...)

	leaves := make([]chainhash.Hash, len(all))
	for i, tx := range all[1:] {
		leaves[i+1] = tx.WitnessHash()
	}
	root := merkleRoot(leaves)
	commitment := chainhash.DoubleHashB(append(root[:], coinbase.TxIn[0].Witness[0]...))
	coinbase.AddTxOut(wire.NewTxOut(0, append([]byte("\x6a\x24\xaa\x21\xa9\xed"), commitment...)))
	for i, tx := range all {
		leaves[i] = tx.TxHash()
	}
	root = merkleRoot(leaves)

	parent := c.ledger.blocks[number-1]
	header := wire.NewBlockHeader(blockVersion, &parent.id, &root, params.PowLimitBits, 0)
	header.Timestamp = time.Unix(max(time.Now().Unix(), c.ledger.nextTime()), 0)
	for ; ; header.Nonce++ {
		var raw bytes.Buffer
		if err := header.Serialize(&raw); err != nil {
			return nil, err
		}
		h, err := block.ParseHeader(raw.Bytes())
		if err != nil {
			return nil, err
		}
		if h.CheckWork(params.PowLimit) == nil {
			return &wire.MsgBlock{Header: *header, Transactions: all}, nil
		}
	}
}

// newCoinbase pays the subsidy to the script and leaves the fees to nobody,
// which is allowed and spares computing them.
func (c *Chain) newCoinbase(to []byte, number int) (*wire.MsgTx, error) {
	c.mined++ // makes the coinbases of rival blocks differ
	script, err := txscript.NewScriptBuilder().AddInt64(int64(number)).AddInt64(c.mined).AddData([]byte(c.seed)).Script()
	if err != nil {
		return nil, fmt.Errorf("coinbase: %w", err)
	}
	tx := wire.NewMsgTx(2)
	tx.AddTxIn(&wire.TxIn{
		PreviousOutPoint: wire.OutPoint{Index: wire.MaxPrevOutIndex},
		SignatureScript:  script,
		Witness:          wire.TxWitness{make([]byte, 32)},
		Sequence:         wire.MaxTxInSequenceNum,
	})
	tx.AddTxOut(wire.NewTxOut(subsidy>>(number/subsidyHalving), to))
	return tx, nil
}

func merkleRoot(leaves []chainhash.Hash) chainhash.Hash {
	level := append([]chainhash.Hash(nil), leaves...)
	for len(level) > 1 {
		for i := 0; i < len(level); i += 2 {
			right := level[min(i+1, len(level)-1)]
			level[i/2] = chainhash.DoubleHashH(append(bytes.Clone(level[i][:]), right[:]...))
		}
		level = level[:(len(level)+1)/2]
	}
	return level[0]
}

// waiting returns the transactions that wait for a block, in an order in
// which a block can hold them: those in the node's memory pool, and those of
// the user that the node would not take.
func (c *Chain) waiting(ctx context.Context) ([]*wire.MsgTx, error) {
	var ids []string
	if err := c.rpc.Call(ctx, "getrawmempool", nil, &ids); err != nil {
		return nil, err
	}
	raws := make([]jsonrpc.Hex, len(ids))
	requests := make([]jsonrpc.Request, len(ids))
	for i, id := range ids {
		requests[i] = jsonrpc.Request{Method: "getrawtransaction", Params: []any{id, 0}, Result: &raws[i]}
	}
	if err := c.rpc.Batch(ctx, requests); err != nil {
		return nil, err
	}
	var txs []*wire.MsgTx
	seen := make(map[chainhash.Hash]bool)
	for i, r := range requests {
		if r.Err != nil {
			return nil, r.Err
		}
		tx, err := decodeTransaction(raws[i])
		if err != nil {
			return nil, err
		}
		txs = append(txs, tx)
		seen[tx.TxHash()] = true
	}
	for _, tx := range c.unrelayed {
		if id := tx.TxHash(); !seen[id] && c.funded(tx, seen) {
			txs = append(txs, tx)
			seen[id] = true
		}
	}
	return ordered(txs), nil
}

// funded tells whether a transaction of the user spends what is there: coins,
// or outputs of transactions that wait too.
func (c *Chain) funded(tx *wire.MsgTx, waiting map[chainhash.Hash]bool) bool {
	for _, in := range tx.TxIn {
		if c.ledger.coins[in.PreviousOutPoint] == nil && !waiting[in.PreviousOutPoint.Hash] {
			return false
		}
	}
	return true
}

func decodeTransaction(raw []byte) (*wire.MsgTx, error) {
	tx := new(wire.MsgTx)
	if err := tx.Deserialize(bytes.NewReader(raw)); err != nil {
		return nil, fmt.Errorf("decode transaction: %w", err)
	}
	return tx, nil
}

// ordered puts transactions behind those that they spend from, as many as a
// block has room for.
func ordered(txs []*wire.MsgTx) []*wire.MsgTx {
	pending := make(map[chainhash.Hash]*wire.MsgTx, len(txs))
	for _, tx := range txs {
		pending[tx.TxHash()] = tx
	}
	var list []*wire.MsgTx
	left := maxTransactions
	var visit func(tx *wire.MsgTx)
	visit = func(tx *wire.MsgTx) {
		delete(pending, tx.TxHash())
		for _, in := range tx.TxIn {
			if parent, ok := pending[in.PreviousOutPoint.Hash]; ok {
				visit(parent)
			}
		}
		weight := 3*tx.SerializeSizeStripped() + tx.SerializeSize()
		if weight > left {
			left = 0 // nothing follows, as it may spend from what was left out
			return
		}
		left -= weight
		list = append(list, tx)
	}
	for _, tx := range txs {
		if pending[tx.TxHash()] != nil {
			visit(tx)
		}
	}
	return list
}
