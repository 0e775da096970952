package bitcoin

import (
	"bytes"
	"slices"
	"testing"

	"github.com/btcsuite/btcd/address/v2/base58"
	"github.com/btcsuite/btcd/address/v2/bech32"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/coin/bitcoin/block"
)

func TestParametersBeyondRelayAreRefused(t *testing.T) {
	for name, at := range map[string]func(*coin.Parameters, uint64){
		"dust": func(p *coin.Parameters, more uint64) { p.Dust = 546 - more },
		// 64 inputs of 230 weight units, 50 for all else, outputs of 172.
		"outputs":     func(p *coin.Parameters, more uint64) { p.MaxOutputs = uint32(2239 + more) },
		"descendants": func(p *coin.Parameters, more uint64) { p.Descendants = uint32(23 + more) },
		"weight of descendants": func(p *coin.Parameters, more uint64) {
			p.Descendants = 23
			p.DescendantsWeight = 404_000 - 444 - 24*3 + more
		},
		"weight of a root": func(p *coin.Parameters, more uint64) {
			p.Descendants = 0
			p.DescendantsWeight = 404_000 - 444 - 3 + more
		},
	} {
		p := DefaultParameters()
		at(&p, 0)
		_, err := New(nil, Regtest, p)
		require.NoError(t, err, name)
		at(&p, 1)
		_, err = New(nil, Regtest, p)
		require.ErrorContains(t, err, "relay", name)
	}
}

// everyAddress is an address of each form and size that may be paid.
func everyAddress(t *testing.T, c *Coin) []coin.Address {
	hash := bytes.Repeat([]byte{7}, 20)
	list := []coin.Address{
		coin.Address(base58.CheckEncode(hash, c.params.PubKeyHashAddrID)), coin.Address(base58.CheckEncode(hash, c.params.ScriptHashAddrID)),
	}
	for version := range byte(17) {
		encode := bech32.EncodeM
		if version == 0 {
			encode = bech32.Encode
		}
		for size := 2; size <= 40; size++ {
			data, err := bech32.ConvertBits(bytes.Repeat([]byte{2}, size), 8, 5, true)
			require.NoError(t, err)
			text, err := encode(c.params.Bech32HRPSegwit, append([]byte{version}, data...))
			require.NoError(t, err)
			if c.CheckAddress(coin.Address(text)) == nil {
				list = append(list, coin.Address(text))
			}
		}
	}
	for _, address := range list {
		script, err := c.addressScript(address)
		require.NoError(t, err)
		require.LessOrEqual(t, len(script), maxScript, address)
		require.LessOrEqual(t, relayDust(script), uint64(highestDust), address)
	}
	require.Greater(t, len(list), 400)
	return list
}

// weigh plans, signs and weighs a transaction that spends so many inputs.
func (s *signer) weigh(t testing.TB, inputs int, addresses []coin.Address) uint64 {
	plan := coin.Plan{Key: s.key}
	for i := range inputs {
		plan.Inputs = append(plan.Inputs, s.output(coin.Kinds[i%len(coin.Kinds)], 10_000_000))
	}
	for _, address := range addresses {
		plan.Payments = append(plan.Payments, payment(address, highestDust))
	}
	var err error
	plan.Fee, err = s.coin.Fee(1000, plan.Inputs, addresses)
	require.NoError(t, err)
	address, err := s.coin.Address(s.key.Key, coin.Change)
	require.NoError(t, err)
	if i := slices.Index(addresses, address); i >= 0 { // it takes what is left
		plan.Own = []coin.OwnOutput{{Kind: coin.Change, Session: s.key.Session, Address: address}}
		plan.Payments = slices.Delete(plan.Payments, i, i+1)
		plan.Own[0].Amount = uint64(inputs)*10_000_000 - plan.Fee - uint64(len(plan.Payments))*highestDust
	} else {
		plan.Payments[0].Amount += uint64(inputs)*10_000_000 - plan.Fee - uint64(len(plan.Payments))*highestDust
		plan.Payments[0].Paid = plan.Payments[0].Amount
	}
	prepared, err := s.coin.Prepare(t.Context(), plan, coin.BlockID{})
	require.NoError(t, err)
	tx, err := s.coin.Assemble(plan, prepared, s.sign(t, plan))
	require.NoError(t, err)
	parsed, err := block.ParseTransaction(tx.Raw)
	require.NoError(t, err)
	require.Equal(t, plan.Fee, parsed.Weight(), "%d inputs, %d outputs", inputs, len(addresses))
	return plan.Fee
}

func TestFeesAreOfTheRealWeight(t *testing.T) {
	s := newSigner(t)
	rules := s.coin.Parameters()
	all := everyAddress(t, s.coin)
	change, err := s.coin.Address(s.key.Key, coin.Change)
	require.NoError(t, err)
	all = append(all, change)
	most := int(rules.MaxOutputs)
	rapid.Check(t, func(r *rapid.T) {
		s.outputs = 0
		inputs := rapid.OneOf(rapid.IntRange(1, 4), rapid.IntRange(1, int(rules.MaxInputs))).Draw(r, "inputs")
		outputs := rapid.OneOf(rapid.IntRange(1, 8), rapid.IntRange(1, most), rapid.SampledFrom([]int{252, 253, most})).Draw(r, "outputs")
		addresses := rapid.SliceOfN(rapid.SampledFrom(all), outputs, outputs).Draw(r, "addresses")
		s.weigh(t, inputs, addresses)
	})

	// The limits: of inputs, of outputs, of both.
	widest := slices.MaxFunc(all, func(a, b coin.Address) int {
		one, err := s.coin.Fee(1000, make([]coin.Output, 1), []coin.Address{a})
		require.NoError(t, err)
		other, err := s.coin.Fee(1000, make([]coin.Output, 1), []coin.Address{b})
		require.NoError(t, err)
		return int(one) - int(other)
	})
	for _, inputs := range []int{1, int(rules.MaxInputs)} {
		for _, outputs := range []int{1, most} {
			s.outputs = 0
			s.weigh(t, inputs, slices.Repeat([]coin.Address{widest}, outputs))
		}
	}

	// The widest that any parameters allow, and an output or an input more.
	for inputs, outputs := range map[int]int{int(rules.MaxInputs): 2239, coin.MaxPlanInputs: 1982} {
		s.outputs = 0
		s.weigh(t, inputs, slices.Repeat([]coin.Address{widest}, outputs))
		_, err = s.coin.Fee(1000, make([]coin.Output, inputs), slices.Repeat([]coin.Address{widest}, outputs+1))
		require.ErrorIs(t, err, coin.ErrInvalid)
		_, err = s.coin.Fee(1000, make([]coin.Output, inputs+1), slices.Repeat([]coin.Address{widest}, outputs))
		require.ErrorIs(t, err, coin.ErrInvalid)
	}
}
