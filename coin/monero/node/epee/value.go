package epee

import (
	"encoding/binary"
	"iter"
)

// Section is a view of a checked section: values with names. The zero value
// has none.
type Section struct{ data []byte }

// Entries yields names and values in their order. Names are valid until data
// changes.
func (s Section) Entries() iter.Seq2[[]byte, Value] {
	return func(yield func([]byte, Value) bool) {
		if len(s.data) == 0 {
			return
		}
		r := &reader{data: s.data}
		for range r.varint() {
			name := r.name()
			if !yield(name, r.value(1)) {
				return
			}
		}
	}
}

// Find returns the value with a name. Without one it is the zero Value, which
// is of no type and holds nothing.
func (s Section) Find(name string) Value {
	for n, v := range s.Entries() {
		if string(n) == name {
			return v
		}
	}
	return Value{}
}

// Value is a view of a checked value, or of an array of values.
type Value struct {
	// Type is that of the value, in an array of each. Zero means that there
	// is no value.
	Type Type
	// Array tells whether it is an array.
	Array bool

	count int
	data  []byte
}

// Len returns how many values there are: in an array any number, else one, and
// none if there is no value.
func (v Value) Len() int { return v.count }

// Uint64 returns the value of an unsigned integer of any size.
func (v Value) Uint64() (uint64, bool) {
	if v.Array || v.Type < Uint64 || v.Type > Uint8 {
		return 0, false
	}
	return little(v.data), true
}

// Bool returns the value of a boolean.
func (v Value) Bool() (value, ok bool) {
	if v.Array || v.Type != Bool {
		return false, false
	}
	return v.data[0] == 1, true
}

// Bytes returns the value of a string. It is not copied.
func (v Value) Bytes() ([]byte, bool) {
	if v.Array || v.Type != String {
		return nil, false
	}
	for b := range v.Strings() {
		return b, true
	}
	return nil, false
}

// Section returns the value of an object.
func (v Value) Section() (Section, bool) {
	if v.Array || v.Type != Object {
		return Section{}, false
	}
	return Section{v.data}, true
}

// Uint64s yields the unsigned integers of an array; anything else has none.
func (v Value) Uint64s() iter.Seq[uint64] {
	return func(yield func(uint64) bool) {
		if v.Type < Uint64 || v.Type > Uint8 {
			return
		}
		size := sizes[v.Type]
		for i := range v.count {
			if !yield(little(v.data[i*size:][:size])) {
				return
			}
		}
	}
}

// Strings yields the strings of an array; anything else has none. They are not
// copied.
func (v Value) Strings() iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		if v.Type != String {
			return
		}
		r := &reader{data: v.data}
		for range v.count {
			if !yield(r.take(r.count(1))) {
				return
			}
		}
	}
}

// Sections yields the objects of an array; anything else has none.
func (v Value) Sections() iter.Seq[Section] {
	return func(yield func(Section) bool) {
		if v.Type != Object {
			return
		}
		r := &reader{data: v.data}
		for range v.count {
			start := r.pos
			r.section(1)
			if !yield(Section{r.data[start:r.pos:r.pos]}) {
				return
			}
		}
	}
}

// little reads an integer of 1, 2, 4 or 8 bytes.
func little(b []byte) uint64 {
	var wide [8]byte
	copy(wide[:], b)
	return binary.LittleEndian.Uint64(wide[:])
}
