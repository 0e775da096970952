package scanner

import (
	"bytes"
	"fmt"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/internal/wire"
	"github.com/serai-go/processor/storage"
)

// Explainer tells what a scanner has, for people who ask. It does work that is
// bounded by the blocks that can be taken back, and reads only.
type Explainer interface {
	// Sight returns what is known of an output, nil if that is nothing: only final
	// blocks are looked at, and of settled ones those that can be taken back.
	Sight(r storage.Reader, id coin.OutputID) (*Sighting, error)
	// Completed returns the settled transaction of a plan and its block, if it is
	// one of those that can be taken back.
	Completed(r storage.Reader, plan coin.PlanID) (by coin.TransactionID, number uint64, ok bool, err error)
	// Life returns where the key of a confirmed session is in its life, or nil.
	Life(r storage.Reader, session uint64) (*Life, error)
}

// Way is how a deposit comes into a batch.
type Way uint8

// Ways of deposits.
const (
	// Direct: its own block reports it, or nothing does.
	Direct Way = iota + 1
	// HeldBack: it waits until its key reports.
	HeldBack
	// OnTheWay: it is passed on to its key's successor and has not arrived.
	OnTheWay
	// Arrived: a later block is going to report it.
	Arrived
	// LateReport: another block has reported it.
	LateReport
	// Over: it was reported by another block, which has settled, or given up.
	Over
)

// Sighting is what is known of an output of the group.
type Sighting struct {
	// Output is what was seen. Of one that is void only ID and session are known.
	Output coin.Output
	// Block is the number of its block, and Settled tells whether that has settled.
	Block   uint64
	Settled bool
	// Void tells that its block is void, and it was not found again.
	Void bool
	// Lost tells why it never counts, if it does not because of another output of
	// which only one can ever be spent. Of one that is lost no kind is known.
	Lost Loss
	// Raises is the smaller output whose place this one takes, if it does.
	Raises *coin.OutputID
	// OvertakenBy is the larger output that has taken the place of this one, as
	// only one of them can ever be spent.
	OvertakenBy *coin.OutputID
	// Credit and Fate are those of a deposit, the fate as far as its block tells:
	// that of one that settled is final, unless it is Held or PassedOn.
	Credit uint64
	Fate   coin.Fate
	// Way is that of a deposit.
	Way Way
	// Due is the block that reports it, if that is known.
	Due *uint64
	// Batch is the one that reports it, until it has settled.
	Batch *BatchReport
}

// BatchReport is a batch that reports a deposit.
type BatchReport struct {
	// ID is the batch's.
	ID uint64
	// Session has to sign it.
	Session uint64
	// Acknowledged tells whether it is. Its block settles with its last batch.
	Acknowledged bool
}

// holds reads blocks that hold an ID in their encoding.
func holds[T any, P wire.Decoder[T]](r storage.Reader, m storage.Map[uint64, []byte], id []byte, take func(uint64, T) (bool, error)) error {
	for item, err := range m.All(r) {
		if err != nil {
			return err
		}
		if !bytes.Contains(item.Value, id) {
			continue
		}
		v, err := wire.Unmarshal[T, P](item.Value)
		if err != nil {
			return fmt.Errorf("%w: block %d: %w", storage.ErrCorrupt, item.Key, err)
		}
		if done, err := take(item.Key, v); err != nil || done {
			return err
		}
	}
	return nil
}

// Bytes of blocks, which are searched before they are decoded.
var (
	bufferBytes  = storage.NewMap("scanner/buffers", storage.NumberKey[uint64](), storage.Blob)
	settledBytes = storage.NewMap("scanner/settled", storage.NumberKey[uint64](), storage.Blob)
)

// Sight implements Explainer.
func (s *scanner) Sight(r storage.Reader, id coin.OutputID) (*Sighting, error) {
	var found *Sighting
	output := func(block uint64, o coin.Output) {
		if o.ID == id {
			found = &Sighting{Output: o, Block: block}
		}
	}
	look := func(n uint64, deposits []coin.Deposit, internal []coin.Output, lost []lost, settled bool) (bool, error) {
		for _, l := range lost {
			if l.ID == id {
				output(n, coin.Output{ID: id, Session: l.Session, Amount: l.Amount})
				found.Lost = l.Why
			}
		}
		for _, o := range internal {
			output(n, o)
		}
		for _, d := range deposits {
			output(n, d.Output)
			if d.Output.ID == id {
				found.Credit, found.Fate, found.Way = d.Credit, d.Fate, Direct
				if d.Raises != nil {
					found.Raises = &d.Raises.ID
				}
			}
		}
		if found != nil {
			found.Settled = settled
		}
		return found != nil, nil
	}
	name := wire.Marshal(id)
	err := holds(r, bufferBytes, name, func(n uint64, b buffer) (bool, error) { return look(n, b.Deposits, b.Internal, b.Lost, false) })
	if err == nil && found == nil {
		err = holds(r, settledBytes, name, func(n uint64, b settledBlock) (bool, error) { return look(n, b.Deposits, b.Internal, b.Lost, true) })
	}
	if err != nil {
		return nil, err
	}
	if found == nil {
		v, ok, err := s.voided.Get(r, id)
		if err != nil || !ok {
			return nil, err
		}
		return &Sighting{Output: coin.Output{ID: id, Session: v.Session}, Credit: v.Credit, Void: true}, nil
	}
	if found.Output.Kind != coin.External || found.Lost > 0 {
		return found, nil
	}
	if key, ok := s.twinsOf(found.Output); ok {
		t, _, err := s.twins.Get(r, key)
		if err != nil {
			return nil, err
		}
		if t.Output.Amount > found.Output.Amount {
			found.OvertakenBy = &t.Output.ID
		}
	}
	switch {
	case found.Fate == coin.Held:
		err = s.sightHeld(r, found)
	case found.Fate == coin.PassedOn:
		err = s.sightPassedOn(r, found)
	case !found.Settled:
		found.Due = &found.Block
		found.Batch, err = s.reporting(r, found.Block, id)
	}
	return found, err
}

// sightHeld tells how far a deposit is that was held back.
func (s *scanner) sightHeld(r storage.Reader, x *Sighting) error {
	at := place{x.Output.Session, x.Block, x.Output.Position, x.Output.ID.Index}
	held, err := s.held.Has(r, at)
	if err != nil {
		return err
	}
	if !held {
		return s.sightLate(r, x)
	}
	x.Way = HeldBack
	keys, err := s.ring(r)
	if err != nil {
		return err
	}
	f, err := s.frontier.Load(r)
	if i := keys.find(x.Output.Session); err == nil && i >= 0 {
		x.Due = keys.next(i, f.Scan)
	}
	return err
}

// sightPassedOn tells how far a deposit is that is passed on.
func (s *scanner) sightPassedOn(r storage.Reader, x *Sighting) error {
	here, err := s.forwards.Has(r, x.Output.ID)
	if err != nil {
		return err
	}
	if here || !x.Settled {
		x.Way = OnTheWay
		return nil
	}
	return s.sightLate(r, x)
}

// sightLate looks for the block that reports a deposit late.
func (s *scanner) sightLate(r storage.Reader, x *Sighting) error {
	x.Way = Over
	for item, err := range s.queue.All(r) { // at most those of a window
		if err != nil {
			return err
		}
		if item.Value.Deposit == x.Output.ID {
			x.Way, x.Due = Arrived, &item.Key.Group
		}
	}
	return holds(r, bufferBytes, wire.Marshal(x.Output.ID), func(n uint64, b buffer) (bool, error) {
		for _, l := range b.Late {
			if l.Deposit != x.Output.ID {
				continue
			}
			var err error
			x.Way, x.Due, x.Fate = LateReport, &n, l.Fate
			x.Batch, err = s.reporting(r, n, x.Output.ID)
			return true, err
		}
		return false, nil
	})
}

// reporting returns the batch of a block, not settled yet, that reports a deposit,
// or nil.
func (s *scanner) reporting(r storage.Reader, number uint64, id coin.OutputID) (*BatchReport, error) {
	b, err := s.buffers.Load(r, number)
	if err != nil {
		return nil, err
	}
	index, found := 0, false // among the instructions of the block
	count := func(fate coin.Fate, one coin.OutputID) {
		found = found || fate == coin.Reported && one == id
		if !found && fate == coin.Reported {
			index++
		}
	}
	for _, l := range b.Late {
		count(l.Fate, l.Deposit)
	}
	for _, d := range b.Deposits {
		count(d.Fate, d.Output.ID)
	}
	if !found {
		return nil, nil
	}
	f, err := s.frontier.Load(r)
	if err != nil {
		return nil, err
	}
	for item, err := range s.batches.All(r) { // at most those of a window
		if err != nil {
			return nil, err
		}
		one := item.Value
		if one.Batch.Number != number {
			continue
		}
		if index < len(one.Batch.Instructions) {
			return &BatchReport{one.Batch.ID, one.Session, one.Batch.ID < f.Acknowledged}, nil
		}
		index -= len(one.Batch.Instructions)
	}
	return nil, fmt.Errorf("%w: no batch of block %d reports %s", storage.ErrCorrupt, number, id)
}

// Completed implements Explainer.
func (s *scanner) Completed(r storage.Reader, plan coin.PlanID) (by coin.TransactionID, number uint64, ok bool, err error) {
	err = holds(r, settledBytes, plan[:], func(n uint64, b settledBlock) (bool, error) {
		for _, c := range b.Completions {
			if c.Plan == plan {
				by, number, ok = c.Transaction, n, true
			}
		}
		return ok, nil
	})
	return by, number, ok, err
}
