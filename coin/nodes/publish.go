package nodes

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/serai-go/processor/coin"
)

// preference orders what nodes say to a transaction, the best first. One that
// only wants a higher fee knows all that is spent; a conflict is also what one
// that is behind sees.
var preference = []coin.PublicationStatus{coin.Mined, coin.Accepted, coin.FeeTooLow, coin.Conflict, coin.Rejected}

// rank is the place of an answer in the order, the last that of none.
func rank(s coin.PublicationStatus) int {
	i := slices.Index(preference, s)
	switch {
	case i >= 0:
		return i
	case s != 0:
		return len(preference)
	}
	return len(preference) + 1
}

// Publish implements coin.Spender. All nodes get the transaction but those that
// are left aside, which get it if no other takes it. The best answer counts,
// in the order of Mined, Accepted, FeeTooLow, Conflict, Rejected; the reason
// says which nodes gave it. It is an error only if no node answers.
func (n *Nodes) Publish(ctx context.Context, tx coin.Transaction) (coin.Publication, error) {
	first, aside := n.sorted()
	best, replies := n.publish(ctx, first, tx)
	if ctx.Err() == nil && rank(best.Status) > rank(coin.Accepted) {
		more, further := n.publish(ctx, aside, tx)
		replies = append(replies, further...)
		if rank(more.Status) < rank(best.Status) {
			best = more
		}
	}
	switch {
	case ctx.Err() != nil:
		return coin.Publication{}, ctx.Err()
	case best.Status == 0:
		return best, failure(replies)
	}
	return best, nil
}

// publish hands a transaction to some nodes. The best answer is the zero value
// if there is none.
func (n *Nodes) publish(ctx context.Context, list []*member, tx coin.Transaction) (coin.Publication, []reply[coin.Publication]) {
	replies := make([]reply[coin.Publication], len(list))
	var group sync.WaitGroup
	for i, m := range list {
		group.Go(func() {
			begin := time.Now()
			replies[i] = ask(ctx, n, m, func(ctx context.Context, c coin.Coin) (coin.Publication, error) { return c.Publish(ctx, tx) })
			n.waited(ctx, m, begin, replies[i].err)
			if err := replies[i].err; err == nil || errors.Is(err, coin.ErrTransient) {
				n.answered(ctx, m, err)
			}
		})
	}
	group.Wait()
	var best coin.Publication
	var reasons []string
	for _, r := range replies {
		if r.err != nil {
			continue
		}
		if rank(r.value.Status) < rank(best.Status) {
			best, reasons = r.value, nil
		}
		if r.value.Status == best.Status && r.value.Reason != "" {
			reason := r.value.Reason
			if len(n.members) > 1 {
				reason = r.from.Name + ": " + reason
			}
			reasons = append(reasons, reason)
		}
	}
	best.Reason = strings.Join(reasons, "; ")
	return best, replies
}
