package story

import "fmt"

// Cast is who plays in the story.
type Cast struct {
	weights   []uint16 // of the validators
	threshold uint16   // the weight of those who can sign together
	// sets are the validators of one session after the other. All of the first
	// are there from the beginning, others come when they are elected.
	sets [][]int
	// absent is the validator that is away while the payments are signed, so
	// that all honest others are needed, and victim the one that is killed
	// then.
	absent, victim int
	// adversaries are the faulty validators, nil if all are honest.
	adversaries *adversaries
	// people is how many are paid at once, 0 if the story is another.
	people int
}

// AllHonest is a group of four equal validators.
func AllHonest() Cast {
	return Cast{weights: []uint16{1, 1, 1, 1}, threshold: 3, sets: [][]int{{0, 1, 2, 3}}, absent: 0, victim: 2}
}

// WithAdversaries is a group whose faulty validators weigh as much as they may.
func WithAdversaries() Cast {
	c := Cast{weights: []uint16{3, 1, 2, 1, 2, 1, 1}, sets: [][]int{{0, 1, 2, 3, 4, 5, 6}}, absent: 6, victim: 2}
	c.threshold = 2*c.Total(0)/3 + 1
	c.adversaries = newAdversaries(6, 4, 2)
	return c
}

// InTurns are three sets of validators, of which each has some that the one
// before it does not have, and the last one has one who was there in the first.
func InTurns() Cast {
	return Cast{
		weights: []uint16{1, 1, 1, 1, 1, 1, 1}, threshold: 3,
		sets: [][]int{{0, 1, 2, 3}, {2, 3, 4, 5}, {4, 5, 6, 0}},
	}
}

// PayingMany are four equal validators who pay many people at once.
func PayingMany(people int) Cast {
	c := AllHonest()
	c.people = people
	return c
}

// rotates tells whether one set takes over from another.
func (c Cast) rotates() bool { return len(c.sets) > 1 }

// Total is the weight of all validators of a session.
func (c Cast) Total(session uint64) (sum uint16) {
	for _, who := range c.sets[session] {
		sum += c.weights[who]
	}
	return sum
}

// Members returns how many validators there are.
func (c Cast) Members() int { return len(c.weights) }

// Threshold returns the weight of those who can sign together.
func (c Cast) Threshold() uint16 { return c.threshold }

// Faulty tells whether a validator is faulty.
func (c Cast) Faulty(who int) bool { return c.adversaries != nil && c.adversaries.faulty(who) }

// Lies returns how many wrong shares were sent.
func (c Cast) Lies() int {
	if c.adversaries == nil {
		return 0
	}
	c.adversaries.mu.Lock()
	defer c.adversaries.mu.Unlock()
	return c.adversaries.lies
}

func (c Cast) String() string {
	if c.adversaries == nil {
		return fmt.Sprintf("%d validators run, any %d of them can sign", len(c.sets[0]), c.threshold)
	}
	return fmt.Sprintf("%d validators of weights %v run, those of weight %d of %d can sign",
		len(c.weights), c.weights, c.threshold, c.Total(0))
}
