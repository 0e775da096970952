package bitcoin_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/btcsuite/btcd/address/v2/bech32"
	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/coin/bitcoin/bitcointest"
	"github.com/serai-go/processor/coin/bitcoin/block"
	"github.com/serai-go/processor/coin/cointest"
	"github.com/serai-go/processor/internal/jsonrpc"
	"github.com/serai-go/processor/internal/testnodes"
)

// TestNodeOrigins pays from each form of output that there is.
func TestNodeOrigins(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		long := make([]byte, 512)
		for i := range long {
			long[i] = byte(i)
		}
		for i, origin := range []bitcointest.Origin{
			bitcointest.P2WPKH, bitcointest.P2TR, bitcointest.P2PKH, bitcointest.P2SH, bitcointest.P2WSH, bitcointest.P2PK,
		} {
			data := long[:[]int{0, 1, 75, 76, 80, 512}[i]]
			id, from, err := n.user.PayFrom(t.Context(), origin, cointest.Deposit{
				To:   []cointest.Target{{Address: n.address(t, coin.External), Amount: 20_000}},
				Data: data,
			})
			require.NoError(t, err)
			require.Equal(t, origin == bitcointest.P2PK, from == "")
			n.mine(t, 1)
			_, outputs := n.newest(t)
			require.Len(t, outputs, 1, "%d", i)
			require.Equal(t, id, outputs[0].ID.Transaction)
			require.Equal(t, from, outputs[0].Origin)
			require.Len(t, outputs[0].Data, len(data))
			require.Equal(t, data, append([]byte{}, outputs[0].Data...))
			if from != "" {
				require.NoError(t, n.coin.CheckAddress(from))
			}
		}
	})
}

// TestNodePayees pays each form of address. The real weight is the estimated
// one.
func TestNodePayees(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		inputs := n.deposit(t, 400_000, 300_000, 200_000, 100_000)
		addresses := []coin.Address{
			"mipcBbFg9gMiCh81Kj8tqqdgoZub1ZJRfn",  // P2PKH
			"2MzQwSSnBHWHqSAqtTVQ6v47XtaisrJa1Vc", // P2SH
			witnessAddress(t, 0, 20),              // P2WPKH
			witnessAddress(t, 0, 32),              // P2WSH
			witnessAddress(t, 1, 32),              // P2TR
			// Those to come.
			witnessAddress(t, 1, 31), witnessAddress(t, 1, 2), witnessAddress(t, 2, 16), witnessAddress(t, 3, 32), witnessAddress(t, 16, 2),
		}
		var payments []coin.PlannedPayment
		for _, address := range addresses {
			require.NoError(t, n.coin.CheckAddress(address))
			payments = append(payments, payment(address, 10_000))
		}
		plan := n.plan(t, 1000, inputs, payments...)
		tx := n.sign(t, plan)
		parsed, err := block.ParseTransaction(tx.Raw)
		require.NoError(t, err)
		require.Equal(t, plan.Fee, parsed.Weight(), "at one satoshi per weight unit")

		require.Equal(t, coin.Publication{Status: coin.Accepted}, n.publish(t, tx))
		n.mine(t, 1)
		_, change := n.newest(t)
		require.Len(t, change, 1)
		require.Equal(t, plan.Own[0].Amount, change[0].Amount)

		// The least that relay takes of each is what a plan may pay.
		payments = nil
		for _, p := range plan.Payments {
			payments = append(payments, payment(p.Address, leastFor(t, n, change, p.Address)))
		}
		tx = n.sign(t, n.plan(t, 1000, change, payments...))
		require.Equal(t, coin.Publication{Status: coin.Accepted}, n.publish(t, tx))
	})
}

// witnessAddress is the address of a witness program of sevens.
func witnessAddress(t *testing.T, version byte, size int) coin.Address {
	data, err := bech32.ConvertBits(bytes.Repeat([]byte{7}, size), 8, 5, true)
	require.NoError(t, err)
	encode := bech32.EncodeM
	if version == 0 {
		encode = bech32.Encode
	}
	text, err := encode("bcrt", append([]byte{version}, data...))
	require.NoError(t, err)
	return coin.Address(text)
}

// leastFor finds the least amount that a plan may pay to an address.
func leastFor(t *testing.T, n *network, inputs []coin.Output, address coin.Address) uint64 {
	low, high := uint64(0), uint64(10_000) // refused, taken
	for low+1 < high {
		middle := (low + high) / 2
		if _, err := n.coin.Prepare(t.Context(), n.plan(t, 1000, inputs, payment(address, middle)), coin.BlockID{}); err != nil {
			low = middle
		} else {
			high = middle
		}
	}
	return high
}

// TestNodePublish goes through the answers of a node.
func TestNodePublish(t *testing.T) {
	onEach(t, func(t *testing.T, n *network) {
		outputs := n.deposit(t, 100_000, 100_000, 100_000, 100_000)
		status := func(tx coin.Transaction) coin.PublicationStatus {
			p := n.publish(t, tx)
			require.Equal(t, p.Status == coin.Accepted || p.Status == coin.Mined, p.Reason == "", p)
			return p.Status
		}
		first := n.sign(t, n.plan(t, 1000, outputs[:1]))
		require.Equal(t, coin.Accepted, status(first))
		require.Equal(t, coin.Accepted, status(first), "again")

		// Not enough to replace it.
		rival := n.sign(t, n.plan(t, 1001, outputs[:1]))
		require.Equal(t, coin.Conflict, status(rival))
		// Enough.
		better := n.sign(t, n.plan(t, 4000, outputs[:1]))
		require.Equal(t, coin.Accepted, status(better))
		require.Equal(t, coin.Conflict, status(first))

		child := n.sign(t, n.plan(t, 1000, []coin.Output{{
			ID: coin.OutputID{Transaction: better.ID}, Session: 1, Kind: coin.Change,
			Amount: 100_000 - feeAt(t, n, 4000, outputs[:1]),
		}}))
		require.Equal(t, coin.Accepted, status(child), "on top of one that is not mined")

		cheap := n.sign(t, n.plan(t, 100, outputs[1:2]))
		require.Equal(t, coin.FeeTooLow, status(cheap))

		// Signed, but not by the key: the node refuses for its own reasons.
		broken := n.sign(t, n.plan(t, 1000, outputs[2:3]))
		broken.Raw[len(broken.Raw)-10] ^= 1
		require.Equal(t, coin.Rejected, status(broken))

		orphan := n.sign(t, n.plan(t, 1000, []coin.Output{{
			ID: coin.OutputID{Transaction: coin.TransactionID{1}}, Session: 1, Amount: 50_000,
		}}))
		require.Equal(t, coin.Conflict, status(orphan))

		n.mine(t, 1)
		require.Equal(t, coin.Mined, status(better))
		require.Equal(t, coin.Mined, status(child))
		require.Equal(t, coin.Mined, status(better), "though all its outputs are spent")
		require.Equal(t, coin.Conflict, status(rival))

		// A block that the chain no longer has does not count.
		require.NoError(t, n.user.Fork(t.Context(), 1, false))
		require.Equal(t, coin.Accepted, status(better))
		require.Equal(t, coin.Accepted, status(child))
		n.mine(t, 1)
		require.Equal(t, coin.Mined, status(child))

		raw, err := n.coin.Transaction(t.Context(), child.ID)
		require.NoError(t, err)
		require.Equal(t, child.Raw, raw)
		_, err = n.coin.Transaction(t.Context(), rival.ID)
		require.ErrorIs(t, err, coin.ErrNotFound)

		// A node that is gone says nothing about the transaction.
		require.NoError(t, n.node.Stop())
		_, err = n.coin.Publish(t.Context(), child)
		require.ErrorIs(t, err, coin.ErrTransient)
		_, err = n.coin.Tip(t.Context())
		require.ErrorIs(t, err, coin.ErrTransient)
	})
}

func feeAt(t *testing.T, n *network, rate uint64, inputs []coin.Output) uint64 {
	return n.plan(t, rate, inputs).Fee
}

// TestNodesAgree feeds one chain to the other node: whatever is read of it is
// the same.
func TestNodesAgree(t *testing.T) {
	ctx := t.Context()
	other := testnodes.NeedBitcoind(t, testnodes.Options{})
	n := newNetwork(t, testnodes.NeedBtcd(t, testnodes.Options{}))
	for i := range 6 {
		for j := range 3 * i {
			_, err := n.user.Pay(ctx, cointest.Deposit{
				To:        []cointest.Target{{Address: n.address(t, coin.Kinds[j%4]), Amount: uint64(30_000 + j)}},
				Data:      fmt.Appendf(nil, "%d %d", i, j),
				Anonymous: j%4 == 3,
			})
			require.NoError(t, err)
		}
		n.mine(t, 1)
		if _, outputs := n.newest(t); len(outputs) > 1 {
			n.publish(t, n.sign(t, n.plan(t, uint64(700*i), outputs)))
		}
	}
	n.mine(t, 1)
	tip, err := n.coin.Tip(ctx)
	require.NoError(t, err)
	for number := range tip {
		var hash string
		var raw jsonrpc.Hex
		var refused *string
		require.NoError(t, n.node.Call(ctx, "getblockhash", []any{number + 1}, &hash))
		require.NoError(t, n.node.Call(ctx, "getblock", []any{hash, 0}, &raw))
		require.NoError(t, other.Call(ctx, "submitblock", []any{raw}, &refused))
		require.Nil(t, refused)
	}
	theirs, err := dial(ctx, other)
	require.NoError(t, err)
	rates := make(map[uint64]int)
	for number := range tip + 1 {
		header, err := n.coin.Header(ctx, number)
		require.NoError(t, err)
		their, err := theirs.Header(ctx, number)
		require.NoError(t, err)
		require.Equal(t, header, their)

		rate, err := n.coin.BlockRate(ctx, header)
		require.NoError(t, err)
		theirRate, err := theirs.BlockRate(ctx, header)
		require.NoError(t, err)
		require.Equal(t, rate, theirRate)
		rates[rate]++

		b, err := n.coin.Block(ctx, header)
		require.NoError(t, err)
		theirBlock, err := theirs.Block(ctx, header)
		require.NoError(t, err)
		outputs, err := n.coin.Outputs(ctx, b, []coin.Key{n.key})
		require.NoError(t, err)
		theirOutputs, err := theirs.Outputs(ctx, theirBlock, []coin.Key{n.key})
		require.NoError(t, err)
		require.Equal(t, outputs, theirOutputs)

		if number > 0 { // what bitcoind calls the median time counts the block itself
			var info struct {
				MedianTime uint64 `json:"mediantime"`
			}
			require.NoError(t, other.Call(ctx, "getblockheader", []any{header.Parent.String(), true}, &info))
			require.Equal(t, info.MedianTime, header.Time)
		}
	}
	require.Greater(t, len(rates), 4, "there are blocks with several rates: %v", rates)
}
