package scanner

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/batch"
	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/internal/wire"
)

// roundTrip requires that what decodes encodes to the same bytes.
func roundTrip[T any, P wire.Decoder[T]](t *testing.T, data []byte) {
	v, err := wire.Unmarshal[T, P](data)
	if err == nil {
		require.Equal(t, data, wire.Marshal(P(&v)))
	}
}

func FuzzKey(f *testing.F) {
	f.Add(wire.Marshal(Key{}))
	f.Add(wire.Marshal(Key{
		Session: 1, BatchKey: [32]byte{2}, NetworkKey: networkKey, Start: Start{ByTime: true, At: 3}, First: true, Waiting: true,
		Activation: 4, Active: true, Retirement: 5, Retiring: true, Abandoned: true, Watched: true, Early: true, Over: true,
	}))
	f.Fuzz(func(t *testing.T, data []byte) { roundTrip[Key](t, data) })
}

func FuzzFrontier(f *testing.F) {
	f.Add(wire.Marshal(Frontier{}))
	f.Add(wire.Marshal(Frontier{Index: 1, Scan: 2, Settle: 3, Started: true, Active: true, Acknowledged: 4}))
	f.Fuzz(func(t *testing.T, data []byte) { roundTrip[Frontier](t, data) })
}

func FuzzResolution(f *testing.F) {
	f.Add(wire.Marshal(Resolution{}))
	f.Add(wire.Marshal(Resolution{
		Header:      coin.Header{Number: 1, ID: blockID(1), Parent: blockID(0), Time: 2},
		Completions: []coin.Completion{{Plan: coin.PlanID{3}, Transaction: coin.TransactionID{4}}},
		Unexplained: []Foreign{{Session: 3, Output: coin.OutputID{Index: 5}, Transaction: coin.TransactionID{6}}},
	}))
	f.Fuzz(func(t *testing.T, data []byte) { roundTrip[Resolution](t, data) })
}

func FuzzBuffer(f *testing.F) {
	change := coin.Output{Kind: coin.Change, Amount: 9, Spend: []byte("spend")}
	f.Add(wire.Marshal(buffer{}))
	f.Add(wire.Marshal(buffer{Internal: []coin.Output{change, {}}, Deposits: []coin.Deposit{{Output: deposit(9, "data"), Fate: coin.Reported}},
		Late:   []lateReport{{coin.Late{Deposit: coin.OutputID{Index: 1}, Origin: "origin", Credit: 3, Amount: 2, Fate: coin.Refunded}}},
		Unheld: []late{{Session: 1, Credit: 3, Amount: 3}}}))
	f.Fuzz(func(t *testing.T, data []byte) { roundTrip[buffer](t, data) })
}

func FuzzReports(f *testing.F) {
	f.Add(wire.Marshal(reports{Batches: 1, Notable: 2}))
	f.Fuzz(func(t *testing.T, data []byte) { roundTrip[reports](t, data) })
}

func FuzzReport(f *testing.F) {
	f.Add(wire.Marshal(report{Session: 1, Last: true, Batch: batch.Batch{
		ID: 2, Number: 3, Block: [32]byte{4}, Instructions: []batch.Instruction{{Origin: "origin", Amount: 5, Data: []byte("data")}},
	}}))
	f.Fuzz(func(t *testing.T, data []byte) { roundTrip[report](t, data) })
}

func FuzzLate(f *testing.F) {
	f.Add(wire.Marshal(late{}))
	f.Add(wire.Marshal(late{
		Session: 1, Block: 2, Position: 3, Deposit: coin.OutputID{Index: 4}, Origin: "origin", Data: []byte("data"), Credit: 6, Amount: 5,
	}))
	f.Fuzz(func(t *testing.T, data []byte) { roundTrip[late](t, data) })
}

func FuzzLateReport(f *testing.F) {
	f.Add(wire.Marshal(lateReport{coin.Late{Fate: coin.Reported}}))
	f.Add(wire.Marshal(lateReport{coin.Late{Deposit: coin.OutputID{Index: 1}, Origin: "origin", Credit: 3, Amount: 2, Fate: coin.Accumulated}}))
	f.Fuzz(func(t *testing.T, data []byte) { roundTrip[lateReport](t, data) })
}

func FuzzRules(f *testing.F) {
	f.Add(wire.Marshal(rules{Version: 1, Content: []byte("content")}))
	f.Fuzz(func(t *testing.T, data []byte) { roundTrip[rules](t, data) })
}

func FuzzRewind(f *testing.F) {
	f.Add(wire.Marshal(Rewind{Number: 1, Fork: 2, Block: blockID(2), Next: blockID(3)}))
	f.Fuzz(func(t *testing.T, data []byte) { roundTrip[Rewind](t, data) })
}

func FuzzVoided(f *testing.F) {
	f.Add(wire.Marshal(voided{Session: 1, Credit: 2}))
	f.Fuzz(func(t *testing.T, data []byte) { roundTrip[voided](t, data) })
}

func FuzzSettledBlock(f *testing.F) {
	f.Add(wire.Marshal(settledBlock{}))
	f.Add(wire.Marshal(settledBlock{SettledBlock: coin.SettledBlock{
		Number: 1, Deposits: []coin.Deposit{{Output: deposit(9, "data"), Fate: coin.Returned}},
		Internal:    []coin.Output{{Kind: coin.Change, Amount: 9}},
		Completions: []coin.Completion{{Plan: coin.PlanID{3}, Transaction: coin.TransactionID{4}}},
	}}))
	f.Fuzz(func(t *testing.T, data []byte) { roundTrip[settledBlock](t, data) })
}

func FuzzTwins(f *testing.F) {
	f.Add(wire.Marshal(twins{Output: coin.Output{Amount: 9}, Until: 5, Credited: 8}))
	f.Add(wire.Marshal(twins{Fixed: true}))
	f.Fuzz(func(t *testing.T, data []byte) { roundTrip[twins](t, data) })
}

func FuzzLost(f *testing.F) {
	f.Add(wire.Marshal(lost{ID: coin.OutputID{Index: 1}, Session: 2, Amount: 3, Why: TooLate}))
	f.Fuzz(func(t *testing.T, data []byte) { roundTrip[lost](t, data) })
}
