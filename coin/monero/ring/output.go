package ring

import (
	"fmt"

	"filippo.io/edwards25519"

	"github.com/serai-go/processor/coin/monero/block"
	"github.com/serai-go/processor/coin/monero/keys"
	"github.com/serai-go/processor/coin/monero/node"
)

const (
	// maxBlockNumber is the least unlock time that is a time and not the number
	// of a block.
	maxBlockNumber = 500_000_000
	// maturity is for how many blocks a coinbase is locked.
	maturity = 60
)

// output is an output that a transaction really has.
type output struct {
	node.Out
	unlock uint64 // of its transaction
}

// newOutput compares what a node says of an output with the distribution and
// with the transaction that it says made it.
func newOutput(d distribution, o node.Out, f node.Found) (output, error) {
	t, made := f.Transaction, d.block(o.Index)
	switch {
	case o.Height != made:
		return output{}, lie(o.Index, "height", "is %d, by the distribution %d", o.Height, made)
	case t == nil:
		return output{}, lie(o.Index, "transaction", "%s is missing", o.Transaction)
	case t.Hash() != o.Transaction:
		return output{}, lie(o.Index, "transaction", "is not %s", o.Transaction)
	case f.Pool || f.Number != made:
		return output{}, lie(o.Index, "transaction", "%s is not in block %d", o.Transaction, made)
	case t.Version() != 2:
		return output{}, lie(o.Index, "transaction", "%s has no RingCT outputs", o.Transaction)
	case t.Coinbase() && (t.Height() != made || t.UnlockTime() != made+maturity):
		return output{}, lie(o.Index, "transaction", "%s is no coinbase of block %d", o.Transaction, made)
	}
	for i, have := range t.Outputs() {
		if i >= len(f.Indexes) || f.Indexes[i] != o.Index {
			continue
		}
		if have.Key != o.Key {
			return output{}, lie(o.Index, "key", "is %x, in its transaction %x", o.Key, have.Key)
		}
		if commitment := commitmentOf(t, i, have); commitment != o.Commitment {
			return output{}, lie(o.Index, "commitment", "is %x, in its transaction %x", o.Commitment, commitment)
		}
		return output{o, t.UnlockTime()}, nil
	}
	return output{}, lie(o.Index, "transaction", "%s does not have it", o.Transaction)
}

// one is the mask of amounts that are in the clear.
var one = func() *edwards25519.Scalar {
	s, err := keys.DecodeScalar(append([]byte{1}, make([]byte, 31)...))
	if err != nil {
		panic(err) // a constant
	}
	return s
}()

// commitmentOf returns the commitment to the amount of an output, which a
// coinbase has in the clear.
func commitmentOf(t *block.Transaction, i int, o block.Output) [32]byte {
	if commitment, ok := t.Commitment(i); ok {
		return commitment
	}
	return [32]byte(keys.Commit(one, o.Amount).Bytes())
}

// unlocked tells whether an output with an unlock time can be spent in the
// block with number height.
func unlocked(unlock, height uint64) bool { return unlock < maxBlockNumber && unlock <= height }

// usable tells whether the output, which is old enough, can be in a ring.
func (o output) usable(d distribution) bool {
	if !unlocked(o.unlock, d.spender()) {
		return false
	}
	if _, err := keys.DecodePrimeOrder(o.Key[:]); err != nil {
		return false
	}
	commitment, err := keys.DecodePoint(o.Commitment[:])
	return err == nil && keys.IsTorsionFree(commitment)
}

// check compares the output with the record of the one to be spent.
func (o output) check(d distribution, real *Real) error {
	switch {
	case o.Key != real.Key:
		return lie(o.Index, "key", "is %x, by the record %x", o.Key, real.Key)
	case o.Commitment != real.Commitment:
		return lie(o.Index, "commitment", "is %x, by the record %x", o.Commitment, real.Commitment)
	case o.Transaction != real.Transaction:
		return lie(o.Index, "transaction", "is %s, by the record %s", o.Transaction, real.Transaction)
	case !o.usable(d):
		return fmt.Errorf("%w: output %d is locked until %d or its key or commitment is bad", ErrUnspendable, o.Index, o.unlock)
	}
	return nil
}
