package nodes_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin/mock"
	"github.com/serai-go/processor/coin/nodes"
)

// BenchmarkHeader is what asking several nodes costs beside their own time.
func BenchmarkHeader(b *testing.B) {
	chain := mock.New(mock.Options{})
	require.NoError(b, chain.Mine(b.Context(), 20))
	for _, n := range []int{1, 2, 3, 8} {
		b.Run(fmt.Sprintf("nodes=%d", n), func(b *testing.B) {
			var list []nodes.Node
			for i := range n {
				list = append(list, nodes.Node{Name: fmt.Sprint(i), Coin: chain.Coin()})
			}
			all, err := nodes.New(list...)
			require.NoError(b, err)
			for b.Loop() {
				if _, err := all.Header(b.Context(), 15); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
