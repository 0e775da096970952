package frost

import (
	"bytes"
	"fmt"
	"slices"
)

// A Gathering takes in the commitments for a session as they arrive and does
// with each what need not wait for the last of them. It is not safe for
// concurrent use.
type Gathering struct {
	key         *PublicKey
	instances   []Instance
	sums        []sums        // per item
	commitments []*Commitment // in ascending order of the validators
}

// sums are those of the nonces of all members for one item, per generator.
type sums struct {
	generators      []Element // G first
	hiding, binding []Element
}

// NewGathering begins a gathering for sessions of this work.
func NewGathering(key *PublicKey, work []Algorithm) (*Gathering, error) {
	instances, err := instantiate(key, work)
	if err != nil {
		return nil, fmt.Errorf("frost: gathering: %w", err)
	}
	g := &Gathering{key: key, instances: instances, sums: make([]sums, len(work))}
	for i, algorithm := range work {
		sum := &g.sums[i]
		sum.generators = append([]Element{key.group.Generator()}, algorithm.Generators()...)
		for range sum.generators {
			sum.hiding = append(sum.hiding, key.group.NewElement())
			sum.binding = append(sum.binding, key.group.NewElement())
		}
	}
	return g, nil
}

// Add takes in a commitment to the gathering's work of a validator that is not
// in it yet.
func (g *Gathering) Add(c *Commitment) error {
	at, found := slices.BinarySearchFunc(g.commitments, c.validator, func(c *Commitment, v uint16) int {
		return int(c.validator) - int(v)
	})
	if found {
		return fmt.Errorf("frost: gathering: %w: validator %d is in it", ErrMembers, c.validator)
	}
	if len(c.items) != len(g.sums) {
		return fmt.Errorf("frost: gathering: %w: commitment of validator %d is to other work", ErrWork, c.validator)
	}
	for i := range c.items {
		if len(c.items[i].hiding) != len(g.sums[i].generators) || len(c.items[i].images) != g.key.Weight(c.validator) {
			return fmt.Errorf("frost: gathering: %w: commitment of validator %d is to other work", ErrWork, c.validator)
		}
	}
	for i := range c.items {
		sum := &g.sums[i]
		for k := range sum.generators {
			sum.hiding[k].Add(sum.hiding[k], c.items[i].hiding[k])
			sum.binding[k].Add(sum.binding[k], c.items[i].binding[k])
		}
	}
	g.commitments = slices.Insert(g.commitments, at, c)
	return nil
}

// Is reports whether exactly these members are gathered.
func (g *Gathering) Is(members []Member) bool {
	return slices.EqualFunc(g.commitments, members, func(c *Commitment, m Member) bool {
		return c.validator == m.Validator && bytes.Equal(c.encoded, m.Commitment)
	})
}
