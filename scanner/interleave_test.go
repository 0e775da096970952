package scanner

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/internal/wire"
	"github.com/serai-go/processor/storage"
)

// The rules of a whole group that these tests run scanners by: how
// instructions turn out, and which outputs the group spends.

// succeeds decides results, as a settlement chain would.
func succeeds(id uint64, i int) bool { return sha256.Sum256(fmt.Append(nil, id, i))[0]%3 > 0 }

// planFor is the plan that spends an output, made when the output settles, and
// the transaction that fulfils it.
func planFor(id coin.OutputID) (coin.PlanID, [32]byte) {
	var w wire.Writer
	id.Encode(&w)
	plan := sha256.Sum256(w.Data())
	return plan, sha256.Sum256(plan[:])
}

// history is a chain in which users and the group move.
func history(t *rapid.T) (blocks []*block) {
	var outputs []coin.OutputID // unspent
	kinds := rapid.SampledFrom([]coin.Kind{coin.External, coin.External, coin.External, coin.Change, coin.Branch, coin.Forwarded})
	amounts := rapid.OneOf(rapid.Uint64Range(1, 200), rapid.Uint64Range(10, 1<<40), rapid.Just[uint64](1<<64-1))
	data := rapid.SampledFrom([]int{0, 0, 1, 30, 64, 65, 1000})
	rates := rapid.OneOf(rapid.Uint64Max(60), rapid.Just[uint64](0))
	busy := rapid.IntRange(1, 4).Draw(t, "one block of so many is busy")
	for n := range rapid.IntRange(3, 40).Draw(t, "blocks") {
		b := &block{rate: rates.Draw(t, "rate")}
		blocks = append(blocks, b)
		if rapid.IntRange(1, busy).Draw(t, "busy") > 1 {
			continue
		}
		for i := range rapid.IntRange(0, 3).Draw(t, "spends") {
			if len(outputs) == 0 {
				break
			}
			at := rapid.IntRange(0, len(outputs)-1).Draw(t, "spent")
			spent := outputs[at]
			outputs = append(outputs[:at], outputs[at+1:]...)
			_, id := planFor(spent)
			b.transactions = append(b.transactions, spend{id, []coin.OutputID{{Index: uint32(i)}, spent}})
		}
		for i := range rapid.IntRange(0, 7).Draw(t, "outputs") {
			o := coin.Output{
				ID: coin.OutputID{Transaction: coin.TransactionID(blockID(uint64(n))), Index: uint32(i)}, Session: 5,
				Kind: kinds.Draw(t, "kind"), Amount: amounts.Draw(t, "amount"), Position: uint32(i / 3),
				Data: []byte(strings.Repeat("x", data.Draw(t, "data"))),
			}
			if rapid.Bool().Draw(t, "has origin") {
				o.Origin = "origin"
			}
			b.outputs = append(b.outputs, o)
		}
		for _, o := range b.outputs {
			outputs = append(outputs, o.ID)
		}
	}
	return blocks
}

// tested is a world in which the group makes plans, and what it told.
type tested struct {
	*world
	settlements []*coin.Settlement
}

func newTested(t require.TestingT, activation uint64, blocks []*block) *tested {
	w := newWorld(t, testConfig(), storage.NewMemory())
	w.confirm(Start{At: activation})
	for _, b := range blocks {
		w.add(&block{rate: b.rate, outputs: b.outputs, transactions: b.transactions})
	}
	return &tested{world: w}
}

// next acknowledges the next batch, as far as that is possible without or
// with resolving blocks. It tells whether there was anything to do.
func (w *tested) next() bool {
	b := w.batch(w.frontier().Acknowledged)
	if b == nil {
		return false
	}
	results := make([]bool, len(b.Instructions))
	for i := range results {
		results[i] = succeeds(b.ID, i)
	}
	err := w.update(func(tx storage.Tx) error {
		s, err := w.scanner.Acknowledge(tx, b.ID, w.digest(b), results)
		if err != nil || s == nil {
			return err
		}
		w.settlements = append(w.settlements, s)
		return w.schedule(tx, s)
	})
	if unresolved, ok := errors.AsType[*Unresolved](err); ok {
		w.resolve(unresolved.Header.Number)
		return true
	}
	require.NoError(w.t, err)
	return true
}

// schedule plans to spend each output that settles, and ends the guard of the
// inputs of each plan that happened.
func (w *tested) schedule(tx storage.Tx, s *coin.Settlement) error {
	expect := func(o coin.Output) error {
		plan, transaction := planFor(o.ID)
		return w.tracker.Expect(tx, plan, fulfilled{transaction, o.ID})
	}
	for _, b := range s.Blocks {
		for _, d := range b.Deposits {
			if err := expect(d.Output); err != nil {
				return err
			}
		}
		for _, o := range b.Internal {
			if err := expect(o); err != nil {
				return err
			}
		}
		for _, c := range b.Completions {
			for _, t := range w.chain[b.Number].transactions {
				if t.ID() == c.Transaction {
					if err := w.tracker.Unguard(tx, t.Lookups()[1]); err != nil {
						return err
					}
				}
			}
		}
	}
	return nil
}

// told is all that the world told, as bytes.
func (w *tested) told() []byte {
	var all wire.Writer
	wire.List(&all, w.updates())
	for _, s := range w.settlements {
		all.Uint64(s.Reference)
		all.Count(len(s.Blocks))
		for _, b := range s.Blocks {
			all.Uint64(b.Number)
			wire.List(&all, b.Deposits)
			wire.List(&all, b.Internal)
			wire.List(&all, b.Completions)
		}
	}
	return all.Data()
}

// finish does all there is to do.
func (w *tested) finish() {
	w.indexAll()
	for w.scan() || w.next() {
	}
}

// TestAnyInterleavingTellsTheSame drives two scanners of one chain, one as
// eagerly as possible and one at random.
func TestAnyInterleavingTellsTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		blocks := history(t)
		activation := rapid.Uint64Max(uint64(len(blocks)-1)).Draw(t, "activation")
		eager := newTested(t, activation, blocks)
		eager.finish()

		random := newTested(t, activation, blocks)
		for _, step := range rapid.SliceOfN(rapid.IntRange(0, 5), 0, 200).Draw(t, "steps") {
			switch step {
			case 0:
				random.index()
			case 1:
				random.scan()
			case 2, 3:
				random.next()
			case 4:
				// a rate or a resolution that nobody asked for yet
				if f := random.frontier(); f.Active && f.Scan > f.Settle {
					random.resolve(f.Settle)
				}
			case 5:
				if f := random.frontier(); f.Started {
					random.putRate(f.Index - 1)
				}
			}
		}
		random.finish()
		require.Equal(t, eager.frontier(), random.frontier())
		require.Equal(t, eager.told(), random.told())
		check(t, activation, eager)
	})
}

// check compares what a finished world told with its chain.
func check(t *rapid.T, activation uint64, w *tested) {
	f := w.frontier()
	require.Equal(t, f.Scan, min(f.Settle+testParameters.Window, f.Index))
	require.Len(t, w.settlements, len(w.updates()))

	// Everything that counts settles exactly once, in the order of the chain.
	var want, got []coin.OutputID
	var credits, completions []string
	for _, b := range w.chain[activation:f.Settle] {
		rate := w.expectedRate(b.header.Number)
		for _, o := range b.outputs {
			counts := o.Amount >= testParameters.Dust
			if o.Kind == coin.External {
				counts = counts && o.Amount >= 2*rate+testParameters.Dust
			}
			if counts {
				want = append(want, o.ID)
				if o.Kind == coin.External {
					credits = append(credits, fmt.Sprint(o.ID, o.Amount-2*rate))
				}
			}
		}
	}
	counted := make(map[coin.OutputID]bool)
	for _, id := range want {
		counted[id] = true
	}
	for _, b := range w.chain[activation:f.Settle] {
		for _, t := range b.transactions {
			if spent := t.(spend).inputs[1]; counted[spent] {
				completions = append(completions, fmt.Sprintf("%x", t.ID()))
			}
		}
	}
	var gotCredits, gotCompletions []string
	next := activation
	for i, s := range w.settlements {
		require.Equal(t, w.updates()[i].Number, s.Reference)
		for _, b := range s.Blocks {
			require.Equal(t, next, b.Number, "blocks settle in order")
			next++
			var ids []coin.Output
			for _, d := range b.Deposits {
				require.Equal(t, coin.External, d.Output.Kind)
				ids = append(ids, d.Output)
				gotCredits = append(gotCredits, fmt.Sprint(d.Output.ID, d.Credit))
			}
			ids = append(ids, b.Internal...)
			for _, o := range w.chain[b.Number].outputs {
				for _, settled := range ids {
					if settled.ID == o.ID {
						got = append(got, o.ID)
					}
				}
			}
			for _, c := range b.Completions {
				gotCompletions = append(gotCompletions, c.Transaction.String())
			}
		}
		require.Equal(t, s.Reference+1, next)
	}
	require.Equal(t, want, got)
	require.Equal(t, credits, gotCredits)
	require.Equal(t, completions, gotCompletions)

	// Quiet stretches are never longer than a window.
	last := activation
	for i, u := range w.updates() {
		require.Equal(t, i == 0, u.Number == activation)
		require.LessOrEqual(t, u.Number, last+testParameters.Window)
		last = u.Number
	}

	// Nothing that settled stays behind: only headers, and what spends.
	unsettled := int(f.Scan - f.Settle)
	most := map[string]int{
		"scanner/buffers": unsettled, "scanner/resolutions": unsettled, "scanner/batches": 0, "scanner/results": 0,
		"scanner/rates": unsettled + RateBlocks + int(f.Index-f.Scan), "scanner/headers": len(w.chain),
		"scanner/keys": 1, "scanner/start": 1, "scanner/frontier": 1, "scanner/reports": 1,
	}
	stored := make(map[string]int)
	for key := range w.dump() {
		name, _, _ := strings.Cut(key, "\x00")
		stored[name]++
	}
	for name, n := range stored {
		if strings.HasPrefix(name, "scanner/") {
			require.Contains(t, most, name)
			require.LessOrEqual(t, n, most[name], name)
		}
	}
}

// expectedRate is the reference rate at a block by its rule.
func (w *tested) expectedRate(number uint64) uint64 {
	other := rated(w.t)
	for _, b := range w.chain[:number+1] {
		other.add(&block{rate: b.rate})
		other.indexAll()
		other.putRate(b.header.Number)
	}
	rate, err := other.rate(number)
	require.NoError(w.t, err)
	return rate
}
