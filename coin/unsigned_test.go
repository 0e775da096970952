package coin_test

import (
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/serai-go/processor/coin"
)

// payer is a plan with two of everything, and what its transaction does.
func payer() (coin.Plan, []coin.OutputID, []coin.PaidOutput) {
	second := output
	second.ID.Index++
	p := plan
	p.Inputs = []coin.Output{output, second}
	p.Payments = []coin.PlannedPayment{planned, planned}
	p.Own = []coin.OwnOutput{own, {Kind: coin.Change, Session: 5, Address: "change", Amount: 5_110}}
	return p, []coin.OutputID{output.ID, second.ID},
		[]coin.PaidOutput{{"address", 890}, {"address", 890}, {"own", 5_000}, {"change", 5_110}}
}

func TestATransactionOfThePlanInAnyOrder(t *testing.T) {
	p, inputs, outputs := payer()
	rapid.Check(t, func(t *rapid.T) {
		u, err := coin.NewUnsignedTransaction(p, rapid.Permutation(inputs).Draw(t, "inputs"), rapid.Permutation(outputs).Draw(t, "outputs"))
		require.NoError(t, err)
		require.Equal(t, p.Fee, u.Fee)
		require.NoError(t, u.Check(p))
	})
}

func TestATransactionThatIsNotThePlans(t *testing.T) {
	for name, spoil := range map[string]func(*coin.UnsignedTransaction){
		"an input less":           func(u *coin.UnsignedTransaction) { u.Inputs = u.Inputs[1:] },
		"an input more":           func(u *coin.UnsignedTransaction) { u.Inputs = append(u.Inputs, coin.OutputID{}) },
		"another input":           func(u *coin.UnsignedTransaction) { u.Inputs[1].Index++ },
		"an input twice":          func(u *coin.UnsignedTransaction) { u.Inputs[1] = u.Inputs[0] },
		"an output less":          func(u *coin.UnsignedTransaction) { u.Outputs = u.Outputs[1:] },
		"an output more":          func(u *coin.UnsignedTransaction) { u.Outputs = append(u.Outputs, u.Outputs[0]) },
		"another address":         func(u *coin.UnsignedTransaction) { u.Outputs[0].Address += "x" },
		"another amount":          func(u *coin.UnsignedTransaction) { u.Outputs[0].Amount-- },
		"amounts exchanged":       func(u *coin.UnsignedTransaction) { u.Outputs[0].Amount, u.Outputs[2].Amount = 5_000, 890 },
		"one paid for both":       func(u *coin.UnsignedTransaction) { u.Outputs[1] = u.Outputs[2] },
		"another fee":             func(u *coin.UnsignedTransaction) { u.Fee++ },
		"nothing":                 func(u *coin.UnsignedTransaction) { *u = coin.UnsignedTransaction{} },
		"what is due less shares": func(u *coin.UnsignedTransaction) { u.Outputs[0].Amount = 900 },
	} {
		p, inputs, outputs := payer()
		u, err := coin.NewUnsignedTransaction(p, slices.Clone(inputs), slices.Clone(outputs))
		require.NoError(t, err)
		spoil(&u)
		require.ErrorIs(t, u.Check(p), coin.ErrInvalid, name)
	}
}

func TestTransactionsWithoutAFee(t *testing.T) {
	p, inputs, outputs := payer()
	for name, c := range map[string]struct {
		inputs  []coin.OutputID
		outputs []coin.PaidOutput
	}{
		"an input of nobody's":   {[]coin.OutputID{{}}, nil},
		"an input twice":         {[]coin.OutputID{inputs[0], inputs[0]}, nil},
		"more paid than spent":   {inputs[:1], outputs},
		"paid amounts overflow":  {inputs, []coin.PaidOutput{{"a", math.MaxUint64}, {"a", math.MaxUint64}}},
		"nothing spent but paid": {nil, outputs[:1]},
	} {
		_, err := coin.NewUnsignedTransaction(p, c.inputs, c.outputs)
		require.ErrorIs(t, err, coin.ErrInvalid, name)
	}
	p.Inputs[0].Amount, p.Inputs[1].Amount = math.MaxUint64, 1
	_, err := coin.NewUnsignedTransaction(p, inputs, nil)
	require.ErrorIs(t, err, coin.ErrInvalid)
	require.Equal(t, coin.Address("raw:00ff"), coin.RawAddress([]byte{0, 0xff}))
}
