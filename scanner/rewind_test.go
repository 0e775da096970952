package scanner

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/eventuality"
	"github.com/serai-go/processor/storage"
)

// decision is the rewind to a block whose chain goes on with the next one of
// w.chain.
func (w *world) decision(fork uint64) Rewind {
	x := Rewind{Fork: fork, Block: w.chain[fork].header.ID, Next: blockID(fork + 1)}
	x.Next[31] = w.branch + 1
	w.view(func(r storage.Reader) error {
		last, err := w.scanner.Rewound(r)
		x.Number = last.Number + 1
		return err
	})
	return x
}

func (w *world) tryRewind(x Rewind, changed bool) (back *coin.Rewind, err error) {
	err = w.update(func(tx storage.Tx) (err error) {
		back, err = w.scanner.Rewind(tx, x, changed)
		return err
	})
	return back, err
}

// rewind lets the chain change behind a block, which the scanner sees.
func (w *world) rewind(fork uint64) *coin.Rewind {
	back, err := w.tryRewind(w.decision(fork), true)
	require.NoError(w.t, err)
	w.chain = w.chain[:fork+1]
	w.branch++
	return back
}

// undone tells the scanner what has become of what is void.
func (w *world) undone(u coin.Undone) {
	require.NoError(w.t, w.update(func(tx storage.Tx) error { return w.scanner.Undone(tx, u) }))
}

// voids tells it that all that is void has taken effect.
func (w *world) voids(back *coin.Rewind) {
	u := coin.Undone{Voided: back.Deposits}
	for _, b := range back.Blocks {
		u.Voided = append(u.Voided, b.Deposits...)
	}
	w.undone(u)
}

func TestRewindGoesBackToTheFork(t *testing.T) {
	w := started(t, 2, 4)
	first := w.pay(deposit(100, "stays"))
	w.mine(1)
	w.pay(deposit(200, "void"), coin.Output{Kind: coin.Change, Amount: 50})
	w.pay(deposit(300, "void"))
	w.settleAll()
	w.pay(deposit(400, "not acknowledged"))
	w.mine(4)
	w.scanAll()
	before := w.frontier()
	require.EqualValues(t, 8, before.Settle)

	back := w.rewind(first)
	require.EqualValues(t, 7, back.Horizon)
	require.Empty(t, back.Deposits)
	require.Len(t, back.Blocks, 2)
	require.EqualValues(t, 7, back.Blocks[0].Number, "the newest first")
	require.EqualValues(t, 300, back.Blocks[0].Deposits[0].Output.Amount)
	require.Equal(t, coin.Reported, back.Blocks[0].Deposits[0].Fate)
	require.Len(t, back.Blocks[1].Internal, 1)
	require.Equal(t, Frontier{
		Index: first + 1, Scan: first + 1, Settle: first + 1, Started: true, Active: true,
		Acknowledged: before.Acknowledged + testParameters.BatchesAhead,
	}, w.frontier())
	for key := range w.dump() {
		name, _, _ := strings.Cut(key, "\x00")
		require.NotContains(t, []string{"scanner/buffers", "scanner/batches", "scanner/results", "scanner/resolutions", "scanner/voided"}, name)
	}

	// Other blocks take their places, and the heartbeat comes a window behind the
	// fork.
	w.mine(4)
	w.scanAll()
	require.Equal(t, first+testParameters.Window, w.notable()[len(w.notable())-1])
	require.NotNil(t, w.batch(before.Acknowledged+testParameters.BatchesAhead))
	require.Len(t, w.settleAll(), 1)
}

func TestRewindOfBlocksThatAreNotSettled(t *testing.T) {
	w := started(t, 2, 3)
	w.settleAll()
	w.mine(1)                     // 3
	w.pay(deposit(100, "stands")) // 4
	w.pay(deposit(200, "void"))   // 5
	w.scanAll()
	settle := w.frontier().Settle
	require.EqualValues(t, 3, settle)
	back := w.rewind(4)
	require.Empty(t, back.Blocks)
	require.Equal(t, Frontier{Index: 5, Scan: 3, Settle: 3, Started: true, Active: true, Acknowledged: 1 + testParameters.BatchesAhead},
		w.frontier(), "what stands is scanned again, as its batches have other IDs")
	w.mine(1)
	w.settleAll()
	require.Equal(t, "stands", string(w.instructions(4)[1].Data))
}

// Whatever was scanned at the time, all are the same behind the rewind.
func TestScannersAreEqualBehindARewind(t *testing.T) {
	for _, fork := range []uint64{2, 4, 6, 7, 8} {
		behind := started(t, 2, 4)
		behind.pay(deposit(100, "one"))
		behind.pay(deposit(200, "two"), coin.Output{Kind: coin.Change, Amount: 50})
		behind.mine(1)
		behind.settleAll()
		behind.pay(deposit(300, "three"))
		behind.mine(2)
		behind.indexAll()
		ahead := newWorld(t, behind.config, behind.store.(*storage.Memory).Clone())
		ahead.chain = append(ahead.chain, behind.chain...)
		ahead.scanAll()
		require.Greater(t, ahead.frontier().Scan, behind.frontier().Scan)
		ahead.resolve(ahead.frontier().Settle)
		require.Equal(t, behind.frontier().Settle, ahead.frontier().Settle)
		var kept [2]map[string]string
		for i, w := range []*world{behind, ahead} {
			w.voids(w.rewind(fork))
			kept[i] = w.dump()
			for key := range kept[i] {
				if strings.HasPrefix(key, "test/") || strings.HasPrefix(key, "scanner/rates") {
					delete(kept[i], key)
				}
			}
		}
		require.Equal(t, kept[0], kept[1], "fork %d", fork)
	}
}

func TestDepositsReturn(t *testing.T) {
	w := two(t)
	w.grow(deposit(100, "x"), deposit(90, "")) // 6
	outputs := w.chain[6].outputs
	w.growTo(18)
	w.voids(w.rewind(5))
	w.growTo(17)
	stage := w.stages()[len(w.stages())-1]
	require.Equal(t, Finishing, stage.stage, "nothing to session 5 counts but what comes back")
	other := outputs[1]
	other.ID.Index = 7
	w.add(&block{outputs: []coin.Output{outputs[0], outputs[1], other}})
	var settled coin.SettledBlock
	for _, s := range w.settleAll() {
		for _, b := range s.Blocks {
			if len(b.Deposits) > 0 {
				settled = b
			}
		}
	}
	require.EqualValues(t, 18, settled.Number)
	require.Len(t, settled.Deposits, 2)
	for i, credit := range []uint64{96, 86} {
		require.Equal(t, coin.Returned, settled.Deposits[i].Fate)
		require.Equal(t, credit, settled.Deposits[i].Credit)
		require.Equal(t, outputs[i].ID, settled.Deposits[i].Output.ID)
	}
	require.Contains(t, w.notable(), uint64(18))
	require.Empty(t, w.instructions(18))
	for key := range w.dump() {
		require.False(t, strings.HasPrefix(key, "scanner/voided"), "they are there now")
	}
}

func TestAcknowledgedBatchesOfAnUnsettledBlock(t *testing.T) {
	w := threeBatches(t)
	w.acknowledge(1)
	f := w.frontier()
	number := w.batch(1).Number
	instructions := len(w.batch(f.Acknowledged - 1).Instructions)
	require.Less(t, f.Settle, number+1, "not settled")
	back := w.rewind(number)
	require.Equal(t, number, back.Horizon)
	require.Len(t, back.Deposits, instructions)
	for i, d := range back.Deposits {
		want := coin.Reported
		if i == 1 {
			want = fateOf(d.Output.Origin, nil)
		}
		require.Equal(t, want, d.Fate)
	}
	w.voids(back)
	w.mine(1)
	w.scanAll()
	for i, d := range w.buffered(number).Deposits {
		require.Equal(t, i < instructions, d.Fate == coin.Returned, "the others are reported")
	}
}

func TestHeldDepositsBehindARewind(t *testing.T) {
	w := two(t)
	w.growTo(8)
	w.grow(to(6, deposit(100, "stands"))) // 9
	w.grow(to(6, deposit(200, "void")))   // 10
	w.pay()                               // 11
	w.scanAll()
	require.Len(t, w.instructions(11), 2)
	w.rewind(9)
	w.undone(coin.Undone{Forgotten: nil})
	w.mine(2)
	w.scanAll()
	require.Len(t, w.buffered(11).Late, 1, "held again, and reported again")

	// If it is acknowledged there, it is not reported again.
	s := w.acknowledge()
	require.Len(t, s.Late, 1)
	w.rewind(9)
	w.mine(2)
	w.scanAll()
	require.Empty(t, w.buffered(11).Late)
}

func TestInstructionsOfVoidForwards(t *testing.T) {
	passed := func(due bool) (*world, coin.OutputID) {
		w := two(t)
		w.growTo(13)
		w.grow(deposit(100, "data")) // 14
		id := w.chain[14].outputs[0].ID
		w.arrivals = []coin.Arrival{{Deposit: id, Amount: 95}}
		for len(w.arrivals) > 0 {
			w.grow()
		}
		if due {
			w.growTo(uint64(len(w.chain)) + 6)
		}
		return w, id
	}
	w, id := passed(false)
	w.rewind(14)
	w.undone(coin.Undone{Recalled: []coin.OutputID{id}})
	w.growTo(24)
	late := len(w.settledLate)
	w.arrivals = []coin.Arrival{{Deposit: id, Amount: 94}}
	w.growTo(34)
	require.Len(t, w.settledLate[late:], 1)
	require.EqualValues(t, 94, w.settledLate[late].Amount, "as much as has arrived now")

	w, id = passed(true)
	require.Len(t, w.settledLate, 1)
	w.rewind(14)
	w.undone(coin.Undone{Recalled: []coin.OutputID{id}})
	w.arrivals = []coin.Arrival{{Deposit: id, Amount: 94}}
	w.growTo(34)
	require.Empty(t, w.arrivals)
	require.Len(t, w.settledLate, 1, "it was reported before")
}

func TestKeysBehindARewind(t *testing.T) {
	w := two(t)
	w.growTo(24)
	old, young := w.key(5), w.key(6)
	require.True(t, old.Retiring)
	signer := w.signer(w.frontier().Acknowledged - 1)
	require.EqualValues(t, 6, signer)
	w.rewind(6)
	require.Equal(t, old.Retirement, w.key(5).Retirement)
	require.Equal(t, young.Activation, w.key(6).Activation)
	require.True(t, w.key(5).Over)
	retired := func() (retired bool) {
		w.view(func(r storage.Reader) (err error) { retired, err = w.scanner.Retired(r, 5); return err })
		return retired
	}
	require.True(t, retired())
	require.NotEmpty(t, w.abandon(5), "it has no duties any more")
	before := len(w.stages())
	w.mine(2)
	w.indexAll()
	require.Equal(t, []coin.Key{{Session: 5, Key: networkKey}, {Session: 6, Key: keyOf(6).NetworkKey}}, w.due().Keys)
	w.scanAll()
	require.EqualValues(t, 6, w.signer(w.frontier().Acknowledged), "its successor signs all")
	w.growTo(24)
	require.Equal(t, []Stage{Holding, HandingOver, Reporting, Forwarding, Finishing, Retired}, stagesOf(w.stages()[before:]))
	w.pay(to(5, coin.Output{Kind: coin.Change, Amount: 50}), to(5, deposit(100, "ignored")))
	w.scanAll()
	require.Len(t, w.buffered(25).Internal, 1, "its plans may complete")
	require.Empty(t, w.buffered(25).Deposits)

	// A key that is to retire is watched beyond that.
	w = two(t)
	w.growTo(18)
	require.True(t, w.key(5).Retiring)
	w.rewind(16)
	w.growTo(26)
	require.True(t, w.key(5).Over)
	w.confirmNext(7)
	require.False(t, w.key(7).Waiting, "it does not live any more")
}

func stagesOf(events []stageEvent) (list []Stage) {
	for _, e := range events {
		list = append(list, e.stage)
	}
	return list
}

func TestRewindsThatAreRefused(t *testing.T) {
	w := started(t, 2, 10)
	w.settleAll()
	good := w.decision(5)
	for reason, spoil := range map[string]func(*Rewind){
		"rewind 1 is next": func(x *Rewind) { x.Number = 2 },
		"not 0300":         func(x *Rewind) { x.Block = coin.BlockID{3} },
	} {
		x := good
		spoil(&x)
		_, err := w.tryRewind(x, true)
		require.ErrorAs(t, err, new(*BadRewind))
		require.ErrorContains(t, err, reason)
	}
	_, err := w.tryRewind(good, false)
	require.ErrorIs(t, err, ErrUnchanged, "another block is indexed, and the node has not left it")
	beyond := good
	beyond.Fork = 20
	_, err = w.tryRewind(beyond, true)
	require.ErrorIs(t, err, ErrUnchanged)
	_, err = newWorld(t, testConfig(), storage.NewMemory()).tryRewind(good, true)
	require.ErrorIs(t, err, ErrUnchanged)

	// Who has the new chain only need not see a change.
	onNew := good
	onNew.Next = w.chain[6].header.ID
	_, err = w.tryRewind(onNew, false)
	require.NoError(t, err)

	// From then on only its block is indexed.
	other := w.chain[6].header
	other.ID[31] = 9
	require.ErrorIs(t, w.indexHeader(other), coin.ErrInvalid)
	require.NoError(t, w.indexHeader(w.chain[6].header))
	_, err = w.tryRewind(good, true)
	require.ErrorContains(t, err, "rewind 2 is next")
}

func TestRewindOfTooManyBlocks(t *testing.T) {
	w := started(t, 2, 10)
	w.pay(deposit(100, "old"))
	w.mine(coin.RewindDepth)
	w.pay(deposit(100, "new"))
	w.settleAll()
	last := w.frontier().Settle - 1
	_, err := w.tryRewind(w.decision(last-coin.RewindDepth-1), true)
	require.ErrorAs(t, err, new(*BadRewind))
	require.ErrorContains(t, err, "1001 settled blocks")
	back := w.rewind(last - coin.RewindDepth)
	require.Len(t, back.Blocks, 1)
	require.EqualValues(t, last-coin.RewindDepth+1, w.frontier().Settle)

	// What was forgotten then is not there for another, shorter rewind.
	w.mine(10)
	w.settleAll()
	_, err = w.tryRewind(w.decision(last-coin.RewindDepth-1), true)
	require.ErrorAs(t, err, new(*BadRewind))
	require.ErrorContains(t, err, "cannot be taken back any more")
}

func TestGuardsOfVoidOutputsAreTakenBack(t *testing.T) {
	w := started(t, 2, 4)
	w.pay(deposit(100, "settled"))
	w.settleAll()
	w.pay(deposit(100, "scanned"))
	w.scanAll()
	inputs := []coin.OutputID{w.chain[4].outputs[0].ID, w.chain[5].outputs[0].ID}
	spends := func(id coin.OutputID) (x Resolution) {
		w.view(func(r storage.Reader) (err error) {
			x, err = w.scanner.Resolve(r, &block{transactions: []eventuality.Transaction{spend{[32]byte{1}, []coin.OutputID{id}}}})
			return err
		})
		return x
	}
	for _, id := range inputs {
		require.Len(t, spends(id).Unexplained, 1)
	}
	w.rewind(3)
	for _, id := range inputs {
		require.Empty(t, spends(id).Unexplained)
	}
}

func TestDepositsOfSettledBlocksAreHeldAgain(t *testing.T) {
	w := two(t)
	w.growTo(8)
	w.grow(to(6, deposit(100, "stands")), deposit(300, "notable")) // 9
	w.mine(2)
	w.settleUpTo(t, 9)
	w.scanAll()
	require.Len(t, w.buffered(11).Late, 1, "to be reported")
	w.rewind(9)
	w.mine(2)
	w.scanAll()
	require.Len(t, w.buffered(11).Late, 1, "held again, and reported again")
}

// settleUpTo acknowledges until a block is settled, and not more.
func (w *world) settleUpTo(t *testing.T, number uint64) {
	for w.scanAll(); w.frontier().Settle <= number; w.scanAll() {
		w.acknowledge()
	}
	require.Equal(t, number+1, w.frontier().Settle)
}
