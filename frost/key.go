package frost

import (
	"bytes"
	"crypto/sha512"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/serai-go/processor/internal/wire"
)

// MaxShares is the greatest number of shares of a key.
const MaxShares = 150

// ErrKey reports public key data that does not fit together.
var ErrKey = errors.New("frost: inconsistent key")

// A PublicKey is what everybody knows of a threshold key: the validators and
// their weights, the key itself, and the public counterpart of every share.
// Validators are numbered from 0. Shares have indices from 1, and a validator
// holds as many consecutive ones as its weight.
//
// A PublicKey does not change and is safe for concurrent use; what its methods
// return must not be modified.
type PublicKey struct {
	group     Group
	threshold uint16
	weights   []uint16
	first     []uint16 // per validator, the index of its first share
	key       Element
	shares    []Element

	mu     sync.Mutex
	recent []*set // oldest first
}

// NewPublicKey assembles a key and takes over its elements. It returns ErrKey
// unless there are 1 to MaxShares shares, a threshold among them, only positive
// weights, and unless key and shares are values at 0 and at 1, 2, … of one
// polynomial of degree below the threshold: then any t shares make the same
// signatures. The key is not the identity. A share may be: who deals last can
// make its own zero, so to refuse that would let it stop any key generation.
func NewPublicKey(group Group, threshold uint16, weights []uint16, key Element, shares []Element) (*PublicKey, error) {
	k, err := newPublicKey(group, threshold, weights, key, shares)
	if err != nil {
		return nil, err
	}
	if !k.onePolynomial() {
		return nil, fmt.Errorf("%w: shares do not belong to the key", ErrKey)
	}
	return k, nil
}

// newPublicKey checks everything but that key and shares lie on one polynomial.
func newPublicKey(group Group, threshold uint16, weights []uint16, key Element, shares []Element) (*PublicKey, error) {
	k := &PublicKey{
		group:     group,
		threshold: threshold,
		weights:   slices.Clone(weights),
		first:     make([]uint16, len(weights)),
		key:       key,
		shares:    slices.Clone(shares),
	}
	total := 0
	for v, weight := range weights {
		if weight == 0 || weight > MaxShares || total > MaxShares {
			return nil, fmt.Errorf("%w: weights", ErrKey)
		}
		k.first[v] = uint16(total + 1)
		total += int(weight)
	}
	switch {
	case total < 1 || total > MaxShares:
		return nil, fmt.Errorf("%w: %d shares, 1 to %d allowed", ErrKey, total, MaxShares)
	case threshold < 1 || int(threshold) > total:
		return nil, fmt.Errorf("%w: threshold %d of %d", ErrKey, threshold, total)
	case len(shares) != total:
		return nil, fmt.Errorf("%w: %d public shares for %d shares", ErrKey, len(shares), total)
	case key.IsIdentity():
		return nil, fmt.Errorf("%w: identity", ErrKey)
	}
	return k, nil
}

// DeriveKey makes the key of a public polynomial whose degree is below
// len(differences), the threshold. The polynomial is given by its forward
// differences at 0: differences[k] is Δᵏf(0) in the exponent, so that
// differences[0] is the key. Values at 1, 2, … then take additions only. It
// returns ErrKey for the weights and thresholds that NewPublicKey refuses, and
// if the key is the identity.
func DeriveKey(group Group, weights []uint16, differences []Element) (*PublicKey, error) {
	total := 0
	for _, weight := range weights {
		if total += int(weight); total > MaxShares {
			return nil, fmt.Errorf("%w: more than %d shares", ErrKey, MaxShares)
		}
	}
	if len(differences) == 0 || len(differences) > total {
		return nil, fmt.Errorf("%w: threshold %d of %d", ErrKey, len(differences), total)
	}
	row := make([]Element, len(differences))
	for i, d := range differences {
		row[i] = group.NewElement().Set(d)
	}
	shares := make([]Element, total)
	for i := range shares {
		for k := range row[1:] {
			row[k].Add(row[k], row[k+1])
		}
		shares[i] = group.NewElement().Set(row[0])
	}
	key := group.NewElement().Set(differences[0])
	group.Normalize(append(shares[:total:total], key)...)
	return newPublicKey(group, uint16(len(differences)), weights, key, shares)
}

// onePolynomial tests that key and shares, as values at 0..n, lie on one
// polynomial of degree below t. They do iff they are orthogonal to the dual
// code, whose words are r(x)/Π(x−y) for the polynomials r of degree at most
// n−t; a word with r drawn by a hash of all values finds any deviation with
// probability 1 − 1/q (the test of SCRAPE, eprint 2017/216).
func (k *PublicKey) onePolynomial() bool {
	n := len(k.shares)
	seed := sha512.Sum512(append([]byte("FROST key consistency v1"), k.Bytes()...))
	r := hashScalars(k.group, seed[:], n-int(k.threshold)+1)

	scalars := make([]Scalar, n+1)
	for x := range scalars {
		word := newProduct(k.group)
		for y := range scalars {
			switch {
			case x > y:
				word.multiply(uint64(x-y), false)
			case x < y:
				word.multiply(uint64(y-x), true)
			}
		}
		scalars[x] = word.value()
	}
	varTimeInvertAll(k.group, scalars)
	at, value := k.group.NewScalar(), k.group.NewScalar()
	for x, s := range scalars {
		at.SetUint64(uint64(x))
		value.SetUint64(0)
		for i := len(r) - 1; i >= 0; i-- {
			value.Add(value.Multiply(value, at), r[i])
		}
		s.Multiply(s, value)
	}
	elements := append([]Element{k.key}, k.shares...)
	return k.group.VarTimeMultiScalarMult(nil, scalars, elements).IsIdentity()
}

// hashScalars returns count scalars that depend on the seed.
func hashScalars(group Group, seed []byte, count int) []Scalar {
	scalars := make([]Scalar, count)
	for i := range scalars {
		wide := sha512.Sum512(binary.LittleEndian.AppendUint32(slices.Clone(seed), uint32(i)))
		scalars[i] = group.ScalarFromUniform(&wide)
	}
	return scalars
}

// Group returns the group of the key.
func (k *PublicKey) Group() Group { return k.group }

// Threshold returns t, the weight that a signing set needs.
func (k *PublicKey) Threshold() int { return int(k.threshold) }

// Validators returns the number of validators.
func (k *PublicKey) Validators() int { return len(k.weights) }

// Shares returns n, the number of shares.
func (k *PublicKey) Shares() int { return len(k.shares) }

// Weight returns how many shares a validator holds, 0 for an unknown one.
func (k *PublicKey) Weight(validator uint16) int {
	if int(validator) >= len(k.weights) {
		return 0
	}
	return int(k.weights[validator])
}

// Weights returns how many shares each validator holds.
func (k *PublicKey) Weights() []uint16 { return slices.Clone(k.weights) }

// Key returns the element under which signatures verify.
func (k *PublicKey) Key() Element { return k.key }

// Share returns the public counterpart of the share with an index of 1 to n.
func (k *PublicKey) Share(index uint16) Element { return k.shares[index-1] }

// Indices returns the indices of the shares of a validator, none for an
// unknown one.
func (k *PublicKey) Indices(validator uint16) []uint16 {
	indices := make([]uint16, k.Weight(validator))
	for i := range indices {
		indices[i] = k.first[validator] + uint16(i)
	}
	return indices
}

// Encode writes group, threshold, weights, key and shares.
func (k *PublicKey) Encode(w *wire.Writer) {
	w.String(k.group.Name())
	w.Uint16(k.threshold)
	w.Count(len(k.weights))
	for _, weight := range k.weights {
		w.Uint16(weight)
	}
	w.Fixed(k.key.Bytes())
	for _, share := range k.shares {
		w.Fixed(share.Bytes())
	}
}

// Bytes returns the encoding that DecodePublicKey reads.
func (k *PublicKey) Bytes() []byte { return wire.Marshal(k) }

// DecodePublicKey reads a key of the given group. Everything that NewPublicKey
// refuses is refused, as is every encoding but the one of Encode.
func DecodePublicKey(group Group, data []byte) (*PublicKey, error) {
	r := wire.NewReader(data)
	r.Check(r.String(len(group.Name())) == group.Name(), "group")
	threshold := r.Uint16()
	weights := make([]uint16, r.Count(MaxShares, 2))
	total := 0
	for i := range weights {
		weights[i] = r.Uint16()
		total += int(weights[i])
	}
	size := group.ElementSize()
	if r.Err() == nil && r.Remaining() != size*(total+1) {
		r.Check(false, "number of public shares")
	}
	if err := r.Err(); err != nil {
		return nil, fmt.Errorf("frost: decode public key: %w", err)
	}
	elements := make([]Element, total+1)
	encoded, identity := make([]byte, size), group.NewElement().Bytes()
	for i := range elements {
		r.Fixed(encoded)
		if i > 0 && bytes.Equal(encoded, identity) {
			elements[i] = group.NewElement()
			continue
		}
		var err error
		if elements[i], err = group.DecodeElement(encoded); err != nil {
			return nil, fmt.Errorf("frost: decode public key: element %d: %w", i, err)
		}
	}
	if err := r.Done(); err != nil {
		return nil, fmt.Errorf("frost: decode public key: %w", err)
	}
	key, err := NewPublicKey(group, threshold, weights, elements[0], elements[1:])
	if err != nil {
		return nil, fmt.Errorf("frost: decode public key: %w", err)
	}
	return key, nil
}
