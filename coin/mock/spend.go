package mock

import (
	"bytes"
	"context"
	"fmt"
	"math/bits"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/eventuality"
	"github.com/serai-go/processor/frost"
)

// Fee is the weight times the rate, rounded up to a unit.
func (c *Coin) Fee(rate uint64, inputs []coin.Output, outputs []coin.Address) (uint64, error) {
	f, ok := fee(weight(len(inputs), len(outputs), 0), rate)
	if !ok {
		return 0, fmt.Errorf("mock: %w: fee at a rate of %d", coin.ErrInvalid, rate)
	}
	return f, nil
}

// InputCost is what the weight of an input costs, rounded up to a unit.
func (c *Coin) InputCost(rate uint64) uint64 {
	cost, _ := fee(inputWeight, rate) // fits: the weight is below 1000
	return cost
}

// prepare makes the unsigned transaction of a plan, which may show a decoy, and what
// it spends.
func (c *Coin) prepare(plan coin.Plan, decoy coin.TransactionID) (*transaction, []output, error) {
	invalid := func(format string, args ...any) error {
		return fmt.Errorf("mock: %w: plan: "+format, append([]any{coin.ErrInvalid}, args...)...)
	}
	scripts, err := c.groupScripts(plan.Key.Key)
	if err != nil {
		return nil, nil, err
	}
	addresses := plan.Addresses()
	if n := len(plan.Inputs); n == 0 || n > maxInputs {
		return nil, nil, invalid("%d inputs", n)
	}
	if n := len(addresses); n == 0 || n > maxOutputs {
		return nil, nil, invalid("%d outputs", n)
	}

	var in, carry uint64
	inputs := make([]coin.OutputID, len(plan.Inputs))
	spent := make([]output, len(plan.Inputs))
	seen := make(map[coin.OutputID]bool, len(plan.Inputs))
	for i, o := range plan.Inputs {
		switch {
		case o.Session != plan.Key.Session:
			return nil, nil, invalid("input %d is of session %d", i, o.Session)
		case o.Kind > coin.Forwarded:
			return nil, nil, invalid("input %d is of %s", i, o.Kind)
		case seen[o.ID]:
			return nil, nil, invalid("input %d is spent twice", i)
		}
		seen[o.ID] = true
		inputs[i] = o.ID
		spent[i] = output{amount: o.Amount, to: scripts[o.Kind]}
		if in, carry = bits.Add64(in, o.Amount, 0); carry != 0 {
			return nil, nil, invalid("sum of the inputs")
		}
	}
	out := plan.Fee
	outputs := make([]output, len(addresses))
	for i, address := range addresses {
		to, err := parseAddress(c.genesis, address)
		if err != nil {
			return nil, nil, invalid("output %d: %w", i, err)
		}
		amount := planned(plan, i)
		if amount < RelayDust {
			return nil, nil, invalid("output %d of %d is dust", i, amount)
		}
		outputs[i] = output{amount: amount, to: to}
		if out, carry = bits.Add64(out, amount, 0); carry != 0 {
			return nil, nil, invalid("sum of the outputs")
		}
	}
	if in != out {
		return nil, nil, invalid("inputs of %d, outputs and fee of %d", in, out)
	}
	if c.rules.Rings {
		outputs = append(outputs, output{to: newScript(ring, decoy[:])})
	}
	return newTransaction(inputs, outputs, nil), spent, nil
}

// planned is the amount of an output.
func planned(plan coin.Plan, i int) uint64 {
	if i < len(plan.Payments) {
		return plan.Payments[i].Paid
	}
	return plan.Own[i-len(plan.Payments)].Amount
}

// prepared is prepare for a plan that was prepared before.
func (c *Coin) prepared(plan coin.Plan, prepared []byte) (*transaction, []output, error) {
	var decoy coin.TransactionID
	if size := len(decoy); c.rules.Rings && len(prepared) > size+4 { // the length of the data is behind
		decoy = coin.TransactionID(prepared[len(prepared)-4-size:])
	}
	t, spent, err := c.prepare(plan, decoy)
	if err != nil {
		return nil, nil, err
	}
	if !bytes.Equal(t.unsigned, prepared) {
		return nil, nil, fmt.Errorf("mock: %w: prepared bytes of another plan", coin.ErrInvalid)
	}
	return t, spent, nil
}

// Prepare makes the unsigned transaction. It depends on the plan and, if it shows
// a decoy, on the reference block.
func (c *Coin) Prepare(ctx context.Context, plan coin.Plan, reference coin.BlockID) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	var decoy coin.TransactionID
	if c.rules.Rings {
		header, err := c.Header(ctx, plan.Reference)
		if err != nil {
			return nil, err
		}
		if header.ID != reference {
			return nil, fmt.Errorf("mock: %w: block %d is %s at the node, not %s", coin.ErrNotFound, plan.Reference, header.ID, reference)
		}
		b, err := c.block(ctx, header)
		if err != nil {
			return nil, err
		}
		decoy = b.transactions[0].id
	}
	t, _, err := c.prepare(plan, decoy)
	if err != nil {
		return nil, err
	}
	return t.unsigned, nil
}

// Read decodes what was prepared.
func (c *Coin) Read(plan coin.Plan, prepared []byte) (coin.UnsignedTransaction, error) {
	t, err := decodeUnsigned(prepared)
	if err != nil {
		return coin.UnsignedTransaction{}, fmt.Errorf("%w: %w", coin.ErrInvalid, err)
	}
	if len(t.data) > 0 {
		return coin.UnsignedTransaction{}, fmt.Errorf("mock: %w: unsigned transaction with data", coin.ErrInvalid)
	}
	if c.rules.Rings && len(t.outputs) > 0 && t.outputs[len(t.outputs)-1].to[0] == ring {
		t.outputs = t.outputs[:len(t.outputs)-1]
	}
	outputs := make([]coin.PaidOutput, len(t.outputs))
	for i, o := range t.outputs {
		if o.copies != nil {
			return coin.UnsignedTransaction{}, fmt.Errorf("mock: %w: unsigned transaction with a copy", coin.ErrInvalid)
		}
		outputs[i] = coin.PaidOutput{Address: o.to.address(c.genesis), Amount: o.amount}
		if outputs[i].Address == "" {
			outputs[i].Address = coin.RawAddress(o.to[:])
		}
	}
	u, err := coin.NewUnsignedTransaction(plan, t.inputs, outputs)
	if err != nil {
		return u, fmt.Errorf("mock: unsigned transaction: %w", err)
	}
	return u, nil
}

// Describe returns the eventuality that matches the transaction with the
// prepared one's ID.
func (c *Coin) Describe(plan coin.Plan, prepared []byte) (coin.Description, error) {
	t, _, err := c.prepared(plan, prepared)
	if err != nil {
		return coin.Description{}, err
	}
	own := make([]uint32, len(plan.Own))
	for i := range own {
		own[i] = uint32(len(plan.Payments) + i)
	}
	return coin.Description{Eventuality: happening{t.id, t.inputs[0]}, Own: own}, nil
}

// Unconfirmed returns the plan's own outputs: a transaction's ID does not depend
// on its signatures. Where outputs are locked, it returns nil.
func (c *Coin) Unconfirmed(plan coin.Plan) ([]coin.Output, error) {
	if c.rules.Lock > 0 || c.rules.Rings {
		return nil, nil
	}
	t, _, err := c.prepare(plan, coin.TransactionID{})
	if err != nil {
		return nil, err
	}
	outputs := make([]coin.Output, len(plan.Own))
	for i, own := range plan.Own {
		outputs[i] = coin.Output{
			ID:      coin.OutputID{Transaction: t.id, Index: uint32(len(plan.Payments) + i)},
			Session: own.Session, Kind: own.Kind, Amount: own.Amount,
		}
	}
	return outputs, nil
}

// ReadEventuality reads back an eventuality.
func (c *Coin) ReadEventuality(data []byte) (eventuality.Eventuality, error) {
	h, err := decodeHappening(data)
	if err != nil {
		return nil, err
	}
	return h, nil
}

// Work is an Ed25519 signature for each input.
func (c *Coin) Work(plan coin.Plan, prepared []byte) ([]frost.Algorithm, error) {
	t, _, err := c.prepared(plan, prepared)
	if err != nil {
		return nil, err
	}
	work := make([]frost.Algorithm, len(plan.Inputs))
	for i, o := range plan.Inputs {
		work[i] = newAlgorithm(t.message(c.genesis, i), o.Kind)
	}
	return work, nil
}

// Assemble makes the signed transaction.
func (c *Coin) Assemble(plan coin.Plan, prepared []byte, signatures [][]byte) (coin.Transaction, error) {
	t, spent, err := c.prepared(plan, prepared)
	if err != nil {
		return coin.Transaction{}, err
	}
	if len(signatures) != len(t.inputs) {
		return coin.Transaction{}, fmt.Errorf("mock: %w: %d signatures for %d inputs", coin.ErrInvalid, len(signatures), len(t.inputs))
	}
	for i, s := range signatures {
		if len(s) != signatureSize {
			return coin.Transaction{}, fmt.Errorf("mock: %w: signature %d has %d bytes", coin.ErrInvalid, i, len(s))
		}
	}
	t = t.sign(signatures)
	if err := t.verify(c.genesis, spent); err != nil {
		return coin.Transaction{}, fmt.Errorf("mock: %w: %w", coin.ErrInvalid, err)
	}
	return c.signed(t, t.raw), nil
}

// signed is a signed transaction. Where spends are veiled, it is what tells them.
func (c *Coin) signed(t *transaction, raw []byte) coin.Transaction {
	tx := coin.Transaction{ID: t.id, Raw: raw}
	if c.rules.Veiled {
		tx.Spends = t.Lookups()
	}
	return tx
}

// Verify accepts the plan's transaction with whatever valid signatures.
func (c *Coin) Verify(plan coin.Plan, prepared []byte, raw []byte) (coin.Transaction, error) {
	want, spent, err := c.prepared(plan, prepared)
	if err != nil {
		return coin.Transaction{}, err
	}
	t, err := decodeTransaction(raw)
	if err == nil && t.id != want.id {
		err = fmt.Errorf("it is %s, not %s", t.id, want.id)
	}
	if err == nil {
		err = t.verify(c.genesis, spent)
	}
	if err != nil {
		return coin.Transaction{}, fmt.Errorf("mock: %w: transaction of the plan: %w", coin.ErrInvalid, err)
	}
	return c.signed(t, bytes.Clone(raw)), nil
}

// Transaction fetches a transaction. The ID does not cover the signatures:
// Verify does.
func (c *Coin) Transaction(ctx context.Context, id coin.TransactionID) ([]byte, error) {
	t, err := c.fetch(ctx, id)
	if err != nil {
		return nil, err
	}
	return t.raw, nil
}

// Publish hands a transaction to the node. If its parent was published before and
// only paid too little, the two are judged by what they pay together.
func (c *Coin) Publish(ctx context.Context, tx coin.Transaction) (coin.Publication, error) {
	if err := ctx.Err(); err != nil {
		return coin.Publication{}, err
	}
	t, err := decodeTransaction(tx.Raw)
	if err != nil {
		return coin.Publication{}, fmt.Errorf("%w: publish %s: %w", coin.ErrInvalid, tx.ID, err)
	}
	if t.id != tx.ID {
		return coin.Publication{}, fmt.Errorf("mock: %w: publish %s: it is %s", coin.ErrInvalid, tx.ID, t.id)
	}
	return c.node.publish(tx.Raw)
}
