package signer

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/storage"
)

// publication is what this process knows of a transaction's way to the node.
type publication struct {
	tip  uint64 // the last one it was handed over at
	told uint64 // bits of the answers that were told
	// refused is set while the node does not have it, again once that may have
	// changed.
	refused, again bool
}

// Publish hands signed transactions to the node, each once for every tip of
// the chain until it settles, in the order of arrange: a tree that the node has
// lost comes back from its root on. What the node does not take is told, once for
// each kind of answer; a conflict only if there still is one at another tip, as what
// it spends may be on its way. One transaction that the node does not answer for
// does not keep the others back; the error names them all, and they are due again.
// Unless the view of the chain is fresh, what this process has not handed over
// yet waits.
func (s *Signer) Publish(ctx context.Context, store storage.Store, tip uint64, fresh bool) (bool, error) {
	due, err := s.unpublished(ctx, store, tip, fresh)
	if err != nil {
		return false, err
	}
	var failed error
	came := false // something that the node did not have before
	for _, h := range due {
		answer, err := s.Coin.Publish(ctx, h.transaction)
		if ctx.Err() != nil {
			return false, ctx.Err()
		}
		if err != nil {
			failed = errors.Join(failed, fmt.Errorf("publish plan %s: %w", h.id, err))
			continue
		}
		p, before := s.published[h.id]
		early := answer.Status == coin.Conflict && (!before || p.tip == tip)
		if bit := uint64(1) << (answer.Status % 64); !taken(answer) && !early && p.told&bit == 0 {
			p.told |= bit
			if err := s.tell(ctx, store, h.id, answer); err != nil {
				return false, err
			}
		}
		came = came || taken(answer) && (!before || p.refused)
		p.tip, p.refused, p.again = tip, !taken(answer), false
		s.published[h.id] = p
	}
	if came {
		s.retry()
	}
	return len(due) > 0 && failed == nil, failed
}

// retry lets what the node refused be handed over once more: it has taken something
// since that may have brought back what that spends, as a bump does with a tree.
func (s *Signer) retry() {
	for id, p := range s.published { // order-free: each is changed by itself
		p.again = p.refused
		s.published[id] = p
	}
}

// tell tells that the node does not take a transaction, unless that is over.
func (s *Signer) tell(ctx context.Context, store storage.Store, id coin.PlanID, answer coin.Publication) error {
	return store.Update(ctx, func(tx storage.Tx) error {
		if waits, err := s.signed.Has(tx, id); err != nil || !waits {
			return err
		}
		return s.Events.Unpublished(tx, id, answer)
	})
}

// taken tells whether the node has the transaction.
func taken(answer coin.Publication) bool {
	return answer.Status == coin.Accepted || answer.Status == coin.Mined
}

// unpublished returns, in order, the transactions that are to be handed over: that
// were not at this tip yet, or that spend such; those that never were only if the
// view is fresh. It forgets those that are gone.
func (s *Signer) unpublished(ctx context.Context, store storage.Store, tip uint64, fresh bool) ([]handover, error) {
	known := make(map[coin.PlanID]publication, len(s.published))
	var list []handover
	err := store.View(ctx, func(r storage.Reader) error {
		some := false
		for item, err := range s.signed.All(r) {
			if err != nil {
				return err
			}
			p, ok := s.published[item.Key]
			if ok {
				known[item.Key] = p
			}
			if ok || fresh {
				due := !ok || p.tip != tip || p.again
				some = some || due
				list = append(list, handover{id: item.Key, transaction: item.Value.Transaction, due: due})
			}
		}
		if !some {
			list = nil
		}
		for i := range list {
			var err error
			if list[i].plan, _, err = s.Plans.Plan(r, list[i].id); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	s.published = known
	return slices.DeleteFunc(arrange(list), func(h handover) bool { return !h.due }), nil
}
