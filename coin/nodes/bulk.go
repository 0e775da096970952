package nodes

import (
	"context"
	"fmt"

	"github.com/serai-go/processor/coin"
)

var (
	_ coin.BulkReader = (*Nodes)(nil)
	_ coin.Burier     = (*Nodes)(nil)
	_ coin.Archiver   = (*Nodes)(nil)
)

// Headers implements coin.BulkReader. The nodes have to agree on the last
// header, as for Header. The others come from one node: the last one commits to
// them.
func (n *Nodes) Headers(ctx context.Context, first uint64, count int) ([]coin.Header, error) {
	if count < 1 {
		return nil, nil
	}
	last, err := n.Header(ctx, first+uint64(count)-1)
	if err != nil {
		return nil, err
	}
	return askOne(ctx, n, func(ctx context.Context, c coin.Coin) ([]coin.Header, error) {
		list, err := headersOf(ctx, c, first, count)
		if err != nil {
			return nil, err
		}
		return list, follow(list, first, last)
	})
}

// headersOf asks one coin for headers.
func headersOf(ctx context.Context, c coin.Coin, first uint64, count int) ([]coin.Header, error) {
	if bulk, ok := c.(coin.BulkReader); ok {
		list, err := bulk.Headers(ctx, first, count)
		if err == nil && len(list) != count {
			err = fmt.Errorf("%w: %d headers for %d", coin.ErrInvalid, len(list), count)
		}
		return list, err
	}
	list := make([]coin.Header, count)
	for i := range list {
		var err error
		if list[i], err = c.Header(ctx, first+uint64(i)); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// follow checks that each header is on the one before, up to the given last
// one. A node where that is not so is on another chain, for now.
func follow(list []coin.Header, first uint64, last coin.Header) error {
	for i, header := range list {
		if header.Number != first+uint64(i) || i > 0 && header.Parent != list[i-1].ID {
			return fmt.Errorf("%w: headers %d and before are not linked", coin.ErrTransient, first+uint64(i))
		}
	}
	if list[len(list)-1] != last {
		return fmt.Errorf("%w: header %d is not the one that is agreed on", coin.ErrTransient, last.Number)
	}
	return nil
}

// Buried implements coin.Burier: one node has to show the blocks, which nobody
// makes for nothing.
func (n *Nodes) Buried(ctx context.Context, header coin.Header, blocks uint64) error {
	if blocks < 2 {
		return nil
	}
	_, err := askOne(ctx, n, func(ctx context.Context, c coin.Coin) ([]coin.Header, error) {
		list, err := headersOf(ctx, c, header.Number, int(blocks))
		if err == nil && list[0] != header {
			err = fmt.Errorf("%w: another block %d", coin.ErrTransient, header.Number)
		}
		if err == nil {
			err = follow(list, header.Number, list[len(list)-1])
		}
		return list, err
	})
	return err
}

// RateOf implements coin.BulkReader.
func (n *Nodes) RateOf(ctx context.Context, block coin.Block) (uint64, error) {
	return askOne(ctx, n, func(ctx context.Context, c coin.Coin) (uint64, error) {
		if bulk, ok := c.(coin.BulkReader); ok {
			return bulk.RateOf(ctx, block)
		}
		return c.BlockRate(ctx, block.Header())
	})
}

// ArchiveBlock implements coin.Archiver.
func (n *Nodes) ArchiveBlock(ctx context.Context, block coin.Block, before []coin.Block, keys []coin.Key) ([]byte, error) {
	return askOne(ctx, n, func(ctx context.Context, c coin.Coin) ([]byte, error) {
		archiver, err := archiverOf(c)
		if err != nil {
			return nil, err
		}
		return archiver.ArchiveBlock(ctx, block, before, keys)
	})
}

// RestoreBlock implements coin.Archiver. No node is asked, but one has to be
// connected.
func (n *Nodes) RestoreBlock(ctx context.Context, header coin.Header, data []byte) (coin.Block, error) {
	return askOne(ctx, n, func(ctx context.Context, c coin.Coin) (coin.Block, error) {
		archiver, err := archiverOf(c)
		if err != nil {
			return nil, err
		}
		return archiver.RestoreBlock(ctx, header, data)
	})
}

func archiverOf(c coin.Coin) (coin.Archiver, error) {
	archiver, ok := c.(coin.Archiver)
	if !ok {
		return nil, fmt.Errorf("%w: the coin has no archives", coin.ErrNotFound)
	}
	return archiver, nil
}
