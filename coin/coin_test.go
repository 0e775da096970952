package coin_test

import (
	"encoding/hex"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/internal/wire"
	"github.com/serai-go/processor/storage"
)

var rewrite = flag.Bool("update", false, "write the golden files of testdata anew")

// golden compares bytes with a file of testdata that holds them in
// hexadecimal.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name+".hex")
	if *rewrite {
		require.NoError(t, os.WriteFile(path, []byte(hex.EncodeToString(got)+"\n"), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, strings.TrimSpace(string(want)), hex.EncodeToString(got))
}

var (
	header = coin.Header{Number: 7, ID: coin.BlockID{1}, Parent: coin.BlockID{2}, Time: 1_700_000_000}
	output = coin.Output{
		ID: coin.OutputID{Transaction: coin.TransactionID{3}, Index: 4}, Session: 5, Kind: coin.Change,
		Amount: 6_000, Position: 7, Origin: "origin", Data: []byte("data"), Spend: []byte("spend"),
	}
	payment = coin.Payment{ID: coin.PaymentID{8}, Address: "address", Amount: 900}
	planned = coin.PlannedPayment{Payment: payment, Paid: 890}
	own     = coin.OwnOutput{Kind: coin.Branch, Session: 5, Address: "own", Amount: 5_000}
	plan    = coin.Plan{
		Key: coin.Key{Session: 5, Key: []byte("key")}, Inputs: []coin.Output{output},
		Payments: []coin.PlannedPayment{planned}, Own: []coin.OwnOutput{own}, Fee: 110, Reference: 12,
	}
	deposit    = coin.Deposit{Output: output, Credit: 5_999, Fate: coin.Refunded}
	raising    = coin.Deposit{Output: output, Credit: 999, Fate: coin.Reported, Raises: &coin.Output{ID: coin.OutputID{Index: 1}, Session: 5, Amount: 5_000}}
	completion = coin.Completion{Plan: coin.PlanID{9}, Transaction: coin.TransactionID{10}}
	parameters = coin.Parameters{
		Confirmations: 6, Window: 6, TenMinutes: 1, Grace: 36, BatchesAhead: 8, Patience: 144, BumpAfter: 12, Dust: 10_000,
		OutflowWindow: 144, OutflowLimit: 1_000_000, PayeeLimit: 100_000, DescendantsWeight: 400_000, Descendants: 20, ChangeOutputs: 8,
		FeeFloor: 500, FeeCap: 100_000, MaxInputs: 64, MaxOutputs: 500, BatchLimit: 25_000, MaxData: 512, Withdrawals: 3, Hold: 7, Depositors: 9,
	}
)

func TestGolden(t *testing.T) {
	genesis := coin.BlockID{42}
	id, refund, hash := plan.ID(genesis), coin.RefundID(output.ID), parameters.Hash()
	golden(t, "header", wire.Marshal(header))
	golden(t, "output", wire.Marshal(output))
	golden(t, "plan", wire.Marshal(plan))
	golden(t, "plan-id", id[:])
	golden(t, "deposit", wire.Marshal(deposit))
	golden(t, "deposit-raising", wire.Marshal(raising))
	golden(t, "refund-id", refund[:])
	golden(t, "parameters", wire.Marshal(parameters))
	golden(t, "parameters-hash", hash[:])
}

func TestPlanIDDependsOnEverything(t *testing.T) {
	seen := make(map[coin.PlanID]string)
	for name, change := range map[string]func(*coin.Plan){
		"nothing":   func(*coin.Plan) {},
		"session":   func(p *coin.Plan) { p.Key.Session++ },
		"key":       func(p *coin.Plan) { p.Key.Key = []byte("kez") },
		"inputs":    func(p *coin.Plan) { p.Inputs = nil },
		"input":     func(p *coin.Plan) { p.Inputs = slices.Clone(p.Inputs); p.Inputs[0].ID.Index++ },
		"payments":  func(p *coin.Plan) { p.Payments = append(slices.Clone(p.Payments), planned) },
		"paid":      func(p *coin.Plan) { p.Payments = slices.Clone(p.Payments); p.Payments[0].Paid-- },
		"own":       func(p *coin.Plan) { p.Own = nil },
		"fee":       func(p *coin.Plan) { p.Fee++ },
		"reference": func(p *coin.Plan) { p.Reference++ },
	} {
		other := plan
		change(&other)
		id := other.ID(header.ID)
		require.NotContains(t, seen, id, "%s and %s", name, seen[id])
		seen[id] = name
	}
	require.NotContains(t, seen, plan.ID(header.Parent), "another genesis")
}

func TestAddressesHavePaymentsFirst(t *testing.T) {
	require.Equal(t, []coin.Address{"address", "own"}, plan.Addresses())
}

func TestParametersAreChecked(t *testing.T) {
	require.NoError(t, parameters.Validate())
	for name, change := range map[string]func(*coin.Parameters){
		"no confirmations":   func(p *coin.Parameters) { p.Confirmations = 0 },
		"confirmations":      func(p *coin.Parameters) { p.Confirmations = 1<<32 + 1 },
		"no window":          func(p *coin.Parameters) { p.Window = 0 },
		"window":             func(p *coin.Parameters) { p.Window = 1<<32 + 1 },
		"depositors":         func(p *coin.Parameters) { p.Depositors = 1<<16 + 1 },
		"hold":               func(p *coin.Parameters) { p.Hold = 1<<32 + 1 },
		"ten minutes":        func(p *coin.Parameters) { p.TenMinutes = 1<<32 + 1 },
		"grace":              func(p *coin.Parameters) { p.Grace = 1<<32 + 1 },
		"patience":           func(p *coin.Parameters) { p.Patience = 1<<32 + 1 },
		"no batches ahead":   func(p *coin.Parameters) { p.BatchesAhead = 0 },
		"batches ahead":      func(p *coin.Parameters) { p.BatchesAhead = 1<<32 + 1 },
		"no dust":            func(p *coin.Parameters) { p.Dust = 0 },
		"floor above cap":    func(p *coin.Parameters) { p.FeeFloor = p.FeeCap + 1 },
		"cap":                func(p *coin.Parameters) { p.FeeCap = 1<<40 + 1 },
		"no inputs":          func(p *coin.Parameters) { p.MaxInputs = 0 },
		"inputs":             func(p *coin.Parameters) { p.MaxInputs = coin.MaxPlanInputs + 1 },
		"one output":         func(p *coin.Parameters) { p.MaxOutputs = 1 },
		"outputs":            func(p *coin.Parameters) { p.MaxOutputs = coin.MaxPlanOutputs + 1 },
		"data":               func(p *coin.Parameters) { p.MaxData = 1<<20 + 1; p.BatchLimit = 1 << 24 },
		"data over a batch":  func(p *coin.Parameters) { p.MaxData = p.BatchLimit - 195 },
		"small batch":        func(p *coin.Parameters) { p.BatchLimit = 707 },
		"batch of unbounded": func(p *coin.Parameters) { p.BatchLimit = 1<<24 + 1 },
	} {
		t.Run(name, func(t *testing.T) {
			p := parameters
			change(&p)
			require.Error(t, p.Validate())
			require.NotEqual(t, parameters.Hash(), p.Hash())
		})
	}
	p := parameters
	p.Window = 0
	require.EqualError(t, p.Validate(), "parameters: Window is 0, it must be 1 to 4294967296")
	p = parameters
	p.MaxInputs, p.MaxOutputs = coin.MaxPlanInputs, coin.MaxPlanOutputs
	require.NoError(t, p.Validate())
	p = parameters
	p.BatchLimit = 52 + 16 + coin.MaxAddress + p.MaxData
	require.NoError(t, p.Validate())
}

func TestDecodersRefuse(t *testing.T) {
	bad := output
	bad.Kind = coin.Forwarded + 1
	_, err := wire.Unmarshal[coin.Output](wire.Marshal(bad))
	require.ErrorIs(t, err, wire.ErrValue)
	bad = output
	bad.Origin = coin.Address(strings.Repeat("x", coin.MaxAddress+1))
	_, err = wire.Unmarshal[coin.Output](wire.Marshal(bad))
	require.ErrorIs(t, err, wire.ErrLimit)
	bad = output
	bad.Spend = make([]byte, coin.MaxSpend+1)
	_, err = wire.Unmarshal[coin.Output](wire.Marshal(bad))
	require.ErrorIs(t, err, wire.ErrLimit)

	_, err = wire.Unmarshal[coin.PlannedPayment](wire.Marshal(coin.PlannedPayment{Payment: payment, Paid: payment.Amount + 1}))
	require.ErrorIs(t, err, wire.ErrValue)
	for _, kind := range []coin.Kind{coin.External, coin.Forwarded + 1} {
		_, err = wire.Unmarshal[coin.OwnOutput](wire.Marshal(coin.OwnOutput{Kind: kind}))
		require.ErrorIs(t, err, wire.ErrValue)
	}
	none := parameters
	none.Window = 0
	_, err = wire.Unmarshal[coin.Parameters](wire.Marshal(none))
	require.ErrorIs(t, err, wire.ErrValue)
	for _, fate := range []coin.Fate{0, coin.Returned + 1} {
		_, err = wire.Unmarshal[coin.Deposit](wire.Marshal(coin.Deposit{Output: output, Fate: fate}))
		require.ErrorIs(t, err, wire.ErrValue)
	}
	smaller := *raising.Raises
	smaller.Amount = output.Amount
	_, err = wire.Unmarshal[coin.Deposit](wire.Marshal(coin.Deposit{Output: output, Fate: coin.Reported, Raises: &smaller}))
	require.ErrorIs(t, err, wire.ErrValue)
	read, err := wire.Unmarshal[coin.Deposit](wire.Marshal(raising))
	require.NoError(t, err)
	require.Equal(t, raising, read)
	require.EqualValues(t, 1_000, read.Gain())
	require.EqualValues(t, 6_000, deposit.Gain())
	_, err = wire.Unmarshal[coin.Deposit](wire.Marshal(coin.Deposit{Output: output, Credit: output.Amount + 1, Fate: coin.Reported}))
	require.ErrorIs(t, err, wire.ErrValue)

	big := plan
	big.Inputs = make([]coin.Output, coin.MaxPlanInputs+1)
	_, err = wire.Unmarshal[coin.Plan](wire.Marshal(big))
	require.ErrorIs(t, err, wire.ErrLimit)
}

// The largest lists that the decoders allow are not held to be too short.
func TestListsOfTheSmallestElementsDecode(t *testing.T) {
	p := coin.Plan{Inputs: make([]coin.Output, 3), Payments: make([]coin.PlannedPayment, 3), Own: make([]coin.OwnOutput, 3)}
	for i := range p.Own {
		p.Own[i].Kind = coin.Change
	}
	again, err := wire.Unmarshal[coin.Plan](wire.Marshal(p))
	require.NoError(t, err)
	require.Equal(t, p, again)
}

func TestOutputKeysAreInTheOrderOfOutputIDs(t *testing.T) {
	ids := rapid.Custom(func(t *rapid.T) coin.OutputID {
		return coin.OutputID{
			Transaction: coin.TransactionID{rapid.Uint8Max(1).Draw(t, "tx")},
			Index:       rapid.OneOf(rapid.Uint32Max(2), rapid.Uint32(), rapid.SampledFrom([]uint32{255, 256, 1 << 16})).Draw(t, "index"),
		}
	})
	rapid.Check(t, func(t *rapid.T) {
		m := storage.NewMap("outputs", coin.OutputKey, storage.Flag)
		store := storage.NewMemory()
		want := rapid.SliceOf(ids).Draw(t, "ids")
		require.NoError(t, store.Update(t.Context(), func(tx storage.Tx) error {
			for _, id := range want {
				require.NoError(t, m.Put(tx, id, struct{}{}))
			}
			return nil
		}))
		slices.SortFunc(want, coin.OutputID.Compare)
		want = slices.Compact(want)
		var got []coin.OutputID
		require.NoError(t, store.View(t.Context(), func(r storage.Reader) error {
			for item, err := range m.All(r) {
				require.NoError(t, err)
				got = append(got, item.Key)
			}
			return nil
		}))
		require.True(t, slices.Equal(want, got))
	})
}

func TestCompareOutputs(t *testing.T) {
	at := func(position, index uint32) coin.Output {
		return coin.Output{Position: position, ID: coin.OutputID{Index: index}}
	}
	order := []coin.Output{at(0, 0), at(0, 1), at(1, 0), at(1, 9), at(2, 3)}
	for i, a := range order {
		for j, b := range order {
			c := coin.CompareOutputs(a, b)
			require.Equal(t, i < j, c < 0)
			require.Equal(t, i == j, c == 0)
		}
	}
}

func TestStrings(t *testing.T) {
	require.Equal(t, strings.Repeat("00", 31)+"ff", coin.BlockID{31: 255}.String())
	require.Equal(t, "03"+strings.Repeat("00", 31)+":4", output.ID.String())
	var kinds []string
	for _, k := range append(coin.Kinds[:], 9) {
		kinds = append(kinds, k.String())
	}
	require.Equal(t, []string{"external", "branch", "change", "forwarded", "kind 9"}, kinds)
	var fates []string
	for f := range coin.Returned + 2 {
		fates = append(fates, f.String())
	}
	require.Equal(t, []string{"unknown", "reported", "refunded", "accumulated", "held", "passed on", "returned", "unknown"}, fates)
	var statuses []string
	for s := range coin.Rejected + 1 {
		statuses = append(statuses, s.String())
	}
	require.Equal(t, []string{"unknown", "accepted", "mined", "conflict", "fee too low", "rejected"}, statuses)
}
