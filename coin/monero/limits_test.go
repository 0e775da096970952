package monero

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/coin/monero/block"
	"github.com/serai-go/processor/frost"
	"github.com/serai-go/processor/frost/ed25519"
	"github.com/serai-go/processor/frost/frosttest"
)

// 32 inputs are the default MaxInputs, 150 shares the most that a key has.
func TestValidatorsOfManySharesCanCommitToTheLargestPlan(t *testing.T) {
	s := newSigner(t)
	rules, err := DefaultParameters(Mainnet)
	require.NoError(t, err)
	public, shares, err := frosttest.Deal(rand.NewChaCha8([32]byte{9}), ed25519.Group, 101, []uint16{61, 45, 44})
	require.NoError(t, err)
	s.key = coin.Key{Session: 5, Key: public.Key().Bytes()}
	paid := s.strangers(2, 1e9)
	s.pay(paid, 0, s.key, coin.External, deposited)
	b := s.node.mine(mined{transactions: []*block.Transaction{s.encode(paid)}})
	_, found := read(t, s.coin, b, s.key)
	s.deposits = found
	s.reference = b.Block.Height()
	plan := coin.Plan{Key: s.key, Inputs: s.deposits, Reference: s.reference, Fee: 1e9}
	own, err := s.coin.Address(s.key.Key, coin.Change)
	require.NoError(t, err)
	plan.Own = []coin.OwnOutput{{Kind: coin.Change, Session: s.key.Session, Address: own, Amount: deposited - 1e9}}
	prepared, err := s.prepare(t.Context(), plan)
	require.NoError(t, err)
	one, err := s.coin.Work(plan, prepared)
	require.NoError(t, err)
	var work []frost.Algorithm
	for range rules.MaxInputs { // what counts is how many
		work = append(work, one[0])
	}
	_, _, err = frost.Commit(rand.NewChaCha8([32]byte{1}), shares[1], work, []byte("context"))
	require.NoError(t, err)
	_, _, err = frost.Commit(rand.NewChaCha8([32]byte{1}), shares[0], work, []byte("context"))
	require.NoError(t, err)
}

func TestPlansOfTheMostInputsArePriced(t *testing.T) {
	s := newSigner(t)
	p := s.coin.Parameters()
	p.MaxInputs = mostInputs
	require.NoError(t, s.coin.CheckParameters(p))
	above := p
	above.MaxInputs++
	require.Error(t, s.coin.CheckParameters(above))
	var inputs []coin.Output
	for range p.MaxInputs {
		inputs = append(inputs, s.deposits[0])
	}
	_, err := s.coin.Fee(p.FeeFloor, inputs, []coin.Address{stranger})
	require.NoError(t, err, "the scheduler asks for as many")
}
