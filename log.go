package processor

import (
	"context"
	"crypto/sha512"
	"errors"
	"fmt"
	"iter"
	"sync"

	"github.com/serai-go/processor/scanner"
	"github.com/serai-go/processor/signer"
	"github.com/serai-go/processor/storage"
)

// log is the durable inbox and the lanes' cursors into it.
type log struct {
	next    storage.Value[uint64]
	entries storage.Map[uint64, []byte]
	hashes  storage.Map[uint64, [32]byte] // of all entries ever, against equivocation
	pruned  storage.Value[uint64]
	cursors storage.Map[uint64, uint64]   // per lane, the next position
	rewinds storage.Map[uint64, struct{}] // positions of those that the settling lane has not read

	mu sync.Mutex
	// at is where each lane is; positions without concern for it may be
	// passed before that is stored.
	at [lanes]uint64
	// stored is what the database has of at.
	stored [lanes]uint64
}

func newLog() *log {
	number := storage.NumberKey[uint64]()
	return &log{
		next:    storage.NewValue("log/next", storage.Number),
		entries: storage.NewMap("log/entries", number, storage.Blob),
		hashes:  storage.NewMap("log/hashes", number, storage.Hash[[32]byte]()),
		pruned:  storage.NewValue("log/pruned", storage.Number),
		cursors: storage.NewMap("log/cursors", number, storage.Number),
		rewinds: storage.NewMap("log/rewinds", number, storage.Flag),
	}
}

// load reads the cursors.
func (l *log) load(r storage.Reader) error {
	for i := range l.at {
		position, err := l.cursors.Load(r, uint64(i))
		if err != nil {
			return err
		}
		l.at[i], l.stored[i] = position, position
	}
	return nil
}

// append stores an entry.
func (l *log) append(tx storage.Tx, position uint64, data []byte, rewinds bool) error {
	next, err := l.next.Load(tx)
	if err != nil {
		return err
	}
	hash := [32]byte(sha512.Sum512_256(data))
	switch {
	case position > next:
		return fmt.Errorf("%w: %d is next", ErrGap, next)
	case position < next:
		seen, err := l.hashes.Load(tx, position)
		if err == nil && seen != hash {
			err = ErrEquivocation
		}
		return err
	}
	if err := l.hashes.Put(tx, position, hash); err != nil {
		return err
	}
	if err := l.next.Put(tx, position+1); err != nil {
		return err
	}
	if rewinds {
		if err := l.rewinds.Put(tx, position, struct{}{}); err != nil {
			return err
		}
	}
	return l.entries.Put(tx, position, data)
}

// where returns a lane's position, and whether it may act there: no lane
// overtakes key generation, which the others take keys from.
func (l *log) where(of lane) (position uint64, free bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.at[of], of == keygenLane || l.at[of] < l.at[keygenLane]
}

// passed tells whether a lane is beyond a position.
func (l *log) passed(of lane, position uint64) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.at[of] > position
}

// pass moves a lane beyond a position.
func (l *log) pass(of lane, position uint64, stored bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.at[of] = position + 1
	if stored {
		l.stored[of] = position + 1
	}
}

// reached tells whether all lanes have read the log up to a position.
func (l *log) reached(position uint64) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return min(l.at[keygenLane], l.at[batchLane], l.at[settleLane]) >= position
}

// store stores a lane's cursor and removes entries that all have read.
func (l *log) store(tx storage.Tx, of lane, position uint64) error {
	if err := l.cursors.Put(tx, uint64(of), position); err != nil {
		return err
	}
	low := position
	for i := range lane(lanes) {
		at, err := l.cursors.Load(tx, uint64(i))
		if err != nil {
			return err
		}
		low = min(low, at)
	}
	from, err := l.pruned.Load(tx)
	if err != nil || from >= low {
		return err
	}
	for n := from; n < low; n++ {
		if err := l.entries.Delete(tx, n); err != nil {
			return err
		}
	}
	return l.pruned.Put(tx, low)
}

// ahead are the Rewinds that the log holds and settlement has not read, in order.
func (l *log) ahead(r storage.Reader) iter.Seq2[Rewind, error] {
	return func(yield func(Rewind, error) bool) {
		for item, err := range l.rewinds.All(r) {
			var rewind Rewind
			if err == nil {
				rewind, err = l.rewind(r, item.Key)
			}
			if !yield(rewind, err) || err != nil {
				return
			}
		}
	}
}

// rewind reads the Rewind at a position.
func (l *log) rewind(r storage.Reader, position uint64) (Rewind, error) {
	data, err := l.entries.Load(r, position)
	if err != nil {
		return Rewind{}, err
	}
	entry, err := DecodeEntry(data)
	if err != nil {
		return Rewind{}, fmt.Errorf("%w: log position %d: %w", storage.ErrCorrupt, position, err)
	}
	rewind, ok := entry.(Rewind)
	if !ok {
		err = fmt.Errorf("%w: log position %d is no rewind", storage.ErrCorrupt, position)
	}
	return rewind, err
}

// rewindsAhead tells whether the log holds a Rewind that settlement has not read.
func (l *log) rewindsAhead(r storage.Reader) (bool, error) {
	for _, err := range l.rewinds.All(r) {
		return true, err
	}
	return false, nil
}

// voids tells whether a Rewind is ahead that makes a block void.
func (l *log) voids(r storage.Reader, number uint64) (bool, error) {
	for rewind, err := range l.ahead(r) {
		if err != nil || number > rewind.Fork {
			return err == nil, err
		}
	}
	return false, nil
}

// rewindsBefore tells whether the next Rewind ahead is from before a block.
func (l *log) rewindsBefore(r storage.Reader, number uint64) (bool, error) {
	for rewind, err := range l.ahead(r) {
		return err == nil && rewind.Fork < number, err
	}
	return false, nil
}

// rewindWill tells whether the log holds a Rewind that makes void what a set
// signs.
func (p *Processor) rewindWill(ctx context.Context, cause error) (ahead bool) {
	if causeOf(cause) != OtherBatch {
		return false
	}
	err := p.config.Store.View(ctx, func(r storage.Reader) (err error) {
		ahead, err = p.log.rewindsAhead(r)
		return err
	})
	return err == nil && ahead
}

// maxUnstored is how many entries a lane may pass without storing its cursor.
const maxUnstored = 64

// read carries out what the log holds for a lane, as far as that is possible
// now. It tells whether it did anything.
func (p *Processor) read(ctx context.Context, of lane) (bool, error) {
	did := false
	for {
		position, free := p.log.where(of)
		if !free {
			return did, nil
		}
		entry, err := p.entry(ctx, position)
		if err != nil || entry == nil {
			return did, err
		}
		switch entry.(type) {
		case RetireSession, AbandonKey, Rewind:
			if of == batchLane && !p.log.passed(settleLane, position) {
				return did, nil // it is for settlement to decide
			}
		}
		if !entry.concerns(of) {
			if err := p.passBy(ctx, of, position); err != nil {
				return did, err
			}
			if of == keygenLane || position+1 == p.config.Current {
				p.wake.all() // the other lanes, or signing, may follow
			}
			continue
		}
		one, err := p.readOne(ctx, of, position, entry)
		if of == settleLane && err == nil {
			p.sight.lag(!one)
		}
		did = did || one
		if err != nil || !one {
			return did, err
		}
		p.wake.all()
	}
}

// entry reads a log entry, nil if it is not there yet.
func (p *Processor) entry(ctx context.Context, position uint64) (Entry, error) {
	var data []byte
	err := p.config.Store.View(ctx, func(r storage.Reader) (err error) {
		data, _, err = p.log.entries.Get(r, position)
		return err
	})
	if err != nil || data == nil {
		return nil, err
	}
	entry, err := DecodeEntry(data)
	if err != nil {
		return nil, fmt.Errorf("%w: log position %d: %w", storage.ErrCorrupt, position, err)
	}
	return entry, nil
}

// passBy moves a lane over an entry without concern for it.
func (p *Processor) passBy(ctx context.Context, of lane, position uint64) error {
	p.log.mu.Lock()
	save := position+1-p.log.stored[of] >= maxUnstored
	p.log.mu.Unlock()
	if save {
		err := p.config.Store.Update(ctx, func(tx storage.Tx) error { return p.log.store(tx, of, position+1) })
		if err != nil {
			return err
		}
	}
	p.log.pass(of, position, save)
	return nil
}

// readOne carries one entry out, in one transaction with the cursor's move. It
// returns false while something is missing that the chain will bring.
func (p *Processor) readOne(ctx context.Context, of lane, position uint64, entry Entry) (bool, error) {
	rewind, rewinds := entry.(Rewind)
	var verdicts []verdict
	err := p.carryOut(ctx, func() error {
		if of == settleLane {
			if _, err := p.core.signer.Prepare(ctx, p.config.Store); err != nil {
				return err
			}
		}
		return p.config.Store.View(ctx, func(r storage.Reader) (err error) {
			verdicts, err = p.core.check(r, of, entry)
			return err
		})
	}, func(tx storage.Tx) error {
		if err := p.core.apply(tx, of, position, entry, verdicts); err != nil {
			if passes(err) { // the core asks no node: this would never pass
				err = fmt.Errorf("%w: %w", errCore, err)
			}
			return err
		}
		if of == settleLane && rewinds {
			if err := p.log.rewinds.Delete(tx, position); err != nil {
				return err
			}
		}
		return p.log.store(tx, of, position+1)
	})
	switch {
	case err == nil:
		if rewinds {
			p.follow.forget(rewind.Fork)
		}
		p.log.pass(of, position, true)
		return true, nil
	case errors.Is(err, scanner.ErrNotScanned), errors.Is(err, scanner.ErrUnchanged), errors.Is(err, signer.ErrNotReady):
		return false, nil
	case p.rewindWill(ctx, err):
		return false, nil // as soon as settlement has read it
	}
	return false, fmt.Errorf("log position %d: %w", position, err)
}
