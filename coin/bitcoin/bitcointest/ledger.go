package bitcointest

import (
	"cmp"
	"slices"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"
)

// maturity is after how many blocks a coinbase may be spent.
const maturity = 100

// money is an output that the user can spend.
type money struct {
	at       wire.OutPoint
	value    int64
	owner    *owner
	number   int // of the block
	coinbase bool
}

// ledger follows the best chain: what the user has and what addresses got.
type ledger struct {
	blocks []*entry
	// owners are the user's, by script.
	owners map[string]*owner
	// coins are the user's confirmed outputs.
	coins map[wire.OutPoint]*money
	// received is what confirmed outputs hold, by script.
	received map[string]int64
}

// entry is a block with what it takes to undo it.
type entry struct {
	id    chainhash.Hash
	msg   *wire.MsgBlock
	spent []*money
}

func newLedger() *ledger {
	return &ledger{
		owners: make(map[string]*owner), coins: make(map[wire.OutPoint]*money), received: make(map[string]int64),
	}
}

// push adds the next block.
func (l *ledger) push(msg *wire.MsgBlock) {
	e := &entry{id: msg.BlockHash(), msg: msg}
	for i, tx := range msg.Transactions {
		for _, in := range tx.TxIn {
			if m, ok := l.coins[in.PreviousOutPoint]; ok {
				e.spent = append(e.spent, m)
				delete(l.coins, m.at)
			}
		}
		id := tx.TxHash()
		for j, out := range tx.TxOut {
			l.received[string(out.PkScript)] += out.Value
			if o, ok := l.owners[string(out.PkScript)]; ok {
				at := wire.OutPoint{Hash: id, Index: uint32(j)}
				l.coins[at] = &money{at, out.Value, o, len(l.blocks), i == 0}
			}
		}
	}
	l.blocks = append(l.blocks, e)
}

// pop undoes the newest block and returns it.
func (l *ledger) pop() *wire.MsgBlock {
	e := l.blocks[len(l.blocks)-1]
	l.blocks = l.blocks[:len(l.blocks)-1]
	for _, m := range e.spent {
		l.coins[m.at] = m
	}
	for _, tx := range e.msg.Transactions {
		id := tx.TxHash()
		for j, out := range tx.TxOut {
			l.received[string(out.PkScript)] -= out.Value
			delete(l.coins, wire.OutPoint{Hash: id, Index: uint32(j)})
		}
	}
	return e.msg
}

// spendable lists the user's coins that the next block may spend, those with
// the most confirmations first.
func (l *ledger) spendable() []*money {
	var list []*money
	for _, m := range l.coins {
		if !m.coinbase || len(l.blocks)-m.number >= maturity {
			list = append(list, m)
		}
	}
	slices.SortFunc(list, func(a, b *money) int {
		return cmp.Or(cmp.Compare(a.number, b.number), slices.Compare(a.at.Hash[:], b.at.Hash[:]),
			cmp.Compare(a.at.Index, b.at.Index))
	})
	return list
}

// nextTime is the earliest time that the next block may have: above the
// median of the last eleven.
func (l *ledger) nextTime() int64 {
	var times []int64
	for _, e := range l.blocks[max(0, len(l.blocks)-11):] {
		times = append(times, e.msg.Header.Timestamp.Unix())
	}
	slices.Sort(times)
	return times[len(times)/2] + 1
}
