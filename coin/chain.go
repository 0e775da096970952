package coin

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/hex"
	"fmt"

	"github.com/serai-go/processor/internal/wire"
	"github.com/serai-go/processor/storage"
)

// BlockID identifies a block. It prints in hexadecimal, in the order of its
// bytes.
type BlockID [32]byte

func (id BlockID) String() string { return hex.EncodeToString(id[:]) }

// TransactionID identifies a transaction.
type TransactionID [32]byte

func (id TransactionID) String() string { return hex.EncodeToString(id[:]) }

// OutputID identifies an output by its transaction and its index there.
type OutputID struct {
	Transaction TransactionID
	Index       uint32
}

func (id OutputID) String() string { return fmt.Sprintf("%s:%d", id.Transaction, id.Index) }

// Compare orders output IDs by transaction bytes, then index.
func (id OutputID) Compare(other OutputID) int {
	if c := bytes.Compare(id.Transaction[:], other.Transaction[:]); c != 0 {
		return c
	}
	return cmp.Compare(id.Index, other.Index)
}

// Encode writes 36 bytes.
func (id OutputID) Encode(w *wire.Writer) {
	w.Fixed(id.Transaction[:])
	w.Uint32(id.Index)
}

// Decode reads 36 bytes.
func (id *OutputID) Decode(r *wire.Reader) {
	r.Fixed(id.Transaction[:])
	id.Index = r.Uint32()
}

// OutputKey orders stored maps by output ID.
var OutputKey = storage.FixedKey(
	func(b []byte, id OutputID) []byte {
		b = append(b, id.Transaction[:]...)
		return binary.BigEndian.AppendUint32(b, id.Index)
	},
	func(b []byte) (id OutputID, ok bool) {
		if len(b) != 36 {
			return id, false
		}
		copy(id.Transaction[:], b)
		id.Index = binary.BigEndian.Uint32(b[32:])
		return id, true
	})

// Header is the head of a block.
type Header struct {
	// Number counts blocks from the genesis block, which has 0.
	Number uint64
	// ID is the block's hash, Parent that of the block before.
	ID     BlockID
	Parent BlockID
	// Time is the network's monotone clock in seconds since 1970: it never
	// falls from a block to the next.
	Time uint64
}

// Encode writes 80 bytes.
func (h Header) Encode(w *wire.Writer) {
	w.Uint64(h.Number)
	w.Fixed(h.ID[:])
	w.Fixed(h.Parent[:])
	w.Uint64(h.Time)
}

// Decode reads 80 bytes.
func (h *Header) Decode(r *wire.Reader) {
	h.Number = r.Uint64()
	r.Fixed(h.ID[:])
	r.Fixed(h.Parent[:])
	h.Time = r.Uint64()
}

// Kind tells outputs of the group apart by whom they came from.
type Kind uint8

// Kinds of outputs.
const (
	// External outputs are made by users.
	External Kind = iota
	// Branch outputs fund a child transaction of a payment tree.
	Branch
	// Change is what a payment left over.
	Change
	// Forwarded outputs come from a key that retires.
	Forwarded
)

// Kinds lists all kinds in order.
var Kinds = [...]Kind{External, Branch, Change, Forwarded}

func (k Kind) String() string {
	switch k {
	case External:
		return "external"
	case Branch:
		return "branch"
	case Change:
		return "change"
	case Forwarded:
		return "forwarded"
	}
	return fmt.Sprintf("kind %d", uint8(k))
}

// Key is a network key that outputs are looked for.
type Key struct {
	// Session is the validator set that holds the key.
	Session uint64
	// Key is the encoded element of the coin's group.
	Key []byte
	// Depositors is that of the Parameters, where outputs are looked for.
	Depositors uint32
}

// Address is the network's text form of where to pay, canonical for the coin.
type Address string

// MaxAddress bounds the length of an address in bytes.
const MaxAddress = 128

// MaxSpend bounds the length of Output.Spend in bytes.
const MaxSpend = 1024

// Output is an output to one of the group's keys.
type Output struct {
	// ID is where the output is; no other has the same.
	ID OutputID
	// Session is that of the key.
	Session uint64
	// Kind is what the address that was paid is for.
	Kind Kind
	// Amount is in atomic units.
	Amount uint64
	// Position is the place of the transaction in its block.
	Position uint32
	// Origin is where the value presumably came from, empty if unknown.
	Origin Address
	// Data is the arbitrary data that the transaction carries.
	Data []byte
	// Spend is what the coin needs to spend the output.
	Spend []byte
}

// MaxOutputData bounds the data an output can carry before consensus limits
// are applied: what a whole block could hold.
const MaxOutputData = 4 << 20

// Encode writes the output.
func (o Output) Encode(w *wire.Writer) {
	o.ID.Encode(w)
	w.Uint64(o.Session)
	w.Uint8(uint8(o.Kind))
	w.Uint64(o.Amount)
	w.Uint32(o.Position)
	w.String(string(o.Origin))
	w.Bytes(o.Data)
	w.Bytes(o.Spend)
}

// Decode reads the output.
func (o *Output) Decode(r *wire.Reader) {
	o.ID.Decode(r)
	o.Session = r.Uint64()
	o.Kind = Kind(r.Uint8())
	r.Check(o.Kind <= Forwarded, "output kind")
	o.Amount = r.Uint64()
	o.Position = r.Uint32()
	o.Origin = Address(r.String(MaxAddress))
	o.Data = r.Bytes(MaxOutputData)
	o.Spend = r.Bytes(MaxSpend)
}

// CompareOutputs orders outputs as their block does.
func CompareOutputs(a, b Output) int {
	return cmp.Or(cmp.Compare(a.Position, b.Position), cmp.Compare(a.ID.Index, b.ID.Index))
}
