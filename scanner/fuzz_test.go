package scanner

import (
	"testing"

	"github.com/stretchr/testify/require"

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
		Session: 1, BatchKey: [32]byte{2}, NetworkKey: networkKey, Start: Start{ByTime: true, At: 3}, Activation: 4, Active: true,
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
		Unexplained: []Foreign{{Output: coin.OutputID{Index: 5}, Transaction: coin.TransactionID{6}}},
	}))
	f.Fuzz(func(t *testing.T, data []byte) { roundTrip[Resolution](t, data) })
}

func FuzzBuffer(f *testing.F) {
	change := coin.Output{Kind: coin.Change, Amount: 9, Spend: []byte("spend")}
	f.Add(wire.Marshal(buffer{}))
	f.Add(wire.Marshal(buffer{Internal: []coin.Output{change, {}}, Deposits: []coin.Deposit{{Output: deposit(9, "data"), Fate: coin.Reported}}}))
	f.Fuzz(func(t *testing.T, data []byte) { roundTrip[buffer](t, data) })
}

func FuzzReports(f *testing.F) {
	f.Add(wire.Marshal(reports{Batches: 1, Notable: 2}))
	f.Fuzz(func(t *testing.T, data []byte) { roundTrip[reports](t, data) })
}

func FuzzReport(f *testing.F) {
	f.Add(wire.Marshal(report{Number: 1, Digest: [32]byte{2}, Instructions: 3, Last: true}))
	f.Fuzz(func(t *testing.T, data []byte) { roundTrip[report](t, data) })
}
