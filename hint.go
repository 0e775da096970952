package processor

import (
	"context"
	"fmt"

	"github.com/serai-go/processor/storage"
)

// Hint makes this processor look whether its node has the signed transaction of a
// plan, as a peer says in a Completed of its own: peers may tell each other outside
// the log. If the node has it and it is right, signatures included, it is stored
// and published like one that was signed here, and told by a Completed; the plan
// stays open until the transaction has settled. A hint that lies changes nothing.
//
// It asks the node once, so the embedder bounds how many hints a peer may give.
// Errors wrap signer.ErrNotAwaited, signer.ErrSigned or signer.ErrOther;
// coin.ErrNotFound if the node does not have the transaction (yet),
// coin.ErrTransient if it did not answer; or are the *Halt of a halted processor.
// It may be called at any time, also while Run or Step is running.
func (p *Processor) Hint(ctx context.Context, hint Completed) error {
	err := p.config.Store.View(ctx, func(r storage.Reader) error {
		h, ok, err := halted.Get(r)
		if err == nil && ok {
			err = &h
		}
		return err
	})
	if err == nil {
		err = p.core.signer.Hint(ctx, p.config.Store, hint.SignID, hint.Transaction)
	}
	if err != nil {
		return fmt.Errorf("hint of a completed plan: %w", err)
	}
	p.wake.all()
	return nil
}
