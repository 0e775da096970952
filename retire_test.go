package processor_test

import (
	"bytes"
	"crypto/rand"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor"
	"github.com/serai-go/processor/coin/mock"
	"github.com/serai-go/processor/frost"
	"github.com/serai-go/processor/frost/dkg"
	"github.com/serai-go/processor/frost/ed25519"
	"github.com/serai-go/processor/keygen"
	"github.com/serai-go/processor/processortest"
	"github.com/serai-go/processor/scanner"
	"github.com/serai-go/processor/storage"
)

// retiring is a scanner that knows of one key only, and calls sessions retired
// as the test wants it.
type retiring struct {
	scanner.Scanner
	retired map[uint64]bool
}

func (r retiring) Confirm(tx storage.Tx, key scanner.Key) error {
	if key.Session > 0 {
		return nil
	}
	return r.Scanner.Confirm(tx, key)
}

func (r retiring) Retired(reader storage.Reader, session uint64) (bool, error) {
	if honest, err := r.Scanner.Retired(reader, session); err != nil || honest {
		return honest, err
	}
	return r.retired[session], nil
}

// twoSessions is a group with the keys of sessions 0 and 1, and the set of
// those that are retired.
func twoSessions(t *testing.T) (*processortest.Group, map[uint64]bool) {
	retired := make(map[uint64]bool)
	g, err := processortest.New(processortest.Options{
		Chain: mock.New(mock.Options{}), Weights: []uint16{1, 1, 1}, Threshold: 2,
		Scanner: func(c scanner.Config) scanner.Scanner { return retiring{scanner.New(c), retired} },
	})
	require.NoError(t, err)
	g.GenerateKey(0, 0, 3)
	require.NoError(t, g.Run(t.Context()))
	require.NoError(t, g.ConfirmKey(t.Context(), 0))
	mine(t, g, 2)
	second := secondKey(t, g)
	g.Append(processor.ConfirmKey{Session: 1, BatchKey: second.BatchKey, NetworkKey: second.NetworkKey})
	require.NoError(t, g.Run(t.Context()))
	return g, retired
}

// secondKey generates the key pair of session 1.
func secondKey(t *testing.T, g *processortest.Group) (key processor.KeyGenerated) {
	was := g.OnEvent
	defer func() { g.OnEvent = was }()
	g.OnEvent = func(_ int, e processor.EventBody) {
		if k, ok := e.(processor.KeyGenerated); ok && k.Session == 1 {
			key = k
		}
	}
	e := processor.GenerateKey{Session: 1, Threshold: 2, MinOK: 3}
	for i := range g.Validators {
		e.Participants = append(e.Participants, dkg.Participant{Key: processortest.Identity(i).Public(), Weight: 1})
	}
	g.Append(e)
	require.NoError(t, g.Run(t.Context()))
	require.Equal(t, uint64(1), key.Session)
	return key
}

// sealed returns parts of the sealed shares of all attempts of a session in a
// store: one of the batch shares, one of the network shares for each.
func sealed(t *testing.T, store *storage.Memory, session byte) (list [][]byte) {
	require.NoError(t, store.View(t.Context(), func(r storage.Reader) error {
		prefix := append([]byte("keygen/own\x00"), 0, 0, 0, 0, 0, 0, 0, session)
		for pair, err := range r.Range(prefix, append(prefix, 0xff)) {
			if err != nil {
				return err
			}
			if n := len(pair.Value); n > 100 { // behind a few flags, one half each
				list = append(list, pair.Value[n/4:][:40], pair.Value[n-40:])
			}
		}
		return nil
	}))
	return list
}

// holds tells whether any value of a store contains these bytes.
func holds(t *testing.T, store *storage.Memory, data []byte) (found bool) {
	require.NoError(t, store.View(t.Context(), func(r storage.Reader) error {
		for pair, err := range r.Range(nil, nil) {
			if err != nil {
				return err
			}
			found = found || bytes.Contains(pair.Value, data)
		}
		return nil
	}))
	return found
}

// erased tells whether a share cannot sign any more.
func erased(t *testing.T, share *frost.KeyShare) bool {
	require.NotNil(t, share)
	_, _, err := frost.Commit(rand.Reader, share, []frost.Algorithm{ed25519.NewSchnorr(nil)}, nil)
	if err != nil {
		require.ErrorIs(t, err, frost.ErrShare)
		require.Empty(t, share.SecretBytes())
	}
	return err != nil
}

func conditions(g *processortest.Group, i int, text string) (n int) {
	for _, told := range g.Validators[i].Told {
		if c, ok := told.Body.(processor.Condition); ok && strings.Contains(c.Text, text) {
			n++
		}
	}
	return n
}

func TestARetiredSessionsSecretsAreErased(t *testing.T) {
	g, retired := twoSessions(t)
	v := g.Validators[0]
	g.Append(processor.CosignBlock{Session: 1, Number: 1})
	require.NoError(t, g.Run(t.Context())) // takes the shares of session 1 into memory
	batch0, network0 := v.Processor.SharesInMemory(0)
	batch1, network1 := v.Processor.SharesInMemory(1)
	secrets := sealed(t, v.Store, 0)
	require.Len(t, secrets, 2)
	others := sealed(t, v.Store, 1)
	require.Len(t, others, 2)

	// Refused before the duties end: nothing changes.
	g.Append(processor.RetireSession{})
	require.NoError(t, g.Run(t.Context()))
	require.Equal(t, 1, conditions(g, 0, "has duties"))
	require.Equal(t, secrets, sealed(t, v.Store, 0))
	require.False(t, erased(t, batch0))
	mine(t, g, 3)
	acknowledged := g.Acknowledged
	require.NotZero(t, acknowledged)

	// A cosign that waits for others goes too, and its nonces.
	g.Validators[1].Offline, g.Validators[2].Offline = true, true
	g.Append(processor.CosignBlock{Number: 7})
	require.NoError(t, g.Run(t.Context()))
	require.Equal(t, 1, status(t, v).Signing.Requests)
	retired[0] = true
	g.Append(processor.RetireSession{})
	require.NoError(t, g.Run(t.Context()))
	require.Equal(t, 1, conditions(g, 0, "has duties"))
	for _, secret := range secrets {
		require.False(t, holds(t, v.Store, secret))
	}
	require.True(t, erased(t, batch0))
	require.True(t, erased(t, network0))
	require.Zero(t, status(t, v).Signing.Requests)
	none, _ := v.Processor.SharesInMemory(0)
	require.Nil(t, none)

	// Session 1 stays as it was.
	require.Equal(t, others, sealed(t, v.Store, 1))
	require.False(t, erased(t, batch1))
	require.False(t, erased(t, network1))

	// It follows what the session's other members say, signs nothing for it,
	// and all goes on, after a restart too.
	g.Validators[1].Offline, g.Validators[2].Offline = false, false
	require.NoError(t, g.Run(t.Context()))
	for i := range g.Validators {
		require.NoError(t, g.Start(i, g.Validators[i].Store.Clone()))
	}
	at := len(g.Log)
	g.Append(processor.CosignBlock{Session: 1, Number: 2})
	g.Append(g.Log[slices.IndexFunc(g.Log, func(e processor.Entry) bool {
		vote, ok := e.(processor.ConfirmKey)
		return ok && vote.Session == 0
	})]) // again, which brings nothing back
	g.Append(processor.CosignBlock{Number: 8})
	g.Append(processor.RetireSession{})
	require.NoError(t, g.Chain.Mine(t.Context(), 4))
	require.NoError(t, g.AcknowledgeAll(t.Context()))
	require.Equal(t, acknowledged, g.Acknowledged)
	for i, v := range g.Validators {
		require.Nil(t, v.Halted)
		require.Equal(t, 1, conditions(g, i, "has duties"))
		require.Equal(t, 1, conditions(g, i, "cosign of block 8"))
		cosigned := 0
		for _, told := range v.Told {
			if c, ok := told.Body.(processor.CosignedBlock); ok {
				require.Equal(t, uint64(1), c.Session)
				cosigned++
			}
		}
		require.Equal(t, 2, cosigned)
	}
	for _, e := range g.Log[at:] {
		if m, ok := e.(processor.PeerMessage); ok {
			require.Equal(t, uint64(1), m.Session)
		}
	}
}

// Whoever reads the whole log later ends in the same place: it derives the
// shares, and erases them, or never derives them.
func TestALateReaderErasesToo(t *testing.T) {
	g, retired := twoSessions(t)
	retired[0] = true
	g.Append(processor.RetireSession{})
	require.NoError(t, g.Run(t.Context()))
	require.NoError(t, g.Start(0, storage.NewMemory()))
	require.NoError(t, g.Run(t.Context()))
	v := g.Validators[0]
	require.Nil(t, v.Halted)
	require.Empty(t, sealed(t, v.Store, 0))
	require.NotEmpty(t, sealed(t, v.Store, 1))
	require.Equal(t, uint64(len(g.Log)), status(t, v).Read)
}

// A session without confirmed keys is over at once, whatever its attempts have
// come to, and a vote for it halts.
func TestRetirementWithoutAConfirmedKey(t *testing.T) {
	g := ready(t, 2, 1, 1, 1)
	key := secondKey(t, g)
	v := g.Validators[0]
	secrets := sealed(t, v.Store, 1)
	require.Len(t, secrets, 2)
	g.Append(processor.RetireSession{Session: 1})
	g.Append(processor.GenerateKey{Session: 1, Attempt: 1})
	require.NoError(t, g.Run(t.Context()))
	for _, secret := range secrets {
		require.False(t, holds(t, v.Store, secret))
	}
	for i := range g.Validators {
		require.Equal(t, 1, conditions(g, i, "session 1 is retired"))
		require.Zero(t, conditions(g, i, "has duties"))
	}
	mine(t, g, 3) // session 0 goes on
	g.Append(processor.ConfirmKey{Session: 1, BatchKey: key.BatchKey, NetworkKey: key.NetworkKey})
	require.NoError(t, g.Run(t.Context()))
	for _, v := range g.Validators {
		require.NotNil(t, v.Halted)
		require.Contains(t, v.Halted.Reason, "session 1 is retired")
	}
}

// A message of a participant to a key generation that is over is late, and no
// fault.
func TestLateKeyGenerationItemsAfterRetirement(t *testing.T) {
	g := newGroup(t, 2, 1, 1, 1)
	g.GenerateKey(0, 0, 3)
	for i := range g.Validators { // all deal, and nobody has heard of it
		_, err := g.Step(t.Context(), i)
		require.NoError(t, err)
	}
	g.Log = append([]processor.Entry{g.Log[0], processor.RetireSession{}}, g.Log[1:]...)
	fresh := newGroup(t, 2, 1, 1, 1)
	fresh.Log = g.Log
	require.NoError(t, fresh.Run(t.Context()))
	for _, v := range fresh.Validators {
		for _, told := range v.Told {
			_, blamed := told.Body.(processor.InvalidParticipant)
			require.False(t, blamed)
		}
		require.Empty(t, sealed(t, v.Store, 0))
	}
}

// slowSealer does something while it seals.
type slowSealer struct {
	keygen.Sealer
	meanwhile func()
}

func (s slowSealer) Seal(plaintext, associated []byte) ([]byte, error) {
	s.meanwhile()
	return s.Sealer.Seal(plaintext, associated)
}

// Shares that are being derived while their session is retired are not stored.
func TestSharesOfASessionRetiredMeanwhileAreNotStored(t *testing.T) {
	store := storage.NewMemory()
	c := config(mock.New(mock.Options{}).Coin(), store)
	seals := 0
	c.Sealer = slowSealer{c.Sealer, func() {
		seals++
		require.NoError(t, store.Update(t.Context(), func(tx storage.Tx) error {
			return keygen.New(keygen.Config{}).Retire(tx, 5)
		}))
	}}
	p, err := processor.New(c)
	require.NoError(t, err)
	log := []processor.Entry{processor.GenerateKey{
		Session: 5, Threshold: 1, MinOK: 1,
		Participants: []dkg.Participant{{Key: processortest.Identity(0).Public(), Weight: 1}},
	}}
	for at := 0; at < len(log); at++ {
		require.NoError(t, p.Handle(t.Context(), uint64(at), log[at]))
		_, err := p.Step(t.Context())
		require.NoError(t, err)
		events, err := p.Pending(t.Context(), 0, 10)
		require.NoError(t, err)
		for _, e := range events {
			b, ok := e.Body.(processor.Broadcast)
			require.True(t, ok, "%T", e.Body)
			log = append(log, processor.PeerMessage{Session: 5, Payload: b.Payload})
			require.NoError(t, p.Ack(e.ID))
		}
	}
	require.NotZero(t, seals)
	require.Len(t, log, 2, "it dealt, and did not respond")
	require.Empty(t, sealed(t, store, 5))
}
