package scanner

import (
	"fmt"
	"slices"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/storage"
)

// acknowledged takes what is acknowledged of a block that is not settled.
func (s *scanner) acknowledged(tx storage.Tx, back *coin.Rewind) error {
	var ids []uint64
	var results []byte
	for item, err := range s.results.All(tx) {
		if err != nil {
			return err
		}
		ids = append(ids, item.Key)
		results = append(results, item.Value...)
	}
	if len(ids) == 0 {
		return nil
	}
	one, ok, err := s.batches.Get(tx, ids[0])
	if err == nil && !ok {
		err = fmt.Errorf("%w: acknowledged batch %d is missing", storage.ErrCorrupt, ids[0])
	}
	if err != nil {
		return err
	}
	number := one.Batch.Number
	b, err := s.buffers.Load(tx, number)
	if err != nil {
		return err
	}
	back.Horizon = number
	for _, l := range b.Late {
		if l.Fate != coin.Reported || len(results) == 0 {
			continue
		}
		if results[0] == 0 {
			l.Fate = fateOf(l.Origin, nil)
		}
		results = results[1:]
		held, found, err := s.unsettled(tx, l.Deposit, b.Unheld)
		if err != nil {
			return err
		}
		if found {
			held.Fate = l.Fate
			back.Deposits = append(back.Deposits, held)
			continue
		}
		back.Late = append(back.Late, l.Late)
	}
	for _, d := range b.Deposits {
		if d.Fate != coin.Reported || len(results) == 0 {
			continue
		}
		if results[0] == 0 {
			d.Fate = fateOf(d.Output.Origin, nil)
		}
		results = results[1:]
		back.Deposits = append(back.Deposits, d)
	}
	for _, id := range ids {
		if err := s.results.Delete(tx, id); err != nil {
			return err
		}
	}
	queued, err := group(tx, s.queue, number)
	if err != nil {
		return err
	}
	for _, l := range queued {
		if reported(back.Late, l.Deposit) {
			if err := s.queue.Delete(tx, l.in(number)); err != nil {
				return err
			}
		}
	}
	return nil
}

// unsettled returns a deposit that was held back, if its own block has not
// settled: the books do not know it yet.
func (s *scanner) unsettled(r storage.Reader, id coin.OutputID, unheld []late) (coin.Deposit, bool, error) {
	i := slices.IndexFunc(unheld, func(l late) bool { return l.Deposit == id })
	if i < 0 {
		return coin.Deposit{}, false, nil
	}
	b, err := s.buffers.Load(r, unheld[i].Block)
	if err != nil {
		return coin.Deposit{}, false, err
	}
	at := slices.IndexFunc(b.Deposits, func(d coin.Deposit) bool { return d.Output.ID == id })
	if at < 0 {
		return coin.Deposit{}, false, nil
	}
	return b.Deposits[at], true, nil
}

// reported tells whether a deposit is among those reported late.
func reported(late []coin.Late, id coin.OutputID) bool {
	return slices.ContainsFunc(late, func(l coin.Late) bool { return l.Deposit == id })
}
