package mock

import (
	"crypto/ed25519"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin"
)

// wallet spends the first outputs of the genesis block by hand.
type wallet struct {
	*Chain
	t *testing.T
}

// spend spends genesis outputs: amounts to somebody, the rest is the fee but
// for what goes back to the user.
func (w wallet) spend(from []uint32, cost uint64, amounts ...uint64) *transaction {
	var inputs []coin.OutputID
	in := uint64(laneAmount) * uint64(len(from))
	for _, i := range from {
		inputs = append(inputs, coin.OutputID{Transaction: w.best[0].transactions[0].id, Index: i})
	}
	var outputs []output
	for _, amount := range amounts {
		outputs = append(outputs, output{amount: amount, to: miner})
		in -= amount
	}
	outputs = append(outputs, output{amount: in - cost, to: userScript(addressed, userKey(1))})
	return w.sign(newTransaction(inputs, outputs, nil), from)
}

func (w wallet) sign(t *transaction, keys []uint32) *transaction {
	var signatures [][]byte
	for i, key := range keys {
		signatures = append(signatures, ed25519.Sign(userKey(uint64(key)+1), t.message(w.genesisID, i)))
	}
	return t.sign(signatures)
}

// child spends the last output of a transaction of spend.
func (w wallet) child(parent *transaction, cost uint64) *transaction {
	id := coin.OutputID{Transaction: parent.id, Index: uint32(len(parent.outputs) - 1)}
	return w.sign(newTransaction([]coin.OutputID{id}, []output{{amount: userLeft(parent) - cost, to: miner}}, nil), []uint32{0})
}

func TestRelay(t *testing.T) {
	w := wallet{New(Options{}), t}
	good := w.spend([]uint32{0, 1}, 10, 100)
	oneUnit, _ := fee(good.weight(), RelayRate)
	foreign := newTransaction(good.inputs, good.outputs, []byte("other"))
	minted := w.sign(newTransaction(good.inputs[:1], []output{{amount: laneAmount + 1, to: miner}}, nil), []uint32{0})
	overflow := w.sign(newTransaction(good.inputs[:1], []output{{amount: 1 << 63, to: miner}, {amount: 1 << 63, to: miner}}, nil), []uint32{0})
	twice := w.sign(newTransaction([]coin.OutputID{good.inputs[0], good.inputs[0]}, good.outputs, nil), []uint32{0, 0})
	for name, test := range map[string]struct {
		transaction *transaction
		status      coin.PublicationStatus
	}{
		"good":             {good, coin.Accepted},
		"two inputs":       {w.spend([]uint32{0, 1}, 10), coin.Accepted},
		"least fee":        {w.spend([]uint32{0, 1}, oneUnit, 100), coin.Accepted},
		"fee below that":   {w.spend([]uint32{0, 1}, oneUnit-1, 100), coin.FeeTooLow},
		"least output":     {w.spend([]uint32{0, 1}, 10, RelayDust), coin.Accepted},
		"dust":             {w.spend([]uint32{0, 1}, 10, RelayDust-1), coin.Rejected},
		"wrong key":        {w.sign(good, []uint32{1, 0}), coin.Rejected},
		"other signatures": {foreign.sign(good.signatures), coin.Rejected},
		"no inputs":        {newTransaction(nil, good.outputs, nil).sign(nil), coin.Rejected},
		"above its inputs": {minted, coin.Rejected},
		"overflow":         {overflow, coin.Rejected},
		"input twice":      {twice, coin.Rejected},
		"unknown input":    {w.child(good, 10), coin.Conflict},
		"unknown index":    {w.spend([]uint32{99}, 10), coin.Conflict},
	} {
		c := w.Clone()
		got := c.submit(test.transaction.raw)
		require.Equal(t, test.status, got.Status, "%s: %s", name, got.Reason)
		if got.Status != coin.Accepted {
			require.NotEmpty(t, got.Reason, name)
			require.Empty(t, c.pool.waiting, name)
			continue
		}
		require.Equal(t, coin.Accepted, c.submit(test.transaction.raw).Status, "again")
		mine(t, c, 1)
		require.Equal(t, coin.Mined, c.submit(test.transaction.raw).Status)
		requireRebuilt(t, c)
	}
	require.Equal(t, coin.Rejected, w.submit([]byte("x")).Status)
}

func TestReplacement(t *testing.T) {
	w := wallet{New(Options{}), t}
	first := w.spend([]uint32{0}, 10, 100)
	builds := w.child(first, 20)
	least, _ := fee(w.spend([]uint32{0, 1}, 10, 100).weight(), RelayRate)
	for _, raw := range [][]byte{first.raw, builds.raw} {
		require.Equal(t, coin.Accepted, w.submit(raw).Status)
	}
	require.Equal(t, coin.Conflict, w.submit(w.spend([]uint32{0, 1}, 10, 200).raw).Status, "the same fee")
	require.Equal(t, coin.Conflict, w.submit(w.spend([]uint32{0, 1}, 30+least-1, 200).raw).Status,
		"not above the fees of all that it replaces")

	// One that spends the other way what it replaces.
	id := coin.OutputID{Transaction: first.id, Index: 1}
	both := newTransaction([]coin.OutputID{id, first.inputs[0]}, []output{{amount: 100, to: miner}}, nil)
	require.Equal(t, coin.Conflict, w.submit(w.sign(both, []uint32{0, 0}).raw).Status)

	second := w.spend([]uint32{0, 1}, 30+least, 200)
	require.Equal(t, coin.Accepted, w.submit(second.raw).Status)
	require.Len(t, w.pool.waiting, 1)
	require.Equal(t, coin.Conflict, w.submit(first.raw).Status)
	require.Equal(t, coin.Conflict, w.submit(builds.raw).Status, "its parent is gone")
	mine(t, w.Chain, 1)
	require.Equal(t, coin.Mined, w.submit(second.raw).Status)
	require.Equal(t, coin.Conflict, w.submit(first.raw).Status)
	requireRebuilt(t, w.Chain)
}

func TestReplacementPaysTheHigherRate(t *testing.T) {
	w := wallet{New(Options{}), t}
	small := w.spend([]uint32{0}, 1000)
	large := func(cost uint64) *transaction { return w.spend([]uint32{0, 1, 2, 3}, cost) }
	even := 1000 * large(0).weight() / small.weight()
	require.Equal(t, coin.Accepted, w.submit(small.raw).Status)
	require.Equal(t, coin.Conflict, w.submit(large(even).raw).Status, "it pays more, but for its size")
	require.Equal(t, coin.Accepted, w.submit(large(even+1).raw).Status)
}

func TestMaturity(t *testing.T) {
	w := wallet{New(Options{}), t}
	to := userScript(addressed, userKey(1)).address(w.genesisID)
	require.NoError(t, w.MineTo(t.Context(), to))
	coinbase := w.best[1].transactions[0]
	spend := w.child(coinbase, 10)
	mine(t, w.Chain, Maturity-2)
	require.Equal(t, coin.Rejected, w.submit(spend.raw).Status)
	mine(t, w.Chain, 1)
	require.Equal(t, coin.Accepted, w.submit(spend.raw).Status)
	mine(t, w.Chain, 1)
	require.Equal(t, coin.Mined, w.submit(spend.raw).Status)
}

func TestRelayRate(t *testing.T) {
	w := wallet{New(Options{}), t}
	cheap, dear := w.spend([]uint32{0}, 2), w.spend([]uint32{1}, 1000)
	for _, raw := range [][]byte{cheap.raw, dear.raw} {
		require.Equal(t, coin.Accepted, w.submit(raw).Status)
	}
	w.SetRelayRate(100)
	require.Len(t, w.pool.waiting, 1, "the cheap one is forgotten")
	require.Equal(t, coin.FeeTooLow, w.submit(cheap.raw).Status)
	w.SetRelayRate(RelayRate)
	require.Equal(t, coin.Accepted, w.submit(cheap.raw).Status)
}

func TestForkKeepsOrDrops(t *testing.T) {
	for _, drop := range []bool{false, true} {
		w := wallet{New(Options{}), t}
		mine(t, w.Chain, 1)
		parent := w.spend([]uint32{0}, 10)
		require.Equal(t, coin.Accepted, w.submit(parent.raw).Status)
		mine(t, w.Chain, 1)
		child, other := w.child(parent, 10), w.spend([]uint32{1}, 10)
		require.Equal(t, coin.Accepted, w.submit(child.raw).Status)
		require.Equal(t, coin.Accepted, w.submit(other.raw).Status)
		require.NoError(t, w.Fork(t.Context(), 1, drop))
		require.Contains(t, w.pool.byID, other.id)
		if drop {
			require.Len(t, w.pool.waiting, 1, "what builds on the dropped one goes with it")
			require.Equal(t, coin.Conflict, w.submit(child.raw).Status)
		} else {
			require.Len(t, w.pool.waiting, 3)
		}
		require.Equal(t, coin.Accepted, w.submit(parent.raw).Status)
		require.Equal(t, coin.Accepted, w.submit(child.raw).Status)
		mine(t, w.Chain, 1)
		require.Equal(t, coin.Mined, w.submit(child.raw).Status)
		requireRebuilt(t, w.Chain)
	}
}
