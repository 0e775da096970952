package signer

import (
	"errors"
	"fmt"

	"github.com/serai-go/processor/internal/wire"
)

// RewriteShare returns an item with another share: the one that change returns,
// which must not be empty. An item without a share stays as it is. It serves
// tests and tools that play a faulty signer.
func RewriteShare(data []byte, change func(id ID, share []byte) []byte) ([]byte, error) {
	i, err := wire.Unmarshal[item](data)
	if err != nil {
		return nil, fmt.Errorf("signer: rewrite item: %w", err)
	}
	if i.Share == nil {
		return data, nil
	}
	if i.Share = change(i.ID, i.Share); len(i.Share) == 0 {
		return nil, errors.New("signer: rewrite item: no share")
	}
	return wire.Marshal(i), nil
}
