package bitcoin

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"

	"github.com/btcsuite/btcd/wire/v2"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/coin/bitcoin/block"
	"github.com/serai-go/processor/frost"
	"github.com/serai-go/processor/frost/secp256k1"
)

// Prepare implements coin.Spender. The prepared form is the transaction
// without witnesses, in the network's encoding. It follows from the plan
// alone.
func (c *Coin) Prepare(_ context.Context, plan coin.Plan, _ coin.BlockID) ([]byte, error) {
	u, err := c.build(plan)
	if err != nil {
		return nil, err
	}
	return u.bytes()
}

// prepared builds the plan's transaction and makes sure that it is the one
// that was prepared.
func (c *Coin) prepared(plan coin.Plan, prepared []byte) (*unsigned, error) {
	u, err := c.build(plan)
	if err != nil {
		return nil, err
	}
	raw, err := u.bytes()
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(raw, prepared) {
		return nil, fmt.Errorf("%w: what was prepared is not the plan's transaction", coin.ErrInvalid)
	}
	return u, nil
}

// Read implements coin.Spender. The parser is the one that reads blocks, not what
// prepared the transaction. The inputs' amounts are the plan's: the signatures
// cover them (BIP-341). A script without an address is given raw.
func (c *Coin) Read(plan coin.Plan, prepared []byte) (coin.UnsignedTransaction, error) {
	t, err := block.ParseTransaction(prepared)
	if err != nil {
		return coin.UnsignedTransaction{}, fmt.Errorf("%w: %w", coin.ErrInvalid, err)
	}
	if !bytes.Equal(t.Stripped(), prepared) || binary.LittleEndian.Uint32(prepared[len(prepared)-4:]) != 0 {
		return coin.UnsignedTransaction{}, fmt.Errorf("bitcoin: %w: unsigned transaction with witnesses or a lock time", coin.ErrInvalid)
	}
	var inputs []coin.OutputID
	for _, o := range t.Outpoints() {
		inputs = append(inputs, coin.OutputID{Transaction: o.Transaction(), Index: o.Index()})
	}
	var outputs []coin.PaidOutput
	for _, o := range t.Outputs() {
		address, ok := scriptAddress(c.params, o.Script)
		if !ok {
			address = coin.RawAddress(o.Script)
		}
		outputs = append(outputs, coin.PaidOutput{Address: address, Amount: o.Value})
	}
	u, err := coin.NewUnsignedTransaction(plan, inputs, outputs)
	if err != nil {
		return u, fmt.Errorf("bitcoin: unsigned transaction: %w", err)
	}
	return u, nil
}

// Describe implements coin.Spender.
func (c *Coin) Describe(plan coin.Plan, prepared []byte) (coin.Description, error) {
	u, err := c.prepared(plan, prepared)
	if err != nil {
		return coin.Description{}, err
	}
	d := coin.Description{Eventuality: completion{
		id:    u.id(),
		first: [lookupSize]byte(lookup(plan.Inputs[0].ID)),
	}}
	for i := range plan.Own {
		d.Own = append(d.Own, uint32(len(plan.Payments)+i))
	}
	return d, nil
}

// Unconfirmed implements coin.Planner: a transaction's ID does not depend on its
// signatures.
func (c *Coin) Unconfirmed(plan coin.Plan) ([]coin.Output, error) {
	u, err := c.build(plan)
	if err != nil {
		return nil, err
	}
	id := u.id()
	outputs := make([]coin.Output, len(plan.Own))
	for i, own := range plan.Own {
		outputs[i] = coin.Output{
			ID:      coin.OutputID{Transaction: id, Index: uint32(len(plan.Payments) + i)},
			Session: own.Session, Kind: own.Kind, Amount: own.Amount,
		}
	}
	return outputs, nil
}

// Work implements coin.Spender: a BIP-340 signature for each input, by the
// output key of its kind.
func (c *Coin) Work(plan coin.Plan, prepared []byte) ([]frost.Algorithm, error) {
	u, err := c.prepared(plan, prepared)
	if err != nil {
		return nil, err
	}
	hashes, err := u.signatureHashes()
	if err != nil {
		return nil, err
	}
	work := make([]frost.Algorithm, len(hashes))
	for i, hash := range hashes {
		work[i] = secp256k1.NewBIP340(hash, u.keys[i].tweaks...)
	}
	return work, nil
}

// Assemble implements coin.Spender.
func (c *Coin) Assemble(plan coin.Plan, prepared []byte, signatures [][]byte) (coin.Transaction, error) {
	u, err := c.prepared(plan, prepared)
	if err != nil {
		return coin.Transaction{}, err
	}
	return u.sign(signatures)
}

// sign checks each signature against its own input's key and puts it in.
func (u *unsigned) sign(signatures [][]byte) (coin.Transaction, error) {
	if len(signatures) != len(u.keys) {
		return coin.Transaction{}, fmt.Errorf("%w: %d signatures for %d inputs", coin.ErrInvalid, len(signatures), len(u.keys))
	}
	hashes, err := u.signatureHashes()
	if err != nil {
		return coin.Transaction{}, err
	}
	for i, signature := range signatures {
		if !secp256k1.Verify(u.keys[i].x, hashes[i], signature) {
			return coin.Transaction{}, fmt.Errorf("%w: the signature of input %d is not by its key", coin.ErrInvalid, i)
		}
		u.tx.TxIn[i].Witness = wire.TxWitness{signature}
	}
	raw, err := u.bytes()
	if err != nil {
		return coin.Transaction{}, err
	}
	return coin.Transaction{ID: u.id(), Raw: raw}, nil
}

// Verify implements coin.Spender. Only the form that Assemble makes is the
// plan's transaction: a signature of 64 bytes for each input.
func (c *Coin) Verify(plan coin.Plan, prepared, raw []byte) (coin.Transaction, error) {
	u, err := c.prepared(plan, prepared)
	if err != nil {
		return coin.Transaction{}, err
	}
	t, err := parseTransaction(raw, u.id())
	if err != nil {
		return coin.Transaction{}, fmt.Errorf("bitcoin: verify: %w", err)
	}
	var signatures [][]byte
	for i, w := range t.Witnesses() {
		if w.Len() != 1 {
			return coin.Transaction{}, fmt.Errorf("%w: the witness of input %d has %d items", coin.ErrInvalid, i, w.Len())
		}
		for item := range w.Items() {
			signatures = append(signatures, bytes.Clone(item))
		}
	}
	tx, err := u.sign(signatures)
	if err != nil {
		return coin.Transaction{}, err
	}
	if !bytes.Equal(tx.Raw, raw) {
		return coin.Transaction{}, fmt.Errorf("%w: not the plan's transaction", coin.ErrInvalid)
	}
	return tx, nil
}

// Transaction implements coin.Spender.
func (c *Coin) Transaction(ctx context.Context, id coin.TransactionID) ([]byte, error) {
	raws, err := c.node.Transactions(ctx, []coin.TransactionID{id})
	if err != nil {
		return nil, fmt.Errorf("bitcoin: %w", err)
	}
	if len(raws) != 1 {
		return nil, fmt.Errorf("bitcoin: %w: %d transactions for one", coin.ErrInvalid, len(raws))
	}
	if _, err := parseTransaction(raws[0], id); err != nil {
		return nil, fmt.Errorf("bitcoin: %w", err)
	}
	return raws[0], nil
}

// Publish implements coin.Spender.
func (c *Coin) Publish(ctx context.Context, tx coin.Transaction) (coin.Publication, error) {
	if _, err := parseTransaction(tx.Raw, tx.ID); err != nil {
		return coin.Publication{}, fmt.Errorf("bitcoin: publish: %w", err)
	}
	p, err := c.node.Publish(ctx, tx.Raw)
	if err != nil {
		return coin.Publication{}, fmt.Errorf("bitcoin: publish %s: %w", tx.ID, err)
	}
	return p, nil
}
