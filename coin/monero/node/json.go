package node

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/serai-go/processor/internal/jsonrpc"
)

// hash is 32 bytes that JSON carries as hexadecimal digits.
type hash [32]byte

func (h hash) String() string { return hex.EncodeToString(h[:]) }

// MarshalText writes the digits.
func (h hash) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, h[:]), nil }

// UnmarshalJSON implements json.Unmarshaler.
func (h *hash) UnmarshalJSON(data []byte) error {
	var b jsonrpc.Hex
	if err := b.UnmarshalJSON(data); err != nil {
		return err
	}
	if len(b) != len(h) {
		return fmt.Errorf("a hash of %d bytes", len(b))
	}
	*h = hash(b)
	return nil
}

// list is a JSON array of not more than limit elements, which has to be set
// before: a few bytes of an answer could make large elements otherwise.
type list[T any] struct {
	limit int
	items []T
}

var errLong = errors.New("more elements than were asked for")

// UnmarshalJSON implements json.Unmarshaler. Null is an empty array.
func (l *list[T]) UnmarshalJSON(data []byte) error {
	l.items = nil
	if string(data) == "null" {
		return nil
	}
	d := json.NewDecoder(bytes.NewReader(data))
	if t, err := d.Token(); err != nil || t != json.Delim('[') {
		return errors.New("no array")
	}
	for d.More() {
		if len(l.items) == l.limit {
			return errLong
		}
		var item T
		if err := d.Decode(&item); err != nil {
			return err
		}
		l.items = append(l.items, item)
	}
	return nil
}

// numbers is a JSON array of unsigned integers.
type numbers []uint64

// UnmarshalJSON implements json.Unmarshaler, for what is known to be JSON.
// Null is an empty array.
func (n *numbers) UnmarshalJSON(data []byte) error {
	*n = nil
	if string(data) == "null" {
		return nil
	}
	inside, isArray := bytes.CutPrefix(data, []byte("["))
	inside, _ = bytes.CutSuffix(inside, []byte("]"))
	if !isArray {
		return errors.New("no array")
	}
	if len(bytes.TrimSpace(inside)) == 0 {
		return nil
	}
	count := 1 + bytes.Count(inside, []byte(","))
	if count > MaxDistribution { // the longest there is
		return errLong
	}
	all := make([]uint64, 0, count)
	for item := range bytes.SplitSeq(inside, []byte(",")) {
		v, err := strconv.ParseUint(string(bytes.TrimSpace(item)), 10, 64)
		if err != nil {
			return err
		}
		all = append(all, v)
	}
	*n = all
	return nil
}
