package processortest_test

import (
	"context"
	"slices"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/coin/monero"
	"github.com/serai-go/processor/coin/monero/block"
	"github.com/serai-go/processor/coin/monero/fee"
	"github.com/serai-go/processor/coin/monero/monerotest"
	"github.com/serai-go/processor/coin/monero/node"
	"github.com/serai-go/processor/internal/testnodes"
	"github.com/serai-go/processor/scheduler"
)

// moneroValidator is the coin of a validator. What it publishes is looked at.
type moneroValidator struct {
	*monero.Coin
	w         *moneros
	validator int
}

// Publish implements coin.Publisher.
func (c moneroValidator) Publish(ctx context.Context, tx coin.Transaction) (coin.Publication, error) {
	w := c.w
	if w.publish != nil {
		return w.publish(c.validator, tx)
	}
	p, err := c.Coin.Publish(ctx, tx)
	if err != nil {
		return p, err
	}
	// Two sets may have signed, and the other transaction be the one that counts.
	if p.Status == coin.Conflict && w.spent(tx.Spends...) {
		return p, nil
	}
	require.Contains(w, []coin.PublicationStatus{coin.Accepted, coin.Mined}, p.Status, "%s", p.Reason)
	w.took(tx)
	return p, nil
}

// took takes notice of a transaction that a node took.
func (w *moneros) took(tx coin.Transaction) {
	if w.sent[tx.ID] {
		return
	}
	w.sent[tx.ID] = true
	t, err := block.ParseTransaction(tx.Raw)
	require.NoError(w, err)
	w.raws = append(w.raws, t)
	var estimate struct {
		Fees []uint64 `json:"fees"`
		Mask uint64   `json:"quantization_mask"`
	}
	require.NoError(w, w.daemon.Call(w.ctx, "get_fee_estimate", map[string]any{}, &estimate))
	require.GreaterOrEqual(w, t.Fee(), fee.Of(t.Weight(), estimate.Fees[0], estimate.Mask))
	// Twice the rate if nothing comes back, and room for longer offsets of rings.
	require.Less(w, t.Fee(), 3*fee.Of(t.Weight(), estimate.Fees[0], estimate.Mask))
	require.Equal(w, 16, t.RingSize())
}

// spent tells whether all key images were seen, in blocks or in the pool.
func (w *moneros) spent(images ...[]byte) bool {
	var list [][32]byte
	for _, image := range images {
		list = append(list, [32]byte(image))
	}
	seen, err := w.client.KeyImages(w.ctx, list)
	require.NoError(w, err)
	return !slices.Contains(seen, node.Unspent)
}

// check compares, in the end, what payees' wallets hold with what was settled,
// and the books with what users paid in and got.
func (w *moneros) check() {
	paid := make(map[coin.Address]uint64)
	var out uint64
	for _, p := range w.burns {
		settled := w.settled[p.ID]
		require.Len(w, slices.Compact(settled), 1)
		require.Equal(w, p.Amount, settled[0].Paid+settled[0].Share)
		paid[p.Address] += settled[0].Paid
		out += settled[0].Paid
	}
	received := make(map[coin.Address]uint64)
	for _, one := range w.wallets {
		one.receive(received)
	}
	require.Equal(w, paid, received, "what payees' wallets see")

	_, err := w.group.Digests(w.ctx) // and their audits
	require.NoError(w, err)
	s := w.status()
	require.NoError(w, s.Ledger.Check())
	require.Zero(w, s.Pending.Payments+s.Pending.Plans)
	for _, b := range []scheduler.Balance{s.Ledger.Owed, s.Ledger.Accepted, s.Ledger.RefundsDue, s.Ledger.WrittenOff} {
		require.Equal(w, scheduler.Balance{}, b)
	}
	assets, _ := s.Ledger.Assets.Uint64()
	fees, _ := s.Ledger.NetworkFees.Uint64()
	require.Equal(w, w.in, assets+out+fees, "every piconero")

	// All that was published is in blocks, and its inputs are spent.
	var mined uint64
	for _, t := range w.raws {
		found, err := w.client.Transaction(w.ctx, t.Hash())
		if err != nil { // another set's took its place
			require.ErrorIs(w, err, coin.ErrNotFound)
			continue
		}
		require.False(w, found.Pool)
		mined += t.Fee()
		for _, in := range t.Inputs() {
			seen, err := w.client.KeyImages(w.ctx, [][32]byte{in.KeyImage})
			require.NoError(w, err)
			require.Equal(w, []node.Spent{node.SpentInChain}, seen)
		}
	}
	require.Equal(w, fees, mined, "network fees")
}

// moneroWallet is a payee: a monero-wallet-rpc.
type moneroWallet struct {
	w     *moneros
	rpc   *testnodes.Node
	addrs []coin.Address // by index in account 0
}

func newMoneroWallet(w *moneros) *moneroWallet {
	one := &moneroWallet{w: w, rpc: testnodes.NeedMoneroWallet(w.T, testnodes.Options{Daemon: w.daemon.URL})}
	params := map[string]any{"filename": "payee", "language": "English"}
	require.NoError(w, one.rpc.Call(w.ctx, "create_wallet", params, nil))
	var account struct {
		Address coin.Address `json:"address"`
	}
	require.NoError(w, one.rpc.Call(w.ctx, "get_address", map[string]any{"account_index": 0}, &account))
	one.addrs = []coin.Address{account.Address}
	return one
}

// address hands out one of a payee's wallet: of each wallet the main address once
// in ten times, else a subaddress of its own.
func (w *moneros) address() coin.Address {
	one, turn := w.wallets[w.handed%len(w.wallets)], w.handed/len(w.wallets)
	w.handed++
	if turn%10 == 0 {
		return one.addrs[0]
	}
	var made struct {
		Address coin.Address `json:"address"`
	}
	require.NoError(w, one.rpc.Call(w.ctx, "create_address", map[string]any{"account_index": 0}, &made))
	one.addrs = append(one.addrs, made.Address)
	return made.Address
}

// receive adds what the wallet's addresses received.
func (one *moneroWallet) receive(sums map[coin.Address]uint64) {
	require.NoError(one.w, one.rpc.Call(one.w.ctx, "refresh", map[string]any{"start_height": 0}, nil))
	seen, err := monerotest.Seen(one.w.ctx, one.rpc, 0)
	require.NoError(one.w, err)
	for _, s := range seen {
		sums[one.addrs[s.Address.Address]] += s.Amount
	}
}
