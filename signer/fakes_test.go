package signer

import (
	"bytes"
	"context"
	stdlib "crypto/ed25519"
	"crypto/sha512"
	"errors"
	"slices"

	"github.com/serai-go/processor/batch"
	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/eventuality"
	"github.com/serai-go/processor/frost"
	"github.com/serai-go/processor/internal/wire"
	"github.com/serai-go/processor/storage"
)

// Plan implements Plans.
func (n *node) Plan(r storage.Reader, id coin.PlanID) (coin.Plan, bool, error) {
	return plans.Get(r, id)
}

// SendSigning implements Events.
func (n *node) SendSigning(tx storage.Tx, _ uint64, items [][]byte) error {
	for _, item := range items {
		if err := n.register(tx, n.parse(item)); err != nil {
			return err
		}
	}
	_, err := sent.Push(tx, message{items})
	return err
}

// register fails if a share answers a commitment that was answered with
// another share before, by whatever process.
func (n *node) register(r storage.Reader, i item) error {
	if i.Share == nil {
		return nil
	}
	set, live := n.set(r, i.ID, i.Set)
	for _, m := range set.members {
		if live && int(m.Validator) == n.number {
			if was, seen := n.answered[string(m.Commitment)]; seen && was != string(i.Share) {
				return errors.New("nonces have answered twice")
			}
			n.answered[string(m.Commitment)] = string(i.Share)
			return nil
		}
	}
	return errors.New("share for no set")
}

// SignedCosign implements Events. Anyone verifies what was signed.
func (n *node) SignedCosign(tx storage.Tx, c SignedCosign) error {
	domain := batch.Domain{Network: "test", Session: c.Session}
	if err := c.Cosign.Verify(domain, n.batchKey.Key().Bytes(), c.Signature[:]); err != nil {
		return err
	}
	return n.tell(tx, "cosign %d signed", c.Cosign.Number)
}

// SignedSlashReport implements Events.
func (n *node) SignedSlashReport(tx storage.Tx, p SignedSlashReport) error {
	domain := batch.Domain{Network: "test", Session: p.Session}
	if err := p.Report.Verify(domain, n.batchKey.Key().Bytes(), p.Signature[:]); err != nil {
		return err
	}
	return n.tell(tx, "slash report signed, %d slashes", len(p.Report.Slashes))
}

// Held implements Events.
func (n *node) Held(tx storage.Tx, id ID, who uint16) error {
	return n.tell(tx, "%d held in %s", who, id)
}

// Refused implements Events.
func (n *node) Refused(tx storage.Tx, reason string) error { return n.tell(tx, "refused: %s", reason) }

// SignedBatch implements Events. The signature is the group's, by any Ed25519
// library.
func (n *node) SignedBatch(tx storage.Tx, b SignedBatch) error {
	if !stdlib.Verify(n.batchKey.Key().Bytes(), b.Digest[:], b.Signature[:]) {
		return errors.New("wrong signature of a batch")
	}
	return n.tell(tx, "batch %d signed", b.Batch.ID)
}

// Completed implements Events.
func (n *node) Completed(tx storage.Tx, id ID, _ coin.TransactionID) error {
	return n.tell(tx, "plan %x completed", id.Subject[:4])
}

// Diverged implements Events.
func (n *node) Diverged(tx storage.Tx, id ID, digests [2][32]byte) error {
	return n.tell(tx, "%s diverged", id.Kind)
}

// Misbehaved implements Events.
func (n *node) Misbehaved(tx storage.Tx, _ uint64, who uint16, reason string, evidence []byte) error {
	if n.evidence != nil {
		n.evidence(who, evidence)
	}
	what, _, _ := bytes.Cut([]byte(reason), []byte(":"))
	return n.tell(tx, "%d: %s", who, what)
}

// Declined implements Events.
func (n *node) Declined(tx storage.Tx, plan coin.PlanID, reason string) error {
	return n.tell(tx, "plan %x declined: %s", plan[:1], reason)
}

// Unpublished implements Events.
func (n *node) Unpublished(tx storage.Tx, plan coin.PlanID, answer coin.Publication) error {
	return n.tell(tx, "plan %x: %s", plan[:1], answer.Status)
}

// fakeKeys has one session, 0, and of it the shares of one validator.
type fakeKeys struct {
	*world
	batch, network *frost.KeyShare
}

// Public implements Keys.
func (k *fakeKeys) Public(_ storage.Reader, session uint64) (batchKey, networkKey *frost.PublicKey, err error) {
	if session != 0 {
		return nil, nil, ErrNoKey
	}
	return k.batchKey, k.networkKey, nil
}

// Shares implements Keys.
func (k *fakeKeys) Shares(storage.Reader, uint64) (batchShare, networkShare *frost.KeyShare, err error) {
	return k.batch, k.network, nil
}

// fakeCoin makes transactions that are a list of signatures, one for each
// input.
type fakeCoin struct {
	secretive bool // only signatures tell how spends look
	*world
	coin.Spender
	change    byte // added to what is prepared
	refuse    error
	only      func(coin.Plan) bool // whom refuse is for, all by default
	prepare   func()
	unable    func(coin.Plan) bool // to prepare
	assemble  func()
	published []coin.TransactionID
	publish   func(coin.Transaction) (coin.Publication, error)
	pool      map[coin.TransactionID][]byte   // what the node has
	away      bool                            // the node
	misread   func(*coin.UnsignedTransaction) // changes what is read
}

func (c *fakeCoin) Prepare(_ context.Context, plan coin.Plan, _ coin.BlockID) ([]byte, error) {
	if c.prepare != nil {
		c.prepare()
	}
	if c.unable != nil && c.unable(plan) {
		return nil, coin.ErrTransient
	}
	return append(wire.Marshal(plan), c.change), nil
}

func messages(plan coin.Plan, prepared []byte) (list [][]byte) {
	for i := range plan.Inputs {
		hash := sha512.Sum512_256(append(prepared, byte(i)))
		list = append(list, hash[:])
	}
	return list
}

func (c *fakeCoin) Work(plan coin.Plan, prepared []byte) (work []frost.Algorithm, err error) {
	for _, m := range messages(plan, prepared) {
		work = append(work, c.algorithm(m))
	}
	return work, nil
}

func (c *fakeCoin) Assemble(plan coin.Plan, prepared []byte, signatures [][]byte) (coin.Transaction, error) {
	if c.assemble != nil {
		c.assemble()
	}
	if c.refuse != nil && (c.only == nil || c.only(plan)) {
		return coin.Transaction{}, c.refuse
	}
	for i, m := range messages(plan, prepared) {
		if !c.verify(c.networkKey.Key().Bytes(), m, signatures[i]) {
			return coin.Transaction{}, coin.ErrInvalid
		}
	}
	tx := coin.Transaction{ID: sha512.Sum512_256(prepared), Raw: bytes.Join(signatures, nil)}
	if c.secretive {
		for _, input := range plan.Inputs {
			tx.Spends = append(tx.Spends, image(input.ID))
		}
	}
	return tx, nil
}

// image is what a spend of the output is looked up by on a secretive coin.
func image(id coin.OutputID) []byte { return append([]byte("image "), wire.Marshal(id)...) }

func (c *fakeCoin) Read(_ coin.Plan, prepared []byte) (t coin.UnsignedTransaction, err error) {
	plan, err := wire.Unmarshal[coin.Plan](prepared[:len(prepared)-1])
	for _, input := range plan.Inputs {
		t.Inputs = append(t.Inputs, input.ID)
	}
	t.Fee = plan.Fee
	if c.misread != nil {
		c.misread(&t)
	}
	return t, err
}

func (c *fakeCoin) Transaction(_ context.Context, id coin.TransactionID) ([]byte, error) {
	if c.away {
		return nil, coin.ErrTransient
	}
	raw, ok := c.pool[id]
	if !ok {
		return nil, coin.ErrNotFound
	}
	return raw, nil
}

func (c *fakeCoin) Verify(plan coin.Plan, prepared, raw []byte) (coin.Transaction, error) {
	signatures := slices.Collect(slices.Chunk(raw, 64))
	if len(signatures) != len(plan.Inputs) {
		return coin.Transaction{}, coin.ErrInvalid
	}
	return c.Assemble(plan, prepared, signatures)
}

func (c *fakeCoin) Publish(_ context.Context, tx coin.Transaction) (coin.Publication, error) {
	c.published = append(c.published, tx.ID)
	if c.publish != nil {
		return c.publish(tx)
	}
	return coin.Publication{Status: coin.Accepted}, nil
}

func (c *fakeCoin) Describe(_ coin.Plan, prepared []byte) (coin.Description, error) {
	return coin.Description{Eventuality: fakeEventuality(sha512.Sum512_256(prepared)), Own: []uint32{0}}, nil
}

func (c *fakeCoin) ReadEventuality(data []byte) (eventuality.Eventuality, error) {
	return fakeEventuality(data), nil
}

type fakeEventuality [32]byte

func (e fakeEventuality) ID() [32]byte                           { return e }
func (e fakeEventuality) Lookup() []byte                         { return e[:] }
func (e fakeEventuality) Bytes() []byte                          { return e[:] }
func (e fakeEventuality) Matches(t eventuality.Transaction) bool { return t.ID() == e }
