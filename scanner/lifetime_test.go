package scanner

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/serai-go/processor/coin"
)

// TestStagesBegin looks at each stage's first block, the one before it and
// the one behind.
func TestStagesBegin(t *testing.T) {
	numbers := rapid.Uint64Range(1, 1<<32)
	small := rapid.Uint64Range(1, 9)
	rapid.Check(t, func(t *rapid.T) {
		from := rapid.OneOf(small, numbers)
		p := coin.Parameters{
			Confirmations: from.Draw(t, "C"), TenMinutes: from.Draw(t, "T"), Grace: from.Draw(t, "G"),
		}
		c, ten, grace := p.Confirmations, p.TenMinutes, p.Grace
		a := from.Draw(t, "A")
		next := a + c + ten + from.Draw(t, "reporting for")
		finishing := next + 2*c + ten + grace
		retirement := finishing + rapid.Uint64Max(9).Draw(t, "finishing for")
		first := rapid.Bool().Draw(t, "first")

		l := Lifetime{Activation: a, First: first, Successor: &next, Retirement: &retirement}
		type edge struct {
			stage Stage
			from  uint64
		}
		edges := []edge{
			{Confirmed, 0}, {Holding, a}, {Reporting, a + c + ten}, {HandingOver, next + c + ten},
			{Forwarding, next + 2*c + ten}, {Finishing, finishing}, {Retired, retirement},
		}
		if first {
			edges = []edge{edges[0], {Reporting, a}, edges[3], edges[4], edges[5], edges[6]}
		}
		at := func(n uint64) (stage Stage) {
			for _, e := range edges {
				if n >= e.from {
					stage = e.stage
				}
			}
			return stage
		}
		for _, e := range edges {
			for _, n := range []uint64{max(e.from, 1) - 1, e.from, e.from + 1} {
				require.Equal(t, at(n), StageAt(p, n, l), "block %d of %+v", n, edges)
			}
		}
		require.Equal(t, Retired, StageAt(p, math.MaxUint64, l))

		// Without a successor a key reports for ever.
		l.Successor, l.Retirement = nil, nil
		require.Equal(t, Reporting, StageAt(p, math.MaxUint64, l))
		// One that is still far away changes nothing, and no sum overflows.
		far := uint64(math.MaxUint64)
		l.Successor = &far
		require.Equal(t, Reporting, StageAt(p, math.MaxUint64, l))
		l.Activation, l.First = far, false
		require.Equal(t, Holding, StageAt(p, far, l))
		require.Equal(t, Confirmed, StageAt(p, far-1, l))
	})
}

func TestStageNames(t *testing.T) {
	var names []string
	for s := range Retired + 2 {
		names = append(names, s.String())
	}
	require.Equal(t, []string{
		"confirmed", "active, not reporting yet", "active", "handing over change", "forwarding", "finishing", "retired", "stage 7",
	}, names)
}
