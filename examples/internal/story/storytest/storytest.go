// Package storytest checks how the story ends.
package storytest

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/examples/internal/story"
)

// tell tells the story of a cast.
func tell(t *testing.T, program story.Program, node string, cast story.Cast) *story.Summary {
	s, err := program.Tell(t.Context(), node, cast)
	require.NoError(t, err)
	_, err = json.Marshal(s)
	require.NoError(t, err)
	require.True(t, s.Ledger.Balanced)
	return s
}

// Honest tells it with honest validators.
func Honest(t *testing.T, program story.Program, node string) {
	job(t, program, node, story.AllHonest())
}

func job(t *testing.T, program story.Program, node string, cast story.Cast) *story.Summary {
	s := tell(t, program, node, cast)
	require.Len(t, s.Payments, 3)
	for _, p := range s.Payments {
		require.Equal(t, p.Asked, p.Received+p.Fee)
	}
	require.Len(t, s.Refunds, 1)
	require.Equal(t, 1, s.Restarts)
	require.NotZero(t, s.CatchUp.Blocks)
	return s
}

// Adversaries tells it with faulty validators.
func Adversaries(t *testing.T, program story.Program, node string) {
	cast := story.WithAdversaries()
	s := job(t, program, node, cast)
	require.NotNil(t, s.Adversaries)
	require.Len(t, s.Adversaries.Validators, cast.Members())
	require.Len(t, s.Adversaries.Faulty, 2)
	var weight uint16
	for _, f := range s.Adversaries.Faulty {
		require.True(t, cast.Faulty(f.Number))
		require.NotZero(t, f.Named)
		require.True(t, f.Verified)
		weight += f.Weight
	}
	require.Equal(t, cast.Total(0)-cast.Threshold(), weight, "as much as may be faulty")
	require.NotZero(t, cast.Lies())
}

// Rotate lets three sets of validators take turns, under rules of the network.
func Rotate(t *testing.T, program story.Program, node string, rules coin.Parameters) {
	s := tell(t, program, node, story.InTurns())
	x := s.Rotation
	require.NotNil(t, x)
	require.True(t, x.Audited)
	require.Equal(t, x.Deposited, x.Paid+x.Refunded+x.NetworkFees+x.Held)
	require.Equal(t, s.Ledger.Assets, x.Held)
	require.Zero(t, s.Ledger.Accepted+s.Ledger.Owed+s.Ledger.RefundsDue+s.Ledger.WrittenOff)
	require.Len(t, x.Sessions, 3)
	at := make(map[string][]uint64) // the blocks of a stage, by session
	for i, one := range x.Sessions {
		require.Equal(t, i < 2, one.Retired)
		require.Equal(t, one.Retired, one.Amount == 0)
		for _, stage := range one.Stages {
			at[stage.Stage] = append(at[stage.Stage], stage.Block)
		}
	}
	deep := rules.Confirmations
	known := deep + rules.TenMinutes                             // when all users can know the new key
	for i, activation := range at["active, not reporting yet"] { // of sessions 1 and 2
		require.Equal(t, activation+known, at["active"][i+1])
		require.Equal(t, activation+known, at["handing over change"][i])
		require.Equal(t, activation+known+deep, at["forwarding"][i])
		require.Equal(t, activation+known+deep+rules.Grace, at["finishing"][i])
		require.LessOrEqual(t, activation+known+deep+rules.Grace+rules.Window, at["retired"][i])
	}
	require.Len(t, at["retired"], 2)
	for _, d := range s.Deposits {
		require.Equal(t, d.Data != "", d.Credited > 0)
	}
}

// Payout pays so many people by so many transactions, at less than so much each for
// fees.
func Payout(t *testing.T, program story.Program, node string, people, transactions int, fee uint64) {
	s := tell(t, program, node, story.PayingMany(people))
	x := s.Payout
	require.NotNil(t, x)
	require.Equal(t, people, x.People)
	require.Equal(t, transactions, x.Transactions)
	require.Equal(t, s.Ledger.Assets, x.Kept)
	require.Less(t, x.Asked-x.Received, uint64(people)*fee)
}
