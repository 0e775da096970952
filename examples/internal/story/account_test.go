package story

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor"
	"github.com/serai-go/processor/batch"
	"github.com/serai-go/processor/scanner"
)

// update is a report of one batch.
func update(id uint64, instructions ...batch.Instruction) told {
	return told{0, processor.Update{Update: batch.Update{Batches: []batch.Batch{{ID: id, Instructions: instructions}}}}}
}

// All validators report a deposit alike: what counts is in how many batches.
func TestADepositIsCreditedOnce(t *testing.T) {
	mint := batch.Instruction{Amount: 90, Data: []byte("mint")}
	other := batch.Instruction{Amount: 50, Data: []byte("other")}
	more := batch.Instruction{Amount: 101, Data: []byte("mint")}
	for name, c := range map[string]struct {
		told  []told
		fails string
	}{
		"once":                    {[]told{update(0, other), update(1, mint)}, ""},
		"told by two":             {[]told{update(1, mint), update(1, mint)}, ""},
		"never":                   {[]told{update(0, other)}, "in 0 batches"},
		"in two batches":          {[]told{update(0, mint), update(1, mint)}, "in 2 batches"},
		"twice in a batch":        {[]told{update(0, mint, mint)}, "twice"},
		"more than was deposited": {[]told{update(0, more)}, "credited with 101"},
	} {
		t.Run(name, func(t *testing.T) {
			s := &story{c: newCoordinator(), net: new(Network)}
			s.c.told = c.told
			s.summary.Deposits = []depositSummary{{Amount: 70}, {Amount: 100, Data: "mint"}}
			err := s.once("mint")
			if c.fails == "" {
				require.NoError(t, err)
				require.Equal(t, uint64(90), s.summary.Deposits[1].Credited)
				return
			}
			require.ErrorContains(t, err, c.fails)
		})
	}
}

func TestBatchesAreSignedByTheOldestKey(t *testing.T) {
	for name, c := range map[string]struct {
		block, session uint64
		right          bool
	}{
		"the first":                 {10, 0, true},
		"its retirement":            {20, 0, true},
		"behind it":                 {21, 1, true},
		"the second's retirement":   {30, 1, true},
		"the last":                  {31, 2, true},
		"the second, too early":     {20, 1, false},
		"the first, too late":       {21, 0, false},
		"the last, one is left out": {21, 2, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := &story{rotation: newRotation()}
			s.stages[keyStage{0, scanner.Retired}] = 20
			s.stages[keyStage{1, scanner.Retired}] = 30
			s.summary.Batches = []batchSummary{{Block: 10}, {Block: c.block, Session: c.session}}
			require.Equal(t, c.right, s.signers() == nil)
		})
	}
}
