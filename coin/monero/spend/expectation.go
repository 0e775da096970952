package spend

import (
	"bytes"
	"slices"

	"github.com/serai-go/processor/coin/monero/block"
	"github.com/serai-go/processor/coin/monero/keys"
	"github.com/serai-go/processor/internal/wire"
)

// An Expectation recognises an unsigned transaction on the chain: by its extra
// field, which no other one has by chance, and by a hash of everything in it
// that is known before it is signed. What is not known is key images, signatures
// and the order of the inputs.
type Expectation struct {
	extra block.Extra
	// statement is the hash of all that is expected, extra included.
	statement [32]byte
}

// ID is unique among expectations.
func (e Expectation) ID() [32]byte { return e.statement }

// Lookup returns the extra field of all that Matches.
func (e Expectation) Lookup() []byte { return bytes.Clone(e.extra) }

// Matches tells whether a transaction, which may be pruned, is the one: extra
// field, unlock time 0, rings in any order, outputs with keys, view tags,
// amounts and commitments, and the fee. Signatures are the chain's to check.
func (e Expectation) Matches(tx *block.Transaction) bool {
	if tx.Version() != 2 || tx.Type() != block.TypeBulletproofsPlus || tx.UnlockTime() != 0 || !bytes.Equal(tx.Extra(), e.extra) {
		return false
	}
	s := statement{fee: tx.Fee(), extra: tx.Extra()}
	for _, in := range tx.Inputs() {
		if in.Amount != 0 {
			return false
		}
		s.rings = append(s.rings, in.AppendRing(nil))
	}
	for i, o := range tx.Outputs() {
		commitment, ok := tx.Commitment(i)
		encrypted := tx.EncryptedAmount(i)
		if !ok || !o.Tagged || len(encrypted) != 8 {
			return false
		}
		s.outputs = append(s.outputs, made{
			key: o.Key, viewTag: o.ViewTag, encrypted: [8]byte(encrypted), commitment: commitment,
		})
	}
	return s.hash() == e.statement
}

// Bytes returns the one encoding: the hash of 32 bytes and the extra field.
func (e Expectation) Bytes() []byte { return append(e.statement[:], e.extra...) }

// ReadExpectation reads back Bytes.
func ReadExpectation(data []byte) (Expectation, error) {
	var e Expectation
	if len(data) < len(e.statement) || !isExtra(data[len(e.statement):]) {
		return e, invalid("an expectation of %d bytes", len(data))
	}
	copy(e.statement[:], data)
	e.extra = bytes.Clone(data[len(e.statement):])
	return e, nil
}

// statement is what an expectation is a hash of.
type statement struct {
	rings   [][]uint64 // the members' global indices
	outputs []made     // in order
	extra   block.Extra
	fee     uint64
}

// hash brings the rings into one order.
func (s *statement) hash() [32]byte {
	slices.SortFunc(s.rings, slices.Compare)
	var w wire.Writer
	w.String("serai-go/processor monero expectation v1")
	w.Count(len(s.rings))
	for _, ring := range s.rings {
		w.Count(len(ring))
		for _, index := range ring {
			w.Uint64(index)
		}
	}
	w.Count(len(s.outputs))
	for i := range s.outputs {
		s.outputs[i].encode(&w)
	}
	w.Bytes(s.extra)
	w.Uint64(s.fee)
	return keys.Keccak256(w.Data())
}

func (m *made) encode(w *wire.Writer) {
	w.Fixed(m.key[:])
	w.Uint8(m.viewTag)
	w.Fixed(m.encrypted[:])
	w.Fixed(m.commitment[:])
}

func (m *made) decode(r *wire.Reader) {
	r.Fixed(m.key[:])
	m.viewTag = r.Uint8()
	r.Fixed(m.encrypted[:])
	r.Fixed(m.commitment[:])
}
