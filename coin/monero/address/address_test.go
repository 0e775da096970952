package address_test

import (
	"slices"
	"strings"
	"testing"

	"filippo.io/edwards25519"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/serai-go/processor/coin/monero/address"
	"github.com/serai-go/processor/coin/monero/keys"
)

// An address of each kind and network, which monero-wallet-rpc accepts.
var accepted = map[string]address.Address{
	"442QSSDw6XwFiwH51kjFWp3wmKFj7fhM9UvsBbRMDUUQFHzYN9gVcXjT91du37WtUTbVVVCj649cTYr8Pyfph6pm2DPYQmy":            {Network: address.Mainnet, Kind: address.Standard},
	"4JBg2n8Vf6nbmPig4DBHazKwkdQ2dxvdxWbbxhRmYBuohWHW6fsMMkH7pJqEo4ir4u9Foq8CM1xqAWBqcRe9T8ivLodZRWW4sW5DcGWowP": {Network: address.Mainnet, Kind: address.Integrated, PaymentID: [8]byte{0x66, 0x74, 0x01, 0x30, 0x9e, 0xd6, 0x06, 0x6f}},
	"86dc7ZqmyAi5iJs3No4vRBYyBi1vVmfqB2T7EHSS9BLVAmjRBNGun3mfsiEQvAvYqiMg4k9333B7sdtTgSDWbYyEFvpVy3C":            {Network: address.Mainnet, Kind: address.Subaddress},
	"54EqH4wGnEeThVa2tcNYWdQYX59hPDxPx2p8VTCrp7Ei46ow6xtvM199dpomxCquEod2LAjKb8W5h6ce3PfYff3TAjbagiS":            {Network: address.Stagenet, Kind: address.Standard},
	"5D8njx3NUF3B1hmo8McufdCpPDozwGvjh1RD5nsjCwqJSJCu8bYdh5s7CmnqajyyhnSXFH6ivqfwj5GX7oebsznUhDzBZkge5tjUSJz3co": {Network: address.Stagenet, Kind: address.Integrated, PaymentID: [8]byte{0x7b, 0xa2, 0xe6, 0xc2, 0x27, 0x69, 0x60, 0xf3}},
	"9ztrfUU2Mfxe1Bg7QEFH53WFid8CJatScRAb9jd26wyfGAFz4aYCbJVbCdW76WmvWEVJ5ti2PS3RkRSRhzikt4xe6wLpNGm":            {Network: address.Testnet, Kind: address.Standard},
	"A5hqzNW7RJYDu3ZmLUM5NTEBh2uGzkQAkFeNjS29E3GHUWoxZZ2ZXbN2BNQuz5jgdVfY2xeuu2YPQA2Bh32NkukGUczN7NApFiSBUq49nX": {Network: address.Testnet, Kind: address.Integrated, PaymentID: [8]byte{0x21, 0xd6, 0xc8, 0xa8, 0xd1, 0xdf, 0x63, 0x5c}},
}

func TestAddressesThatAWalletAccepts(t *testing.T) {
	for text, want := range accepted {
		a, err := address.Parse(text)
		require.NoError(t, err)
		require.Equal(t, text, a.String())
		a.Spend, a.View = [keys.Size]byte{}, [keys.Size]byte{}
		require.Equal(t, want, a)
	}
}

func scalar(n byte) *edwards25519.Scalar {
	s, err := new(edwards25519.Scalar).SetCanonicalBytes(append([]byte{n}, make([]byte, keys.Size-1)...))
	if err != nil {
		panic(err)
	}
	return s
}

// pair is a wallet of small keys.
func pair(t require.TestingT, view, spend byte) *keys.ViewPair {
	v, err := keys.NewViewKey(scalar(view).Bytes())
	require.NoError(t, err)
	p, err := keys.NewViewPair(v, new(edwards25519.Point).ScalarBaseMult(scalar(spend)).Bytes())
	require.NoError(t, err)
	return p
}

func TestAddressesAreParsedAsFormatted(t *testing.T) {
	// What an address of a network and kind starts with.
	starts := [3]map[address.Kind]string{
		address.Mainnet:  {address.Standard: "4", address.Integrated: "4", address.Subaddress: "8"},
		address.Stagenet: {address.Standard: "5", address.Integrated: "5", address.Subaddress: "7"},
		address.Testnet:  {address.Standard: "9A", address.Integrated: "A", address.Subaddress: "B"},
	}
	rapid.Check(t, func(t *rapid.T) {
		network := address.Network(rapid.IntRange(0, 2).Draw(t, "network"))
		index := keys.Index{Account: rapid.Uint32().Draw(t, "account"), Address: rapid.Uint32Range(0, 2).Draw(t, "address")}
		p := pair(t, rapid.ByteMin(1).Draw(t, "view"), rapid.ByteMin(1).Draw(t, "spend"))
		a, err := address.Of(network, p, index)
		require.NoError(t, err)
		require.Equal(t, index.IsMain(), a.Kind == address.Standard)
		id := [8]byte(rapid.SliceOfN(rapid.Byte(), 8, 8).Draw(t, "id"))
		integrated, err := a.Integrate(id)
		require.Equal(t, index.IsMain(), err == nil)
		if err == nil && rapid.Bool().Draw(t, "integrated") {
			a = integrated
			require.Equal(t, id, a.PaymentID)
		}
		text := a.String()
		length := 95
		if a.Kind == address.Integrated {
			length = 106
		}
		require.Len(t, text, length)
		require.Contains(t, starts[network][a.Kind], text[:1])
		parsed, err := address.Parse(text)
		require.NoError(t, err)
		require.Equal(t, a, parsed)

		// One other character makes it no address.
		i := rapid.IntRange(0, len(text)-1).Draw(t, "position")
		other := rapid.SampledFrom([]byte("123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz")).Draw(t, "character")
		if changed := text[:i] + string(other) + text[i+1:]; changed != text {
			_, err := address.Parse(changed)
			require.Error(t, err)
		}
		_, err = address.Parse(text[:len(text)-1])
		require.Error(t, err)
		_, err = address.Parse(text + "1")
		require.Error(t, err)
	})
}

// text is a payload with its checksum.
func text(payload ...[]byte) string {
	data := slices.Concat(payload...)
	sum := keys.Keccak256(data)
	return address.EncodeBase58(append(data, sum[:4]...))
}

func TestWhatIsNoAddressIsRefused(t *testing.T) {
	key := edwards25519.NewGeneratorPoint().Bytes()
	short, id := key[:keys.Size-1], make([]byte, 8)
	negativeZero := append([]byte{1}, make([]byte, keys.Size-1)...)
	negativeZero[keys.Size-1] = 0x80
	unreduced := append([]byte{0xf0}, key[1:]...)
	for i := range unreduced[1:] {
		unreduced[i+1] = 0xff
	}
	unreduced[keys.Size-1] = 0x7f
	for name, test := range map[string]struct {
		text string
		err  error
	}{
		"good":                 {text([]byte{18}, key, key), nil},
		"good, integrated":     {text([]byte{19}, key, key, id), nil},
		"empty":                {"", address.ErrLength},
		"a checksum only":      {text(), address.ErrLength},
		"long":                 {strings.Repeat("1", 151), address.ErrLength},
		"prefix only":          {text([]byte{18}), address.ErrLength},
		"short":                {text([]byte{18}, key, short), address.ErrLength},
		"standard with ID":     {text([]byte{18}, key, key, id), address.ErrLength},
		"subaddress with ID":   {text([]byte{42}, key, key, id), address.ErrLength},
		"integrated, no ID":    {text([]byte{19}, key, key), address.ErrLength},
		"integrated, short ID": {text([]byte{19}, key, key, id[:7]), address.ErrLength},
		"checksum":             {address.EncodeBase58(slices.Concat([]byte{18}, key, key, make([]byte, 4))), address.ErrChecksum},
		"prefix":               {text([]byte{17}, key, key), address.ErrPrefix},
		"prefix in two bytes":  {text([]byte{0x92, 0}, key, short), address.ErrPrefix},
		"featured":             {text([]byte{70}, key, key, []byte{0}), address.ErrFeatured},
		"featured, stagenet":   {text([]byte{86}, key, key, []byte{1}), address.ErrFeatured},
		"featured, testnet":    {text([]byte{111}, key, key, []byte{2}, id), address.ErrFeatured},
		"spend not a point":    {text([]byte{18}, append([]byte{2}, make([]byte, 31)...), key), keys.ErrPoint},
		"view not a point":     {text([]byte{18}, key, append([]byte{2}, make([]byte, 31)...)), keys.ErrPoint},
		"spend negative zero":  {text([]byte{18}, negativeZero, key), keys.ErrPoint},
		"view not reduced":     {text([]byte{18}, key, unreduced), keys.ErrPoint},
		"spend identity":       {text([]byte{18}, append([]byte{1}, make([]byte, 31)...), key), keys.ErrIdentity},
		"view of small order":  {text([]byte{18}, key, make([]byte, 32)), keys.ErrOrder},
	} {
		_, err := address.Parse(test.text)
		require.ErrorIs(t, err, test.err, name)
		if err != nil && !slices.Contains([]error{address.ErrLength, address.ErrChecksum, address.ErrPrefix, address.ErrFeatured}, test.err) {
			require.ErrorIs(t, err, address.ErrKey, name)
		}
	}
}

func TestWhatIsNoAddressHasNoText(t *testing.T) {
	for _, a := range []address.Address{
		{Network: 3},
		{Kind: 3},
		{Kind: address.Standard, PaymentID: [8]byte{1}},
		{Kind: address.Subaddress, PaymentID: [8]byte{1}},
	} {
		require.Contains(t, a.String(), "[no address")
		_, err := address.Parse(a.String())
		require.Error(t, err)
	}
	require.Equal(t, "network 7, kind 9", address.Network(7).String()+", "+address.Kind(9).String())
}

func FuzzParse(f *testing.F) {
	for text := range accepted {
		f.Add(text)
	}
	f.Add("")
	f.Add("442QSSDw6XwFiwH51kjFWp3wmKFj7fhM9UvsBbRMDUUQFHzYN9gVcXjT91du37WtUTbVVVCj649cTYr8Pyfph6pm2DPYQm1")
	f.Fuzz(func(t *testing.T, text string) {
		a, err := address.Parse(text)
		if err != nil {
			require.Zero(t, a)
			return
		}
		require.Equal(t, text, a.String())
	})
}

// FuzzParsePayload gets past the checksum.
func FuzzParsePayload(f *testing.F) {
	key := edwards25519.NewGeneratorPoint().Bytes()
	f.Add(slices.Concat([]byte{18}, key, key))
	f.Add(slices.Concat([]byte{54}, key, key, make([]byte, 8)))
	f.Add([]byte{70})
	f.Fuzz(func(t *testing.T, payload []byte) {
		text := text(payload)
		if a, err := address.Parse(text); err == nil {
			require.Equal(t, text, a.String())
		}
	})
}

func FuzzDecodeBase58(f *testing.F) {
	for text := range accepted {
		f.Add(text)
	}
	f.Add("5Rzzzzzzzzz")
	f.Fuzz(func(t *testing.T, text string) {
		if data, err := address.DecodeBase58(text); err == nil {
			require.Equal(t, text, address.EncodeBase58(data))
		}
	})
}

func BenchmarkParse(b *testing.B) {
	a, err := address.Of(address.Mainnet, pair(b, 3, 5), keys.Index{})
	require.NoError(b, err)
	text := a.String()
	b.ReportAllocs()
	for b.Loop() {
		_, _ = address.Parse(text)
	}
}

func BenchmarkString(b *testing.B) {
	a, err := address.Of(address.Mainnet, pair(b, 3, 5), keys.Index{})
	require.NoError(b, err)
	b.ReportAllocs()
	for b.Loop() {
		_ = a.String()
	}
}

func BenchmarkOf(b *testing.B) {
	p := pair(b, 3, 5)
	b.ReportAllocs()
	for b.Loop() {
		_, _ = address.Of(address.Mainnet, p, keys.Index{Account: 1})
	}
}
