package processor_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor"
	"github.com/serai-go/processor/frost/dkg"
	"github.com/serai-go/processor/internal/wire"
	"github.com/serai-go/processor/processortest"
)

// TestBadDealerIsConvictedAndLeftOut: two validators complain, everybody
// convicts the dealer, and the others make a key that signs.
func TestBadDealerIsConvictedAndLeftOut(t *testing.T) {
	g := newGroup(t, 3, 1, 1, 1, 1)
	g.DealBadly(0, 1, 3)
	convicted, complaining := map[int]int{}, map[int]bool{}
	g.OnEvent = func(i int, e processor.EventBody) {
		switch e := e.(type) {
		case processor.InvalidParticipant:
			require.Equal(t, uint16(0), e.Who, e.Reason)
			require.NotEmpty(t, e.Evidence)
			convicted[i]++
		case processor.Condition:
			require.Contains(t, e.Text, "bad shares from participants [0]")
			complaining[i] = true
		case processor.KeyGenerated:
			require.Equal(t, uint16(3), e.OKWeight)
		case processor.KeyGenFailed:
			t.Fatal("failed")
		}
	}
	g.GenerateKey(0, 0, 4)
	require.NoError(t, g.Run(t.Context()))
	require.Equal(t, map[int]int{0: 1, 1: 1, 2: 1, 3: 1}, convicted)
	require.Equal(t, map[int]bool{1: true, 3: true}, complaining)
	require.NoError(t, g.ConfirmKey(t.Context(), 0))
	mine(t, g, 2)
	require.NotZero(t, g.Acknowledged, "the key signs no batch")

	_, err := g.Digests(t.Context())
	require.NoError(t, err)
}

// TestLaterRoundsClose: the rounds that follow complaints are closed by their
// numbers like the first.
func TestLaterRoundsClose(t *testing.T) {
	g := newGroup(t, 3, 1, 1, 1, 1)
	g.DealBadly(0, 1)
	var failed []processor.KeyGenFailed
	g.OnEvent = func(i int, e processor.EventBody) {
		if e, ok := e.(processor.KeyGenFailed); ok {
			failed = append(failed, e)
		}
	}
	g.GenerateKey(0, 0, 4)
	for i := range 4 { // they deal, but validator 3 will not respond
		_, err := g.Step(t.Context(), i)
		require.NoError(t, err)
	}
	g.Validators[3].Offline = true
	require.NoError(t, g.Run(t.Context()))
	g.Append(processor.CloseRound{Round: 2})
	require.NoError(t, g.Run(t.Context()))
	require.Empty(t, failed)
	g.Append(processor.CloseRound{Round: 3})
	require.NoError(t, g.Run(t.Context()))
	require.Len(t, failed, 3)
	require.Equal(t, processor.KeyGenFailed{Faulty: []uint16{0}, Silent: []uint16{3}}, failed[0])
}

// TestEmptyItemIsNotWithheld: a message with an empty item names its sender
// everywhere, and leaves no validator without an opinion.
func TestEmptyItemIsNotWithheld(t *testing.T) {
	g := newGroup(t, 2, 1, 1, 1)
	named, generated := 0, 0
	g.OnEvent = func(_ int, e processor.EventBody) {
		switch e := e.(type) {
		case processor.InvalidParticipant:
			require.Equal(t, uint16(1), e.Who)
			named++
		case processor.KeyGenerated:
			generated++
		}
	}
	e := processor.GenerateKey{Threshold: 2, MinOK: 2} // among the first two
	for i := range 2 {
		e.Participants = append(e.Participants, dkg.Participant{Key: processortest.Identity(i).Public(), Weight: 1})
	}
	g.Append(e)
	var payload wire.Writer
	payload.Count(1)
	payload.Bool(true)
	payload.Bytes(nil)
	g.Append(processor.PeerMessage{From: 1, Payload: payload.Data()})
	require.NoError(t, g.Run(t.Context()))
	require.Equal(t, 3, named)
	require.Equal(t, 3, generated, "the one that looks on has no opinion")
}
