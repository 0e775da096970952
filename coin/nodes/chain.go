package nodes

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/serai-go/processor/coin"
)

// Tip implements coin.Reader: the newest block that more than half of the
// nodes have.
func (n *Nodes) Tip(ctx context.Context) (uint64, error) {
	replies, err := askDue(ctx, n, func(ctx context.Context, c coin.Coin) (uint64, error) { return c.Tip(ctx) })
	if err != nil {
		return 0, err
	}
	tips := make(map[*member]uint64, len(replies))
	var answered []*member
	for _, r := range replies {
		if r.err == nil {
			n.said(r.from, r.value)
			tips[r.from] = r.value
			answered = append(answered, r.from)
		}
	}
	if len(answered) == 0 {
		return 0, fmt.Errorf("tip: %w", failure(replies))
	}
	n.behind(0, answered)
	var votes []uint64
	for _, m := range n.counting(answered) {
		votes = append(votes, tips[m])
	}
	slices.Sort(votes)
	agreed := votes[(len(votes)-1)/2]
	n.behind(agreed, answered)
	return agreed, nil
}

// Header implements coin.Reader. An error may be a *coin.Disagreement.
func (n *Nodes) Header(ctx context.Context, number uint64) (coin.Header, error) {
	replies, err := askDue(ctx, n, headerOf(number))
	if err != nil {
		return coin.Header{}, err
	}
	var answered []*member // a header, or that there is none
	headers := make(map[*member]coin.Header, len(replies))
	for _, r := range replies {
		switch {
		case r.err == nil:
			headers[r.from] = r.value
			answered = append(answered, r.from)
		case errors.Is(r.err, coin.ErrNotFound) && !n.owes(r.from, number):
			answered = append(answered, r.from)
		}
	}
	if len(headers) == 0 {
		return coin.Header{}, fmt.Errorf("header %d: %w", number, failure(replies))
	}
	header, err := n.settle(ctx, number, answered, headers)
	if err != nil {
		return coin.Header{}, fmt.Errorf("header %d: %w", number, err)
	}
	return header, nil
}

// headerOf asks for a header.
func headerOf(number uint64) func(context.Context, coin.Coin) (coin.Header, error) {
	return func(ctx context.Context, c coin.Coin) (coin.Header, error) {
		header, err := c.Header(ctx, number)
		if err == nil && header.Number != number {
			err = fmt.Errorf("%w: asked for header %d, got that of block %d", coin.ErrInvalid, number, header.Number)
		}
		return header, err
	}
}

// settle returns the header that the answers come to.
func (n *Nodes) settle(ctx context.Context, number uint64, answered []*member, headers map[*member]coin.Header) (coin.Header, error) {
	having := with(answered, headers)
	believed := n.believed(having)
	if len(believed) == 0 && len(n.members) > 1 {
		header, same := unanimous(having, headers)
		if !same || len(having) < 2 {
			return header, fmt.Errorf("%w: only nodes answer that contradicted the others before", coin.ErrTransient)
		}
		n.agree(having)
		return header, nil
	}
	header, same := unanimous(believed, headers)
	if !same {
		var err error
		if header, err = n.arbitrate(ctx, number, believed, headers); err != nil {
			return header, err
		}
	}
	var supporters []*member
	for _, m := range having {
		if headers[m] == header {
			supporters = append(supporters, m)
		} else if same && len(n.members) > 1 { // distrusted, and rightly
			n.distrust(m, contradicted(headers[m], header))
		}
	}
	n.agree(supporters)
	voters := n.counting(n.believed(answered))
	votes := 0
	for _, m := range with(voters, headers) {
		if headers[m] == header {
			votes++
		}
	}
	if 2*votes <= len(voters) {
		return coin.Header{}, fmt.Errorf("%w: %d of %d nodes have it", coin.ErrNotFound, votes, len(voters))
	}
	return header, nil
}

// with returns those who gave a header.
func with(list []*member, headers map[*member]coin.Header) (having []*member) {
	for _, m := range list {
		if _, ok := headers[m]; ok {
			having = append(having, m)
		}
	}
	return having
}

// unanimous tells whether all gave the same header, and which.
func unanimous(list []*member, headers map[*member]coin.Header) (header coin.Header, same bool) {
	for i, m := range list {
		if i > 0 && headers[m] != header {
			return header, false
		}
		header = headers[m]
	}
	return header, true
}
