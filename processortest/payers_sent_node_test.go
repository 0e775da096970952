package processortest_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/btcsuite/btcd/address/v2"
	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/txscript/v2"
	"github.com/btcsuite/btcd/wire/v2"
	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/coin/bitcoin"
)

// check compares, in the end, what validators told of all payments with what
// the chain says that payees received, the books with what the keys own, and each
// transaction with its plan.
func (w *payers) check() {
	received := w.received()
	for _, p := range w.payees {
		if len(w.dropped[p.ID]) > 0 {
			require.Empty(w, w.settled[p.ID])
			require.Zero(w, received[script(w, p.Address)])
			continue
		}
		settled := w.settled[p.ID]
		require.Len(w, settled, len(w.group.Validators))
		require.Len(w, slices.Compact(settled), 1)
		require.Equal(w, settled[0].Paid, received[script(w, p.Address)])
		require.Equal(w, p.Amount, settled[0].Paid+settled[0].Share)
	}
	_, err := w.group.Digests(w.ctx) // and their audits
	require.NoError(w, err)
	s := w.status()
	require.NoError(w, s.Ledger.Check())
	require.Zero(w, s.Pending.Payments+s.Pending.Plans)
	require.NoError(w, w.books.follow(w.ctx))
	assets, _ := s.Ledger.Assets.Uint64()
	require.Equal(w, w.books.total(uint64(w.tip())), assets)
	for at := range w.books.owners {
		scanned, err := w.books.scan(w.ctx, at)
		require.NoError(w, err)
		assets -= scanned
	}
	require.Zero(w, assets, "the node says that the keys own something else")
	w.checkSent()
}

// checkSent compares published transactions with their plans.
func (w *payers) checkSent() {
	require.NotEmpty(w, w.order)
	for _, id := range w.order {
		x := w.sent[id]
		plan, ok := w.plans[id]
		require.True(w, ok, "transaction %s has no plan", id)
		require.Len(w, x.inputs, len(plan.Inputs))
		require.Equal(w, plan.Addresses(), x.outputs)
		if x.fee > 0 {
			require.Equal(w, plan.Fee, x.fee)
		}
	}
}

// accepted checks that the node took every transaction at once, but for those that
// were signed before what they spend was.
func (w *payers) accepted() {
	for i, id := range w.order {
		x := w.sent[id]
		verdicts := slices.Compact(slices.Clone(x.verdicts))
		if verdicts[0] == "missing-inputs" && slices.ContainsFunc(w.order[i:], x.spends) {
			verdicts = verdicts[1:]
		}
		require.Equal(w, []string{"allowed"}, verdicts, "transaction %s", id)
	}
}

// received is what scripts received in blocks since the group exists.
func (w *payers) received() map[string]uint64 {
	sums := make(map[string]uint64)
	for number := w.first + 1; number <= w.tip(); number++ {
		var hash, raw string
		require.NoError(w, w.call(&hash, "getblockhash", number))
		require.NoError(w, w.call(&raw, "getblock", hash, 0))
		var block wire.MsgBlock
		require.NoError(w, block.Deserialize(hex.NewDecoder(strings.NewReader(raw))))
		for _, tx := range block.Transactions {
			for _, out := range tx.TxOut {
				sums[string(out.PkScript)] += uint64(out.Value)
			}
		}
	}
	return sums
}

// script is that of an address.
func script(t require.TestingT, at coin.Address) string {
	decoded, err := address.DecodeAddress(string(at), &chaincfg.RegressionNetParams)
	require.NoError(t, err)
	script, err := txscript.PayToAddrScript(decoded)
	require.NoError(t, err)
	return string(script)
}

// decoded is a transaction as bitcoind shows it.
type decoded struct {
	Weight uint64 `json:"weight"`
	Ins    []struct {
		ID    string `json:"txid"`
		Index uint32 `json:"vout"`
	} `json:"vin"`
	Outs []struct {
		Value  json.Number `json:"value"`
		Script struct {
			Address coin.Address `json:"address"`
		} `json:"scriptPubKey"`
	} `json:"vout"`
}

// asking is a coin that asks its node what it would make of a transaction before
// it publishes it.
type asking struct {
	*bitcoin.Coin
	w *payers
}

// Publish implements coin.Publisher.
func (a asking) Publish(ctx context.Context, tx coin.Transaction) (coin.Publication, error) {
	w := a.w
	x := w.sent[tx.ID]
	if x == nil {
		x = w.look(a.Coin, tx)
		w.sent[tx.ID] = x
		w.order = append(w.order, tx.ID)
	}
	var verdicts []struct {
		Allowed bool   `json:"allowed"`
		Reason  string `json:"reject-reason"`
		Size    uint64 `json:"vsize"`
		Fees    struct {
			Base json.Number `json:"base"`
		} `json:"fees"`
	}
	require.NoError(w, w.call(&verdicts, "testmempoolaccept", []string{hex.EncodeToString(tx.Raw)}, 0))
	p, err := a.Coin.Publish(ctx, tx)
	if err != nil {
		return p, err
	}
	v := verdicts[0]
	switch {
	case p.Status == coin.Mined: // and its outputs are spent perhaps, so it is refused
		require.False(w, v.Allowed)
		return p, nil
	case v.Reason == "txn-already-in-mempool":
		require.Equal(w, coin.Accepted, p.Status)
		return p, nil
	case v.Allowed:
		require.Equal(w, coin.Accepted, p.Status, p.Reason)
		require.Equal(w, (x.weight+3)/4, v.Size)
		x.fee, err = satoshi(v.Fees.Base)
		require.NoError(w, err)
		v.Reason = "allowed"
	}
	x.verdicts, x.statuses = append(x.verdicts, v.Reason), append(x.statuses, p.Status)
	if p.Status == coin.Accepted { // also as part of a package
		require.NoError(w, w.call(nil, "getmempoolentry", tx.ID.String()))
	}
	return p, nil
}

// look reads what a transaction is made of, and compares its weight with that
// for which fees are paid.
func (w *payers) look(c *bitcoin.Coin, tx coin.Transaction) *sent {
	var d decoded
	require.NoError(w, w.call(&d, "decoderawtransaction", hex.EncodeToString(tx.Raw)))
	x := &sent{id: tx.ID, raw: bytes.Clone(tx.Raw), weight: d.Weight}
	for _, in := range d.Ins {
		x.inputs = append(x.inputs, in.ID+":"+strconv.Itoa(int(in.Index)))
	}
	for _, out := range d.Outs {
		x.outputs = append(x.outputs, out.Script.Address)
	}
	estimate, err := c.Fee(1000, make([]coin.Output, len(x.inputs)), x.outputs)
	require.NoError(w, err)
	require.Equal(w, x.weight, estimate, "transaction of %d inputs and %d outputs", len(x.inputs), len(x.outputs))
	return x
}

// spends tells whether a transaction spends an output of another.
func (x *sent) spends(id coin.TransactionID) bool {
	return slices.ContainsFunc(x.inputs, func(from string) bool { return from[:64] == id.String() })
}

func transactionID(t require.TestingT, id string) (x coin.TransactionID) {
	raw, err := hex.DecodeString(id)
	require.NoError(t, err)
	require.Len(t, raw, len(x))
	copy(x[:], raw)
	return x
}

// ids are those of transactions.
func ids(list ...*sent) (ids []coin.TransactionID) {
	for _, x := range list {
		ids = append(ids, x.id)
	}
	return ids
}

// String shows what became of a transaction, of equal answers in a row one.
func (x *sent) String() string {
	return fmt.Sprintf("%s: %d inputs, %d outputs, weight %d, fee %d, %v, %v", x.id, len(x.inputs), len(x.outputs), x.weight,
		x.fee, slices.Compact(slices.Clone(x.verdicts)), slices.Compact(slices.Clone(x.statuses)))
}
