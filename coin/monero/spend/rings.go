package spend

import (
	"github.com/serai-go/processor/coin/monero/keys"
)

// MaxOffsetsSize is how many bytes a ring's offsets take at most by Weight: 5
// for the first, 4 for each difference, which is enough for 2²⁸ outputs and
// longer in all likelihood. Rings that take more are refused.
const MaxOffsetsSize = 5 + (RingSize-1)*4

// offsets returns a ring as inputs write it: the first index, then differences.
func offsets(ring []Member) []uint64 {
	list := make([]uint64, len(ring))
	var last uint64
	for i, m := range ring {
		list[i] = m.Index - last
		last = m.Index
	}
	return list
}

// offsetsSize returns how many bytes offsets take.
func offsetsSize(offsets []uint64) (n int) {
	for _, offset := range offsets {
		n += keys.VarintSize(offset)
	}
	return n
}

func ascending(ring []Member) bool {
	for i := range ring[1:] {
		if ring[i].Index >= ring[i+1].Index {
			return false
		}
	}
	return true
}

// rings checks those of a transaction one by one.
type rings struct {
	spent   map[[keys.Size]byte]struct{}
	members map[uint64]Member
}

// add refuses a ring that no input can have next to those before it: its form,
// the same output spent twice, another output with an index that a ring before
// had.
func (r *rings) add(ring []Member, real int) error {
	switch {
	case len(ring) != RingSize || real < 0 || real >= RingSize:
		return invalid("a ring of %d members and position %d in it", len(ring), real)
	case !ascending(ring):
		return invalid("ring members are not in ascending order")
	case offsetsSize(offsets(ring)) > MaxOffsetsSize:
		return invalid("ring offsets of %d bytes, %d are possible", offsetsSize(offsets(ring)), MaxOffsetsSize)
	}
	if r.spent == nil {
		r.spent, r.members = map[[keys.Size]byte]struct{}{}, map[uint64]Member{}
	}
	if _, ok := r.spent[ring[real].Key]; ok {
		return invalid("a key is spent twice")
	}
	r.spent[ring[real].Key] = struct{}{}
	for _, m := range ring {
		if known, ok := r.members[m.Index]; ok && known != m {
			return invalid("rings differ about output %d", m.Index)
		}
		r.members[m.Index] = m
	}
	return nil
}
