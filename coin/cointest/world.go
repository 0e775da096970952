package cointest

import (
	"context"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/frost"
	"github.com/serai-go/processor/frost/frosttest"
)

// patience is how long one test of a suite may take on a slow real node.
const patience = 5 * time.Minute

// world is a chain and what a suite did there.
type world struct {
	chain User
	coin  Watcher
	// spender is the coin if the suite spends.
	spender coin.Coin
	// another makes a coin like it.
	another func() Watcher
	limits  Limits
	// entropy is the same in each run.
	entropy  *rand.ChaCha8
	sessions uint64
}

// newWorld begins with an empty block, so that nothing waits for one.
func newWorld[C Watcher](t *testing.T, newChain func(*testing.T) Watched[C]) *world {
	chain := newChain(t)
	w := &world{
		chain: chain, coin: chain.Coin(), another: func() Watcher { return chain.Coin() },
		entropy: rand.NewChaCha8([32]byte{'c', 'o', 'i', 'n'}),
	}
	if limited, ok := chain.(Limited); ok {
		w.limits = limited.Limits()
	}
	require.NoError(t, w.coin.Parameters().Validate())
	run(t, "begin", func(ctx context.Context, t *testing.T) { w.mine(ctx, t) })
	return w
}

// anotherSpender makes a coin like that of the suite, for one that spends.
func (w *world) anotherSpender() coin.Coin { return w.another().(coin.Coin) }

// run is a subtest with a deadline.
func run(t *testing.T, name string, test func(ctx context.Context, t *testing.T)) {
	t.Run(name, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		test(ctx, t)
	})
}

// amount scales with the coin's dust, so that it is worth paying.
func (w *world) amount(n uint64) uint64 { return n * w.coin.Parameters().Dust }

// group is a threshold key that is watched.
type group struct {
	coin.Key
	public *frost.PublicKey
	shares []*frost.KeyShare
}

const (
	validators = 4
	threshold  = 3
)

// newGroup makes a group with a session of its own.
func (w *world) newGroup(t *testing.T) *group {
	public, shares, err := frosttest.Deal(w.entropy, w.coin.Group(), threshold, slices.Repeat([]uint16{1}, validators))
	require.NoError(t, err)
	w.sessions++
	return &group{
		Key:    coin.Key{Session: w.sessions, Key: public.Key().Bytes()},
		public: public, shares: shares,
	}
}

func (w *world) address(t *testing.T, g *group, kind coin.Kind) coin.Address {
	address, err := w.coin.Address(g.Key.Key, kind)
	require.NoError(t, err)
	return address
}

// data is the data of a deposit: as given, or none if there is none here.
func (w *world) data(data []byte) []byte {
	if w.limits.Data {
		return nil
	}
	return data
}

func (w *world) pay(ctx context.Context, t *testing.T, deposit Deposit) coin.TransactionID {
	id, err := w.chain.Pay(ctx, deposit)
	require.NoError(t, err)
	return id
}

// payment of the user to one address.
func payment(to coin.Address, amount uint64) Deposit {
	return Deposit{To: []Target{{Address: to, Amount: amount}}}
}

func (w *world) tip(ctx context.Context, t *testing.T) uint64 {
	tip, err := w.coin.Tip(ctx)
	require.NoError(t, err)
	return tip
}

// mine makes one block and returns its header.
func (w *world) mine(ctx context.Context, t *testing.T) coin.Header {
	require.NoError(t, w.chain.Mine(ctx, 1))
	return w.header(ctx, t, w.tip(ctx, t))
}

func (w *world) header(ctx context.Context, t *testing.T, number uint64) coin.Header {
	header, err := w.coin.Header(ctx, number)
	require.NoError(t, err)
	require.Equal(t, number, header.Number)
	return header
}

func (w *world) block(ctx context.Context, t *testing.T, header coin.Header) coin.Block {
	block, err := w.coin.Block(ctx, header)
	require.NoError(t, err)
	require.Equal(t, header, block.Header())
	return block
}

// scan returns the outputs of a block to the groups.
func (w *world) scan(ctx context.Context, t *testing.T, header coin.Header, groups ...*group) []coin.Output {
	keys := make([]coin.Key, len(groups))
	for i, g := range groups {
		keys[i] = g.Key
	}
	outputs, err := w.coin.Outputs(ctx, w.block(ctx, t, header), keys)
	require.NoError(t, err)
	require.True(t, slices.IsSortedFunc(outputs, coin.CompareOutputs), "outputs in the order of the block")
	return outputs
}

// deposit pays the group and returns its outputs, in the order of the block.
func (w *world) deposit(ctx context.Context, t *testing.T, g *group, amounts []uint64, kinds ...coin.Kind) []coin.Output {
	var to []Target
	for i, amount := range amounts {
		kind := coin.External
		if i < len(kinds) {
			kind = kinds[i]
		}
		to = append(to, Target{w.address(t, g, kind), amount})
	}
	most := len(to)
	if w.limits.Targets > 0 {
		most = min(most, w.limits.Targets)
	}
	ids := make(map[coin.TransactionID]bool)
	for part := range slices.Chunk(to, most) {
		ids[w.pay(ctx, t, Deposit{To: part})] = true
	}
	outputs := w.scan(ctx, t, w.mine(ctx, t), g)
	require.Len(t, outputs, len(amounts))
	for _, o := range outputs {
		require.True(t, ids[o.ID.Transaction])
	}
	return outputs
}

func (w *world) received(ctx context.Context, t *testing.T, address coin.Address) uint64 {
	sum, err := w.chain.Received(ctx, address)
	require.NoError(t, err)
	return sum
}

func (w *world) userAddress(ctx context.Context, t *testing.T) coin.Address {
	address, err := w.chain.Address(ctx)
	require.NoError(t, err)
	return address
}
