package spend_test

import (
	"encoding/hex"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin/monero/block"
	"github.com/serai-go/processor/coin/monero/spend"
	"github.com/serai-go/processor/internal/conformance"
)

// TestTransactionsOfOthersVerify puts published rings to published transactions.
func TestTransactionsOfOthersVerify(t *testing.T) {
	rings := map[string][]spend.Member{} // by key image
	conformance.Monero(t, "clsag*.json", func(t *testing.T, v struct {
		Valid    bool
		KeyImage string `json:"key_image"`
		Ring     [][2]string
	}) {
		if !v.Valid || len(v.Ring) != spend.RingSize {
			return
		}
		ring := make([]spend.Member, len(v.Ring))
		for i, m := range v.Ring {
			copy(ring[i].Key[:], unhex(t, m[0]))
			copy(ring[i].Commitment[:], unhex(t, m[1]))
		}
		rings[v.KeyImage] = ring
	})
	verified := 0
	conformance.Monero(t, "*transactions*.json", func(t *testing.T, v struct {
		Hex  string
		Type int `json:"rct_type"`
	}) {
		if v.Type != 6 {
			return
		}
		tx, err := block.ParseTransaction(unhex(t, v.Hex))
		require.NoError(t, err)
		known := map[string][]spend.Member{} // by indices
		for _, in := range tx.Inputs() {
			ring, ok := rings[hex.EncodeToString(in.KeyImage[:])]
			if !ok {
				return
			}
			known[fmt.Sprint(in.AppendRing(nil))] = ring
		}
		chain := func(indices []uint64) ([]spend.Member, error) {
			ring := slices.Clone(known[fmt.Sprint(indices)])
			for i := range ring {
				ring[i].Index = indices[i]
			}
			return ring, nil
		}
		require.NoError(t, spend.Verify(tx, chain))
		verified++
		for i := range 20 {
			other, err := block.ParseTransaction(changed(tx.Raw(), i*len(tx.Raw())/20))
			if err == nil {
				require.Error(t, spend.Verify(other, chain))
			}
		}
	})
	t.Logf("%d transactions with known rings", verified)
}

func unhex(t require.TestingT, s string) []byte {
	b, err := hex.DecodeString(s)
	require.NoError(t, err)
	return b
}
