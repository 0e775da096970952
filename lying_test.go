package processor_test

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor"
	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/coin/mock"
	"github.com/serai-go/processor/coin/nodes"
	"github.com/serai-go/processor/processortest"
	"github.com/serai-go/processor/scanner"
	"github.com/serai-go/processor/storage"
)

// liar is a node that says what is well formed and wrong.
type liar struct {
	coin.Coin
	lies int // how many are left
	lie
	turn int
}

// lie is what a liar answers, from what is true. Nil functions are honest.
type lie struct {
	tip    func(l *liar, tip uint64) uint64
	header func(l *liar, honest coin.Header) (coin.Header, error)
	block  func(l *liar, header coin.Header) (coin.Block, error)
}

// tells uses up a lie, if there is one.
func (l *liar) tells() bool {
	if l.lies == 0 {
		return false
	}
	l.lies--
	l.turn++
	return true
}

// Tip implements coin.Reader.
func (l *liar) Tip(ctx context.Context) (uint64, error) {
	tip, err := l.Coin.Tip(ctx)
	if err != nil || l.tip == nil || !l.tells() {
		return tip, err
	}
	return l.tip(l, tip), nil
}

// Header implements coin.Reader.
func (l *liar) Header(ctx context.Context, number uint64) (coin.Header, error) {
	honest, err := l.Coin.Header(ctx, number)
	if err != nil || l.header == nil || !l.tells() {
		return honest, err
	}
	return l.header(l, honest)
}

// Block implements coin.Reader.
func (l *liar) Block(ctx context.Context, header coin.Header) (coin.Block, error) {
	if l.block == nil || !l.tells() {
		return l.Coin.Block(ctx, header)
	}
	return l.block(l, header)
}

// at is the header of another block with the number of the one asked for, as
// Bitcoin's have none.
func (l *liar) at(place, number uint64) (coin.Header, error) {
	h, err := l.Coin.Header(context.Background(), place)
	h.Number = number
	return h, err
}

// lies are of all kinds, over a chain that may fork off from it.
func lies() map[string]lie {
	return map[string]lie{
		"the header before": {header: func(l *liar, h coin.Header) (coin.Header, error) { return l.at(h.Number-min(h.Number, 1), h.Number) }},
		"always the same":   {header: func(l *liar, h coin.Header) (coin.Header, error) { return l.at(1, h.Number) }},
		"a wrong parent": {header: func(_ *liar, h coin.Header) (coin.Header, error) {
			h.Parent[0] ^= 1
			return h, nil
		}},
		"another header and back": {header: func(l *liar, h coin.Header) (coin.Header, error) {
			if l.turn%2 == 0 {
				h.ID[0] ^= 1
				h.Parent[0] ^= 1
			}
			return h, nil
		}},
		"a stale tip":      {tip: func(_ *liar, tip uint64) uint64 { return min(tip, 9) }},
		"no blocks":        {tip: func(*liar, uint64) uint64 { return 0 }},
		"a tip too high":   {tip: func(_ *liar, tip uint64) uint64 { return tip + 1000 }},
		"the highest tip":  {tip: func(*liar, uint64) uint64 { return math.MaxUint64 }},
		"a tip that falls": {tip: func(l *liar, tip uint64) uint64 { return tip - min(tip, uint64(l.turn%7)) }},
		"another block's body": {block: func(l *liar, h coin.Header) (coin.Block, error) {
			other, err := l.Coin.Header(context.Background(), h.Number-1)
			if err != nil {
				return nil, err
			}
			_, err = l.Coin.Block(context.Background(), coin.Header{Number: h.Number, ID: other.ID, Parent: h.Parent, Time: h.Time})
			if err == nil {
				err = fmt.Errorf("the coin took the body of another block")
			}
			return nil, err
		}},
		"unknown blocks": {block: func(*liar, coin.Header) (coin.Block, error) { return nil, coin.ErrNotFound }},
	}
}

// However many wrong answers a node gives, once it tells the truth again the
// processor goes on.
func TestWrongAnswersAreWaitedOut(t *testing.T) {
	for name, lie := range lies() {
		for _, when := range []string{"at the start", "later"} {
			t.Run(name+" "+when, func(t *testing.T) {
				chain := mock.New(mock.Options{})
				require.NoError(t, chain.Mine(t.Context(), 12))
				node := &liar{Coin: chain.Coin(), lie: lie}
				g, err := processortest.New(processortest.Options{
					Chain: chain, Coin: func(int) coin.Coin { return node }, Weights: []uint16{1}, Threshold: 1,
				})
				require.NoError(t, err)
				g.GenerateKey(0, 0, 1)
				require.NoError(t, g.Run(t.Context()))
				require.NoError(t, g.ConfirmKey(t.Context(), 0))
				if when == "later" {
					require.NoError(t, chain.Mine(t.Context(), 2))
					require.NoError(t, g.AcknowledgeAll(t.Context()))
				}
				for lies := range 9 {
					node.lies = lies
					require.NoError(t, chain.Mine(t.Context(), 1))
					for range lies + 1 {
						require.NoError(t, g.AcknowledgeAll(t.Context()))
					}
				}
				node.lies = 0
				mine(t, g, 2)
				require.Nil(t, g.Validators[0].Halted)
				status, err := g.Validators[0].Processor.Status(t.Context())
				require.NoError(t, err)
				require.Empty(t, status.Troubles)
				require.Equal(t, chain.Tip(), status.Frontier.Index)
				require.NotZero(t, status.Frontier.Acknowledged)
			})
		}
	}
}

// A node that says its chain goes on makes nothing final: the blocks have to be
// there. Else the next ordinary reorganisation would be one of final blocks.
func TestATipMakesNothingFinal(t *testing.T) {
	chain := mock.New(mock.Options{})
	require.NoError(t, chain.Mine(t.Context(), 12))
	node := &liar{Coin: chain.Coin(), lie: lie{tip: func(_ *liar, tip uint64) uint64 { return tip + 1 }}, lies: -1}
	g := readyWith(t, chain, 1, node)
	for range 3 {
		require.NoError(t, chain.Mine(t.Context(), 1))
		require.NoError(t, g.AcknowledgeAll(t.Context()))
		status, err := g.Validators[0].Processor.Status(t.Context())
		require.NoError(t, err)
		require.LessOrEqual(t, status.Frontier.Index, chain.Tip(), "one block has to be behind a final one")
		require.Contains(t, status.Troubles["chain"], "not found")
	}
	node.lies = 0
	require.NoError(t, chain.Fork(t.Context(), 1, false))
	mine(t, g, 2)
	require.Nil(t, g.Validators[0].Halted)
	requireJob(t, g)
}

// A node that numbers the real chain wrongly needs no work for it: to halt
// for what it says takes a block that has the number.
func TestANodeThatMiscountsHaltsNobody(t *testing.T) {
	for name, off := range map[string]int{"too low": 1, "too high": -1} {
		t.Run(name, func(t *testing.T) {
			chain := mock.New(mock.Options{})
			require.NoError(t, chain.Mine(t.Context(), 12))
			node := &liar{Coin: chain.Coin()}
			node.lie = lie{
				tip: func(_ *liar, tip uint64) uint64 { return tip + uint64(off) },
				header: func(l *liar, h coin.Header) (coin.Header, error) {
					return l.at(h.Number-uint64(min(off, int(h.Number))), h.Number)
				},
			}
			g := readyWith(t, chain, 1, node)
			mine(t, g, 50)
			for range 2 {
				node.lies, node.turn = -1, 0
				require.NoError(t, chain.Mine(t.Context(), 3))
				require.NoError(t, g.AcknowledgeAll(t.Context()))
				require.Less(t, node.turn, 30, "nothing is searched for")
				status, err := g.Validators[0].Processor.Status(t.Context())
				require.NoError(t, err)
				require.Nil(t, status.Halted)
				require.NotEmpty(t, status.Troubles["chain"])
				require.Contains(t, status.Troubles["signing"], "signing waits")
				node.lies = 0
				mine(t, g, 2)
			}
			requireJob(t, g)
		})
	}
}

// Nor if it has a stale block to show at first.
func TestAStaleBlockMakesNoOtherChain(t *testing.T) {
	chain := mock.New(mock.Options{})
	require.NoError(t, chain.Mine(t.Context(), 12))
	node := &liar{Coin: chain.Coin()}
	g := readyWith(t, chain, 1, node)
	last := chain.Tip() - 1
	stale := chain.Clone()
	require.NoError(t, stale.Fork(t.Context(), 2, false))
	asked := 0
	node.lie = lie{
		header: func(l *liar, h coin.Header) (coin.Header, error) {
			if asked++; asked <= 2 {
				require.Equal(t, last, h.Number)
				return stale.Coin().Header(context.Background(), last)
			}
			return l.at(h.Number-min(h.Number, 1), h.Number)
		},
		block: func(l *liar, h coin.Header) (coin.Block, error) {
			b, err := l.Coin.Block(context.Background(), h)
			if err != nil {
				b, err = stale.Coin().Block(context.Background(), h)
			}
			return b, err
		},
	}
	node.lies = -1
	require.NoError(t, g.Run(t.Context()))
	require.Greater(t, asked, 2)
	require.Nil(t, g.Validators[0].Halted)
	node.lies = 0
	requireJob(t, g)
}

// Nor does it let an index begin.
func TestTheIndexBeginsWithItsBlock(t *testing.T) {
	chain := mock.New(mock.Options{})
	require.NoError(t, chain.Mine(t.Context(), 12))
	node := &liar{Coin: chain.Coin(), lie: lies()["the header before"], lies: -1}
	g, err := processortest.New(processortest.Options{
		Chain: chain, Coin: func(int) coin.Coin { return node }, Weights: []uint16{1}, Threshold: 1,
	})
	require.NoError(t, err)
	g.GenerateKey(0, 0, 1)
	require.NoError(t, g.Run(t.Context()))
	require.NoError(t, g.ConfirmKey(t.Context(), 0))
	require.NoError(t, chain.Mine(t.Context(), 3))
	require.NoError(t, g.AcknowledgeAll(t.Context()))
	status, err := g.Validators[0].Processor.Status(t.Context())
	require.NoError(t, err)
	require.False(t, status.Frontier.Started)
	require.NotEmpty(t, status.Troubles["chain"])
	node.lies = 0
	requireJob(t, g)
}

// A tip that no chain has is no news.
func TestAnImpossibleTipShows(t *testing.T) {
	chain := mock.New(mock.Options{})
	require.NoError(t, chain.Mine(t.Context(), 12))
	node := &liar{Coin: chain.Coin(), lie: lies()["the highest tip"]}
	g := readyWith(t, chain, 1, node)
	node.lies = -1
	mine(t, g, 2)
	status, err := g.Validators[0].Processor.Status(t.Context())
	require.NoError(t, err)
	require.Contains(t, status.Troubles["chain"], "the node's chain ends with block 18446744073709551615")
	require.Less(t, status.Tip, chain.Tip())
}

// forks are lies about a chain of the node's own, below what is final.
func forks(t *testing.T, chain *mock.Chain, from uint64) lie {
	var other *mock.Chain
	return lie{header: func(_ *liar, h coin.Header) (coin.Header, error) {
		for other == nil || other.Tip() < chain.Tip() {
			other = chain.Clone()
			require.NoError(t, other.Fork(t.Context(), int(other.Tip()-from+1), false))
		}
		return other.Coin().Header(context.Background(), h.Number)
	}}
}

// around puts a liar among honest nodes.
func around(t *testing.T, l *liar, honest ...coin.Coin) *nodes.Nodes {
	list := []nodes.Node{{Name: "liar", Coin: l}}
	for i, c := range honest {
		list = append(list, nodes.Node{Name: fmt.Sprintf("honest %d", i+1), Coin: c})
	}
	n, err := nodes.Config{Pause: 1}.New(list...) // so that it is asked again and again
	require.NoError(t, err)
	return n
}

// One of three nodes lies all the time, to two of four validators: all four
// decide the same, and the lies show.
func TestOneLyingNodeOfThreeChangesNothing(t *testing.T) {
	names := append(slices.Sorted(maps.Keys(lies())), "a fork below what is final")
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			chain := mock.New(mock.Options{})
			require.NoError(t, chain.Mine(t.Context(), 12))
			said, ok := lies()[name]
			if !ok {
				said = forks(t, chain, 5)
			}
			one, two := &liar{Coin: chain.Coin(), lie: said, lies: -1}, &liar{Coin: chain.Coin(), lie: said, lies: -1}
			watched := around(t, one, chain.Coin(), chain.Coin())
			g := readyWith(t, chain, 3, watched, around(t, two, chain.Coin(), chain.Coin()), chain.Coin(), chain.Coin())
			requireJob(t, g)
			require.NotZero(t, one.turn, "it never lied")
			require.NotZero(t, two.turn)
			for _, v := range g.Validators {
				require.Empty(t, told[processor.Condition](v))
			}
		})
	}
}

// told returns the events of a kind that a validator told.
func told[E processor.EventBody](v *processortest.Validator) (list []E) {
	for _, event := range v.Told {
		if e, ok := event.Body.(E); ok {
			list = append(list, e)
		}
	}
	return list
}

// requireJob lets a group take a deposit in and make a payment, and validators
// agree.
func requireJob(t *testing.T, g *processortest.Group) {
	t.Helper()
	deposit(t, g, 1000)
	mine(t, g, 3)
	address := burn(t, g, 1, 300)
	mine(t, g, 4)
	received, err := g.Chain.Received(t.Context(), address)
	require.NoError(t, err)
	require.NotZero(t, received)
	_, err = g.Digests(t.Context())
	require.NoError(t, err)
	for i, v := range g.Validators {
		require.Nil(t, v.Halted, "validator %d", i)
		status, err := v.Processor.Status(t.Context())
		require.NoError(t, err)
		require.Empty(t, status.Troubles, "validator %d", i)
	}
}

// Status shows who lies.
func TestStatusShowsTheNodes(t *testing.T) {
	chain := mock.New(mock.Options{})
	require.NoError(t, chain.Mine(t.Context(), 12))
	l := &liar{Coin: chain.Coin(), lie: lies()["a wrong parent"], lies: -1}
	g := readyWith(t, chain, 1, around(t, l, chain.Coin()))
	requireJob(t, g)
	status, err := g.Validators[0].Processor.Status(t.Context())
	require.NoError(t, err)
	require.Len(t, status.Nodes, 2)
	require.Equal(t, "liar", status.Nodes[0].Name)
	require.Equal(t, coin.NodeDistrusted, status.Nodes[0].State)
	require.Contains(t, status.Nodes[0].LastError, "on top of")
	require.Equal(t, coin.NodeHealth{Name: "honest 1", Tip: chain.Tip()}, status.Nodes[1])
}

// When all nodes leave a final block, that is no lie: the processor halts, with
// both headers and the last block they have in common.
func TestAReorganisationBelowWhatIsFinalHalts(t *testing.T) {
	for name, n := range map[string]int{"one node": 1, "two nodes": 2, "three nodes": 3} {
		t.Run(name, func(t *testing.T) {
			chain := mock.New(mock.Options{})
			require.NoError(t, chain.Mine(t.Context(), 12))
			own := chain.Coin()
			if n > 1 {
				own = around(t, &liar{Coin: chain.Coin()}, slices.Repeat([]coin.Coin{chain.Coin()}, n-1)...)
			}
			g := readyWith(t, chain, 1, own)
			mine(t, g, 6)
			tip := chain.Tip()
			before, err := chain.Coin().Header(t.Context(), tip-4)
			require.NoError(t, err)
			// 5 blocks go, of which 4 were final.
			require.NoError(t, chain.Fork(t.Context(), 5, false))
			after, err := chain.Coin().Header(t.Context(), tip-4)
			require.NoError(t, err)
			require.NotEqual(t, before.ID, after.ID)
			halt := requireHalt(t, g.Validators[0].Processor)
			require.Contains(t, halt.Reason, fmt.Sprintf("indexed block %d %s", before.Number, before.ID))
			require.Contains(t, halt.Reason, fmt.Sprintf("node has block %d %s on %s", after.Number, after.ID, after.Parent))
			require.Contains(t, halt.Reason, fmt.Sprintf("fork behind block %d", tip-5))
		})
	}
}

// A node that misplaces the start of a key while it is searched for by time
// makes the index begin anew, not without what fee rates need.
func TestAMisplacedStartIsSearchedForAgain(t *testing.T) {
	for _, off := range []uint64{1, 2, 3, 5, 9} {
		t.Run(fmt.Sprint(off), func(t *testing.T) {
			chain := mock.New(mock.Options{})
			require.NoError(t, chain.Mine(t.Context(), 30))
			tip, err := chain.Coin().Header(t.Context(), 30)
			require.NoError(t, err)
			w := newPast(t, chain, scanner.Start{ByTime: true, At: tip.Time + 3*mock.BlockSeconds}, 1200)
			w.mine()
			w.mine()
			w.deposit() // into the very first block
			for range 7 {
				w.mine()
			}
			require.NotZero(t, w.want.Frontier.Acknowledged)

			node := &liar{Coin: chain.Coin(), lies: 5} // as many questions as the search takes
			node.lie = lie{header: func(l *liar, h coin.Header) (coin.Header, error) { return l.at(h.Number-min(h.Number, off), h.Number) }}
			p, err := processor.New(config(node, storage.NewMemory()))
			require.NoError(t, err)
			require.NoError(t, p.Handle(t.Context(), 0, w.log...))
			for range 5 {
				_, err = p.Step(t.Context())
				require.NoError(t, err)
			}
			require.NotZero(t, node.turn)
			got, err := p.Status(t.Context())
			require.NoError(t, err)
			require.Empty(t, got.Troubles)
			require.Equal(t, w.want.Frontier, got.Frontier)
			require.Equal(t, w.want.Digest, got.Digest)
		})
	}
}
