package processor_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor"
)

func TestASealerPrintsNothingOfItsKey(t *testing.T) {
	sealer, err := processor.NewSealer([32]byte{0x5a, 0x5a, 0x5a})
	require.NoError(t, err)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d", "%q"} {
		require.Equal(t, "sealer", fmt.Sprintf(verb, sealer), verb)
	}
}
