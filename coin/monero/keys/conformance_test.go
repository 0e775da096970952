package keys_test

import (
	"encoding/hex"
	"strconv"
	"testing"

	"filippo.io/edwards25519"
	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin/monero/keys"
	"github.com/serai-go/processor/internal/conformance"
)

func fromHex(t testing.TB, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(text)
	require.NoError(t, err)
	return b
}

func TestConformanceKeccak256(t *testing.T) {
	conformance.Monero(t, "*keccak256*.json", func(t *testing.T, v struct{ Data, Hash string }) {
		data := fromHex(t, v.Data)
		for _, cut := range []int{0, len(data) / 2, len(data)} {
			sum := keys.Keccak256(data[:cut], data[cut:])
			require.Equal(t, v.Hash, hex.EncodeToString(sum[:]))
		}
	})
}

func TestConformanceVarint(t *testing.T) {
	conformance.Monero(t, "*varint*.json", func(t *testing.T, v struct {
		Value, Bytes string
		Valid        bool
	}) {
		data := fromHex(t, v.Bytes)
		value, n, err := keys.ReadVarint(data)
		if !v.Valid {
			require.False(t, err == nil && n == len(data))
			return
		}
		require.NoError(t, err)
		require.Equal(t, len(data), n)
		require.Equal(t, v.Value, strconv.FormatUint(value, 10))
		require.Equal(t, data, keys.AppendVarint(nil, value))
	})
}

func TestConformanceHashToScalar(t *testing.T) {
	conformance.Monero(t, "*hash_to_scalar*.json", func(t *testing.T, v struct{ Data, Scalar string }) {
		s, err := keys.HashToScalar(fromHex(t, v.Data))
		require.NoError(t, err)
		require.Equal(t, v.Scalar, hex.EncodeToString(s.Bytes()))
	})
}

func TestConformanceHashToPoint(t *testing.T) {
	conformance.Monero(t, "*hash_to_point*.json", func(t *testing.T, v struct{ In, Out string }) {
		require.Equal(t, v.Out, hex.EncodeToString(keys.HashToPoint([keys.Size]byte(fromHex(t, v.In))).Bytes()))
	})
}

func TestConformancePointDecode(t *testing.T) {
	conformance.Monero(t, "*point_decode*.json", func(t *testing.T, v struct {
		Bytes string
		Valid bool
	}) {
		p, err := keys.DecodePoint(fromHex(t, v.Bytes))
		require.Equal(t, v.Valid, err == nil, "%v", err)
		if err == nil {
			require.Equal(t, v.Bytes, hex.EncodeToString(p.Bytes()))
		}
	})
}

func TestConformanceScalarCanonical(t *testing.T) {
	conformance.Monero(t, "*scalar_canonical*.json", func(t *testing.T, v struct {
		Bytes     string
		Canonical bool
	}) {
		s, err := keys.DecodeScalar(fromHex(t, v.Bytes))
		require.Equal(t, v.Canonical, err == nil, "%v", err)
		if err == nil {
			require.Equal(t, v.Bytes, hex.EncodeToString(s.Bytes()))
		}
	})
}

// derivationVector is one output as its recipient computes it.
type derivationVector struct {
	ViewSecret       string `json:"view_secret"`
	SpendSecret      string `json:"spend_secret"`
	Subaddress       [2]uint32
	TxPublicKey      string `json:"tx_public_key"`
	OutputIndex      uint64 `json:"output_index"`
	Derivation       string `json:"derivation_8Ra"`
	Guaranteed       bool
	Inputs           string `json:"inputs_uniqueness_preimage"`
	Uniqueness       string
	ViewTag          byte   `json:"view_tag"`
	SharedKey        string `json:"shared_key"`
	SubaddressScalar string `json:"subaddress_scalar"`
	OutputSecret     string `json:"output_secret"`
	OutputKey        string `json:"output_key"`
	KeyImage         string `json:"key_image"`
	CommitmentMask   string `json:"commitment_mask"`
	Amount           string
	EncryptedAmount  string `json:"encrypted_amount"`
	Commitment       string
	PaymentIDMask    string `json:"payment_id_mask"`
}

func TestConformanceOutputDerivation(t *testing.T) {
	conformance.Monero(t, "*output_derivation*.json", checkDerivation)
}

func checkDerivation(t *testing.T, v derivationVector) {
	view, err := keys.NewViewKey(fromHex(t, v.ViewSecret))
	require.NoError(t, err)
	r, err := keys.DecodePoint(fromHex(t, v.TxPublicKey))
	require.NoError(t, err)
	d := view.Derive(r)
	require.Equal(t, v.Derivation, hex.EncodeToString(d[:]))
	require.Equal(t, v.ViewTag, d.ViewTag(v.OutputIndex))

	s, err := d.SharedKey(v.OutputIndex)
	if v.Guaranteed {
		u := keys.Uniqueness(fromHex(t, v.Inputs))
		require.Equal(t, v.Uniqueness, hex.EncodeToString(u[:]))
		s, err = d.GuaranteedSharedKey(u, v.OutputIndex)
	}
	require.NoError(t, err)
	require.Equal(t, v.SharedKey, hex.EncodeToString(s.Scalar().Bytes()))

	b, err := keys.DecodeScalar(fromHex(t, v.SpendSecret))
	require.NoError(t, err)
	pair, err := keys.NewViewPair(view, new(edwards25519.Point).ScalarBaseMult(b).Bytes())
	require.NoError(t, err)
	index := keys.Index{Account: v.Subaddress[0], Address: v.Subaddress[1]}
	m, err := view.SubaddressScalar(index)
	require.NoError(t, err)
	require.Equal(t, v.SubaddressScalar, hex.EncodeToString(m.Bytes()))
	spend, err := pair.SpendKey(index)
	require.NoError(t, err)
	output := s.OutputKey(spend)
	require.Equal(t, v.OutputKey, hex.EncodeToString(output.Bytes()))
	require.Equal(t, spend.Bytes(), s.SpendKey(output).Bytes())

	x := s.Scalar()
	x.Add(x, b).Add(x, m)
	require.Equal(t, v.OutputSecret, hex.EncodeToString(x.Bytes()))
	require.Equal(t, v.KeyImage, hex.EncodeToString(keys.KeyImage(x, [keys.Size]byte(output.Bytes())).Bytes()))

	mask, err := s.CommitmentMask()
	require.NoError(t, err)
	require.Equal(t, v.CommitmentMask, hex.EncodeToString(mask.Bytes()))
	encrypted := [8]byte(fromHex(t, v.EncryptedAmount))
	amount := s.Amount(encrypted)
	require.Equal(t, v.Amount, strconv.FormatUint(amount, 10))
	require.Equal(t, encrypted, s.EncryptAmount(amount))
	require.Equal(t, v.Commitment, hex.EncodeToString(keys.Commit(mask, amount).Bytes()))
	opened, same, ok := s.Open(encrypted, [keys.Size]byte(fromHex(t, v.Commitment)))
	require.True(t, ok)
	require.Equal(t, amount, opened)
	require.Equal(t, mask.Bytes(), same.Bytes())
	_, _, ok = s.Open(encrypted, [keys.Size]byte(output.Bytes()))
	require.False(t, ok)

	id := d.PaymentID([8]byte{})
	require.Equal(t, v.PaymentIDMask, hex.EncodeToString(id[:]))
	require.Equal(t, [8]byte{}, d.PaymentID(id))
}
