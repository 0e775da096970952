package bitcointest

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/btcsuite/btcd/txscript/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/coin/cointest"
	"github.com/serai-go/processor/internal/jsonrpc"
)

const (
	// feeRate is what the user pays, in satoshi per 1000 weight units.
	feeRate = 1000
	// rivalFee is what a conflicting transaction pays, in satoshi.
	rivalFee = 10_000
	// leastChange is the least change that the user makes, in satoshi.
	leastChange = 1_000
)

// Pay implements cointest.Chain. The origins take turns in their kind.
func (c *Chain) Pay(ctx context.Context, deposit cointest.Deposit) (coin.TransactionID, error) {
	origin := P2PK
	if !deposit.Anonymous {
		c.mu.Lock()
		origin = Origin(c.keys % uint64(addressed))
		c.mu.Unlock()
	}
	id, _, err := c.PayFrom(ctx, origin, deposit)
	return id, err
}

// PayFrom is Pay with a given kind of origin, whose address it returns, empty
// for P2PK. The deposit spends one output, of a transaction made for it.
func (c *Chain) PayFrom(
	ctx context.Context, origin Origin, deposit cointest.Deposit,
) (coin.TransactionID, coin.Address, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	id, from, err := c.payFrom(ctx, origin, deposit)
	if err != nil {
		return coin.TransactionID{}, "", fmt.Errorf("bitcointest: pay: %w", err)
	}
	return id, from, nil
}

func (c *Chain) payFrom(
	ctx context.Context, origin Origin, deposit cointest.Deposit,
) (id coin.TransactionID, from coin.Address, err error) {
	if _, err := c.follow(ctx); err != nil {
		return id, "", err
	}
	outs, err := depositOutputs(deposit)
	if err != nil {
		return id, "", err
	}
	source, err := c.newKey(origin)
	if err != nil {
		return id, "", err
	}
	need, err := c.price(source, outs)
	if err != nil {
		return id, "", err
	}
	funding, err := c.fund(wire.NewTxOut(need, source.script))
	if err != nil {
		return id, "", err
	}
	held := &money{at: wire.OutPoint{Hash: funding.TxHash()}, value: need, owner: source}
	tx, err := c.spend([]*money{held}, outs)
	if err != nil {
		return id, "", err
	}
	for _, tx := range []*wire.MsgTx{funding, tx} {
		if err := c.relay(ctx, tx, true); err != nil {
			return id, "", err
		}
	}
	id = coin.TransactionID(tx.TxHash())
	slices.Reverse(id[:])
	return id, source.address, nil
}

func depositOutputs(deposit cointest.Deposit) ([]*wire.TxOut, error) {
	var outs []*wire.TxOut
	for _, target := range deposit.To {
		script, err := scriptOf(target.Address)
		if err != nil {
			return nil, err
		}
		outs = append(outs, wire.NewTxOut(int64(target.Amount), script))
	}
	if len(deposit.Data) > 0 {
		outs = append(outs, wire.NewTxOut(0, dataScript(deposit.Data)))
	}
	if len(outs) == 0 {
		return nil, errors.New("a deposit without outputs")
	}
	return outs, nil
}

// dataScript is OP_RETURN and a push of the data, whatever its size.
func dataScript(data []byte) []byte {
	script := []byte{txscript.OP_RETURN}
	switch n := len(data); {
	case n <= txscript.OP_DATA_75:
		script = append(script, byte(n))
	case n <= math.MaxUint8:
		script = append(script, txscript.OP_PUSHDATA1, byte(n))
	case n <= math.MaxUint16:
		script = binary.LittleEndian.AppendUint16(append(script, txscript.OP_PUSHDATA2), uint16(n))
	default:
		script = binary.LittleEndian.AppendUint32(append(script, txscript.OP_PUSHDATA4), uint32(n))
	}
	return append(script, data...)
}

// price is what a transaction from the source with these outputs needs.
func (c *Chain) price(source *owner, outs []*wire.TxOut) (int64, error) {
	var sum int64
	for _, out := range outs {
		sum += out.Value
	}
	trial, err := c.spend([]*money{{value: sum, owner: source}}, outs)
	if err != nil {
		return 0, err
	}
	return sum + feeOf(trial), nil
}

// feeOf is the fee that the user pays, with room for signatures that are
// longer another time.
func feeOf(tx *wire.MsgTx) int64 {
	weight := 3*tx.SerializeSizeStripped() + tx.SerializeSize()
	return int64(weight+8*len(tx.TxIn)) * feeRate / 1000
}

// fund makes a transaction with the given first output, from coins that no
// other waits to spend.
func (c *Chain) fund(out *wire.TxOut) (*wire.MsgTx, error) {
	var coins []*money
	var held int64
	for _, m := range c.ledger.spendable() {
		if c.used[m.at] {
			continue
		}
		coins, held = append(coins, m), held+m.value
		change := wire.NewTxOut(0, c.home.script)
		trial, err := c.spend(coins, []*wire.TxOut{out, change})
		if err != nil {
			return nil, err
		}
		if change.Value = held - out.Value - feeOf(trial); change.Value < leastChange {
			continue
		}
		for _, m := range coins {
			c.used[m.at] = true
		}
		return c.spend(coins, []*wire.TxOut{out, change})
	}
	return nil, fmt.Errorf("the user has %d satoshi in %d free coins, not %d: mine a block first", held, len(coins), out.Value)
}

// spend makes and signs a transaction.
func (c *Chain) spend(coins []*money, outs []*wire.TxOut) (*wire.MsgTx, error) {
	tx := wire.NewMsgTx(2)
	spent := txscript.NewMultiPrevOutFetcher(nil)
	for _, m := range coins {
		tx.AddTxIn(wire.NewTxIn(&m.at, nil, nil))
		spent.AddPrevOut(m.at, wire.NewTxOut(m.value, m.owner.script))
	}
	tx.TxOut = outs
	for i, m := range coins {
		if err := m.owner.sign(tx, spent, i, m.value); err != nil {
			return nil, err
		}
	}
	return tx, nil
}

// relay gives a transaction to the node. One that it does not take is kept
// for the next block if keep is set.
func (c *Chain) relay(ctx context.Context, tx *wire.MsgTx, keep bool) error {
	var raw bytes.Buffer
	if err := tx.Serialize(&raw); err != nil {
		return err
	}
	err := c.rpc.Call(ctx, "sendrawtransaction", []any{jsonrpc.Hex(raw.Bytes())}, nil)
	if _, refused := errors.AsType[*jsonrpc.Error](err); refused {
		if keep {
			c.unrelayed = append(c.unrelayed, tx)
		}
		return nil
	}
	return err
}
