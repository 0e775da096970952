package processor_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor"
	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/coin/cointest"
	"github.com/serai-go/processor/coin/mock"
	"github.com/serai-go/processor/processortest"
)

// newGroup returns a group of validators on a new mock chain.
func newGroup(t testing.TB, threshold uint16, weights ...uint16) *processortest.Group {
	t.Helper()
	g, err := processortest.New(processortest.Options{
		Chain: mock.New(mock.Options{}), Weights: weights, Threshold: threshold,
	})
	require.NoError(t, err)
	return g
}

// ready brings a new group to where its key is active and the first batch
// acknowledged.
func ready(t testing.TB, threshold uint16, weights ...uint16) *processortest.Group {
	t.Helper()
	return start(t, newGroup(t, threshold, weights...))
}

// readyWith is ready for a group whose validators have coins of their own.
func readyWith(t testing.TB, chain *mock.Chain, threshold uint16, coins ...coin.Coin) *processortest.Group {
	t.Helper()
	weights := make([]uint16, len(coins))
	for i := range weights {
		weights[i] = 1
	}
	g, err := processortest.New(processortest.Options{
		Chain: chain, Coin: func(i int) coin.Coin { return coins[i] }, Weights: weights, Threshold: threshold,
	})
	require.NoError(t, err)
	return start(t, g)
}

func start(t testing.TB, g *processortest.Group) *processortest.Group {
	t.Helper()
	total := uint16(0)
	for _, w := range g.Weights {
		total += w
	}
	g.GenerateKey(0, 0, total)
	require.NoError(t, g.Run(context.Background()))
	require.NoError(t, g.ConfirmKey(context.Background(), 0))
	mine(t, g, 2)
	return g
}

// mine makes blocks, one by one, and acknowledges what gets signed.
func mine(t testing.TB, g *processortest.Group, n int) {
	t.Helper()
	for range n {
		require.NoError(t, g.Chain.Mine(context.Background(), 1))
		require.NoError(t, g.AcknowledgeAll(context.Background()))
	}
}

// deposit pays the group.
func deposit(t testing.TB, g *processortest.Group, amount uint64) {
	t.Helper()
	address, err := g.Chain.Coin().Address(g.Key(0).NetworkKey, coin.External)
	require.NoError(t, err)
	_, err = g.Chain.Pay(context.Background(), cointest.Deposit{
		To: []cointest.Target{{Address: address, Amount: amount}}, Data: []byte("mint"),
	})
	require.NoError(t, err)
}

// burn lets the group owe an amount to a new address of the user, and plan.
func burn(t testing.TB, g *processortest.Group, id byte, amount uint64) coin.Address {
	t.Helper()
	address := owe(t, g, id, amount)
	require.NoError(t, g.Run(context.Background()))
	return address
}

// owe orders a burn to a new address of the user.
func owe(t testing.TB, g *processortest.Group, id byte, amount uint64) coin.Address {
	t.Helper()
	address, err := g.Chain.Address(context.Background())
	require.NoError(t, err)
	g.Append(processor.Burns{Payments: []coin.Payment{{ID: coin.PaymentID{id}, Address: address, Amount: amount}}})
	return address
}

// wholeJob is a run from key generation to a payment that arrives.
func wholeJob(t testing.TB) *processortest.Group {
	t.Helper()
	g := ready(t, 3, 1, 1, 1, 1)
	deposit(t, g, 1000)
	mine(t, g, 3)
	address := burn(t, g, 1, 300)
	mine(t, g, 4)
	received, err := g.Chain.Received(context.Background(), address)
	require.NoError(t, err)
	require.NotZero(t, received)
	return g
}

// payloads are the peer messages of a whole run.
func payloads(t testing.TB) (list [][]byte) {
	t.Helper()
	for _, e := range wholeJob(t).Log {
		if m, ok := e.(processor.PeerMessage); ok {
			list = append(list, m.Payload)
		}
	}
	return list
}
