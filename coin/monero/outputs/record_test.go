package outputs_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/coin/monero/outputs"
	"github.com/serai-go/processor/internal/wire"
)

// sight makes one whose ID, index and commitment are told apart by a number.
func sight(n byte, block, amount uint64) outputs.Sight {
	return outputs.Sight{
		ID:    coin.OutputID{Transaction: coin.TransactionID{n}, Index: uint32(n)},
		Block: block, Global: uint64(n), Commitment: [32]byte{n}, Amount: amount,
	}
}

func TestEqualKeysAreCreditedByTheLargest(t *testing.T) {
	type step struct {
		block, amount, cost uint64
		want                outputs.Verdict
	}
	ignored := outputs.Verdict{Outcome: outputs.Ignored}
	writtenOff := outputs.Verdict{Outcome: outputs.WrittenOff}
	credited := func(credit, gain uint64) outputs.Verdict { return outputs.Verdict{outputs.Credited, credit, gain} }
	raised := func(credit, gain uint64) outputs.Verdict { return outputs.Verdict{outputs.Raised, credit, gain} }
	for name, steps := range map[string][]step{
		"one":                           {{5, 1000, 10, credited(990, 1000)}},
		"of dust":                       {{5, 110, 10, credited(100, 110)}},
		"under dust":                    {{5, 109, 10, ignored}},
		"less than it costs":            {{5, 9, 10, ignored}},
		"dust before leaves no trace":   {{5, 109, 10, ignored}, {500, 1000, 10, credited(990, 1000)}, {510, 2000, 10, raised(1000, 1000)}},
		"smaller after":                 {{5, 1000, 10, credited(990, 1000)}, {6, 999, 10, writtenOff}},
		"equal after":                   {{5, 1000, 10, credited(990, 1000)}, {5, 1000, 10, writtenOff}},
		"dust after":                    {{5, 1000, 10, credited(990, 1000)}, {6, 50, 10, ignored}},
		"smaller before":                {{5, 200, 10, credited(190, 200)}, {6, 1000, 10, raised(800, 800)}},
		"in the last block that counts": {{5, 200, 10, credited(190, 200)}, {15, 1000, 10, raised(800, 800)}},
		"one block later":               {{5, 200, 10, credited(190, 200)}, {16, 1000, 10, writtenOff}},
		"the window is that of the first": {
			{5, 200, 10, credited(190, 200)}, {14, 400, 10, raised(200, 200)}, {16, 1000, 10, writtenOff},
		},
		"a little larger": {
			{5, 1000, 10, credited(990, 1000)}, {6, 1099, 10, raised(0, 99)}, {7, 1098, 10, writtenOff},
			{8, 1100, 10, raised(100, 1)},
		},
		"cost went up":   {{5, 1000, 10, credited(990, 1000)}, {6, 1200, 300, raised(0, 200)}, {7, 1300, 10, raised(300, 100)}},
		"cost went down": {{5, 1000, 500, credited(500, 1000)}, {6, 1001, 10, raised(491, 1)}},
		"all there can be": {
			{math.MaxUint64 - 11, 200, 10, credited(190, 200)},
			{math.MaxUint64, math.MaxUint64, 10, writtenOff},
		},
	} {
		t.Run(name, func(t *testing.T) {
			rules := outputs.Rules{Window: 10, Dust: 100}
			var record *outputs.Record
			for i, s := range steps {
				before := record
				var copied outputs.Record
				if before != nil {
					copied = *before
				}
				got, verdict, err := rules.Observe(record, sight(byte(i), s.block, s.amount), s.cost)
				require.NoError(t, err)
				require.Equal(t, s.want, verdict, "step %d", i)
				if before != nil {
					require.Equal(t, copied, *before, "a record does not change")
				}
				if verdict.Gain == 0 {
					require.Same(t, before, got)
				} else {
					require.Equal(t, sight(byte(i), s.block, s.amount), got.Largest)
				}
				record = got
			}
		})
	}
}

func TestWithoutDustAndCostNothingIsStillNothing(t *testing.T) {
	record, verdict, err := outputs.Rules{}.Observe(nil, sight(1, 5, 0), 0)
	require.NoError(t, err)
	require.Nil(t, record)
	require.Equal(t, outputs.Ignored, verdict.Outcome)
}

func TestOutputsComeInTheOrderOfTheChain(t *testing.T) {
	rules := outputs.Rules{Window: 10, Dust: 100}
	record, _, err := rules.Observe(nil, sight(1, 5, 1000), 10)
	require.NoError(t, err)
	after, _, err := rules.Observe(record, sight(2, 4, 2000), 10)
	require.ErrorIs(t, err, outputs.ErrOrder)
	require.Same(t, record, after)
}

func TestTheLargestIsSpentWhenTheWindowHasSettled(t *testing.T) {
	record := &outputs.Record{First: 5}
	require.EqualValues(t, 15, outputs.Rules{Window: 10}.Settled(record))
	record.First = math.MaxUint64 - 3
	require.EqualValues(t, uint64(math.MaxUint64), outputs.Rules{Window: 10}.Settled(record))
}

// TestCreditsNeverExceedWhatCanBeSpent compares with the rules said for all
// outputs of a key at once.
func TestCreditsNeverExceedWhatCanBeSpent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rules := outputs.Rules{Window: rapid.Uint64Range(0, 5).Draw(t, "window"), Dust: rapid.Uint64Range(0, 20).Draw(t, "dust")}
		var (
			record         *outputs.Record
			block          uint64
			credits, gains uint64
			first, largest uint64
			any            bool
		)
		for i := range rapid.IntRange(1, 12).Draw(t, "outputs") {
			block += rapid.Uint64Range(0, 2).Draw(t, "blocks later")
			amount := rapid.Uint64Range(0, 100).Draw(t, "amount")
			cost := rapid.Uint64Range(0, 10).Draw(t, "cost")
			var verdict outputs.Verdict
			var err error
			record, verdict, err = rules.Observe(record, sight(byte(i), block, amount), cost)
			require.NoError(t, err)
			credits += verdict.Credit
			gains += verdict.Gain

			if amount > 0 && amount >= cost+rules.Dust {
				if !any {
					first, any = block, true
				}
				if block <= first+rules.Window {
					largest = max(largest, amount)
				}
			}
			require.Equal(t, any, record != nil)
			require.Equal(t, largest, gains)
			require.LessOrEqual(t, credits, gains)
			if verdict.Outcome == outputs.Credited {
				require.Equal(t, amount-cost, verdict.Credit)
			}
			if record == nil {
				continue
			}
			require.Equal(t, credits, record.Credited)
			require.Equal(t, largest, record.Largest.Amount)
			require.Equal(t, first, record.First)
			if verdict.Credit > 0 {
				require.GreaterOrEqual(t, verdict.Credit, rules.Dust)
				require.Equal(t, amount-cost, credits)
			}

			data := wire.Marshal(*record)
			require.Len(t, data, 108)
			read, err := wire.Unmarshal[outputs.Record](data)
			require.NoError(t, err)
			require.Equal(t, *record, read)
		}
	})
}

func TestRecordsThatCannotBeAreRefused(t *testing.T) {
	good := outputs.Record{First: 5, Largest: sight(1, 7, 1000), Credited: 1000}
	for _, spoil := range []func(*outputs.Record){
		func(r *outputs.Record) { r.First = 8 },
		func(r *outputs.Record) { r.Credited = 1001 },
		func(r *outputs.Record) { r.Largest.Amount, r.Credited = 0, 0 },
	} {
		bad := good
		spoil(&bad)
		_, err := wire.Unmarshal[outputs.Record](wire.Marshal(bad))
		require.ErrorIs(t, err, wire.ErrValue)
	}
	_, err := wire.Unmarshal[outputs.Record](wire.Marshal(good))
	require.NoError(t, err)
}

func TestOutcomesHaveNames(t *testing.T) {
	for o, name := range map[outputs.Outcome]string{
		0: "unknown", outputs.Ignored: "ignored", outputs.Credited: "credited", outputs.Raised: "raised", outputs.WrittenOff: "written off",
	} {
		require.Equal(t, name, o.String())
	}
}
