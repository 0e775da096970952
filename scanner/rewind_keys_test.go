package scanner

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/internal/wire"
	"github.com/serai-go/processor/storage"
)

// again adds a block with outputs of void blocks.
func (w *world) again(outputs ...coin.Output) uint64 {
	return w.add(&block{outputs: outputs}).header.Number
}

func TestDepositsReturnBeforeTheFirstKeysActivation(t *testing.T) {
	w := started(t, 3, 3)
	w.pay(deposit(100, "void"))
	void := w.chain[3].outputs
	w.settleAll()
	w.voids(w.rewind(1))
	w.again(void...)
	w.mine(4)
	var fates []coin.Fate
	for _, s := range w.settleAll() {
		for _, b := range s.Blocks {
			for _, d := range b.Deposits {
				require.EqualValues(t, 2, b.Number)
				fates = append(fates, d.Fate)
			}
		}
	}
	require.Equal(t, []coin.Fate{coin.Returned}, fates)
	require.EqualValues(t, 3, w.key(5).Activation, "it was acknowledged")
}

func TestAnActivationThatNobodyAcknowledgedIsVoid(t *testing.T) {
	for _, saw := range []int{1, 4} { // blocks of the old chain
		w := newWorld(t, testConfig(), storage.NewMemory())
		w.confirm(Start{ByTime: true, At: 300})
		w.mine(saw + 1)
		w.scanAll()
		require.Equal(t, saw > 2, w.frontier().Active)
		w.rewind(1)
		require.False(t, w.frontier().Active)
		w.mine(1)
		w.chain[2].header.Time = 300
		w.mine(4)
		w.scanAll()
		require.EqualValues(t, 2, w.key(5).Activation)
		require.Contains(t, w.notable(), uint64(2))
		require.NotNil(t, w.batch(testParameters.BatchesAhead))
	}
}

func TestOwnOutputsCountByRulesThatStand(t *testing.T) {
	w := started(t, 2, 4)
	w.settleAll()
	lower := testParameters
	lower.Dust = 5
	require.Empty(t, w.setRules(RulesVersion, wire.Marshal(lower)))
	w.mine(10)
	w.settleAll()
	w.voids(w.rewind(3))
	w.pay(coin.Output{Kind: coin.Change, Amount: 5})
	var found []coin.Output
	for _, s := range w.settleAll() {
		for _, b := range s.Blocks {
			found = append(found, b.Internal...)
		}
	}
	require.Len(t, found, 1, "a plan of a void block made it")
}

func TestAHeldDepositIsReportedBeforeItsBlockSettles(t *testing.T) {
	w := started(t, 2, 3)
	w.settleAll()
	w.confirmNext(6)
	w.mine(3)
	w.settleAll()
	activation := w.key(6).Activation
	reports := activation + testParameters.Confirmations + testParameters.TenMinutes
	w.mine(int(reports) - 1 - len(w.chain))
	held := deposit(100, "held")
	held.Session = 6
	w.pay(held)
	var many []coin.Output
	for range 12 {
		many = append(many, deposit(100, "a deposit with an instruction that needs a batch"))
	}
	require.Equal(t, reports, w.pay(many...))
	for w.frontier().Settle <= activation {
		w.scanAll()
		w.acknowledge()
	}
	w.scanAll()
	require.EqualValues(t, activation+1, w.frontier().Settle, "the deposit's own block is quiet")
	require.Nil(t, w.acknowledge(), "not the last batch")
	back := w.rewind(reports)
	require.Empty(t, back.Late)
	require.Equal(t, "held", string(back.Deposits[0].Output.Data))
	require.Equal(t, coin.Reported, back.Deposits[0].Fate)
	w.voids(back)
	w.mine(4)
	for _, s := range w.settleAll() {
		require.Empty(t, s.Late, "it is reported")
		for _, b := range s.Blocks {
			for _, d := range b.Deposits {
				require.True(t, b.Number != reports-1 || d.Fate == coin.Returned)
			}
		}
	}
}

func TestAKeyAbandonedBehindARewindIsWatched(t *testing.T) {
	w := started(t, 2, 3)
	w.settleAll()
	w.confirmNext(6)
	w.mine(12)
	w.settleAll()
	require.True(t, w.key(6).Active)
	w.voids(w.rewind(2))
	require.Empty(t, w.abandon(6))
	w.mine(1)
	w.scanAll()
	own := coin.Output{Session: 6, Kind: coin.Change, Amount: 50}
	w.pay(own)
	w.indexAll()
	var keys []uint64
	for _, k := range w.due().Keys {
		keys = append(keys, k.Session)
	}
	require.Contains(t, keys, uint64(6))
}

func TestNoKeyRetiresWhileItsAbandonedSuccessorCounts(t *testing.T) {
	w := started(t, 2, 3)
	w.settleAll()
	w.confirmNext(6)
	w.busy[5] = true
	w.mine(30)
	w.settleAll()
	require.Empty(t, w.abandon(6))
	w.mine(6)
	w.settleAll()
	end := w.key(6).Retirement
	require.True(t, w.key(6).Retiring)
	w.voids(w.rewind(end - 15))
	w.busy[5] = false
	w.mine(30)
	w.settleAll()
	require.False(t, w.key(5).Retiring, "nobody takes over")
}

func TestAKeyThatIsDoneTakesNoDepositsBehindARewind(t *testing.T) {
	w := started(t, 2, 3)
	w.pay(deposit(100, "settled"))
	w.settleAll()
	w.confirmNext(6)
	w.mine(30)
	w.settleAll()
	require.True(t, w.key(5).Retiring)
	void := w.chain[3].outputs
	w.voids(w.rewind(2))
	w.pay(deposit(100, "new"))
	w.again(void...)
	w.mine(4)
	var found []coin.Deposit
	for _, s := range w.settleAll() {
		for _, b := range s.Blocks {
			found = append(found, b.Deposits...)
		}
	}
	require.Len(t, found, 1)
	require.Equal(t, coin.Returned, found[0].Fate)
}
