package spend

import (
	"bytes"

	"github.com/serai-go/processor/coin/monero/block"
	"github.com/serai-go/processor/coin/monero/keys"
)

// MaxData is how many bytes of data a transaction carries at most: those of one
// nonce of the extra field.
const MaxData = block.MaxData

// Data returns what the transaction says to everybody, nil if it says nothing.
func (u *Unsigned) Data() []byte { return bytes.Clone(dataOf(u.extra)) }

// dataOf returns the data in an extra field, of which there is one part at most.
func dataOf(extra block.Extra) []byte {
	for data := range extra.Data() {
		return data
	}
	return nil
}

// parts returns data in the form of an extra field's content. No bytes are no
// part.
func parts(data []byte) [][]byte {
	if len(data) == 0 {
		return nil
	}
	return [][]byte{data}
}

// dataPart is the size of the part with so many bytes of data.
func dataPart(data int) int {
	if data == 0 {
		return 0
	}
	nonce := 1 + data
	return 1 + keys.VarintSize(uint64(nonce)) + nonce
}
