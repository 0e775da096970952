package scheduler

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/internal/wire"
)

// fuzz checks that what decodes has exactly one encoding.
func fuzz[T any, P wire.Decoder[T]](f *testing.F, seeds ...T) {
	f.Add([]byte(nil))
	for i := range seeds {
		data := wire.Marshal(P(&seeds[i]))
		f.Add(data)
		f.Add(data[:len(data)-1])
		f.Add(append(data[:len(data):len(data)], 0))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		v, err := wire.Unmarshal[T, P](data)
		if err != nil {
			require.True(t, errors.Is(err, wire.ErrShort) || errors.Is(err, wire.ErrTrailing) ||
				errors.Is(err, wire.ErrLimit) || errors.Is(err, wire.ErrValue), "%v", err)
			require.Zero(t, v)
			return
		}
		require.Equal(t, data, wire.Marshal(P(&v)))
	})
}

func FuzzBalance(f *testing.F) {
	fuzz[Balance](f, Balance{}, amount(1), Balance{}.Sub(1), Balance{high: 1})
}

func FuzzLedger(f *testing.F) {
	fuzz[Ledger](f, Ledger{}, Ledger{Assets: amount(5), Credited: Balance{}.Sub(3), Owed: amount(8), Recover: amount(2)})
}

func FuzzReturning(f *testing.F) {
	fuzz[returning](f, returning{}, returning{Merges: 2, Merged: amount(786), Change: amount(50)})
}

func FuzzPool(f *testing.F) {
	fuzz[pool](f, pool{}, pool{Available: 7, Plans: 3, Returning: returning{Merges: 2, Merged: amount(786), Change: amount(50)}})
}

func FuzzArrival(f *testing.F) {
	fuzz[arrival](f, arrival{}, arrival{coin.Arrival{Deposit: coin.OutputID{Transaction: coin.TransactionID{1}, Index: 2}, Amount: 3}})
}

func FuzzQueued(f *testing.F) {
	fuzz[queued](f, queued{}, queued{Payment: pay(1, 2)},
		queued{Payment: pay(1, 2), Refund: true, Waits: beyondLimit, Poor: true, Since: 77}, queued{Waits: beyondHold + 1})
}

func FuzzPlanned(f *testing.F) {
	plan := coin.Plan{
		Key:      coin.Key{Session: 3, Key: []byte{7}},
		Inputs:   []coin.Output{{Session: 3, Amount: 100, Spend: []byte{1}}},
		Payments: []coin.PlannedPayment{{Payment: pay(1, 50), Paid: 45}, {Payment: pay(2, 50), Paid: 45}},
		Own:      []coin.OwnOutput{{Kind: coin.Change, Session: 3, Address: "own", Amount: 10}},
		Fee:      5, Reference: 9,
	}
	fuzz[planned](f, planned{Purpose: moving}, planned{Plan: plan, Purpose: paying, Place: 4, Payments: []origin{{3, false}, {4, true}}, Family: coin.PlanID{5}},
		planned{Purpose: bumping + 1}, planned{Purpose: forwarding, Claims: []claim{{coin.OutputID{Index: 1}, 2}}}, planned{Purpose: forwarding})
}

func FuzzMissing(f *testing.F) {
	fuzz[missing](f, missing{Absence: absentFree}, missing{Absence: absentOwn, Session: 1, Credit: 2, Told: true, Maker: branchKey{coin.PlanID{3}, 4}})
}

func FuzzNode(f *testing.F) {
	fuzz[node](f, node{}, node{Session: 1, Amount: 2, Runs: []run{{3, 4}, {5, 7}}},
		node{Session: 1, Runs: []run{{4, 4}}}, node{Funded: true, Number: 8, Output: coin.Output{Amount: 2, Kind: coin.Branch}})
}

func FuzzFamily(f *testing.F) {
	fuzz[family](f, family{}, family{Replaced: 1, Versions: []version{{Plan: coin.PlanID{1}}, {Plan: coin.PlanID{2}, Drop: []coin.PaymentID{{3}}}}})
}

func FuzzFate(f *testing.F) {
	fuzz[fate](f, fate{Stage: PaymentQueued}, fate{Stage: PaymentPlanned, ID: [32]byte{2}, Since: 3}, fate{})
}

func FuzzOutflow(f *testing.F) {
	fuzz[outflow](f, outflow{}, outflow{Window: 1, Amount: 2})
}

func FuzzLimits(f *testing.F) {
	fuzz[limits](f, limits{}, limits{Window: 1, Outflow: 2, Payee: 3})
}

func FuzzResting(f *testing.F) {
	fuzz[resting](f, resting{}, resting{Output: coin.Output{Amount: 1}, End: end{2, 3}, Claims: []claim{{coin.OutputID{Index: 4}, 5}}})
}

func FuzzPassing(f *testing.F) {
	fuzz[passing](f, passing{}, passing{Output: coin.Output{Amount: 1}, Claims: []claim{{coin.OutputID{Index: 4}, 5}}})
}
