package signer

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/internal/wire"
)

// The largest group, 50 validators of weight 3 with threshold 101, loses a third:
// 16 validators commit, and half of them answer wrongly, the others not at all.
// The batch is signed, all liars are found, and nobody else is blamed.
func TestTheLargestGroupLosesAThird(t *testing.T) {
	const faulty = 16
	w := newWorld(t, 101, slices.Repeat([]uint16{3}, 50)...)
	var liars []string
	for v, n := range w.nodes[:faulty] {
		lies := v%2 == 0
		if lies {
			liars = append(liars, fmt.Sprint(v))
		}
		n.tamper = func(data []byte) []byte {
			i := n.parse(data)
			switch {
			case i.Share == nil:
				return data
			case lies:
				i.Share[0] ^= 1
				return wire.Marshal(i)
			}
			return nil
		}
	}
	w.reportAll(0)
	w.run()
	for _, n := range w.nodes[faulty:] {
		n.onlyBlames(t, liars...)
		for _, liar := range liars {
			require.Equal(t, 1, count(n.told(), liar+": invalid signature share"), "node %d: %v", n.number, n.told())
		}
	}
	require.Less(t, len(w.log), 50*20, "messages")
}
