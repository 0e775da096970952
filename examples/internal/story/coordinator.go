package story

import (
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/serai-go/processor"
)

// coordinator orders the entries of the log and remembers what was told.
type coordinator struct {
	mu     sync.Mutex
	log    []processor.Entry
	told   []told
	sets   map[uint64][]int // the validators of each session, in its order
	paused map[int]bool     // validators that get no entries for now
	moved  chan struct{}    // closed at every change
	err    error

	// onSend, if set, sees what a validator sends before it is ordered, and
	// returns what is ordered instead.
	onSend func(who int, payload []byte) []byte
	// onMessage sees every ordered message. If it returns true the sender is
	// cut off at this point.
	onMessage func(who int, payload []byte) bool
	// onCut is called then.
	onCut func(who int)
}

// told is an event and whose it is.
type told struct {
	who  int
	body processor.EventBody
}

func newCoordinator() *coordinator {
	return &coordinator{sets: make(map[uint64][]int), paused: make(map[int]bool), moved: make(chan struct{})}
}

// change runs do and wakes all that wait.
func (c *coordinator) change(do func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	do()
	close(c.moved)
	c.moved = make(chan struct{})
}

// order appends an entry to the log.
func (c *coordinator) order(e processor.Entry) { c.change(func() { c.log = append(c.log, e) }) }

// elect says who is in a session.
func (c *coordinator) elect(session uint64, set []int) { c.change(func() { c.sets[session] = set }) }

// member returns a validator's number in a session, and whether it is in it.
func (c *coordinator) member(session uint64, who int) (uint16, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	at := slices.Index(c.sets[session], who)
	return uint16(max(at, 0)), at >= 0
}

// pause stops or resumes a validator's feed.
func (c *coordinator) pause(who int, paused bool) { c.change(func() { c.paused[who] = paused }) }

// fail ends the run.
func (c *coordinator) fail(err error) { c.change(func() { c.err = errors.Join(c.err, err) }) }

// length returns how many entries there are.
func (c *coordinator) length() uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return uint64(len(c.log))
}

// record returns what was told and ordered so far. Whatever is told follows
// from what is ordered.
func (c *coordinator) record() ([]told, []processor.Entry) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.told), slices.Clone(c.log)
}

// feed hands the log to a processor, from where that left off.
func (c *coordinator) feed(ctx context.Context, who int, p *processor.Processor) error {
	status, err := p.Status(ctx)
	if err != nil {
		return err
	}
	for next := status.Next; ctx.Err() == nil; {
		c.mu.Lock()
		var e processor.Entry
		if next < uint64(len(c.log)) && !c.paused[who] {
			e = c.log[next]
		}
		moved := c.moved
		c.mu.Unlock()
		if e != nil {
			if err := p.Handle(ctx, next, e); err != nil && ctx.Err() == nil {
				return err
			}
			next++
			continue
		}
		select {
		case <-moved:
		case <-ctx.Done():
		}
	}
	return nil
}

// listen takes a processor's events.
func (c *coordinator) listen(ctx context.Context, who int, p *processor.Processor) error {
	for e := range p.Events() {
		if m, ok := e.Body.(processor.Broadcast); ok {
			if c.onSend != nil {
				m.Payload = c.onSend(who, m.Payload)
			}
			if number, ok := c.member(m.Session, who); ok {
				c.order(processor.PeerMessage{Session: m.Session, From: number, Payload: m.Payload})
			}
			c.mu.Lock()
			onMessage, onCut := c.onMessage, c.onCut
			c.mu.Unlock()
			if onMessage != nil && onMessage(who, m.Payload) {
				go onCut(who)
				<-ctx.Done()
				return nil
			}
		} else {
			c.change(func() { c.told = append(c.told, told{who, e.Body}) })
		}
		if err := p.Ack(e.ID); err != nil {
			return err
		}
	}
	return nil
}

// await waits until as many validators have told an event that matches, and
// returns it.
func await[E processor.EventBody](ctx context.Context, c *coordinator, validators int, match func(E) bool) (E, error) {
	return awaitFrom(ctx, c, func(who map[int]bool) bool { return len(who) >= validators }, match)
}

// awaitFrom waits until those who have told an event that matches are enough,
// and returns it.
func awaitFrom[E processor.EventBody](ctx context.Context, c *coordinator, enough func(map[int]bool) bool, match func(E) bool) (E, error) {
	for {
		c.mu.Lock()
		var found E
		who := make(map[int]bool)
		for _, t := range c.told {
			if e, ok := t.body.(E); ok && match(e) {
				found = e
				who[t.who] = true
			}
		}
		for _, t := range c.told {
			if halted, ok := t.body.(processor.Halted); ok && c.err == nil {
				c.err = errors.New(halted.Reason)
			}
		}
		err, moved := c.err, c.moved
		c.mu.Unlock()
		switch {
		case err != nil:
			return found, err
		case enough(who):
			return found, nil
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return found, ctx.Err()
		}
	}
}
