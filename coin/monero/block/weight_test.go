package block_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/serai-go/processor/coin/monero/block"
	"github.com/serai-go/processor/coin/monero/keys"
)

// The clawback grows with the padded number of outputs and makes up four
// fifths of what a range proof saves over one for each two outputs.
func TestClawback(t *testing.T) {
	for outputs, want := range map[int]uint64{
		0: 0, 1: 0, 2: 0, 3: 460, 4: 460, 5: 1433, 8: 1433, 9: 3430, 15: 3430, 16: 3430,
	} {
		require.Equal(t, want, block.Clawback(outputs), "%d outputs", outputs)
	}
	for outputs := 3; outputs <= 16; outputs++ {
		padded := 1 << (lists(outputs) - 6)
		pair, size := 32*(6+2*7), 32*(6+2*lists(outputs))
		saved := padded/2*pair - size
		require.EqualValues(t, saved*4/5, block.Clawback(outputs))
		require.GreaterOrEqual(t, block.Clawback(outputs), block.Clawback(outputs-1))
	}
}

func TestWeightIsSizeAndClawback(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := anyTransaction(t)
		tx, err := f.Encode()
		require.NoError(t, err)
		size, outputs := uint64(len(tx.Raw())), len(f.Outputs)
		switch {
		case f.Type < block.TypeBulletproof, outputs <= 2:
			require.Equal(t, size, tx.Weight())
		case f.Type == block.TypeBulletproofsPlus:
			require.Equal(t, size+block.Clawback(outputs), tx.Weight())
		default:
			k := lists(outputs)
			covered := 1 << (k - 6)
			require.EqualValues(t, size+uint64(32*(9+14)/2*covered-32*(9+2*k))*4/5, tx.Weight())
		}
	})
}

func TestShapesAreOfTheSizeOfTheirTransactions(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := drawMaker(t)
		s := block.Shape{
			Inputs:   rapid.IntRange(1, 130).Draw(t, "inputs"),
			Outputs:  rapid.IntRange(1, 16).Draw(t, "outputs"),
			RingSize: rapid.SampledFrom([]int{1, 11, 16, 128}).Draw(t, "ring size"),
			Extra:    rapid.IntRange(0, 1060).Draw(t, "extra"),
			Fee:      m.number(),
		}
		f := m.transaction(2, block.TypeBulletproofsPlus, s.Inputs, s.RingSize, s.Outputs)
		f.Fee, f.Extra = s.Fee, m.bytes(s.Extra)
		for _, in := range f.Inputs {
			for _, offset := range in.Offsets {
				s.Offsets += keys.VarintSize(offset)
			}
		}
		tx, err := f.Encode()
		require.NoError(t, err)
		require.Equal(t, len(tx.Raw()), s.Size())
		require.Equal(t, tx.Weight(), s.Weight())
	})
}
