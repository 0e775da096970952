package nodes_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor"
	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/coin/bitcoin"
	"github.com/serai-go/processor/coin/bitcoin/bitcointest"
	"github.com/serai-go/processor/coin/bitcoin/node"
	"github.com/serai-go/processor/coin/cointest"
	"github.com/serai-go/processor/coin/nodes"
	"github.com/serai-go/processor/internal/testnodes"
	"github.com/serai-go/processor/processortest"
)

// pair is a validator with a btcd and a bitcoind. Blocks are mined on btcd;
// bitcoind gets them by share.
type pair struct {
	*testing.T
	btcd, bitcoind *testnodes.Node
	user           *bitcointest.Chain
	group          *processortest.Group
	coin           *nodes.Nodes
	shared         int
	told           []processor.EventBody
}

func newPair(t *testing.T) *pair {
	p := &pair{T: t, btcd: testnodes.NeedBtcd(t, testnodes.Options{}), bitcoind: testnodes.NeedBitcoind(t, testnodes.Options{})}
	config := func(n *testnodes.Node) node.Config {
		return node.Config{URL: n.URL, User: n.User, Password: n.Password}
	}
	var err error
	p.user, err = bitcointest.Dial(t.Context(), bitcointest.Config{Node: config(p.btcd), Seed: t.Name()})
	require.NoError(t, err)
	p.share()
	var list []nodes.Node
	for _, n := range []*testnodes.Node{p.bitcoind, p.btcd} {
		c, err := bitcoin.Dial(t.Context(), bitcoin.Config{Network: bitcoin.Regtest, Node: config(n)})
		require.NoError(t, err)
		list = append(list, nodes.Node{Name: n.Name, Coin: c})
	}
	p.coin, err = nodes.Config{Patience: 2 * time.Second, Pause: 50 * time.Millisecond}.New(list...)
	require.NoError(t, err)
	p.group, err = processortest.New(processortest.Options{
		Chain: p.user, Coin: func(int) coin.Coin { return p.coin }, Weights: []uint16{1}, Threshold: 1,
	})
	require.NoError(t, err)
	p.group.OnEvent = func(_ int, e processor.EventBody) { p.told = append(p.told, e) }
	return p
}

// share gives bitcoind the blocks that it lacks.
func (p *pair) share() {
	var tip int
	require.NoError(p, p.btcd.Call(p.Context(), "getblockcount", []any{}, &tip))
	for ; p.shared < tip; p.shared++ {
		var id, raw string
		require.NoError(p, p.btcd.Call(p.Context(), "getblockhash", []any{p.shared + 1}, &id))
		require.NoError(p, p.btcd.Call(p.Context(), "getblock", []any{id, 0}, &raw))
		var refusal any
		require.NoError(p, p.bitcoind.Call(p.Context(), "submitblock", []any{raw}, &refusal))
		require.Nil(p, refusal)
	}
}

// mine makes blocks on btcd and lets the validator look.
func (p *pair) mine(blocks int, share bool) {
	p.Helper()
	for range blocks {
		require.NoError(p, p.user.Mine(p.Context(), 1))
		if share {
			p.share()
		}
		require.NoError(p, p.group.AcknowledgeAll(p.Context()))
	}
}

func (p *pair) owe(id byte) coin.Address {
	p.Helper()
	to, err := p.user.Address(p.Context())
	require.NoError(p, err)
	p.group.Append(processor.Burns{Payments: []coin.Payment{{ID: coin.PaymentID{id}, Address: to, Amount: 200_000}}})
	require.NoError(p, p.group.Run(p.Context()))
	return to
}

func (p *pair) requirePaid(to coin.Address) {
	p.Helper()
	received, err := p.user.Received(p.Context(), to)
	require.NoError(p, err)
	require.NotZero(p, received)
}

func (p *pair) status() processor.Status {
	p.Helper()
	status, err := p.group.Validators[0].Processor.Status(p.Context())
	require.NoError(p, err)
	return status
}

func (p *pair) disagreements() (n int) {
	for _, e := range p.told {
		if c, ok := e.(processor.Condition); ok && strings.Contains(c.Text, "nodes disagree") {
			n++
		}
	}
	return n
}

// TestNodeFailover stops one of two nodes in the middle of the job, and later
// moves it to another chain.
func TestNodeFailover(t *testing.T) {
	p := newPair(t)
	ctx := t.Context()
	p.group.GenerateKey(0, 0, 1)
	require.NoError(t, p.group.Run(ctx))
	require.NoError(t, p.group.ConfirmKey(ctx, 0))
	p.mine(6, true)
	ours, err := p.coin.Address(p.group.Key(0).NetworkKey, coin.External)
	require.NoError(t, err)
	for range 3 {
		_, err := p.user.Pay(ctx, cointest.Deposit{To: []cointest.Target{{Address: ours, Amount: 1_000_000}}, Data: []byte("mint")})
		require.NoError(t, err)
	}
	p.mine(8, true)
	require.Empty(t, p.status().Troubles)

	// One stops: the other is enough.
	require.NoError(t, p.bitcoind.Stop())
	first := p.owe(1)
	p.mine(3, false)
	p.requirePaid(first)
	require.Empty(t, p.status().Troubles)
	require.Equal(t, coin.NodeFailing, p.status().Nodes[0].State)
	require.Equal(t, coin.NodeWell, p.status().Nodes[1].State)
	require.NoError(t, p.bitcoind.Restart(ctx))
	p.share()
	require.Eventually(t, func() bool {
		require.NoError(t, p.group.Run(ctx))
		return p.status().Nodes[0].State == coin.NodeWell
	}, time.Minute, 100*time.Millisecond)
	p.mine(6, true)

	// It goes to a chain of its own, below what is final.
	var tip int
	var id, own string
	require.NoError(t, p.bitcoind.Call(ctx, "getblockcount", []any{}, &tip))
	require.NoError(t, p.bitcoind.Call(ctx, "getblockhash", []any{tip - 9}, &id))
	require.NoError(t, p.bitcoind.Call(ctx, "invalidateblock", []any{id}, nil))
	require.NoError(t, p.bitcoind.Generate(ctx, 10, ""))
	require.NoError(t, p.bitcoind.Call(ctx, "getblockhash", []any{tip - 9}, &own))
	require.NotEqual(t, id, own)
	second := p.owe(2)
	p.mine(4, false)
	status := p.status()
	require.Nil(t, status.Halted)
	require.Contains(t, status.Troubles["chain"], "nodes disagree")
	require.Contains(t, status.Troubles["signing"], "signing waits")
	require.Equal(t, 1, p.disagreements())
	received, err := p.user.Received(ctx, second)
	require.NoError(t, err)
	require.Zero(t, received)

	// It comes back.
	require.NoError(t, p.bitcoind.Call(ctx, "reconsiderblock", []any{id}, nil))
	require.NoError(t, p.bitcoind.Call(ctx, "invalidateblock", []any{own}, nil))
	p.share()
	p.mine(8, true)
	p.requirePaid(second)
	require.Empty(t, p.status().Troubles)
	require.Equal(t, 1, p.disagreements())
	require.NoError(t, p.group.Validators[0].Processor.Audit(ctx))
}
