package mock

import (
	"bytes"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"strings"
	"sync"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/frost"
	"github.com/serai-go/processor/frost/ed25519"
)

// script says who may spend an output: whoever signs with the Ed25519 key in
// its last 32 bytes. Its first byte tells whether it has an address.
type script [scriptSize]byte

const scriptSize = 33

const (
	addressed byte = iota // has an address
	bare                  // has none
	copied                // of an output: a copy, with the address of addressed
	ring                  // pays nobody: the ID of a coinbase, in place of a ring
)

func newScript(form byte, key []byte) (s script) {
	s[0] = form
	copy(s[1:], key)
	return s
}

func (s script) known() bool {
	return s[0] == addressed || s[0] == bare || s[0] == copied || s[0] == ring
}

func (s script) key() []byte { return s[1:] }

const (
	addressPrefix = "mock1"
	checksumSize  = 4
)

// address is the text form of a script: the prefix, and in lower-case
// hexadecimal the key and a checksum that also names the network. It is empty
// for a script that has none.
func (s script) address(genesis coin.BlockID) coin.Address {
	if s[0] != addressed {
		return ""
	}
	sum := addressSum(genesis, s.key())
	return coin.Address(addressPrefix + hex.EncodeToString(s.key()) + hex.EncodeToString(sum))
}

func addressSum(genesis coin.BlockID, key []byte) []byte {
	h := sha256.New()
	h.Write([]byte("mock address"))
	h.Write(genesis[:])
	h.Write(key)
	return h.Sum(nil)[:checksumSize]
}

func parseAddress(genesis coin.BlockID, a coin.Address) (script, error) {
	text, ok := strings.CutPrefix(string(a), addressPrefix)
	if !ok {
		return script{}, fmt.Errorf("%w: it does not begin with %s", coin.ErrAddress, addressPrefix)
	}
	if len(text) != 2*(32+checksumSize) || strings.ToLower(text) != text {
		return script{}, fmt.Errorf("%w: it is not 72 lower-case digits", coin.ErrAddress)
	}
	b, err := hex.DecodeString(text)
	if err != nil {
		return script{}, fmt.Errorf("%w: %w", coin.ErrAddress, err)
	}
	if !bytes.Equal(b[32:], addressSum(genesis, b[:32])) {
		return script{}, fmt.Errorf("%w: wrong checksum, or of another network", coin.ErrAddress)
	}
	return newScript(addressed, b[:32]), nil
}

// offset is what is added to the group's secret key for outputs of a kind.
func offset(kind coin.Kind) frost.Scalar {
	if kind == coin.External {
		return ed25519.Group.NewScalar()
	}
	wide := sha512.Sum512(append([]byte("mock kind "), byte(kind)))
	return ed25519.Group.ScalarFromUniform(&wide)
}

// offsetElements are the offsets times the generator.
var offsetElements = sync.OnceValue(func() (list [len(coin.Kinds)]frost.Element) {
	for i, kind := range coin.Kinds {
		list[i] = ed25519.Group.NewElement().VarTimeMultiplyBase(offset(kind))
	}
	return list
})

// groupScripts are a network key's scripts, by kind.
type groupScripts [len(coin.Kinds)]script

func newGroupScripts(key []byte) (list groupScripts, err error) {
	element, err := ed25519.Group.DecodeElement(key)
	if err != nil {
		return list, fmt.Errorf("mock: network key: %w", err)
	}
	for i, o := range offsetElements() {
		kindKey := ed25519.Group.NewElement().Add(element, o)
		list[i] = newScript(addressed, kindKey.Bytes())
	}
	return list, nil
}
