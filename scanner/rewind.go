package scanner

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/internal/wire"
	"github.com/serai-go/processor/storage"
)

// Rewind is the decision that blocks behind a fork are void.
type Rewind struct {
	// Number counts the rewinds from 1.
	Number uint64
	// Fork is the number of the newest block that stands, Block its ID.
	Fork  uint64
	Block coin.BlockID
	// Next is the block behind it that counts from now on. Whoever has indexed
	// another one there has not seen the change yet.
	Next coin.BlockID
}

// Encode writes 80 bytes.
func (x Rewind) Encode(w *wire.Writer) {
	w.Uint64(x.Number)
	w.Uint64(x.Fork)
	w.Fixed(x.Block[:])
	w.Fixed(x.Next[:])
}

// Decode reads 80 bytes.
func (x *Rewind) Decode(r *wire.Reader) {
	x.Number = r.Uint64()
	x.Fork = r.Uint64()
	r.Fixed(x.Block[:])
	r.Fixed(x.Next[:])
}

// ErrUnchanged says that a rewind is about a change that the node has not shown
// here yet.
var ErrUnchanged = errors.New("scanner: the chain has not changed here yet")

// BadRewind reports a rewind that contradicts what is known here. It halts the
// processor.
type BadRewind struct {
	Number uint64 // which rewind
	Reason string // for people
}

func (e *BadRewind) Error() string { return fmt.Sprintf("scanner: rewind %d: %s", e.Number, e.Reason) }

// Rewind implements Scanner.
func (s *scanner) Rewind(tx storage.Tx, x Rewind, changed bool) (*coin.Rewind, error) {
	f, err := s.frontier.Load(tx)
	if err != nil {
		return nil, err
	}
	settle := f.Settle // from then on: never ahead
	if f.Active {      // even before the first key: what comes back may come there
		settle = min(settle, x.Fork+1)
	}
	if err := s.checkRewind(tx, x, f, f.Settle-settle, changed); err != nil {
		return nil, err
	}
	back := &coin.Rewind{Fork: x.Fork, Horizon: f.Settle - 1}
	if f.Active {
		if err := s.acknowledged(tx, back); err != nil {
			return nil, err
		}
		if err := s.dropScanned(tx, f, settle, back.Late); err != nil {
			return nil, err
		}
	}
	if err := s.dropSettled(tx, settle, back); err != nil {
		return nil, err
	}
	if err := clearFrom(tx, s.headers, x.Fork+1); err != nil {
		return nil, err
	}
	if err := clearFrom(tx, s.rates, x.Fork+1); err != nil {
		return nil, err
	}
	if err := clearFrom(tx, s.batches, 0); err != nil {
		return nil, err
	}
	if err := s.watchAll(tx, x.Fork); err != nil {
		return nil, err
	}
	if err := s.keepDust(tx); err != nil {
		return nil, err
	}
	if err := s.inactive(tx, x, &f); err != nil {
		return nil, err
	}
	p := reports{}
	if f.Active {
		f.Scan, f.Settle, p.Notable = settle, settle, settle-1
	}
	// No batch further ahead than that can be signed, so no ID stands for two.
	f.Acknowledged += s.Parameters.BatchesAhead
	f.Index, p.Batches = x.Fork+1, f.Acknowledged
	if err := s.frontier.Put(tx, f); err != nil {
		return nil, err
	}
	if err := s.reports.Put(tx, p); err != nil {
		return nil, err
	}
	return back, s.rewound.Put(tx, x)
}

// inactive lets the first key wait for its activation again if that is void and
// no acknowledgement followed: another processor may not have seen it.
func (s *scanner) inactive(tx storage.Tx, x Rewind, f *Frontier) error {
	start, active, err := s.start.Get(tx)
	if err != nil || !active || start <= x.Fork || f.Acknowledged > (x.Number-1)*s.Parameters.BatchesAhead {
		return err
	}
	f.Scan, f.Settle, f.Active = 0, 0, false
	return s.start.Delete(tx)
}

// Reported implements Scanner.
func (s *scanner) Reported(r storage.Reader) (uint64, error) {
	p, err := s.reports.Load(r)
	return p.Batches, err
}

// Rewound implements Scanner.
func (s *scanner) Rewound(r storage.Reader) (Rewind, error) { return s.rewound.Load(r) }

// checkRewind tells why a rewind that takes back so many settled blocks cannot
// be carried out, at present or ever.
func (s *scanner) checkRewind(r storage.Reader, x Rewind, f Frontier, blocks uint64, changed bool) error {
	before, err := s.rewound.Load(r)
	if err != nil {
		return err
	}
	if x.Number != before.Number+1 {
		return &BadRewind{x.Number, fmt.Sprintf("rewind %d is next", before.Number+1)}
	}
	if !f.Started || f.Index <= x.Fork {
		return ErrUnchanged
	}
	fork, ok, err := s.headers.Get(r, x.Fork)
	switch {
	case err != nil:
		return err
	case !ok:
		return &BadRewind{x.Number, fmt.Sprintf("block %d was never indexed", x.Fork)}
	case fork.ID != x.Block:
		return &BadRewind{x.Number, fmt.Sprintf("block %d is %s here, not %s", x.Fork, fork.ID, x.Block)}
	case blocks > coin.RewindDepth:
		return &BadRewind{x.Number, fmt.Sprintf("%d settled blocks are void, %d can be taken back", blocks, coin.RewindDepth)}
	}
	// After another rewind there may be fewer.
	kept, err := s.kept.Load(r)
	if err != nil {
		return err
	}
	if blocks > 0 && f.Settle-blocks < kept {
		return &BadRewind{x.Number, fmt.Sprintf("blocks before %d cannot be taken back any more", kept)}
	}
	next, ok, err := s.headers.Get(r, x.Fork+1)
	if err == nil && ok && next.ID != x.Next && !changed {
		err = ErrUnchanged
	}
	return err
}

// dropScanned forgets the blocks that are scanned and not settled, and all that
// follows from a block that settles again. Deposits of blocks that stay settled,
// which those were to report at last, are held back again.
func (s *scanner) dropScanned(tx storage.Tx, f Frontier, settle uint64, late []coin.Late) error {
	for n := f.Scan; n > f.Settle; n-- { // the last first
		b, err := s.buffers.Load(tx, n-1)
		if err != nil {
			return err
		}
		if err := s.displace(tx, b.Deposits, false); err != nil {
			return err
		}
		for _, l := range b.Unheld {
			if reported(late, l.Deposit) {
				continue
			}
			if err := s.held.Put(tx, l.in(l.Session), l); err != nil {
				return err
			}
		}
		if err := s.unguard(tx, b.Deposits, b.Internal); err != nil {
			return err
		}
	}
	if err := clearFrom(tx, s.buffers, f.Settle); err != nil {
		return err
	}
	if err := clearFrom(tx, s.resolutions, f.Settle); err != nil {
		return err
	}
	var gone []place
	for item, err := range s.held.All(tx) {
		if err != nil {
			return err
		}
		if item.Key.Block >= settle {
			gone = append(gone, item.Key)
		}
	}
	for _, at := range gone {
		if err := s.held.Delete(tx, at); err != nil {
			return err
		}
	}
	return nil
}

// dropSettled takes the settled blocks from a number on back.
func (s *scanner) dropSettled(tx storage.Tx, from uint64, back *coin.Rewind) error {
	for item, err := range s.settled.From(tx, from) {
		if err != nil {
			return err
		}
		back.Blocks = append(back.Blocks, item.Value.SettledBlock)
	}
	slices.Reverse(back.Blocks)
	for _, b := range back.Blocks {
		if err := s.displace(tx, b.Deposits, true); err != nil {
			return err
		}
		if err := s.unguard(tx, b.Deposits, b.Internal); err != nil {
			return err
		}
	}
	return clearFrom(tx, s.settled, from)
}

// unguard ends the watch for spends of outputs that are not there any more.
func (s *scanner) unguard(tx storage.Tx, deposits []coin.Deposit, internal []coin.Output) error {
	outputs := slices.Clone(internal)
	for _, d := range deposits {
		outputs = append(outputs, d.Output)
	}
	for _, o := range outputs {
		if lookup := s.Coin.SpendLookup(o); lookup != nil {
			if err := s.Tracker.Unguard(tx, lookup); err != nil {
				return err
			}
		}
	}
	return nil
}

// watchAll lets all keys that were active be looked for in every block from now
// on: what comes back to them may come before their activation, or behind their
// retirement. Keys that were done with their duties behind the fork have none
// again, and those that are going to retire take no new deposits.
func (s *scanner) watchAll(tx storage.Tx, fork uint64) error {
	keys, err := s.ring(tx)
	if err != nil {
		return err
	}
	past, err := s.load(tx, s.past)
	if err != nil {
		return err
	}
	for _, key := range past {
		if !key.Retiring || key.Retirement <= fork {
			continue
		}
		if err := s.past.Delete(tx, key.Session); err != nil {
			return err
		}
		key.Over = true
		keys.keys = append(keys.keys, key)
	}
	for _, key := range keys.keys {
		// Whether the first key is active, the chain tells and not the log.
		if !key.Active && !key.First {
			continue
		}
		key.Watched, key.Early = true, true
		key.Closed = key.Closed || key.Retiring && !key.Abandoned
		if err := s.putKey(tx, key); err != nil {
			return err
		}
	}
	return nil
}

// keepDust notes the smallest dust limit: what was planned by rules that stand
// may happen before they are in force.
func (s *scanner) keepDust(tx storage.Tx) error {
	book, err := s.rulebook(tx)
	if err != nil {
		return err
	}
	return s.dust.Put(tx, book.leastDust(math.MaxUint64))
}

// clearFrom removes all of a map from a number on.
func clearFrom[T any](tx storage.Tx, m storage.Map[uint64, T], from uint64) error {
	var keys []uint64
	for item, err := range m.From(tx, from) {
		if err != nil {
			return err
		}
		keys = append(keys, item.Key)
	}
	for _, n := range keys {
		if err := m.Delete(tx, n); err != nil {
			return err
		}
	}
	return nil
}
