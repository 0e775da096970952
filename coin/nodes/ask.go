package nodes

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/serai-go/processor/coin"
)

// reply is what a node answered.
type reply[T any] struct {
	from  *member
	value T
	err   error
}

// ask asks one node, when it has less than inFlight to answer.
func ask[T any](ctx context.Context, n *Nodes, m *member, question func(context.Context, coin.Coin) (T, error)) reply[T] {
	r := reply[T]{from: m}
	if r.err = ctx.Err(); r.err != nil {
		return r // whether or not there is room
	}
	select {
	case m.slots <- struct{}{}:
		defer func() { <-m.slots }()
	case <-ctx.Done():
		r.err = ctx.Err()
		return r
	}
	var c coin.Coin
	if c, r.err = m.connect(ctx, n); r.err == nil {
		r.value, r.err = question(ctx, c)
	}
	return r
}

// askBriefly is ask for what a node knows at once.
func askBriefly[T any](
	ctx context.Context, n *Nodes, m *member, question func(context.Context, coin.Coin) (T, error),
) reply[T] {
	brief, done := context.WithTimeout(ctx, n.config.Patience)
	defer done()
	r := ask(brief, n, m, question)
	if r.err != nil && brief.Err() != nil && ctx.Err() == nil {
		r.err = fmt.Errorf("%w: no answer within %v", coin.ErrTransient, n.config.Patience)
	}
	n.answered(ctx, m, r.err)
	return r
}

// askAll asks nodes at the same time, each briefly. The replies are in the
// order of the nodes.
func askAll[T any](
	ctx context.Context, n *Nodes, list []*member, question func(context.Context, coin.Coin) (T, error),
) ([]reply[T], error) {
	replies := make([]reply[T], len(list))
	var group sync.WaitGroup
	for i, m := range list {
		group.Go(func() { replies[i] = askBriefly(ctx, n, m, question) })
	}
	group.Wait()
	return replies, ctx.Err()
}

// askDue asks all nodes at the same time that are not left aside, and the
// others if none of them answers.
func askDue[T any](ctx context.Context, n *Nodes, question func(context.Context, coin.Coin) (T, error)) ([]reply[T], error) {
	due, aside := n.due()
	replies, err := askAll(ctx, n, due, question)
	for _, r := range replies {
		if r.err == nil || errors.Is(r.err, coin.ErrNotFound) {
			aside = nil
		}
	}
	if err != nil || len(aside) == 0 {
		return replies, err
	}
	more, err := askAll(ctx, n, aside, question)
	return append(replies, more...), err
}

// askOne asks one node after the other until one answers. An answer that is
// wrong counts against a node only if another's is right: else it is the
// question that is.
func askOne[T any](ctx context.Context, n *Nodes, question func(context.Context, coin.Coin) (T, error)) (T, error) {
	var failed []reply[T]
	first, aside := n.sorted()
	for _, m := range append(first, aside...) {
		begin := time.Now()
		r := ask(ctx, n, m, question)
		n.waited(ctx, m, begin, r.err)
		if r.err == nil {
			n.answered(ctx, m, nil)
			for _, f := range failed {
				if errors.Is(f.err, coin.ErrInvalid) {
					n.fail(f.from, f.err)
				}
			}
			return r.value, nil
		}
		if ctx.Err() != nil {
			var none T
			return none, ctx.Err()
		}
		if errors.Is(r.err, coin.ErrTransient) {
			n.fail(m, r.err)
		}
		failed = append(failed, r)
	}
	var none T
	return none, failure(failed)
}

// failure is why no node answered. It is ErrNotFound only if none has what was
// asked for.
func failure[T any](replies []reply[T]) error {
	if len(replies) == 1 {
		return replies[0].err
	}
	missing := 0
	var errs []error
	for _, r := range replies {
		if errors.Is(r.err, coin.ErrNotFound) {
			missing++
			continue
		}
		errs = append(errs, r.from.named(r.err))
	}
	switch {
	case missing == len(replies):
		return replies[0].err
	case missing > 0:
		errs = append(errs, fmt.Errorf("%w: %d nodes do not know it", coin.ErrTransient, missing))
	}
	return errors.Join(errs...)
}
