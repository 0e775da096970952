package frost

import (
	"slices"
	"sync"
)

// set is a set of validators that sign together: the indices of their shares
// and, as far as they were asked for, the Lagrange coefficients. It is shared
// by all sessions of the set.
type set struct {
	validators []uint16
	indices    []uint16 // of all members, ascending

	mu     sync.Mutex
	lambda []Scalar // per index, nil until asked for
}

// recentSets is how many sets a key remembers: signing sets repeat.
const recentSets = 32

// set returns the set of some distinct validators of the key, in ascending
// order.
func (k *PublicKey) set(validators []uint16) *set {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, s := range k.recent {
		if slices.Equal(s.validators, validators) {
			return s
		}
	}
	s := &set{validators: slices.Clone(validators)}
	for _, v := range validators {
		for i := range k.weights[v] {
			s.indices = append(s.indices, k.first[v]+i)
		}
	}
	s.lambda = make([]Scalar, len(s.indices))
	if len(k.recent) == recentSets {
		k.recent = slices.Delete(k.recent, 0, 1)
	}
	k.recent = append(k.recent, s)
	return s
}

// coefficients returns the Lagrange coefficients of count shares from the one at
// a position on. A signer needs its own only; who checks others needs all.
func (s *set) coefficients(group Group, first, count int) []Scalar {
	s.mu.Lock()
	defer s.mu.Unlock()
	lambda := s.lambda[first:][:count:count]
	if slices.Contains(lambda, nil) {
		for i, l := range lagrange(group, s.indices, s.indices[first:][:count]) {
			// Others may be reading what they were handed before: it stays.
			if lambda[i] == nil {
				lambda[i] = l
			}
		}
	}
	return lambda
}

// all returns all Lagrange coefficients.
func (s *set) all(group Group) []Scalar { return s.coefficients(group, 0, len(s.indices)) }
