package signer

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/frost"
	"github.com/serai-go/processor/frost/ed25519"
)

// Those who sign and those who read the log ask for the work of a sign ID at once, of
// which one may know another digest.
func TestWorkIsRememberedForSeveral(t *testing.T) {
	m := newMemory(1000)
	var group sync.WaitGroup
	for n := range byte(4) {
		group.Go(func() {
			for range 200 {
				_, err := m.work(PlanID(0, [32]byte{1}), [32]byte{n % 2}, func() ([]frost.Algorithm, error) {
					return []frost.Algorithm{ed25519.NewSchnorr([]byte{n % 2})}, nil
				})
				require.NoError(t, err)
			}
		})
	}
	group.Wait()
}
