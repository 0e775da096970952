package signer

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/internal/wire"
	"github.com/serai-go/processor/storage"
)

// Kind says what a sign ID's subject is.
type Kind uint8

// Kinds of subjects.
const (
	// Batch is signed by the batch key. The subject is the batch ID, little
	// endian, padded with zeros.
	Batch Kind = iota + 1
	// Plan is signed by the network key. The subject is the plan ID.
	Plan
	// Cosign is signed by the batch key. The subject is the digest of a
	// batch.Cosign.
	Cosign
	// SlashReport is signed by the batch key. The subject is the digest of a
	// batch.SlashReport.
	SlashReport
	kindEnd
)

func (k Kind) String() string {
	switch k {
	case Batch:
		return "batch"
	case Plan:
		return "plan"
	case Cosign:
		return "cosign"
	case SlashReport:
		return "slash report"
	}
	return fmt.Sprintf("kind %d", uint8(k))
}

// follows tells whether what is signed follows from what is seen of the chain.
func (k Kind) follows() bool { return k == Batch || k == Plan }

// ID is a sign ID: it stands for exactly one message, that of a subject of a
// kind, signed by a session.
type ID struct {
	Session uint64
	Kind    Kind
	Subject [32]byte // see Kind
}

// BatchID is the sign ID of a batch.
func BatchID(session, batch uint64) ID {
	id := ID{Session: session, Kind: Batch}
	binary.LittleEndian.PutUint64(id.Subject[:], batch)
	return id
}

// PlanID is the sign ID of a plan.
func PlanID(session uint64, plan coin.PlanID) ID {
	return ID{Session: session, Kind: Plan, Subject: plan}
}

// batch returns the batch ID, if the subject is one.
func (id ID) batch() (uint64, bool) {
	n := binary.LittleEndian.Uint64(id.Subject[:])
	return n, id == BatchID(id.Session, n)
}

func (id ID) String() string {
	if n, ok := id.batch(); ok {
		return fmt.Sprintf("session %d batch %d", id.Session, n)
	}
	return fmt.Sprintf("session %d %s %s", id.Session, id.Kind, hex.EncodeToString(id.Subject[:]))
}

// Encode writes 41 bytes.
func (id ID) Encode(w *wire.Writer) {
	w.Uint64(id.Session)
	w.Uint8(uint8(id.Kind))
	w.Fixed(id.Subject[:])
}

// Decode reads 41 bytes.
func (id *ID) Decode(r *wire.Reader) {
	id.Session = r.Uint64()
	id.Kind = Kind(r.Uint8())
	r.Check(id.Kind >= Batch && id.Kind < kindEnd, "kind of a sign ID")
	r.Fixed(id.Subject[:])
	if id.Kind == Batch {
		_, ok := id.batch()
		r.Check(ok, "batch of a sign ID")
	}
}

// idSize is the length of a sign ID in bytes.
const idSize = 8 + 1 + 32

// idKey orders stored maps by sign ID.
var idKey = storage.FixedKey(appendID, parseID)

func appendID(b []byte, id ID) []byte {
	b = binary.BigEndian.AppendUint64(b, id.Session)
	b = append(b, byte(id.Kind))
	return append(b, id.Subject[:]...)
}

func parseID(b []byte) (id ID, ok bool) {
	if len(b) != idSize {
		return id, false
	}
	id.Session = binary.BigEndian.Uint64(b)
	id.Kind = Kind(b[8])
	copy(id.Subject[:], b[9:])
	return id, true
}
