package mock

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/coin/cointest"
)

// twinned makes a chain with the rules of Monero and an output of the user's first
// key with a copy, and returns these and a transaction that spends the first of
// some.
func twinned(t *testing.T) (w wallet, one, two coin.OutputID, spend func(ids ...coin.OutputID) *transaction) {
	w = wallet{New(Monero()), t}
	ctx := t.Context()
	mineAddress := userScript(addressed, userKey(1)).address(w.genesisID)
	first := pay(t, w.Chain, mineAddress, 1000)
	one = coin.OutputID{Transaction: first}
	second, err := w.PayCopies(ctx, cointest.Deposit{To: []cointest.Target{{Address: mineAddress, Amount: 700}}}, []coin.OutputID{one})
	require.NoError(t, err)
	two = coin.OutputID{Transaction: second}
	spend = func(ids ...coin.OutputID) *transaction {
		keys := make([]uint32, len(ids))
		return w.sign(newTransaction(ids, []output{{amount: 600, to: miner}}, nil), keys)
	}
	mine(t, w.Chain, 2)
	return w, one, two, spend
}

func TestOfTwinsOnlyOneIsSpent(t *testing.T) {
	w, one, two, spend := twinned(t)
	require.Equal(t, coin.Rejected, w.submit(spend(one, two).raw).Status, "both at once")
	c := wallet{w.Clone(), t}
	require.Equal(t, coin.Accepted, w.submit(spend(one).raw).Status)
	require.Equal(t, coin.Conflict, w.submit(spend(two).raw).Status, "while the other waits")
	mine(t, w.Chain, 1)
	require.Equal(t, coin.Conflict, w.submit(spend(two).raw).Status)
	require.Equal(t, coin.Accepted, c.submit(spend(two).raw).Status, "either of them")
	mine(t, c.Chain, 1)
	require.Equal(t, coin.Conflict, c.submit(spend(one).raw).Status)

	// After a fork either of them can be spent again.
	require.NoError(t, c.Fork(t.Context(), 1, true))
	require.Equal(t, coin.Accepted, c.submit(spend(one).raw).Status)
}

func TestOutputsAreLocked(t *testing.T) {
	w := wallet{New(Monero()), t}
	first := w.spend([]uint32{0}, 20)
	require.Equal(t, coin.Accepted, w.submit(first.raw).Status)
	require.Equal(t, coin.Conflict, w.submit(w.child(first, 20).raw).Status, "what is not confirmed")
	mine(t, w.Chain, 1)
	require.Equal(t, coin.Conflict, w.submit(w.child(first, 20).raw).Status, "too early")
	mine(t, w.Chain, 1)
	require.Equal(t, coin.Accepted, w.submit(w.child(first, 20).raw).Status)
}

func TestACoinWithTheRulesOfMoneroSeesTwinsAndNoOrigins(t *testing.T) {
	chain := New(Monero())
	address := groupAddress(t, chain)
	first := pay(t, chain, address, 1000)
	id, err := chain.Newest(address)
	require.NoError(t, err)
	require.Equal(t, coin.OutputID{Transaction: first}, id)
	deposit := cointest.Deposit{To: []cointest.Target{{Address: address, Amount: 2000}}, Data: []byte("data")}
	_, err = chain.PayCopies(t.Context(), deposit, []coin.OutputID{id})
	require.NoError(t, err)
	_, err = chain.PayCopies(t.Context(), deposit, nil)
	require.Error(t, err)
	pay(t, chain, address, 3000)
	mine(t, chain, 1)
	id, err = chain.Newest(address)
	require.NoError(t, err)
	require.NotEqual(t, first, id.Transaction)
	c := NewCoin(chain)
	outputs, err := read(t.Context(), c, 1)
	require.NoError(t, err)
	require.Len(t, outputs, 3)
	require.Len(t, c.Twin(outputs[0]), 32)
	require.Equal(t, c.Twin(outputs[0]), c.Twin(outputs[1]))
	require.NotEqual(t, c.Twin(outputs[0]), c.Twin(outputs[2]))
	for _, o := range outputs {
		require.Empty(t, o.Origin)
		require.Nil(t, c.SpendLookup(o))
	}
	unconfirmed, err := c.Unconfirmed(coin.Plan{})
	require.NoError(t, err)
	require.Nil(t, unconfirmed)
	require.Nil(t, NewCoin(New(Options{})).Twin(outputs[0]))
}

func TestParametersGoWithTheRules(t *testing.T) {
	c := NewCoin(New(Monero()))
	require.NoError(t, c.CheckParameters(c.Parameters()))
	for name, change := range map[string]func(*coin.Parameters){
		"locked":      func(p *coin.Parameters) { p.Confirmations = 1 },
		"unconfirmed": func(p *coin.Parameters) { p.Descendants = 1 },
		"hold":        func(p *coin.Parameters) { p.Hold = p.Window - 1 },
	} {
		p := c.Parameters()
		change(&p)
		require.Error(t, c.CheckParameters(p), name)
		require.NoError(t, NewCoin(New(Options{})).CheckParameters(p))
	}
	require.Equal(t, Monero().Rules, New(Monero()).Options().Rules)
}
