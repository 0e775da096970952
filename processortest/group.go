// Package processortest runs whole groups of validators in one goroutine, over
// a chain of any kind, for tests of processors and of coins.
//
// A Group is a pool of validators, machines with a database each, of which
// sessions have some as members, and the coordinator that orders their
// messages. Nothing moves but by its methods, so every run is repeatable. A
// Player executes the scenario language of testdata, which says what users and
// the settlement chain do and records what the validators report.
package processortest

import (
	"context"
	"crypto/ed25519"
	"crypto/sha512"
	"errors"
	"fmt"

	"github.com/serai-go/processor"
	"github.com/serai-go/processor/batch"
	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/coin/cointest"
	"github.com/serai-go/processor/frost/dkg"
	"github.com/serai-go/processor/keygen"
	"github.com/serai-go/processor/scanner"
	"github.com/serai-go/processor/scheduler"
	"github.com/serai-go/processor/storage"
)

// Options say what a Group is made of.
type Options struct {
	// Chain is the network and its user.
	Chain cointest.Chain
	// Coin returns the coin of a validator, the chain's own by default.
	Coin func(validator int) coin.Coin
	// Validators is how many there are at first, by default as many as have
	// Weights.
	Validators int
	// Members are the validators in session 0, in its order, by default all.
	Members []int
	// Weights are the shares of the members of session 0.
	Weights []uint16
	// Threshold is how many of its shares sign.
	Threshold uint16
	// Parameters default to the coin's.
	Parameters *coin.Parameters
	// History makes the validators' stores keep their history.
	History bool
	// Policy returns that of a validator, none by default.
	Policy func(validator int) func(context.Context, processor.Proposal) error
	// Scanner, Scheduler and MaxMessage are those of processor.Config.
	Scanner    func(scanner.Config) scanner.Scanner
	Scheduler  func(scheduler.Config) scheduler.Scheduler
	MaxMessage int
}

// Group is a pool of validators with their coordinator.
type Group struct {
	Options
	Validators []*Validator
	// Log is everything that was ordered, in full: see View.
	Log []processor.Entry
	// Sessions are the validator sets, by number.
	Sessions map[uint64]*Session
	// Signed are the signed batches by ID, Acknowledged how many of them are
	// acknowledged.
	Signed       map[uint64]processor.SignedBatch
	Acknowledged uint64
	// Imported are what validators get that start: see Archives.
	Imported []processor.Archive
	// OnEvent sees every event once for each validator that tells it.
	OnEvent func(validator int, e processor.EventBody)
	// OnSend, if set, may change what a validator sends, as malice would.
	OnSend func(validator int, payload []byte) ([]byte, error)
	// OnCut is called when a validator's store was cut off, to restart it.
	OnCut func(validator int) error
}

// Validator is a machine of a Group.
type Validator struct {
	Store     *storage.Memory
	Processor *processor.Processor
	// Offline validators neither read nor send.
	Offline bool
	// Halted is set once the processor has halted.
	Halted *processor.Halt
	// Told are the events that were acknowledged, in order.
	Told []Told

	next uint64 // log position to hand over
	from uint64 // event to look for
}

// Told is an acknowledged event.
type Told struct {
	Body processor.EventBody
	// Commit is the store's commit that removed it.
	Commit int
}

// Identity is the throw-away identity of a validator.
func Identity(validator int) *dkg.Identity {
	id, err := dkg.NewIdentity(sha512.Sum512_256(fmt.Appendf(nil, "processortest validator %d", validator)))
	if err != nil {
		panic(err) // a fixed seed is never refused
	}
	return id
}

// Sealer is the throw-away sealer of a validator.
func Sealer(validator int) keygen.Sealer {
	s, err := processor.NewSealer(sha512.Sum512_256(fmt.Appendf(nil, "processortest sealer %d", validator)))
	if err != nil {
		panic(err) // a 32-byte key is never refused
	}
	return s
}

// New returns a group whose validators have empty databases.
func New(o Options) (*Group, error) {
	if o.Coin == nil {
		o.Coin = func(int) coin.Coin { return o.Chain.Coin() }
	}
	if o.Validators == 0 {
		o.Validators = len(o.Weights)
	}
	g := &Group{
		Options: o, Sessions: make(map[uint64]*Session), Signed: make(map[uint64]processor.SignedBatch),
		OnEvent: func(int, processor.EventBody) {},
	}
	members := o.Members
	if members == nil {
		members = machines(len(o.Weights))
	}
	for range o.Validators {
		if err := g.Join(); err != nil {
			return nil, err
		}
	}
	return g, g.Elect(0, members, o.Weights, o.Threshold)
}

// Join adds a validator with an empty database, which gets all of the log.
func (g *Group) Join() error {
	v := &Validator{Store: storage.NewMemory()}
	if g.History {
		v.Store.KeepHistory()
	}
	g.Validators = append(g.Validators, v)
	return g.Start(len(g.Validators)-1, v.Store)
}

// Start makes a validator's processor anew over a store, as after a crash: the
// old one is dropped as it is.
func (g *Group) Start(i int, store *storage.Memory) error {
	var policy func(context.Context, processor.Proposal) error
	if g.Policy != nil {
		policy = g.Policy(i)
	}
	p, err := processor.New(processor.Config{
		Coin: g.Coin(i), Store: store, Self: Identity(i), Sealer: Sealer(i), Parameters: g.Parameters,
		Current: uint64(len(g.Log)), Scanner: g.Scanner, Scheduler: g.Scheduler, MaxMessage: g.MaxMessage, Archives: g.Imported,
		Policy: policy,
	})
	if err != nil {
		return fmt.Errorf("start validator %d: %w", i, err)
	}
	v := g.Validators[i]
	v.Store, v.Processor, v.from = store, p, 0
	status, err := p.Status(context.Background())
	v.next, v.Halted = status.Next, status.Halted
	return err
}

// Append orders an entry.
func (g *Group) Append(e processor.Entry) { g.Log = append(g.Log, e) }

// View is a log entry as a validator gets it: a message among others is empty.
func (g *Group) View(validator int, e processor.Entry) processor.Entry {
	if m, ok := e.(processor.PeerMessage); ok {
		if _, member := g.number(m.Session, validator); !member {
			m.Payload = nil
			return m
		}
	}
	return e
}

// Run lets all validators run and their messages be ordered until nothing
// moves any more.
func (g *Group) Run(ctx context.Context) error {
	for moved := true; moved; {
		moved = false
		for i, v := range g.Validators {
			if v.Offline {
				continue
			}
			did, err := g.Step(ctx, i)
			if errors.Is(err, storage.ErrCut) && g.OnCut != nil {
				did, err = true, g.OnCut(i)
			}
			if err != nil {
				return fmt.Errorf("validator %d: %w", i, err)
			}
			moved = moved || did
		}
	}
	return nil
}

// Step hands the log to one validator, lets it run and orders what it sends.
func (g *Group) Step(ctx context.Context, i int) (bool, error) {
	v := g.Validators[i]
	did := false
	for ; v.next < uint64(len(g.Log)); v.next++ {
		if err := v.Processor.Handle(ctx, v.next, g.View(i, g.Log[v.next])); err != nil {
			return did, err
		}
		did = true
	}
	// A rewind may make a processor go on.
	if v.Halted == nil || v.Halted.Changed != nil || v.Halted.Cause == processor.OtherBatch {
		one, err := v.Processor.Step(ctx)
		did = did || one
		if halt, ok := errors.AsType[*processor.Halt](err); ok {
			v.Halted = halt
		} else if err != nil {
			return did, err
		} else if v.Halted != nil {
			status, err := v.Processor.Status(ctx)
			if err != nil {
				return did, err
			}
			v.Halted = status.Halted
		}
	}
	for {
		events, err := v.Processor.Pending(ctx, v.from, 256)
		if err != nil || len(events) == 0 {
			return did, err
		}
		did = true
		var ids []uint64
		for _, e := range events {
			if err := g.order(i, e.Body); err != nil {
				return did, err
			}
			ids = append(ids, e.ID)
			v.from = e.ID + 1
		}
		if err := v.Processor.Ack(ids...); err != nil {
			return did, err
		}
		for _, e := range events {
			v.Told = append(v.Told, Told{e.Body, v.Store.Commits()})
		}
	}
}

// order is the coordinator: it orders messages and keeps what it needs.
func (g *Group) order(i int, body processor.EventBody) error {
	switch e := body.(type) {
	case processor.Broadcast:
		from, member := g.number(e.Session, i)
		if !member {
			return nil // any more: the session's next attempt goes without it
		}
		payload := e.Payload
		if g.OnSend != nil {
			var err error
			if payload, err = g.OnSend(i, payload); err != nil {
				return err
			}
		}
		g.Append(processor.PeerMessage{Session: e.Session, From: from, Payload: payload})
		return nil
	case processor.KeyGenerated:
		if s := g.Sessions[e.Session]; s != nil {
			s.add(i, e)
		}
	case processor.SignedBatch:
		if s := g.Sessions[e.Session]; s == nil || !s.Abandoned {
			g.Signed[e.Batch.ID] = e
		}
	}
	g.OnEvent(i, body)
	return nil
}

// Domain is that of what a session's batch key signs.
func (g *Group) Domain(session uint64) batch.Domain {
	c := g.Chain.Coin()
	return batch.Domain{Network: c.Name(), Genesis: c.Genesis(), Session: session}
}

// Acknowledge orders the acknowledgement of the next batch, which must be
// signed: a signature that crypto/ed25519 does not accept is an error.
func (g *Group) Acknowledge(fail map[int]bool, burns []coin.Payment) error {
	e, err := g.acknowledgement(fail, burns)
	if err == nil {
		g.Append(e)
		g.Acknowledged++
	}
	return err
}

func (g *Group) acknowledgement(fail map[int]bool, burns []coin.Payment) (e processor.AcknowledgeBatch, err error) {
	signed, ok := g.Signed[g.Acknowledged]
	if !ok {
		return e, fmt.Errorf("batch %d is not signed", g.Acknowledged)
	}
	key := g.Key(signed.Session)
	if key == nil {
		return e, fmt.Errorf("batch %d is signed by session %d, which has no key", g.Acknowledged, signed.Session)
	}
	digest := signed.Batch.Digest(g.Domain(signed.Session))
	if !ed25519.Verify(key.BatchKey[:], digest[:], signed.Signature[:]) {
		return e, fmt.Errorf("batch %d: wrong signature", g.Acknowledged)
	}
	results := make([]bool, len(signed.Batch.Instructions))
	for i := range results {
		results[i] = !fail[i]
	}
	return processor.AcknowledgeBatch{ID: g.Acknowledged, Digest: digest, Results: results, Burns: burns}, nil
}

// AcknowledgeAll acknowledges all that is signed, lets the validators run, and
// so on until there is nothing left.
func (g *Group) AcknowledgeAll(ctx context.Context) error {
	for {
		if err := g.Run(ctx); err != nil {
			return err
		}
		if _, ok := g.Signed[g.Acknowledged]; !ok {
			return nil
		}
		if err := g.Acknowledge(nil, nil); err != nil {
			return err
		}
	}
}

// Digests returns the state digest of the online validators, and an error
// unless it and the certificate behind every settled block are equal and the
// books balance.
func (g *Group) Digests(ctx context.Context) ([32]byte, error) {
	var first *processor.Status
	var firstAt *Validator
	for i, v := range g.Validators {
		if v.Offline || v.Halted != nil {
			continue
		}
		status, err := v.Processor.Status(ctx)
		if err != nil {
			return [32]byte{}, err
		}
		if err := v.Processor.Audit(ctx); err != nil {
			return [32]byte{}, fmt.Errorf("validator %d: %w", i, err)
		}
		if first == nil {
			first, firstAt = &status, v
		}
		if status.Digest != first.Digest || status.Frontier.Settle != first.Frontier.Settle {
			return [32]byte{}, fmt.Errorf("validator %d has digest %x behind block %d, others %x behind %d",
				i, status.Digest, status.Frontier.Settle, first.Digest, first.Frontier.Settle)
		}
		for n := range status.Frontier.Settle {
			want, settled, err1 := firstAt.Processor.Certificate(ctx, n)
			got, also, err2 := v.Processor.Certificate(ctx, n)
			if err := errors.Join(err1, err2); err != nil {
				return [32]byte{}, err
			}
			if want != got || settled != also {
				return [32]byte{}, fmt.Errorf("validator %d has certificate %+v behind block %d, others %+v", i, got, n, want)
			}
		}
	}
	if first == nil {
		return [32]byte{}, errors.New("nobody is online")
	}
	return first.Digest, nil
}
