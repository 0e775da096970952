package nodes_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/coin/cointest"
	"github.com/serai-go/processor/coin/mock"
	"github.com/serai-go/processor/coin/nodes"
)

func TestNodesOfOneNetwork(t *testing.T) {
	chain := mock.New(mock.Options{})
	other := chain.Clone()
	parameters := mock.DefaultParameters
	parameters.Grace++
	good := nodes.Node{Name: "a", Coin: chain.Coin()}
	many := make([]nodes.Node, nodes.MaxNodes+1)
	for i := range many {
		many[i] = nodes.Node{Name: fmt.Sprint(i), Coin: chain.Coin()}
	}
	for text, list := range map[string][]nodes.Node{
		"0 nodes":          nil,
		"17 nodes":         many,
		`name ""`:          {{Coin: chain.Coin()}},
		`name "a"`:         {good, good},
		"b has no coin":    {good, {Name: "b"}},
		"none has a coin":  {{Name: "a", Dial: func(context.Context) (coin.Coin, error) { return chain.Coin(), nil }}},
		"another network":  {good, {Name: "b", Coin: mock.New(mock.Options{Name: "b"}).Coin()}},
		"other parameters": {good, {Name: "b", Coin: mock.New(mock.Options{Parameters: parameters}).Coin()}},
	} {
		_, err := nodes.New(list...)
		require.ErrorContains(t, err, text)
	}
	n, err := nodes.New(good, nodes.Node{Name: "b", Coin: other.Coin()})
	require.NoError(t, err)
	require.Equal(t, "mock", n.Name())
	require.Len(t, n.Health(), 2)
}

func TestANodeMayBeAwayAtTheStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		chain := mock.New(mock.Options{})
		var late coin.Coin
		dialled := 0
		n, err := nodes.New(
			nodes.Node{Name: "a", Dial: func(context.Context) (coin.Coin, error) {
				dialled++
				if late == nil {
					return nil, errors.New("nobody is there")
				}
				return late, nil
			}},
			nodes.Node{Name: "b", Coin: chain.Coin()},
		)
		require.NoError(t, err)
		look := func(state coin.NodeState, reason string) {
			t.Helper()
			tip, err := n.Tip(t.Context())
			require.NoError(t, err)
			require.Zero(t, tip)
			h, err := n.Header(t.Context(), 0)
			require.NoError(t, err)
			_, err = n.Block(t.Context(), h)
			require.NoError(t, err)
			require.Equal(t, state, n.Health()[0].State)
			require.Contains(t, n.Health()[0].LastError, reason)
			time.Sleep(time.Hour)
		}
		look(coin.NodeFailing, "nobody is there")
		late = mock.New(mock.Options{Name: "other"}).Coin()
		look(coin.NodeFailing, "another network")
		late = chain.Coin()
		before := dialled
		look(coin.NodeWell, "")
		look(coin.NodeWell, "")
		require.Equal(t, before+1, dialled)
	})
}

// several is a chain whose coin has three nodes.
type several struct{ *mock.Chain }

// Coin implements cointest.Chain.
func (s several) Coin() coin.Coin {
	n, err := nodes.New(
		nodes.Node{Name: "a", Coin: s.Chain.Coin()}, nodes.Node{Name: "b", Coin: s.Chain.Coin()}, nodes.Node{Name: "c", Coin: s.Chain.Coin()},
	)
	if err != nil {
		panic(err)
	}
	return n
}

func newSeveral(*testing.T) cointest.Chain { return several{mock.New(mock.Options{})} }

func TestReading(t *testing.T)  { cointest.Reading(t, newSeveral) }
func TestSpending(t *testing.T) { cointest.Spending(t, newSeveral) }
