package eventuality

import (
	"encoding/binary"
	"sync"

	"github.com/serai-go/processor/storage"
)

// filter tells of most hashes that they are not in a map of the database. It
// has all that ever were put there, also those that are gone or never came so
// far as a commit: about 23 bytes each, until the process ends. It is for
// concurrent use.
type filter struct {
	mu   sync.RWMutex
	seen map[uint64]struct{} // the first eight bytes of each hash
	// marks has the bit set that the last bits of each of seen name, and at least
	// twelve bits for each: it stays in the processor's cache, which the map does
	// not, and answers nearly all questions.
	marks []uint64
}

// mark returns the word and the bit of a short hash, given that there are marks.
func (f *filter) mark(hash uint64) (word *uint64, bit uint64) {
	return &f.marks[hash>>6&uint64(len(f.marks)-1)], 1 << (hash & 63)
}

func short(hash [32]byte) uint64 { return binary.LittleEndian.Uint64(hash[:]) }

func (f *filter) add(hash [32]byte) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.seen == nil {
		f.seen = make(map[uint64]struct{})
	}
	f.seen[short(hash)] = struct{}{}
	set := func(hash uint64) {
		word, bit := f.mark(hash)
		*word |= bit
	}
	if 12*len(f.seen) <= 64*len(f.marks) {
		set(short(hash))
		return
	}
	f.marks = make([]uint64, max(64, 2*len(f.marks)))
	for one := range f.seen { // order-free: all are set
		set(one)
	}
}

// has is true for all that was added, and for hardly anything else.
func (f *filter) has(hash [32]byte) bool {
	f.mu.RLock()
	defer f.mu.RUnlock()
	if len(f.marks) == 0 {
		return false
	}
	one := short(hash)
	if word, bit := f.mark(one); *word&bit == 0 {
		return false
	}
	_, ok := f.seen[one]
	return ok
}

func (f *filter) empty() bool {
	f.mu.RLock()
	defer f.mu.RUnlock()
	return len(f.seen) == 0
}

// learn fills the filters, the first time, with what the database holds. What
// has been put there since this Tracker was made is in them already, committed
// or not, so an old snapshot lacks nothing.
func (t *Tracker) learn(r storage.Reader) error {
	t.learning.Lock()
	defer t.learning.Unlock()
	if t.learnt {
		return nil
	}
	for item, err := range t.expected.All(r) {
		if err != nil {
			return err
		}
		t.mayExpect.add([32]byte(item.Key[:32]))
	}
	for item, err := range t.outputs.All(r) {
		if err != nil {
			return err
		}
		t.mayGuard.add(item.Key)
	}
	t.learnt = true
	return nil
}
