package frost

import "slices"

// Forget makes a key forget the sets that have signed with it.
func (k *PublicKey) Forget() { k.recent = nil }

// NewLargeKey returns a key with more than MaxShares shares, each of them of a
// validator of its own. Nothing is checked.
func NewLargeKey(group Group, threshold uint16, key Element, shares []Element) *PublicKey {
	k := &PublicKey{group: group, threshold: threshold, key: key, shares: shares}
	for i := range shares {
		k.weights = append(k.weights, 1)
		k.first = append(k.first, uint16(i+1))
	}
	return k
}

// Pair returns the encoded nonces for an item.
func (n *Nonces) Pair(item int) (hiding, binding []byte) {
	return n.pairs[item].hiding.Bytes(), n.pairs[item].binding.Bytes()
}

// Coefficient returns the binding coefficient of an item for the member at a
// position.
func (s *Session) Coefficient(item, position int) Scalar { return s.items[item].bind(position) }

// Lambda returns the Lagrange coefficients of count shares of the session from
// the one at a position on.
func (s *Session) Lambda(first, count int) []Scalar {
	return s.set.coefficients(s.key.group, first, count)
}

// Scalars returns the nonces themselves.
func (n *Nonces) Scalars() (all []Scalar) {
	for _, pair := range n.pairs {
		all = append(all, pair.hiding, pair.binding)
	}
	return all
}

// Weights returns the first weights for checking the shares of some members.
func (s *Session) Weights(count int, positions []int, shares [][]byte) []Scalar {
	answers := make([][]Scalar, len(shares))
	for i, share := range shares {
		answers[i], _ = s.decodeShare(share)
	}
	w := &weights{session: s, positions: positions, answers: answers}
	list := make([]Scalar, count)
	for i := range list {
		list[i] = w.next()
	}
	return list
}

// RecentSets is how many sets a key remembers.
const RecentSets = recentSets

// Sets makes a key remember a set and returns how many it remembers.
func (k *PublicKey) Sets(validators []uint16) int {
	k.set(validators)
	return len(k.recent)
}

// Uses reports whether a commitment is unused, held or in a live set.
func (r *Roast) Uses(m SetMember) bool {
	for i := range r.sets {
		if slices.Contains(r.sets[i].Members, m) {
			return true
		}
	}
	s := &r.signers[m.Validator]
	return (s.unused != nil || s.held != nil) && s.counter == m.Counter
}

// Factor returns the factor of the challenge of an item.
func (s *Session) Factor(item int) Scalar { return s.items[item].challenge.Factor }
