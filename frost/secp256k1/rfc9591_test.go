package secp256k1

import (
	"encoding/hex"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/frost"
)

// The binding factors of RFC 9591, appendix E.5.
func TestBindingFactorsAreThoseOfRFC9591(t *testing.T) {
	unhex := func(text string) []byte {
		b, err := hex.DecodeString(text)
		require.NoError(t, err)
		return b
	}
	key, err := Group.DecodeElement(unhex("02f37c34b66ced1fb51c34a90bdae006901f10625cc06c4f64663b0eae87d87b4f"))
	require.NoError(t, err)
	instance, err := NewRFC9591([]byte("test")).ForKey(key)
	require.NoError(t, err)
	factors := instance.(frost.PerSigner).Coefficients([]frost.SignerNonces{
		{
			Index:   1,
			Hiding:  unhex("03c699af97d26bb4d3f05232ec5e1938c12f1e6ae97643c8f8f11c9820303f1904"),
			Binding: unhex("02fa2aaccd51b948c9dc1a325d77226e98a5a3fe65fe9ba213761a60123040a45e"),
		},
		{
			Index:   3,
			Hiding:  unhex("03077507ba327fc074d2793955ef3410ee3f03b82b4cdc2370f71d865beb926ef6"),
			Binding: unhex("02ad53031ddfbbacfc5fbda3d3b0c2445c8e3e99cbc4ca2db2aa283fa68525b135"),
		},
	})
	require.Len(t, factors, 2)
	require.Equal(t, "3e08fe561e075c653cbfd46908a10e7637c70c74f0a77d5fd45d1a750c739ec6", hex.EncodeToString(factors[0].Bytes()))
	require.Equal(t, "93f79041bb3fd266105be251adaeb5fd7f8b104fb554a4ba9a0becea48ddbfd7", hex.EncodeToString(factors[1].Bytes()))
}
