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

// build makes the one transaction of a plan. It refuses what contradicts
// itself and what the network would not relay.
func (c *Coin) build(plan coin.Plan) (*unsigned, error) {
	u := &unsigned{tx: wire.NewMsgTx(transactionVersion), spent: txscript.NewMultiPrevOutFetcher(nil)}
	in, err := c.addInputs(u, plan)
	if err != nil {
		return nil, fmt.Errorf("bitcoin: plan: %w", err)
	}
	out, err := c.addOutputs(u, plan)
	if err != nil {
		return nil, fmt.Errorf("bitcoin: plan: %w", err)
	}
	switch weight := u.weight(); {
	case out > in || in-out != plan.Fee:
		return nil, fmt.Errorf("bitcoin: plan: %w: inputs of %d, outputs of %d and a fee of %d", coin.ErrInvalid, in, out, plan.Fee)
	case weight > maxStandardWeight:
		return nil, fmt.Errorf("bitcoin: plan: %w: weight %d, relay allows %d", coin.ErrInvalid, weight, maxStandardWeight)
	}
	return u, nil
}

// addInputs adds the plan's inputs and returns their sum.
func (c *Coin) addInputs(u *unsigned, plan coin.Plan) (sum uint64, err error) {
	if len(plan.Inputs) == 0 {
		return 0, fmt.Errorf("%w: no inputs", coin.ErrInvalid)
	}
	for i, input := range plan.Inputs {
		key, err := c.outputKey(plan.Key.Key, input.Kind)
		if err != nil {
			return 0, fmt.Errorf("input %d: %w", i, err)
		}
		from := wireOutpoint(input.ID)
		switch {
		case input.Session != plan.Key.Session:
			return 0, fmt.Errorf("%w: input %d is of session %d", coin.ErrInvalid, i, input.Session)
		case input.Amount > block.MaxMoney-sum:
			return 0, fmt.Errorf("%w: the inputs hold more than exists", coin.ErrInvalid)
		case u.spent.FetchPrevOutput(from) != nil:
			return 0, fmt.Errorf("%w: input %d comes twice", coin.ErrInvalid, i)
		}
		sum += input.Amount
		u.keys = append(u.keys, key)
		u.spent.AddPrevOut(from, wire.NewTxOut(int64(input.Amount), key.script))
		u.tx.AddTxIn(&wire.TxIn{PreviousOutPoint: from, Sequence: sequence})
	}
	return sum, nil
}

// addOutputs adds the plan's payments and own outputs and returns their sum.
func (c *Coin) addOutputs(u *unsigned, plan coin.Plan) (sum uint64, err error) {
	if len(plan.Payments)+len(plan.Own) == 0 {
		return 0, fmt.Errorf("%w: no outputs", coin.ErrInvalid)
	}
	for i, p := range plan.Payments {
		if sum, err = c.addOutput(u, sum, p.Paid, p.Address); err != nil {
			return 0, fmt.Errorf("payment %d: %w", i, err)
		}
	}
	for i, o := range plan.Own {
		if sum, err = c.addOutput(u, sum, o.Amount, o.Address); err != nil {
			return 0, fmt.Errorf("own output %d: %w", i, err)
		}
		if o.Session != plan.Key.Session {
			continue // of the successor, whose key the plan does not have
		}
		key, err := c.outputKey(plan.Key.Key, o.Kind)
		if err != nil {
			return 0, fmt.Errorf("own output %d: %w", i, err)
		}
		if !bytes.Equal(key.script, u.tx.TxOut[len(u.tx.TxOut)-1].PkScript) {
			return 0, fmt.Errorf("%w: own output %d goes elsewhere", coin.ErrInvalid, i)
		}
	}
	return sum, nil
}

func (c *Coin) addOutput(u *unsigned, sum, amount uint64, address coin.Address) (uint64, error) {
	script, err := c.addressScript(address)
	if err != nil {
		return 0, err
	}
	switch least := relayDust(script); {
	case amount > block.MaxMoney-sum:
		return 0, fmt.Errorf("%w: the outputs hold more than exists", coin.ErrInvalid)
	case amount < least:
		return 0, fmt.Errorf("%w: %d satoshi, relay asks for %d", coin.ErrInvalid, amount, least)
	}
	u.tx.AddTxOut(wire.NewTxOut(int64(amount), script))
	return sum + amount, nil
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
