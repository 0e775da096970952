package keys

import (
	"hash"
	"io"
	"sync"

	"golang.org/x/crypto/sha3"
)

// rate is how many bytes Keccak-256 takes in at once.
const rate = 136

// A sponge is the state of a hash. It has its own copy of what is hashed next,
// so that callers' memory is never handed to an interface, which would put it
// on the heap.
type sponge struct {
	state interface {
		hash.Hash
		io.Reader // as Sum, without a copy of the state
	}
	block [rate]byte
	n     int // bytes of block that wait
}

var sponges = sync.Pool{New: func() any {
	s := new(sponge)
	s.state = sha3.NewLegacyKeccak256().(interface {
		hash.Hash
		io.Reader
	})
	return s
}}

// Keccak256 returns the Keccak-256 hash of the parts one after the other. It is
// the original Keccak with padding byte 0x01, not SHA3-256. Time depends on the
// total length only. It needs no memory from the heap.
func Keccak256(parts ...[]byte) (sum [32]byte) {
	s := sponges.Get().(*sponge)
	for _, part := range parts {
		s.write(part)
	}
	s.sum(&sum)
	sponges.Put(s)
	return sum
}

func (s *sponge) write(b []byte) {
	for len(b) > 0 {
		n := copy(s.block[s.n:], b)
		b = b[n:]
		if s.n += n; s.n == rate {
			s.state.Write(s.block[:])
			s.n = 0
		}
	}
}

// sum returns the hash and leaves nothing of what was hashed.
func (s *sponge) sum(sum *[32]byte) {
	s.state.Write(s.block[:s.n])
	s.state.Read(s.block[:len(sum)])
	copy(sum[:], s.block[:])
	s.state.Reset()
	clear(s.block[:])
	s.n = 0
}
