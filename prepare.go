package processor

import (
	"context"
	"errors"
	"fmt"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/storage"
)

// prepare makes the unsigned transaction of a plan, which may depend on the chain up
// to the plan's reference block.
//
// If a Rewind that is ahead in the log makes that block void, it is what others
// prepared before the Rewind, as the archive has it. Without an archive it is what
// follows from the chain that the node has by then, as for all who were too late.
// Which of the two gets signed is for validators of the threshold's weight to say:
// commitments name what is signed.
func (p *Processor) prepare(ctx context.Context, id coin.PlanID, plan coin.Plan) ([]byte, error) {
	var archives past
	var reference coin.Header
	var void bool
	err := p.config.Store.View(ctx, func(r storage.Reader) (err error) {
		if archives, err = p.core.pastAt(r); err != nil {
			return err
		}
		if void, err = p.log.voids(r, plan.Reference); err != nil {
			return err
		}
		var ok bool
		if reference, ok, err = p.core.scanner.Header(r, plan.Reference); err == nil && !ok {
			// Meanwhile somebody else has prepared it, and a Rewind was read.
			err = fmt.Errorf("%w: block %d is not indexed", coin.ErrTransient, plan.Reference)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if a := archives.of(plan.Reference); a != nil {
		prepared := a.prepared(id)
		if _, err := p.config.Coin.Describe(plan, prepared); err != nil {
			return nil, fmt.Errorf("%w of rewind %d: %w", ErrArchive, a.Rewind.Number, err)
		}
		return prepared, nil
	}
	prepared, err := p.config.Coin.Prepare(ctx, plan, reference.ID)
	if void && errors.Is(err, coin.ErrNotFound) {
		if reference, err = p.header(ctx, plan.Reference); err == nil {
			prepared, err = p.config.Coin.Prepare(ctx, plan, reference.ID)
		}
	}
	return prepared, err
}
