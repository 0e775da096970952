package signer

import (
	"context"
	"errors"
	"fmt"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/storage"
)

var (
	// ErrNotAwaited is returned by Hint for a sign ID that is no plan's whose
	// transaction is awaited here: it is unknown, not prepared yet, settled or
	// void.
	ErrNotAwaited = errors.New("signer: no such plan awaits its transaction")
	// ErrSigned is returned by Hint for a plan whose signed transaction is here.
	ErrSigned = errors.New("signer: the signed transaction is here already")
	// ErrOther is wrapped by Hint with what tells the transaction from the
	// plan's: another one, or signatures that are not the group's.
	ErrOther = errors.New("signer: not the signed transaction of the plan")
)

// Hint looks for the signed transaction of a plan at the node, as a peer says that
// it is there. One that is the plan's, signatures included, is stored and published
// as if it had been signed here, and the plan needs no more signatures of this
// validator. The peer is not believed in anything: one lie costs one question to
// the node and one verification.
//
// Errors wrap ErrNotAwaited, ErrSigned or ErrOther, or are the coin's:
// coin.ErrNotFound if the node does not have it.
func (s *Signer) Hint(ctx context.Context, store storage.Store, id ID, transaction coin.TransactionID) error {
	var a *assembly
	err := store.View(ctx, func(r storage.Reader) (err error) {
		_, a, err = s.awaited(r, id)
		return err
	})
	if err != nil {
		return err
	}
	raw, err := s.Coin.Transaction(ctx, transaction)
	if err != nil {
		return fmt.Errorf("look for the transaction of %s: %w", id, err)
	}
	found, err := s.Coin.Verify(a.plan, a.unsigned, raw)
	if err != nil {
		return fmt.Errorf("%w: %s for %s: %w", ErrOther, transaction, id, err)
	}
	return store.Update(ctx, func(tx storage.Tx) error {
		d, _, err := s.awaited(tx, id) // still
		if err != nil {
			return err
		}
		return s.done(tx, id, d, s.transact(id, a.plan, found))
	})
}

// awaited returns what there is on a plan whose signed transaction is not here.
func (s *Signer) awaited(r storage.Reader, id ID) (d duty, a *assembly, err error) {
	if id.Kind != Plan {
		return d, nil, fmt.Errorf("%w: %s", ErrNotAwaited, id)
	}
	if d, err = s.duties.Load(r, id); err != nil {
		return d, nil, err
	}
	if a, err = s.assembly(r, id); err != nil {
		return d, nil, err
	}
	switch {
	case d.Order == 0 || a == nil:
		return d, nil, fmt.Errorf("%w: %s", ErrNotAwaited, id)
	case d.Done:
		return d, nil, fmt.Errorf("%w: %s", ErrSigned, id)
	}
	return d, a, nil
}
