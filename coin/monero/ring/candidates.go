package ring

import (
	"encoding/binary"
	"math/bits"
	"sort"

	"golang.org/x/crypto/chacha20"
)

const (
	// blockTime is how many seconds blocks are apart, year how many blocks the
	// rate of outputs is taken from.
	blockTime = 120
	year      = 365 * 24 * 3600 / blockTime
	// locked is how many seconds it takes until an output is old enough. What
	// was drawn as younger is of the recent seconds after that.
	locked = age * blockTime
	recent = 15 * blockTime
	// maxDraws is how often a candidate is drawn by its age, maxCandidates how
	// many there are in all.
	maxDraws      = 10_000
	maxCandidates = 8192
)

// words is a stream of random numbers.
type words struct {
	cipher *chacha20.Cipher
	buffer [512]byte
	used   int
}

func newWords(seed [32]byte) *words {
	cipher, err := chacha20.NewUnauthenticatedCipher(seed[:], make([]byte, chacha20.NonceSize))
	if err != nil {
		panic(err) // only for other sizes
	}
	w := &words{cipher: cipher}
	w.used = len(w.buffer)
	return w
}

// next returns the next word.
func (w *words) next() uint64 {
	if w.used == len(w.buffer) {
		clear(w.buffer[:])
		w.cipher.XORKeyStream(w.buffer[:], w.buffer[:])
		w.used = 0
	}
	w.used += 8
	return binary.LittleEndian.Uint64(w.buffer[w.used-8:])
}

// below returns a number below n, which is not 0, all with the same chance.
func (w *words) below(n uint64) uint64 {
	spare := -n % n // 2⁶⁴ mod n
	for {
		if word := w.next(); word >= spare {
			return word % n
		}
	}
}

// quantileBits is the logarithm of how many steps the quantiles have.
const quantileBits = 12

// seconds returns a random age in seconds.
func (w *words) seconds() uint64 {
	word := w.next()
	step := word >> (64 - quantileBits)
	low, high := quantiles[step], quantiles[step+1]
	more, _ := bits.Mul64(high-low, word<<quantileBits)
	return low + more
}

// candidates is the stream of candidates for the members of a ring. Package
// comment.
type candidates struct {
	words *words
	d     distribution
	old   uint64 // how many outputs are old enough, at least one
	// made outputs were made in so many seconds.
	made, seconds uint64

	tried map[uint64]struct{} // with the output to be spent
	draws int
	start uint64 // of the walk
	walk  uint64 // how many the walk has seen
}

func newCandidates(d distribution, seed [32]byte, real uint64) *candidates {
	s := &candidates{words: newWords(seed), d: d, old: d.total(), tried: map[uint64]struct{}{real: {}}}
	blocks := min(len(d.counts), year)
	s.made, s.seconds = d.counts[len(d.counts)-1], uint64(blocks)*blockTime
	if blocks < len(d.counts) {
		s.made -= d.counts[len(d.counts)-blocks-1]
	}
	return s
}

// take returns the next n candidates, less at the stream's end.
func (s *candidates) take(n int) []uint64 {
	var all []uint64
	for len(all) < n && len(s.tried) <= maxCandidates {
		index, ok := s.next()
		if !ok {
			break
		}
		if _, again := s.tried[index]; !again {
			s.tried[index] = struct{}{}
			all = append(all, index)
		}
	}
	return all
}

// next returns an output, maybe again; false if there are no more.
func (s *candidates) next() (index uint64, ok bool) {
	for s.draws < maxDraws {
		s.draws++
		if index, ok = s.draw(); ok {
			return index, true
		}
	}
	if s.walk == s.old {
		return 0, false
	}
	if s.walk == 0 {
		s.start = s.words.below(s.old)
	}
	s.walk++
	return (s.start + s.walk - 1) % s.old, true
}

// draw draws an output by its age. It may yield nothing.
func (s *candidates) draw() (index uint64, ok bool) {
	seconds := s.words.seconds()
	if seconds > locked {
		seconds -= locked
	} else {
		seconds = s.words.below(recent)
	}
	high, low := bits.Mul64(seconds, s.made)
	if high >= s.seconds {
		return 0, false
	}
	since, _ := bits.Div64(high, low, s.seconds)
	if since >= s.old {
		return 0, false
	}
	target := s.old - 1 - since
	counts := s.d.counts
	i := sort.Search(len(counts), func(i int) bool { return counts[i] >= target })
	before := uint64(0)
	if i > 0 {
		before = counts[i-1]
	}
	return before + s.words.below(counts[i]-before), true
}
