package keygen

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	stded25519 "crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/frost"
	"github.com/serai-go/processor/frost/dkg"
	"github.com/serai-go/processor/frost/ed25519"
	"github.com/serai-go/processor/storage"
)

// sealer seals with AES-256-GCM. One that is loose ignores associated data, as
// some good ones do.
type sealer struct {
	key   [32]byte
	loose bool
}

func (s sealer) aead() cipher.AEAD {
	block, err := aes.NewCipher(s.key[:])
	if err != nil {
		panic(err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		panic(err)
	}
	return aead
}

func (s sealer) data(associated []byte) []byte {
	if s.loose {
		return nil
	}
	return associated
}

func (s sealer) Seal(plaintext, associated []byte) ([]byte, error) {
	hash := sha256.Sum256(append(append([]byte{}, plaintext...), associated...))
	return s.aead().Seal(hash[:12:12], hash[:12], plaintext, s.data(associated)), nil
}

func (s sealer) Open(sealed, associated []byte) ([]byte, error) {
	if len(sealed) < 12 {
		return nil, errors.New("too short")
	}
	return s.aead().Open(nil, sealed[:12], sealed[12:], s.data(associated))
}

// The test's own part of a node's database.
var (
	cursor  = storage.NewValue("test/cursor", storage.Number) // next log entry
	outbox  = storage.NewQueue("test/outbox", storage.Blob)   // items to send
	journal = storage.NewQueue("test/journal", storage.Blob)  // other events
)

// recorder is the Events of a node: everything goes to its database.
type recorder struct{}

func note(tx storage.Tx, format string, args ...any) error {
	_, err := journal.Push(tx, fmt.Appendf(nil, format, args...))
	return err
}

func (recorder) SendKeygen(tx storage.Tx, session uint64, item []byte) error {
	_, err := outbox.Push(tx, binary.BigEndian.AppendUint64(append([]byte{}, item...), session))
	return err
}

func (recorder) KeyGenerated(tx storage.Tx, g Generated) error {
	return note(tx, "generated %d.%d weight %d keys %x %x transcript %x", g.Session, g.Attempt, g.Weight, g.BatchKey, g.NetworkKey, g.Transcript)
}

func (recorder) KeyGenFailed(tx storage.Tx, f Failed) error {
	return note(tx, "failed %d.%d faulty %v silent %v", f.Session, f.Attempt, f.Faulty, f.Silent)
}

func (recorder) Misbehaved(tx storage.Tx, session uint64, who uint16, _ string, _ []byte) error {
	return note(tx, "misbehaved %d by %d", session, who)
}

func (recorder) BadDeals(tx storage.Tx, session uint64, attempt uint32, dealers []uint16) error {
	return note(tx, "bad deals %d.%d by %v", session, attempt, dealers)
}

// entry is an entry of the log: one of its fields.
type entry struct {
	generate *Request
	item     *peerItem
	close    *closing
	confirm  *vote
}

type peerItem struct {
	session uint64
	from    uint16
	item    []byte
}

type closing struct {
	session uint64
	attempt uint32
	round   uint8
}

type vote struct {
	session uint64
	attempt uint32
	keys    [2][]byte
}

type node struct {
	store   *storage.Memory
	keygen  *KeyGen
	number  int // in the network
	sent    uint64
	silent  bool // sends nothing
	blinded bool // is given empty items
	tamper  func(item []byte) [][]byte
}

// world is some processors around one log.
type world struct {
	t     testing.TB
	group frost.Group
	ids   []*dkg.Identity
	nodes []*node
	log   []entry
}

func newIdentity(t testing.TB, i int) *dkg.Identity {
	var seed [dkg.SeedSize]byte
	binary.LittleEndian.PutUint64(seed[:], uint64(i)+1)
	id, err := dkg.NewIdentity(seed)
	require.NoError(t, err)
	return id
}

func newWorld(t testing.TB, count int) *world {
	w := &world{t: t, group: ed25519.Group}
	for i := range count {
		w.ids = append(w.ids, newIdentity(t, i))
		w.nodes = append(w.nodes, &node{store: storage.NewMemory(), keygen: w.keygen(i, sealer{key: [32]byte{byte(i)}}), number: i})
	}
	return w
}

func (w *world) keygen(i int, s Sealer) *KeyGen {
	return New(Config{
		Genesis: [32]byte{9}, Network: "test", NetworkGroup: w.group,
		Self: w.ids[i], Sealer: s, Events: recorder{},
	})
}

// request asks the first nodes, one per weight, for a key pair.
func (w *world) request(session uint64, attempt uint32, threshold uint16, weights ...uint16) Request {
	r := Request{Session: session, Attempt: attempt, Threshold: threshold}
	for i, weight := range weights {
		r.Participants = append(r.Participants, dkg.Participant{Key: w.ids[i].Public(), Weight: weight})
	}
	return r
}

// apply applies one entry in one transaction, with the check outside of it.
func (n *node) apply(ctx context.Context, position uint64, e entry) error {
	var verdict Verdict
	var closing Closing
	var item []byte
	if e.item != nil {
		if !n.blinded {
			item = e.item.item
		}
		err := n.store.View(ctx, func(r storage.Reader) (err error) {
			verdict, err = n.keygen.Check(r, e.item.session, e.item.from, item)
			return err
		})
		if err != nil {
			return err
		}
	}
	if e.close != nil {
		err := n.store.View(ctx, func(r storage.Reader) (err error) {
			closing, err = n.keygen.CheckClose(r, e.close.session, e.close.attempt, e.close.round)
			return err
		})
		if err != nil {
			return err
		}
	}
	return n.store.Update(ctx, func(tx storage.Tx) error {
		if err := cursor.Put(tx, position+1); err != nil {
			return err
		}
		switch {
		case e.generate != nil:
			return n.keygen.Generate(tx, *e.generate)
		case e.item != nil:
			return n.keygen.Receive(tx, e.item.session, e.item.from, item, verdict)
		case e.close != nil:
			return n.keygen.CloseRound(tx, e.close.session, e.close.attempt, e.close.round, closing)
		default:
			return n.keygen.Confirm(tx, e.confirm.session, e.confirm.attempt, e.confirm.keys[0], e.confirm.keys[1])
		}
	})
}

// step lets a node do everything it can, and sends what it has to send.
func (w *world) step(n *node) (progress bool, err error) {
	ctx := w.t.Context()
	for {
		var next uint64
		require.NoError(w.t, n.store.View(ctx, func(r storage.Reader) (err error) {
			next, err = cursor.Load(r)
			return err
		}))
		if next == uint64(len(w.log)) {
			break
		}
		if err := n.apply(ctx, next, w.log[next]); err != nil {
			return true, err
		}
		progress = true
	}
	for {
		did, err := n.keygen.Work(ctx, n.store)
		if err != nil {
			return true, err
		}
		if !did {
			break
		}
		progress = true
	}
	return w.deliver(n) || progress, nil
}

func (w *world) deliver(n *node) (progress bool) {
	require.NoError(w.t, n.store.View(w.t.Context(), func(r storage.Reader) error {
		for message, err := range outbox.From(r, n.sent) {
			if err != nil {
				return err
			}
			n.sent = message.Key + 1
			if n.silent {
				continue
			}
			item, session := message.Value[:len(message.Value)-8], binary.BigEndian.Uint64(message.Value[len(message.Value)-8:])
			items := [][]byte{item}
			if n.tamper != nil {
				items = n.tamper(item)
			}
			for _, item := range items {
				w.log = append(w.log, entry{item: &peerItem{session, uint16(n.number), item}})
				progress = true
			}
		}
		return nil
	}))
	return progress
}

// run goes on until nobody can do anything.
func (w *world) run() {
	for progress := true; progress; {
		progress = false
		for _, n := range w.nodes {
			did, err := w.step(n)
			require.NoError(w.t, err)
			progress = progress || did
		}
	}
}

// add appends entries to the log and runs.
func (w *world) add(entries ...entry) {
	w.log = append(w.log, entries...)
	w.run()
}

func (w *world) view(n *node, read func(storage.Reader) error) error {
	return n.store.View(w.t.Context(), read)
}

// events returns what a node has emitted, without what it sent.
func (w *world) events(n *node) []string {
	var list []string
	require.NoError(w.t, w.view(n, func(r storage.Reader) error {
		for event, err := range journal.All(r) {
			if err != nil {
				return err
			}
			list = append(list, string(event.Value))
		}
		return nil
	}))
	return list
}

// verdicts are the events of a node that are the same for all.
func (w *world) verdicts(n *node) []string {
	return slices.DeleteFunc(w.events(n), func(event string) bool { return strings.HasPrefix(event, "bad deals") })
}

// agree demands that all nodes come to the same verdicts and returns them.
func (w *world) agree() []string {
	first := w.verdicts(w.nodes[0])
	for _, n := range w.nodes[1:] {
		require.Equal(w.t, first, w.verdicts(n), "node %d", n.number)
	}
	return first
}

// attempt returns the state of an attempt.
func (w *world) attempt(n *node, session uint64, number uint32) (a attempt) {
	require.NoError(w.t, w.view(n, func(r storage.Reader) (err error) {
		a, err = attempts.Load(r, attemptKey{session, number})
		return err
	}))
	return a
}

// keys returns the keys of a finished attempt.
func (w *world) keys(n *node, session uint64, attempt uint32) (keys [2][]byte) {
	require.NoError(w.t, w.view(n, func(r storage.Reader) error {
		x, ok, err := results.Get(r, attemptKey{session, attempt})
		require.True(w.t, ok)
		keys = [2][]byte{x.batchKey, x.networkKey}
		return err
	}))
	return keys
}

// confirm votes for what the first node has.
func (w *world) confirm(session uint64, attempt uint32) {
	w.add(entry{confirm: &vote{session, attempt, w.keys(w.nodes[0], session, attempt)}})
}

// shares returns the own shares of a node.
func (w *world) shares(n *node, session uint64) (batchShare, networkShare *frost.KeyShare, err error) {
	err = w.view(n, func(r storage.Reader) (err error) {
		batchShare, networkShare, err = n.keygen.Shares(r, session)
		return err
	})
	return batchShare, networkShare, err
}

// requireUsable demands that the shares of all given nodes belong together.
func (w *world) requireUsable(session uint64, numbers ...int) {
	var indices []uint16
	var secrets []frost.Scalar
	var public *frost.PublicKey
	for _, number := range numbers {
		batchShare, share, err := w.shares(w.nodes[number], session)
		require.NoError(w.t, err, "node %d", number)
		require.Equal(w.t, uint16(number), batchShare.Validator())
		public = share.Key()
		indices = append(indices, public.Indices(share.Validator())...)
		for b := share.SecretBytes(); len(b) > 0; b = b[32:] {
			s, err := w.group.DecodeScalar(b[:32])
			require.NoError(w.t, err)
			secrets = append(secrets, s)
		}
	}
	require.GreaterOrEqual(w.t, len(secrets), public.Threshold())
	lambda, err := frost.LagrangeCoefficients(w.group, indices)
	require.NoError(w.t, err)
	key := w.group.NewScalar()
	for i, s := range secrets {
		key.Add(key, s.Multiply(s, lambda[i]))
	}
	require.True(w.t, w.group.NewElement().MultiplyBase(key).Equal(public.Key()))
}

// requireSigns lets nodes sign with the batch key of a session.
func (w *world) requireSigns(session uint64, numbers ...int) {
	message := []byte("a batch")
	work, context := []frost.Algorithm{ed25519.NewSchnorr(message)}, []byte("sign ID")
	var shares []*frost.KeyShare
	var nonces []*frost.Nonces
	var members []frost.Member
	for _, number := range numbers {
		share, _, err := w.shares(w.nodes[number], session)
		require.NoError(w.t, err)
		nonce, commitment, err := frost.Commit(rand.Reader, share, work, context)
		require.NoError(w.t, err)
		shares, nonces = append(shares, share), append(nonces, nonce)
		members = append(members, frost.Member{Validator: share.Validator(), Commitment: commitment})
	}
	var parts [][]byte
	var s *frost.Session
	for i, share := range shares {
		var err error
		s, err = frost.NewSession(share.Key(), work, context, members)
		require.NoError(w.t, err)
		part, err := s.Sign(share, nonces[i])
		require.NoError(w.t, err)
		parts = append(parts, part)
	}
	signatures, err := s.Aggregate(parts)
	require.NoError(w.t, err)
	require.True(w.t, stded25519.Verify(shares[0].Key().Key().Bytes(), message, signatures[0]))
}
