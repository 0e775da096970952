package scanner

import (
	"math"
	"math/big"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/serai-go/processor/batch"
	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/eventuality"
	"github.com/serai-go/processor/internal/wire"
	"github.com/serai-go/processor/storage"
)

// notable returns the numbers of the reported blocks.
func (w *world) notable() (numbers []uint64) {
	for _, u := range w.updates() {
		numbers = append(numbers, u.Number)
	}
	return numbers
}

// buffered is what a scanned block waits to settle with.
func (w *world) buffered(n uint64) (b buffer) {
	w.view(func(r storage.Reader) (err error) {
		b, err = w.scanner.(*scanner).buffers.Load(r, n)
		return err
	})
	return b
}

func TestTheActivationBlockIsTheFirstUpdate(t *testing.T) {
	w := started(t, 4, 6)
	w.scanAll()
	require.Equal(t, []batch.Update{{
		Number: 4, Block: blockID(4), Batches: []batch.Batch{{ID: 0, Number: 4, Block: blockID(4)}},
	}}, w.updates())
	w.view(func(r storage.Reader) error {
		item, ok, err := w.recorder.stages.Get(r, 0)
		require.True(t, ok)
		require.Equal(t, stageEvent{5, Reporting, 4}, item)
		next, _ := w.recorder.stages.Next(r)
		require.EqualValues(t, 1, next)
		return err
	})
}

func TestAtMostAWindowIsScannedAhead(t *testing.T) {
	w := started(t, 2, 20)
	w.scanAll()
	require.Equal(t, Frontier{Index: 20, Scan: 5, Settle: 2, Started: true, Active: true}, w.frontier())
	require.Nil(t, w.due())
	require.ErrorContains(t, w.scanBlock(5), "block 5 is not due")
	w.acknowledge() // settles 2
	require.NoError(t, w.scanBlock(5))
	require.Nil(t, w.due())
	require.EqualValues(t, 6, w.frontier().Scan)
}

func TestOnlyIndexedBlocksAreDue(t *testing.T) {
	w := started(t, 2, 3)
	w.scanAll()
	require.EqualValues(t, 3, w.frontier().Scan)
	require.Nil(t, w.due())
	w.mine(1)
	require.True(t, w.index())
	require.Equal(t, w.chain[3].header, w.due().Header)
}

func TestOnlyTheDueBlockIsScanned(t *testing.T) {
	w := started(t, 2, 5)
	w.indexAll()
	before := w.dump()
	other := w.chain[2].header
	other.ID[5]++
	for _, h := range []coin.Header{w.chain[1].header, w.chain[3].header, other} {
		err := w.update(func(tx storage.Tx) error { return w.scanner.Scan(tx, h, nil) })
		require.ErrorContains(t, err, "is not due")
	}
	require.Equal(t, before, w.dump())
}

func TestTheHeartbeatComesAfterAQuietWindow(t *testing.T) {
	w := started(t, 2, 40)
	w.settleAll()
	// The last block of the chain need not be notable.
	require.Equal(t, []uint64{2, 5, 8, 11, 14, 17, 20, 23, 26, 29, 32, 35, 38}, w.notable())
	for _, u := range w.updates() {
		require.Len(t, u.Batches, 1)
		require.Empty(t, u.Batches[0].Instructions)
	}
}

func TestANotableBlockDelaysTheHeartbeat(t *testing.T) {
	w := started(t, 0, 2)
	w.pay(deposit(100, "data")) // 2
	w.mine(2)
	w.pay(deposit(100, "data")) // 5, which the heartbeat falls on
	w.mine(6)
	w.settleAll()
	require.Equal(t, []uint64{0, 2, 5, 8, 11}, w.notable())
}

func TestWhatMakesABlockNotable(t *testing.T) {
	for _, c := range []struct {
		name    string
		output  coin.Output
		notable bool
	}{
		{"reported deposit", deposit(14, "data"), true},
		{"refund", deposit(14, ""), true},
		{"gift", coin.Output{Amount: 14}, true},
		{"deposit that does not pay its way", deposit(13, "data"), false},
		{"deposit below dust", deposit(9, "data"), false},
		{"change", coin.Output{Kind: coin.Change, Amount: 10}, true},
		{"branch", coin.Output{Kind: coin.Branch, Amount: 10}, true},
		{"forwarded", coin.Output{Kind: coin.Forwarded, Amount: 10}, true},
		{"change below dust", coin.Output{Kind: coin.Change, Amount: 9}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := started(t, 0, 1)
			n := w.pay(c.output)
			w.scanAll()
			if !c.notable {
				require.Equal(t, []uint64{0}, w.notable())
				require.Empty(t, w.buffered(n))
				return
			}
			require.Equal(t, []uint64{0, n}, w.notable())
		})
	}
}

func TestOutputsOfUnknownKeysAreIgnored(t *testing.T) {
	w := started(t, 0, 1)
	n := w.pay(deposit(1000, "data"))
	w.chain[n].outputs[0].Session = 6
	w.scanAll()
	require.Equal(t, []uint64{0}, w.notable())
}

// An output that came twice would be credited twice.
func TestOutputsInTheWrongOrderAreRefused(t *testing.T) {
	for name, change := range map[string]func([]coin.Output){
		"twice":     func(o []coin.Output) { o[1] = o[0] },
		"exchanged": func(o []coin.Output) { o[0], o[1] = o[1], o[0] },
	} {
		t.Run(name, func(t *testing.T) {
			w := started(t, 0, 1)
			n := w.pay(deposit(1000, "data"), deposit(1000, "data"))
			change(w.chain[n].outputs)
			w.indexAll()
			require.True(t, w.scan())
			w.putRate(0)
			w.putRate(1)
			before := w.dump()
			require.ErrorIs(t, w.scanBlock(n), coin.ErrInvalid)
			require.Equal(t, before, w.dump())
		})
	}
}

func TestFates(t *testing.T) {
	most := strings.Repeat("x", int(testParameters.MaxData))
	for _, c := range []struct {
		name         string
		origin, data string
		fate         coin.Fate
		kept         string
	}{
		{"data and origin", "origin", "data", coin.Reported, "data"},
		{"data alone", "", "data", coin.Reported, "data"},
		{"origin alone", "origin", "", coin.Refunded, ""},
		{"neither", "", "", coin.Accumulated, ""},
		{"most data", "", most, coin.Reported, most},
		{"too much data and origin", "origin", most + "x", coin.Refunded, ""},
		{"too much data alone", "", most + "x", coin.Accumulated, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := started(t, 0, 1)
			n := w.pay(coin.Output{Amount: 100, Origin: coin.Address(c.origin), Data: []byte(c.data), Spend: []byte("spend")})
			w.scanAll()
			b := w.buffered(n)
			require.Len(t, b.Deposits, 1)
			d := b.Deposits[0]
			require.Equal(t, c.fate, d.Fate)
			require.Equal(t, c.kept, string(d.Output.Data))
			require.Equal(t, "spend", string(d.Output.Spend))
			require.EqualValues(t, 96, d.Credit)
			instructions := w.updates()[1].Batches[0].Instructions
			if c.fate != coin.Reported {
				require.Empty(t, instructions)
				return
			}
			require.Equal(t, []batch.Instruction{{Origin: c.origin, Amount: 96, Data: []byte(c.data)}}, instructions)
		})
	}
}

func TestInternalOutputsKeepNothingThatAnyoneWrote(t *testing.T) {
	w := started(t, 0, 1)
	n := w.pay(coin.Output{Kind: coin.Change, Amount: 100, Origin: "origin", Data: make([]byte, 1<<20), Spend: []byte("spend")})
	w.scanAll()
	b := w.buffered(n)
	require.Empty(t, b.Deposits)
	require.Equal(t, []coin.Output{{
		ID: w.chain[n].outputs[0].ID, Session: 5, Kind: coin.Change, Amount: 100, Spend: []byte("spend"),
	}}, b.Internal)
	require.Empty(t, w.updates()[1].Batches[0].Instructions)
}

// TestCredits compares with the same rule in numbers without bound.
func TestCredits(t *testing.T) {
	edges := rapid.SampledFrom([]uint64{0, 1, 2, 9, 10, 11, 14, 1 << 32, 1<<63 - 1, 1 << 63, 1<<63 + 1, 1<<64 - 2, math.MaxUint64})
	number := rapid.OneOf(edges, rapid.Uint64(), rapid.Uint64Max(40))
	rapid.Check(t, func(t *rapid.T) {
		amount, cost, dust := number.Draw(t, "amount"), number.Draw(t, "cost"), number.Draw(t, "dust")
		d, ok := creditOf(coin.Parameters{Dust: dust}, coin.Output{Amount: amount}, cost)
		credit := new(big.Int).SetUint64(cost)
		credit.Sub(new(big.Int).SetUint64(amount), credit.Lsh(credit, 1))
		require.Equal(t, credit.Sign() >= 0 && credit.Cmp(new(big.Int).SetUint64(dust)) >= 0, ok)
		if ok {
			require.Equal(t, credit.Uint64(), d.Credit)
			require.Equal(t, amount, d.Output.Amount)
		}
	})
}

// With a cost of 2⁶³, doubling it would wrap to nothing.
func TestACostThatOverflowsCreditsNothing(t *testing.T) {
	for _, factor := range []uint64{1 << 62, 1 << 63, math.MaxUint64 / 2, math.MaxUint64} {
		config := testConfig()
		config.Coin = testCoin{factor: factor}
		config.Parameters.FeeFloor = 1
		if factor == 1<<62 {
			config.Parameters.FeeFloor = 2
		}
		w := newWorld(t, config, storage.NewMemory())
		w.confirm(Start{})
		w.mine(1)
		w.pay(deposit(1_000_000, "data"))
		w.scanAll()
		require.Equal(t, []uint64{0}, w.notable())
	}
}

func TestDustBeforeAndAfterTheCost(t *testing.T) {
	w := started(t, 0, 6)
	for _, b := range w.chain {
		b.rate = 20
	}
	for _, amount := range []uint64{10, 39, 40, 49, 50, 51} {
		w.pay(deposit(amount, "data"))
		w.chain[len(w.chain)-1].rate = 20
	}
	var credits []uint64
	for _, s := range w.settleAll() {
		for _, b := range s.Blocks {
			for _, d := range b.Deposits {
				credits = append(credits, d.Credit)
			}
		}
	}
	require.Equal(t, []uint64{10, 11}, credits)
}

func TestBatchesAreFilledUnderTheLimitWithConsecutiveIDs(t *testing.T) {
	w := started(t, 0, 1)
	// An instruction takes 16 + 6 + 40 bytes, a batch 52 besides: four fit.
	var outputs []coin.Output
	for i := range 11 {
		outputs = append(outputs, deposit(uint64(1000+i), strings.Repeat("x", 40)))
	}
	w.pay(outputs...)
	w.pay(deposit(2000, "data"))
	w.scanAll()
	var ids []uint64
	var sizes []int
	amount := uint64(996)
	for _, u := range w.updates()[:2] {
		for _, b := range u.Batches {
			ids = append(ids, b.ID)
			sizes = append(sizes, len(b.Instructions))
			require.LessOrEqual(t, len(wire.Marshal(b)), int(testParameters.BatchLimit))
			for _, i := range b.Instructions {
				require.Equal(t, amount, i.Amount)
				amount++
			}
		}
	}
	require.Equal(t, []uint64{0, 1, 2, 3}, ids)
	require.Equal(t, []int{0, 4, 4, 3}, sizes)
	require.EqualValues(t, 4, w.updates()[2].Batches[0].ID)
}

func TestOutputsOfTheGroupAreGuarded(t *testing.T) {
	outputs := func() []coin.Output {
		return []coin.Output{deposit(100, ""), {Kind: coin.Change, Amount: 100}, deposit(5, ""), deposit(13, "")}
	}
	for _, blind := range []bool{false, true} {
		config := testConfig()
		config.Coin = testCoin{factor: 1, blind: blind}
		w := newWorld(t, config, storage.NewMemory())
		w.confirm(Start{})
		w.mine(1)
		w.pay(outputs()...)
		w.scanAll()
		var guarded []bool
		for _, o := range w.chain[1].outputs {
			w.view(func(r storage.Reader) error {
				_, spends, err := w.tracker.Find(r, []eventuality.Transaction{spend{inputs: []coin.OutputID{o.ID}}})
				guarded = append(guarded, len(spends) > 0)
				return err
			})
		}
		if blind {
			require.Equal(t, []bool{false, false, false, false}, guarded)
		} else {
			require.Equal(t, []bool{true, true, false, false}, guarded)
		}
	}
}

func TestSeveralBlocksAreScannedInOneTransaction(t *testing.T) {
	w := started(t, 2, 20)
	w.indexAll()
	for n := range w.chain {
		w.putRate(uint64(n))
	}
	var tasks []Task
	require.NoError(t, w.update(func(tx storage.Tx) (err error) {
		if tasks, err = w.scanner.Due(tx, 10); err != nil {
			return err
		}
		for _, task := range tasks {
			if err := w.scanner.Scan(tx, task.Header, w.chain[task.Header.Number].outputs); err != nil {
				return err
			}
		}
		return nil
	}))
	require.Len(t, tasks, 3)
	require.EqualValues(t, 5, w.frontier().Scan)
	w.view(func(r storage.Reader) error {
		none, err := w.scanner.Due(r, 10)
		require.Empty(t, none)
		return err
	})
	w.acknowledge()
	w.view(func(r storage.Reader) error {
		for most, want := range []int{0, 1, 1, 1} {
			tasks, err := w.scanner.Due(r, most)
			require.NoError(t, err)
			require.Len(t, tasks, want)
		}
		return nil
	})
}

// What a block costs does not grow with what is known already, nor faster than
// what is in it.
func TestTheCostOfABlock(t *testing.T) {
	w := started(t, 2, 3)
	w.settleAll()
	w.confirmNext(6)
	w.growTo(8)
	cost := func(outputs int) (steps int) {
		var list []coin.Output
		for i := range outputs { // reported, held back, and of the group
			list = append(list, [...]coin.Output{
				deposit(100, "data"), to(6, deposit(100, "data")), {Kind: coin.Change, Amount: 100},
			}[i%3])
		}
		n := w.pay(list...)
		w.indexAll()
		for m := n - RateBlocks + 1; m <= n; m++ {
			w.putRate(m)
		}
		require.NoError(t, w.update(func(tx storage.Tx) error {
			return w.scanner.Scan(&counted{Tx: tx, n: &steps}, w.chain[n].header, w.chain[n].outputs)
		}))
		return steps
	}
	few := cost(300) // 9
	many := cost(3000)
	require.Less(t, many, 10*few)
	w.settleAll()
	w.growTo(11)
	require.Len(t, w.settledLate, 100+1000)
	later := cost(300) // 12
	w = two(t)
	w.growTo(11)
	require.Equal(t, cost(300), later, "with or without 3,300 others")
}
