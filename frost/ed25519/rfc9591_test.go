package ed25519

import (
	"encoding/hex"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/frost"
)

// The binding factors of RFC 9591, appendix E.1.
func TestBindingFactorsAreThoseOfRFC9591(t *testing.T) {
	unhex := func(text string) []byte {
		b, err := hex.DecodeString(text)
		require.NoError(t, err)
		return b
	}
	key, err := Group.DecodeElement(unhex("15d21ccd7ee42959562fc8aa63224c8851fb3ec85a3faf66040d380fb9738673"))
	require.NoError(t, err)
	instance, err := NewSchnorr([]byte("test")).PerSigner().ForKey(key)
	require.NoError(t, err)
	factors := instance.(frost.PerSigner).Coefficients([]frost.SignerNonces{
		{
			Index:   1,
			Hiding:  unhex("b5aa8ab305882a6fc69cbee9327e5a45e54c08af61ae77cb8207be3d2ce13de3"),
			Binding: unhex("67e98ab55aa310c3120418e5050c9cf76cf387cb20ac9e4b6fdb6f82a469f932"),
		},
		{
			Index:   3,
			Hiding:  unhex("cfbdb165bd8aad6eb79deb8d287bcc0ab6658ae57fdcc98ed12c0669e90aec91"),
			Binding: unhex("7487bc41a6e712eea2f2af24681b58b1cf1da278ea11fe4e8b78398965f13552"),
		},
	})
	require.Len(t, factors, 2)
	require.Equal(t, "f2cb9d7dd9beff688da6fcc83fa89046b3479417f47f55600b106760eb3b5603", hex.EncodeToString(factors[0].Bytes()))
	require.Equal(t, "b087686bf35a13f3dc78e780a34b0fe8a77fef1b9938c563f5573d71d8d7890f", hex.EncodeToString(factors[1].Bytes()))
}
