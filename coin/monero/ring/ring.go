package ring

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/coin/monero/node"
)

// Size is how many members a ring has.
const Size = 16

const (
	// firstRequest is how many candidates go with the first request, beside
	// the output itself: 25 in all, as those of wallet2. Each request after it
	// is for twice as many, up to maxRequest.
	firstRequest = 24
	maxRequest   = 768
)

// maxRequest must be in reach of one request.
const _ = uint(node.MaxOuts - maxRequest - 1)

var (
	// ErrFew is wrapped when at the reference block the chain has too few
	// outputs that can be members. The same question has this answer for ever.
	// A later reference block has another.
	ErrFew = errors.New("ring: too few outputs can be members at the reference block")
	// ErrUnspendable is wrapped when the output to be spent cannot be: it is
	// not old enough at the reference block, locked, or has a bad key or
	// commitment. Either the caller's record or the node is wrong.
	ErrUnspendable = errors.New("ring: the output cannot be spent at the reference block")
)

// Source is what rings are chosen from. A *node.Client is one.
type Source interface {
	// OutputDistribution returns how many RingCT outputs there are up to each
	// block from first to last. It begins later if RingCT did.
	OutputDistribution(ctx context.Context, first, last uint64) (node.Distribution, error)
	// Outs returns outputs by their global indices, in the order of these,
	// which are at most node.MaxOuts.
	Outs(ctx context.Context, indexes []uint64) ([]node.Out, error)
	// Transactions returns transactions by their IDs, each of which is there
	// once, in the order of these.
	Transactions(ctx context.Context, ids []coin.TransactionID) ([]node.Found, error)
}

var _ Source = (*node.Client)(nil)

// Member is an output of a ring.
type Member struct {
	// Index is its global index: that among all RingCT outputs.
	Index uint64
	// Key is the one-time key, Commitment the one to the amount.
	Key, Commitment [32]byte
}

// Real is the output to be spent, as the group's own record has it.
type Real struct {
	// Transaction made the output.
	Transaction coin.TransactionID
	// Index is its global index: that among all RingCT outputs.
	Index uint64
	// Key is the one-time key, Commitment the one to the amount.
	Key, Commitment [32]byte
}

// Lie is a contradiction in what a node said. It wraps coin.ErrInvalid.
type Lie struct {
	// About is what the node was asked for, such as "output 5".
	About string
	// Field is the part of the answer that is wrong, Why how.
	Field, Why string
}

func (l *Lie) Error() string { return fmt.Sprintf("ring: %s: %s %s", l.About, l.Field, l.Why) }

// Unwrap returns coin.ErrInvalid.
func (l *Lie) Unwrap() error { return coin.ErrInvalid }

// lie says what is wrong with an output.
func lie(index uint64, field, format string, args ...any) error {
	return &Lie{fmt.Sprintf("output %d", index), field, fmt.Sprintf(format, args...)}
}

// Chooser chooses rings. It is for concurrent use. It keeps how the chain's
// outputs are distributed over its blocks up to the newest reference block, 8
// bytes per block.
type Chooser struct {
	source Source
	first  int // candidates with the first request

	mu    sync.Mutex // also while the distribution is asked for
	known distribution
}

// New returns a Chooser that asks a source.
func New(source Source) *Chooser { return &Chooser{source: source, first: firstRequest} }

// At returns the outputs of the chain up to a reference block, which is final, so
// that all nodes have the same: rings of them can be used in blocks from 10 behind it
// on.
//
// Errors wrap coin.ErrTransient if waiting helps, as when the node does not have the
// reference block yet. Others are a *Lie of the node or one that it told its client,
// both of which wrap coin.ErrInvalid.
func (c *Chooser) At(ctx context.Context, reference uint64) (*Outputs, error) {
	d, err := c.distribution(ctx, reference)
	if err != nil {
		return nil, c.doubt(err)
	}
	return &Outputs{c, d}, nil
}

// doubt forgets what the node said if that could be what is wrong.
func (c *Chooser) doubt(err error) error {
	if errors.Is(err, coin.ErrInvalid) || errors.Is(err, ErrUnspendable) || errors.Is(err, ErrFew) {
		c.forget()
	}
	return err
}

// Outputs are those of the chain up to a reference block. They do not change.
type Outputs struct {
	chooser *Chooser
	known   distribution
}

// Index returns the global index of an output, by the number of the block that made
// it and its place among the RingCT outputs of that block, those of the coinbase
// first: no node has to be asked for an output of which nobody else would ask. An
// error is as those of Choose.
func (o *Outputs) Index(block, place uint64) (uint64, error) {
	index, err := o.known.index(block, place)
	return index, o.chooser.doubt(err)
}

// Choose returns the ring, by ascending index, in which an output is spent, and the
// output's position in it. The seed is used for nothing else, and different for each
// output that is spent. Errors are as those of At, or ErrFew, or ErrUnspendable.
func (o *Outputs) Choose(ctx context.Context, seed [32]byte, real Real) (members []Member, position int, err error) {
	members, err = o.chooser.choose(ctx, o.known, seed, real)
	if err != nil {
		return nil, 0, o.chooser.doubt(err)
	}
	position = slices.IndexFunc(members, func(m Member) bool { return m.Index == real.Index })
	return members, position, nil
}

func (c *Chooser) choose(ctx context.Context, d distribution, seed [32]byte, real Real) ([]Member, error) {
	old := d.total()
	if old < Size {
		return nil, fmt.Errorf("%w: %d are old enough", ErrFew, old)
	}
	if real.Index >= old {
		return nil, fmt.Errorf("%w: output %d is not among the %d that are old enough", ErrUnspendable, real.Index, old)
	}
	stream := newCandidates(d, seed, real.Index)
	members := append(make([]Member, 0, Size), Member{real.Index, real.Key, real.Commitment})
	own := &real // only with the first request
	for ask := c.first; ; ask = min(2*ask, maxRequest) {
		candidates := stream.take(ask)
		if len(candidates) == 0 {
			return nil, fmt.Errorf("%w: of %d that are old enough only %d of %d tried", ErrFew, old, len(members)-1, len(stream.tried)-1)
		}
		outputs, err := c.fetch(ctx, d, candidates, own)
		if err != nil {
			return nil, err
		}
		own = nil
		for _, o := range outputs {
			if !o.usable(d) || slices.ContainsFunc(members, func(m Member) bool { return m.Key == o.Key }) {
				continue
			}
			if members = append(members, Member{o.Index, o.Key, o.Commitment}); len(members) == Size {
				slices.SortFunc(members, func(a, b Member) int { return cmp.Compare(a.Index, b.Index) })
				return members, nil
			}
		}
	}
}

// fetch returns the outputs that candidates are, in their order. If the output
// to be spent is given it is asked for among them and compared.
func (c *Chooser) fetch(ctx context.Context, d distribution, candidates []uint64, real *Real) ([]output, error) {
	asked := slices.Clone(candidates)
	if real != nil {
		asked = append(asked, real.Index)
	}
	slices.Sort(asked)
	all, err := c.outputs(ctx, d, asked)
	if err != nil {
		return nil, err
	}
	at := func(index uint64) output {
		i, _ := slices.BinarySearch(asked, index)
		return all[i]
	}
	if real != nil {
		if err := at(real.Index).check(d, real); err != nil {
			return nil, err
		}
	}
	outputs := make([]output, len(candidates))
	for i, index := range candidates {
		outputs[i] = at(index)
	}
	return outputs, nil
}

// outputs asks for outputs by their indices and for their transactions, all of
// them in the order of the indices, and returns them in this order.
func (c *Chooser) outputs(ctx context.Context, d distribution, indexes []uint64) ([]output, error) {
	outs, err := c.source.Outs(ctx, indexes)
	if errors.Is(err, coin.ErrNotFound) {
		return nil, &Lie{fmt.Sprintf("%d outputs", len(indexes)), "outs", "lack one that the distribution has: " + err.Error()}
	}
	if err != nil {
		return nil, fmt.Errorf("ring: outputs: %w", err)
	}
	if len(outs) != len(indexes) {
		return nil, &Lie{fmt.Sprintf("%d outputs", len(indexes)), "outs", fmt.Sprintf("are %d", len(outs))}
	}
	var ids []coin.TransactionID
	for i, o := range outs {
		if o.Index != indexes[i] {
			return nil, lie(indexes[i], "index", "is %d", o.Index)
		}
		ids = append(ids, o.Transaction)
	}
	slices.SortFunc(ids, func(a, b coin.TransactionID) int { return bytes.Compare(a[:], b[:]) })
	ids = slices.Compact(ids)
	found, err := c.source.Transactions(ctx, ids)
	if err != nil {
		return nil, fmt.Errorf("ring: transactions: %w", err)
	}
	if len(found) != len(ids) {
		return nil, &Lie{fmt.Sprintf("%d transactions", len(ids)), "txs", fmt.Sprintf("are %d", len(found))}
	}
	outputs := make([]output, len(outs))
	for i, o := range outs {
		at, _ := slices.BinarySearchFunc(ids, o.Transaction, func(a, b coin.TransactionID) int { return bytes.Compare(a[:], b[:]) })
		if outputs[i], err = newOutput(d, o, found[at]); err != nil {
			return nil, err
		}
	}
	return outputs, nil
}
