package eventuality_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/serai-go/processor/eventuality"
	"github.com/serai-go/processor/storage"
)

// transaction has an ID and spends inputs.
type transaction struct {
	id      [32]byte
	lookups [][]byte
}

func (t transaction) ID() [32]byte      { return t.id }
func (t transaction) Lookups() [][]byte { return t.lookups }

// spends makes a transaction.
func spends(id byte, lookups ...string) transaction {
	t := transaction{id: [32]byte{id}}
	for _, l := range lookups {
		t.lookups = append(t.lookups, []byte(l))
	}
	return t
}

// expected is an eventuality that one transaction matches.
type expected struct {
	transaction [32]byte
	lookup      string
}

// happens is fulfilled by spends(id, …, lookup, …).
func happens(id byte, lookup string) expected { return expected{[32]byte{id}, lookup} }

func (e expected) ID() [32]byte   { return e.transaction }
func (e expected) Lookup() []byte { return []byte(e.lookup) }
func (e expected) Bytes() []byte  { return append(e.transaction[:], e.lookup...) }

func (e expected) Matches(t eventuality.Transaction) bool { return t.ID() == e.transaction }

func readExpected(data []byte) (eventuality.Eventuality, error) {
	if len(data) < 32 {
		return nil, errors.New("too short")
	}
	return expected{[32]byte(data), string(data[32:])}, nil
}

// world is a tracker in a database of its own.
type world struct {
	t testing.TB
	*eventuality.Tracker
	store storage.Store
}

func newWorld(t testing.TB) *world {
	return &world{t, eventuality.NewTracker(readExpected), storage.NewMemory()}
}

func (w *world) update(fn func(storage.Tx) error) {
	w.t.Helper()
	require.NoError(w.t, w.store.Update(w.t.Context(), fn))
}

func (w *world) expect(plan byte, e expected) {
	w.t.Helper()
	w.update(func(tx storage.Tx) error { return w.Expect(tx, [32]byte{plan}, e) })
}

func (w *world) forget(plan byte) {
	w.t.Helper()
	w.update(func(tx storage.Tx) error { return w.Forget(tx, [32]byte{plan}) })
}

func (w *world) guard(lookup, name string) {
	w.t.Helper()
	w.update(func(tx storage.Tx) error { return w.Guard(tx, []byte(lookup), []byte(name)) })
}

// find returns what is found as "plan by transaction" and "output by
// transaction".
func (w *world) find(transactions ...transaction) (completed, foreign []string) {
	w.t.Helper()
	list := make([]eventuality.Transaction, len(transactions))
	for i, t := range transactions {
		list[i] = t
	}
	require.NoError(w.t, w.store.View(w.t.Context(), func(r storage.Reader) error {
		completions, spends, err := w.Find(r, list)
		for _, c := range completions {
			completed = append(completed, fmt.Sprintf("%d by %d", c.Plan[0], c.Transaction[0]))
		}
		for _, s := range spends {
			foreign = append(foreign, fmt.Sprintf("%s by %d", s.Output, s.Transaction[0]))
		}
		return err
	}))
	return completed, foreign
}

// records counts what is stored.
func (w *world) records() (n int) {
	require.NoError(w.t, w.store.View(w.t.Context(), func(r storage.Reader) error {
		for _, err := range r.Range(nil, nil) {
			require.NoError(w.t, err)
			n++
		}
		return nil
	}))
	return n
}

func TestNothingIsFoundWithoutAWatch(t *testing.T) {
	w := newWorld(t)
	completed, foreign := w.find(spends(1, "a", "b"), spends(2))
	require.Empty(t, completed)
	require.Empty(t, foreign)
}

func TestCompletionsAreFoundByAnyInput(t *testing.T) {
	w := newWorld(t)
	w.expect(1, happens(10, "a"))
	w.expect(2, happens(20, "b"))
	completed, foreign := w.find(spends(20, "x", "b"), spends(30, "y"), spends(10, "a", "z"))
	require.Equal(t, []string{"2 by 20", "1 by 10"}, completed, "in the order of the block")
	require.Empty(t, foreign)
}

func TestALookupAloneIsNoCompletion(t *testing.T) {
	w := newWorld(t)
	w.expect(1, happens(10, "a"))
	completed, _ := w.find(spends(11, "a"))
	require.Empty(t, completed)
	completed, _ = w.find(spends(10, "b"))
	require.Empty(t, completed, "a transaction is only looked at under its lookups")
}

func TestSeveralEventualitiesOfOneLookup(t *testing.T) {
	w := newWorld(t)
	for plan := byte(1); plan <= 5; plan++ {
		w.expect(plan, happens(10*plan, "a"))
	}
	for plan := byte(1); plan <= 5; plan++ {
		completed, _ := w.find(spends(10*plan, "a"))
		require.Equal(t, []string{fmt.Sprintf("%d by %d", plan, 10*plan)}, completed)
	}
	w.forget(3)
	completed, _ := w.find(spends(30, "a"), spends(40, "a"))
	require.Equal(t, []string{"4 by 40"}, completed, "the neighbours remain")
}

func TestVersionsOfAPlanAreForgottenTogether(t *testing.T) {
	w := newWorld(t)
	w.expect(1, happens(10, "a"))
	w.expect(1, happens(11, "a"))
	w.expect(1, happens(12, "b"))
	w.expect(2, happens(20, "a"))
	for _, id := range []byte{10, 11} {
		completed, _ := w.find(spends(id, "a"))
		require.Equal(t, []string{fmt.Sprintf("1 by %d", id)}, completed)
	}
	w.forget(1)
	completed, _ := w.find(spends(10, "a"), spends(11, "a"), spends(12, "b"), spends(20, "a"))
	require.Equal(t, []string{"2 by 20"}, completed)
	w.forget(2)
	w.forget(3)
	require.Zero(t, w.records(), "nothing stays behind")
}

func TestExpectingAgainChangesNothing(t *testing.T) {
	w := newWorld(t)
	w.expect(1, happens(10, "a"))
	n := w.records()
	w.expect(1, happens(10, "a"))
	require.Equal(t, n, w.records())
}

func TestForeignSpends(t *testing.T) {
	w := newWorld(t)
	w.guard("a", "A")
	w.guard("b", "B")
	w.guard("c", "C")
	w.expect(1, happens(10, "a"))
	completed, foreign := w.find(spends(10, "b", "a"), spends(20, "x", "c"), spends(30, "y"))
	require.Equal(t, []string{"1 by 10"}, completed)
	require.Equal(t, []string{"C by 20"}, foreign, "the plan explains what it spends besides")

	_, foreign = w.find(spends(40, "c", "b"))
	require.Equal(t, []string{"C by 40", "B by 40"}, foreign, "not all need be alike")

	w.update(func(tx storage.Tx) error { return w.Unguard(tx, []byte("c")) })
	_, foreign = w.find(spends(20, "x", "c"))
	require.Empty(t, foreign)
	w.update(func(tx storage.Tx) error { return w.Unguard(tx, []byte("c")) })
}

func TestLookupsAreBounded(t *testing.T) {
	w := newWorld(t)
	long := string(make([]byte, eventuality.MaxLookup))
	w.expect(1, happens(10, long))
	err := w.store.Update(t.Context(), func(tx storage.Tx) error {
		return w.Expect(tx, [32]byte{1}, happens(10, long+"x"))
	})
	require.ErrorContains(t, err, "lookup of 1025 bytes")
	completed, _ := w.find(spends(10, long))
	require.Equal(t, []string{"1 by 10"}, completed)
}

func TestStoredEventualitiesThatCannotBeReadAreCorrupt(t *testing.T) {
	w := newWorld(t)
	w.expect(1, happens(10, "a"))
	w.Tracker = eventuality.NewTracker(func([]byte) (eventuality.Eventuality, error) { return nil, errors.New("unreadable") })
	err := w.store.View(t.Context(), func(r storage.Reader) error {
		_, _, err := w.Find(r, []eventuality.Transaction{spends(10, "a")})
		return err
	})
	require.ErrorIs(t, err, storage.ErrCorrupt)
}

// TestFindAgainstModel compares the tracker with the plainest one.
func TestFindAgainstModel(t *testing.T) {
	lookups := rapid.StringOfN(rapid.RuneFrom([]rune("abcd")), 1, 2, -1)
	small := rapid.ByteMax(12)
	rapid.Check(t, func(rt *rapid.T) {
		w := newWorld(t)
		type watch struct {
			plan byte
			e    expected
		}
		var watches []watch
		guards := map[string]string{}
		rt.Repeat(map[string]func(*rapid.T){
			"expect": func(rt *rapid.T) {
				x := watch{small.Draw(rt, "plan"), happens(small.Draw(rt, "transaction"), lookups.Draw(rt, "lookup"))}
				for _, old := range watches {
					if old.e == x.e { // IDs are unique
						return
					}
				}
				watches = append(watches, x)
				w.expect(x.plan, x.e)
			},
			"forget": func(rt *rapid.T) {
				plan := small.Draw(rt, "plan")
				var rest []watch
				for _, x := range watches {
					if x.plan != plan {
						rest = append(rest, x)
					}
				}
				watches = rest
				w.forget(plan)
			},
			"guard": func(rt *rapid.T) {
				l := lookups.Draw(rt, "lookup")
				guards[l] = "name of " + l
				w.guard(l, guards[l])
			},
			"unguard": func(rt *rapid.T) {
				l := lookups.Draw(rt, "lookup")
				delete(guards, l)
				w.update(func(tx storage.Tx) error { return w.Unguard(tx, []byte(l)) })
			},
			"find": func(rt *rapid.T) {
				var block []transaction
				var completed, foreign []string
				for _, inputs := range rapid.SliceOfN(rapid.SliceOfN(lookups, 0, 3), 0, 6).Draw(rt, "block") {
					x := spends(small.Draw(rt, "transaction"), inputs...)
					block = append(block, x)
					completes := ""
					var spent []string
					for _, l := range inputs {
						if name, ok := guards[l]; ok {
							spent = append(spent, fmt.Sprintf("%s by %d", name, x.id[0]))
						}
						for _, watch := range watches {
							if watch.e.lookup == l && watch.e.transaction == x.id && completes == "" {
								completes = fmt.Sprintf("%d by %d", watch.plan, x.id[0])
							}
						}
					}
					if completes != "" {
						completed = append(completed, completes)
					} else {
						foreign = append(foreign, spent...)
					}
				}
				gotCompleted, gotForeign := w.find(block...)
				require.Equal(rt, completed, gotCompleted)
				require.Equal(rt, foreign, gotForeign)
			},
		})
	})
}

// number is a lookup of the size of an outpoint.
func number(kind byte, n uint64) []byte {
	return binary.BigEndian.AppendUint64(bytes.Repeat([]byte{kind}, 28), n)
}

// blockOf makes a block of 3,000 transactions with two inputs each.
func blockOf() []eventuality.Transaction {
	block := make([]eventuality.Transaction, 3000)
	for i := range block {
		n := uint64(i)
		block[i] = transaction{[32]byte(number(9, n)[4:]), [][]byte{number(1, 2*n), number(1, 2*n+1)}}
	}
	return block
}
