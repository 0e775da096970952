package bitcoin

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/txscript/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/coin/bitcoin/block"
)

const (
	// transactionVersion and sequence are the same for every input of every
	// plan: the sequence signals that the transaction may be replaced
	// (BIP-125) and sets no relative lock.
	transactionVersion = 2
	sequence           = 0xfffffffd
)

// unsigned is the transaction of a plan with all that its signatures cover.
type unsigned struct {
	tx *wire.MsgTx
	// keys are the inputs' output keys, spent the outputs that they spend.
	keys  []*outputKey
	spent *txscript.MultiPrevOutFetcher
}

// build makes the one transaction of a plan. It refuses what the network
// would not relay.
func (c *Coin) build(plan coin.Plan) (*unsigned, error) {
	u, err := c.buildUnchecked(plan)
	if err != nil {
		return nil, fmt.Errorf("bitcoin: plan: %w", err)
	}
	return u, nil
}

func (c *Coin) buildUnchecked(plan coin.Plan) (*unsigned, error) {
	if len(plan.Inputs) == 0 {
		return nil, fmt.Errorf("%w: no inputs", coin.ErrInvalid)
	}
	u := &unsigned{tx: wire.NewMsgTx(transactionVersion), spent: txscript.NewMultiPrevOutFetcher(nil)}
	var in uint64
	for i, input := range plan.Inputs {
		key, err := c.outputKey(plan.Key.Key, input.Kind)
		if err != nil {
			return nil, fmt.Errorf("input %d: %w", i, err)
		}
		from := wireOutpoint(input.ID)
		switch {
		case input.Session != plan.Key.Session:
			return nil, fmt.Errorf("%w: input %d is of session %d", coin.ErrInvalid, i, input.Session)
		case input.Amount > block.MaxMoney-in:
			return nil, fmt.Errorf("%w: the inputs hold more than exists", coin.ErrInvalid)
		case u.spent.FetchPrevOutput(from) != nil:
			return nil, fmt.Errorf("%w: input %d comes twice", coin.ErrInvalid, i)
		}
		in += input.Amount
		u.keys = append(u.keys, key)
		u.spent.AddPrevOut(from, wire.NewTxOut(int64(input.Amount), key.script))
		u.tx.AddTxIn(&wire.TxIn{PreviousOutPoint: from, Sequence: sequence})
	}
	left := in
	pay := func(amount uint64, address coin.Address) error {
		script, err := c.addressScript(address)
		if err != nil {
			return err
		}
		switch least := relayDust(script); {
		case amount > left:
			return fmt.Errorf("%w: the outputs exceed the inputs", coin.ErrInvalid)
		case amount < least:
			return fmt.Errorf("%w: %d satoshi, relay asks for %d", coin.ErrInvalid, amount, least)
		}
		left -= amount
		u.tx.AddTxOut(wire.NewTxOut(int64(amount), script))
		return nil
	}
	for i, p := range plan.Payments {
		if err := pay(p.Paid, p.Address); err != nil {
			return nil, fmt.Errorf("payment %d: %w", i, err)
		}
	}
	for i, o := range plan.Own {
		if err := pay(o.Amount, o.Address); err != nil {
			return nil, fmt.Errorf("own output %d: %w", i, err)
		}
	}
	switch weight := u.weight(); {
	case len(u.tx.TxOut) == 0:
		return nil, fmt.Errorf("%w: no outputs", coin.ErrInvalid)
	case left != plan.Fee:
		return nil, fmt.Errorf("%w: the inputs leave a fee of %d, the plan says %d", coin.ErrInvalid, left, plan.Fee)
	case weight > maxStandardWeight:
		return nil, fmt.Errorf("%w: weight %d, relay allows %d", coin.ErrInvalid, weight, maxStandardWeight)
	}
	return u, nil
}

func wireOutpoint(id coin.OutputID) wire.OutPoint {
	o := block.NewOutpoint(id.Transaction, id.Index)
	return wire.OutPoint{Hash: chainhash.Hash(o[:32]), Index: id.Index}
}

// weight is what the transaction weighs with its signatures.
func (u *unsigned) weight() uint64 {
	scripts := make([][]byte, len(u.tx.TxOut))
	for i, out := range u.tx.TxOut {
		scripts[i] = out.PkScript
	}
	return transactionWeight(len(u.tx.TxIn), scripts)
}

// bytes encodes the transaction. Before it is signed this is what its ID is
// the hash of.
func (u *unsigned) bytes() ([]byte, error) {
	var b bytes.Buffer
	if err := u.tx.Serialize(&b); err != nil {
		return nil, fmt.Errorf("bitcoin: encode transaction: %w", err)
	}
	return b.Bytes(), nil
}

// id is the transaction's ID, with or without signatures.
func (u *unsigned) id() coin.TransactionID {
	id := coin.TransactionID(u.tx.TxHash())
	slices.Reverse(id[:])
	return id
}

// signatureHashes returns what each input signs: the BIP-341 message for the
// key path over all inputs and outputs (SIGHASH_DEFAULT).
func (u *unsigned) signatureHashes() ([][]byte, error) {
	shared := txscript.NewTxSigHashes(u.tx, u.spent)
	hashes := make([][]byte, len(u.tx.TxIn))
	for i := range hashes {
		h, err := txscript.CalcTaprootSignatureHash(shared, txscript.SigHashDefault, u.tx, i, u.spent)
		if err != nil {
			return nil, fmt.Errorf("bitcoin: signature hash of input %d: %w", i, err)
		}
		hashes[i] = h
	}
	return hashes, nil
}
