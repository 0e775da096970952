package monero

import (
	"errors"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/coin/monero/block"
	"github.com/serai-go/processor/coin/monero/node"
)

// networkMedian is what the network computes: the mean of the two in the middle.
func networkMedian(times []uint64) uint64 {
	sorted := slices.Sorted(slices.Values(times))
	return (sorted[len(sorted)/2-1] + sorted[len(sorted)/2]) / 2
}

func TestTheClockNeverFalls(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := newMemoryNode(t)
		times := []uint64{0}
		for len(times) < 200 {
			time := rapid.Uint64Range(0, 10_000).Draw(t, "time")
			if len(times) >= medianSpan { // the network's rule
				time = max(time, networkMedian(times[len(times)-medianSpan:]))
			}
			times = append(times, time)
			n.mine(mined{time: time})
		}
		c := newCoin(t, n)
		list, err := c.Headers(t.Context(), 0, len(times))
		require.NoError(t, err)
		var before coin.Header
		for number, header := range list {
			if number < medianSpan {
				require.Zero(t, header.Time)
			} else {
				sorted := slices.Sorted(slices.Values(times[number-medianSpan : number]))
				require.Equal(t, sorted[29], header.Time)
			}
			require.GreaterOrEqual(t, header.Time, before.Time)
			before = header
		}
		for _, number := range []uint64{0, 59, 60, 61, 199} {
			header, err := newCoin(t, n).Header(t.Context(), number)
			require.NoError(t, err)
			require.Equal(t, list[number], header)
		}
	})
}

func TestABlockFromBeforeItsMedianIsInvalid(t *testing.T) {
	n := newMemoryNode(t)
	for i := range uint64(70) {
		n.mine(mined{time: 1000 + i})
	}
	c := newCoin(t, n)
	n.mine(mined{time: 0})
	_, err := c.Header(t.Context(), 70)
	require.NoError(t, err)
	_, err = c.Header(t.Context(), 71)
	require.ErrorIs(t, err, coin.ErrInvalid)
	_, err = c.Headers(t.Context(), 70, 2)
	require.ErrorIs(t, err, coin.ErrInvalid)
}

func TestLaterHardForksNeedAnUpgrade(t *testing.T) {
	n := newMemoryNode(t)
	n.mine(mined{})
	b := n.mine(mined{major: 17})
	c := newCoin(t, n)
	_, err := c.Header(t.Context(), 1)
	require.NoError(t, err)
	_, header := c.Header(t.Context(), 2)
	_, headers := c.Headers(t.Context(), 1, 2)
	_, whole := c.Block(t.Context(), coin.Header{Number: 2, ID: b.ID, Parent: b.Block.Parent()})
	_, rate := c.BlockRate(t.Context(), coin.Header{Number: 2, ID: b.ID, Parent: b.Block.Parent()})
	for _, err := range []error{header, headers, whole, rate} {
		upgrade, ok := errors.AsType[*UpgradeError](err)
		require.True(t, ok, "%v", err)
		require.Equal(t, UpgradeError{Number: 2, Major: 17}, *upgrade)
		require.NotErrorIs(t, err, coin.ErrTransient)
		require.ErrorContains(t, err, "upgrade needed")
	}
}

func TestBlocksAreThoseOfTheirHeaders(t *testing.T) {
	n := newMemoryNode(t)
	first, second := n.mine(mined{}), n.mine(mined{})
	c := newCoin(t, n)
	header, err := c.Header(t.Context(), 2)
	require.NoError(t, err)
	for name, change := range map[string]func(*coin.Header){
		"number": func(h *coin.Header) { h.Number = 1 },
		"parent": func(h *coin.Header) { h.Parent[0] ^= 1 },
	} {
		bad := header
		change(&bad)
		_, err := c.Block(t.Context(), bad)
		require.ErrorIs(t, err, coin.ErrInvalid, name)
	}
	bad := header
	bad.ID[0] ^= 1
	_, err = c.Block(t.Context(), bad)
	require.ErrorIs(t, err, coin.ErrNotFound)
	// A node that sends another block, or not all of it.
	n.known[second.ID] = first
	_, err = c.Block(t.Context(), header)
	require.ErrorIs(t, err, coin.ErrInvalid)
	n.known[second.ID] = &node.Block{ID: second.ID, Block: second.Block}
	_, err = c.Block(t.Context(), header)
	require.ErrorIs(t, err, coin.ErrInvalid)
	n.best[2] = first
	_, err = c.Header(t.Context(), 2)
	require.ErrorIs(t, err, coin.ErrInvalid)
	_, err = c.Headers(t.Context(), 1, 2)
	require.ErrorIs(t, err, coin.ErrInvalid)
	other := blob(t, 1, 0, coin.BlockID{}, 10_001, unhex(t, firstCoinbase), nil)
	n.best[0] = &node.Block{ID: other.ID(), Block: other, Transactions: []*block.Transaction{other.Miner()}}
	_, err = c.Header(t.Context(), 0)
	require.ErrorIs(t, err, coin.ErrInvalid, "another genesis block")
	_, err = c.Headers(t.Context(), 0, 1)
	require.ErrorIs(t, err, coin.ErrInvalid)
	_, err = c.Headers(t.Context(), 2, 2)
	require.Error(t, err)
	list, err := c.Headers(t.Context(), 2, 0)
	require.NoError(t, err)
	require.Empty(t, list)
}

// A node that is behind with itself is asked again.
func TestAMissingParentIsTransient(t *testing.T) {
	n := newMemoryNode(t)
	for range 70 {
		n.mine(mined{})
	}
	delete(n.known, n.best[40].ID)
	n.best[40] = n.best[39]
	_, err := newCoin(t, n).Header(t.Context(), 70)
	require.ErrorIs(t, err, coin.ErrTransient)
	require.NotErrorIs(t, err, coin.ErrNotFound)
}

func TestCatchingUpTakesFewRequests(t *testing.T) {
	n := newMemoryNode(t)
	for range 300 {
		n.mine(mined{})
	}
	c := newCoin(t, n)
	_, err := c.Tip(t.Context())
	require.NoError(t, err)
	for number := range uint64(301) {
		header, err := c.Header(t.Context(), number)
		require.NoError(t, err)
		b, err := c.Block(t.Context(), header)
		require.NoError(t, err)
		require.Equal(t, header, b.Header())
	}
	require.Equal(t, 301, n.asked["Header"])
	require.LessOrEqual(t, n.asked["Blocks"], 10)
	require.LessOrEqual(t, n.asked["Block"], readAhead)
	require.LessOrEqual(t, n.asked["HeaderByID"], 1)
	// Blocks that left the chain are read one by one.
	old := n.best[100]
	n.best = n.best[:100]
	for range 300 {
		n.mine(mined{time: 1})
	}
	c = newCoin(t, n)
	_, err = c.Tip(t.Context())
	require.NoError(t, err)
	b, err := c.Block(t.Context(), coin.Header{Number: 100, ID: old.ID, Parent: old.Block.Parent()})
	require.NoError(t, err)
	require.Equal(t, old.ID, b.Header().ID)
}

func TestKeptBlocksAreBounded(t *testing.T) {
	n := newMemoryNode(t)
	var a ahead
	var list []*node.Block
	for range 4 {
		b := n.mine(mined{})
		list = append(list, b)
	}
	a.keep(list[0])
	a.keep(list[0])
	require.Equal(t, list[0].Size(), a.size)
	a.size = maxKept - list[1].Size() + list[0].Size() // as if there were large ones before
	a.keep(list[1])
	_, ok := a.find(list[0].ID)
	require.False(t, ok, "the oldest goes")
	_, ok = a.find(list[1].ID)
	require.True(t, ok)
	require.LessOrEqual(t, a.size, maxKept)
}

func TestLookupsAreTheHashOfTheExtraFieldAndKeyImages(t *testing.T) {
	s, n := newSender(t)
	one, two := s.strangers(2, 1e9), s.strangers(2, 1e9)
	s.data(one, "same")
	s.data(two, "same")
	b := n.mine(mined{})
	parsed, _ := read(t, s.coin, b)
	require.Empty(t, parsed.Transactions()[0].Lookups(), "a coinbase")
	require.Equal(t, b.Block.Miner().Hash(), parsed.Transactions()[0].ID())
	first, second := transaction{s.encode(one)}, transaction{s.encode(two)}
	require.NotEqual(t, first.ID(), second.ID())
	require.Equal(t, first.Lookups()[0], second.Lookups()[0])
	require.Len(t, first.Lookups()[0], 32)
	for i, tx := range []transaction{first, second} {
		require.Equal(t, [][]byte{[]*block.Fields{one, two}[i].Inputs[0].KeyImage[:]}, tx.Lookups()[1:])
	}
	s.data(two, "more")
	require.NotEqual(t, first.Lookups()[0], transaction{s.encode(two)}.Lookups()[0])
}
