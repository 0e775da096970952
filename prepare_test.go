package processor_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin"
)

// Several prepare plans at once. Who comes last may find that a Rewind has taken the
// reference block away, which is no reason to halt.
func TestAReferenceBlockIsGoneMeanwhile(t *testing.T) {
	g := ready(t, 2, 1, 1, 1)
	p := g.Validators[0].Processor
	status, err := p.Status(t.Context())
	require.NoError(t, err)
	_, err = p.Prepare(t.Context(), coin.Plan{Reference: status.Frontier.Index})
	require.ErrorIs(t, err, coin.ErrTransient)
	_, err = p.Prepare(t.Context(), coin.Plan{Reference: status.Frontier.Index - 1})
	require.ErrorIs(t, err, coin.ErrInvalid, "a plan of nothing")
}
