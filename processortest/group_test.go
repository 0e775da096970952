package processortest_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor"
	"github.com/serai-go/processor/processortest"
)

func TestMembersHaveTheNumbersOfTheirSession(t *testing.T) {
	ctx := t.Context()
	g, err := processortest.New(processortest.Options{
		Chain: newMock(), Validators: 5, Members: []int{3, 0, 4}, Weights: []uint16{1, 1, 1}, Threshold: 2,
	})
	require.NoError(t, err)
	generated := make(map[int]bool)
	g.OnEvent = func(validator int, e processor.EventBody) {
		if _, ok := e.(processor.KeyGenerated); ok {
			generated[validator] = true
		}
	}
	g.GenerateKey(0, 0, 3)
	_, err = g.Step(ctx, 3)
	require.NoError(t, err)
	require.Len(t, g.Log, 2)
	require.Zero(t, g.Log[1].(processor.PeerMessage).From, "validator 3 is number 0")
	require.NoError(t, g.Run(ctx))
	require.Equal(t, map[int]bool{0: true, 3: true, 4: true}, generated)

	for _, e := range g.Log {
		m, ok := e.(processor.PeerMessage)
		for validator := range g.Validators {
			view := g.View(validator, e)
			if outside := validator == 1 || validator == 2; ok && outside {
				require.Equal(t, processor.PeerMessage{Session: m.Session, From: m.From}, view)
			} else {
				require.Equal(t, e, view)
			}
		}
	}
}

func TestWhoCannotBeElected(t *testing.T) {
	g, err := processortest.New(processortest.Options{Chain: newMock(), Weights: []uint16{1, 1, 1}, Threshold: 2})
	require.NoError(t, err)
	for name, members := range map[string][]int{
		"nobody of that number": {0, 1, 3},
		"a negative number":     {0, -1, 2},
		"the same twice":        {0, 1, 0},
		"fewer than weights":    {0, 1},
	} {
		require.Error(t, g.Elect(1, members, []uint16{1, 1, 1}, 2), name)
	}
	require.NoError(t, g.Join())
	require.NoError(t, g.Elect(1, []int{0, 1, 3}, []uint16{1, 1, 1}, 2))
	require.ErrorContains(t, g.ConfirmKey(t.Context(), 1), "no key was generated")
	require.ErrorContains(t, g.ConfirmKey(t.Context(), 2), "no session 2")
}

func TestScenariosThatAreNone(t *testing.T) {
	for name, text := range map[string]string{
		"no record":          "validators",
		"no group":           "mine 1\n----",
		"unknown command":    "validators\nfly\n----",
		"not the next":       "validators\njoin 5\n----",
		"no such validator":  "validators\noffline 4\n----",
		"no members":         "validators\nkeygen session=1\n----",
		"no member":          "validators n=5 members=0,1,2,3\ngarble 4\n----",
		"a session's no key": "validators\nkeygen\nconfirm\ndeposit 1 session=1\n----",
		"nothing is signed":  "validators\nack\n----",
	} {
		s, err := processortest.ParseScenario(text)
		if err == nil {
			_, err = (&processortest.Player{NewChain: newMock, NewMonero: newMonero}).Play(t.Context(), s)
		}
		require.Error(t, err, name)
	}
}
