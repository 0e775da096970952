package frost_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/frost"
)

// The state names every validator once: as committed, idle, held back or removed,
// or as missing in one set.
func TestRoastStateNamesWhoIsWaitedFor(t *testing.T) {
	l := newLog(t, 4, 1, 2, 1, 2, 3)
	require.Equal(t, frost.RoastState{Threshold: 4, Idle: []uint16{0, 1, 2, 3, 4}}, l.r.State())
	l.commit(3, 1)
	l.commit(0, 1)
	require.Equal(t, frost.RoastState{
		Threshold: 4, Committed: []uint16{0, 3}, Weight: 3, Idle: []uint16{1, 2, 4},
	}, l.r.State())
	l.commit(1, 1)
	require.Equal(t, frost.RoastState{
		Threshold: 4, Idle: []uint16{2, 4},
		Sets: []frost.WaitingSet{{Number: 0, Members: []uint16{0, 1, 3}, Missing: []uint16{0, 1, 3}}},
	}, l.r.State())
	l.answer(1, 0, true, nil)
	l.commit(2, 1)
	l.commit(4, 1)
	require.Equal(t, frost.RoastState{
		Threshold: 4, Idle: []uint16{1},
		Sets: []frost.WaitingSet{
			{Number: 0, Members: []uint16{0, 1, 3}, Missing: []uint16{0, 3}},
			{Number: 1, Members: []uint16{2, 4}, Missing: []uint16{2, 4}},
		},
	}, l.r.State())
	l.answer(2, 1, false, nil)
	require.Equal(t, []uint16{2}, l.r.State().Removed)
	require.Equal(t, []uint16{1, 4}, l.r.State().Idle)
	l.answer(0, 0, true, nil)
	l.answer(3, 0, true, nil)
	require.True(t, l.r.Done())
	require.Equal(t, frost.RoastState{Threshold: 4}, l.r.State())
}

func TestRoastStateNamesWhoWaitsForAReattempt(t *testing.T) {
	l := logOf(t, frost.NewRoast(2, []uint16{1, 1, 1}, 0))
	l.commit(0, 1)
	l.commit(1, 1)
	l.commit(0, 2)
	require.Equal(t, []uint16{0}, l.r.State().Held)
	require.Equal(t, []uint16{0, 1}, l.r.State().Sets[0].Missing)
}
