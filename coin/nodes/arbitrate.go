package nodes

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/serai-go/processor/coin"
)

// arbitrate decides between nodes that gave different headers for the block of
// a number. Who loses is distrusted.
func (n *Nodes) arbitrate(
	ctx context.Context, number uint64, list []*member, headers map[*member]coin.Header,
) (coin.Header, error) {
	found := make([]error, len(list))
	var group sync.WaitGroup
	for i, m := range list {
		group.Go(func() { found[i] = n.examine(ctx, m, headers[m]) })
	}
	group.Wait()
	if ctx.Err() != nil {
		return coin.Header{}, ctx.Err()
	}
	var standing []*member
	for i, m := range list {
		switch err := found[i]; {
		case err == nil:
			standing = append(standing, m)
		case errors.Is(err, coin.ErrInvalid):
			n.distrust(m, err)
		}
	}
	if len(standing) == 0 {
		return coin.Header{}, fmt.Errorf("%w: the nodes differ, and none stands by its answer", coin.ErrTransient)
	}
	header, same := unanimous(standing, headers)
	if same {
		return header, nil
	}
	for _, one := range standing {
		votes := 0
		for _, m := range standing {
			if headers[m] == headers[one] {
				votes++
			}
		}
		if 2*votes > len(n.members) {
			n.overrule(headers[one], standing, headers)
			return headers[one], nil
		}
	}
	n.disagree(standing)
	disagreement := &coin.Disagreement{Number: number}
	for _, m := range standing {
		disagreement.Answers = append(disagreement.Answers, coin.Answer{Node: m.Name, Header: headers[m]})
	}
	return coin.Header{}, disagreement
}

// overrule distrusts those who have another header than the majority.
func (n *Nodes) overrule(majority coin.Header, list []*member, headers map[*member]coin.Header) {
	for _, m := range list {
		if headers[m] != majority {
			n.distrust(m, contradicted(headers[m], majority))
		}
	}
}

// examine asks a node again for a header that it gave, and for those before and
// behind it. The error is ErrInvalid if it contradicts itself: a node in the
// middle of a reorganisation may, and is believed again when that is over.
func (n *Nodes) examine(ctx context.Context, m *member, header coin.Header) error {
	again := askBriefly(ctx, n, m, headerOf(header.Number))
	switch {
	case errors.Is(again.err, coin.ErrNotFound):
		return fmt.Errorf("%w: it gave a header of block %d and has none", coin.ErrInvalid, header.Number)
	case again.err != nil:
		return again.err
	case again.value != header:
		return fmt.Errorf("%w: it gave two headers of block %d: %s and %s", coin.ErrInvalid, header.Number, words(header), words(again.value))
	}
	if header.Number > 0 {
		before := askBriefly(ctx, n, m, headerOf(header.Number-1))
		switch {
		case before.err != nil && !errors.Is(before.err, coin.ErrNotFound):
			return before.err
		case before.err != nil || before.value.ID != header.Parent:
			return fmt.Errorf("%w: its headers %d and %d are not linked", coin.ErrInvalid, header.Number-1, header.Number)
		}
	}
	after := askBriefly(ctx, n, m, headerOf(header.Number+1))
	switch {
	case errors.Is(after.err, coin.ErrNotFound): // the newest
		return nil
	case after.err != nil:
		return after.err
	case after.value.Parent != header.ID:
		return fmt.Errorf("%w: its headers %d and %d are not linked", coin.ErrInvalid, header.Number, header.Number+1)
	}
	return nil
}

// contradicted is what speaks against a node that gave a header.
func contradicted(header, majority coin.Header) error {
	return fmt.Errorf("%w: block %d is %s for it, and %s for the others", coin.ErrInvalid, header.Number, words(header), words(majority))
}

func words(h coin.Header) string { return fmt.Sprintf("%s on top of %s", h.ID, h.Parent) }
