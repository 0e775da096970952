package eventuality

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/internal/wire"
)

func FuzzExpectation(f *testing.F) {
	f.Add(wire.Marshal(expectation{}))
	f.Add(wire.Marshal(expectation{[32]byte{1}, []byte("eventuality")}))
	f.Fuzz(func(t *testing.T, data []byte) {
		if e, err := wire.Unmarshal[expectation](data); err == nil {
			require.Equal(t, data, wire.Marshal(e))
		}
	})
}
