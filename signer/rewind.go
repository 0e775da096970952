package signer

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/internal/wire"
	"github.com/serai-go/processor/storage"
)

// resolved is what is kept of a plan that happened, beside what was prepared, as
// long as it may be reinstated.
type resolved struct {
	// Counter is the highest commit counter given away.
	Counter uint64
	// Sets is how many signing sets there were.
	Sets uint32
	// Signed is the signed transaction, if it is here.
	Signed signed
}

// Encode writes the record.
func (p resolved) Encode(w *wire.Writer) {
	w.Uint64(p.Counter)
	w.Uint32(p.Sets)
	p.Signed.Encode(w)
}

// Decode reads the record.
func (p *resolved) Decode(r *wire.Reader) {
	p.Counter = r.Uint64()
	p.Sets = r.Uint32()
	p.Signed.Decode(r)
}

// archive keeps what is known of a plan's signing.
func (s *Signer) archive(tx storage.Tx, id ID) error {
	d, err := s.duties.Load(tx, id)
	if err != nil {
		return err
	}
	transaction, err := s.signed.Load(tx, id.Subject)
	if err != nil {
		return err
	}
	sets, err := s.formed(tx, id)
	if err != nil {
		return err
	}
	if err := s.resolved.Put(tx, id.Subject, resolved{d.Counter, sets, transaction}); err != nil {
		return err
	}
	return s.signed.Delete(tx, id.Subject)
}

// Reinstated takes a plan up again whose transaction is in no block any more: it
// is watched for, and published, or signed if nobody has signed it yet.
func (s *Signer) Reinstated(tx storage.Tx, id coin.PlanID, plan coin.Plan) error {
	p, ok, err := s.prepared.Get(tx, id)
	if err == nil && !ok {
		err = fmt.Errorf("%w: plan %s is not prepared", storage.ErrCorrupt, id)
	}
	if err != nil {
		return err
	}
	description, err := s.Coin.Describe(plan, p.Transaction)
	if err != nil {
		return fmt.Errorf("%w: describe plan %s: %v", ErrUnusable, id, err)
	}
	if err := s.Tracker.Expect(tx, id, description.Eventuality); err != nil {
		return err
	}
	before, err := s.resolved.Load(tx, id)
	if err != nil {
		return err
	}
	if err := s.resolved.Delete(tx, id); err != nil {
		return err
	}
	signID := PlanID(plan.Key.Session, id)
	if err := s.open(tx, signID, planDigest(id, p.Transaction)); err != nil {
		return err
	}
	if err := s.renew(tx, signID, before.Sets); err != nil {
		return err
	}
	d, err := s.duties.Load(tx, signID)
	if err != nil {
		return err
	}
	d.Counter = before.Counter + 1 // so that nothing from before is waited for
	if len(before.Signed.Transaction.Raw) > 0 {
		d.Done = true
		if err := s.signed.Put(tx, id, before.Signed); err != nil {
			return err
		}
		if err := s.guard(tx, plan, before.Signed.Transaction.Spends); err != nil {
			return err
		}
	}
	return s.duties.Put(tx, signID, d)
}

// Signed tells whether the signed transaction of an unresolved plan is here.
func (s *Signer) Signed(r storage.Reader, id coin.PlanID) (bool, error) { return s.signed.Has(r, id) }

// Voided forgets a plan that cannot happen any more: nobody signs it, looks for it
// or publishes it.
func (s *Signer) Voided(tx storage.Tx, id coin.PlanID, plan coin.Plan) error {
	if err := s.Tracker.Forget(tx, id); err != nil {
		return err
	}
	if err := s.unprepared.Delete(tx, id); err != nil {
		return err
	}
	if p, prepared, err := s.prepared.Get(tx, id); err != nil {
		return err
	} else if prepared {
		sets, err := s.formed(tx, PlanID(plan.Key.Session, id))
		if err != nil {
			return err
		}
		if err := s.voided.Put(tx, voidedPlan{plan.Reference, id}, voided{p.Transaction, sets}); err != nil {
			return err
		}
		if err := s.prepared.Delete(tx, id); err != nil {
			return err
		}
	}
	if err := s.signed.Delete(tx, id); err != nil {
		return err
	}
	return s.close(tx, PlanID(plan.Key.Session, id))
}

// Forgotten forgets a plan that happened for good.
func (s *Signer) Forgotten(tx storage.Tx, id coin.PlanID) error {
	if err := s.prepared.Delete(tx, id); err != nil {
		return err
	}
	return s.resolved.Delete(tx, id)
}

// formed is how many sets of a sign ID there were.
func (s *Signer) formed(r storage.Reader, id ID) (uint32, error) {
	if roast, ok, err := s.sets.Get(r, id); err != nil || ok {
		return roast.Next(), err
	}
	number, err := s.renewed.Load(r, id)
	return uint32(number), err
}

// renew lets the sets of a sign ID that is opened once more begin with a number that
// none had before: shares that were on their way then are for none of them, and whoever
// sent them is not to blame.
func (s *Signer) renew(tx storage.Tx, id ID, sets uint32) error {
	if sets == 0 {
		return nil
	}
	return s.renewed.Put(tx, id, uint64(sets))
}

// voided is what is kept of a plan that cannot happen any more.
type voided struct {
	Transaction []byte
	// Sets is how many signing sets there were.
	Sets uint32
}

// Encode writes the record.
func (p voided) Encode(w *wire.Writer) {
	w.Bytes(p.Transaction)
	w.Uint32(p.Sets)
}

// Decode reads the record.
func (p *voided) Decode(r *wire.Reader) {
	p.Transaction = r.Bytes(MaxTransaction)
	p.Sets = r.Uint32()
}

// voidedPlan names a plan that cannot happen any more by its reference block.
type voidedPlan struct {
	reference uint64
	plan      coin.PlanID
}

// voidedKey is 40 bytes: plans are in order of their reference blocks.
var voidedKey = storage.FixedKey(
	func(b []byte, p voidedPlan) []byte {
		return append(binary.BigEndian.AppendUint64(b, p.reference), p.plan[:]...)
	},
	func(b []byte) (p voidedPlan, ok bool) {
		if len(b) != 40 {
			return p, false
		}
		return voidedPlan{binary.BigEndian.Uint64(b), coin.PlanID(b[8:])}, true
	},
)

// forgetVoided forgets what was prepared for plans that cannot happen any more,
// once their reference blocks cannot become void.
func (s *Signer) forgetVoided(tx storage.Tx, reference uint64) error {
	if reference < coin.RewindDepth {
		return nil
	}
	var old []voidedPlan
	for item, err := range s.voided.Between(tx, voidedPlan{}, voidedPlan{reference: reference - coin.RewindDepth + 1}) {
		if err != nil {
			return err
		}
		old = append(old, item.Key)
	}
	for _, p := range old {
		if err := s.voided.Delete(tx, p); err != nil {
			return err
		}
	}
	return nil
}

// Prepared is what was made of a plan.
type Prepared struct {
	// Plan is the plan's ID.
	Plan coin.PlanID
	// Transaction is what coin.Spender's Prepare returned.
	Transaction []byte
}

// PreparedBehind returns what was prepared for plans whose reference blocks are
// behind the given one, in order of their IDs. As long as these blocks can become
// void it is kept, whatever becomes of the plans.
func (s *Signer) PreparedBehind(r storage.Reader, number uint64) ([]Prepared, error) {
	var list []Prepared
	for item, err := range s.prepared.All(r) {
		if err != nil {
			return nil, err
		}
		if item.Value.Reference > number {
			list = append(list, Prepared{item.Key, item.Value.Transaction})
		}
	}
	for item, err := range s.voided.From(r, voidedPlan{reference: number + 1}) {
		if err != nil {
			return nil, err
		}
		list = append(list, Prepared{item.Key.plan, item.Value.Transaction})
	}
	slices.SortFunc(list, func(a, b Prepared) int { return bytes.Compare(a.Plan[:], b.Plan[:]) })
	return list, nil
}

// Rewind takes note, as settlement gets to a position of the log, that batches
// before the given ID that are not acknowledged there are void.
func (s *Signer) Rewind(tx storage.Tx, position, next uint64) error {
	return s.rewinds.Put(tx, position, next)
}

// Rewound carries a rewind out at its position in the log of batch signing,
// which settlement must have read before.
func (s *Signer) Rewound(tx storage.Tx, position uint64) error {
	next, ok, err := s.rewinds.Get(tx, position)
	if err == nil && !ok {
		err = fmt.Errorf("%w: settlement did not rewind at position %d", storage.ErrCorrupt, position)
	}
	if err != nil {
		return err
	}
	if err := s.rewinds.Delete(tx, position); err != nil {
		return err
	}
	if err := s.acknowledged.Put(tx, next); err != nil {
		return err
	}
	if err := remove(tx, s.batches, 0, func(id uint64) bool { return id < next }); err != nil {
		return err
	}
	void := func(id ID) bool {
		n, batch := id.batch()
		return batch && n < next
	}
	ids, err := matching(tx, s.duties, void, nil)
	if err != nil {
		return err
	}
	if ids, err = matching(tx, s.sets, void, ids); err != nil {
		return err
	}
	for _, id := range ids {
		if err := s.close(tx, id); err != nil {
			return err
		}
	}
	return nil
}

// matching adds the keys of a map that match.
func matching[T any](r storage.Reader, m storage.Map[ID, T], match func(ID) bool, ids []ID) ([]ID, error) {
	for item, err := range m.All(r) {
		if err != nil {
			return nil, err
		}
		if match(item.Key) {
			ids = append(ids, item.Key)
		}
	}
	return ids, nil
}

// rewinding tells whether settlement has passed a rewind that batch signing has
// not: until it has, all batches that it reads of are void, whatever was reported
// here.
func (s *Signer) rewinding(r storage.Reader) (bool, error) {
	for _, err := range s.rewinds.All(r) {
		return true, err
	}
	return false, nil
}
