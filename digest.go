package processor

import (
	"crypto/sha512"
	"encoding/binary"
	"hash"
	"strings"

	"github.com/serai-go/processor/internal/wire"
	"github.com/serai-go/processor/storage"
)

// digestOf hashes data for one purpose.
func digestOf(purpose string, data []byte) [32]byte {
	var w wire.Writer
	w.String("serai-go/processor " + purpose + " v1")
	w.Fixed(data)
	return sha512.Sum512_256(w.Data())
}

// state is the digest of everything that validators must agree on: a hash
// chain over all changes that the settling lane makes to the scheduler's
// records, which hold queue, outputs, plans and ledger, to the keys, and over
// the batches acknowledged, which name their blocks. Honest validators with the
// same log have the same digest behind every settled block, and so the same
// certificate.
type state struct {
	current      storage.Value[[32]byte]
	counts       storage.Value[counts]
	certificates storage.Map[uint64, Certificate] // by block
	last         storage.Value[uint64]            // the newest certificate's block
	all          bool                             // keep them all
}

func newState() *state {
	return &state{
		current:      storage.NewValue("processor/state", storage.Hash[[32]byte]()),
		counts:       storage.NewValue("processor/counts", storage.Record[counts]()),
		certificates: storage.NewMap("processor/certificates", storage.NumberKey[uint64](), storage.Record[Certificate]()),
		last:         storage.NewValue("processor/certified", storage.Number),
	}
}

// digested tells whether a record counts: the scheduler's, the list of keys, the
// rules, what is to be reported later, what rewinds have made void, and the results
// of acknowledged batches, whose digests apply adds.
func digested(key []byte) bool {
	for _, name := range []string{"scheduler/", "scanner/keys", "scanner/results", "scanner/forwards", "scanner/queue", "scanner/rules",
		"scanner/rewound", "scanner/voided", "scanner/told"} {
		if strings.HasPrefix(string(key), name) {
			return true
		}
	}
	return false
}

// trace is a transaction whose changes are hashed, and whose records counted.
type trace struct {
	storage.Tx
	hash    hash.Hash
	changed bool
	counts  counts
}

func (s *state) trace(tx storage.Tx) (*trace, error) {
	before, err := s.current.Load(tx)
	if err != nil {
		return nil, err
	}
	t := &trace{Tx: tx, hash: sha512.New512_256()}
	t.hash.Write(before[:])
	t.counts, err = s.counts.Load(tx)
	return t, err
}

func (t *trace) add(parts ...[]byte) {
	t.changed = true
	for _, p := range parts {
		var size [8]byte
		binary.LittleEndian.PutUint64(size[:], uint64(len(p)))
		t.hash.Write(size[:])
		t.hash.Write(p)
	}
}

// Put implements storage.Tx.
func (t *trace) Put(key, value []byte) error {
	if digested(key) {
		t.add(key, value)
	}
	if err := t.count(key, true); err != nil {
		return err
	}
	return t.Tx.Put(key, value)
}

// Delete implements storage.Tx.
func (t *trace) Delete(key []byte) error {
	if digested(key) {
		t.add(key)
	}
	if err := t.count(key, false); err != nil {
		return err
	}
	return t.Tx.Delete(key)
}

// finish stores the digest and the counts, and what certify makes of them, if
// that is not nil.
func (s *state) finish(t *trace, certify func(digest [32]byte) (Certificate, error)) error {
	if !t.changed {
		return nil // entries that only concern signing leave no trace
	}
	digest := [32]byte(t.hash.Sum(nil))
	if err := s.counts.Put(t.Tx, t.counts); err != nil {
		return err
	}
	if err := s.current.Put(t.Tx, digest); err != nil || certify == nil {
		return err
	}
	c, err := certify(digest)
	if err != nil {
		return err
	}
	return s.certified(t.Tx, c)
}
