package block

import "iter"

// Scripts is a set of scripts to look for. It may be used concurrently.
type Scripts struct {
	index map[string]int
	// sizes tells for each length below its own whether a script has it, to
	// pass over most outputs without hashing.
	sizes [128]bool
	long  bool
}

// NewScripts makes a set. Of equal scripts the first counts.
func NewScripts(scripts [][]byte) *Scripts {
	s := &Scripts{index: make(map[string]int, len(scripts))}
	for i, script := range scripts {
		if _, ok := s.index[string(script)]; ok {
			continue
		}
		s.index[string(script)] = i
		if len(script) < len(s.sizes) {
			s.sizes[len(script)] = true
		} else {
			s.long = true
		}
	}
	return s
}

// find returns the position in the list that the set was made of.
func (s *Scripts) find(script []byte) (int, bool) {
	if len(script) < len(s.sizes) && !s.sizes[len(script)] || len(script) >= len(s.sizes) && !s.long {
		return 0, false
	}
	i, ok := s.index[string(script)]
	return i, ok
}

// Match is an output whose script is one of a set.
type Match struct {
	// Transaction is the position in the block, 0 for the coinbase.
	Transaction int
	// Output is the index in the transaction.
	Output uint32
	// Script is the position in the list that the set was made of.
	Script int
	// Value is in satoshi.
	Value uint64
}

// Find yields the outputs whose script is exactly one of the given, in order.
func (b *Block) Find(scripts *Scripts) iter.Seq[Match] {
	return func(yield func(Match) bool) {
		for i := range b.txs {
			for j, o := range b.txs[i].Outputs() {
				if k, ok := scripts.find(o.Script); ok && !yield(Match{i, uint32(j), k, o.Value}) {
					return
				}
			}
		}
	}
}
