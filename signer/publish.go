package signer

import (
	"context"
	"errors"
	"fmt"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/storage"
)

// publication is what this process knows of a transaction's way to the node.
type publication struct {
	tip   uint64 // the last one it was handed over at
	told  uint64 // bits of the answers that were told
	known bool   // the node had all that it spends
	again bool   // it is due at this tip once more
}

// Publish hands signed transactions to the node, each once for every tip of
// the chain until it settles. What the node does not take is told, once for
// each kind of answer. A transaction may spend what another makes that comes to
// the node later: so one that conflicts is tried again when the node has got to
// know another, else it is told, if not for the first time. One transaction that
// the node does not answer for does not keep the others back; the error names them
// all, and they are due again. Unless the view of the chain is fresh, what this
// process has not handed over yet waits.
func (s *Signer) Publish(ctx context.Context, store storage.Store, tip uint64, fresh bool) (bool, error) {
	due, err := s.unpublished(ctx, store, tip, fresh)
	if err != nil {
		return false, err
	}
	var failed error
	var conflicts []refused
	news := false
	for _, item := range due {
		answer, err := s.Coin.Publish(ctx, item.Value.Transaction)
		if ctx.Err() != nil {
			return false, ctx.Err()
		}
		if err != nil {
			failed = errors.Join(failed, fmt.Errorf("publish plan %s: %w", item.Key, err))
			continue
		}
		p, before := s.published[item.Key]
		if answer.Status == coin.Conflict {
			conflicts = append(conflicts, refused{item.Key, answer, !before || p.tip == tip})
		} else {
			news = news || !p.known
			p.known = true
		}
		p.tip, p.again = tip, false
		s.published[item.Key] = p
		if answer.Status != coin.Conflict {
			if err := s.tell(ctx, store, item.Key, answer); err != nil {
				return false, err
			}
		}
	}
	for _, c := range conflicts {
		if news {
			p := s.published[c.plan]
			p.again = true
			s.published[c.plan] = p
		} else if !c.early {
			if err := s.tell(ctx, store, c.plan, c.answer); err != nil {
				return false, err
			}
		}
	}
	return len(due) > 0 && failed == nil, failed
}

// refused is a transaction that conflicts with what the node knows.
type refused struct {
	plan   coin.PlanID
	answer coin.Publication
	early  bool // not handed over at an earlier tip
}

// tell tells what the node does not take, once for each kind of answer.
func (s *Signer) tell(ctx context.Context, store storage.Store, id coin.PlanID, answer coin.Publication) error {
	p := s.published[id]
	bit := uint64(1) << (answer.Status % 64)
	if taken(answer) || p.told&bit != 0 {
		return nil
	}
	err := store.Update(ctx, func(tx storage.Tx) error { return s.Events.Unpublished(tx, id, answer) })
	if err == nil {
		p.told |= bit
		s.published[id] = p
	}
	return err
}

// taken tells whether the node has the transaction.
func taken(answer coin.Publication) bool {
	return answer.Status == coin.Accepted || answer.Status == coin.Mined
}

// unpublished returns the transactions that were not handed over at this tip
// yet, with those that never were only if the view is fresh, and forgets those
// that are gone.
func (s *Signer) unpublished(ctx context.Context, store storage.Store, tip uint64, fresh bool) (due []storage.Item[coin.PlanID, signed], err error) {
	known := make(map[coin.PlanID]publication, len(s.published))
	err = store.View(ctx, func(r storage.Reader) error {
		for item, err := range s.signed.All(r) {
			if err != nil {
				return err
			}
			p, ok := s.published[item.Key]
			if ok && (p.tip != tip || p.again) || !ok && fresh {
				due = append(due, item)
			}
			if ok {
				known[item.Key] = p
			}
		}
		return nil
	})
	if err == nil {
		s.published = known
	}
	return due, err
}
