package mock

import (
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/coin/cointest"
	"github.com/serai-go/processor/frost/ed25519"
)

// groupKey is the encoded n-th key of a made-up group.
func groupKey(n uint64) []byte {
	secret := ed25519.Group.NewScalar().SetUint64(1_000_003 + n)
	return ed25519.Group.NewElement().MultiplyBase(secret).Bytes()
}

func groupAddress(t testing.TB, c *Chain) coin.Address {
	t.Helper()
	address, err := c.Coin().Address(groupKey(0), coin.External)
	require.NoError(t, err)
	return address
}

func pay(t testing.TB, c *Chain, to coin.Address, amount uint64) coin.TransactionID {
	t.Helper()
	id, err := c.Pay(t.Context(), cointest.Deposit{To: []cointest.Target{{Address: to, Amount: amount}}})
	require.NoError(t, err)
	return id
}

func mine(t testing.TB, c *Chain, n int) {
	t.Helper()
	require.NoError(t, c.Mine(t.Context(), n))
}

func received(t testing.TB, c *Chain, address coin.Address) uint64 {
	t.Helper()
	sum, err := c.Received(t.Context(), address)
	require.NoError(t, err)
	return sum
}

func TestDefaultParametersAreValid(t *testing.T) {
	require.NoError(t, DefaultParameters.Validate())
	c := NewCoin(New(Options{}))
	address, err := c.Address(groupKey(0), coin.External)
	require.NoError(t, err)
	require.EqualValues(t, 2, c.InputCost(DefaultParameters.FeeFloor))
	cost, err := c.Fee(DefaultParameters.FeeFloor, make([]coin.Output, 1), []coin.Address{address, address})
	require.NoError(t, err)
	require.EqualValues(t, 4, cost)
	_, err = c.Fee(math.MaxUint64, make([]coin.Output, 10), nil)
	require.ErrorIs(t, err, coin.ErrInvalid)
}

func TestPay(t *testing.T) {
	c := New(Options{})
	address := groupAddress(t, c)
	c.SetFeeRate(100)
	pay(t, c, address, 1000)
	mine(t, c, 1)
	rate, err := c.Coin().BlockRate(t.Context(), c.tip().head())
	require.NoError(t, err)
	require.EqualValues(t, 100, rate)

	for name, deposit := range map[string]cointest.Deposit{
		"too much":    {To: []cointest.Target{{Address: address, Amount: laneAmount}}},
		"overflow":    {To: []cointest.Target{{Address: address, Amount: math.MaxUint64}}},
		"dust":        {To: []cointest.Target{{Address: address, Amount: RelayDust - 1}}},
		"bad address": {To: []cointest.Target{{Address: "mock1", Amount: 100}}},
		"data":        {Data: make([]byte, maxData+1)},
	} {
		_, err := c.Pay(t.Context(), deposit)
		require.Error(t, err, name)
	}
	require.Empty(t, c.pool.waiting)
	// A payment that was refused leaves the user's money where it was.
	for range 2 * lanes {
		pay(t, c, address, 1000)
	}
	mine(t, c, 1)
	require.EqualValues(t, 1000*(1+2*lanes), received(t, c, address))
}

func TestOptions(t *testing.T) {
	parameters := DefaultParameters
	parameters.Window = 7
	other := New(Options{Name: "other", Time: 5, Parameters: parameters}).Coin()
	require.Equal(t, "other", other.Name())
	require.Equal(t, parameters, other.Parameters())
	header, err := other.Header(t.Context(), 0)
	require.NoError(t, err)
	require.EqualValues(t, 5, header.Time)

	plain := New(Options{}).Coin()
	require.NotEqual(t, plain.Genesis(), other.Genesis())
	require.NotEqual(t, plain.Genesis(), New(Options{Name: "other", Time: DefaultTime}).Coin().Genesis())
	address, err := other.Address(groupKey(0), coin.External)
	require.NoError(t, err)
	require.ErrorIs(t, plain.CheckAddress(address), coin.ErrAddress, "of another network")
}

// The same calls give the same bytes, in this version and in the next.
func TestDeterministic(t *testing.T) {
	run := func() coin.BlockID {
		c := New(Options{})
		pay(t, c, groupAddress(t, c), 1000)
		mine(t, c, 2)
		require.NoError(t, c.Fork(t.Context(), 1, false))
		mine(t, c, 1)
		return c.tip().id
	}
	require.Equal(t, run(), run())
	require.Equal(t, "21975e5fbee23c1781d9242445b160ff51e335884dc087dc0310031befc20a1e", New(Options{}).Coin().Genesis().String())
	require.Equal(t, "78c1e6822f296b27a69728ab858aacf47045f400f713942bfdb327808cc45d1e", run().String())
}

func TestTime(t *testing.T) {
	c := New(Options{})
	at := func(number uint64) uint64 {
		header, err := c.Coin().Header(t.Context(), number)
		require.NoError(t, err)
		return header.Time
	}
	mine(t, c, 2)
	require.EqualValues(t, DefaultTime+2*BlockSeconds, at(2))
	c.SetTime(DefaultTime + 10_000)
	mine(t, c, 2)
	require.EqualValues(t, DefaultTime+10_000, at(3))
	require.EqualValues(t, DefaultTime+10_000+BlockSeconds, at(4))
	c.SetTime(1)
	mine(t, c, 1)
	require.Equal(t, at(4), at(5), "time never falls")
}

// Two clones part, and each learns of the other's blocks.
func TestLongestBranchWins(t *testing.T) {
	a := New(Options{})
	mine(t, a, 3)
	b := a.Clone()
	address := groupAddress(t, a)
	pay(t, a, address, 1000)
	pay(t, b, address, 2000)
	mine(t, a, 2)
	mine(t, b, 2)

	feed := func(to, from *Chain) {
		for _, raw := range from.Blocks(0) {
			require.NoError(t, to.AddBlock(raw))
		}
	}
	before := a.tip().id
	feed(a, b)
	require.Equal(t, before, a.tip().id, "of equals the first seen is the best")
	require.EqualValues(t, 1000, received(t, a, address))

	mine(t, b, 1)
	feed(a, b)
	require.Equal(t, b.tip().id, a.tip().id, "the longest branch is the best")
	require.EqualValues(t, 2000, received(t, a, address))
	require.Empty(t, a.pool.waiting, "both payments spend the same output")

	// The old branch becomes the longest again.
	old := a.Clone()
	require.NoError(t, old.Fork(t.Context(), 3, false))
	require.EqualValues(t, 7, old.Tip())
	require.EqualValues(t, 0, received(t, old, address))
	feed(a, old)
	require.Equal(t, old.tip().id, a.tip().id)
	require.Len(t, a.pool.waiting, 1, "the payment waits again")
	mine(t, a, 1)
	require.EqualValues(t, 2000, received(t, a, address))
}

func TestAddBlockRefuses(t *testing.T) {
	c := New(Options{})
	pay(t, c, groupAddress(t, c), 1000)
	mine(t, c, 2)
	tip, payment := c.tip(), c.best[1].transactions[1]
	number := tip.number + 1
	coinbase := func(claim uint64) *transaction {
		return newCoinbase(number, 1000, []output{{amount: claim, to: miner}})
	}
	forged := newTransaction(payment.inputs, payment.outputs, []byte("x")).sign(payment.signatures)
	rest := []output{{amount: userLeft(payment), to: miner}}
	spend := newTransaction([]coin.OutputID{{Transaction: payment.id, Index: 1}}, rest, nil)
	unsigned := spend.sign([][]byte{make([]byte, signatureSize)})
	for name, b := range map[string]*block{
		"unknown parent":     newBlock(number, coin.BlockID{1}, tip.time, []*transaction{coinbase(1)}),
		"wrong number":       newBlock(number+1, tip.id, tip.time, []*transaction{coinbase(1)}),
		"older than parent":  newBlock(number, tip.id, tip.time-1, []*transaction{coinbase(1)}),
		"no coinbase":        newBlock(number, tip.id, tip.time, []*transaction{payment}),
		"coinbase of block":  newBlock(number, tip.id, tip.time, []*transaction{newCoinbase(1, 1, nil)}),
		"greedy coinbase":    newBlock(number, tip.id, tip.time, []*transaction{coinbase(Subsidy + 1)}),
		"overflow":           newBlock(number, tip.id, tip.time, []*transaction{newCoinbase(number, 1, []output{{amount: 1 << 63, to: miner}, {amount: 1 << 63, to: miner}})}),
		"two coinbases":      newBlock(number, tip.id, tip.time, []*transaction{coinbase(1), coinbase(2)}),
		"spent again":        newBlock(number, tip.id, tip.time, []*transaction{coinbase(1), payment}),
		"conflict":           newBlock(number, tip.id, tip.time, []*transaction{coinbase(1), forged}),
		"wrong signature":    newBlock(number, tip.id, tip.time, []*transaction{coinbase(1), unsigned}),
		"unknown and behind": newBlock(number, tip.id, tip.time, []*transaction{coinbase(1), coinbase(1)}),
	} {
		require.Error(t, c.AddBlock(b.raw), name)
		require.Equal(t, tip.id, c.tip().id, name)
		child := newBlock(number+1, b.id, tip.time, []*transaction{newCoinbase(number+1, 1, nil)})
		require.Error(t, c.AddBlock(child.raw), name)
	}
	raw := slices.Clone(tip.raw)
	raw[len(raw)-1] ^= 1
	require.Error(t, c.AddBlock(raw), "transactions of another block")
	requireRebuilt(t, c)
}

// userLeft is the change of a payment of the user.
func userLeft(t *transaction) uint64 { return t.outputs[len(t.outputs)-1].amount }

// A longer branch turns out to be invalid in its middle.
func TestInvalidBranchChangesNothing(t *testing.T) {
	c := New(Options{})
	mine(t, c, 1)
	side := c.Clone()
	address := groupAddress(t, c)
	pay(t, c, address, 1000)
	mine(t, c, 2)
	waiting := pay(t, c, address, 500)

	require.NoError(t, side.Fork(t.Context(), 1, false)) // to block 2
	good := side.tip()
	bad := newBlock(3, good.id, good.time, []*transaction{newCoinbase(3, 1, []output{{amount: Subsidy + 1, to: miner}})})
	last := newBlock(4, bad.id, good.time, []*transaction{newCoinbase(4, 1, nil)})
	for _, b := range side.Blocks(1) {
		require.NoError(t, c.AddBlock(b))
	}
	require.NoError(t, c.AddBlock(bad.raw), "not looked at yet")
	tip := c.tip().id
	require.ErrorIs(t, c.AddBlock(last.raw), errBlock)
	require.Equal(t, tip, c.tip().id)
	require.EqualValues(t, 1000, received(t, c, address))
	require.Contains(t, c.pool.byID, waiting)
	requireRebuilt(t, c)
	require.ErrorIs(t, c.AddBlock(last.raw), errBlock, "its parent is forgotten")
}

func TestForkLimits(t *testing.T) {
	c := New(Options{})
	mine(t, c, 2)
	require.Error(t, c.Fork(t.Context(), 3, false))
	require.Error(t, c.Fork(t.Context(), -1, false))
	require.NoError(t, c.Fork(t.Context(), 2, false))
	require.EqualValues(t, 3, c.Tip())
}

func TestMineOnly(t *testing.T) {
	c := New(Options{})
	address := groupAddress(t, c)
	first, second := pay(t, c, address, 100), pay(t, c, address, 200)
	require.NoError(t, c.MineOnly(t.Context()))
	require.Zero(t, received(t, c, address), "both still wait")
	require.NoError(t, c.MineOnly(t.Context(), second))
	require.EqualValues(t, 200, received(t, c, address))
	require.Error(t, c.MineOnly(t.Context(), second), "it is mined")
	require.Error(t, c.MineOnly(t.Context(), first, first))
	mine(t, c, 1)
	require.EqualValues(t, 300, received(t, c, address))
}

func TestCloneIsIndependent(t *testing.T) {
	a := New(Options{})
	address := groupAddress(t, a)
	pay(t, a, address, 100)
	mine(t, a, 2)
	pay(t, a, address, 200)
	b := a.Clone()
	require.NoError(t, a.Fork(t.Context(), 2, true))
	pay(t, a, address, 1000)
	mine(t, a, 1)
	require.EqualValues(t, 1200, received(t, a, address))
	require.EqualValues(t, 2, b.Tip())
	require.EqualValues(t, 100, received(t, b, address))
	require.Len(t, b.pool.waiting, 1)
	requireRebuilt(t, b)

	// Equal calls keep equal clones equal.
	one, two := b.Clone(), b.Clone()
	for _, c := range []*Chain{one, two} {
		pay(t, c, address, 300)
		mine(t, c, 1)
	}
	require.Equal(t, one.tip().id, two.tip().id)
	require.EqualValues(t, 600, received(t, two, address))
}

// requireRebuilt checks that the chain is in the state that its blocks alone
// give, and that no unit came from nowhere.
func requireRebuilt(t require.TestingT, c *Chain) {
	fresh := New(Options{})
	for _, raw := range c.Blocks(1) {
		require.NoError(t, fresh.AddBlock(raw))
	}
	require.Equal(t, c.tip().id, fresh.tip().id)
	require.Equal(t, c.spent, fresh.spent)
	require.Equal(t, c.received, fresh.received)
	require.Len(t, fresh.index, len(c.index))
	var unspent uint64
	for id, p := range c.index {
		require.Equal(t, p.number, fresh.index[id].number)
		require.Equal(t, p.position, fresh.index[id].position)
		for i, o := range p.outputs {
			if _, ok := c.spent[coin.OutputID{Transaction: id, Index: uint32(i)}]; !ok {
				unspent += o.amount
			}
		}
	}
	require.EqualValues(t, 2*lanes*laneAmount+Subsidy*c.tip().number, unspent)
	for _, w := range c.pool.waiting {
		require.NotContains(t, c.index, w.id)
		require.NoError(t, fresh.admit(w.transaction), "what waits can be mined")
	}
}

func TestAnyHistory(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := New(Options{})
		address, err := c.Coin().Address(groupKey(0), coin.External)
		require.NoError(t, err)
		ctx := t.Context()
		t.Repeat(map[string]func(*rapid.T){
			"pay": func(t *rapid.T) {
				_, err := c.Pay(ctx, cointest.Deposit{
					To:        []cointest.Target{{Address: address, Amount: rapid.Uint64Range(RelayDust, 1000).Draw(t, "amount")}},
					Anonymous: rapid.Bool().Draw(t, "anonymous"),
				})
				require.NoError(t, err)
			},
			"mine":   func(t *rapid.T) { require.NoError(t, c.Mine(ctx, rapid.IntRange(0, 3).Draw(t, "blocks"))) },
			"mineTo": func(*rapid.T) { require.NoError(t, c.MineTo(ctx, address)) },
			"fork": func(t *rapid.T) {
				depth := rapid.IntRange(0, min(4, int(c.Tip()))).Draw(t, "depth")
				require.NoError(t, c.Fork(ctx, depth, rapid.Bool().Draw(t, "drop")))
			},
			"part": func(t *rapid.T) {
				other := c.Clone()
				depth := rapid.IntRange(0, min(4, int(c.Tip()))).Draw(t, "depth")
				require.NoError(t, other.Fork(ctx, depth, false))
				require.NoError(t, other.Mine(ctx, 1))
				require.NoError(t, c.Mine(ctx, rapid.IntRange(0, 2).Draw(t, "own")))
				for _, raw := range other.Blocks(0) {
					require.NoError(t, c.AddBlock(raw))
				}
				require.GreaterOrEqual(t, c.Tip(), other.Tip())
			},
			"audit": func(t *rapid.T) { requireRebuilt(t, c) },
		})
		requireRebuilt(t, c)
	})
}
