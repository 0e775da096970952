package processortest_test

import (
	"context"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor"
	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/coin/mock"
	"github.com/serai-go/processor/processortest"
	"github.com/serai-go/processor/storage"
)

// decision tells whether an event follows from the chain and the log alone.
func decision(e processor.EventBody) bool {
	switch e.(type) {
	case processor.KeyGenerated, processor.KeyGenFailed, processor.KeyStage, processor.Update,
		processor.PaymentPlanned, processor.PaymentSettled, processor.Refunded, processor.PaymentDropped, processor.PaymentRefused,
		processor.WrittenOff, processor.VoidedCredit:
		return true
	}
	return false
}

// decisions are the events of a validator's run that were not acknowledged up
// to a commit, as sorted text. Of the reports of a block only the last counts:
// whether there was an earlier one, by a session that was abandoned, depends on
// when the block was scanned.
func decisions(told []processortest.Told, commit int) []string {
	last := make(map[uint64]int) // report by block number
	for i, e := range told {
		if u, ok := e.Body.(processor.Update); ok {
			last[u.Number] = i
		}
	}
	var list []string
	for i, e := range told {
		u, ok := e.Body.(processor.Update)
		if e.Commit > commit && decision(e.Body) && (!ok || last[u.Number] == i) {
			list = append(list, fmt.Sprintf("%T %+v", e.Body, e.Body))
		}
	}
	slices.Sort(list)
	return list
}

// pending are those that a processor still tells.
func pending(t *testing.T, p *processor.Processor) []string {
	events, err := p.Pending(t.Context(), 0, 1<<20)
	require.NoError(t, err)
	var told []processortest.Told
	for _, e := range events {
		told = append(told, processortest.Told{Body: e.Body})
	}
	return decisions(told, -1)
}

// replay lets one validator go on alone from what a store holds, over the log
// and the chain of a finished run, and returns its status at the end and the
// events that it tells.
func replay(t *testing.T, p *processortest.Player, validator int, store *storage.Memory, c coin.Coin, archives []processor.Archive, step func(*processor.Processor, uint64) uint64) (processor.Status, []string) {
	ctx := t.Context()
	one, err := processor.New(processor.Config{
		Coin: c, Store: store, Self: processortest.Identity(validator), Sealer: processortest.Sealer(validator),
		Parameters: p.Parameters, Current: uint64(len(p.Log)), Archives: archives,
	})
	require.NoError(t, err)
	status, err := one.Status(ctx)
	require.NoError(t, err)
	for next := status.Next; next < uint64(len(p.Log)); {
		end := step(one, next)
		for ; next < end; next++ {
			require.NoError(t, one.Handle(ctx, next, p.View(validator, p.Log[next])))
		}
	}
	step(one, uint64(len(p.Log)))
	_, err = one.Step(ctx)
	if _, halt := is[*processor.Halt](err); !halt {
		require.NoError(t, err)
	}
	status, err = one.Status(ctx)
	require.NoError(t, err)
	require.NoError(t, one.Audit(ctx))
	return status, pending(t, one)
}

// watched are the validators whose runs are looked at: one of session 0, one that
// is not in it, and one that joined later, as far as they were there to the end.
func watched(p *processortest.Player) (list []int) {
	choose := func(suits func(int) bool) {
		for i, v := range p.Validators {
			if !v.Offline && suits(i) {
				if !slices.Contains(list, i) {
					list = append(list, i)
				}
				return
			}
		}
	}
	first := p.Sessions[0].Members
	choose(func(i int) bool { return i > 0 && slices.Contains(first, i) })
	choose(func(i int) bool { return i < p.Options.Validators && !slices.Contains(first, i) })
	choose(func(i int) bool { return i >= p.Options.Validators })
	return list
}

// statuses are those of validators.
func statuses(t *testing.T, p *processortest.Player, of []int) (list []processor.Status) {
	for _, i := range of {
		status, err := p.Validators[i].Processor.Status(t.Context())
		require.NoError(t, err)
		list = append(list, status)
	}
	return list
}

// atOnce hands the rest of the log over in one go.
func atOnce(p *processortest.Player) func(*processor.Processor, uint64) uint64 {
	return func(*processor.Processor, uint64) uint64 { return uint64(len(p.Log)) }
}

// crashes returns the commits to crash after: all up to 300, beyond that every
// first one of its kind and a seeded stride. With the race detector, which is
// slow, only the latter two, and so in long runs, which begin like the others.
// A run that began as another one did up to a commit, as most scenarios do, is not
// crashed there once more.
func crashes(store *storage.Memory, validator int, long bool, random *rand.Rand) []int {
	all, total := 300, store.Commits()
	if raceDetector || long {
		all = 0
	}
	part := 20
	if long {
		part = 8
	}
	seen := make(map[string]bool)
	stride := 0
	var list []int
	way := fnv.New64a()
	fmt.Fprint(way, validator)
	for k := range total + 1 {
		kind := store.Kind(k)
		fmt.Fprint(way, kind, ";")
		if k <= all || !seen[kind] || k == total || stride == 0 {
			if _, before := crashed.LoadOrStore(way.Sum64(), true); !before || k == total {
				list = append(list, k)
			}
		}
		seen[kind] = true
		if stride--; stride < 0 {
			stride = random.IntN(1 + total/part)
		}
	}
	return list
}

// crashed are the ways, as kinds of commits from the first one on, at whose ends runs
// were crashed.
var crashed sync.Map

// long tells whether a run has more than one session.
func long(p *processortest.Player) bool { return len(p.Sessions) > 1 }

// seeds is how many random runs to make, fewer of a long one.
func seeds(n uint64, long bool) uint64 {
	if raceDetector || long {
		return 2
	}
	return n
}

func TestCrashEverywhere(t *testing.T) {
	scenarios(t, func(t *testing.T, _ string, s processortest.Scenario) {
		sampled(t)
		t.Parallel()
		reference := &processortest.Player{NewChain: newMock, NewMonero: newMonero, History: true}
		_, err := reference.Play(t.Context(), s)
		require.NoError(t, err)
		of := watched(reference)
		require.NotEmpty(t, of)
		want := statuses(t, reference, of)

		for n, i := range of {
			t.Run(fmt.Sprintf("validator %d", i), func(t *testing.T) {
				if want[n].Halted != nil {
					t.Skip("the chain of the end is not the one that this run saw")
				}
				v := reference.Validators[i]
				archives := archived(t, reference) // else the chain of the end is not all that it takes
				for _, k := range crashes(v.Store, i, long(reference), rand.New(rand.NewPCG(1, 0))) {
					got, told := replay(t, reference, i, v.Store.At(k), reference.Coin(i), archives, atOnce(reference))
					same(t, want[n], got, "killed at commit %d", k)
					require.Equal(t, decisions(v.Told, k), told, "killed at commit %d", k)
				}
			})
		}
		t.Run("all", func(t *testing.T) {
			for seed := range seeds(8, long(reference)) {
				p := &processortest.Player{NewChain: newMock, NewMonero: newMonero}
				random := rand.New(rand.NewPCG(seed, 0))
				restart := func(i int) error { return p.Start(i, p.Validators[i].Store.Clone()) }
				p.Before = func(p *processortest.Player) error {
					for _, v := range p.Validators {
						v.Store.CutAfter(v.Store.Commits() + 1 + random.IntN(60))
					}
					p.OnCut = func(int) error {
						for i := range p.Validators {
							if err := restart(i); err != nil {
								return err
							}
						}
						return nil
					}
					return nil
				}
				_, err := p.Play(t.Context(), s)
				require.NoError(t, err, "seed %d", seed)
				halted := false
				for n, got := range statuses(t, p, of) {
					// Signatures differ from run to run, and so do block IDs and with
					// them the digest. What the scheduler holds must not.
					require.Equal(t, planning(t, reference, of[n]), planning(t, p, of[n]), "seed %d", seed)
					got.Digest = want[n].Digest
					if got.Halted != nil && want[n].Halted != nil { // perhaps at another position
						got.Halted.Reason = want[n].Halted.Reason
					}
					same(t, want[n], got, "seed %d", seed)
					halted = halted || got.Halted != nil
				}
				if !halted {
					_, err = p.Digests(t.Context())
					require.NoError(t, err, "seed %d", seed)
				}
			}
		})
	})
}

// planning is all that the scheduler of a validator has stored.
func planning(t *testing.T, p *processortest.Player, validator int) map[string]string {
	records := make(map[string]string)
	err := p.Validators[validator].Store.View(t.Context(), func(r storage.Reader) error {
		for pair, err := range r.Range([]byte("scheduler/"), []byte("scheduler0")) {
			if err != nil {
				return err
			}
			records[string(pair.Key)] = string(pair.Value)
		}
		return nil
	})
	require.NoError(t, err)
	return records
}

// same compares what all validators must agree on.
func same(t *testing.T, want, got processor.Status, format string, args ...any) {
	t.Helper()
	args = append([]any{format}, args...)
	require.Equal(t, want.Digest, got.Digest, args...)
	require.Equal(t, want.Ledger, got.Ledger, args...)
	require.Equal(t, want.Frontier, got.Frontier, args...)
	require.Equal(t, want.Pending, got.Pending, args...)
	require.Equal(t, want.Keys, got.Keys, args...)
	require.Equal(t, want.Halted, got.Halted, args...)
}

// TestAnyTiming runs a second copy of validators over the chain and the log of a
// finished run, with blocks and entries arriving in other steps and restarts
// in between.
func TestAnyTiming(t *testing.T) {
	scenarios(t, func(t *testing.T, _ string, s processortest.Scenario) {
		sampled(t)
		t.Parallel()
		reference := &processortest.Player{NewChain: newMock, NewMonero: newMonero}
		_, err := reference.Play(t.Context(), s)
		require.NoError(t, err)
		of := watched(reference)
		for n, want := range statuses(t, reference, of) {
			t.Run(fmt.Sprintf("validator %d", of[n]), func(t *testing.T) {
				if want.Halted != nil {
					t.Skip("the chain of the end is not the one that this run saw")
				}
				for seed := range seeds(10, long(reference)) {
					anyTiming(t, reference, of[n], want, seed)
				}
			})
		}
	})
}

func anyTiming(t *testing.T, reference *processortest.Player, validator int, want processor.Status, seed uint64) {
	random := rand.New(rand.NewPCG(seed, 1))
	c := &slowCoin{Coin: reference.Coin(validator)}
	var seen coin.Coin = c
	archives := archived(t, reference)
	if len(archives) > 0 {
		c.Coin = bestOf(t, reference.Chain.(*mock.Chain)).Coin()
		seen = archivingCoin{c, c.Coin.(coin.Archiver)}
	}
	end := uint64(len(reference.Log))
	got, told := replay(t, reference, validator, storage.NewMemory(), seen, archives, func(p *processor.Processor, next uint64) uint64 {
		if next == end {
			c.tip = 1 << 40
			return next
		}
		if random.IntN(2) == 0 {
			c.tip += random.Uint64N(4)
		}
		if random.IntN(3) == 0 {
			_, err := p.Step(t.Context())
			if _, halt := is[*processor.Halt](err); !halt {
				require.NoError(t, err)
			}
		}
		return min(next+random.Uint64N(6), end)
	})
	same(t, want, got, "seed %d", seed)
	require.Equal(t, decisions(reference.Validators[validator].Told, -1), told, "seed %d", seed)
}

// archived are the archives of a finished run, as they were handed over.
func archived(t *testing.T, p *processortest.Player) (archives []processor.Archive) {
	list, err := p.Archives(t.Context())
	require.NoError(t, err)
	for _, a := range list {
		decoded, err := processor.DecodeArchive(processor.EncodeArchive(a))
		require.NoError(t, err)
		archives = append(archives, decoded)
	}
	return archives
}

// bestOf is a chain that never had other blocks than the best ones of another.
func bestOf(t *testing.T, c *mock.Chain) *mock.Chain {
	chain := mock.New(c.Options())
	for _, raw := range c.Blocks(1) {
		require.NoError(t, chain.AddBlock(raw))
	}
	return chain
}

// archivingCoin is a slow one with archives.
type archivingCoin struct {
	*slowCoin
	coin.Archiver
}

// slowCoin sees blocks later than they are there.
type slowCoin struct {
	coin.Coin
	tip uint64
}

// Tip implements coin.Reader.
func (c *slowCoin) Tip(ctx context.Context) (uint64, error) {
	tip, err := c.Coin.Tip(ctx)
	return min(tip, c.tip), err
}
