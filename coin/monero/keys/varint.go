package keys

import "errors"

// MaxVarint is the size of the longest varint, in bytes.
const MaxVarint = 10

// Errors of ReadVarint.
var (
	ErrVarintShort     = errors.New("keys: varint ends early")
	ErrVarintCanonical = errors.New("keys: varint has a last byte of zero")
	ErrVarintOverflow  = errors.New("keys: varint is above 64 bits")
)

// AppendVarint appends v to b as a varint: 7 bits to a byte, the low ones first,
// the high bit set in all bytes but the last. It takes 1 to 10 bytes.
func AppendVarint(b []byte, v uint64) []byte {
	for v >= 0x80 {
		b = append(b, byte(v)|0x80)
		v >>= 7
	}
	return append(b, byte(v))
}

// VarintSize returns how many bytes AppendVarint appends for v.
func VarintSize(v uint64) int {
	n := 1
	for v >= 0x80 {
		v >>= 7
		n++
	}
	return n
}

// ReadVarint reads the varint at the start of b and returns its value and its
// size in bytes. A number has one encoding: ReadVarint refuses a last byte of
// zero, other than in the single byte 0, and more than 64 bits, so that what it
// reads AppendVarint writes again.
func ReadVarint(b []byte) (v uint64, n int, err error) {
	for i, c := range b {
		switch {
		case i == MaxVarint-1 && c > 1:
			return 0, 0, ErrVarintOverflow
		case c == 0 && i > 0:
			return 0, 0, ErrVarintCanonical
		}
		v |= uint64(c&0x7f) << (7 * i)
		if c < 0x80 {
			return v, i + 1, nil
		}
	}
	return 0, 0, ErrVarintShort
}
