package bitcoin_test

import (
	"context"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/coin/bitcoin"
	"github.com/serai-go/processor/coin/bitcoin/bitcointest"
	"github.com/serai-go/processor/coin/bitcoin/node"
	"github.com/serai-go/processor/coin/cointest"
	"github.com/serai-go/processor/frost"
	"github.com/serai-go/processor/frost/frosttest"
	"github.com/serai-go/processor/internal/testnodes"
)

// onEach runs a test on each kind of node.
func onEach(t *testing.T, test func(*testing.T, *network)) {
	t.Run("btcd", func(t *testing.T) { test(t, newNetwork(t, testnodes.NeedBtcd(t, testnodes.Options{}))) })
	t.Run("bitcoind", func(t *testing.T) { test(t, newNetwork(t, testnodes.NeedBitcoind(t, testnodes.Options{}))) })
}

// network is a node with a user, and a group of one validator.
type network struct {
	node  *testnodes.Node
	user  *bitcointest.Chain
	coin  coin.Coin
	key   coin.Key
	all   *frost.PublicKey
	share *frost.KeyShare
}

func newNetwork(t *testing.T, n *testnodes.Node) *network {
	user, err := bitcointest.Dial(t.Context(), bitcointest.Config{Node: config(n)})
	require.NoError(t, err)
	all, shares, err := frosttest.Deal(rand.NewChaCha8([32]byte{1}), user.Coin().Group(), 1, []uint16{1})
	require.NoError(t, err)
	return &network{n, user, user.Coin(), coin.Key{Session: 1, Key: all.Key().Bytes()}, all, shares[0]}
}

func config(n *testnodes.Node) node.Config {
	return node.Config{URL: n.URL, User: n.User, Password: n.Password}
}

func dial(ctx context.Context, n *testnodes.Node) (*bitcoin.Coin, error) {
	return bitcoin.Dial(ctx, bitcoin.Config{Network: bitcoin.Regtest, Node: config(n)})
}

func (n *network) address(t *testing.T, kind coin.Kind) coin.Address {
	address, err := n.coin.Address(n.key.Key, kind)
	require.NoError(t, err)
	return address
}

func (n *network) mine(t *testing.T, blocks int) {
	require.NoError(t, n.user.Mine(t.Context(), blocks))
}

// newest returns the newest block and what the group has in it.
func (n *network) newest(t *testing.T) (coin.Block, []coin.Output) {
	tip, err := n.coin.Tip(t.Context())
	require.NoError(t, err)
	header, err := n.coin.Header(t.Context(), tip)
	require.NoError(t, err)
	b, err := n.coin.Block(t.Context(), header)
	require.NoError(t, err)
	outputs, err := n.coin.Outputs(t.Context(), b, []coin.Key{n.key})
	require.NoError(t, err)
	return b, outputs
}

// deposit pays the group, to each kind an amount, and mines it.
func (n *network) deposit(t *testing.T, amounts ...uint64) []coin.Output {
	var d cointest.Deposit
	for i, amount := range amounts {
		d.To = append(d.To, cointest.Target{
			Address: n.address(t, coin.Kinds[i%len(coin.Kinds)]), Amount: amount,
		})
	}
	_, err := n.user.Pay(t.Context(), d)
	require.NoError(t, err)
	n.mine(t, 1)
	_, outputs := n.newest(t)
	require.Len(t, outputs, len(amounts))
	return outputs
}

// plan spends the inputs at a rate. What the payments leave is change.
func (n *network) plan(t *testing.T, rate uint64, inputs []coin.Output, payments ...coin.PlannedPayment) coin.Plan {
	p := coin.Plan{Key: n.key, Inputs: inputs, Payments: payments}
	p.Own = []coin.OwnOutput{{Kind: coin.Change, Session: n.key.Session, Address: n.address(t, coin.Change)}}
	var err error
	p.Fee, err = n.coin.Fee(rate, inputs, p.Addresses())
	require.NoError(t, err)
	left := -p.Fee
	for _, input := range inputs {
		left += input.Amount
	}
	for _, payment := range payments {
		left -= payment.Paid
	}
	p.Own[0].Amount = left
	return p
}

// sign has the group sign a plan.
func (n *network) sign(t *testing.T, p coin.Plan) coin.Transaction {
	prepared, err := n.coin.Prepare(t.Context(), p, coin.BlockID{})
	require.NoError(t, err)
	work, err := n.coin.Work(p, prepared)
	require.NoError(t, err)
	nonces, commitment, err := frost.Commit(rand.NewChaCha8([32]byte{2}), n.share, work, prepared)
	require.NoError(t, err)
	session, err := frost.NewSession(n.all, work, prepared, []frost.Member{{Validator: 0, Commitment: commitment}})
	require.NoError(t, err)
	share, err := session.Sign(n.share, nonces)
	require.NoError(t, err)
	signatures, err := session.Aggregate([][]byte{share})
	require.NoError(t, err)
	tx, err := n.coin.Assemble(p, prepared, signatures)
	require.NoError(t, err)
	return tx
}

func (n *network) publish(t *testing.T, tx coin.Transaction) coin.Publication {
	p, err := n.user.Publish(t.Context(), tx)
	require.NoError(t, err)
	return p
}

func payment(address coin.Address, amount uint64) coin.PlannedPayment {
	return coin.PlannedPayment{Payment: coin.Payment{Address: address, Amount: amount}, Paid: amount}
}
