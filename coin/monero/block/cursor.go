package block

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/serai-go/processor/coin/monero/keys"
)

// ErrUnsupported is wrapped for versions and types of which this package does
// not know the form.
var ErrUnsupported = errors.New("is not supported")

var (
	errShort    = errors.New("ends early")
	errCount    = errors.New("is beyond what the bytes can hold")
	errTrailing = errors.New("are not allowed")
	errSize     = errors.New("is above the limit")
)

// FieldError says which field of an encoding is malformed.
type FieldError struct {
	// Of is what was read: a transaction, a block.
	Of string
	// Field is the field's name as in the package comment.
	Field string
	// Err is what is wrong with it.
	Err error
}

func (e *FieldError) Error() string {
	return fmt.Sprintf("monero: %s: %s %v", e.Of, e.Field, e.Err)
}

// Unwrap returns what is wrong with the field.
func (e *FieldError) Unwrap() error { return e.Err }

// cursor reads forward. The first failure sticks and ends the input.
type cursor struct {
	data  []byte
	pos   int
	field string
	err   error
}

func (c *cursor) fail(field string, err error) {
	if c.err == nil {
		c.field, c.err = field, err
	}
	c.pos = len(c.data)
}

func (c *cursor) failf(field, format string, args ...any) {
	c.fail(field, fmt.Errorf(format, args...))
}

// end returns the failure as an error of what was read, which must be all.
func (c *cursor) end(of string) error {
	if c.err == nil && c.left() > 0 {
		c.failf("trailing bytes", "%w: %d", errTrailing, c.left())
	}
	if c.err == nil {
		return nil
	}
	return &FieldError{of, c.field, c.err}
}

func (c *cursor) left() int { return len(c.data) - c.pos }

// skip passes over n fields of a size in bytes.
func (c *cursor) skip(field string, n, size int) {
	if n > c.left()/size {
		c.fail(field, errShort)
		return
	}
	c.pos += n * size
}

func (c *cursor) byte(field string) byte {
	if c.pos >= len(c.data) {
		c.fail(field, errShort)
		return 0
	}
	b := c.data[c.pos]
	c.pos++
	return b
}

// uint32 reads four bytes, little-endian.
func (c *cursor) uint32(field string) uint32 {
	if c.left() < 4 {
		c.fail(field, errShort)
		return 0
	}
	v := binary.LittleEndian.Uint32(c.data[c.pos:])
	c.pos += 4
	return v
}

func (c *cursor) varint(field string) uint64 {
	if c.pos < len(c.data) && c.data[c.pos] < 0x80 {
		c.pos++
		return uint64(c.data[c.pos-1])
	}
	return c.longVarint(field)
}

func (c *cursor) longVarint(field string) uint64 {
	v, n, err := keys.ReadVarint(c.data[c.pos:])
	if err != nil {
		c.failf(field, "is no varint: %w", err)
		return 0
	}
	c.pos += n
	return v
}

// skipVarints passes over n varints.
func (c *cursor) skipVarints(field string, n int) {
	data, pos := c.data, c.pos
	for range n {
		start := pos
		for pos < len(data) && data[pos] >= 0x80 {
			pos++
		}
		// Whatever is wrong, the careful reading finds.
		if pos == len(data) || pos > start && data[pos] == 0 || pos-start >= keys.MaxVarint-1 {
			c.pos = start
			c.longVarint(field)
			if c.err != nil {
				return
			}
			pos = c.pos - 1
		}
		pos++
	}
	c.pos = pos
}

// count reads how many elements follow, of which each takes at least size
// bytes. The result fits what is left of the input.
func (c *cursor) count(field string, size int) int {
	n := c.varint(field)
	if n > uint64(c.left())/uint64(size) {
		c.fail(field, errCount)
		return 0
	}
	return int(n)
}

// key returns 32 bytes at a position that has been read before.
func (c *cursor) key() (k [32]byte) {
	k = [32]byte(c.data[c.pos:])
	c.pos += 32
	return k
}
