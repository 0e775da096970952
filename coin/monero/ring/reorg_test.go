package ring

import (
	"encoding/binary"
	"testing"

	"filippo.io/edwards25519"
	"github.com/stretchr/testify/require"
)

// Behind a change of the chain, who has asked before has the same ring as who has not,
// or an error that makes it ask anew.
func TestAChooserThatKnewAnotherChainChoosesAsANewOne(t *testing.T) {
	const fork, reference = 1490, 1501 // of Choose; the same transactions before
	world := func(then uint64) *chain {
		c := newEmptyChain(1)
		for range fork {
			c.mine(3)
		}
		c.maker = newMaker(then)
		c.point.ScalarBaseMult(scalarOf(then << 40)) // other points
		for range 40 {
			c.mine(int(then))
		}
		return c
	}
	before, after := world(2), world(5)
	silent := 0
	const tries = 200
	for i := range uint64(tries) {
		var seed [32]byte
		binary.LittleEndian.PutUint64(seed[:], i)
		f := &fake{chain: before, tip: 1529}
		old := New(f)
		chosen(t, old, reference+9+5, seed, before.real(1400, 0))
		f.chain = after // the chain changes
		real := after.real(1400, 3)
		got, _, err := old.Choose(t.Context(), reference, seed, real)
		if err != nil {
			continue // it has forgotten, and is asked again
		}
		want, _, err := New(f).Choose(t.Context(), reference, seed, real)
		require.NoError(t, err)
		for k := range got {
			if got[k] != want[k] {
				silent++
				break
			}
		}
	}
	require.Zero(t, silent, "of %d rings differ, and no error tells", tries)
}

func scalarOf(n uint64) *edwards25519.Scalar {
	var wide [64]byte
	binary.LittleEndian.PutUint64(wide[:], n)
	s, err := new(edwards25519.Scalar).SetUniformBytes(wide[:])
	if err != nil {
		panic(err)
	}
	return s
}
