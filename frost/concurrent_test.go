package frost_test

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// Whoever was handed a coefficient goes on reading it while others ask for more.
func TestCoefficientsOfASetStay(t *testing.T) {
	forKinds(t, func(t *testing.T, k kind) {
		s := newSigning(t, k, 3, []uint16{1, 2, 1}, []uint16{0, 1, 2}, "message")
		some := s.session.Lambda(1, 2)
		before := [2]any{some[0], some[1]}
		all := s.session.Lambda(0, 4)
		for i := range before {
			require.Same(t, before[i], some[i])
			require.Same(t, before[i], all[1+i])
		}
	})
}

// Sessions and keys serve any number of goroutines: the race detector looks on.
func TestSessionsAreSafeForConcurrentUse(t *testing.T) {
	forKinds(t, func(t *testing.T, k kind) {
		s := newSigning(t, k, 4, []uint16{1, 2, 1, 1}, []uint16{0, 1, 2}, "first", "second")
		shares := make([][]byte, len(s.members))
		s.key.Forget()
		var signers sync.WaitGroup
		for i, m := range s.members {
			signers.Go(func() {
				var err error
				if shares[i], err = s.session.Sign(s.shares[m.Validator], s.nonces[m.Validator]); err != nil {
					t.Error(err)
				}
			})
			signers.Go(func() { s.session.VerifyAll([][]byte{s.members[0].Commitment, nil, nil}) })
		}
		signers.Wait()
		var others sync.WaitGroup
		for i, m := range s.members {
			others.Go(func() {
				if err := s.session.Verify(m.Validator, shares[i]); err != nil {
					t.Error(err)
				}
			})
			others.Go(func() {
				if _, err := s.session.Aggregate(shares); err != nil {
					t.Error(err)
				}
			})
			others.Go(func() {
				if faults := s.session.VerifyAll(shares); faults != nil {
					t.Error(faults)
				}
			})
		}
		others.Wait()
	})
}
