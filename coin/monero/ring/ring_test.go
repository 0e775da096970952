package ring

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/coin/monero/node"
)

func TestRingsDependOnTheChainOnly(t *testing.T) {
	world := newChain(1, 260, 8)
	rapid.Check(t, func(t *rapid.T) {
		reference := rapid.Uint64Range(90, 240).Draw(t, "reference")
		var seed [32]byte
		copy(seed[:], rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "seed"))
		real := world.real(reference, rapid.IntRange(0, 100).Draw(t, "real"))
		want := world.ring(reference, seed, real)
		require.NotNil(t, want)

		tips := rapid.SliceOfN(rapid.Uint64Range(reference, 260), 3, 3).Draw(t, "tips")
		for i, tip := range tips {
			f := &fake{chain: world, tip: tip, late: i == 1}
			c := New(f)
			c.first = []int{firstRequest, 1, rapid.IntRange(1, 900).Draw(t, "first request")}[i]
			if i == 2 { // it has been used
				before := rapid.Uint64Range(90, tip).Draw(t, "before")
				_, _, err := c.Choose(context.Background(), before-9, seed, world.real(before, 3))
				require.NoError(t, err)
				f.asked, f.ids = nil, nil
			}
			members, position, err := c.Choose(context.Background(), reference-9, seed, real)
			require.NoError(t, err)
			require.Equal(t, want, world.indexesOf(t, members, position, real))

			// The first request has the output itself, by its place in the order,
			// the others do not. Transactions are asked for the same way: those of
			// all, so that none is conspicuous.
			for i, asked := range f.asked {
				require.True(t, slices.IsSorted(asked))
				require.Equal(t, i == 0, slices.Contains(asked, real.Index))
				require.True(t, slices.IsSortedFunc(f.ids[i], func(a, b coin.TransactionID) int { return bytes.Compare(a[:], b[:]) }))
				for _, index := range asked {
					require.Contains(t, f.ids[i], world.outs[index].Transaction)
				}
			}
		}
		other := seed
		other[rapid.IntRange(0, 31).Draw(t, "byte")] ^= 1
		require.NotEqual(t, want, world.ring(reference, other, real))
	})
}

func TestDecoysAreUsable(t *testing.T) {
	world := newChain(2, 400, 2)
	f := &fake{chain: world, tip: 400}
	c := New(f)
	refused := 0
	for i := range 100 {
		reference := uint64(100 + i)
		real := world.real(reference, i%7)
		for _, m := range chosen(t, c, reference, [32]byte{byte(i)}, real) {
			require.True(t, world.usable(m.Index, reference))
		}
		for _, index := range slices.Concat(f.asked...) {
			if !world.usable(index, reference) {
				refused++
			}
		}
		f.asked = nil
	}
	require.Greater(t, refused, 100)
}

// Every candidate that is at the limit is usable one block later.
func TestLocksEndAsConsensusHasIt(t *testing.T) {
	for _, test := range []struct {
		unlock, height uint64
		want           bool
	}{
		{0, 100, true},
		{1, 100, true},
		{100, 100, true},
		{101, 100, false},
		{499_999_999, 499_999_999, true},
		{500_000_000, 600_000_000, false},
		{1_500_000_000, 100, false},
		{1<<64 - 1, 1<<64 - 1, false},
	} {
		require.Equal(t, test.want, unlocked(test.unlock, test.height), test)
	}
	d := distribution{3, []uint64{1, 1, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13}}
	require.Equal(t, uint64(15), d.height())
	require.Equal(t, uint64(24), d.spender())
	require.Equal(t, uint64(13), d.total())
	for index, block := range []uint64{3, 5, 5, 5, 6, 7} {
		require.Equal(t, block, d.block(uint64(index)))
	}
	require.Zero(t, distribution{}.total())
}

// An output that has the key of another member is no decoy: it could not be
// told which of the two is spent.
func TestKeysInARingDiffer(t *testing.T) {
	c := newEmptyChain(3)
	copied := c.key()
	for range 40 {
		c.mine(0)
		c.add(c.transaction(0, [][32]byte{c.key(), copied}, [][32]byte{c.key(), c.key()}))
	}
	f := &fake{chain: c, tip: 40}
	for i := range 20 {
		real := c.outs[3*20+1+i%2] // of different keys
		members := chosen(t, New(f), 40, [32]byte{byte(i)}, Real{real.Transaction, real.Index, real.Key, real.Commitment})
		seen := map[[32]byte]bool{}
		for _, m := range members {
			require.False(t, seen[m.Key])
			seen[m.Key] = true
		}
	}
}

// A chain of coinbases, as it is when a test network begins, has rings as soon
// as 16 of them are unlocked: 60 blocks after the 16th.
func TestYoungChains(t *testing.T) {
	c := newChain(4, 200, 0)
	f := &fake{chain: c, tip: 200}
	real := func(i int) Real {
		o := c.outs[i]
		return Real{o.Transaction, o.Index, o.Key, o.Commitment}
	}
	for _, reference := range []uint64{0, 1, 5, 15, 51, 65} {
		_, _, err := New(f).Choose(t.Context(), reference, [32]byte{}, real(0))
		require.ErrorIs(t, err, ErrFew, reference)
		require.NotErrorIs(t, err, coin.ErrTransient)
		require.NotErrorIs(t, err, coin.ErrInvalid)
	}
	for reference := uint64(75); reference < 100; reference++ {
		members, position, err := New(f).Choose(t.Context(), reference-9, [32]byte{7}, real(3))
		require.NoError(t, err, reference)
		indexes := c.indexesOf(t, members, position, real(3))
		require.Equal(t, c.ring(reference, [32]byte{7}, real(3)), indexes)
	}
	_, _, err := New(f).Choose(t.Context(), 201, [32]byte{}, real(0))
	require.ErrorIs(t, err, coin.ErrTransient, "the node is behind")
	require.NotErrorIs(t, err, ErrFew)

	// A gap of years: all draws lead beyond what is old enough, or to nothing.
	gap := newChain(5, 40, 3)
	for range 500 {
		gap.counts = append(gap.counts, gap.counts[40])
	}
	members := chosen(t, New(&fake{chain: gap, tip: 540}), 540, [32]byte{}, gap.real(540, 1))
	require.Equal(t, gap.ring(540, [32]byte{}, gap.real(540, 1))[0], members[0].Index)

	// Nothing is usable: it ends.
	locked := newEmptyChain(6)
	locked.counts = append(locked.counts, 0)
	locked.add(locked.transaction(0, [][32]byte{locked.key()}, [][32]byte{locked.key()}))
	for range 5000 {
		locked.add(locked.transaction(1<<40, [][32]byte{{1}, {1}}, [][32]byte{{1}, {1}}))
	}
	for range 10 {
		locked.mine(0)
	}
	f = &fake{chain: locked, tip: 11}
	o := locked.outs[0]
	_, _, err = New(f).Choose(t.Context(), 11-9, [32]byte{}, Real{o.Transaction, 0, o.Key, o.Commitment})
	require.ErrorIs(t, err, ErrFew)
	require.ErrorContains(t, err, fmt.Sprintf("of 10002 that are old enough only 0 of %d tried", maxCandidates))
	for _, asked := range f.asked {
		require.LessOrEqual(t, len(asked), node.MaxOuts)
	}
}

func TestWhatCannotBeSpentIsRefused(t *testing.T) {
	c := newChain(7, 150, 6)
	f := &fake{chain: c, tip: 150}
	const reference = 120
	refused := 0
	for i, o := range c.outs {
		if i%3 > 0 && c.usable(o.Index, reference) {
			continue
		}
		_, _, err := New(f).Choose(t.Context(), reference-9, [32]byte{}, Real{o.Transaction, o.Index, o.Key, o.Commitment})
		if c.usable(o.Index, reference) {
			require.NoError(t, err)
			continue
		}
		refused++
		require.ErrorIs(t, err, ErrUnspendable)
		require.NotErrorIs(t, err, coin.ErrTransient)
	}
	require.Greater(t, refused, 100)
}

// What could have changed since is asked for each time.
func TestTheDistributionGrows(t *testing.T) {
	world := newChain(8, 200, 3)
	f := &fake{chain: world, tip: 200}
	c := New(f)
	for _, reference := range []uint64{150, 150, 100, 151, 160, 159} {
		chosen(t, c, reference, [32]byte{}, world.real(reference, 0))
	}
	require.Equal(t, [][2]uint64{{0, 141}, {0, 141}, {0, 91}, {0, 142}, {0, 151}, {0, 150}}, f.spans)

	// Trouble that passes does not make it forget, nor does a short chain.
	f.sayOuts = func([]node.Out) ([]node.Out, error) { return nil, coin.ErrTransient }
	_, _, err := c.Choose(t.Context(), 160-9, [32]byte{}, world.real(160, 0))
	require.ErrorIs(t, err, coin.ErrTransient)
	_, _, err = c.Choose(t.Context(), 201, [32]byte{}, world.real(160, 0))
	require.ErrorIs(t, err, coin.ErrTransient)
	f.sayOuts = nil
	chosen(t, c, 160, [32]byte{}, world.real(160, 0))
	require.Len(t, f.spans, 9)
}
