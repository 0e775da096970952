package processor_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/coin/mock"
	"github.com/serai-go/processor/processortest"
)

// liar is a node that gives well-formed headers of the wrong place.
type liar struct {
	coin.Coin
	lies int                        // how many are left
	lie  func(number uint64) uint64 // whose header it gives instead
}

// Header implements coin.Reader.
func (l *liar) Header(ctx context.Context, number uint64) (coin.Header, error) {
	if l.lies == 0 {
		return l.Coin.Header(ctx, number)
	}
	l.lies--
	header, err := l.Coin.Header(ctx, l.lie(number))
	header.Number = number // Bitcoin's have none
	return header, err
}

// However many wrong answers a node gives, once it tells the truth again the
// processor goes on.
func TestWrongHeadersAreWaitedOut(t *testing.T) {
	before := func(n uint64) uint64 { return n - min(n, 1) }
	first := func(uint64) uint64 { return 1 }
	for name, lie := range map[string]func(uint64) uint64{"the one before": before, "always the same": first} {
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
