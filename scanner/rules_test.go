package scanner

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/internal/wire"
	"github.com/serai-go/processor/storage"
)

// setRules proposes parameters and returns the refusal.
func (w *world) setRules(version uint32, content []byte) (refusal string) {
	require.NoError(w.t, w.update(func(tx storage.Tx) (err error) {
		refusal, err = w.scanner.SetRules(tx, version, content)
		return err
	}))
	return refusal
}

func (w *world) rulesAt(n uint64) (p coin.Parameters) {
	w.view(func(r storage.Reader) (err error) {
		p, err = w.scanner.Rules(r, n)
		return err
	})
	return p
}

func TestRulesAreInForceAWindowBehindTheNextAcknowledgement(t *testing.T) {
	w := started(t, 0, 20)
	w.chain[2].outputs = []coin.Output{{ID: coin.OutputID{Index: 2}, Session: 5, Amount: 400, Origin: "o", Data: []byte("before")}}
	w.chain[3].outputs = []coin.Output{{ID: coin.OutputID{Index: 3}, Session: 5, Amount: 400, Origin: "o", Data: []byte("behind")}}
	w.scanAll()
	next := testParameters
	next.Dust = 500
	require.Empty(t, w.setRules(RulesVersion, wire.Marshal(next)))
	require.Equal(t, testParameters, w.rulesAt(1000), "not yet decided")
	w.acknowledge() // block 0
	require.Equal(t, testParameters, w.rulesAt(2))
	require.Equal(t, next, w.rulesAt(3))
	w.settleAll()
	var reported []string
	for _, u := range w.updates() {
		for _, b := range u.Batches {
			for _, i := range b.Instructions {
				reported = append(reported, string(i.Data))
			}
		}
	}
	require.Equal(t, []string{"before"}, reported)
}

func TestRulesThatCannotBe(t *testing.T) {
	w := started(t, 0, 5)
	require.Contains(t, w.setRules(RulesVersion, []byte("nonsense")), "cannot be read")
	impossible := testParameters
	impossible.Window = 0
	require.Contains(t, w.setRules(RulesVersion, wire.Marshal(impossible)), "cannot be read")
	ahead := testParameters
	ahead.BatchesAhead++
	require.Contains(t, w.setRules(RulesVersion, wire.Marshal(ahead)), "cannot change")
	restarts := testParameters
	restarts.Withdrawals++
	require.Contains(t, w.setRules(RulesVersion, wire.Marshal(restarts)), "cannot change")
	w.settleAll()
	require.Equal(t, testParameters, w.rulesAt(100))
}

func TestUnknownRulesStopBeforeTheirFirstBlock(t *testing.T) {
	w := started(t, 0, 20)
	w.scanAll() // 0, 1 and 2
	require.Empty(t, w.setRules(RulesVersion+1, []byte("new")))
	w.acknowledge()
	w.indexAll()
	err := w.store.View(background, func(r storage.Reader) error {
		_, err := w.scanner.Due(r, 1)
		return err
	})
	var needed *UpgradeNeeded
	require.ErrorAs(t, err, &needed)
	require.Equal(t, UpgradeNeeded{RulesVersion + 1, 3}, *needed)
	require.Equal(t, uint64(3), w.frontier().Scan, "what is before is scanned")

	// Several due blocks end before it.
	w = started(t, 0, 20)
	require.Empty(t, w.setRules(RulesVersion+1, nil))
	w.scanAll()
	w.acknowledge()
	w.view(func(r storage.Reader) error {
		_, err := w.scanner.Due(r, 10)
		require.ErrorAs(t, err, &needed)
		return nil
	})
}

// TestWindowsMayChange: whatever the windows, the chain goes on, heartbeats come
// within a window, and no block is scanned for which an acknowledgement to come
// may still decide.
func TestWindowsMayChange(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t, testConfig(), storage.NewMemory())
		w.confirm(Start{})
		w.mine(60)
		for w.frontier().Settle < 50 {
			if rapid.IntRange(0, 3).Draw(t, "change") == 0 {
				next := testParameters
				next.Window = rapid.Uint64Range(1, 9).Draw(t, "window")
				require.Empty(t, w.setRules(RulesVersion, wire.Marshal(next)))
			}
			w.scanAll()
			before := w.frontier()
			b := w.batch(before.Acknowledged)
			require.NotNil(t, b, "a heartbeat is due in the window")
			w.acknowledge()
			require.GreaterOrEqual(t, b.Number+w.rulesAt(b.Number).Window, before.Scan)
		}
	})
}

// Rules that come later are in force for longer, also if a shorter window lets
// their effective block come first.
func TestLaterRulesAreNotReplacedByEarlierOnes(t *testing.T) {
	w := started(t, 0, 60)
	set := func(window, patience uint64) {
		next := testParameters
		next.Window, next.Patience = window, patience
		require.Empty(t, w.setRules(RulesVersion, wire.Marshal(next)))
		w.scanAll()
		w.acknowledge()
	}
	set(20, 1) // from block 3 on
	set(2, 2)  // heartbeat 3: from block 23 on
	deposited := coin.Output{ID: coin.OutputID{Index: 3}, Session: 5, Amount: 400, Origin: "o", Data: []byte("x")}
	w.chain[22].outputs = []coin.Output{deposited}
	deposited.ID.Index++
	w.chain[23].outputs = []coin.Output{deposited}
	set(9, 3) // 22: from block 42 on
	set(9, 4) // 23: from block 25 on, by itself
	require.EqualValues(t, 2, w.rulesAt(41).Patience)
	require.EqualValues(t, 4, w.rulesAt(42).Patience)
	require.EqualValues(t, 4, w.rulesAt(1000).Patience)
}

// A block's window is found without going through it.
func TestHugeWindowsTakeNoTime(t *testing.T) {
	w := started(t, 0, 12)
	next := testParameters
	next.Window = 1 << 32
	require.Empty(t, w.setRules(RulesVersion, wire.Marshal(next)))
	w.settleAll()
	require.EqualValues(t, 12, w.frontier().Scan)
	w.confirmNext(6)
	require.Empty(t, w.abandon(5))
}

// Outputs that were planned before dust was more are the group's all the same.
func TestOwnOutputsBelowANewDustLimitCount(t *testing.T) {
	w := started(t, 0, 1)
	next := testParameters
	next.Dust = 500
	require.Empty(t, w.setRules(RulesVersion, wire.Marshal(next)))
	w.settleAll() // block 0: in force from block 3 on
	w.mine(4)
	w.pay(coin.Output{Kind: coin.Change, Amount: testParameters.Dust}, coin.Output{Kind: coin.Change, Amount: testParameters.Dust - 1})
	w.mine(1)
	var internal []uint64
	for _, s := range w.settleAll() {
		for _, b := range s.Blocks {
			for _, o := range b.Internal {
				internal = append(internal, o.Amount)
			}
		}
	}
	require.Equal(t, []uint64{testParameters.Dust}, internal)
}
