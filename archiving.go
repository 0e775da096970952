package processor

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/internal/wire"
	"github.com/serai-go/processor/scanner"
	"github.com/serai-go/processor/storage"
)

// void is what of a rewind is kept to make its archive.
type void struct {
	rewind  Rewind
	keys    []coin.Key    // all that were confirmed
	headers []coin.Header // behind the fork
}

// Encode writes the record.
func (v void) Encode(w *wire.Writer) {
	scanner.Rewind(v.rewind).Encode(w)
	w.Count(len(v.keys))
	for _, k := range v.keys {
		w.Uint64(k.Session)
		w.Bytes(k.Key)
	}
	wire.List(w, v.headers)
}

// Decode reads the record.
func (v *void) Decode(r *wire.Reader) {
	var x scanner.Rewind
	x.Decode(r)
	v.rewind = Rewind(x)
	for range r.Count(1<<16, 12) {
		v.keys = append(v.keys, coin.Key{Session: r.Uint64(), Key: r.Bytes(1 << 10)})
	}
	v.headers = wire.ReadList[coin.Header](r, maxArchivedBlocks, 80)
}

// place is that of a void block, or of a plan: its rewind and its number.
type place struct{ rewind, number uint64 }

var placeKey = storage.FixedKey(
	func(b []byte, p place) []byte {
		return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(b, p.rewind), p.number)
	},
	func(b []byte) (p place, ok bool) {
		if len(b) != 16 {
			return p, false
		}
		return place{binary.BigEndian.Uint64(b), binary.BigEndian.Uint64(b[8:])}, true
	})

// What is void, by rewind: what is known of it, which blocks are not in the
// archive yet, those that are, and plans.
var (
	voids         = storage.NewMap("processor/void", storage.NumberKey[uint64](), storage.Record[void]())
	unarchived    = storage.NewMap("processor/unarchived", storage.NumberKey[uint64](), storage.Flag)
	archives      = storage.NewMap("processor/archive", placeKey, storage.Blob)
	archivedPlans = storage.NewMap("processor/archivedplans", placeKey, storage.Record[ArchivedPlan]())
)

// keepVoid keeps which blocks a rewind is about to make void, and what was prepared
// with them.
func (k *core) keepVoid(tx storage.Tx, e Rewind) error {
	f, err := k.scanner.Frontier(tx)
	if err != nil || f.Index <= e.Fork+1 || f.Index-e.Fork-1 > maxArchivedBlocks {
		return err
	}
	v := void{rewind: e}
	for n := e.Fork + 1; n < f.Index; n++ {
		header, ok, err := k.scanner.Header(tx, n)
		if err == nil && !ok {
			err = fmt.Errorf("%w: header %d is missing", storage.ErrCorrupt, n)
		}
		if err != nil {
			return err
		}
		v.headers = append(v.headers, header)
	}
	if v.headers[0].ID == e.Next {
		return nil // it is the chain that counts
	}
	keys, err := k.scanner.Keys(tx)
	if err != nil {
		return err
	}
	for _, key := range keys {
		v.keys = append(v.keys, coin.Key{Session: key.Session, Key: key.NetworkKey})
	}
	plans, err := k.signer.PreparedBehind(tx, e.Fork)
	if err != nil {
		return err
	}
	for i, p := range plans {
		if err := archivedPlans.Put(tx, place{e.Number, uint64(i)}, ArchivedPlan(p)); err != nil {
			return err
		}
	}
	if err := unarchived.Put(tx, e.Number, struct{}{}); err != nil {
		return err
	}
	return voids.Put(tx, e.Number, v)
}

// archive stores the blocks that rewinds have made void, as long as they are
// there: in memory, or at the node. One of which they are not keeps no other back.
// It tells whether there were any.
func (p *Processor) archive(ctx context.Context) (bool, error) {
	archiver, ok := p.config.Coin.(coin.Archiver)
	if !ok {
		return false, nil
	}
	var list []void
	err := p.config.Store.View(ctx, func(r storage.Reader) error {
		list = nil
		for item, err := range unarchived.All(r) {
			if err != nil {
				return err
			}
			v, err := voids.Load(r, item.Key)
			if err != nil {
				return err
			}
			list = append(list, v)
		}
		return nil
	})
	if err != nil {
		return false, err
	}
	did := false
	var errs []error
	for _, v := range list {
		one, err := p.archiveOne(ctx, archiver, v)
		did, errs = did || one, append(errs, err)
	}
	return did, errors.Join(errs...)
}

// archiveOne is archive of one rewind.
func (p *Processor) archiveOne(ctx context.Context, archiver coin.Archiver, v void) (bool, error) {
	var blocks []coin.Block
	for _, header := range v.headers {
		block, err := p.block(ctx, header)
		if err != nil {
			return false, fmt.Errorf("archive void block %d: %w", header.Number, err)
		}
		data, ok := p.archived[header]
		if !ok {
			if data, err = archiver.ArchiveBlock(ctx, block, blocks, v.keys); err != nil {
				return false, fmt.Errorf("archive void block %d: %w", header.Number, err)
			}
		}
		blocks = append(blocks, block)
		err = p.config.Store.Update(ctx, func(tx storage.Tx) error {
			if len(blocks) == len(v.headers) {
				if err := unarchived.Delete(tx, v.rewind.Number); err != nil {
					return err
				}
			}
			return archives.Put(tx, place{v.rewind.Number, header.Number}, data)
		})
		if err != nil {
			return false, err
		}
	}
	p.follow.archived(v.headers)
	return true, nil
}

// Archives returns the archives of all rewinds that this processor has gone
// through, in order, for Config.Archives of others: see Archive. It leaves out
// those of which the node does not have all blocks any more, which shows in
// Status, those of blocks that were never indexed here, and all if the coin is no
// coin.Archiver.
func (p *Processor) Archives(ctx context.Context) ([]Archive, error) {
	var list []Archive
	err := p.config.Store.View(ctx, func(r storage.Reader) error {
		for item, err := range voids.All(r) {
			if err != nil {
				return err
			}
			if missing, err := unarchived.Has(r, item.Key); err != nil {
				return err
			} else if missing {
				continue
			}
			a := Archive{Rewind: item.Value.rewind}
			for _, header := range item.Value.headers {
				data, ok, err := archives.Get(r, place{item.Key, header.Number})
				if err == nil && !ok {
					err = fmt.Errorf("%w: void block %d is missing", storage.ErrCorrupt, header.Number)
				}
				if err != nil {
					return err
				}
				a.Blocks = append(a.Blocks, ArchivedBlock{header, data})
			}
			for item, err := range archivedPlans.Between(r, place{rewind: item.Key}, place{rewind: item.Key + 1}) {
				if err != nil {
					return err
				}
				a.Plans = append(a.Plans, item.Value)
			}
			list = append(list, a)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read archives: %w", err)
	}
	return list, nil
}
