package mock

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"math/bits"

	"github.com/serai-go/processor/coin"
)

// Why a transaction is not valid.
var (
	errMissing   = errors.New("an input does not exist")
	errSpent     = errors.New("an input is spent")
	errImmature  = errors.New("a coinbase is not mature")
	errLocked    = errors.New("an input is locked")
	errTwice     = errors.New("it spends an output twice")
	errNoInput   = errors.New("it has no input")
	errAmounts   = errors.New("its outputs are above its inputs")
	errSignature = errors.New("wrong signature")
)

// view finds an output that a transaction in a block of the given number may
// spend.
type view func(id coin.OutputID, number uint64) (output, error)

// confirmed is the view of the best branch.
func (c *Chain) confirmed(id coin.OutputID, number uint64) (output, error) {
	p, ok := c.index[id.Transaction]
	if !ok || uint64(id.Index) >= uint64(len(p.outputs)) {
		return output{}, errMissing
	}
	o := p.outputs[id.Index]
	if _, ok := c.spent[c.rules.mark(id, o)]; ok {
		return output{}, errSpent
	}
	// The genesis allocation can be spent at once.
	if p.position == 0 && p.number > 0 && number < p.number+Maturity {
		return output{}, errImmature
	}
	if p.number > 0 && number < p.number+c.rules.Lock {
		return output{}, errLocked
	}
	return o, nil
}

// check tells whether the transaction is valid in a block of the given number
// and what fee it pays.
func (c *Chain) check(t *transaction, number uint64, find view) (fee uint64, err error) {
	if len(t.inputs) == 0 {
		return 0, errNoInput
	}
	spent := make([]output, len(t.inputs))
	marks := make([]coin.OutputID, len(t.inputs))
	seen := make(map[coin.OutputID]bool, len(t.inputs))
	var in uint64
	for i, id := range t.inputs {
		if spent[i], err = find(id, number); err != nil {
			return 0, err
		}
		marks[i] = c.rules.mark(id, spent[i])
		if seen[marks[i]] {
			return 0, errTwice
		}
		seen[marks[i]] = true
		var carry uint64
		if in, carry = bits.Add64(in, spent[i].amount, 0); carry != 0 {
			return 0, errAmounts
		}
	}
	if c.rules.Twins {
		t.marks.Store(&marks)
	}
	out, ok := t.outputSum()
	if !ok || out > in {
		return 0, errAmounts
	}
	if !t.verified.Load() {
		if err := t.verify(c.genesisID, spent); err != nil {
			return 0, err
		}
		t.verified.Store(true)
	}
	return in - out, nil
}

// verify checks the signature of each input by the key of what it spends.
func (t *transaction) verify(genesis coin.BlockID, spent []output) error {
	for i, o := range spent {
		if !ed25519.Verify(o.to.key(), t.message(genesis, i), t.signatures[i]) {
			return fmt.Errorf("%w of input %d", errSignature, i)
		}
	}
	return nil
}
