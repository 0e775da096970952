package coin_test

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

func FuzzOutputID(f *testing.F) {
	f.Add(wire.Marshal(output.ID))
	f.Fuzz(func(t *testing.T, data []byte) { roundTrip[coin.OutputID](t, data) })
}

func FuzzHeader(f *testing.F) {
	f.Add(wire.Marshal(header))
	f.Fuzz(func(t *testing.T, data []byte) { roundTrip[coin.Header](t, data) })
}

func FuzzOutput(f *testing.F) {
	f.Add(wire.Marshal(coin.Output{}))
	f.Add(wire.Marshal(output))
	f.Fuzz(func(t *testing.T, data []byte) { roundTrip[coin.Output](t, data) })
}

func FuzzPayment(f *testing.F) {
	f.Add(wire.Marshal(payment))
	f.Fuzz(func(t *testing.T, data []byte) { roundTrip[coin.Payment](t, data) })
}

func FuzzPlannedPayment(f *testing.F) {
	f.Add(wire.Marshal(planned))
	f.Fuzz(func(t *testing.T, data []byte) { roundTrip[coin.PlannedPayment](t, data) })
}

func FuzzOwnOutput(f *testing.F) {
	f.Add(wire.Marshal(own))
	f.Fuzz(func(t *testing.T, data []byte) { roundTrip[coin.OwnOutput](t, data) })
}

func FuzzPlan(f *testing.F) {
	f.Add(wire.Marshal(coin.Plan{}))
	f.Add(wire.Marshal(plan))
	f.Fuzz(func(t *testing.T, data []byte) { roundTrip[coin.Plan](t, data) })
}

func FuzzParameters(f *testing.F) {
	f.Add(wire.Marshal(parameters))
	f.Fuzz(func(t *testing.T, data []byte) { roundTrip[coin.Parameters](t, data) })
}

func FuzzDeposit(f *testing.F) {
	f.Add(wire.Marshal(deposit))
	f.Add(wire.Marshal(raising))
	f.Fuzz(func(t *testing.T, data []byte) { roundTrip[coin.Deposit](t, data) })
}

func FuzzCompletion(f *testing.F) {
	f.Add(wire.Marshal(completion))
	f.Fuzz(func(t *testing.T, data []byte) { roundTrip[coin.Completion](t, data) })
}
