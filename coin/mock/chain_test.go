package mock

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/coin/cointest"
	"github.com/serai-go/processor/frost/ed25519"
)

// groupKey is the encoded n-th key of a made-up group.
func groupKey(n uint64) []byte {
	secret := ed25519.Group.NewScalar().SetUint64(1_000_003 + n)
	return ed25519.Group.NewElement().MultiplyBase(secret).Bytes()
}

func pay(t testing.TB, c *Chain, to coin.Address, amount uint64) coin.TransactionID {
	t.Helper()
	id, err := c.Pay(t.Context(), cointest.Deposit{To: []cointest.Target{{Address: to, Amount: amount}}})
	require.NoError(t, err)
	return id
}

func TestDefaultParametersAreValid(t *testing.T) {
	require.NoError(t, DefaultParameters.Validate())
}

func TestDeposit(t *testing.T) {
	chain := New(Options{})
	c := NewCoin(chain)
	address, err := c.Address(groupKey(0), coin.External)
	require.NoError(t, err)
	id := pay(t, chain, address, 1000)
	require.NoError(t, chain.Mine(t.Context(), 1))

	header, err := c.Header(t.Context(), 1)
	require.NoError(t, err)
	block, err := c.Block(t.Context(), header)
	require.NoError(t, err)
	outputs, err := c.Outputs(t.Context(), block, []coin.Key{{Session: 7, Key: groupKey(0)}})
	require.NoError(t, err)
	require.Len(t, outputs, 1)
	require.Equal(t, coin.OutputID{Transaction: id}, outputs[0].ID)
	require.EqualValues(t, 1000, outputs[0].Amount)
	require.EqualValues(t, 7, outputs[0].Session)
	require.NoError(t, c.CheckAddress(outputs[0].Origin))
	rate, err := c.BlockRate(t.Context(), header)
	require.NoError(t, err)
	require.EqualValues(t, 4, rate) // the least that costs 4 units
}
