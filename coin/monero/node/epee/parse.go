package epee

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
)

// Limits of a document.
const (
	// MaxDepth is how deep objects may lie in one another.
	MaxDepth = 8
	// MaxEntries is how many entries a section may have.
	MaxEntries = 32
)

// ErrMalformed is wrapped when bytes are no document.
var ErrMalformed = errors.New("epee: malformed document")

// head is a document's beginning: two signatures and a version.
var head = []byte{0x01, 0x11, 0x01, 0x01, 0x01, 0x01, 0x02, 0x01, 0x01}

// Type is the type of a value. The numbers are the format's.
type Type uint8

// The types.
const (
	Int64   Type = 1
	Int32   Type = 2
	Int16   Type = 3
	Int8    Type = 4
	Uint64  Type = 5
	Uint32  Type = 6
	Uint16  Type = 7
	Uint8   Type = 8
	Float64 Type = 9
	String  Type = 10
	Bool    Type = 11
	Object  Type = 12

	array = 0x80
)

// sizes are those of the types that have one, in bytes.
var sizes = [Object + 1]int{Int64: 8, Int32: 4, Int16: 2, Int8: 1, Uint64: 8, Uint32: 4, Uint16: 2, Uint8: 1, Float64: 8, Bool: 1}

// least is the least a value of a type takes, in bytes.
func (t Type) least() int { return max(sizes[t], 1) }

// Parse reads a document that fills data exactly. What it returns is a view of
// data, which must not change.
func Parse(data []byte) (Section, error) {
	r := &reader{data: data}
	if !bytes.HasPrefix(data, head) {
		return Section{}, fmt.Errorf("%w: it does not begin as one", ErrMalformed)
	}
	r.pos = len(head)
	r.section(1)
	if r.what == "" && r.pos != len(data) {
		r.fail("trailing bytes")
	}
	if r.what != "" {
		return Section{}, fmt.Errorf("%w: %s at byte %d of %d", ErrMalformed, r.what, r.at, len(data))
	}
	return Section{data[len(head):]}, nil
}

// reader reads forward. The first failure sticks and ends the input.
type reader struct {
	data []byte
	pos  int
	what string // the failure
	at   int    // where it was
}

func (r *reader) fail(what string) {
	if r.what == "" {
		r.what, r.at = what, r.pos
	}
	r.pos = len(r.data)
}

func (r *reader) left() int { return len(r.data) - r.pos }

// take returns the next n bytes.
func (r *reader) take(n int) []byte {
	if n > r.left() {
		r.fail("unexpected end")
		return nil
	}
	r.pos += n
	return r.data[r.pos-n : r.pos : r.pos]
}

func (r *reader) byte() byte {
	if b := r.take(1); b != nil {
		return b[0]
	}
	return 0
}

// varint reads a number in its shortest form.
func (r *reader) varint() uint64 {
	if r.left() == 0 {
		r.fail("unexpected end")
		return 0
	}
	form := r.data[r.pos] & 3
	b := r.take(1 << form)
	var v, below uint64
	switch {
	case b == nil:
		return 0
	case form == 0:
		return uint64(b[0]) >> 2
	case form == 1:
		v, below = uint64(binary.LittleEndian.Uint16(b))>>2, 1<<6
	case form == 2:
		v, below = uint64(binary.LittleEndian.Uint32(b))>>2, 1<<14
	default:
		v, below = binary.LittleEndian.Uint64(b)>>2, 1<<30
	}
	if v < below {
		r.fail("varint that is longer than needed")
		return 0
	}
	return v
}

// count reads how many elements follow that take at least size bytes each.
func (r *reader) count(size int) int {
	n := r.varint()
	if n > uint64(r.left()/size) {
		r.fail("count beyond what follows")
		return 0
	}
	return int(n)
}

// name reads the name of an entry.
func (r *reader) name() []byte {
	n := int(r.byte())
	if n == 0 {
		r.fail("empty name")
	}
	return r.take(n)
}

// section passes over a section and checks it.
func (r *reader) section(depth int) {
	if depth > MaxDepth {
		r.fail("too many objects in one another")
		return
	}
	const leastEntry = 1 + 1 + 1 + 1 // name, type and value
	n := r.count(leastEntry)
	if n > MaxEntries {
		r.fail("too many entries")
		return
	}
	var names [MaxEntries][]byte
	highest := 0
	for i := range n {
		name := r.name()
		// Writers sort names, so that this is all there is to do.
		if i > 0 && bytes.Compare(name, names[highest]) <= 0 {
			for _, other := range names[:i] {
				if bytes.Equal(name, other) {
					r.fail("repeated name")
					return
				}
			}
		} else {
			highest = i
		}
		names[i] = name
		r.value(depth)
		if r.what != "" {
			return
		}
	}
}

// value passes over a type and a value or an array of values, and checks them.
func (r *reader) value(depth int) Value {
	kind := r.byte()
	v := Value{Type: Type(kind &^ array), Array: kind&array != 0, count: 1}
	if v.Type < Int64 || v.Type > Object {
		r.fail("unknown type")
		return v
	}
	if v.Array {
		v.count = r.count(v.Type.least())
	}
	start := r.pos
	switch size := sizes[v.Type]; {
	case v.Type == Bool:
		for _, b := range r.take(v.count) {
			if b > 1 {
				r.fail("boolean that is neither 0 nor 1")
			}
		}
	case size > 0:
		r.take(v.count * size)
	case v.Type == String:
		for range v.count {
			if r.take(r.count(1)); r.what != "" {
				return v
			}
		}
	default:
		for range v.count {
			if r.section(depth + 1); r.what != "" {
				return v
			}
		}
	}
	if r.what == "" {
		v.data = r.data[start:r.pos:r.pos]
	}
	return v
}
