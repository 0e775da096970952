// Package signer makes the group's signatures and sees to it that signed
// transactions reach the chain.
//
// What there is to sign has a sign ID. For each, signers put commitments to
// nonces into the log, and frost.Roast, a pure function of the log, forms sets
// of them; the members of a set answer with shares, and whoever sees a
// complete set has the signature. Receive and the methods on plans and batches
// run inside the caller's transaction, at the position of a log entry; Check
// does the heavy part of Receive before it. Work, Prepare and Publish are
// driver steps: they compute and ask outside transactions and record what came
// of it in transactions of their own.
//
// Nonces exist in memory only. A commit counter is stored before its nonces
// are drawn, a share leaves only if the commitment in the log is the one in
// memory, and using nonces consumes them.
package signer

import (
	"crypto/sha512"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/eventuality"
	"github.com/serai-go/processor/frost"
	"github.com/serai-go/processor/internal/wire"
	"github.com/serai-go/processor/storage"
)

// Keys gives the keys of sessions.
type Keys interface {
	// Public returns the batch key and the network key of a confirmed session.
	Public(r storage.Reader, session uint64) (batch, network *frost.PublicKey, err error)
	// Shares returns this validator's shares of them; both are nil if it has
	// none.
	Shares(r storage.Reader, session uint64) (batch, network *frost.KeyShare, err error)
}

// Plans gives the plans that are not resolved.
type Plans interface {
	Plan(r storage.Reader, id coin.PlanID) (coin.Plan, bool, error)
}

// Events receives what the signer has to tell, inside the same transaction.
type Events interface {
	// SendSigning broadcasts an item to the session.
	SendSigning(tx storage.Tx, session uint64, item []byte) error
	// SignedBatch gives the batch key's signature of a batch.
	SignedBatch(tx storage.Tx, batch SignedBatch) error
	// Completed tells that this validator holds the signed transaction.
	Completed(tx storage.Tx, id ID, transaction coin.TransactionID) error
	// Diverged tells of two digests committed to under one sign ID.
	Diverged(tx storage.Tx, id ID, digests [2][32]byte) error
	// Misbehaved names a signer whose item breaks the protocol.
	Misbehaved(tx storage.Tx, session uint64, who uint16, reason string, evidence []byte) error
	// Unpublished tells that the node does not take a transaction.
	Unpublished(tx storage.Tx, plan coin.PlanID, answer coin.Publication) error
}

// Config is what a signer is made of.
type Config struct {
	Network    string
	Genesis    coin.BlockID
	Parameters coin.Parameters
	Coin       coin.Spender
	// SpendLookup is the coin's: see coin.Recognizer.
	SpendLookup func(coin.Output) []byte
	Tracker     *eventuality.Tracker
	Keys        Keys
	Plans       Plans
	Events      Events
	// Random is the source of nonces.
	Random io.Reader
}

// Signer signs. Work and Publish are for one goroutine each, Prepare is for
// any; the other methods belong to whoever holds the transaction.
type Signer struct {
	Config
	acknowledged storage.Value[uint64]         // batches, as the log of batch signing has it
	sessions     storage.Map[uint64, struct{}] // confirmed, likewise
	duties       storage.Map[ID, duty]
	sets         storage.Map[ID, frost.Roast]
	completed    storage.Map[ID, completedSet]
	batches      storage.Map[uint64, reported]
	unprepared   storage.Map[coin.PlanID, struct{}]
	prepared     storage.Map[coin.PlanID, prepared]
	signed       storage.Map[coin.PlanID, signed]

	mu     sync.Mutex
	nonces map[ID]*ownNonces // unused ones of this process
	recent []recentSession   // oldest first

	published map[coin.PlanID]publication // Publish's
}

// New returns the signer of a database.
func New(config Config) *Signer {
	return &Signer{
		Config:       config,
		acknowledged: storage.NewValue("signer/acknowledged", storage.Number),
		sessions:     storage.NewMap("signer/sessions", storage.NumberKey[uint64](), storage.Flag),
		duties:       storage.NewMap("signer/duties", idKey, storage.Record[duty]()),
		sets:         storage.NewMap("signer/sets", idKey, storage.Record[frost.Roast]()),
		completed:    storage.NewMap("signer/completed", idKey, storage.Record[completedSet]()),
		batches:      storage.NewMap("signer/batches", storage.NumberKey[uint64](), storage.Record[reported]()),
		unprepared:   storage.NewMap("signer/unprepared", storage.HashKey[coin.PlanID](), storage.Flag),
		prepared:     storage.NewMap("signer/prepared", storage.HashKey[coin.PlanID](), storage.Record[prepared]()),
		signed:       storage.NewMap("signer/signed", storage.HashKey[coin.PlanID](), storage.Record[signed]()),
		nonces:       make(map[ID]*ownNonces),
		published:    make(map[coin.PlanID]publication),
	}
}

// duty is what this validator knows of a sign ID that is to be signed.
type duty struct {
	// Digest is of what this validator will sign.
	Digest [32]byte
	// Counter is the highest commit counter given away, by this process or
	// any former one that shows in the log.
	Counter uint64
	// Used is the highest one that was in a set: no set but that can ask for
	// its nonces.
	Used uint64
	// Pending is set while a live set waits for this validator's share.
	Pending bool
	Set     uint32
	// Done is set once the signatures are there.
	Done bool
}

// Encode writes the duty.
func (d duty) Encode(w *wire.Writer) {
	w.Fixed(d.Digest[:])
	w.Uint64(d.Counter)
	w.Uint64(d.Used)
	w.Bool(d.Pending)
	w.Uint32(d.Set)
	w.Bool(d.Done)
}

// Decode reads the duty.
func (d *duty) Decode(r *wire.Reader) {
	r.Fixed(d.Digest[:])
	d.Counter = r.Uint64()
	d.Used = r.Uint64()
	d.Pending = r.Bool()
	d.Set = r.Uint32()
	d.Done = r.Bool()
}

// completedSet is a set with all shares, each of them checked.
type completedSet struct {
	Number  uint32
	Members []answered
}

// answered is a member of a completed set.
type answered struct {
	Validator         uint16
	Commitment, Share []byte
}

// Encode writes the answer.
func (a answered) Encode(w *wire.Writer) {
	w.Uint16(a.Validator)
	w.Bytes(a.Commitment)
	w.Bytes(a.Share)
}

// Decode reads the answer.
func (a *answered) Decode(r *wire.Reader) {
	a.Validator = r.Uint16()
	a.Commitment = r.Bytes(frost.MaxCommitmentSize)
	a.Share = r.Bytes(frost.MaxAnswerSize)
}

// Encode writes the set.
func (c completedSet) Encode(w *wire.Writer) {
	w.Uint32(c.Number)
	wire.List(w, c.Members)
}

// Decode reads the set.
func (c *completedSet) Decode(r *wire.Reader) {
	c.Number = r.Uint32()
	c.Members = wire.ReadList[answered](r, 1<<16, 10)
}

// ErrNotReady says that what an item is about is not known here yet: the
// block behind a batch is not scanned. The cursor waits.
var ErrNotReady = errors.New("signer: subject is not known yet")

// ErrUnusable says that what was prepared or signed here is nothing that the
// coin takes back: a broken invariant. It halts the processor.
var ErrUnusable = errors.New("signer: the coin refuses its own work")

// DigestError reports that validators of the weight of the threshold signed
// something else than this one would. It halts the processor.
type DigestError struct {
	ID           ID
	Own, Theirs  [32]byte
	SigningSetNo uint32
}

func (e *DigestError) Error() string {
	return fmt.Sprintf("signer: %s: set %d signs %x, here it is %x", e.ID, e.SigningSetNo, e.Theirs, e.Own)
}

// subject returns the key of a sign ID and the work, nil if it is not known
// here.
func (s *Signer) subject(r storage.Reader, id ID) (*frost.PublicKey, []frost.Algorithm, error) {
	batchKey, networkKey, err := s.Keys.Public(r, id.Session)
	if err != nil {
		return nil, nil, fmt.Errorf("keys of session %d: %w", id.Session, err)
	}
	if id.Kind == Batch {
		work, err := s.batchWork(r, id)
		return batchKey, work, err
	}
	work, err := s.planWork(r, id.Subject)
	return networkKey, work, err
}

// recentSession is the FROST session of a set of a sign ID.
type recentSession struct {
	id      ID
	set     uint32
	session *frost.Session
}

// recentSessions is how many are remembered: each of a set's shares needs it.
const recentSessions = 32

// session makes the FROST session of a set, or finds it: the number of a set
// never stands for another set of the sign ID. Its context is unique for both.
func (s *Signer) session(key *frost.PublicKey, work []frost.Algorithm, id ID, set frost.SigningSet) (*frost.Session, error) {
	s.mu.Lock()
	for _, r := range s.recent {
		if r.set == set.Number && r.id == id {
			s.mu.Unlock()
			return r.session, nil
		}
	}
	s.mu.Unlock()
	session, err := frost.NewSession(key, work, s.context(id, uint64(set.Number)), set.Members)
	if err != nil {
		return nil, fmt.Errorf("set %d of %s: %w", set.Number, id, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.recent) == recentSessions {
		s.recent = slices.Delete(s.recent, 0, 1)
	}
	s.recent = append(s.recent, recentSession{id, set.Number, session})
	return session, nil
}

// context names a sign ID and a number within it, hashed with the network.
func (s *Signer) context(id ID, number uint64) []byte {
	var w wire.Writer
	w.String("serai-go/processor signing v1")
	w.String(s.Network)
	w.Fixed(s.Genesis[:])
	id.Encode(&w)
	w.Uint64(number)
	hash := sha512.Sum512_256(w.Data())
	return hash[:]
}

// open makes a sign ID one to sign.
func (s *Signer) open(tx storage.Tx, id ID, digest [32]byte) error {
	d, err := s.duties.Load(tx, id)
	if err != nil {
		return err
	}
	d.Digest = digest
	return s.duties.Put(tx, id, d)
}

// close forgets a sign ID.
func (s *Signer) close(tx storage.Tx, id ID) error {
	if err := s.duties.Delete(tx, id); err != nil {
		return err
	}
	if err := s.completed.Delete(tx, id); err != nil {
		return err
	}
	return s.sets.Delete(tx, id)
}

// Counts says how many batches and plans wait for signatures, and how many
// signed transactions for their settlement.
type Counts struct{ Batches, Plans, Transactions int }

// Counts returns what is open.
func (s *Signer) Counts(r storage.Reader) (Counts, error) {
	var c Counts
	for item, err := range s.duties.All(r) {
		if err != nil {
			return c, err
		}
		switch {
		case item.Value.Done:
		case item.Key.Kind == Batch:
			c.Batches++
		default:
			c.Plans++
		}
	}
	for _, err := range s.signed.All(r) {
		if err != nil {
			return c, err
		}
		c.Transactions++
	}
	return c, nil
}

// Erase erases all nonces in memory.
func (s *Signer) Erase() { s.erase(nil) }
