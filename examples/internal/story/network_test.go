package story

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin"
)

func TestAmountsAreWrittenInFull(t *testing.T) {
	whole := Money{Name: "satoshi", Atom: "satoshi"}
	parts := Money{Name: "XMR", Atom: "piconero", Decimals: 12}
	for _, c := range []struct {
		money  Money
		amount uint64
		want   string
	}{
		{whole, 0, "0 satoshi"},
		{whole, 5_000_000, "5000000 satoshi"},
		{parts, 0, "0 XMR"},
		{parts, 1, "0.000000000001 XMR"},
		{parts, 500_000_000_000, "0.5 XMR"},
		{parts, 20_000_000_000_000, "20 XMR"},
		{parts, 1_000_000_000_001, "1.000000000001 XMR"},
		{parts, math.MaxUint64, "18446744.073709551615 XMR"},
	} {
		require.Equal(t, c.want, c.money.sum(c.amount))
	}
}

// The settlement chain refuses what was paid in to be refused, and nothing else.
func TestWhatIsRefusedIsKnownByItsData(t *testing.T) {
	s := new(story)
	s.summary.Deposits = []depositSummary{
		{fate: Accumulated},
		{fate: Reported, Data: "mint", sent: []byte("mint")},
		{fate: Refused, Data: "nothing", sent: []byte("\x01addressnothing")},
	}
	for data, refused := range map[string]bool{"": false, "mint": false, "nothing": false, "\x01addressnothing": true} {
		require.Equal(t, refused, s.refuses([]byte(data)), data)
	}
	require.Equal(t, "nothing", s.said([]byte("\x01addressnothing")))
	require.Equal(t, "other", s.said([]byte("other")))
}

func TestARefundIsThatOfAnyOutput(t *testing.T) {
	d := depositSummary{id: coin.TransactionID{1}}
	require.True(t, d.refunds(coin.RefundID(coin.OutputID{Transaction: d.id})))
	require.True(t, d.refunds(coin.RefundID(coin.OutputID{Transaction: d.id, Index: 15})))
	require.False(t, d.refunds(coin.RefundID(coin.OutputID{Transaction: coin.TransactionID{2}})))
}
