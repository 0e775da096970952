package processortest_test

import (
	"context"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor"
	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/processortest"
	"github.com/serai-go/processor/storage"
)

// replay lets one validator go on alone from what a store holds, over the log
// and the chain of a finished run, and returns its status at the end.
func replay(t *testing.T, p *processortest.Player, validator int, store *storage.Memory, c coin.Coin, step func(*processor.Processor, uint64) uint64) processor.Status {
	ctx := t.Context()
	one, err := processor.New(processor.Config{
		Coin: c, Store: store, Self: processortest.Identity(validator), Sealer: processortest.Sealer(validator),
		Parameters: p.Parameters, Current: uint64(len(p.Log)),
	})
	require.NoError(t, err)
	status, err := one.Status(ctx)
	require.NoError(t, err)
	for next := status.Next; next < uint64(len(p.Log)); {
		end := step(one, next)
		for ; next < end; next++ {
			require.NoError(t, one.Handle(ctx, next, p.Log[next]))
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
	return status
}

// atOnce hands the rest of the log over in one go.
func atOnce(p *processortest.Player) func(*processor.Processor, uint64) uint64 {
	return func(*processor.Processor, uint64) uint64 { return uint64(len(p.Log)) }
}

// commits returns the commits to crash after: all up to 300, and beyond that a
// seeded stride.
func commits(total int, random *rand.Rand) []int {
	var list []int
	for k := 0; k <= total; k++ {
		if k > 300 {
			k += random.IntN(1 + total/20)
		}
		list = append(list, min(k, total))
	}
	return list
}

func TestCrashEverywhere(t *testing.T) {
	scenarios(t, func(t *testing.T, _ string, s processortest.Scenario) {
		t.Parallel()
		reference := &processortest.Player{NewChain: newMock, History: true}
		_, err := reference.Play(t.Context(), s)
		require.NoError(t, err)
		want, err := reference.Validators[1].Processor.Status(t.Context())
		require.NoError(t, err)

		t.Run("one", func(t *testing.T) {
			if want.Halted != nil {
				t.Skip("the chain of the end is not the one that this run saw")
			}
			store := reference.Validators[1].Store
			for _, k := range commits(store.Commits(), rand.New(rand.NewPCG(1, 0))) {
				got := replay(t, reference, 1, store.At(k), reference.Chain.Coin(), atOnce(reference))
				same(t, want, got, "killed at commit %d", k)
			}
		})
		t.Run("all", func(t *testing.T) {
			for seed := range uint64(8) {
				p := &processortest.Player{NewChain: newMock}
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
				got, err := p.Validators[1].Processor.Status(t.Context())
				require.NoError(t, err)
				same(t, want, got, "seed %d", seed)
			}
		})
	})
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

// TestAnyTiming runs a second validator over the chain and the log of a
// finished run, with blocks and entries arriving in other steps and restarts
// in between.
func TestAnyTiming(t *testing.T) {
	scenarios(t, func(t *testing.T, _ string, s processortest.Scenario) {
		t.Parallel()
		reference := &processortest.Player{NewChain: newMock}
		_, err := reference.Play(t.Context(), s)
		require.NoError(t, err)
		want, err := reference.Validators[1].Processor.Status(t.Context())
		require.NoError(t, err)
		if want.Halted != nil {
			t.Skip("the chain of the end is not the one that this run saw")
		}
		for seed := range uint64(10) {
			random := rand.New(rand.NewPCG(seed, 1))
			c := &slowCoin{Coin: reference.Chain.Coin()}
			got := replay(t, reference, 1, storage.NewMemory(), c, func(p *processor.Processor, next uint64) uint64 {
				if next == uint64(len(reference.Log)) {
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
				return min(next+random.Uint64N(6), uint64(len(reference.Log)))
			})
			same(t, want, got, "seed %d", seed)
		}
	})
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
