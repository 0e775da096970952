package nodes_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin"
)

func TestANodeThatIsAwayIsAskedLessAndLess(t *testing.T) {
	in(t, 2, func(w *world) {
		w.requireTip(20)
		w.requireStates(coin.NodeWell, coin.NodeWell)
		w.puppets[0].away()
		for range 1000 {
			w.requireTip(20)
			h := w.header(19)
			_, err := w.Block(w.Context(), h)
			require.NoError(w, err)
			time.Sleep(time.Second)
		}
		require.Less(w, w.puppets[0].questions(), 40)
		w.requireStates(coin.NodeFailing, coin.NodeWell)
		require.Contains(w, w.Health()[0].LastError, "no route")
		require.EqualValues(w, 20, w.Health()[0].Tip)

		w.puppets[0].back()
		time.Sleep(5 * time.Minute)
		w.requireTip(20)
		w.requireStates(coin.NodeWell, coin.NodeWell)
		before := w.puppets[1].questions()
		_, err := w.Block(w.Context(), w.header(3))
		require.NoError(w, err)
		require.Equal(w, before+1, w.puppets[1].questions(), "the first is preferred again")
	})
}

// Both are away: that is the caller's trouble, and both are asked again at once.
func TestAllNodesAway(t *testing.T) {
	in(t, 2, func(w *world) {
		for range 3 {
			for _, p := range w.puppets {
				p.away()
			}
			_, err := w.Tip(w.Context())
			require.ErrorIs(w, err, coin.ErrTransient)
			require.ErrorContains(w, err, "a: ")
			require.ErrorContains(w, err, "b: ")
			_, err = w.Header(w.Context(), 3)
			require.ErrorIs(w, err, coin.ErrTransient)
			_, err = w.Block(w.Context(), headerOn(w.T, w.chain, 3))
			require.ErrorIs(w, err, coin.ErrTransient)
			_, err = w.Publish(w.Context(), coin.Transaction{})
			require.ErrorIs(w, err, coin.ErrTransient)
			w.puppets[1].back()
			w.requireTip(20)
			w.header(20)
		}
	})
}

func TestANodeThatHangsIsWaitedForBriefly(t *testing.T) {
	in(t, 2, func(w *world) {
		w.puppets[0].hangs = true
		start := time.Now()
		w.requireTip(20)
		require.Equal(w, 10*time.Second, time.Since(start))
		w.requireTip(20)
		require.Equal(w, 10*time.Second, time.Since(start), "it is left aside")
		require.Contains(w, w.Health()[0].LastError, "no answer within")
	})
}

// That the caller gives up speaks against no node.
func TestAnEndedContextBlamesNobody(t *testing.T) {
	in(t, 2, func(w *world) {
		ctx, cancel := context.WithCancel(w.Context())
		cancel()
		_, err := w.Tip(ctx)
		require.ErrorIs(w, err, context.Canceled)
		_, err = w.Header(ctx, 3)
		require.ErrorIs(w, err, context.Canceled)
		_, err = w.Block(ctx, headerOn(w.T, w.chain, 3))
		require.ErrorIs(w, err, context.Canceled)
		_, err = w.Publish(ctx, coin.Transaction{})
		require.ErrorIs(w, err, context.Canceled)
		w.requireStates(coin.NodeWell, coin.NodeWell)
	})
}

func TestTheTipIsWhatMoreThanHalfHave(t *testing.T) {
	for _, c := range []struct {
		tips []uint64
		want uint64
	}{
		{[]uint64{7}, 7},
		{[]uint64{8, 7}, 7},
		{[]uint64{7, 8}, 7},
		{[]uint64{9, 7, 8}, 8},
		{[]uint64{1 << 62, 7, 8}, 8},
		{[]uint64{0, 8, 8}, 8},
		{[]uint64{6, 7, 8, 9}, 7},
		{[]uint64{5, 6, 7, 8, 9}, 7},
	} {
		in(t, len(c.tips), func(w *world) {
			for i, p := range w.puppets {
				p.tip = func() (uint64, error) { return c.tips[i], nil }
			}
			w.requireTip(c.want)
			for i, h := range w.Health() {
				require.Equal(w, c.tips[i], h.Tip)
				require.Equal(w, c.tips[i] < c.want, h.State == coin.NodeBehind)
			}
		})
	}
}

func TestANodeThatStoppedDoesNotCount(t *testing.T) {
	in(t, 2, func(w *world) {
		w.requireTip(20)
		w.puppets[1].follow(w.chain.Clone())
		require.NoError(w, w.chain.Mine(w.Context(), 5))
		for range 59 {
			w.requireTip(20)
			time.Sleep(time.Minute)
		}
		_, err := w.Header(w.Context(), 24)
		require.ErrorIs(w, err, coin.ErrNotFound, "one of two has it")
		time.Sleep(time.Minute)
		w.requireTip(25)
		w.header(24)
		w.header(18)
		w.requireStates(coin.NodeWell, coin.NodeBehind)

		w.puppets[1].follow(w.chain)
		w.requireTip(25)
		w.requireStates(coin.NodeWell, coin.NodeWell)
	})
}

// No reorganisation takes a final block off the tip's number.
func TestANodeWhoseTipFallsDoesNotCount(t *testing.T) {
	in(t, 2, func(w *world) {
		w.requireTip(20)
		w.puppets[0].tip = func() (uint64, error) { return 19, nil }
		w.requireTip(19)
		w.puppets[0].tip = func() (uint64, error) { return 18, nil }
		w.requireTip(20)
		w.puppets[0].header = func(uint64) (coin.Header, error) { return coin.Header{}, coin.ErrNotFound }
		w.header(19)
		w.requireStates(coin.NodeBehind, coin.NodeWell)
		// Unless all have: then that is how it is.
		w.puppets[1].tip = w.puppets[0].tip
		w.requireTip(18)
		w.puppets[0].back()
		w.puppets[1].back()
		w.requireTip(20)
		w.requireStates(coin.NodeWell, coin.NodeWell)
	})
}

// Not to know a block is no answer of a node that says it has many behind it.
func TestANodeOwesTheBlocksOfItsChain(t *testing.T) {
	in(t, 2, func(w *world) {
		w.requireTip(20)
		w.puppets[0].header = func(uint64) (coin.Header, error) { return coin.Header{}, coin.ErrNotFound }
		w.header(18)
		w.requireStates(coin.NodeFailing, coin.NodeWell)
		require.Contains(w, w.Health()[0].LastError, "ends with block 20")
		time.Sleep(time.Minute)
		_, err := w.Header(w.Context(), 19)
		require.ErrorIs(w, err, coin.ErrNotFound, "a small reorganisation")
	})
}
