package processor

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/storage"
)

// Processor manages the group's coins on one external network, for one
// validator. Its methods are for concurrent use, but only one of Run and Step
// drives it at a time.
type Processor struct {
	config Config
	core   *core
	log    *log
	follow *follower

	workers  *workers
	events   chan Event
	wake     wakeup
	ran      atomic.Bool
	mu       sync.Mutex
	troubles map[string]string // by driver: what it is waiting out
	tip      uint64
	// disagreements are those between nodes that were told, the newest last.
	disagreements []*coin.Disagreement
	sight         sight
	archived      map[coin.Header][]byte // what Config.Archives have of blocks
}

var (
	// ErrGap is returned by Handle for a position beyond the next one.
	ErrGap = errors.New("processor: log position leaves a gap")
	// ErrEntry is returned by Handle for an entry that could not be read back.
	ErrEntry = errors.New("processor: impossible log entry")
	// ErrEquivocation is returned by Handle for a position that was given
	// with other bytes before. The processor halts.
	ErrEquivocation = errors.New("processor: log position was given with another entry")
)

// New returns a processor over a new database or one of a former process. It
// starts nothing: see Run and Step. Errors wrap ErrOtherDatabase for a database
// that is another's, keygen.ErrSealingKey if the shares in it are sealed with
// another key, and keygen.ErrSwapped if they were altered; ErrArchive and ErrLate
// for archives of no use.
func New(config Config) (*Processor, error) {
	if err := config.complete(); err != nil {
		return nil, err
	}
	ctx := context.Background()
	if err := config.claim(ctx); err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	p := &Processor{
		config:   config,
		log:      newLog(),
		follow:   newFollower(),
		events:   make(chan Event),
		troubles: make(map[string]string),
		sight:    newSight(),
		workers:  newWorkers(),
		archived: make(map[coin.Header][]byte),
	}
	for _, a := range p.config.Archives {
		for _, b := range a.Blocks {
			p.archived[b.Header] = b.Data
		}
	}
	p.core = newCore(&p.config, p.workers.parallel, p.prepare)
	err := config.Store.Update(ctx, func(tx storage.Tx) error {
		return errors.Join(p.core.outbox.restart(tx), resume(tx))
	})
	if err != nil {
		return nil, fmt.Errorf("clean outbox: %w", err)
	}
	if err := config.Store.Update(ctx, p.core.checkPast); err != nil {
		return nil, fmt.Errorf("take archives: %w", err)
	}
	if err := config.Store.View(ctx, p.log.load); err != nil {
		return nil, fmt.Errorf("read cursors: %w", err)
	}
	if err := config.Store.View(ctx, p.core.openShares); err != nil {
		return nil, fmt.Errorf("open shares: %w", err)
	}
	return p, nil
}

// Handle takes the log entry at a position in, and those that follow it if more
// are given: all or none, in one transaction, which is much faster than one by
// one. When it returns nil they are durable; they take effect later. A position
// that was given before with the same entry is no error. Positions count from 0
// without gaps: Status().Next is the one to go on with. An entry beyond the
// bounds of its encoding is ErrEntry, and is not taken in.
func (p *Processor) Handle(ctx context.Context, position uint64, entries ...Entry) error {
	list := make([][]byte, len(entries))
	for i, entry := range entries {
		if entry == nil {
			return fmt.Errorf("handle log position %d: %w: none", position+uint64(i), ErrEntry)
		}
		list[i] = EncodeEntry(entry)
		if _, err := DecodeEntry(list[i]); err != nil {
			return fmt.Errorf("handle log position %d: %w: %w", position+uint64(i), ErrEntry, err)
		}
	}
	at := position
	err := p.config.Store.Update(ctx, func(tx storage.Tx) error {
		for i, data := range list {
			at = position + uint64(i)
			_, rewinds := entries[i].(Rewind)
			if err := p.log.append(tx, at, data, rewinds); err != nil {
				return err
			}
		}
		return nil
	})
	if errors.Is(err, ErrEquivocation) {
		err = errors.Join(err, p.halt(ctx, fmt.Errorf("position %d: %w", at, err)))
	}
	if err != nil {
		return fmt.Errorf("handle log position %d: %w", at, err)
	}
	p.wake.all()
	return nil
}

// Events returns the channel on which Run delivers events, in order, and which it
// closes when it ends. After a restart those without Ack come again.
func (p *Processor) Events() <-chan Event { return p.events }

// maxPending bounds the bytes of the events that are read at once.
const maxPending = 4 << 20

// Pending returns up to limit events from the given ID on that are not
// acknowledged, fewer if they are large. It serves embedders that drive the
// processor by Step.
func (p *Processor) Pending(ctx context.Context, from uint64, limit int) ([]Event, error) {
	var list []Event
	size := 0
	err := p.config.Store.View(ctx, func(r storage.Reader) error {
		for item, err := range p.core.outbox.events.From(r, from) {
			if err != nil {
				return err
			}
			if size += len(item.Value); len(list) == limit || len(list) > 0 && size > maxPending {
				break
			}
			body, err := DecodeEvent(item.Value)
			if err != nil {
				return fmt.Errorf("%w: event %d: %w", storage.ErrCorrupt, item.Key, err)
			}
			list = append(list, Event{item.Key, body})
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read events: %w", err)
	}
	return list, nil
}

// Ack removes delivered events for good. Unknown IDs do nothing.
func (p *Processor) Ack(ids ...uint64) error {
	err := p.config.Store.Update(context.Background(), func(tx storage.Tx) error {
		for _, id := range ids {
			if err := p.core.outbox.events.Delete(tx, id); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("acknowledge events: %w", err)
	}
	return nil
}

// DepositAddress returns where users pay to the key of a confirmed session: what
// its ConfirmKey has not taken effect of yet is coin.ErrNotFound.
func (p *Processor) DepositAddress(ctx context.Context, session uint64) (address coin.Address, err error) {
	err = p.config.Store.View(ctx, func(r storage.Reader) error {
		keys, err := p.core.scanner.Keys(r)
		if err != nil {
			return err
		}
		for _, k := range keys {
			if k.Session == session {
				address, err = p.config.Coin.Address(k.NetworkKey, coin.External)
				return err
			}
		}
		return fmt.Errorf("session %d: %w", session, coin.ErrNotFound)
	})
	if err != nil {
		return "", fmt.Errorf("deposit address: %w", err)
	}
	return address, nil
}

// Close erases the secrets in memory. Run and Step must have ended; the
// store stays open.
func (p *Processor) Close() error {
	p.core.signer.Erase()
	p.core.keys.erase()
	return nil
}
