package monerotest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"

	"filippo.io/edwards25519"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/coin/monero/address"
	"github.com/serai-go/processor/coin/monero/block"
	"github.com/serai-go/processor/coin/monero/bulletproofs"
	"github.com/serai-go/processor/coin/monero/clsag"
	"github.com/serai-go/processor/coin/monero/keys"
	"github.com/serai-go/processor/coin/monero/ring"
	"github.com/serai-go/processor/coin/monero/spend"
)

// A Twin is an output with the one-time key of another one, and an amount of its
// own. Only one of the two can ever be spent.
type Twin struct {
	// Of is the other one: the first or the second output of its transaction.
	Of coin.OutputID
	// Amount is in piconero.
	Amount uint64
	// Data is that of the twin's transaction.
	Data []byte
}

// PayTwin lets the user pay a twin. It takes the view key by which the other is
// found, which everybody has where there is no view seed.
func (c *Chain) PayTwin(ctx context.Context, view *keys.ViewKey, twin Twin) (coin.TransactionID, error) {
	found, err := c.client.Transaction(ctx, twin.Of.Transaction)
	if err != nil {
		return coin.TransactionID{}, err
	}
	original, err := open(view, found.Transaction, twin.Of.Index)
	if err != nil {
		return coin.TransactionID{}, err
	}
	tx, err := c.purse.payTwin(ctx, original, twin)
	if err != nil {
		return coin.TransactionID{}, fmt.Errorf("monerotest: twin: %w", err)
	}
	result, err := c.client.Publish(ctx, tx.Raw())
	if err == nil && result.Status != coin.Accepted {
		err = fmt.Errorf("monerotest: a twin is %s: %s", result.Status, result.Reason)
	}
	return tx.Hash(), err
}

// opened is an output with what its recipient sees.
type opened struct {
	block.Output
	index          uint32
	transactionKey [keys.Size]byte
	shared         *keys.SharedKey
}

// open opens an output.
func open(view *keys.ViewKey, tx *block.Transaction, index uint32) (o opened, err error) {
	if index > 1 || int(index) >= tx.OutputCount() {
		return o, errors.New("monerotest: only the first two outputs have twins")
	}
	o.index = index
	for i, output := range tx.Outputs() {
		if i == int(index) {
			o.Output = output
		}
	}
	candidates := make([][keys.Size]byte, 0, 2)
	for key := range tx.Extra().Keys() {
		candidates = append(candidates, key)
	}
	if key, ok := tx.Extra().AdditionalKeys().At(int(index)); ok {
		candidates = append(candidates, key)
	}
	commitment, _ := tx.Commitment(int(index))
	for _, o.transactionKey = range candidates {
		r, err := keys.DecodePoint(o.transactionKey[:])
		if err != nil {
			continue
		}
		derivation := view.Derive(r)
		if o.shared, err = derivation.SharedKey(uint64(index)); err != nil {
			return o, err
		}
		if _, _, ok := o.shared.Open([8]byte(tx.EncryptedAmount(int(index))), commitment); ok {
			return o, nil
		}
	}
	return o, errors.New("monerotest: the output is not found with this view key")
}

// random returns a scalar that nobody knows.
func random() (*edwards25519.Scalar, error) {
	var wide [64]byte
	if _, err := rand.Read(wide[:]); err != nil {
		return nil, err
	}
	return new(edwards25519.Scalar).SetUniformBytes(wide[:])
}

// payTwin makes the transaction: one input, the twin, and change at the other
// place.
func (p *purse) payTwin(ctx context.Context, of opened, twin Twin) (*block.Transaction, error) {
	free, err := p.free(ctx)
	if err != nil {
		return nil, err
	}
	sub, err := address.Of(address.Mainnet, p.pair, keys.Index{Address: 1})
	if err != nil {
		return nil, err
	}
	// As a transaction with additional keys.
	fee, err := spend.Shape{Inputs: 1, Outputs: []address.Address{p.main, sub}, Data: len(twin.Data)}.Fee(p.rate)
	if err != nil {
		return nil, err
	}
	at := slices.IndexFunc(free, func(c ownCoin) bool { return c.Amount > twin.Amount+fee })
	if at < 0 {
		return nil, errors.New("no output is large enough")
	}
	in, err := p.input(ctx, ring.New(p.client), free[at])
	if err != nil {
		return nil, err
	}
	return p.twinFrom(in, of, twin, fee)
}

// twinFrom makes it from an input.
func (p *purse) twinFrom(in spend.Input, of opened, twin Twin, fee uint64) (*block.Transaction, error) {
	r, err := random()
	if err != nil {
		return nil, err
	}
	change := 1 - of.index
	derivation := keys.Derive(r, p.pair.View().Public())
	shared, err := derivation.SharedKey(uint64(change))
	if err != nil {
		return nil, err
	}
	spendKey, err := p.pair.SpendKey(keys.Index{})
	if err != nil {
		return nil, err
	}
	own := [keys.Size]byte(new(edwards25519.Point).ScalarBaseMult(r).Bytes())
	content := block.Content{Key: own, AdditionalKeys: [][keys.Size]byte{own, own}}
	content.AdditionalKeys[of.index] = of.transactionKey
	if len(twin.Data) > 0 {
		content.Data = [][]byte{twin.Data}
	}
	f := &block.Fields{Version: 2, Type: block.TypeBulletproofsPlus, Fee: fee, Outputs: make([]block.Output, 2)}
	if f.Extra, err = content.Extra(); err != nil {
		return nil, err
	}
	f.Outputs[of.index] = of.Output
	f.Outputs[change] = block.Output{
		Key: [keys.Size]byte(shared.OutputKey(spendKey).Bytes()), Tagged: true, ViewTag: derivation.ViewTag(uint64(change)),
	}
	amounts := make([]uint64, 2)
	amounts[of.index], amounts[change] = twin.Amount, in.Amount-twin.Amount-fee
	by := make([]*keys.SharedKey, 2)
	by[of.index], by[change] = of.shared, shared
	masks := make([]*edwards25519.Scalar, 2)
	sum := new(edwards25519.Scalar)
	for i := range masks {
		if masks[i], err = by[i].CommitmentMask(); err != nil {
			return nil, err
		}
		sum.Add(sum, masks[i])
		encrypted := by[i].EncryptAmount(amounts[i])
		f.EncryptedAmounts = append(f.EncryptedAmounts, encrypted[:])
		f.Commitments = append(f.Commitments, [keys.Size]byte(keys.Commit(masks[i], amounts[i]).Bytes()))
	}
	proof, err := bulletproofs.Prove(rand.Reader, amounts, masks)
	if err != nil {
		return nil, err
	}
	f.RangeProofs = proof.Append([]byte{1})
	return p.signTwin(f, in, sum)
}

// signTwin signs for the only input, whose pseudo output has a mask.
func (p *purse) signTwin(f *block.Fields, in spend.Input, mask *edwards25519.Scalar) (*block.Transaction, error) {
	signed := clsag.Input{Real: in.Real, Offset: in.Offset, Mask: in.Mask, PseudoMask: mask, Amount: in.Amount}
	offsets := block.InputFields{}
	last := uint64(0)
	for _, m := range in.Ring {
		signed.Ring = append(signed.Ring, clsag.Member{Key: m.Key, Commitment: m.Commitment})
		offsets.Offsets = append(offsets.Offsets, m.Index-last)
		last = m.Index
	}
	f.Inputs, f.PseudoOuts = []block.InputFields{offsets}, [][32]byte{signed.PseudoOut()}
	x := new(edwards25519.Scalar).Add(p.spendKey, in.Offset)
	f.Inputs[0].KeyImage = [keys.Size]byte(keys.KeyImage(x, in.Key).Bytes())
	f.Signatures = [][]byte{make([]byte, clsag.Size(len(in.Ring)))}
	unsigned, err := f.Encode()
	if err != nil {
		return nil, err
	}
	message, _ := unsigned.Message()
	signature, _, err := clsag.Sign(rand.Reader, p.spendKey, &signed, message)
	if err != nil {
		return nil, err
	}
	f.Signatures[0] = signature.Append(nil)
	return f.Encode()
}
