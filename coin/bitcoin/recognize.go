package bitcoin

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/coin/bitcoin/block"
)

// Outputs implements coin.Recognizer.
func (c *Coin) Outputs(ctx context.Context, b coin.Block, keys []coin.Key) ([]coin.Output, error) {
	chain, ok := b.(*chainBlock)
	if !ok {
		return nil, fmt.Errorf("%w: not a block of this coin", coin.ErrInvalid)
	}
	var scripts [][]byte
	for _, key := range keys {
		outputs, err := c.kindKeys(key.Key)
		if err != nil {
			return nil, err
		}
		for i := range outputs {
			scripts = append(scripts, outputs[i].script)
		}
	}
	var found []coin.Output
	for m := range chain.Find(block.NewScripts(scripts)) {
		if m.Transaction == 0 {
			continue // a coinbase never counts
		}
		found = append(found, coin.Output{
			ID:       coin.OutputID{Transaction: chain.Transaction(m.Transaction).ID(), Index: m.Output},
			Session:  keys[m.Script/len(coin.Kinds)].Session,
			Kind:     coin.Kinds[m.Script%len(coin.Kinds)],
			Amount:   m.Value,
			Position: uint32(m.Transaction),
		})
	}
	if err := c.addInstructions(ctx, chain, found); err != nil {
		return nil, fmt.Errorf("bitcoin: outputs of block %d: %w", chain.header.Number, err)
	}
	return found, nil
}

// SpendLookup implements coin.Recognizer: the outpoint, 36 bytes as in an
// input.
func (c *Coin) SpendLookup(output coin.Output) []byte {
	return lookup(output.ID)
}

// Twin implements coin.Recognizer: nil, as each output can be spent.
func (c *Coin) Twin(coin.Output) []byte { return nil }

func lookup(id coin.OutputID) []byte {
	o := block.NewOutpoint(id.Transaction, id.Index)
	return o[:]
}

// addInstructions fills in data and origin of the outputs of a block. Outputs
// of one transaction have the same.
func (c *Coin) addInstructions(ctx context.Context, b *chainBlock, outputs []coin.Output) error {
	if len(outputs) == 0 {
		return nil
	}
	var positions []uint32
	for _, o := range outputs {
		positions = append(positions, o.Position)
	}
	origins, err := c.origins(ctx, b, slices.Compact(positions))
	if err != nil {
		return fmt.Errorf("origins: %w", err)
	}
	for i := range outputs {
		o := &outputs[i]
		o.Origin = origins[o.Position]
		if i > 0 && outputs[i-1].Position == o.Position {
			o.Data = outputs[i-1].Data // shared: a transaction may have much, and many outputs
			continue
		}
		o.Data = bytes.Clone(instructionData(b.Transaction(int(o.Position))))
	}
	return nil
}

// origins finds where transactions of a block presumably came from: the
// address of the first input whose spent output has one. It asks for what the
// first inputs of all of them spend in one batch. Where that has no address it
// goes on with more and more inputs at a time, so that neither the usual nor
// the worst transaction takes many requests.
func (c *Coin) origins(ctx context.Context, b *chainBlock, positions []uint32) (map[uint32]coin.Address, error) {
	origins := make(map[uint32]coin.Address)
	for begin, end := 0, 1; len(positions) > 0; begin, end = end, 3*end {
		var ids []coin.TransactionID
		spent := make(map[block.Outpoint]coin.Address)
		for _, position := range positions {
			for i, from := range b.Transaction(int(position)).Outpoints() {
				if i >= begin && i < end {
					spent[from] = ""
					ids = append(ids, from.Transaction())
				}
			}
		}
		err := c.previous(ctx, b, ids, func(t *block.Transaction) {
			id := t.ID()
			for i, o := range t.Outputs() {
				at := block.NewOutpoint(id, uint32(i))
				if _, ok := spent[at]; ok && !isAnchor(o.Script) {
					spent[at], _ = scriptAddress(c.params, o.Script)
				}
			}
		})
		if err != nil {
			return nil, err
		}
		positions = slices.DeleteFunc(positions, func(position uint32) bool {
			t := b.Transaction(int(position))
			for i, from := range t.Outpoints() {
				if i >= end {
					return false
				}
				if origin := spent[from]; i >= begin && origin != "" {
					origins[position] = origin
					return true
				}
			}
			return true // none of the inputs has an address
		})
	}
	return origins, nil
}
