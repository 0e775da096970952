package spend_test

import (
	"cmp"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/coin/cointest"
	"github.com/serai-go/processor/coin/monero"
	"github.com/serai-go/processor/coin/monero/address"
	"github.com/serai-go/processor/coin/monero/block"
	"github.com/serai-go/processor/coin/monero/keys"
	"github.com/serai-go/processor/coin/monero/monerotest"
	"github.com/serai-go/processor/coin/monero/node"
	"github.com/serai-go/processor/coin/monero/scan"
	"github.com/serai-go/processor/coin/monero/spend"
	"github.com/serai-go/processor/internal/testnodes"
)

// world is a regtest chain on which the group of the tests owns outputs.
type world struct {
	*maker
	chain  *monerotest.Chain
	client *node.Client
	main   coin.Address // of the user
	group  wallet       // without the private spend key
	owned  []owned
}

// owned is an output of the group with its global index.
type owned struct {
	scan.Output
	global uint64
}

const (
	unlocked         = 10 // blocks until an output can be spent
	coinbaseUnlocked = 60 // blocks until a miner's can be
	deposits         = 15 // with one transaction
	deposit          = 100_000_000_000
)

func newWorld(t *testing.T) *world {
	daemon := testnodes.NeedMonerod(t, testnodes.Options{})
	user := testnodes.NeedMoneroWallet(t, testnodes.Options{Daemon: daemon.URL})
	w := &world{maker: newMaker(1)}
	var err error
	w.chain, err = monerotest.New(t.Context(), monerotest.Config{Daemon: daemon, Wallet: user, Coin: monero.Config{}})
	require.NoError(t, err)
	t.Cleanup(w.chain.Close)
	var account struct {
		Address coin.Address `json:"address"`
	}
	require.NoError(t, user.Call(t.Context(), "get_address", map[string]any{"account_index": 0}, &account))
	w.main = account.Address
	chain := node.Chain{Genesis: w.chain.Coin().Genesis(), Network: "fakechain"}
	w.client, err = node.Dial(t.Context(), monerotest.NodeConfig(daemon), chain, false)
	require.NoError(t, err)
	t.Cleanup(w.client.Close)

	view, err := keys.NewViewKey(w.scalar().Bytes())
	require.NoError(t, err)
	w.group.pair, err = keys.NewViewPair(view, theGroup().point.Bytes())
	require.NoError(t, err)
	return w
}

// fund lets the user pay the group.
func (w *world) fund(t *testing.T, transactions int) {
	for range transactions {
		var to []cointest.Target
		for i := range deposits {
			index := indices[i%len(indices)]
			a := w.group.address(index.Account, index.Address)
			to = append(to, cointest.Target{Address: coin.Address(a.String()), Amount: deposit + uint64(i)})
		}
		_, err := w.chain.Pay(t.Context(), cointest.Deposit{To: to})
		require.NoError(t, err)
	}
	require.NoError(t, w.chain.Mine(t.Context(), unlocked))
	w.find(t)
	require.Len(t, w.owned, transactions*deposits)
}

// find looks for all outputs of the group.
func (w *world) find(t *testing.T) {
	tip, err := w.client.Tip(t.Context())
	require.NoError(t, err)
	w.owned = nil
	for b, err := range w.client.Blocks(t.Context(), 1, tip) {
		require.NoError(t, err)
		for _, o := range scanner(t, w.group).Scan(nil, b.Transactions, 0) {
			w.owned = append(w.owned, owned{o, b.Indexes[o.Transaction][o.Index]})
		}
	}
}

// spend takes an output out of those that the group owns.
func (w *world) spend(t *testing.T, tip uint64) spend.Input {
	own := w.owned[0]
	w.owned = w.owned[1:]
	in := spend.Input{Key: own.Key, Commitment: own.Commitment, Amount: own.Amount}
	var err error
	in.Mask, err = keys.DecodeScalar(own.Mask[:])
	require.NoError(t, err)
	in.Offset, err = keys.DecodeScalar(own.Offset[:])
	require.NoError(t, err)
	in.Ring = append(w.decoys(t, tip, own.global), spend.Member{Index: own.global, Key: own.Key, Commitment: own.Commitment})
	slices.SortFunc(in.Ring, func(a, b spend.Member) int { return cmp.Compare(a.Index, b.Index) })
	in.Real = slices.IndexFunc(in.Ring, func(m spend.Member) bool { return m.Index == own.global })
	return in
}

// decoys returns outputs that could be spent, none of them the real one.
func (w *world) decoys(t *testing.T, tip, real uint64) (decoys []spend.Member) {
	var candidates []uint64
	for i := range real + 1 {
		candidates = append(candidates, i)
	}
	w.random.Shuffle(len(candidates), func(i, j int) { candidates[i], candidates[j] = candidates[j], candidates[i] })
	outs, err := w.client.Outs(t.Context(), candidates)
	require.NoError(t, err)
	for _, o := range outs {
		if o.Index == real {
			continue
		}
		if o.Height+coinbaseUnlocked <= tip && len(decoys) < spend.RingSize-1 {
			decoys = append(decoys, spend.Member{Index: o.Index, Key: o.Key, Commitment: o.Commitment})
		}
	}
	require.Len(t, decoys, spend.RingSize-1)
	return decoys
}

// TestNode has monerod take transactions and the reference wallet find what they
// pay.
func TestNode(t *testing.T) {
	w := newWorld(t)
	w.fund(t, 13)
	for _, c := range []struct {
		inputs int
		to     []string // m: main address of the user, s: a subaddress, t: the same again, g: the group
	}{
		{1, []string{"s"}}, {1, []string{"m"}}, {1, []string{"m", "g"}}, {2, []string{"s", "g"}}, {2, []string{"s", "t"}}, {1, []string{"m", "m", "m"}},
		{3, []string{"m", "s", "t", "s", "s", "m", "g", "g", "s", "s", "s", "s", "s", "s", "s", "g"}},
		{16, []string{"g"}}, {20, []string{"s", "m", "g"}}, {spend.MaxInputs, slices.Repeat([]string{"s", "t"}, 8)},
	} {
		t.Run(fmt.Sprintf("%d inputs to %v", c.inputs, c.to), func(t *testing.T) { w.pay(t, c.inputs, c.to) })
	}
	w.spendAgain(t)
}

// pay pays what inputs hold to some addresses.
func (w *world) pay(t *testing.T, inputs int, to []string) {
	ctx := t.Context()
	tip, err := w.client.Tip(ctx)
	require.NoError(t, err)
	d := spend.Draft{Seed: w.seed()}
	var rest uint64
	for range inputs {
		in := w.spend(t, tip)
		rest += in.Amount
		d.Inputs = append(d.Inputs, in)
	}
	var stranger coin.Address
	before := map[coin.Address]uint64{}
	for _, kind := range to {
		if kind == "m" {
			stranger = w.main
		} else if kind == "s" {
			stranger, err = w.chain.Address(ctx)
			require.NoError(t, err)
		}
		a := w.group.address(2, 1)
		if kind != "g" {
			a, err = address.Parse(string(stranger))
			require.NoError(t, err)
			if _, ok := before[stranger]; !ok {
				before[stranger], err = w.chain.Received(ctx, stranger)
				require.NoError(t, err)
			}
		}
		d.Outputs = append(d.Outputs, spend.Output{Address: a})
	}
	d.Fee, err = spend.Fee(1_200_000*1000, inputs, addressesOf(d.Outputs))
	require.NoError(t, err)
	rest -= d.Fee
	for i := range d.Outputs {
		d.Outputs[i].Amount = rest / uint64(len(d.Outputs)-i)
		rest -= d.Outputs[i].Amount
	}

	u, tx := w.complete(t, d)
	said, err := w.client.Publish(ctx, tx.Raw())
	require.NoError(t, err)
	require.Equal(t, coin.Accepted, said.Status, "%v", said)
	require.NoError(t, w.chain.Mine(ctx, 1))
	mined, err := w.client.Transaction(ctx, tx.Hash())
	require.NoError(t, err)
	require.Equal(t, tx.Raw(), mined.Transaction.Raw())
	require.True(t, u.Expectation().Matches(mined.Transaction))

	paid := map[coin.Address]uint64{}
	kept := 0
	for _, o := range d.Outputs {
		if text := coin.Address(o.Address.String()); text == coin.Address(w.group.address(2, 1).String()) {
			kept++
		} else {
			paid[text] += o.Amount
		}
	}
	for a, amount := range paid {
		now, err := w.chain.Received(ctx, a)
		require.NoError(t, err)
		require.GreaterOrEqual(t, now-before[a], amount) // the main address is a miner's
		if a != w.main {
			require.Equal(t, amount, now-before[a])
		}
	}
	require.Len(t, scanner(t, w.group).Scan(nil, []*block.Transaction{tx}, 0), kept)
}

// spendAgain spends what the group paid itself.
func (w *world) spendAgain(t *testing.T) {
	require.NoError(t, w.chain.Mine(t.Context(), unlocked))
	w.find(t)
	slices.Reverse(w.owned) // the last ones are change
	w.pay(t, 3, []string{"m", "g"})
}
