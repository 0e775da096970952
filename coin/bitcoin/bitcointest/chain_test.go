package bitcointest_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/coin/bitcoin"
	"github.com/serai-go/processor/coin/bitcoin/bitcointest"
	"github.com/serai-go/processor/coin/bitcoin/node"
	"github.com/serai-go/processor/coin/cointest"
	"github.com/serai-go/processor/internal/testnodes"
)

// nodes starts each kind of node that the user works with.
var nodes = map[string]func(testnodes.TB, testnodes.Options) *testnodes.Node{
	"btcd":     testnodes.NeedBtcd,
	"bitcoind": testnodes.NeedBitcoind,
}

func dial(t *testing.T, n *testnodes.Node) *bitcointest.Chain {
	chain, err := bitcointest.Dial(t.Context(), bitcointest.Config{
		Node: node.Config{URL: n.URL, User: n.User, Password: n.Password},
	})
	require.NoError(t, err)
	return chain
}

// checked is a Chain whose coin publishes nothing but what the node said it would
// take, and of the size that it has for us.
type checked struct{ *bitcointest.Chain }

func (c checked) Coin() coin.Coin { return checkedCoin{c.Chain.Coin().(*bitcoin.Coin), c.Chain} }

type checkedCoin struct {
	*bitcoin.Coin
	chain *bitcointest.Chain
}

func (c checkedCoin) Publish(ctx context.Context, tx coin.Transaction) (coin.Publication, error) {
	return c.chain.Publish(ctx, tx)
}

func TestNodeReading(t *testing.T)  { suite(t, cointest.Reading) }
func TestNodeSpending(t *testing.T) { suite(t, cointest.Spending) }

func suite(t *testing.T, run func(*testing.T, func(*testing.T) cointest.Chain)) {
	for name, start := range nodes {
		t.Run(name, func(t *testing.T) {
			run(t, func(t *testing.T) cointest.Chain { return checked{dial(t, start(t, testnodes.Options{}))} })
		})
	}
}

// What is unspent follows the blocks, not the memory pool.
func TestNodeUnspent(t *testing.T) {
	for name, start := range nodes {
		t.Run(name, func(t *testing.T) {
			chain := dial(t, start(t, testnodes.Options{}))
			unspent := func(at coin.Address) []uint64 {
				amounts, err := chain.Unspent(t.Context(), at)
				require.NoError(t, err)
				return amounts
			}
			to, err := chain.Address(t.Context())
			require.NoError(t, err)
			_, from, err := chain.PayFrom(t.Context(), bitcointest.P2TR, cointest.Deposit{
				To: []cointest.Target{{Address: to, Amount: 70_000}, {Address: to, Amount: 50_000}},
			})
			require.NoError(t, err)
			require.Empty(t, unspent(to))
			require.NoError(t, chain.Mine(t.Context(), 1))
			require.Equal(t, []uint64{70_000, 50_000}, unspent(to))
			received, err := chain.Received(t.Context(), from)
			require.NoError(t, err)
			require.Greater(t, received, uint64(120_000))
			require.Empty(t, unspent(from), "it was received and spent")
			require.NoError(t, chain.Fork(t.Context(), 1, true))
			require.Empty(t, unspent(to))
			_, err = chain.Unspent(t.Context(), "nowhere")
			require.Error(t, err)
		})
	}
}
