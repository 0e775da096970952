package main

import "fmt"

// cast is who plays in the story.
type cast struct {
	weights   []uint16 // of the validators
	threshold uint16   // the weight of those who can sign together
	// absent is the validator that is away while the payments are signed, so
	// that all honest others are needed, and victim the one that is killed
	// then.
	absent, victim int
	// adversaries are the faulty validators, nil if all are honest.
	adversaries *adversaries
}

// allHonest is a group of four equal validators.
func allHonest() cast {
	return cast{weights: []uint16{1, 1, 1, 1}, threshold: 3, absent: 0, victim: 2}
}

// withAdversaries is a group whose faulty validators weigh as much as they may.
func withAdversaries() cast {
	c := cast{weights: []uint16{3, 1, 2, 1, 2, 1, 1}, absent: 6, victim: 2}
	c.threshold = 2*c.total()/3 + 1
	c.adversaries = newAdversaries(6, 4, 2)
	return c
}

// total is the weight of all validators.
func (c cast) total() (sum uint16) {
	for _, w := range c.weights {
		sum += w
	}
	return sum
}

func (c cast) String() string {
	if c.adversaries == nil {
		return fmt.Sprintf("%d validators run, any %d of them can sign", len(c.weights), c.threshold)
	}
	return fmt.Sprintf("%d validators of weights %v run, those of weight %d of %d can sign",
		len(c.weights), c.weights, c.threshold, c.total())
}
