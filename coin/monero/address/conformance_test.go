package address_test

import (
	"encoding/hex"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin/monero/address"
	"github.com/serai-go/processor/coin/monero/keys"
	"github.com/serai-go/processor/internal/conformance"
)

func fromHex(t testing.TB, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(text)
	require.NoError(t, err)
	return b
}

type addressVector struct {
	Address, Network, Kind, Spend, View string
	PaymentID                           string `json:"payment_id"`
	Valid                               bool
	ViewSecret                          string `json:"view_secret"` // of another test's vectors
}

func TestConformanceAddresses(t *testing.T) {
	conformance.Monero(t, "*addresses*.json", func(t *testing.T, v addressVector) {
		if v.ViewSecret != "" {
			return
		}
		a, err := address.Parse(v.Address)
		require.Equal(t, v.Valid, err == nil, "%v", err)
		if err != nil {
			return
		}
		require.Equal(t, v.Network, a.Network.String())
		require.Equal(t, v.Kind, a.Kind.String())
		require.Equal(t, v.Spend, hex.EncodeToString(a.Spend[:]))
		require.Equal(t, v.View, hex.EncodeToString(a.View[:]))
		want := v.PaymentID
		if want == "" {
			want = "0000000000000000"
		}
		require.Equal(t, want, hex.EncodeToString(a.PaymentID[:]))
		require.Equal(t, v.Address, a.String())
	})
}

func TestConformanceSubaddresses(t *testing.T) {
	conformance.Monero(t, "*subaddresses*.json", func(t *testing.T, v struct {
		ViewSecret       string `json:"view_secret"`
		SpendPublic      string `json:"spend_public"`
		Account, Index   uint32
		Address, Network string
	}) {
		view, err := keys.NewViewKey(fromHex(t, v.ViewSecret))
		require.NoError(t, err)
		pair, err := keys.NewViewPair(view, fromHex(t, v.SpendPublic))
		require.NoError(t, err)
		want, err := address.Parse(v.Address)
		require.NoError(t, err)
		require.Equal(t, v.Network, want.Network.String())
		a, err := address.Of(want.Network, pair, keys.Index{Account: v.Account, Address: v.Index})
		require.NoError(t, err)
		require.Equal(t, want, a)
		require.Equal(t, v.Address, a.String())
	})
}
