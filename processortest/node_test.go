package processortest_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor"
	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/coin/bitcoin"
	"github.com/serai-go/processor/coin/bitcoin/bitcointest"
	"github.com/serai-go/processor/coin/bitcoin/node"
	"github.com/serai-go/processor/coin/cointest"
	"github.com/serai-go/processor/internal/testnodes"
	"github.com/serai-go/processor/processortest"
)

// mirrored is a chain that a second node gets every block of.
type mirrored struct {
	*bitcointest.Chain
	from, to *testnodes.Node
	done     int
}

// Mine implements cointest.Chain.
func (m *mirrored) Mine(ctx context.Context, n int) error {
	if err := m.Chain.Mine(ctx, n); err != nil {
		return err
	}
	return m.mirror(ctx)
}

func (m *mirrored) mirror(ctx context.Context) error {
	var tip int
	if err := m.from.Call(ctx, "getblockcount", []any{}, &tip); err != nil {
		return err
	}
	for ; m.done < tip; m.done++ {
		var id, raw string
		if err := m.from.Call(ctx, "getblockhash", []any{m.done + 1}, &id); err != nil {
			return err
		}
		if err := m.from.Call(ctx, "getblock", []any{id, 0}, &raw); err != nil {
			return err
		}
		var refusal any
		if err := m.to.Call(ctx, "submitblock", []any{raw}, &refusal); err != nil {
			return err
		}
		if refusal != nil {
			return fmt.Errorf("block %d refused: %v", m.done+1, refusal)
		}
	}
	return nil
}

func config(n *testnodes.Node) node.Config {
	return node.Config{URL: n.URL, User: n.User, Password: n.Password}
}

// TestNodeMixed runs the main job with two validators on btcd and two on
// bitcoind, on one chain: they agree on every byte.
func TestNodeMixed(t *testing.T) {
	ctx := t.Context()
	btcd := testnodes.NeedBtcd(t, testnodes.Options{})
	bitcoind := testnodes.NeedBitcoind(t, testnodes.Options{})
	user, err := bitcointest.Dial(ctx, bitcointest.Config{Node: config(btcd), Seed: t.Name()})
	require.NoError(t, err)
	chain := &mirrored{Chain: user, from: btcd, to: bitcoind}
	require.NoError(t, chain.mirror(ctx))

	coins := make([]coin.Coin, 4)
	for i, n := range []*testnodes.Node{btcd, bitcoind, btcd, bitcoind} {
		coins[i], err = bitcoin.Dial(ctx, bitcoin.Config{Network: bitcoin.Regtest, Node: config(n)})
		require.NoError(t, err)
	}
	g, err := processortest.New(processortest.Options{
		Chain: chain, Coin: func(i int) coin.Coin { return coins[i] }, Weights: []uint16{1, 1, 1, 1}, Threshold: 3,
	})
	require.NoError(t, err)
	updates := make(map[uint64]map[string][]int) // by block: bytes, and who reported them
	settled := make(map[string]int)
	g.OnEvent = func(v int, body processor.EventBody) {
		switch e := body.(type) {
		case processor.Update:
			if updates[e.Number] == nil {
				updates[e.Number] = make(map[string][]int)
			}
			bytes := string(processor.EncodeEvent(e))
			updates[e.Number][bytes] = append(updates[e.Number][bytes], v)
		case processor.PaymentSettled, processor.Refunded:
			settled[string(processor.EncodeEvent(e))]++
		case processor.Halted:
			t.Errorf("validator %d halted: %s", v, e.Reason)
		}
	}
	mine := func(n int) {
		for range n {
			require.NoError(t, chain.Mine(ctx, 1))
			require.NoError(t, g.AcknowledgeAll(ctx))
		}
	}

	g.GenerateKey(0, 0, 4)
	require.NoError(t, g.Run(ctx))
	require.NoError(t, g.ConfirmKey(ctx, 0))
	mine(6)
	ours, err := chain.Coin().Address(g.Key(0).NetworkKey, coin.External)
	require.NoError(t, err)
	for _, d := range []cointest.Deposit{
		{To: []cointest.Target{{Address: ours, Amount: 3_000_000}, {Address: ours, Amount: 1_000_000}}, Data: []byte("mint")},
		{To: []cointest.Target{{Address: ours, Amount: 500_000}}},
		{To: []cointest.Target{{Address: ours, Amount: 400_000}}, Anonymous: true},
		{To: []cointest.Target{{Address: ours, Amount: 200_000}}, Data: []byte(strings.Repeat("x", 80))},
	} {
		_, err := chain.Pay(ctx, d)
		require.NoError(t, err)
	}
	mine(8)
	var burns []coin.Payment
	for i := range 3 {
		to, err := chain.Address(ctx)
		require.NoError(t, err)
		burns = append(burns, coin.Payment{ID: coin.PaymentID{byte(i + 1)}, Address: to, Amount: 1_000_000 - uint64(i)*100_000})
	}
	g.Append(processor.Burns{Payments: burns})
	mine(8)
	mine(8)

	for number, reports := range updates {
		require.Len(t, reports, 1, "block %d is reported differently: %v", number, reports)
		for _, who := range reports {
			require.Len(t, who, 4, "block %d", number)
		}
	}
	require.NotEmpty(t, updates)
	require.Len(t, settled, 4, "three payments and a refund")
	for _, times := range settled {
		require.Equal(t, 4, times)
	}
	_, err = g.Digests(ctx)
	require.NoError(t, err)
	compared := 0
	for number := range updates {
		var first [32]byte
		for i, v := range g.Validators {
			digest, ok, err := v.Processor.SettledDigest(ctx, number)
			require.NoError(t, err)
			if !ok {
				continue
			}
			if i == 0 {
				first = digest
				compared++
			}
			require.Equal(t, first, digest, "block %d, validator %d", number, i)
		}
	}
	require.Greater(t, compared, 3)
	for _, p := range burns {
		received, err := chain.Received(ctx, p.Address)
		require.NoError(t, err)
		require.Less(t, p.Amount-received, uint64(2_000))
	}
}
