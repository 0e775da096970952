package ed25519_test

import (
	"testing"

	"filippo.io/edwards25519"
	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/frost/ed25519"
)

// What the library has becomes what frost has and back, and neither holds on to
// the other.
func TestConversionsCopy(t *testing.T) {
	p := edwards25519.NewGeneratorPoint()
	e := ed25519.ElementOf(p)
	require.True(t, e.Equal(ed25519.Group.Generator()))
	p.Add(p, p)
	require.True(t, e.Equal(ed25519.Group.Generator()))
	q := e.Point()
	q.Add(q, q)
	require.Equal(t, 1, q.Equal(p))
	require.True(t, e.Equal(ed25519.Group.Generator()))

	three := ed25519.Group.NewScalar().SetUint64(3)
	v := three.(*ed25519.Scalar).Value()
	s := ed25519.ScalarOf(v)
	v.Add(v, v)
	require.True(t, s.Equal(three))
	require.True(t, ed25519.ScalarOf(v).Equal(ed25519.Group.NewScalar().SetUint64(6)))
	require.Equal(t, three.Bytes(), s.Value().Bytes())
}
