package outputs_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin/monero/address"
	"github.com/serai-go/processor/coin/monero/outputs"
	"github.com/serai-go/processor/internal/wire"
)

func FuzzRefund(f *testing.F) {
	good, _ := outputs.AppendRefund(nil, address.Address{Kind: address.Subaddress, Spend: publicKey(3), View: publicKey(4)})
	f.Add(good)
	f.Add(append(good, 1, 2, 3))
	f.Add([]byte{1})
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, data []byte) {
		a, ok := outputs.Refund(address.Stagenet, data)
		if !ok {
			require.Equal(t, address.Address{}, a)
			return
		}
		again, ok := outputs.AppendRefund(nil, a)
		require.True(t, ok)
		require.True(t, bytes.HasPrefix(data, again))
		parsed, err := address.Parse(a.String())
		require.NoError(t, err)
		require.Equal(t, a, parsed)
	})
}

func FuzzRecord(f *testing.F) {
	f.Add(wire.Marshal(outputs.Record{First: 5, Largest: sight(1, 7, 1000), Credited: 990}))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, data []byte) {
		record, err := wire.Unmarshal[outputs.Record](data)
		if err != nil {
			return
		}
		require.Equal(t, data, wire.Marshal(record))
		rules := outputs.Rules{Window: 10, Dust: 100}
		after, _, err := rules.Observe(&record, sight(2, record.Largest.Block, record.Largest.Amount/2+1<<40), 1000)
		require.NoError(t, err)
		require.LessOrEqual(t, after.Credited, after.Largest.Amount)
		require.GreaterOrEqual(t, rules.Settled(after), after.First)
	})
}
