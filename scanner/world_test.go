package scanner

import (
	"context"
	"encoding/binary"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/batch"
	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/eventuality"
	"github.com/serai-go/processor/storage"
)

var testParameters = coin.Parameters{
	Confirmations: 2, Window: 3, TenMinutes: 1, Grace: 4, BatchesAhead: 8, Patience: 10, BumpAfter: 100, OutflowWindow: 10, ChangeOutputs: 1, Dust: 10,
	FeeFloor: 2, FeeCap: 50, MaxInputs: 4, MaxOutputs: 4, BatchLimit: 300, MaxData: 64, Withdrawals: 3,
}

// world is a scanner in a database of its own, the chain that it watches, and
// what drives it.
type world struct {
	t        require.TestingT
	scanner  Scanner
	tracker  *eventuality.Tracker
	recorder recorder
	config   Config
	store    storage.Store
	chain    []*block // by number
	branch   byte     // counts changes of the chain

	// What the scheduler tells when the next block settles, and what it is told.
	arrivals []coin.Arrival
	busy     map[uint64]bool // sessions that have something left to do
	retiring []uint64
	// settledLate are the late deposits of all settlements.
	settledLate []coin.Late
}

func testConfig() Config {
	return Config{
		Network: "test", Genesis: coin.BlockID{1}, Parameters: testParameters, Coin: testCoin{factor: 1},
		Tracker: eventuality.NewTracker(readFulfilled),
		Events: recorder{
			updates: storage.NewQueue("test/updates", storage.Record[batch.Update]()),
			signers: storage.NewMap("test/signers", storage.NumberKey[uint64](), storage.Number),
			batches: storage.NewMap("test/batches", storage.NumberKey[uint64](), storage.Record[batch.Batch]()),
			stages:  storage.NewQueue("test/stages", storage.Record[stageEvent]()),
			spends:  storage.NewQueue("test/spends", storage.Record[departed]()),
		},
	}
}

// newWorld makes a scanner without a key.
func newWorld(t require.TestingT, config Config, store storage.Store) *world {
	return &world{
		t: t, scanner: New(config), tracker: config.Tracker, recorder: config.Events.(recorder), config: config, store: store,
		busy: make(map[uint64]bool),
	}
}

// started makes a world whose first key activates at a block, on a chain of
// some empty blocks.
func started(t *testing.T, activation uint64, blocks int) *world {
	w := newWorld(t, testConfig(), storage.NewMemory())
	w.confirm(Start{At: activation})
	w.mine(blocks)
	return w
}

// background is the context of all database work here.
var background = context.Background()

var networkKey = []byte("network key")

func (w *world) confirm(start Start) {
	require.NoError(w.t, w.confirmKey(Key{Session: 5, BatchKey: [32]byte{7}, NetworkKey: networkKey, Start: start}))
}

func (w *world) confirmKey(key Key) error {
	return w.update(func(tx storage.Tx) error { return w.scanner.Confirm(tx, key) })
}

// confirmNext confirms the key of a later session.
func (w *world) confirmNext(session byte) {
	require.NoError(w.t, w.confirmKey(keyOf(session)))
}

func keyOf(session byte) Key {
	return Key{Session: uint64(session), BatchKey: [32]byte{session}, NetworkKey: append([]byte("key "), session)}
}

// abandon abandons a session and returns the refusal.
func (w *world) abandon(session uint64) (refusal string) {
	require.NoError(w.t, w.update(func(tx storage.Tx) (err error) {
		refusal, err = w.scanner.Abandon(tx, session)
		return err
	}))
	return refusal
}

// key returns what is known of a session's key.
func (w *world) key(session uint64) (key Key) {
	w.view(func(r storage.Reader) error {
		keys, err := w.scanner.Keys(r)
		for _, k := range keys {
			if k.Session == session {
				key = k
			}
		}
		return err
	})
	require.Equal(w.t, session, key.Session)
	return key
}

func (w *world) update(fn func(storage.Tx) error) error { return w.store.Update(background, fn) }

func (w *world) view(fn func(storage.Reader) error) {
	require.NoError(w.t, w.store.View(background, fn))
}

// add puts a block on the chain.
func (w *world) add(b *block) *block {
	n := uint64(len(w.chain))
	b.header = coin.Header{Number: n, ID: blockID(n), Time: 100 * n}
	b.header.ID[31] = w.branch
	if n > 0 {
		b.header.Parent = w.chain[n-1].header.ID
	}
	w.chain = append(w.chain, b)
	return b
}

func blockID(n uint64) (id coin.BlockID) {
	binary.BigEndian.PutUint64(id[:], n+1)
	return id
}

// mine adds empty blocks.
func (w *world) mine(n int) {
	for range n {
		w.add(&block{})
	}
}

// pay adds a block with outputs and returns its number.
func (w *world) pay(outputs ...coin.Output) uint64 {
	n := uint64(len(w.chain))
	for i := range outputs {
		o := &outputs[i]
		o.ID = coin.OutputID{Transaction: coin.TransactionID(blockID(n)), Index: uint32(i)}
		o.ID.Transaction[31] = w.branch
		if o.Session == 0 {
			o.Session = 5
		}
	}
	return w.add(&block{outputs: outputs}).header.Number
}

func deposit(amount uint64, data string) coin.Output {
	return coin.Output{Amount: amount, Origin: "origin", Data: []byte(data)}
}

// dump returns all that is stored.
func (w *world) dump() map[string]string {
	all := make(map[string]string)
	w.view(func(r storage.Reader) error {
		for pair, err := range r.Range(nil, nil) {
			require.NoError(w.t, err)
			all[string(pair.Key)] = string(pair.Value)
		}
		return nil
	})
	return all
}

func (w *world) frontier() (f Frontier) {
	w.view(func(r storage.Reader) (err error) {
		f, err = w.scanner.Frontier(r)
		return err
	})
	return f
}

func (w *world) due() (task *Task) {
	w.view(func(r storage.Reader) error {
		tasks, err := w.scanner.Due(r, 1)
		if len(tasks) > 0 {
			task = &tasks[0]
		}
		return err
	})
	return task
}

// index appends the next header, or the first of the chain.
func (w *world) index() bool {
	n := uint64(0)
	if f := w.frontier(); f.Started {
		n = f.Index
	}
	if n >= uint64(len(w.chain)) {
		return false
	}
	require.NoError(w.t, w.indexHeader(w.chain[n].header))
	return true
}

func (w *world) indexHeader(h coin.Header) error {
	return w.update(func(tx storage.Tx) error { return w.scanner.Index(tx, h) })
}

func (w *world) indexAll() {
	for w.index() {
	}
}

// scan scans the next block if it is due.
func (w *world) scan() bool {
	task := w.due()
	if task == nil {
		return false
	}
	require.NoError(w.t, w.scanBlock(task.Header.Number))
	return true
}

// scanBlock scans a block and supplies the rates that it takes.
func (w *world) scanBlock(n uint64) error {
	for {
		err := w.update(func(tx storage.Tx) error {
			return w.scanner.Scan(tx, w.chain[n].header, w.chain[n].outputs)
		})
		if missing, ok := errors.AsType[*RateMissing](err); ok {
			w.putRate(missing.Header.Number)
			continue
		}
		return err
	}
}

func (w *world) putRate(n uint64) {
	require.NoError(w.t, w.update(func(tx storage.Tx) error { return w.scanner.PutRate(tx, n, w.chain[n].rate) }))
}

// scanAll indexes and scans all that may be.
func (w *world) scanAll() {
	w.indexAll()
	for w.scan() {
	}
}

func (w *world) updates() (all []batch.Update) {
	w.view(func(r storage.Reader) error {
		for item, err := range w.recorder.updates.All(r) {
			require.NoError(w.t, err)
			all = append(all, item.Value)
		}
		return nil
	})
	return all
}

// batch returns a reported batch.
func (w *world) batch(id uint64) (found *batch.Batch) {
	w.view(func(r storage.Reader) error {
		b, ok, err := w.recorder.batches.Get(r, id)
		if ok {
			found = &b
		}
		return err
	})
	return found
}

// signer is the session that has to sign a batch.
func (w *world) signer(id uint64) (session uint64) {
	w.view(func(r storage.Reader) (err error) {
		session, err = w.recorder.signers.Load(r, id)
		return err
	})
	return session
}

func (w *world) digest(b *batch.Batch) [32]byte {
	return b.Digest(batch.Domain{Network: w.config.Network, Genesis: w.config.Genesis, Session: w.signer(b.ID)})
}

// acknowledge acknowledges the next batch, all of whose instructions
// succeeded but the failed ones.
func (w *world) acknowledge(failed ...int) *coin.Settlement {
	b := w.batch(w.frontier().Acknowledged)
	require.NotNil(w.t, b, "nothing to acknowledge")
	results := make([]bool, len(b.Instructions))
	for i := range results {
		results[i] = true
	}
	for _, i := range failed {
		results[i] = false
	}
	s, err := w.acknowledgeBatch(b.ID, w.digest(b), results)
	require.NoError(w.t, err)
	return s
}

// acknowledgeBatch acknowledges, and resolves the blocks that it takes.
func (w *world) acknowledgeBatch(id uint64, digest [32]byte, results []bool) (*coin.Settlement, error) {
	for {
		s, err := w.tryAcknowledge(id, digest, results)
		if unresolved, ok := errors.AsType[*Unresolved](err); ok {
			w.resolve(unresolved.Header.Number)
			continue
		}
		return s, err
	}
}

func (w *world) tryAcknowledge(id uint64, digest [32]byte, results []bool) (s *coin.Settlement, err error) {
	var retiring *uint64
	err = w.update(func(tx storage.Tx) (err error) {
		if s, err = w.scanner.Acknowledge(tx, id, digest, results); err != nil || s == nil {
			return err
		}
		retiring, err = w.scanner.Settled(tx, w.arrivals, w.idle)
		return err
	})
	if err == nil && s != nil {
		w.arrivals = nil
		w.settledLate = append(w.settledLate, s.Late...)
	}
	if err == nil && retiring != nil {
		w.retiring = append(w.retiring, *retiring)
	}
	return s, err
}

func (w *world) idle(_ storage.Reader, session uint64) (bool, error) { return !w.busy[session], nil }

func (w *world) resolve(n uint64) {
	var x Resolution
	w.view(func(r storage.Reader) (err error) {
		x, err = w.scanner.Resolve(r, w.chain[n])
		return err
	})
	require.NoError(w.t, w.putResolution(x))
}

func (w *world) putResolution(x Resolution) error {
	return w.update(func(tx storage.Tx) error { return w.scanner.PutResolution(tx, x) })
}

// settleAll scans and acknowledges all there is.
func (w *world) settleAll() (all []*coin.Settlement) {
	for {
		w.scanAll()
		if w.batch(w.frontier().Acknowledged) == nil {
			return all
		}
		if s := w.acknowledge(); s != nil {
			all = append(all, s)
		}
	}
}
