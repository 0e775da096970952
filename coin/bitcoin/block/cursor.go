package block

import (
	"encoding/binary"
	"errors"
)

var (
	errShort     = errors.New("ends early")
	errTrailing  = errors.New("has trailing bytes")
	errCompact   = errors.New("has a count that is not in its shortest form")
	errCount     = errors.New("has a count beyond what its bytes can hold")
	errInputs    = errors.New("has a transaction without inputs")
	errOutputs   = errors.New("has a transaction without outputs")
	errFlag      = errors.New("has a transaction with an unknown flag")
	errNoWitness = errors.New("has a transaction with the witness flag and no witness")
	errValue     = errors.New("has a transaction with outputs above 21 million bitcoin")
)

// cursor reads forward. The first failure sticks and ends the input.
type cursor struct {
	data []byte
	pos  int
	err  error
}

func (c *cursor) fail(err error) {
	if c.err == nil {
		c.err = err
	}
	c.pos = len(c.data)
}

func (c *cursor) left() int { return len(c.data) - c.pos }

// skip passes over n bytes.
func (c *cursor) skip(n int) {
	if n > len(c.data)-c.pos {
		c.fail(errShort)
		return
	}
	c.pos += n
}

// uint64 reads eight bytes.
func (c *cursor) uint64() uint64 {
	if c.left() < 8 {
		c.fail(errShort)
		return 0
	}
	v := binary.LittleEndian.Uint64(c.data[c.pos:])
	c.pos += 8
	return v
}

// count reads a compact size: how many elements follow, of which each takes
// at least size bytes. The result fits what is left of the input.
func (c *cursor) count(size int) int {
	if c.pos < len(c.data) {
		if n := int(c.data[c.pos]); n < 0xfd {
			c.pos++
			if n*size > len(c.data)-c.pos {
				c.fail(errCount)
				return 0
			}
			return n
		}
	}
	return c.longCount(size)
}

func (c *cursor) longCount(size int) int {
	if c.left() < 1 {
		c.fail(errShort)
		return 0
	}
	width := 2 << (c.data[c.pos] - 0xfd)
	if c.left() < 1+width {
		c.fail(errShort)
		return 0
	}
	var wide [8]byte
	copy(wide[:], c.data[c.pos+1:c.pos+1+width])
	c.pos += 1 + width
	n := binary.LittleEndian.Uint64(wide[:])
	switch {
	case n < 0xfd || width > 2 && n>>(4*width) == 0:
		c.fail(errCompact)
		return 0
	case n > uint64(c.left())/uint64(size):
		c.fail(errCount)
		return 0
	}
	return int(n)
}

// bytes reads a byte string with its length. It is not copied.
func (c *cursor) bytes() []byte {
	n := c.count(1)
	b := c.data[c.pos : c.pos+n : c.pos+n]
	c.pos += n
	return b
}

// sizeOfCount is the length of a compact size.
func sizeOfCount(n int) int {
	switch {
	case n < 0xfd:
		return 1
	case n <= 0xffff:
		return 3
	}
	return 5
}
