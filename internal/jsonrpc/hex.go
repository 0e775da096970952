package jsonrpc

import (
	"encoding/hex"
	"encoding/json"
	"errors"
)

// Hex is a byte string that JSON carries as a string of hexadecimal digits.
// As the result of a call it is decoded in one pass.
type Hex []byte

// MarshalJSON implements json.Marshaler.
func (h Hex) MarshalJSON() ([]byte, error) {
	b := make([]byte, 0, 2+hex.EncodedLen(len(h)))
	return append(hex.AppendEncode(append(b, '"'), h), '"'), nil
}

// UnmarshalJSON implements json.Unmarshaler. Anything but a string of
// hexadecimal digits, null included, is refused.
func (h *Hex) UnmarshalJSON(data []byte) error {
	if len(data) < 2 || data[0] != '"' || data[len(data)-1] != '"' {
		return errors.New("hex: not a string")
	}
	b := make([]byte, hex.DecodedLen(len(data)-2))
	if _, err := hex.Decode(b, data[1:len(data)-1]); err != nil {
		return err
	}
	*h = b
	return nil
}

var (
	_ json.Marshaler   = Hex(nil)
	_ json.Unmarshaler = (*Hex)(nil)
)
