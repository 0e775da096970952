package processor

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/storage"
)

// Key generation reads an entry before any other lane does: they take keys from
// it.
func TestNoLaneOvertakesKeyGeneration(t *testing.T) {
	l := newLog()
	free := func(of lane) bool { _, free := l.where(of); return free }
	for position := range uint64(3) {
		require.True(t, free(keygenLane))
		require.False(t, free(batchLane))
		require.False(t, free(settleLane))
		l.pass(keygenLane, position, position%2 == 0)
		require.True(t, free(batchLane))
		require.True(t, free(settleLane))
		l.pass(batchLane, position, false)
		l.pass(settleLane, position, false)
	}
}

// The digest tells any two histories of the scheduler's records apart, and
// nothing else enters it.
func TestTheDigestCoversEveryChange(t *testing.T) {
	type change struct{ key, value string } // without value, a deletion
	digest := func(entries ...[]change) [32]byte {
		s, store := newState(), storage.NewMemory()
		var digest [32]byte
		require.NoError(t, store.Update(t.Context(), func(tx storage.Tx) error {
			for _, changes := range entries {
				traced, err := s.trace(tx)
				require.NoError(t, err)
				for _, c := range changes {
					if c.value == "" {
						require.NoError(t, traced.Delete([]byte(c.key)))
					} else {
						require.NoError(t, traced.Put([]byte(c.key), []byte(c.value)))
					}
				}
				require.NoError(t, s.finish(traced, nil))
			}
			var err error
			digest, err = s.current.Load(tx)
			return err
		}))
		return digest
	}
	one, two := change{"scheduler/a", "1"}, change{"scheduler/b", "2"}
	seen := map[[32]byte]string{}
	for name, d := range map[string][32]byte{
		"nothing":        digest(),
		"one":            digest([]change{one}),
		"another value":  digest([]change{{one.key, "2"}}),
		"another key":    digest([]change{{two.key, "1"}}),
		"cut elsewhere":  digest([]change{{"scheduler/a1", "1"}}),
		"deleted":        digest([]change{one, {one.key, ""}}),
		"both":           digest([]change{one, two}),
		"in other order": digest([]change{two, one}),
		"one by one":     digest([]change{one}, []change{two}),
		"one twice":      digest([]change{one}, []change{one}),
	} {
		require.Empty(t, seen[d], "%s has the digest of another", name)
		seen[d] = name
	}
	require.Equal(t, digest([]change{one}), digest([]change{{"signer/a", "3"}}, []change{one, {"log/b", ""}}))
}
