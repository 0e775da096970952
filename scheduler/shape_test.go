package scheduler

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/serai-go/processor/coin"
)

// levels is how many transactions lie between what the group has and each
// of n payments, at most.
func levels(n, room, most int) int {
	depth := 1
	for ; n > room; depth++ {
		room *= most
	}
	return depth
}

func TestPaymentsAreSpreadOverAsFewLevelsAndBranchesAsPossible(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		most := rapid.IntRange(3, 12).Draw(t, "most")
		room := rapid.IntRange(1, most).Draw(t, "room")
		n := rapid.OneOf(rapid.IntRange(1, 30), rapid.IntRange(1, 5000)).Draw(t, "payments")
		direct, branches := spread(n, room, most)
		depth := levels(n, room, most)
		can := room // be paid by so many levels
		below := 1
		for range depth - 1 {
			can, below = can*most, below*most
		}
		require.GreaterOrEqual(t, can, n)
		require.True(t, depth == 1 || can/most < n, "a level fewer would do")
		require.LessOrEqual(t, direct+len(branches), room)
		all := direct
		for _, size := range branches {
			all += size
			require.LessOrEqual(t, size, below, "a branch is deeper than need be")
			require.LessOrEqual(t, branches[0]-size, 1, "balanced")
			require.GreaterOrEqual(t, size, 2, "a branch for one payment")
		}
		require.Equal(t, n, all)
		if fewer := len(branches) - 1; fewer >= 0 {
			require.Less(t, room-fewer+fewer*below, n, "a branch fewer would do")
		}
	})
}

func TestTheLimitOfOutputsIsExact(t *testing.T) {
	for n, depth := range map[int]int{1: 1, 4: 1, 5: 2, 20: 2, 21: 3, 100: 3, 101: 4} {
		require.Equal(t, depth, levels(n, 4, 5), "%d payments beside change", n)
	}
	direct, branches := spread(4, 4, 5)
	require.Equal(t, 4, direct)
	require.Empty(t, branches)
	direct, branches = spread(5, 4, 5)
	require.Equal(t, 3, direct)
	require.Equal(t, []int{2}, branches)
	direct, branches = spread(21, 4, 5)
	require.Equal(t, 3, direct)
	require.Equal(t, []int{18}, branches)
}

func TestWhatNothingCanLiftPaysTwiceTheRateUpToTheCap(t *testing.T) {
	for _, test := range []struct{ rate, limit, want uint64 }{
		{0, 100, 0}, {10, 100, 20}, {50, 100, 100}, {51, 100, 100}, {100, 100, 100}, {101, 100, 101},
		{math.MaxUint64, math.MaxUint64, math.MaxUint64},
	} {
		require.Equal(t, test.want, unlifted(test.rate, coin.Parameters{FeeCap: test.limit}))
	}
}
