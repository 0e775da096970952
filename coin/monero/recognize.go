package monero

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/coin/monero/keys"
	"github.com/serai-go/processor/coin/monero/outputs"
	"github.com/serai-go/processor/coin/monero/scan"
)

// firstMajor is the major version of the first blocks in which outputs count.
// Since then all transactions are of one type.
const firstMajor = 16

// Outputs implements coin.Recognizer. It asks nobody.
//
// Outputs with the same one-time key are all among them, in one block too,
// though only one can be spent: they are twins.
func (c *Coin) Outputs(_ context.Context, b coin.Block, watched []coin.Key) ([]coin.Output, error) {
	chain, ok := b.(*chainBlock)
	if !ok {
		return nil, fmt.Errorf("monero: %w: not a block of this coin", coin.ErrInvalid)
	}
	scanner, err := c.scanner(watched)
	if err != nil {
		return nil, err
	}
	if len(watched) == 0 || chain.Block.Block.Major() < firstMajor {
		return nil, nil
	}
	// A coinbase never counts, so that it need not be gone through. Outputs are
	// numbered within the block: no block proves global indices.
	ours := scanner.Scan(nil, chain.Block.Transactions[1:], scan.Outputs(chain.Block.Transactions[:1]))
	var found []coin.Output
	var data []byte
	var origin coin.Address
	last := -1
	for i := range ours {
		o := &ours[i]
		kind, depositor, ok := outputs.Counts(o)
		if !ok {
			continue
		}
		if o.Transaction != last { // shared: outputs of one transaction have the same
			data, last = bytes.Clone(outputs.Data(o)), o.Transaction
			origin = c.origin(data)
		}
		position := 1 + o.Transaction
		found = append(found, coin.Output{
			ID:       coin.OutputID{Transaction: chain.Block.Transactions[position].Hash(), Index: o.Index},
			Session:  watched[o.Recipient].Session,
			Kind:     kind,
			Amount:   o.Amount,
			Position: uint32(position),
			Origin:   origin,
			Data:     data,
			Spend:    spendBytes(o, depositor, chain.header.Number),
		})
	}
	return found, nil
}

// origin is where data says that the deposit can be sent back to: nothing else tells.
func (c *Coin) origin(data []byte) coin.Address {
	a, ok := outputs.Refund(c.addresses, data)
	if !ok {
		return ""
	}
	return coin.Address(a.String())
}

// spendSize is the size of what spendBytes returns.
const spendSize = 3*keys.Size + 4 + 8 + 4

// spendBytes is what an output is spent with besides the keys, all of it public:
// one-time key, commitment, the transaction key from which the view key comes to
// the output's secrets again, the depositor whose address was paid, the number of
// the block, and the place among the outputs of the block, from which its global
// index follows.
func spendBytes(o *scan.Output, depositor uint32, number uint64) []byte {
	b := make([]byte, 0, spendSize)
	b = append(b, o.Key[:]...)
	b = append(b, o.Commitment[:]...)
	b = append(b, o.TransactionKey[:]...)
	b = binary.BigEndian.AppendUint32(b, depositor)
	b = binary.BigEndian.AppendUint64(b, number)
	return binary.BigEndian.AppendUint32(b, uint32(o.Global))
}

// SpendLookup implements coin.Recognizer: nil, as only the holders of the key
// know key images.
func (c *Coin) SpendLookup(coin.Output) []byte { return nil }

// Twin implements coin.Recognizer: the one-time key, as outputs with equal ones
// have the same key image.
func (c *Coin) Twin(o coin.Output) []byte {
	if len(o.Spend) < keys.Size {
		return nil
	}
	return o.Spend[:keys.Size]
}

// scanner returns the scanner for some keys.
func (c *Coin) scanner(watched []coin.Key) (*scan.Scanner, error) {
	var name []byte
	recipients := make([]scan.Recipient, len(watched))
	for i, key := range watched {
		pair, err := c.pair(key.Key)
		if err != nil {
			return nil, err
		}
		depositors := max(1, key.Depositors)
		name = append(name, key.Key...) // all have the same size
		name = binary.BigEndian.AppendUint32(name, depositors)
		recipients[i].Pair = pair.pair
		recipients[i].Addresses = outputs.Addresses(depositors)
	}
	if known, ok := c.scanners.Get(string(name)); ok {
		return known, nil
	}
	made, err := scan.New(recipients)
	if err != nil {
		return nil, fmt.Errorf("monero: %w: keys: %w", coin.ErrInvalid, err)
	}
	c.scanners.Put(string(name), made)
	return made, nil
}
