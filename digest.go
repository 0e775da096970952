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
// same log have the same digest behind every settled block.
type state struct {
	current storage.Value[[32]byte]
	settled storage.Map[uint64, [32]byte]
}

func newState() *state {
	return &state{
		current: storage.NewValue("processor/state", storage.Hash[[32]byte]()),
		settled: storage.NewMap("processor/settled", storage.NumberKey[uint64](), storage.Hash[[32]byte]()),
	}
}

// digested tells whether a record counts: the scheduler's, the list of keys,
// the rules, what is to be reported later, and the results of acknowledged batches, whose
// digests apply adds.
func digested(key []byte) bool {
	for _, name := range []string{"scheduler/", "scanner/keys", "scanner/results", "scanner/forwards", "scanner/queue", "scanner/rules",
		"scanner/rewound", "scanner/voided", "scanner/told"} {
		if strings.HasPrefix(string(key), name) {
			return true
		}
	}
	return false
}

// trace is a transaction whose changes are hashed.
type trace struct {
	storage.Tx
	hash    hash.Hash
	changed bool
}

func (s *state) trace(tx storage.Tx) (*trace, error) {
	before, err := s.current.Load(tx)
	if err != nil {
		return nil, err
	}
	t := &trace{Tx: tx, hash: sha512.New512_256()}
	t.hash.Write(before[:])
	return t, nil
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
	return t.Tx.Put(key, value)
}

// Delete implements storage.Tx.
func (t *trace) Delete(key []byte) error {
	if digested(key) {
		t.add(key)
	}
	return t.Tx.Delete(key)
}

// rewind forgets the digests behind blocks that are void.
func (s *state) rewind(tx storage.Tx, fork uint64) error {
	var void []uint64
	for item, err := range s.settled.From(tx, fork+1) {
		if err != nil {
			return err
		}
		void = append(void, item.Key)
	}
	for _, n := range void {
		if err := s.settled.Delete(tx, n); err != nil {
			return err
		}
	}
	return nil
}

// finish stores the digest, also as that behind the settled block, if one
// was.
func (s *state) finish(t *trace, settled *uint64) error {
	if !t.changed {
		return nil // entries that only concern signing leave no trace
	}
	digest := [32]byte(t.hash.Sum(nil))
	if settled != nil {
		if err := s.settled.Put(t.Tx, *settled, digest); err != nil {
			return err
		}
	}
	return s.current.Put(t.Tx, digest)
}
