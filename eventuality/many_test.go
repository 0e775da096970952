package eventuality_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/eventuality"
	"github.com/serai-go/processor/storage"
)

// What is found does not depend on how much else is watched: a block may have
// fewer inputs than there are plans and outputs.
func TestMorePlansAndOutputsThanInputs(t *testing.T) {
	w := newWorld(t)
	for i := byte(1); i <= 50; i++ {
		w.expect(i, happens(100+i, fmt.Sprintf("plan %d", i)))
		w.guard(fmt.Sprintf("output %d", i), fmt.Sprint(i))
	}
	for i := byte(1); i <= 50; i++ {
		completed, foreign := w.find(spends(100+i, fmt.Sprintf("plan %d", i)), spends(200, fmt.Sprintf("output %d", i)))
		require.Equal(t, []string{fmt.Sprintf("%d by %d", i, 100+i)}, completed)
		require.Equal(t, []string{fmt.Sprintf("%d by 200", i)}, foreign)
	}
}

// A new process finds what former ones watched for, and what is added since,
// also in a transaction that an older snapshot does not see.
func TestWhatFormerProcessesWatchedForIsFound(t *testing.T) {
	w := newWorld(t)
	w.expect(1, happens(101, "plan"))
	w.guard("output", "1")
	w.Tracker = eventuality.NewTracker(readExpected)
	snapshot := func(fn func(storage.Reader)) {
		require.NoError(t, w.store.View(t.Context(), func(r storage.Reader) error { fn(r); return nil }))
	}
	snapshot(func(old storage.Reader) {
		w.guard("later output", "2")
		w.expect(2, happens(102, "later plan"))
		completions, foreign, err := w.Find(old, []eventuality.Transaction{
			spends(101, "plan"), spends(102, "later plan"), spends(200, "output"), spends(200, "later output"),
		})
		require.NoError(t, err)
		require.Len(t, completions, 1, "the snapshot has no more")
		require.Len(t, foreign, 1)
	})
	completed, foreign := w.find(spends(101, "plan"), spends(102, "later plan"), spends(200, "output"), spends(201, "later output"))
	require.Equal(t, []string{"1 by 101", "2 by 102"}, completed)
	require.Equal(t, []string{"1 by 200", "2 by 201"}, foreign)
}
