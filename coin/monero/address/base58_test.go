package address_test

import (
	"bytes"
	"math/big"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/serai-go/processor/coin/monero/address"
)

// Of the tests of Monero, tests/unit_tests/base58.cpp.
func TestBase58OfMonero(t *testing.T) {
	for data, want := range map[string]string{
		"00":                 "11",
		"39":                 "1z",
		"ff":                 "5Q",
		"0000":               "111",
		"0039":               "11z",
		"0100":               "15R",
		"ffff":               "LUv",
		"000000":             "11111",
		"ffffff":             "2UzHL",
		"ffffffff":           "7YXq9G",
		"ffffffffff":         "VtB5VXc",
		"ffffffffffff":       "3CUsUpv9t",
		"ffffffffffffff":     "Ahg1opVcGW",
		"ffffffffffffffff":   "jpXCZedGfVQ",
		"0000000000000000":   "11111111111",
		"06156013762879f7":   "22222222222",
		"05e022ba374b2a00":   "1z111111111",
		"":                   "",
		"000000000000000000": "1111111111111",
	} {
		require.Equal(t, want, address.EncodeBase58(fromHex(t, data)))
		decoded, err := address.DecodeBase58(want)
		require.NoError(t, err)
		require.Equal(t, fromHex(t, data), decoded)
	}
	for text, want := range map[string]error{
		"1":              address.ErrBase58Length,
		"1111":           address.ErrBase58Length,
		"11111111":       address.ErrBase58Length,
		"111111111111":   address.ErrBase58Length,
		"zz":             address.ErrBase58Overflow,
		"5R":             address.ErrBase58Overflow,
		"LUw":            address.ErrBase58Overflow,
		"2UzHM":          address.ErrBase58Overflow,
		"jpXCZedGfVR":    address.ErrBase58Overflow,
		"zzzzzzzzzzz":    address.ErrBase58Overflow,
		"10":             address.ErrBase58Character,
		"1I":             address.ErrBase58Character,
		"1O":             address.ErrBase58Character,
		"1l":             address.ErrBase58Character,
		"1 ":             address.ErrBase58Character,
		"1\x80":          address.ErrBase58Character,
		"1111\x001":      address.ErrBase58Character,
		"11111111111é":   address.ErrBase58Character,
		"11111111111111": nil,
	} {
		_, err := address.DecodeBase58(text)
		require.ErrorIs(t, err, want, "%q", text)
	}
}

func TestBase58IsReadAsWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		data := rapid.SliceOfN(rapid.Byte(), 0, 80).Draw(t, "data")
		text := address.EncodeBase58(data)
		decoded, err := address.DecodeBase58(text)
		require.NoError(t, err)
		require.True(t, bytes.Equal(data, decoded))
	})
}

// A block is the number that its characters stand for, if that fits its bytes.
func TestBase58BlocksAreNumbers(t *testing.T) {
	const alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
	sizes := map[int]int{2: 1, 3: 2, 5: 3, 6: 4, 7: 5, 9: 6, 10: 7, 11: 8}
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOfN(rapid.RuneFrom([]rune(alphabet)), 1, 11, -1).Draw(t, "text")
		if size := len(text); rapid.Bool().Draw(t, "low") {
			text = "1" + text[:size-1]
		}
		n := new(big.Int)
		for _, c := range text {
			n.Mul(n, big.NewInt(58))
			n.Add(n, big.NewInt(int64(strings.IndexRune(alphabet, c))))
		}
		size, ok := sizes[len(text)]
		decoded, err := address.DecodeBase58(text)
		require.Equal(t, ok && n.BitLen() <= 8*size, err == nil, text)
		if err == nil {
			require.Equal(t, n.FillBytes(make([]byte, size)), decoded)
		}
	})
}
