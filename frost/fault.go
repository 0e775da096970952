package frost

import (
	"errors"
	"fmt"
	"strings"
)

// A Fault is provable misbehaviour of one validator: everybody who has the same
// session and the same bytes finds it.
type Fault struct {
	Validator uint16 // its number, from 0
	Err       error  // what is wrong
}

// Error implements error.
func (f *Fault) Error() string {
	return fmt.Sprintf("frost: validator %d: %v", f.Validator, f.Err)
}

// Unwrap returns what is wrong.
func (f *Fault) Unwrap() error { return f.Err }

// Faults are the faults that kept a session from completing, in order of the
// validators.
type Faults []*Fault

// Error implements error.
func (f Faults) Error() string {
	texts := make([]string, len(f))
	for i, fault := range f {
		texts[i] = fault.Error()
	}
	return strings.Join(texts, "; ")
}

// Unwrap returns the faults.
func (f Faults) Unwrap() []error {
	errs := make([]error, len(f))
	for i, fault := range f {
		errs[i] = fault
	}
	return errs
}

// What a Fault wraps.
var (
	// ErrCommitment reports a commitment of the wrong length or with an element
	// that is not canonical, not on the curve or the identity.
	ErrCommitment = errors.New("malformed commitment")
	// ErrAnswer reports a signature share of the wrong length or with a scalar
	// that is not canonical.
	ErrAnswer = errors.New("malformed signature share")
	// ErrEquation reports a signature share that does not satisfy its equation.
	ErrEquation = errors.New("signature share does not verify")
)

// Errors of sessions that are nobody's misbehaviour.
var (
	// ErrMembers reports a list of members that is not a signing set.
	ErrMembers = errors.New("frost: members are not a signing set")
	// ErrWork reports work that no session can do: none, too much, or algorithms
	// that do not fit the key.
	ErrWork = errors.New("frost: impossible work")
	// ErrNotMember reports a validator that is not in the session.
	ErrNotMember = errors.New("frost: validator is not in the session")
	// ErrNonces reports nonces that are spent, or that are not those the
	// session has a commitment to.
	ErrNonces = errors.New("frost: nonces are not those of the session")
	// ErrOwnShare reports that the share this process made does not verify: a
	// fault of memory or processor, or wrong key data. The share is withheld.
	ErrOwnShare = errors.New("frost: own signature share does not verify")
	// ErrInconsistent reports that all shares verify and the signature does
	// not. Key data must be inconsistent; the key is to be halted.
	ErrInconsistent = errors.New("frost: valid shares make an invalid signature")
)
