package node

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/coin/monero/node/epee"
	"github.com/serai-go/processor/internal/jsonrpc"
)

const pathBlocks = "/get_blocks.bin"

// binary calls one of the methods that speak the portable storage format.
func binary(ctx context.Context, rpc *jsonrpc.Client, path string, request *epee.Writer) (epee.Section, error) {
	data, err := rpc.Post(ctx, path, "application/octet-stream", request.Document())
	if err != nil {
		return epee.Section{}, classify(err)
	}
	document, err := epee.Parse(data)
	if err == nil {
		status, ok := document.Find("status").Bytes()
		if !ok {
			err = lie("status", "is missing")
		} else {
			err = state{string(status[:min(len(status), 200)])}.check()
		}
	} else {
		err = fmt.Errorf("%w: %w", coin.ErrInvalid, err)
	}
	if err != nil {
		return epee.Section{}, fmt.Errorf("%s: %w", path, err)
	}
	return document, nil
}

// some returns blocks of the best chain from number first on, at least one and
// at most count, with one request.
func (c *Client) some(ctx context.Context, first uint64, count int) ([]*Block, error) {
	if first == 0 || c.single { // the node would take 0 for no number
		head, err := c.Header(ctx, first)
		if err != nil {
			return nil, err
		}
		b, err := c.complete(ctx, head.ID(), head)
		if err != nil {
			return nil, err
		}
		if b.Indexes == nil {
			return nil, fmt.Errorf("%w: block %d has left the best chain", coin.ErrTransient, first)
		}
		return []*Block{b}, nil
	}
	var request epee.Writer
	request.Uint64("max_block_count", uint64(count))
	request.Bool("prune", false)
	request.Uint64("start_height", first)
	document, err := binary(ctx, c.bulk, pathBlocks, &request)
	if errors.Is(err, errFailed) {
		// That is also what it says to a number that is not there yet.
		if tip, e := c.Tip(ctx); e == nil && tip < first {
			return nil, fmt.Errorf("%w: block %d, the newest is %d", coin.ErrNotFound, first, tip)
		}
	}
	if err != nil {
		return nil, err
	}
	blocks, sent, err := readBlocks(document, first, count)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", pathBlocks, err)
	}
	if sent > count {
		c.span.Store(MaxSpan) // it sends so many, whatever it is asked
	}
	return blocks, nil
}

// readBlocks takes an answer with blocks from number first on apart, of which
// at most limit count. It also tells how many came.
func readBlocks(document epee.Section, first uint64, limit int) (blocks []*Block, sent int, err error) {
	if start, ok := document.Find("start_height").Uint64(); !ok || start != first {
		return nil, 0, lie("start_height", "is %d, not %d", start, first)
	}
	list, indexes := document.Find("blocks"), document.Find("output_indices")
	sent = list.Len()
	switch {
	case sent == 0:
		return nil, 0, lie("blocks", "are none")
	case sent > MaxSpan:
		return nil, 0, lie("blocks", "are %d", sent)
	case indexes.Len() != sent:
		return nil, 0, lie("output_indices", "are of %d blocks, not %d", indexes.Len(), sent)
	}
	blocks = make([]*Block, 0, min(sent, limit))
	var next *uint64
	perBlock := slices.Collect(indexes.Sections())
	if len(perBlock) != sent {
		return nil, 0, lie("output_indices", "are no objects")
	}
	for entry := range list.Sections() {
		if len(blocks) == limit {
			break
		}
		b, err := readBlock(entry, first+uint64(len(blocks)))
		if err == nil && len(blocks) > 0 && b.Block.Parent() != blocks[len(blocks)-1].ID {
			err = lie("block", "has another parent than block %d", b.Block.Height()-1)
		}
		if err == nil {
			b.Indexes, err = readIndexes(perBlock[len(blocks)], len(b.Transactions))
		}
		if err == nil {
			next, err = b.checkIndexes(next)
		}
		if err != nil {
			return nil, 0, fmt.Errorf("block %d: %w", first+uint64(len(blocks)), err)
		}
		blocks = append(blocks, b)
	}
	if len(blocks) == 0 {
		return nil, 0, lie("blocks", "are no objects")
	}
	return blocks, sent, nil
}

// readBlock reads the block that has to have a number.
func readBlock(entry epee.Section, number uint64) (*Block, error) {
	if pruned, _ := entry.Find("pruned").Bool(); pruned {
		return nil, fmt.Errorf("%w: it prunes old blocks", ErrUnsuitable)
	}
	raw, ok := entry.Find("block").Bytes()
	if !ok {
		return nil, lie("block", "is missing")
	}
	txs := entry.Find("txs")
	if txs.Len() > 0 && (txs.Type != epee.String || !txs.Array) {
		return nil, lie("txs", "are no strings")
	}
	b, err := assemble(raw, txs.Strings())
	if err != nil {
		return nil, err
	}
	if b.Block.Height() != number {
		return nil, lie("block", "has number %d", b.Block.Height())
	}
	return b, nil
}

// readIndexes reads the indices of the outputs of a block's transactions.
func readIndexes(block epee.Section, transactions int) ([][]uint64, error) {
	list := block.Find("indices")
	if list.Len() != transactions || list.Type != epee.Object {
		return nil, lie("output_indices", "are of %d transactions, not %d", list.Len(), transactions)
	}
	all := make([][]uint64, 0, transactions)
	for t := range list.Sections() {
		v := t.Find("indices")
		if v.Len() > 0 && (!v.Array || v.Type != epee.Uint64) {
			return nil, lie("output_indices", "are no integers")
		}
		all = append(all, slices.AppendSeq(make([]uint64, 0, v.Len()), v.Uint64s()))
	}
	return all, nil
}
