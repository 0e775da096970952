package scanner

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/storage"
)

// threeBatches is a world whose block 1 has three batches, of 4, 4 and 3
// instructions.
func threeBatches(t *testing.T) *world {
	w := started(t, 0, 1)
	var outputs []coin.Output
	for i := range 11 {
		outputs = append(outputs, deposit(uint64(1000+i), strings.Repeat("x", 40)))
	}
	w.pay(outputs...)
	w.mine(2)
	w.scanAll()
	require.Equal(t, uint64(0), w.acknowledge().Reference)
	w.scanAll()
	return w
}

func TestTheLastBatchOfABlockSettlesIt(t *testing.T) {
	w := threeBatches(t)
	require.Nil(t, w.acknowledge(1))
	require.Nil(t, w.acknowledge())
	require.EqualValues(t, 1, w.frontier().Settle)
	s := w.acknowledge(0, 2)
	require.EqualValues(t, 1, s.Reference)
	require.Len(t, s.Blocks, 1)
	var fates []coin.Fate
	for i, d := range s.Blocks[0].Deposits {
		require.EqualValues(t, 1000+i, d.Output.Amount)
		fates = append(fates, d.Fate)
	}
	ok, failed := coin.Reported, coin.Refunded
	require.Equal(t, []coin.Fate{ok, failed, ok, ok, ok, ok, ok, ok, failed, ok, failed}, fates)
	require.Equal(t, Frontier{Index: 4, Scan: 4, Settle: 2, Started: true, Active: true, Acknowledged: 4}, w.frontier())
}

func TestFailedResultsTurnIntoRefundsOrGifts(t *testing.T) {
	w := started(t, 0, 1)
	stranger := func(data string) coin.Output { return coin.Output{Amount: 500, Data: []byte(data)} }
	w.pay(
		deposit(100, ""), deposit(101, "failed"), stranger(""), stranger("failed"), deposit(102, "fine"), stranger("fine"),
		coin.Output{Kind: coin.Change, Amount: 77},
	)
	w.scanAll()
	w.acknowledge()
	s := w.acknowledge(0, 1)
	var fates []coin.Fate
	for _, d := range s.Blocks[0].Deposits {
		fates = append(fates, d.Fate)
	}
	require.Equal(t, []coin.Fate{
		coin.Refunded, coin.Refunded, coin.Accumulated, coin.Accumulated, coin.Reported, coin.Reported,
	}, fates)
	require.Len(t, s.Blocks[0].Internal, 1)
}

func TestQuietBlocksSettleInOrderWithTheNextNotableOne(t *testing.T) {
	w := started(t, 2, 5)
	w.pay(deposit(100, "data"))
	require.EqualValues(t, 2, w.chain[2].header.Number)
	all := w.settleAll()
	var settled [][]uint64
	for _, s := range all {
		var numbers []uint64
		for _, b := range s.Blocks {
			numbers = append(numbers, b.Number)
		}
		require.Equal(t, numbers[len(numbers)-1], s.Reference)
		settled = append(settled, numbers)
	}
	require.Equal(t, [][]uint64{{2}, {3, 4, 5}}, settled)
	require.Empty(t, all[1].Blocks[0].Deposits)
	require.Len(t, all[1].Blocks[2].Deposits, 1)
}

func TestAcknowledgementsThatContradict(t *testing.T) {
	w := threeBatches(t)
	right := w.batch(1)
	digest := w.digest(right)
	results := make([]bool, 4)
	before := w.dump()
	for name, c := range map[string]struct {
		id      uint64
		digest  [32]byte
		results []bool
		reason  string
	}{
		"again":            {0, w.digest(w.batch(0)), nil, "the next batch to acknowledge is 1"},
		"too early":        {2, w.digest(w.batch(2)), results, "the next batch to acknowledge is 1"},
		"far ahead":        {1 << 60, digest, results, "the next batch to acknowledge is 1"},
		"another digest":   {1, w.digest(w.batch(2)), results, "another digest"},
		"too few results":  {1, digest, results[:3], "3 results for 4 instructions"},
		"too many results": {1, digest, make([]bool, 5), "5 results for 4 instructions"},
		"no results":       {1, digest, nil, "0 results for 4 instructions"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := w.tryAcknowledge(c.id, c.digest, c.results)
			var mismatch *Mismatch
			require.ErrorAs(t, err, &mismatch)
			require.Equal(t, c.id, mismatch.Batch)
			require.ErrorContains(t, mismatch, c.reason)
			require.Equal(t, before, w.dump())
		})
	}
}

func TestAnUnscannedBatchWaits(t *testing.T) {
	w := newWorld(t, testConfig(), storage.NewMemory())
	_, err := w.tryAcknowledge(0, [32]byte{}, nil)
	require.ErrorIs(t, err, ErrNotScanned)
	require.Empty(t, w.dump())

	w = threeBatches(t)
	for range 3 {
		w.acknowledge()
	}
	before := w.dump()
	_, err = w.tryAcknowledge(4, [32]byte{1, 2}, []bool{true})
	require.ErrorIs(t, err, ErrNotScanned, "whatever it says")
	require.Equal(t, before, w.dump())
}

func TestUnresolvedBlocksAreAskedForInOrderAndLeaveTheDatabaseUnchanged(t *testing.T) {
	w := started(t, 0, 4)
	w.scanAll()
	w.acknowledge()
	w.scanAll()
	b := w.batch(1)
	for n := uint64(1); n <= 3; n++ {
		before := w.dump()
		_, err := w.tryAcknowledge(1, w.digest(b), nil)
		var unresolved *Unresolved
		require.ErrorAs(t, err, &unresolved)
		require.Equal(t, w.chain[n].header, unresolved.Header)
		require.ErrorContains(t, unresolved, "not resolved yet")
		require.Equal(t, before, w.dump())
		w.resolve(n)
	}
	s, err := w.tryAcknowledge(1, w.digest(b), nil)
	require.NoError(t, err)
	require.EqualValues(t, 3, s.Reference)
}

func TestOnlyBlocksThatWaitAreResolved(t *testing.T) {
	w := started(t, 1, 8)
	w.scanAll()
	w.acknowledge() // settles 1
	w.scanAll()     // 2, 3, 4
	before := w.dump()
	other := w.chain[2].header
	other.ID[0]++
	for _, h := range []coin.Header{w.chain[0].header, w.chain[1].header, w.chain[5].header, other, {Number: 99}} {
		require.ErrorContains(t, w.putResolution(Resolution{Header: h}), "does not wait for a resolution")
	}
	require.Equal(t, before, w.dump())
	require.NoError(t, w.putResolution(Resolution{Header: w.chain[2].header}))
}

// plan watches for a plan that the transaction with an ID fulfils.
func (w *world) plan(plan coin.PlanID, transaction byte, spent coin.OutputID) {
	require.NoError(w.t, w.update(func(tx storage.Tx) error {
		return w.tracker.Expect(tx, plan, fulfilled{[32]byte{transaction}, spent})
	}))
}

// spending is a block with these transactions.
func spending(transactions ...spend) *block {
	b := new(block)
	for _, t := range transactions {
		b.transactions = append(b.transactions, t)
	}
	return b
}

func TestCompletionsSettleInBlockOrderAndAreForgotten(t *testing.T) {
	w := started(t, 0, 1)
	w.pay(deposit(100, "data"), deposit(100, "data"), deposit(100, "data"))
	ids := w.chain[1].outputs
	w.settleAll()
	w.plan(coin.PlanID{1}, 11, ids[0].ID)
	w.plan(coin.PlanID{1}, 12, ids[0].ID) // another version of the plan
	w.plan(coin.PlanID{2}, 20, ids[1].ID)
	w.plan(coin.PlanID{3}, 30, ids[2].ID)
	w.add(spending(
		spend{[32]byte{20}, []coin.OutputID{ids[1].ID}}, spend{[32]byte{99}, nil}, spend{[32]byte{12}, []coin.OutputID{ids[0].ID}}))
	w.add(spending(spend{[32]byte{30}, []coin.OutputID{{}, ids[2].ID}}))
	w.mine(1)
	all := w.settleAll()
	require.Len(t, all, 1)
	require.EqualValues(t, 4, all[0].Reference)
	require.Equal(t, []coin.Completion{
		{Plan: coin.PlanID{2}, Transaction: coin.TransactionID{20}}, {Plan: coin.PlanID{1}, Transaction: coin.TransactionID{12}},
	}, all[0].Blocks[0].Completions)
	require.Equal(t, []coin.Completion{{Plan: coin.PlanID{3}, Transaction: coin.TransactionID{30}}}, all[0].Blocks[1].Completions)
	require.Empty(t, all[0].Blocks[2].Completions)
	for key := range w.dump() {
		require.False(t, strings.HasPrefix(key, "eventuality/expected") || strings.HasPrefix(key, "eventuality/plans"), key)
	}
}

func TestASpendThatNoPlanExplainsIsACompromise(t *testing.T) {
	w := started(t, 0, 1)
	w.pay(deposit(100, "data"))
	id := w.chain[1].outputs[0].ID
	w.settleAll()
	w.mine(1)
	w.add(spending(spend{[32]byte{66}, []coin.OutputID{id}}))
	w.mine(1)
	w.scanAll()
	b := w.batch(w.frontier().Acknowledged)
	_, err := w.acknowledgeBatch(b.ID, w.digest(b), nil)
	var compromised *Compromised
	require.ErrorAs(t, err, &compromised)
	require.Equal(t, &Compromised{Output: id, Transaction: coin.TransactionID{66}, Number: 3}, compromised)
	require.ErrorContains(t, compromised, "which is no plan's")
	require.EqualValues(t, 2, w.frontier().Acknowledged, "nothing of it is stored")
}

// An output can be spent in the block that makes it.
func TestASpendInTheOutputsOwnBlockIsSeen(t *testing.T) {
	w := started(t, 0, 1)
	w.pay(deposit(100, "data"))
	w.chain[1].transactions = spending(spend{[32]byte{66}, []coin.OutputID{w.chain[1].outputs[0].ID}}).transactions
	w.scanAll()
	w.acknowledge()
	b := w.batch(1)
	_, err := w.acknowledgeBatch(1, w.digest(b), []bool{true})
	var compromised *Compromised
	require.ErrorAs(t, err, &compromised)
}

func TestGuardedNamesThatCannotBeReadAreCorrupt(t *testing.T) {
	w := started(t, 0, 1)
	id := coin.OutputID{Index: 7}
	require.NoError(t, w.update(func(tx storage.Tx) error {
		return w.tracker.Guard(tx, spend{inputs: []coin.OutputID{id}}.Lookups()[0], []byte("no output ID"))
	}))
	w.chain[0].transactions = spending(spend{inputs: []coin.OutputID{id}}).transactions
	w.view(func(r storage.Reader) error {
		_, err := w.scanner.Resolve(r, w.chain[0])
		require.ErrorIs(t, err, storage.ErrCorrupt)
		return nil
	})
}

func TestCorruptRecordsAreErrors(t *testing.T) {
	for name, damage := range map[string]func(*scanner, storage.Tx) error{
		"buffer":  func(s *scanner, tx storage.Tx) error { return s.buffers.Delete(tx, 1) },
		"results": func(s *scanner, tx storage.Tx) error { return s.results.Put(tx, 1, nil) },
	} {
		t.Run(name, func(t *testing.T) {
			w := threeBatches(t)
			w.acknowledge()
			w.acknowledge()
			w.resolve(1)
			require.NoError(t, w.update(func(tx storage.Tx) error { return damage(w.scanner.(*scanner), tx) }))
			b := w.batch(3)
			_, err := w.tryAcknowledge(3, w.digest(b), make([]bool, 3))
			require.ErrorIs(t, err, storage.ErrCorrupt)
		})
	}
	t.Run("header", func(t *testing.T) {
		w := started(t, 0, 3)
		w.indexAll()
		require.NoError(t, w.update(func(tx storage.Tx) error {
			s := w.scanner.(*scanner)
			if err := s.headers.Delete(tx, 0); err != nil {
				return err
			}
			return s.headers.Delete(tx, 2)
		}))
		w.view(func(r storage.Reader) error {
			_, err := w.scanner.Due(r, 1)
			require.ErrorIs(t, err, storage.ErrCorrupt)
			return nil
		})
		w.mine(1)
		require.ErrorIs(t, w.indexHeader(w.chain[3].header), storage.ErrCorrupt)
	})
}
