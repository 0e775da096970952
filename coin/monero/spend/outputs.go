package spend

import (
	"fmt"

	"filippo.io/edwards25519"

	"github.com/serai-go/processor/coin/monero/address"
	"github.com/serai-go/processor/coin/monero/block"
	"github.com/serai-go/processor/coin/monero/keys"
)

// payee is an address with its keys decoded.
type payee struct {
	spend, view *edwards25519.Point
	subaddress  bool
}

func payeeOf(a address.Address) (p payee, err error) {
	p.subaddress = a.Kind == address.Subaddress
	if p.spend, err = keys.DecodePoint(a.Spend[:]); err != nil {
		return p, invalid("address: %w", err)
	}
	if p.view, err = keys.DecodePoint(a.View[:]); err != nil {
		return p, invalid("address: %w", err)
	}
	return p, nil
}

// publicKey returns what the secret r of a transaction key shows: its multiple
// of G, or of the spend key of the only subaddress that it is for.
func (p *payee) publicKey(r *edwards25519.Scalar, form form) [keys.Size]byte {
	point := new(edwards25519.Point)
	if form != plain && p.subaddress {
		return [keys.Size]byte(point.ScalarMult(r, p.spend).Bytes())
	}
	return [keys.Size]byte(point.ScalarBaseMult(r).Bytes())
}

// made is an output as the transaction shows it.
type made struct {
	key        [keys.Size]byte
	viewTag    byte
	encrypted  [8]byte
	commitment [keys.Size]byte
}

// makeOutputs makes all outputs, in the transaction's order, the masks of their
// commitments, which are secret, and the extra field with the data. The payment ID
// is encrypted for the output at place first. The stream is that of the transaction
// keys.
func makeOutputs(random *stream, outputs []Output, first int, data []byte) ([]made, []*edwards25519.Scalar, block.Extra, error) {
	secrets, err := drawKeys(random, outputs)
	if err != nil {
		return nil, nil, nil, err
	}
	defer secrets.erase()
	content := block.Content{Data: parts(data)}
	list := make([]made, len(outputs))
	masks := make([]*edwards25519.Scalar, len(outputs))
	for i, o := range outputs {
		to, err := payeeOf(o.Address)
		if err != nil {
			return nil, nil, nil, err
		}
		if i == 0 {
			content.Key = secrets.mainKey(&to)
		}
		r := secrets.main
		if secrets.form == additional {
			content.AdditionalKeys = append(content.AdditionalKeys, to.publicKey(secrets.each[i], additional))
			if to.subaddress {
				r = secrets.each[i]
			}
		}
		derivation := keys.Derive(r, to.view)
		if i == first && hasPaymentID(len(outputs)) {
			id := derivation.PaymentID([8]byte{})
			content.PaymentID = &id
		}
		if list[i], masks[i], err = makeOutput(&derivation, &to, i, o.Amount); err != nil {
			return nil, nil, nil, err
		}
		clear(derivation[:])
	}
	extra, err := content.Extra()
	return list, masks, extra, err
}

// transactionKeys are the secrets r of a transaction, in additional form with
// one for each output.
type transactionKeys struct {
	form form
	main *edwards25519.Scalar
	each []*edwards25519.Scalar
}

func drawKeys(random *stream, outputs []Output) (k *transactionKeys, err error) {
	to := make([]address.Address, len(outputs))
	for i, o := range outputs {
		to[i] = o.Address
	}
	k = &transactionKeys{form: formOf(to)}
	if k.main, err = random.scalar(); err != nil {
		return nil, fmt.Errorf("spend: transaction key: %w", err)
	}
	if k.form != additional {
		return k, nil
	}
	for range outputs {
		r, err := random.scalar()
		if err != nil {
			return nil, fmt.Errorf("spend: additional transaction key: %w", err)
		}
		k.each = append(k.each, r)
	}
	return k, nil
}

// mainKey returns R, which in shared form is for the only payee.
func (k *transactionKeys) mainKey(only *payee) [keys.Size]byte {
	if k.form == shared {
		return only.publicKey(k.main, shared)
	}
	return only.publicKey(k.main, plain)
}

func (k *transactionKeys) erase() {
	*k.main = edwards25519.Scalar{}
	for _, r := range k.each {
		*r = edwards25519.Scalar{}
	}
}

// makeOutput makes the output at place i and the mask of its commitment.
func makeOutput(d *keys.Derivation, to *payee, i int, amount uint64) (made, *edwards25519.Scalar, error) {
	s, err := d.SharedKey(uint64(i))
	if err != nil {
		return made{}, nil, fmt.Errorf("spend: output %d: %w", i, err)
	}
	mask, err := s.CommitmentMask()
	if err != nil {
		return made{}, nil, fmt.Errorf("spend: output %d: %w", i, err)
	}
	key := s.OutputKey(to.spend)
	if keys.IsIdentity(key) {
		return made{}, nil, fmt.Errorf("spend: output %d: %w", i, keys.ErrIdentity)
	}
	return made{
		key:        [keys.Size]byte(key.Bytes()),
		viewTag:    d.ViewTag(uint64(i)),
		encrypted:  s.EncryptAmount(amount),
		commitment: [keys.Size]byte(keys.Commit(mask, amount).Bytes()),
	}, mask, nil
}
