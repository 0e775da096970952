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

// voided is a deposit that took effect in a block that is void.
type voided struct {
	Session uint64
	Credit  uint64
}

// Encode writes 16 bytes.
func (v voided) Encode(w *wire.Writer) {
	w.Uint64(v.Session)
	w.Uint64(v.Credit)
}

// Decode reads 16 bytes.
func (v *voided) Decode(r *wire.Reader) {
	v.Session = r.Uint64()
	v.Credit = r.Uint64()
}

// settledBlock is a settled block as it is kept to be taken back.
type settledBlock struct{ coin.SettledBlock }

// Encode writes the block.
func (b settledBlock) Encode(w *wire.Writer) {
	w.Uint64(b.Number)
	wire.List(w, b.Deposits)
	wire.List(w, b.Internal)
	wire.List(w, b.Completions)
}

// Decode reads the block.
func (b *settledBlock) Decode(r *wire.Reader) {
	b.Number = r.Uint64()
	b.Deposits = wire.ReadList[coin.Deposit](r, 1<<24, 78)
	b.Internal = wire.ReadList[coin.Output](r, 1<<24, 69)
	b.Completions = wire.ReadList[coin.Completion](r, 1<<24, 64)
}

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

// acknowledged takes what is acknowledged of a block that is not settled.
func (s *scanner) acknowledged(tx storage.Tx, back *coin.Rewind) error {
	var ids []uint64
	var results []byte
	for item, err := range s.results.All(tx) {
		if err != nil {
			return err
		}
		ids = append(ids, item.Key)
		results = append(results, item.Value...)
	}
	if len(ids) == 0 {
		return nil
	}
	one, ok, err := s.batches.Get(tx, ids[0])
	if err == nil && !ok {
		err = fmt.Errorf("%w: acknowledged batch %d is missing", storage.ErrCorrupt, ids[0])
	}
	if err != nil {
		return err
	}
	number := one.Batch.Number
	b, err := s.buffers.Load(tx, number)
	if err != nil {
		return err
	}
	back.Horizon = number
	for _, l := range b.Late {
		if l.Fate != coin.Reported || len(results) == 0 {
			continue
		}
		if results[0] == 0 {
			l.Fate = fateOf(l.Origin, nil)
		}
		results = results[1:]
		held, found, err := s.unsettled(tx, l.Deposit, b.Unheld)
		if err != nil {
			return err
		}
		if found {
			held.Fate = l.Fate
			back.Deposits = append(back.Deposits, held)
			continue
		}
		back.Late = append(back.Late, l.Late)
	}
	for _, d := range b.Deposits {
		if d.Fate != coin.Reported || len(results) == 0 {
			continue
		}
		if results[0] == 0 {
			d.Fate = fateOf(d.Output.Origin, nil)
		}
		results = results[1:]
		back.Deposits = append(back.Deposits, d)
	}
	for _, id := range ids {
		if err := s.results.Delete(tx, id); err != nil {
			return err
		}
	}
	queued, err := group(tx, s.queue, number)
	if err != nil {
		return err
	}
	for _, l := range queued {
		if reported(back.Late, l.Deposit) {
			if err := s.queue.Delete(tx, l.in(number)); err != nil {
				return err
			}
		}
	}
	return nil
}

// unsettled returns a deposit that was held back, if its own block has not
// settled: the books do not know it yet.
func (s *scanner) unsettled(r storage.Reader, id coin.OutputID, unheld []late) (coin.Deposit, bool, error) {
	i := slices.IndexFunc(unheld, func(l late) bool { return l.Deposit == id })
	if i < 0 {
		return coin.Deposit{}, false, nil
	}
	b, err := s.buffers.Load(r, unheld[i].Block)
	if err != nil {
		return coin.Deposit{}, false, err
	}
	at := slices.IndexFunc(b.Deposits, func(d coin.Deposit) bool { return d.Output.ID == id })
	if at < 0 {
		return coin.Deposit{}, false, nil
	}
	return b.Deposits[at], true, nil
}

// reported tells whether a deposit is among those reported late.
func reported(late []coin.Late, id coin.OutputID) bool {
	return slices.ContainsFunc(late, func(l coin.Late) bool { return l.Deposit == id })
}

// dropScanned forgets the blocks that are scanned and not settled, and all that
// follows from a block that settles again. Deposits of blocks that stay settled,
// which those were to report at last, are held back again.
func (s *scanner) dropScanned(tx storage.Tx, f Frontier, settle uint64, late []coin.Late) error {
	for n := f.Settle; n < f.Scan; n++ {
		b, err := s.buffers.Load(tx, n)
		if err != nil {
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

// Undone implements Scanner.
func (s *scanner) Undone(tx storage.Tx, u coin.Undone) error {
	for _, d := range u.Voided {
		if err := s.voided.Put(tx, d.Output.ID, voided{d.Output.Session, d.Credit}); err != nil {
			return err
		}
	}
	for _, id := range u.Forgotten {
		if err := s.forwards.Delete(tx, id); err != nil {
			return err
		}
	}
	for _, o := range u.Inputs {
		if err := s.guard(tx, o); err != nil {
			return err
		}
	}
	for _, id := range u.Recalled {
		if err := s.recall(tx, id); err != nil {
			return err
		}
	}
	return nil
}

// recall takes an instruction back that is due because a deposit has arrived at
// the successor: it has not. If it is reported already, it is not once more.
func (s *scanner) recall(tx storage.Tx, id coin.OutputID) error {
	for item, err := range s.queue.All(tx) {
		if err != nil {
			return err
		}
		if l := item.Value; l.Deposit == id {
			if err := s.queue.Delete(tx, item.Key); err != nil {
				return err
			}
			l.Amount = l.Credit
			return s.forwards.Put(tx, id, l)
		}
	}
	return s.told.Put(tx, id, struct{}{})
}

// returned is the deposit that took effect before in a block that is void.
func (s *scanner) returned(r storage.Reader, o coin.Output) (coin.Deposit, bool, error) {
	v, ok, err := s.voided.Get(r, o.ID)
	o.Data = nil // reported by now, or never
	return coin.Deposit{Output: o, Credit: v.Credit, Fate: coin.Returned}, ok && v.Credit <= o.Amount, err
}

// keep keeps settled blocks so that they can be taken back, and forgets those
// that are too old for that.
func (s *scanner) keep(tx storage.Tx, blocks []coin.SettledBlock) error {
	for _, b := range blocks {
		for _, d := range b.Deposits {
			if d.Fate != coin.Returned {
				continue
			}
			if err := s.voided.Delete(tx, d.Output.ID); err != nil {
				return err
			}
		}
		if len(b.Deposits)+len(b.Internal)+len(b.Completions) == 0 {
			continue
		}
		if err := s.settled.Put(tx, b.Number, settledBlock{b}); err != nil {
			return err
		}
	}
	newest := blocks[len(blocks)-1].Number
	if newest < coin.RewindDepth {
		return nil
	}
	var old []uint64
	kept, err := s.kept.Load(tx)
	if err != nil {
		return err
	}
	kept = max(kept, newest-coin.RewindDepth+1)
	if err := s.kept.Put(tx, kept); err != nil {
		return err
	}
	for item, err := range s.settled.Between(tx, 0, kept) {
		if err != nil {
			return err
		}
		old = append(old, item.Key)
	}
	for _, n := range old {
		if err := s.settled.Delete(tx, n); err != nil {
			return err
		}
	}
	return nil
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
