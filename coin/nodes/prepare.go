package nodes

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/serai-go/processor/coin"
)

// Prepare implements coin.Spender. What is prepared is kept and signed, and may
// depend on what nothing but a node's word stands for, such as which output has
// which number. So nodes have to agree on it as on a header: the majority of all is
// right, else all that answer have to say the same. Once one has, the others have
// Config.Patience.
func (n *Nodes) Prepare(ctx context.Context, plan coin.Plan, reference coin.BlockID) ([]byte, error) {
	question := func(ctx context.Context, c coin.Coin) ([]byte, error) { return c.Prepare(ctx, plan, reference) }
	if len(n.members) == 1 {
		return askOne(ctx, n, question)
	}
	due, aside := n.due()
	replies := askAlike(ctx, n, n.believed(due), question)
	prepared, same := n.alike(replies)
	if !same {
		replies = append(replies, askAlike(ctx, n, n.believed(aside), question)...)
		prepared, same = n.alike(replies)
	}
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case len(replies) == 0:
		return nil, fmt.Errorf("%w: only nodes are left that contradicted the others before", coin.ErrTransient)
	case !same && prepared == nil:
		return nil, failure(replies)
	case !same:
		return nil, fmt.Errorf("%w: the nodes differ about what a transaction is made from", coin.ErrTransient)
	}
	for _, r := range replies { // wrong, as others can answer
		if errors.Is(r.err, coin.ErrInvalid) {
			n.fail(r.from, r.err)
		}
	}
	return prepared, nil
}

// askAlike asks nodes at the same time, until more than half of all give the same
// answer, all have answered, or one has and the others take too long.
func askAlike(
	ctx context.Context, n *Nodes, list []*member, question func(context.Context, coin.Coin) ([]byte, error),
) (replies []reply[[]byte]) {
	asking, stop := context.WithCancel(ctx)
	defer stop()
	begin := time.Now()
	answers := make(chan reply[[]byte], len(list))
	for _, m := range list {
		go func() { answers <- ask(asking, n, m, question) }()
	}
	waiting := slices.Clone(list)
	var late <-chan time.Time
	for len(waiting) > 0 {
		select {
		case r := <-answers:
			waiting = slices.DeleteFunc(waiting, func(m *member) bool { return m == r.from })
			replies = append(replies, r)
			n.waited(ctx, r.from, begin, r.err)
			if r.err == nil || errors.Is(r.err, coin.ErrTransient) {
				n.answered(ctx, r.from, r.err)
			}
			if r.err == nil && late == nil {
				late = time.After(n.config.Patience)
			}
			if r.err == nil && n.most(replies, r.value) {
				return replies
			}
		case <-late:
			for _, m := range waiting {
				err := fmt.Errorf("%w: no answer within %v of another's", coin.ErrTransient, n.config.Patience)
				n.answered(ctx, m, err)
				replies = append(replies, reply[[]byte]{from: m, err: err})
			}
			return replies
		case <-ctx.Done():
			return replies
		}
	}
	return replies
}

// most tells whether more than half of all nodes gave an answer.
func (n *Nodes) most(replies []reply[[]byte], answer []byte) bool {
	votes := 0
	for _, r := range replies {
		if r.err == nil && bytes.Equal(r.value, answer) {
			votes++
		}
	}
	return 2*votes > len(n.members)
}

// alike returns the answer that nodes agree on, after it has distrusted those whom
// more than half of all contradict. If they do not agree it is just one of theirs,
// or nil if there is none.
func (n *Nodes) alike(replies []reply[[]byte]) (answer []byte, same bool) {
	same = true
	for _, r := range replies {
		switch {
		case r.err != nil:
		case n.most(replies, r.value):
			for _, other := range replies {
				if other.err == nil && !bytes.Equal(other.value, r.value) {
					n.distrust(other.from, fmt.Errorf("%w: it has another chain than the others for a transaction to be made from", coin.ErrInvalid))
				}
			}
			return r.value, true
		case answer == nil:
			answer = r.value
		case !bytes.Equal(answer, r.value):
			same = false
		}
	}
	return answer, same && answer != nil
}
