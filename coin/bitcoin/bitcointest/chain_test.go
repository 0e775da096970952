package bitcointest_test

import (
	"testing"

	"github.com/stretchr/testify/require"

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

func TestNodeReading(t *testing.T)  { suite(t, cointest.Reading) }
func TestNodeSpending(t *testing.T) { suite(t, cointest.Spending) }

func suite(t *testing.T, run func(*testing.T, func(*testing.T) cointest.Chain)) {
	for name, start := range nodes {
		t.Run(name, func(t *testing.T) {
			run(t, func(t *testing.T) cointest.Chain { return dial(t, start(t, testnodes.Options{})) })
		})
	}
}
