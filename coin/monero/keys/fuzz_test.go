package keys_test

import (
	"bytes"
	"errors"
	"testing"

	"filippo.io/edwards25519"
	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin/monero/keys"
)

func FuzzReadVarint(f *testing.F) {
	for _, v := range []uint64{0, 1, 0x7f, 0x80, 0x3fff, 0x4000, 1<<63 - 1, 1 << 63, 1<<64 - 1} {
		f.Add(keys.AppendVarint(nil, v))
	}
	f.Add([]byte{0x80, 0})
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2})
	f.Fuzz(func(t *testing.T, data []byte) {
		v, n, err := keys.ReadVarint(data)
		if err != nil {
			require.Zero(t, v)
			require.Zero(t, n)
			return
		}
		require.Equal(t, data[:n], keys.AppendVarint(nil, v))
		require.Equal(t, n, keys.VarintSize(v))
	})
}

// What decodes, encodes to the same bytes, and the decoders agree with one
// another and with the library.
func FuzzDecode(f *testing.F) {
	f.Add(edwards25519.NewGeneratorPoint().Bytes())
	f.Add(edwards25519.NewIdentityPoint().Bytes())
	f.Add(keys.H().Bytes())
	f.Add(keys.InverseEight().Bytes())
	for _, p := range smallOrder(f) {
		f.Add(p.Bytes())
	}
	f.Add(encode(prime))
	f.Add(bytes.Repeat([]byte{0xff}, keys.Size))
	view, err := keys.NewViewKey(scalar(5).Bytes())
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := keys.DecodePoint(data)
		if len(data) == keys.Size {
			want, libraryErr := new(edwards25519.Point).SetBytes(data)
			require.Equal(t, libraryErr == nil && bytes.Equal(want.Bytes(), data), err == nil)
			require.True(t, keys.IsTorsionFree(keys.HashToPoint([keys.Size]byte(data))))
		}
		if err == nil {
			require.Equal(t, data, p.Bytes())
			_, err := keys.DecodePrimeOrder(data)
			require.Equal(t, keys.IsTorsionFree(p) && !keys.IsIdentity(p), err == nil)
			pair, pairErr := keys.NewViewPair(view, data)
			require.Equal(t, err, errors.Unwrap(pairErr))
			if pairErr == nil {
				spend, err := pair.SpendKey(keys.Index{})
				require.NoError(t, err)
				require.Equal(t, data, spend.Bytes())
			}
			d := view.Derive(p)
			_, err = keys.DecodePoint(d[:])
			require.NoError(t, err)
		} else {
			require.Nil(t, p)
			_, err := keys.DecodePrimeOrder(data)
			require.Error(t, err)
		}

		s, err := keys.DecodeScalar(data)
		if err == nil {
			require.Equal(t, data, s.Bytes())
			_, err := keys.NewViewKey(data)
			require.Equal(t, bytes.Equal(data, make([]byte, keys.Size)), err != nil)
		}
		s, err = keys.HashToScalar(data)
		require.NoError(t, err)
		again, err := keys.DecodeScalar(s.Bytes())
		require.NoError(t, err)
		require.Equal(t, s.Bytes(), again.Bytes())
	})
}
