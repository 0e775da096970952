package monero

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/coin/monero/block"
	"github.com/serai-go/processor/coin/monero/ring"
	"github.com/serai-go/processor/coin/monero/spend"
	"github.com/serai-go/processor/frost"
)

// Prepare implements coin.Spender. The prepared form is that of package spend. It
// follows from the plan and the chain up to the plan's reference block: rings have
// no members that came later.
func (c *Coin) Prepare(ctx context.Context, plan coin.Plan, reference coin.BlockID) ([]byte, error) {
	d, err := c.draft(plan)
	if err != nil {
		return nil, err
	}
	if err := c.has(ctx, plan.Reference, reference); err != nil {
		return nil, err
	}
	chain, err := c.rings.At(ctx, plan.Reference)
	if err != nil {
		return nil, fmt.Errorf("monero: outputs up to block %d: %w", plan.Reference, err)
	}
	for i := range d.Inputs {
		if err := c.hide(ctx, plan, d, i, chain); err != nil {
			return nil, fmt.Errorf("monero: ring of input %d: %w", i, err)
		}
	}
	if err := c.has(ctx, plan.Reference, reference); err != nil { // still
		return nil, err
	}
	u, err := spend.New(*d)
	if err != nil {
		return nil, fmt.Errorf("monero: %w: %w", coin.ErrInvalid, err)
	}
	prepared := u.Bytes()
	c.remember(plan, prepared, work{*d, u})
	return prepared, nil
}

// has makes sure that the node's best chain has a block.
func (c *Coin) has(ctx context.Context, number uint64, id coin.BlockID) error {
	header, err := c.Header(ctx, number)
	if err != nil {
		return fmt.Errorf("monero: reference block %d: %w", number, err)
	}
	if header.ID != id {
		return fmt.Errorf("monero: %w: block %d is %s at the node, not %s", coin.ErrNotFound, number, header.ID, id)
	}
	return nil
}

// hide chooses the ring of an input.
func (c *Coin) hide(ctx context.Context, plan coin.Plan, d *spend.Draft, i int, chain *ring.Outputs) error {
	in, o := &d.Inputs[i], plan.Inputs[i]
	index, err := chain.Index(placeOf(o.Spend))
	var members []ring.Member
	var position int
	if err == nil {
		real := ring.Real{Transaction: o.ID.Transaction, Index: index, Key: in.Key, Commitment: in.Commitment}
		members, position, err = chain.Choose(ctx, ringSeed(d.Seed, i), real)
	}
	if errors.Is(err, ring.ErrUnspendable) || errors.Is(err, ring.ErrFew) {
		// Our record is of a final block: it is the node that is wrong.
		err = fmt.Errorf("%w: %w", coin.ErrInvalid, err)
	}
	if err != nil {
		return err
	}
	in.Real = position
	for _, m := range members {
		in.Ring = append(in.Ring, spend.Member(m))
	}
	return nil
}

// work is a plan's transaction: as it was decided on, rings included, and made.
type work struct {
	draft    spend.Draft
	unsigned *spend.Unsigned
}

// maxWork is how many of them are remembered.
const maxWork = 64

// workName is what a plan's transaction is remembered by.
type workName struct {
	plan     coin.PlanID
	prepared [32]byte
}

func (c *Coin) workName(plan coin.Plan, prepared []byte) workName {
	return workName{plan.ID(c.genesis), sha256.Sum256(prepared)}
}

func (c *Coin) remember(plan coin.Plan, prepared []byte, w work) {
	c.work.Put(c.workName(plan, prepared), w)
}

// prepared reads prepared bytes and makes sure that they are the plan's
// transaction, made from the plan's seed with some rings.
func (c *Coin) prepared(plan coin.Plan, prepared []byte) (work, error) {
	if known, ok := c.work.Get(c.workName(plan, prepared)); ok {
		return known, nil
	}
	d, err := c.draft(plan)
	if err != nil {
		return work{}, err
	}
	u, err := spend.Parse(prepared)
	if err != nil {
		return work{}, fmt.Errorf("monero: %w: %w", coin.ErrInvalid, err)
	}
	rings, spent := u.Rings(), u.Spent()
	if len(rings) != len(d.Inputs) {
		return work{}, fmt.Errorf("monero: %w: %d rings for %d inputs", coin.ErrInvalid, len(rings), len(d.Inputs))
	}
	for i := range d.Inputs {
		d.Inputs[i].Ring, d.Inputs[i].Real = rings[i], slices.Index(rings[i], spent[i])
	}
	again, err := spend.New(*d)
	if err != nil {
		return work{}, fmt.Errorf("monero: %w: %w", coin.ErrInvalid, err)
	}
	if !bytes.Equal(again.Bytes(), prepared) {
		return work{}, fmt.Errorf("monero: %w: what was prepared is not the plan's transaction", coin.ErrInvalid)
	}
	w := work{*d, again}
	c.remember(plan, prepared, w)
	return w, nil
}

// Read implements coin.Spender. What each output is said to pay is recomputed from
// the transaction keys, so that it is what will be paid. An output of amount 0 pays
// nobody, and is not named. The inputs are the plan's that have the keys and
// commitments in their places of the rings: the signatures cover these.
func (c *Coin) Read(plan coin.Plan, prepared []byte) (coin.UnsignedTransaction, error) {
	t, err := c.read(plan, prepared)
	if err != nil {
		return t, fmt.Errorf("monero: unsigned transaction: %w", err)
	}
	return t, nil
}

func (c *Coin) read(plan coin.Plan, prepared []byte) (t coin.UnsignedTransaction, err error) {
	u, err := spend.Parse(prepared)
	if err != nil {
		return t, fmt.Errorf("%w: %w", coin.ErrInvalid, err)
	}
	seed, err := c.planSeed(plan)
	if err != nil {
		return t, err
	}
	if err := u.Check(seed); err != nil {
		return t, fmt.Errorf("%w: %w", coin.ErrInvalid, err)
	}
	var inputs []coin.OutputID
	for i, m := range u.Spent() {
		id, ok := spentBy(plan, m)
		if !ok {
			return t, fmt.Errorf("%w: input %d spends what the plan does not", coin.ErrInvalid, i)
		}
		inputs = append(inputs, id)
	}
	var paid []coin.PaidOutput
	for _, o := range u.Outputs() {
		if o.Amount > 0 {
			paid = append(paid, coin.PaidOutput{Address: coin.Address(o.Address.String()), Amount: o.Amount})
		}
	}
	if t, err = coin.NewUnsignedTransaction(plan, inputs, paid); err != nil {
		return t, err
	}
	if t.Fee != u.Fee() {
		return t, fmt.Errorf("%w: its fee is %d, and it leaves %d", coin.ErrInvalid, u.Fee(), t.Fee)
	}
	return t, nil
}

// spentBy returns the plan's input with the key and commitment of a ring member.
func spentBy(plan coin.Plan, m spend.Member) (coin.OutputID, bool) {
	for _, input := range plan.Inputs {
		var in spend.Input
		if _, _, err := readSpend(input, &in); err == nil && in.Key == m.Key && in.Commitment == m.Commitment {
			return input.ID, true
		}
	}
	return coin.OutputID{}, false
}

// Describe implements coin.Spender.
func (c *Coin) Describe(plan coin.Plan, prepared []byte) (coin.Description, error) {
	w, err := c.prepared(plan, prepared)
	if err != nil {
		return coin.Description{}, err
	}
	d := coin.Description{Eventuality: completion{w.unsigned.Expectation()}}
	for _, place := range w.unsigned.Places()[len(plan.Payments):][:len(plan.Own)] {
		d.Own = append(d.Own, uint32(place))
	}
	return d, nil
}

// Work implements coin.Spender: a ring signature for each input.
func (c *Coin) Work(plan coin.Plan, prepared []byte) ([]frost.Algorithm, error) {
	w, err := c.prepared(plan, prepared)
	if err != nil {
		return nil, err
	}
	work, err := w.unsigned.Work(w.draft)
	if err != nil {
		return nil, fmt.Errorf("monero: %w: %w", coin.ErrInvalid, err)
	}
	return work, nil
}

// Assemble implements coin.Spender.
func (c *Coin) Assemble(plan coin.Plan, prepared []byte, signatures [][]byte) (coin.Transaction, error) {
	w, err := c.prepared(plan, prepared)
	if err != nil {
		return coin.Transaction{}, err
	}
	t, err := w.unsigned.Assemble(w.draft, signatures)
	if err != nil {
		return coin.Transaction{}, fmt.Errorf("monero: %w: %w", coin.ErrInvalid, err)
	}
	return signed(w, t)
}

// Verify implements coin.Spender. Signatures differ from one to the next, and so do
// the IDs of signed transactions of a plan.
func (c *Coin) Verify(plan coin.Plan, prepared, raw []byte) (coin.Transaction, error) {
	w, err := c.prepared(plan, prepared)
	if err != nil {
		return coin.Transaction{}, err
	}
	t, err := block.ParseTransaction(raw)
	if err != nil {
		return coin.Transaction{}, fmt.Errorf("monero: %w: %w", coin.ErrInvalid, err)
	}
	if err := w.unsigned.Verify(w.draft, t); err != nil {
		return coin.Transaction{}, fmt.Errorf("monero: %w: %w", coin.ErrInvalid, err)
	}
	return signed(w, t)
}

// signed is a signed transaction with the key images that it shows.
func signed(w work, t *block.Transaction) (coin.Transaction, error) {
	images, err := w.unsigned.Images(t)
	if err != nil {
		return coin.Transaction{}, fmt.Errorf("monero: %w: %w", coin.ErrInvalid, err)
	}
	tx := coin.Transaction{ID: t.Hash(), Raw: t.Raw()}
	for _, image := range images {
		tx.Spends = append(tx.Spends, image[:])
	}
	return tx, nil
}

// Transaction implements coin.Spender.
func (c *Coin) Transaction(ctx context.Context, id coin.TransactionID) ([]byte, error) {
	found, err := c.node.Transaction(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("monero: transaction %s: %w", id, err)
	}
	if found.Transaction == nil || coin.TransactionID(found.Transaction.Hash()) != id {
		return nil, fmt.Errorf("monero: %w: asked for transaction %s, got another", coin.ErrInvalid, id)
	}
	return found.Transaction.Raw(), nil
}

// Publish implements coin.Spender.
func (c *Coin) Publish(ctx context.Context, tx coin.Transaction) (coin.Publication, error) {
	t, err := block.ParseTransaction(tx.Raw)
	if err == nil && coin.TransactionID(t.Hash()) != tx.ID {
		err = errors.New("it has another ID")
	}
	if err != nil {
		return coin.Publication{}, fmt.Errorf("monero: publish %s: %w: %w", tx.ID, coin.ErrInvalid, err)
	}
	p, err := c.node.Publish(ctx, tx.Raw)
	if err != nil {
		return coin.Publication{}, fmt.Errorf("monero: publish %s: %w", tx.ID, err)
	}
	return p, nil
}
