// Package wire is the one codec of everything that is signed, hashed,
// compared, stored or sent between validators.
//
// A value has exactly one encoding: integers are fixed-width little-endian,
// byte strings and lists carry a 32-bit count, booleans are 0 or 1. A Reader
// refuses everything else, trailing bytes included, so that whatever decodes
// encodes to the same bytes again. Counts are checked against the bytes that
// remain before anything is allocated.
package wire

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
)

// Errors a Reader reports. Each is wrapped with the field that was read.
var (
	ErrShort    = errors.New("wire: input ends early")
	ErrTrailing = errors.New("wire: trailing bytes")
	ErrLimit    = errors.New("wire: over the size limit")
	ErrValue    = errors.New("wire: value is not canonical")
)

// Encoder is a value that writes its one encoding.
type Encoder interface{ Encode(*Writer) }

// Decoder is the pointer type of a value that has both directions.
type Decoder[T any] interface {
	*T
	Encoder
	Decode(*Reader)
}

// Marshal returns the encoding of v.
func Marshal(v Encoder) []byte {
	var w Writer
	v.Encode(&w)
	return w.Data()
}

// Unmarshal decodes a value that must fill data exactly.
func Unmarshal[T any, P Decoder[T]](data []byte) (T, error) {
	var v T
	r := NewReader(data)
	P(&v).Decode(r)
	if err := r.Done(); err != nil {
		var zero T
		return zero, err
	}
	return v, nil
}

// Writer appends encoded values. The zero Writer is ready for use.
type Writer struct{ data []byte }

// Data returns what was written. It stays valid until the next write.
func (w *Writer) Data() []byte { return w.data }

// Grow makes room for n more bytes, so that writing them copies nothing.
func (w *Writer) Grow(n int) { w.data = slices.Grow(w.data, n) }

// Uint8 writes one byte.
func (w *Writer) Uint8(v uint8) { w.data = append(w.data, v) }

// Uint16 writes two bytes.
func (w *Writer) Uint16(v uint16) { w.data = binary.LittleEndian.AppendUint16(w.data, v) }

// Uint32 writes four bytes.
func (w *Writer) Uint32(v uint32) { w.data = binary.LittleEndian.AppendUint32(w.data, v) }

// Uint64 writes eight bytes.
func (w *Writer) Uint64(v uint64) { w.data = binary.LittleEndian.AppendUint64(w.data, v) }

// Bool writes 0 or 1.
func (w *Writer) Bool(v bool) {
	if v {
		w.Uint8(1)
	} else {
		w.Uint8(0)
	}
}

// Fixed writes bytes whose number the reader knows.
func (w *Writer) Fixed(b []byte) { w.data = append(w.data, b...) }

// Bytes writes a byte string with its length.
func (w *Writer) Bytes(b []byte) {
	w.Count(len(b))
	w.data = append(w.data, b...)
}

// String writes a string with its length.
func (w *Writer) String(s string) {
	w.Count(len(s))
	w.data = append(w.data, s...)
}

// Count writes the number of elements of a list.
func (w *Writer) Count(n int) { w.Uint32(uint32(n)) }

// List writes the elements of a list behind their number.
func List[T Encoder](w *Writer, list []T) {
	w.Count(len(list))
	for _, v := range list {
		v.Encode(w)
	}
}

// Reader takes values from the front of its input. The first failure sticks:
// from then on every read returns zero, and Err and Done say what it was.
type Reader struct {
	data []byte
	err  error
}

// NewReader reads from data, which it does not change.
func NewReader(data []byte) *Reader { return &Reader{data: data} }

// Err returns the first failure.
func (r *Reader) Err() error { return r.err }

// Done returns the first failure, or ErrTrailing if input is left.
func (r *Reader) Done() error {
	if r.err == nil && len(r.data) > 0 {
		r.err = fmt.Errorf("%w: %d", ErrTrailing, len(r.data))
	}
	return r.err
}

// Remaining returns how many bytes have not been read.
func (r *Reader) Remaining() int { return len(r.data) }

// Fail records a failure that the caller found in a value it read.
func (r *Reader) Fail(err error) {
	if r.err == nil {
		r.err = err
	}
	r.data = nil
}

// Check records ErrValue for the named field unless ok.
func (r *Reader) Check(ok bool, field string) {
	if !ok {
		r.Fail(fmt.Errorf("%w: %s", ErrValue, field))
	}
}

func (r *Reader) take(n int) []byte {
	switch {
	case r.err != nil:
		return nil
	case n > len(r.data):
		r.Fail(fmt.Errorf("%w: %d bytes wanted, %d left", ErrShort, n, len(r.data)))
		return nil
	}
	b := r.data[:n]
	r.data = r.data[n:]
	return b
}

// Uint8 reads one byte.
func (r *Reader) Uint8() uint8 {
	if b := r.take(1); b != nil {
		return b[0]
	}
	return 0
}

// Uint16 reads two bytes.
func (r *Reader) Uint16() uint16 {
	if b := r.take(2); b != nil {
		return binary.LittleEndian.Uint16(b)
	}
	return 0
}

// Uint32 reads four bytes.
func (r *Reader) Uint32() uint32 {
	if b := r.take(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

// Uint64 reads eight bytes.
func (r *Reader) Uint64() uint64 {
	if b := r.take(8); b != nil {
		return binary.LittleEndian.Uint64(b)
	}
	return 0
}

// Bool reads 0 or 1.
func (r *Reader) Bool() bool {
	v := r.Uint8()
	r.Check(v <= 1, "boolean")
	return v == 1
}

// Fixed fills dst.
func (r *Reader) Fixed(dst []byte) {
	if b := r.take(len(dst)); b != nil {
		copy(dst, b)
	}
}

// Bytes reads a byte string of at most limit bytes. An empty string is nil.
func (r *Reader) Bytes(limit int) []byte {
	n := r.Count(limit, 1)
	b := r.take(n)
	if len(b) == 0 {
		return nil
	}
	return append([]byte(nil), b...)
}

// String reads a string of at most limit bytes.
func (r *Reader) String(limit int) string {
	return string(r.take(r.Count(limit, 1)))
}

// Count reads the number of elements of a list: at most limit, and no more
// than can follow if an element takes at least size bytes.
func (r *Reader) Count(limit, size int) int {
	n := uint64(r.Uint32())
	switch {
	case r.err != nil:
		return 0
	case n > uint64(limit):
		r.Fail(fmt.Errorf("%w: %d elements, %d allowed", ErrLimit, n, limit))
		return 0
	case n*uint64(max(size, 1)) > uint64(len(r.data)):
		r.Fail(fmt.Errorf("%w: %d elements of %d bytes in %d", ErrShort, n, size, len(r.data)))
		return 0
	}
	return int(n)
}

// ReadList reads a list of at most limit elements, each at least size bytes
// long. An empty list is nil.
func ReadList[T any, P Decoder[T]](r *Reader, limit, size int) []T {
	n := r.Count(limit, size)
	if n == 0 {
		return nil
	}
	list := make([]T, n)
	for i := range list {
		if P(&list[i]).Decode(r); r.err != nil {
			return nil
		}
	}
	return list
}
