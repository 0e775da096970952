package coin

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// ErrDisagreement is wrapped, by a *Disagreement, when nodes of one network
// have different blocks where there should be but one.
var ErrDisagreement = errors.New("coin: nodes disagree")

// Answer is the header that a node gave.
type Answer struct {
	// Node is the node's name.
	Node string
	// Header is what it says its best chain has.
	Header Header
}

// Disagreement reports that the nodes of a coin give different headers for
// the block of a number, and that no majority of them settles it. It wraps
// ErrDisagreement, and ErrTransient: it is over once they agree again.
type Disagreement struct {
	// Number is the block's.
	Number uint64
	// Answers are those of all nodes that gave one, in the order of the nodes.
	Answers []Answer
}

func (e *Disagreement) Error() string {
	var list []string
	for _, a := range e.Answers {
		list = append(list, fmt.Sprintf("%s has %s on top of %s", a.Node, a.Header.ID, a.Header.Parent))
	}
	return fmt.Sprintf("%s about block %d: %s", ErrDisagreement, e.Number, strings.Join(list, ", "))
}

// Unwrap returns what the disagreement counts as.
func (e *Disagreement) Unwrap() []error { return []error{ErrDisagreement, ErrTransient} }

// Same tells whether both are about the same headers, whoever gave them.
func (e *Disagreement) Same(other *Disagreement) bool {
	return e.Number == other.Number && e.within(other) && other.within(e)
}

func (e *Disagreement) within(other *Disagreement) bool {
	for _, a := range e.Answers {
		if !slices.ContainsFunc(other.Answers, func(b Answer) bool { return a.Header == b.Header }) {
			return false
		}
	}
	return true
}

// Watched is implemented by a coin that has several nodes and knows how each
// is doing.
type Watched interface {
	// Health returns how each node is doing, in the order of the nodes.
	Health() []NodeHealth
}

// NodeHealth is how one of a coin's nodes is doing.
type NodeHealth struct {
	// Name is the node's.
	Name string
	// State is what is made of what it says.
	State NodeState
	// Tip is the newest block that it said it has, 0 if it said nothing yet.
	Tip uint64
	// Failures counts the answers in a row that it owed or that were wrong.
	Failures int
	// LastError is what was wrong with the last of these, for people.
	LastError string
}

// NodeState is how far a node is relied on.
type NodeState uint8

// States of nodes.
const (
	// NodeWell: it answers, and nothing speaks against what it says.
	NodeWell NodeState = iota
	// NodeBehind: its chain ends before that of the others, or before where it
	// once did.
	NodeBehind
	// NodeFailing: it does not answer, or with data that is none. It is asked
	// less often.
	NodeFailing
	// NodeDisagrees: it and another node gave different headers, and it is open
	// who is right.
	NodeDisagrees
	// NodeDistrusted: it contradicted itself or the majority. Nothing it says
	// counts before it agrees with another node.
	NodeDistrusted
)

func (s NodeState) String() string {
	switch s {
	case NodeWell:
		return "well"
	case NodeBehind:
		return "behind"
	case NodeFailing:
		return "failing"
	case NodeDisagrees:
		return "disagrees"
	case NodeDistrusted:
		return "distrusted"
	}
	return "unknown"
}
