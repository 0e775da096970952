package scanner

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/internal/wire"
	"github.com/serai-go/processor/storage"
)

// entry is one of the log: a decision about a key, or an acknowledgement.
type entry struct {
	decision *decision
	id       uint64
	digest   [32]byte
	results  []bool
}

// tested is a world in which the group makes plans, and what it told.
type tested struct {
	*world
	script      []decision // that are not in the log yet
	log         []entry    // applied
	settlements []*coin.Settlement
	ended       []coin.Arrival // all there were
	forwards    []coin.Deposit // passed on, not ended yet
	abandoned   map[uint64]bool
	refused     int
	traces      []string // what entries changed of what validators must agree on
}

func newTested(t require.TestingT, activation uint64, blocks []*block) *tested {
	w := newWorld(t, testConfig(), storage.NewMemory())
	w.confirm(Start{At: activation})
	for _, b := range blocks {
		w.add(&block{rate: b.rate, outputs: b.outputs, transactions: b.transactions})
	}
	return &tested{world: w, abandoned: make(map[uint64]bool)}
}

// next is the next entry of the log that a group would write, if there is one.
func (w *tested) next() *entry {
	id := w.frontier().Acknowledged
	if len(w.script) > 0 && w.script[0].before <= id {
		return &entry{decision: &w.script[0]}
	}
	b := w.batch(id)
	if b == nil {
		return nil
	}
	e := &entry{id: id, digest: w.digest(b), results: make([]bool, len(b.Instructions))}
	for i := range e.results {
		e.results[i] = succeeds(id, i)
	}
	return e
}

// traced notes the changes of records that validators must agree on.
type traced struct {
	storage.Tx
	changes *strings.Builder
}

func agreed(key []byte) bool {
	return slices.ContainsFunc([]string{"scanner/keys", "scanner/results", "scanner/forwards", "scanner/queue"},
		func(name string) bool { return strings.HasPrefix(string(key), name) })
}

func (t traced) Put(key, value []byte) error {
	if agreed(key) {
		t.changes.WriteString("put " + string(key) + string(value) + "\n")
	}
	return t.Tx.Put(key, value)
}

func (t traced) Delete(key []byte) error {
	if agreed(key) {
		t.changes.WriteString("delete " + string(key) + "\n")
	}
	return t.Tx.Delete(key)
}

// apply applies an entry as far as that is possible without, or with,
// resolving a block. It tells whether there was anything to do.
func (w *tested) apply(e *entry) bool {
	var changes strings.Builder
	var then func()
	err := w.update(func(tx storage.Tx) (err error) {
		then, err = w.try(traced{tx, &changes}, e)
		return err
	})
	if unresolved, ok := errors.AsType[*Unresolved](err); ok {
		w.resolve(unresolved.Header.Number)
		return true
	}
	if errors.Is(err, ErrNotScanned) {
		return false
	}
	require.NoError(w.t, err)
	then()
	w.log = append(w.log, *e)
	w.traces = append(w.traces, changes.String())
	if e.decision != nil && len(w.script) > 0 {
		w.script = w.script[1:]
	}
	w.view(func(r storage.Reader) error {
		keys, err := w.scanner.(*scanner).ring(r)
		require.LessOrEqual(w.t, len(keys.live()), 2)
		require.NotEmpty(w.t, keys.live())
		return err
	})
	return true
}

// try applies an entry. What is not in the database is to change then.
func (w *tested) try(tx storage.Tx, e *entry) (then func(), err error) {
	if d := e.decision; d != nil && !d.abandon {
		return func() {}, w.scanner.Confirm(tx, keyOf(byte(d.session)))
	} else if d != nil {
		refusal, err := w.scanner.Abandon(tx, d.session)
		return func() {
			if refusal == "" {
				w.abandoned[d.session] = true
			} else {
				w.refused++
			}
		}, err
	}
	s, err := w.scanner.Acknowledge(tx, e.id, e.digest, e.results)
	if err != nil || s == nil {
		return func() {}, err
	}
	arrivals, forwards, err := w.schedule(tx, s)
	if err != nil {
		return nil, err
	}
	retiring, err := w.scanner.Settled(tx, arrivals, func(_ storage.Reader, session uint64) (bool, error) {
		waits := slices.ContainsFunc(forwards, func(d coin.Deposit) bool { return d.Output.Session == session })
		return !waits && chance(3, "idle", session, s.Reference) > 0, nil
	})
	return func() {
		w.settlements = append(w.settlements, s)
		w.forwards = forwards
		w.ended = append(w.ended, arrivals...)
		if retiring != nil {
			w.retiring = append(w.retiring, *retiring)
		}
	}, err
}

// schedule plans to spend each output that settles, and ends the guard of the
// inputs of each plan that happened. It returns which deposits have ended to be
// passed on, and which not.
func (w *tested) schedule(tx storage.Tx, s *coin.Settlement) ([]coin.Arrival, []coin.Deposit, error) {
	expect := func(o coin.Output) error {
		plan, transaction := planFor(o.ID)
		return w.tracker.Expect(tx, plan, fulfilled{transaction, o.ID})
	}
	forwards := slices.Clone(w.forwards)
	for _, b := range s.Blocks {
		for _, d := range b.Deposits {
			if d.Fate == coin.PassedOn {
				forwards = append(forwards, d)
			}
			if err := expect(d.Output); err != nil {
				return nil, nil, err
			}
		}
		for _, o := range b.Internal {
			if err := expect(o); err != nil {
				return nil, nil, err
			}
		}
		for _, c := range b.Completions {
			for _, t := range w.chain[b.Number].transactions {
				if t.ID() == c.Transaction {
					if err := w.tracker.Unguard(tx, t.Lookups()[1]); err != nil {
						return nil, nil, err
					}
				}
			}
		}
	}
	roles, err := w.scanner.Roles(tx, s.Reference)
	if err != nil {
		return nil, nil, err
	}
	finishing := make(map[uint64]bool)
	pays := 0
	for _, role := range roles {
		finishing[role.Key.Session] = role.Finishing
		require.False(w.t, role.Leaves && role.Change.Session == role.Key.Session)
		require.False(w.t, w.abandoned[role.Change.Session] || w.abandoned[role.Key.Session])
		if role.Pays {
			pays++
		}
	}
	require.LessOrEqual(w.t, pays, 1)
	var arrivals []coin.Arrival
	var waiting []coin.Deposit
	for _, d := range forwards {
		switch {
		case w.abandoned[d.Output.Session] || finishing[d.Output.Session]:
			arrivals = append(arrivals, coin.Arrival{Deposit: d.Output.ID})
		case chance(3, "arrives", d.Output.ID, s.Reference) == 0:
			amount := d.Output.Amount - chance(20, "fee", d.Output.ID)%(d.Output.Amount-9)
			arrivals = append(arrivals, coin.Arrival{Deposit: d.Output.ID, Amount: amount})
		default:
			waiting = append(waiting, d)
		}
	}
	return arrivals, waiting, nil
}

// told is all that the world told, as bytes. Batches count once, however often
// they changed hands, with those who had to sign them in the end.
func (w *tested) told() []byte {
	var all wire.Writer
	for id := uint64(0); w.batch(id) != nil; id++ {
		w.batch(id).Encode(&all)
		all.Uint64(w.signer(id))
	}
	wire.List(&all, w.stages())
	for _, s := range w.settlements {
		all.Uint64(s.Reference)
		for _, l := range s.Late {
			lateReport{l}.Encode(&all)
		}
		all.Count(len(s.Blocks))
		for _, b := range s.Blocks {
			all.Uint64(b.Number)
			wire.List(&all, b.Deposits)
			wire.List(&all, b.Internal)
			wire.List(&all, b.Completions)
		}
	}
	for _, session := range w.retiring {
		all.Uint64(session)
	}
	return all.Data()
}

// scanBlock scans a block and requires that nothing that validators must
// agree on is written meanwhile.
func (w *tested) scanBlock() bool {
	before := w.agreement()
	did := w.scan()
	require.Equal(w.t, before, w.agreement())
	return did
}

func (w *tested) agreement() map[string]string {
	all := w.dump()
	for key := range all {
		if !agreed([]byte(key)) {
			delete(all, key)
		}
	}
	return all
}

// kept is all that the scanner keeps, but what may be supplied early.
func (w *tested) kept() map[string]string {
	all := w.dump()
	for key := range all {
		if !strings.HasPrefix(key, "scanner/") || strings.HasPrefix(key, "scanner/rates") || strings.HasPrefix(key, "scanner/resolutions") {
			delete(all, key)
		}
	}
	return all
}

// TestAnyInterleavingTellsTheSame drives two scanners of one chain, one as
// eagerly as possible, which writes the log, and one that reads the log and is
// late at random.
func TestAnyInterleavingTellsTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		blocks := history(t)
		activation := rapid.Uint64Max(min(uint64(len(blocks)-1), 12)).Draw(t, "activation")
		eager := newTested(t, activation, blocks)
		eager.script = decisions(t)
		eager.indexAll()
		for {
			for eager.scanBlock() {
			}
			e := eager.next()
			if e == nil {
				break
			}
			eager.apply(e)
		}

		random := newTested(t, activation, blocks)
		apply := func() bool {
			if at := len(random.log); at < len(eager.log) {
				return random.apply(&eager.log[at])
			}
			return false
		}
		for _, step := range rapid.SliceOfN(rapid.IntRange(0, 6), 0, 300).Draw(t, "steps") {
			switch step {
			case 0, 1:
				random.index()
			case 2:
				random.scanBlock()
			case 3, 4:
				apply()
			case 5:
				// a rate or a resolution that nobody asked for yet
				if f := random.frontier(); f.Active && f.Scan > f.Settle {
					random.resolve(f.Settle)
				}
			case 6:
				if f := random.frontier(); f.Started {
					random.putRate(f.Index - 1)
				}
			}
		}
		random.indexAll()
		for apply() || random.scanBlock() {
		}
		require.Len(t, random.log, len(eager.log))
		require.Equal(t, eager.traces, random.traces)
		require.Equal(t, eager.kept(), random.kept())
		require.Equal(t, eager.told(), random.told())
		check(t, activation, eager)
	})
}
