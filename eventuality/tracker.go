package eventuality

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"sync"

	"github.com/serai-go/processor/internal/wire"
	"github.com/serai-go/processor/storage"
)

// Tracker holds the eventualities of unresolved plans and the lookup bytes of
// the group's outputs, and finds in a block what completes the ones and
// spends the others.
type Tracker struct {
	read     func([]byte) (Eventuality, error)
	expected storage.Map[[64]byte, expectation]
	plans    storage.Map[[96]byte, struct{}] // plan and its places in expected
	outputs  storage.Map[[32]byte, []byte]

	// What may be watched for, so that no lookup of a foreign transaction needs
	// the database, whatever it holds.
	mayExpect, mayGuard filter
	learning            sync.Mutex
	learnt              bool // what the database held before is in them
}

// NewTracker returns the tracker of a database. read reads back the Bytes of
// eventualities.
func NewTracker(read func([]byte) (Eventuality, error)) *Tracker {
	return &Tracker{
		read: read,
		expected: storage.NewMap("eventuality/expected", storage.FixedKey(
			func(b []byte, k [64]byte) []byte { return append(b, k[:]...) },
			func(b []byte) (k [64]byte, ok bool) { return k, copy(k[:], b) == 64 && len(b) == 64 }),
			storage.Record[expectation]()),
		plans: storage.NewMap("eventuality/plans", storage.FixedKey(
			func(b []byte, k [96]byte) []byte { return append(b, k[:]...) },
			func(b []byte) (k [96]byte, ok bool) { return k, copy(k[:], b) == 96 && len(b) == 96 }),
			storage.Flag),
		outputs: storage.NewMap("eventuality/outputs", storage.HashKey[[32]byte](), storage.Blob),
	}
}

// expectation is a stored eventuality and the plan whose completion it is.
type expectation struct {
	Plan        [32]byte
	Eventuality []byte
}

// Encode writes the expectation.
func (e expectation) Encode(w *wire.Writer) {
	w.Fixed(e.Plan[:])
	w.Bytes(e.Eventuality)
}

// Decode reads the expectation.
func (e *expectation) Decode(r *wire.Reader) {
	r.Fixed(e.Plan[:])
	e.Eventuality = r.Bytes(1 << 24)
}

// hashOf is what lookup bytes are stored under. It is SHA-256 because
// processors have instructions for it: every input of every block is hashed.
func hashOf(lookup []byte) [32]byte { return sha256.Sum256(lookup) }

// place is where an eventuality is stored: those of one lookup stand
// together.
func place(lookup []byte, id [32]byte) (k [64]byte) {
	h := hashOf(lookup)
	copy(k[:32], h[:])
	copy(k[32:], id[:])
	return k
}

// Expect watches for an eventuality of a plan.
func (t *Tracker) Expect(tx storage.Tx, plan [32]byte, e Eventuality) error {
	if len(e.Lookup()) > MaxLookup {
		return fmt.Errorf("eventuality: lookup of %d bytes", len(e.Lookup()))
	}
	at := place(e.Lookup(), e.ID())
	t.mayExpect.add([32]byte(at[:32]))
	var of [96]byte
	copy(of[:], plan[:])
	copy(of[32:], at[:])
	if err := t.plans.Put(tx, of, struct{}{}); err != nil {
		return err
	}
	return t.expected.Put(tx, at, expectation{plan, e.Bytes()})
}

// Forget ends the watch for all eventualities of a plan.
func (t *Tracker) Forget(tx storage.Tx, plan [32]byte) error {
	var from [96]byte
	copy(from[:], plan[:])
	var all [][96]byte
	for item, err := range t.plans.From(tx, from) {
		if err != nil {
			return err
		}
		if !bytes.Equal(item.Key[:32], plan[:]) {
			break
		}
		all = append(all, item.Key)
	}
	for _, of := range all {
		if err := t.plans.Delete(tx, of); err != nil {
			return err
		}
		if err := t.expected.Delete(tx, [64]byte(of[32:])); err != nil {
			return err
		}
	}
	return nil
}

// Guard watches for the spend of an output of the group, which has the given
// name and is looked up by the given bytes.
func (t *Tracker) Guard(tx storage.Tx, lookup, name []byte) error {
	hash := hashOf(lookup)
	t.mayGuard.add(hash)
	return t.outputs.Put(tx, hash, name)
}

// Unguard ends the watch for a spend.
func (t *Tracker) Unguard(tx storage.Tx, lookup []byte) error {
	return t.outputs.Delete(tx, hashOf(lookup))
}

// Completion is a plan that happened.
type Completion struct {
	Plan        [32]byte // its ID
	Transaction [32]byte // the ID of the one that completed it
}

// Spend is a spend of a guarded output by a transaction that completes no
// plan.
type Spend struct {
	Output      []byte   // the name that Guard was given
	Transaction [32]byte // the ID of the one that spends it
}

// Find returns, in the order of the transactions, the completions among them
// and the spends that nothing explains.
func (t *Tracker) Find(r storage.Reader, transactions []Transaction) ([]Completion, []Spend, error) {
	if err := t.learn(r); err != nil {
		return nil, nil, err
	}
	if t.mayExpect.empty() && t.mayGuard.empty() {
		return nil, nil, nil
	}
	var completions []Completion
	var spends []Spend
	for _, transaction := range transactions {
		var completion *Completion
		var foreign []Spend
		for _, lookup := range transaction.Lookups() {
			hash := hashOf(lookup)
			var err error
			if t.mayGuard.has(hash) {
				foreign, err = t.spend(r, hash, transaction, foreign)
			}
			if err == nil && t.mayExpect.has(hash) {
				completion, err = t.completion(r, hash, transaction)
			}
			if err != nil {
				return nil, nil, fmt.Errorf("eventuality: look for transaction %x: %w", transaction.ID(), err)
			}
			if completion != nil {
				break
			}
		}
		if completion != nil {
			completions = append(completions, *completion)
		} else {
			spends = append(spends, foreign...)
		}
	}
	return completions, spends, nil
}

// spend adds the transaction's spend of the guarded output with the hash, if
// there is one.
func (t *Tracker) spend(r storage.Reader, hash [32]byte, transaction Transaction, to []Spend) ([]Spend, error) {
	name, guarded, err := t.outputs.Get(r, hash)
	if err != nil || !guarded {
		return to, err
	}
	return append(to, Spend{Output: name, Transaction: transaction.ID()}), nil
}

// completion returns what the transaction completes of the eventualities
// under the hash, or nil.
func (t *Tracker) completion(r storage.Reader, hash [32]byte, transaction Transaction) (*Completion, error) {
	var from [64]byte
	copy(from[:], hash[:])
	for item, err := range t.expected.From(r, from) {
		if err != nil {
			return nil, err
		}
		if !bytes.Equal(item.Key[:32], hash[:]) {
			break
		}
		e, err := t.read(item.Value.Eventuality)
		if err != nil {
			return nil, fmt.Errorf("%w: eventuality %x: %w", storage.ErrCorrupt, item.Key[32:], err)
		}
		if e.Matches(transaction) {
			return &Completion{Plan: item.Value.Plan, Transaction: transaction.ID()}, nil
		}
	}
	return nil, nil
}
