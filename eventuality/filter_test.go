package eventuality

import (
	"crypto/sha256"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTheFilterHasAllOfMany(t *testing.T) {
	var f filter
	named := func(what string, i int) [32]byte { return sha256.Sum256(fmt.Appendf(nil, "%s %d", what, i)) }
	require.False(t, f.has(named("in", 0)))
	const many = 20_000
	for i := range many {
		f.add(named("in", i))
		if i&(i-1) == 0 { // more and more
			for k := range i + 1 {
				require.True(t, f.has(named("in", k)), "%d of %d", k, i)
			}
		}
	}
	for i := range many {
		require.True(t, f.has(named("in", i)))
		require.False(t, f.has(named("out", i)))
	}
	require.LessOrEqual(t, 12*many, 64*len(f.marks), "few others have a mark")
}
