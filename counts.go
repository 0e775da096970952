package processor

import (
	"bytes"
	"fmt"

	"github.com/serai-go/processor/internal/wire"
	"github.com/serai-go/processor/scheduler"
	"github.com/serai-go/processor/storage"
)

// What a certificate counts of the scheduler's records.
const (
	countOutputs = iota
	countPlans
	countPayments
	countEnd
)

// counts are running counts of records, so that a certificate costs the same
// however many there are.
type counts [countEnd]uint64

// Encode writes 24 bytes.
func (c counts) Encode(w *wire.Writer) {
	for _, n := range c {
		w.Uint64(n)
	}
}

// Decode reads 24 bytes.
func (c *counts) Decode(r *wire.Reader) {
	for i := range c {
		c[i] = r.Uint64()
	}
}

// counted are the maps whose records are counted, by the beginning of their keys.
var counted = []struct {
	prefix []byte
	as     int
}{
	{[]byte("scheduler/free\x00"), countOutputs},
	{[]byte("scheduler/plans\x00"), countPlans},
	{[]byte("scheduler/payments/items\x00"), countPayments},
	{[]byte("scheduler/aside/items\x00"), countPayments},
}

// count counts a record that is about to be put or deleted.
func (t *trace) count(key []byte, put bool) error {
	for _, c := range counted {
		if !bytes.HasPrefix(key, c.prefix) {
			continue
		}
		before, err := t.Get(key)
		switch {
		case err != nil:
			return err
		case put == (before != nil):
		case put:
			t.counts[c.as]++
		case t.counts[c.as] == 0:
			return fmt.Errorf("%w: more records under %q than were counted", storage.ErrCorrupt, c.prefix)
		default:
			t.counts[c.as]--
		}
	}
	return nil
}

// recount compares the counts with what there is.
func (s *state) recount(r storage.Reader, pending scheduler.Pending) error {
	running, err := s.counts.Load(r)
	if err != nil {
		return err
	}
	actual := counts{
		countOutputs: uint64(pending.Outputs), countPlans: uint64(pending.Plans), countPayments: uint64(pending.Payments),
	}
	if running != actual {
		return &scheduler.Unbalanced{Reason: fmt.Sprintf("outputs, plans and payments are counted as %v and there are %v", running, actual)}
	}
	return nil
}
