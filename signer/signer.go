// Package signer makes the group's signatures and sees to it that signed
// transactions reach the chain.
//
// What there is to sign has a sign ID. For each, signers put commitments to
// nonces into the log, and frost.Roast, a pure function of the log, forms sets
// of them; the members of a set answer with shares. Shares are taken in
// unverified: with the last one of a set, whoever reads the log either makes
// the signatures, or finds everyone whose share is at fault. Beside its share a
// signer commits again, so that it can be in the next set should this one fail;
// to more than one signature only once the share is in the log.
//
// The bytes of commitments and shares are stored once, apart from the sets, which
// name them only, and are deleted as soon as no set can ask for them.
//
// Receive and the methods on plans, batches and requests run inside the
// caller's transaction, at the position of a log entry; Check does the heavy
// part of Receive before it. Work, Prepare, Consult and Publish are driver
// steps: they compute and ask outside transactions and record what came of it
// in transactions of their own. Work takes many sign IDs at once, so that
// hundreds of them cost few transactions and few messages.
//
// # Security
//
// Nonces exist in memory only. A commit counter is stored before its nonces
// are drawn, a share leaves only if the commitment in the log is the one in
// memory and its own equation holds, and using nonces consumes them. So crashes
// and restored backups are safe, and of two processes over clones of one
// database only one is heard. What an embedder must never do is to start a copy
// of a running machine's memory: both copies would answer with the same nonces.
//
// Only what this validator derived itself is signed, after the prepared bytes
// were read back and found to do what the plan says, and by leave of the policy
// if there is one (Consult). If validators of the threshold's weight sign
// something else under one sign ID, it halts (DigestError); fewer are told of
// (Diverged) and nobody is blamed. A validator is blamed for what no honest one
// sends: a malformed item, or a share that fails its equation in a set that was
// waiting for it. The evidence is an item of its own; whoever reads the same log
// comes to the same verdict, which is how a third party checks it.
//
// The guarantees of sessions and sets are package frost's. They rest on the log:
// one order for all, senders that the coordinator has authenticated.
package signer

import (
	"context"
	"crypto/sha512"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/eventuality"
	"github.com/serai-go/processor/frost"
	"github.com/serai-go/processor/frost/ed25519"
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
	// SendSigning broadcasts items, each on another sign ID, to the session.
	SendSigning(tx storage.Tx, session uint64, items [][]byte) error
	// SignedBatch gives the batch key's signature of a batch.
	SignedBatch(tx storage.Tx, batch SignedBatch) error
	// SignedCosign gives the batch key's signature of a cosign.
	SignedCosign(tx storage.Tx, cosign SignedCosign) error
	// SignedSlashReport gives the batch key's signature of a slash report.
	SignedSlashReport(tx storage.Tx, report SignedSlashReport) error
	// Completed tells that this validator holds the signed transaction.
	Completed(tx storage.Tx, id ID, transaction coin.TransactionID) error
	// Diverged tells of two digests committed to under one sign ID.
	Diverged(tx storage.Tx, id ID, digests [2][32]byte) error
	// Misbehaved names a signer whose item breaks the protocol. The evidence is
	// the item, as far as it does.
	Misbehaved(tx storage.Tx, session uint64, who uint16, reason string, evidence []byte) error
	// Held tells that the commitment of a signer, which restarted too often,
	// waits for a Reattempt.
	Held(tx storage.Tx, id ID, who uint16) error
	// Refused tells that a request in the log has no effect, and why.
	Refused(tx storage.Tx, reason string) error
	// Declined tells that the policy refuses a plan, and why: once for each
	// reason.
	Declined(tx storage.Tx, plan coin.PlanID, reason string) error
	// Unpublished tells that the node does not take a transaction.
	Unpublished(tx storage.Tx, plan coin.PlanID, answer coin.Publication) error
}

// Config is what a signer is made of.
type Config struct {
	// Network and Genesis name the coin's network.
	Network string
	Genesis coin.BlockID
	// Parameters are those that all validators share.
	Parameters coin.Parameters
	// Coin makes and publishes transactions.
	Coin coin.Spender
	// PreparePlan is the coin's Prepare of a new plan, with the reference block that
	// the plan has where it is in the log.
	PreparePlan func(context.Context, coin.PlanID, coin.Plan) ([]byte, error)
	// SpendLookup is the coin's: see coin.Recognizer.
	SpendLookup func(coin.Output) []byte
	// Guard watches for whatever spends an output, which has these lookup bytes.
	Guard func(tx storage.Tx, output coin.Output, lookup []byte) error
	// Tracker watches for what completes plans.
	Tracker *eventuality.Tracker
	// Keys, Plans and Events are the parts of the processor around the signer.
	Keys   Keys
	Plans  Plans
	Events Events
	// Policy, if there is one, is asked before this validator signs a plan: an
	// error keeps it from that. See Consult.
	Policy func(context.Context, Proposal) error
	// Random is the source of nonces. It is read by one goroutine at a time.
	Random io.Reader
	// Parallel calls do for 0 to n−1, in any order and at the same time if it
	// likes, and returns when all calls have. By default it calls one after the
	// other. What it is given to do computes, and waits for nothing.
	Parallel func(n int, do func(i int))
}

// Signer signs. Work, Consult and Publish are for one goroutine each, Prepare and
// Hint are for any; the other methods belong to whoever holds the transaction.
type Signer struct {
	Config
	acknowledged storage.Value[uint64]         // batches, as the log of batch signing has it
	sessions     storage.Map[uint64, struct{}] // confirmed and not retired, likewise
	cosigns      storage.Map[uint64, cosigning]
	reports      storage.Map[uint64, reporting]
	retired      storage.Map[uint64, uint64] // sessions, with the position of the log
	opened       storage.Value[uint64]       // sign IDs so far
	duties       storage.Map[ID, duty]
	sets         storage.Map[ID, frost.Roast]
	commitments  storage.Map[commitmentName, []byte] // nonces, as long as sets may need them
	shares       storage.Map[shareName, []byte]      // of live sets
	signatures   storage.Map[ID, signatures]
	batches      storage.Map[uint64, reported]
	unprepared   storage.Map[coin.PlanID, struct{}]
	prepared     storage.Map[coin.PlanID, prepared]
	signed       storage.Map[coin.PlanID, signed]
	resolved     storage.Map[coin.PlanID, resolved] // plans that may be reinstated
	voided       storage.Map[voidedPlan, voided]    // what was prepared for plans that cannot happen
	renewed      storage.Map[ID, uint64]            // the first set of sign IDs that were open before
	refusals     storage.Map[coin.PlanID, refusal]  // of the policy
	rewinds      storage.Map[uint64, uint64]        // by position, which batch signing has not read: the next batch

	mu       sync.Mutex
	nonces   map[ID]*ownNonces // unused ones of this process
	opinions map[ID]opinion    // of the policy, in this process
	memory   *memory

	limits    limits
	published map[coin.PlanID]publication // Publish's
}

// New returns the signer of a database.
func New(config Config) *Signer {
	if config.Parallel == nil {
		config.Parallel = func(n int, do func(int)) {
			for i := range n {
				do(i)
			}
		}
	}
	number := storage.NumberKey[uint64]()
	s := &Signer{
		Config:       config,
		acknowledged: storage.NewValue("signer/acknowledged", storage.Number),
		sessions:     storage.NewMap("signer/sessions", number, storage.Flag),
		cosigns:      storage.NewMap("signer/cosigns", number, storage.Record[cosigning]()),
		reports:      storage.NewMap("signer/reports", number, storage.Record[reporting]()),
		retired:      storage.NewMap("signer/retired", number, storage.Number),
		opened:       storage.NewValue("signer/opened", storage.Number),
		duties:       storage.NewMap("signer/duties", idKey, storage.Record[duty]()),
		sets:         storage.NewMap("signer/sets", idKey, storage.Record[frost.Roast]()),
		commitments:  storage.NewMap("signer/commitments", commitmentKey, storage.Blob),
		shares:       storage.NewMap("signer/shares", shareKey, storage.Blob),
		signatures:   storage.NewMap("signer/signatures", idKey, storage.Record[signatures]()),
		batches:      storage.NewMap("signer/batches", number, storage.Record[reported]()),
		unprepared:   storage.NewMap("signer/unprepared", storage.HashKey[coin.PlanID](), storage.Flag),
		prepared:     storage.NewMap("signer/prepared", storage.HashKey[coin.PlanID](), storage.Record[prepared]()),
		signed:       storage.NewMap("signer/signed", storage.HashKey[coin.PlanID](), storage.Record[signed]()),
		resolved:     storage.NewMap("signer/resolved", storage.HashKey[coin.PlanID](), storage.Record[resolved]()),
		voided:       storage.NewMap("signer/voided", voidedKey, storage.Record[voided]()),
		renewed:      storage.NewMap("signer/renewed", idKey, storage.Number),
		refusals:     storage.NewMap("signer/refusals", storage.HashKey[coin.PlanID](), storage.Record[refusal]()),
		rewinds:      storage.NewMap("signer/rewinds", number, storage.Number),
		nonces:       make(map[ID]*ownNonces),
		opinions:     make(map[ID]opinion),
		memory:       newMemory(memoryElements),
		limits:       defaultLimits,
		published:    make(map[coin.PlanID]publication),
	}
	s.Config.Random = &oneReader{reader: config.Random}
	return s
}

// oneReader lets one goroutine read at a time.
type oneReader struct {
	mu     sync.Mutex
	reader io.Reader
}

// Read implements io.Reader.
func (r *oneReader) Read(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.reader.Read(p)
}

// ErrNotReady says that what an item is about is not known here yet: the
// block behind a batch is not scanned. The cursor waits.
var ErrNotReady = errors.New("signer: subject is not known yet")

// ErrUnusable says that what was prepared or signed here is nothing that the
// coin takes back: a broken invariant. It halts the processor.
var ErrUnusable = errors.New("signer: the coin refuses its own work")

// ErrNoKey is what Keys wraps for a session whose verification shares are not
// known here. This processor does not follow its signing.
var ErrNoKey = errors.New("signer: keys of the session are not known")

// DigestError reports that validators of the weight of the threshold signed
// something else than this one would. It halts the processor.
type DigestError struct {
	// ID is the sign ID, and SigningSetNo the number of their set.
	ID           ID
	SigningSetNo uint32
	// Own and Theirs are the digests.
	Own, Theirs [32]byte
}

func (e *DigestError) Error() string {
	return fmt.Sprintf("signer: %s: set %d signs %x, here it is %x", e.ID, e.SigningSetNo, e.Theirs, e.Own)
}

// key returns the key that signs a sign ID.
func (s *Signer) key(r storage.Reader, id ID) (*frost.PublicKey, error) {
	batchKey, networkKey, err := s.Keys.Public(r, id.Session)
	if err != nil {
		return nil, fmt.Errorf("keys of session %d: %w", id.Session, err)
	}
	if id.Kind == Plan {
		return networkKey, nil
	}
	return batchKey, nil
}

// share returns this validator's share of a sign ID's key, or nil.
func (s *Signer) share(r storage.Reader, id ID) (*frost.KeyShare, error) {
	batchShare, networkShare, err := s.Keys.Shares(r, id.Session)
	if err != nil {
		return nil, fmt.Errorf("shares of session %d: %w", id.Session, err)
	}
	if id.Kind == Plan {
		return networkShare, nil
	}
	return batchShare, nil
}

// work returns the signing work of a sign ID, nil if it is not known here. It
// is foreign if it is known not to be for that session to sign.
func (s *Signer) work(r storage.Reader, id ID, digest [32]byte) (work []frost.Algorithm, foreign bool, err error) {
	switch id.Kind {
	case Batch:
		return s.batchWork(r, id)
	case Plan:
		work, err := s.planWork(r, id, digest)
		return work, false, err
	}
	return []frost.Algorithm{ed25519.NewSchnorr(id.Subject[:])}, false, nil
}

// form is the work of the batch key as far as the form of commitments and
// shares depends on it.
var form = []frost.Algorithm{ed25519.NewSchnorr(nil)}

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

// counts tells whether commitments to a sign ID count at this position: the
// plan is made and not resolved, the batch is at most BatchesAhead beyond the
// last acknowledged one and itself not acknowledged, the request is the
// session's last of its kind and not signed yet.
func (s *Signer) counts(r storage.Reader, id ID) (bool, error) {
	switch id.Kind {
	case Plan:
		plan, ok, err := s.Plans.Plan(r, id.Subject)
		return ok && plan.Key.Session == id.Session, err
	case Batch:
		n, ok := id.batch()
		if !ok {
			return false, nil
		}
		next, err := s.acknowledged.Load(r)
		if err != nil || n < next || n-next >= s.Parameters.BatchesAhead {
			return false, err
		}
	default:
		if requested, err := s.requested(r, id); err != nil || !requested {
			return false, err
		}
	}
	return s.sessions.Has(r, id.Session)
}

// Confirmed lets a session sign with its batch key, unless it has retired before
// this position: a vote may be repeated at any time.
func (s *Signer) Confirmed(tx storage.Tx, session, position uint64) error {
	if at, retired, err := s.retired.Get(tx, session); err != nil || retired && at < position {
		return err
	}
	return s.sessions.Put(tx, session, struct{}{})
}

// Counts says how many batches, requests (cosigns and slash reports) and plans
// wait for signatures, and how many signed transactions for their settlement.
type Counts struct{ Batches, Requests, Plans, Transactions int }

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
		case item.Key.Kind == Plan:
			c.Plans++
		default:
			c.Requests++
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
