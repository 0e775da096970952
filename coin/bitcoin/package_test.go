package bitcoin_test

import (
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/coin/bitcoin"
	"github.com/serai-go/processor/coin/bitcoin/block"
	"github.com/serai-go/processor/coin/cointest"
	"github.com/serai-go/processor/internal/testnodes"
)

// tree is a signed payment tree: a root with branches and change. Its children
// are signed as they are asked for.
type tree struct {
	*network
	plan coin.Plan
	root coin.Transaction
	own  []coin.Output // the branches, behind them the change
}

const branchAmount = 150_000

func (n *network) tree(t *testing.T, rate uint64, input coin.Output, branches int) *tree {
	w := &tree{network: n, plan: coin.Plan{Key: n.key, Inputs: []coin.Output{input}}}
	for range branches {
		w.plan.Own = append(w.plan.Own, coin.OwnOutput{
			Kind: coin.Branch, Session: n.key.Session, Address: n.address(t, coin.Branch), Amount: branchAmount,
		})
	}
	w.plan.Own = append(w.plan.Own, coin.OwnOutput{Kind: coin.Change, Session: n.key.Session, Address: n.address(t, coin.Change)})
	var err error
	w.plan.Fee, err = n.coin.Fee(rate, w.plan.Inputs, w.plan.Addresses())
	require.NoError(t, err)
	w.plan.Own[branches].Amount = input.Amount - w.plan.Fee - uint64(branches)*branchAmount
	w.own, err = n.coin.Unconfirmed(w.plan)
	require.NoError(t, err)
	w.root = n.sign(t, w.plan)
	return w
}

// bump spends the change.
func (w *tree) bump(t *testing.T, rate uint64) coin.Transaction {
	return w.sign(t, w.network.plan(t, rate, w.own[len(w.own)-1:]))
}

// leaf pays all of a branch to so many payees.
func (w *tree) leaf(t *testing.T, i int, rate uint64, payees int) coin.Transaction {
	p := coin.Plan{Key: w.key, Inputs: w.own[i : i+1]}
	for range payees {
		p.Payments = append(p.Payments, payment(witnessAddress(t, 1, 32), 330))
	}
	var err error
	p.Fee, err = w.coin.Fee(rate, p.Inputs, p.Addresses())
	require.NoError(t, err)
	left := branchAmount - p.Fee - uint64(payees-1)*330
	p.Payments[0] = payment(p.Payments[0].Address, left)
	return w.sign(t, p)
}

func (w *tree) require(t *testing.T, status coin.PublicationStatus, txs ...coin.Transaction) {
	t.Helper()
	for i, tx := range txs {
		p := w.publish(t, tx)
		require.Equal(t, status, p.Status, "%d: %s", i, p.Reason)
		require.Equal(t, status == coin.Accepted || status == coin.Mined, p.Reason == "", p)
	}
}

// waits tells whether a transaction is in the memory pool.
func (n *network) waits(t *testing.T, tx coin.Transaction) bool {
	var ids []string
	require.NoError(t, n.node.Call(t.Context(), "getrawmempool", nil, &ids))
	return slices.Contains(ids, tx.ID.String())
}

// leastRate is what bitcoind wants at present, in satoshi per 1000 weight units.
func (n *network) leastRate(t *testing.T) uint64 {
	var pool struct {
		Least float64 `json:"mempoolminfee"`
	}
	require.NoError(t, n.node.Call(t.Context(), "getmempoolinfo", nil, &pool))
	return uint64(math.Round(pool.Least * 1e8 / 4))
}

// fill pays until a memory pool of 5 MB is full, and wants more than it did.
func (n *network) fill(t *testing.T) {
	big := cointest.Deposit{To: slices.Repeat([]cointest.Target{{Address: n.address(t, coin.External), Amount: 1_000}}, 2_300)}
	before := n.leastRate(t)
	for range 48 {
		_, err := n.user.Pay(t.Context(), big)
		require.NoError(t, err)
		if n.leastRate(t) > 3*before {
			return
		}
	}
	require.FailNow(t, "the memory pool is not full")
}

// Trees that a full memory pool has evicted come back, in whatever order what
// belongs to them is published. This is bitcoind's: btcd's memory pool is never
// full, and takes no packages.
func TestNodeEvictedTree(t *testing.T) {
	n := newNetwork(t, testnodes.NeedBitcoind(t, testnodes.Options{Args: []string{"-maxmempool=5"}}))
	var trees []*tree
	const rate = 600 // of the roots
	for _, input := range n.deposit(t, slices.Repeat([]uint64{1_000_000}, 8)...) {
		trees = append(trees, n.tree(t, rate, input, 2))
	}
	evicted, bumped := trees[0], trees[1]
	evicted.require(t, coin.Accepted, evicted.root, evicted.leaf(t, 0, 2*rate, 1))
	bump := bumped.bump(t, 40_000)
	bumped.require(t, coin.Accepted, bumped.root, bump)
	n.fill(t)
	least := n.leastRate(t)
	t.Logf("the memory pool wants %d", least)
	require.Greater(t, least, uint64(rate))
	require.False(t, n.waits(t, evicted.root))
	require.True(t, n.waits(t, bumped.root), "its child pays for it")

	t.Run("InOrder", func(t *testing.T) {
		w := evicted
		w.require(t, coin.FeeTooLow, w.root)
		w.require(t, coin.Accepted, w.bump(t, 20_000), w.root, w.leaf(t, 0, 2*least, 1), w.leaf(t, 1, 2*least, 1))
		require.True(t, n.waits(t, w.root))
	})
	t.Run("RootBelowTheMinimum", func(t *testing.T) {
		w := bumped
		w.require(t, coin.Accepted, w.root, w.leaf(t, 0, 2*least, 1), bump)
		w.require(t, coin.FeeTooLow, w.leaf(t, 1, least-10, 1))
		w.require(t, coin.Accepted, w.leaf(t, 1, least+10, 1))
	})
	t.Run("LeafBringsTheRoot", func(t *testing.T) {
		w := trees[2]
		w.require(t, coin.Conflict, w.leaf(t, 0, 20_000, 1)) // nobody knows the root
		w.require(t, coin.FeeTooLow, w.root)
		w.require(t, coin.Accepted, w.leaf(t, 0, 20_000, 1), w.leaf(t, 1, 2*least, 1), w.bump(t, 2*least), w.root)
	})
	t.Run("LeafBeforeTheBump", func(t *testing.T) {
		w := trees[3]
		leaf, bump := w.leaf(t, 0, least+10, 1), w.bump(t, 20_000)
		w.require(t, coin.FeeTooLow, w.root, leaf)
		w.require(t, coin.Accepted, bump)
		w.require(t, coin.Accepted, w.root, leaf, bump)
	})
	t.Run("BumpOfTooLittle", func(t *testing.T) {
		w := trees[4]
		little, more, most := w.bump(t, least), w.bump(t, 20_000), w.bump(t, 30_000)
		w.require(t, coin.FeeTooLow, w.root, little)
		w.require(t, coin.Accepted, more, most, w.root)
		w.require(t, coin.Conflict, little, more)
		require.True(t, n.waits(t, most))
	})
	t.Run("RootIsReplaced", func(t *testing.T) {
		w := trees[5]
		other := n.sign(t, n.plan(t, 20_000, w.plan.Inputs))
		w.require(t, coin.FeeTooLow, w.root)
		w.require(t, coin.Accepted, other)
		w.require(t, coin.Conflict, w.bump(t, 40_000), w.leaf(t, 0, 40_000, 1), w.root)
	})
	t.Run("Mined", func(t *testing.T) {
		w := trees[6]
		bump := w.bump(t, 60_000)
		w.require(t, coin.FeeTooLow, w.root)
		w.require(t, coin.Accepted, bump)
		n.mine(t, 1)
		w.require(t, coin.Mined, w.root, bump)
		w.require(t, coin.Conflict, w.bump(t, 70_000))
	})
	t.Run("NodeRestarts", func(t *testing.T) {
		w := trees[7]
		bump, leaf := w.bump(t, 50_000), w.leaf(t, 0, 50_000, 1)
		require.NoError(t, n.node.Restart(t.Context()))
		w.require(t, coin.Accepted, w.root) // its memory is not full yet
		n.fill(t)
		require.False(t, n.waits(t, w.root))
		w.require(t, coin.FeeTooLow, w.root)
		w.require(t, coin.Accepted, leaf, bump, w.root)
	})
}

// A node that wants more after a restart forgets a tree, and takes it back when
// it wants less: what is below its own setting comes in with no package.
func TestNodeRaisesItsMinimum(t *testing.T) {
	n := newNetwork(t, testnodes.NeedBitcoind(t, testnodes.Options{}))
	w := n.tree(t, 600, n.deposit(t, 1_000_000)[0], 2)
	bump, leaf := w.bump(t, 20_000), w.leaf(t, 0, 5_000, 1)
	w.require(t, coin.Accepted, w.root, bump, leaf)
	settings := filepath.Join(n.node.Dir, "regtest", "settings.json")
	restart := func(s string) {
		require.NoError(t, n.node.Stop())
		require.NoError(t, os.WriteFile(settings, []byte(s), 0o600))
		require.NoError(t, n.node.Restart(t.Context()))
	}
	restart(`{"minrelaytxfee":"0.00004"}`)
	require.Equal(t, uint64(1000), n.leastRate(t))
	require.False(t, n.waits(t, w.root))
	w.require(t, coin.FeeTooLow, w.root, bump, leaf)
	require.False(t, n.waits(t, w.root))

	restart(`{"minrelaytxfee":"0.00002"}`)
	w.require(t, coin.Accepted, w.root, leaf, bump)
	n.mine(t, 1)
	w.require(t, coin.Mined, w.root, leaf, bump)
}

// A tree as large as parameters may let it be has room for a bump and the
// versions of it, and for nothing else.
func TestNodeLargestTree(t *testing.T) {
	n := newNetwork(t, testnodes.NeedBitcoind(t, testnodes.Options{}))
	inputs := n.deposit(t, 5_000_000, 5_000_000)
	t.Run("Descendants", func(t *testing.T) {
		const most = 23
		rules := n.coin.Parameters()
		rules.Descendants = most
		_, err := bitcoin.New(nil, bitcoin.Regtest, rules)
		require.NoError(t, err)
		w := n.tree(t, 600, inputs[0], most+2)
		w.require(t, coin.Accepted, w.root)
		for i := range most {
			w.require(t, coin.Accepted, w.leaf(t, i, 1200, 1))
		}
		w.require(t, coin.Accepted, w.bump(t, 5_000), w.bump(t, 10_000))
		// Nodes let one small child more in, and on no account a second.
		w.require(t, coin.Accepted, w.leaf(t, most, 1200, 1))
		w.require(t, coin.Rejected, w.leaf(t, most+1, 1200, 1))
		n.mine(t, 1)
		w.require(t, coin.Accepted, w.leaf(t, most+1, 1200, 1))
	})
	t.Run("Weight", func(t *testing.T) {
		const children = 8
		rules := n.coin.Parameters()
		rules.Descendants, rules.DescendantsWeight = children, 404_000-444-3*(1+children)
		_, err := bitcoin.New(nil, bitcoin.Regtest, rules)
		require.NoError(t, err)
		w := n.tree(t, 600, inputs[1], children)
		left := rules.DescendantsWeight - w.plan.Fee*1000/600
		w.require(t, coin.Accepted, w.root)
		for i := range children {
			const input, output = 274, 172 // of a leaf, with 3 bytes for the count of outputs
			leaf := w.leaf(t, i, 250, int(left/uint64(children-i)-input-8)/output)
			parsed, err := block.ParseTransaction(leaf.Raw)
			require.NoError(t, err)
			w.require(t, coin.Accepted, leaf)
			left -= parsed.Weight()
		}
		require.Less(t, left, uint64(200), "there is no room for an output more")
		w.require(t, coin.Accepted, w.bump(t, 5_000), w.bump(t, 10_000))
		n.mine(t, 1)
	})
}
