package clsag_test

import (
	"bytes"
	"errors"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin/monero/clsag"
	"github.com/serai-go/processor/frost"
	"github.com/serai-go/processor/frost/ed25519"
)

// Nonces depend on randomness, share, input and context, each by itself.
func TestNoncesDependOnEverything(t *testing.T) {
	random := seeded(1)
	g := newGroup(t, random, 2, []uint16{1, 1})
	inputs := newInputs(t, random, g.secret, 2)
	work, err := clsag.Work(inputs, transaction)
	require.NoError(t, err)
	inputs[0].PseudoMask = scalar(9)
	other, err := clsag.Work(inputs, transaction)
	require.NoError(t, err)

	seen := map[string]bool{}
	derive := func(a frost.Algorithm, random byte, secret uint64, extra string) {
		t.Helper()
		in, err := a.ForKey(g.key.Key())
		require.NoError(t, err)
		share := ed25519.Group.NewScalar().SetUint64(secret)
		public := ed25519.Group.NewElement().MultiplyBase(share)
		hiding, binding, err := in.DeriveNonces(bytes.NewReader(bytes.Repeat([]byte{random}, 64)), share, public, []byte(extra))
		require.NoError(t, err)
		for _, nonce := range []frost.Scalar{hiding, binding} {
			require.False(t, nonce.IsZero())
			require.False(t, seen[string(nonce.Bytes())])
			seen[string(nonce.Bytes())] = true
		}
	}
	derive(work[0], 1, 1, "context")
	derive(work[0], 2, 1, "context")
	derive(work[0], 1, 2, "context")
	derive(work[0], 1, 1, "another")
	derive(work[0], 1, 1, "")
	derive(work[1], 1, 1, "context")
	derive(other[0], 1, 1, "context")

	failure := errors.New("no randomness")
	_, _, err = frost.Commit(iotest.ErrReader(failure), g.shares[0], work, nil)
	require.ErrorIs(t, err, failure)
}
