package nodes_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/coin/mock"
	"github.com/serai-go/processor/coin/nodes"
)

// puppet is a node that says what it is told to, else what its chain has.
type puppet struct {
	coin.Coin
	tip     func() (uint64, error)
	header  func(number uint64) (coin.Header, error)
	block   func(coin.Header) (coin.Block, error)
	publish func() (coin.Publication, error)

	hangs bool

	mu    sync.Mutex
	asked int // any of these
}

func (p *puppet) count() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked++
}

func (p *puppet) questions() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.asked
}

// Tip implements coin.Reader.
func (p *puppet) Tip(ctx context.Context) (uint64, error) {
	p.count()
	if p.hangs {
		<-ctx.Done()
		return 0, ctx.Err()
	}
	if p.tip != nil {
		return p.tip()
	}
	return p.Coin.Tip(ctx)
}

// Header implements coin.Reader.
func (p *puppet) Header(ctx context.Context, number uint64) (coin.Header, error) {
	p.count()
	if p.header != nil {
		return p.header(number)
	}
	return p.Coin.Header(ctx, number)
}

// Block implements coin.Reader.
func (p *puppet) Block(ctx context.Context, header coin.Header) (coin.Block, error) {
	p.count()
	if p.block != nil {
		return p.block(header)
	}
	return p.Coin.Block(ctx, header)
}

// Publish implements coin.Spender.
func (p *puppet) Publish(ctx context.Context, tx coin.Transaction) (coin.Publication, error) {
	p.count()
	if p.publish != nil {
		return p.publish()
	}
	return p.Coin.Publish(ctx, tx)
}

var errAway = fmt.Errorf("%w: no route", coin.ErrTransient)

// away lets a node answer nothing.
func (p *puppet) away() {
	p.tip = func() (uint64, error) { return 0, errAway }
	p.header = func(uint64) (coin.Header, error) { return coin.Header{}, errAway }
	p.block = func(coin.Header) (coin.Block, error) { return nil, errAway }
	p.publish = func() (coin.Publication, error) { return coin.Publication{}, errAway }
}

func (p *puppet) back() { p.tip, p.header, p.block, p.publish = nil, nil, nil, nil }

// follow lets a node follow another chain.
func (p *puppet) follow(chain *mock.Chain) { p.Coin = chain.Coin() }

// world is a coin with some nodes of a chain of twenty blocks.
type world struct {
	*testing.T
	chain   *mock.Chain
	puppets []*puppet
	*nodes.Nodes
}

func newWorld(t *testing.T, n int) *world {
	w := &world{T: t, chain: mock.New(mock.Options{})}
	require.NoError(t, w.chain.Mine(t.Context(), 20))
	var list []nodes.Node
	for i := range n {
		p := &puppet{Coin: w.chain.Coin()}
		w.puppets = append(w.puppets, p)
		list = append(list, nodes.Node{Name: string(rune('a' + i)), Coin: p})
	}
	var err error
	w.Nodes, err = nodes.New(list...)
	require.NoError(t, err)
	return w
}

// in runs a test in a bubble, whose time the test moves.
func in(t *testing.T, n int, test func(w *world)) {
	synctest.Test(t, func(t *testing.T) { test(newWorld(t, n)) })
}

// fork is a chain that has other blocks from the given one on.
func (w *world) fork(from uint64) *mock.Chain {
	other := w.chain.Clone()
	require.NoError(w, other.Fork(w.Context(), int(other.Tip()-from+1), false))
	return other
}

func (w *world) header(number uint64) coin.Header {
	h, err := w.Header(w.Context(), number)
	require.NoError(w, err)
	require.Equal(w, headerOn(w.T, w.chain, number), h)
	return h
}

func headerOn(t *testing.T, chain *mock.Chain, number uint64) coin.Header {
	h, err := chain.Coin().Header(t.Context(), number)
	require.NoError(t, err)
	return h
}

func (w *world) requireTip(want uint64) {
	w.Helper()
	tip, err := w.Tip(w.Context())
	require.NoError(w, err)
	require.Equal(w, want, tip)
}

func (w *world) requireStates(want ...coin.NodeState) {
	w.Helper()
	var states []coin.NodeState
	for _, h := range w.Health() {
		states = append(states, h.State)
	}
	require.Equal(w, want, states, "%v", w.Health())
}
