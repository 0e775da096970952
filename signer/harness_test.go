package signer

import (
	"bytes"
	"context"
	stdlib "crypto/ed25519"
	"crypto/sha512"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"slices"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/batch"
	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/eventuality"
	"github.com/serai-go/processor/frost"
	"github.com/serai-go/processor/frost/ed25519"
	"github.com/serai-go/processor/frost/frosttest"
	"github.com/serai-go/processor/internal/wire"
	"github.com/serai-go/processor/storage"
)

// tester is a test, a benchmark or a property.
type tester interface {
	require.TestingT
	Context() context.Context
}

// world is a group of signers, the log between them, and one session whose
// keys a dealer made.
type world struct {
	tester
	batchKey, networkKey *frost.PublicKey
	log                  []entry
	nodes                []*node
	answered             map[string]string // share by the commitment it answers
	algorithm            func(message []byte) frost.Algorithm
	verify               func(key, message, signature []byte) bool
}

// entry is a step of the log: a message of a validator, or anything else.
type entry struct {
	from  uint16
	items [][]byte
	do    func(*node, storage.Tx) error
}

// node is one validator's signer with its database. Everything it remembers
// besides is lost with the process, as in New.
type node struct {
	*Signer
	*world
	number  int
	store   *storage.Memory
	coin    *fakeCoin
	keys    *fakeKeys
	random  io.Reader
	offline bool
	policy  func(context.Context, Proposal) error
	tip     uint64
	// evidence sees what convicts whom.
	evidence func(who uint16, item []byte)
	// tamper changes what the node says: nil stands for silence.
	tamper func(item []byte) []byte
}

var (
	cursor = storage.NewValue("test/cursor", storage.Number)
	plans  = storage.NewMap("test/plans", storage.HashKey[coin.PlanID](), storage.Record[coin.Plan]())
	sent   = storage.NewQueue("test/sent", storage.Record[message]())
	told   = storage.NewQueue("test/told", storage.Blob)
)

// message is what a node sends at once.
type message struct{ items [][]byte }

func (m message) Encode(w *wire.Writer) {
	w.Count(len(m.items))
	for _, item := range m.items {
		w.Bytes(item)
	}
}

func (m *message) Decode(r *wire.Reader) {
	m.items = make([][]byte, r.Count(1<<16, 4))
	for i := range m.items {
		m.items[i] = r.Bytes(MaxItem)
	}
}

// chacha is repeatable randomness.
func chacha(seed uint64) io.Reader {
	return rand.NewChaCha8(sha512.Sum512_256(binary.LittleEndian.AppendUint64(nil, seed)))
}

func newWorld(t tester, threshold uint16, weights ...uint16) *world {
	return newWorldOf(t, ed25519.Group, threshold, weights...)
}

func newWorldOf(t tester, group frost.Group, threshold uint16, weights ...uint16) *world {
	w := &world{
		tester:    t,
		answered:  make(map[string]string),
		algorithm: func(message []byte) frost.Algorithm { return ed25519.NewSchnorr(message) },
		verify:    func(key, message, signature []byte) bool { return stdlib.Verify(key, message, signature) },
	}
	var batchShares, networkShares []*frost.KeyShare
	var err error
	w.batchKey, batchShares, err = frosttest.Deal(chacha(1), ed25519.Group, threshold, weights)
	require.NoError(t, err)
	w.networkKey, networkShares, err = frosttest.Deal(chacha(2), group, threshold, weights)
	require.NoError(t, err)
	for i := range weights {
		w.add(&fakeKeys{world: w, batch: batchShares[i], network: networkShares[i]})
	}
	w.append(func(n *node, tx storage.Tx) error { return n.Confirmed(tx, 0, 0) })
	return w
}

func (w *world) add(keys *fakeKeys) *node {
	n := &node{world: w, number: len(w.nodes), keys: keys, store: storage.NewMemory(), coin: &fakeCoin{world: w}}
	w.nodes = append(w.nodes, n)
	n.restart(n.store)
	return n
}

// restart makes the signer anew over a store, as another process.
func (n *node) restart(store *storage.Memory) {
	n.store = store
	if n.random == nil {
		n.random = chacha(uint64(100 + n.number))
	}
	n.Signer = New(Config{
		Network: "test", Parameters: coin.Parameters{BatchesAhead: 3, Withdrawals: 3},
		Coin: n.coin, PreparePlan: func(ctx context.Context, _ coin.PlanID, plan coin.Plan) ([]byte, error) {
			return n.coin.Prepare(ctx, plan, coin.BlockID{})
		},
		SpendLookup: func(o coin.Output) []byte { return o.Spend },
		Guard: func(tx storage.Tx, o coin.Output, lookup []byte) error {
			return n.Tracker.Guard(tx, lookup, wire.Marshal(o.ID))
		},
		Tracker: eventuality.NewTracker(n.coin.ReadEventuality),
		Keys:    n.keys, Plans: n, Events: n, Random: n.random, Policy: n.policy,
	})
}

// clone copies a world with new processes.
func (w *world) clone(t tester) *world {
	c := *w
	c.tester, c.log, c.nodes, c.answered = t, slices.Clone(w.log), nil, maps.Clone(w.answered)
	for _, n := range w.nodes {
		twin := c.add(&fakeKeys{world: &c, batch: n.keys.batch, network: n.keys.network})
		twin.restart(n.store.Clone())
	}
	return &c
}

func (n *node) update(f func(storage.Tx) error) {
	require.NoError(n, n.store.Update(n.Context(), f))
}

func (n *node) view(f func(storage.Reader) error) {
	require.NoError(n, n.store.View(n.Context(), f))
}

// append adds a step to the log.
func (w *world) append(do func(*node, storage.Tx) error) { w.log = append(w.log, entry{do: do}) }

// say adds a message to the log.
func (w *world) say(from uint16, items ...[]byte) {
	w.log = append(w.log, entry{from: from, items: items})
}

// step reads one log entry. It returns false at the end of the log, or where
// the node has to wait.
func (n *node) step() (bool, error) {
	ctx := n.Context()
	if _, err := n.Prepare(ctx, n.store); err != nil {
		return false, err
	}
	var at uint64
	n.view(func(r storage.Reader) (err error) { at, err = cursor.Load(r); return err })
	if at == uint64(len(n.log)) {
		return false, nil
	}
	e := n.log[at]
	var verdicts []Verdict
	if e.do == nil {
		err := n.store.View(ctx, func(r storage.Reader) (err error) {
			verdicts, err = n.Check(r, 0, e.from, e.items)
			return err
		})
		if errors.Is(err, ErrNotReady) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
	}
	return true, n.store.Update(ctx, func(tx storage.Tx) error {
		if err := cursor.Put(tx, at+1); err != nil {
			return err
		}
		if e.do != nil {
			return e.do(n, tx)
		}
		for _, v := range verdicts {
			if err := n.Receive(tx, 0, e.from, v); err != nil {
				return err
			}
		}
		return nil
	})
}

// read reads the log to its end.
func (n *node) read() error {
	for {
		if again, err := n.step(); err != nil || !again {
			return err
		}
	}
}

// work does all the signing that is due.
func (n *node) work() error {
	for {
		asked, err := n.Consult(n.Context(), n.store, n.tip)
		if err != nil {
			return err
		}
		if again, err := n.Work(n.Context(), n.store, true); err != nil || !again && !asked {
			return err
		}
	}
}

// take returns the items that the node has sent since, and takes them out.
func (n *node) take() (items [][]byte) {
	for _, m := range n.takeMessages() {
		items = append(items, m.items...)
	}
	return items
}

// takeMessages is take with the items of a message together.
func (n *node) takeMessages() (list []message) {
	n.update(func(tx storage.Tx) error {
		list = nil
		var ids []uint64
		for item, err := range sent.All(tx) {
			if err != nil {
				return err
			}
			list, ids = append(list, item.Value), append(ids, item.Key)
		}
		for _, id := range ids {
			if err := sent.Delete(tx, id); err != nil {
				return err
			}
		}
		return nil
	})
	return list
}

// run lets all nodes read, work and speak until nothing moves.
func (w *world) run() {
	for w.once() {
	}
}

// once lets all nodes read and work, and then speak. It tells whether any did.
func (w *world) once() (spoken bool) {
	for _, n := range w.nodes {
		if !n.offline {
			require.NoError(w, n.read(), "node %d", n.number)
			require.NoError(w, n.work(), "node %d", n.number)
		}
	}
	for _, n := range w.nodes {
		if n.offline {
			continue
		}
		for _, m := range n.takeMessages() {
			if n.say(m.items) {
				spoken = true
			}
		}
	}
	return spoken
}

// say puts what the node says into the log, and tells whether that is anything.
func (n *node) say(items [][]byte) bool {
	if n.tamper != nil {
		var kept [][]byte
		for _, item := range items {
			if item = n.tamper(item); item != nil {
				kept = append(kept, item)
			}
		}
		items = kept
	}
	if len(items) > 0 {
		n.world.say(uint16(n.number), items...)
	}
	return len(items) > 0
}

// told returns what the node has told of signing, in order.
func (n *node) told() (lines []string) {
	n.view(func(r storage.Reader) error {
		lines = nil
		for item, err := range told.All(r) {
			if err != nil {
				return err
			}
			lines = append(lines, string(item.Value))
		}
		return nil
	})
	return lines
}

func (n *node) tell(tx storage.Tx, format string, args ...any) error {
	_, err := told.Push(tx, fmt.Appendf(nil, format, args...))
	return err
}

// plan puts the making of a plan into the log.
func (w *world) plan(inputs int) coin.PlanID {
	plan := coin.Plan{Fee: uint64(len(w.log))}
	for i := range inputs {
		plan.Inputs = append(plan.Inputs, coin.Output{ID: coin.OutputID{Index: uint32(i)}, Spend: []byte{byte(i)}})
	}
	id := plan.ID(coin.BlockID{})
	w.append(func(n *node, tx storage.Tx) error {
		if err := plans.Put(tx, id, plan); err != nil {
			return err
		}
		return n.Planned(tx, id, plan)
	})
	return id
}

// chained puts the making of a plan that spends an output of another into the log.
func (w *world) chained(kind coin.Kind, parent coin.TransactionID, fee uint64) coin.PlanID {
	plan := coin.Plan{Fee: fee, Inputs: []coin.Output{{ID: coin.OutputID{Transaction: parent}, Kind: kind}}}
	id := plan.ID(coin.BlockID{})
	w.append(func(n *node, tx storage.Tx) error {
		if err := plans.Put(tx, id, plan); err != nil {
			return err
		}
		return n.Planned(tx, id, plan)
	})
	return id
}

// transaction is the ID of a prepared plan's transaction.
func (n *node) transaction(id coin.PlanID) (by coin.TransactionID) {
	n.view(func(r storage.Reader) error {
		p, ok, err := n.prepared.Get(r, id)
		require.True(n, ok)
		by = sha512.Sum512_256(p.Transaction)
		return err
	})
	return by
}

// voids makes a plan void for a node.
func (n *node) voids(tx storage.Tx, id coin.PlanID) error {
	plan, _, err := plans.Get(tx, id)
	if err != nil {
		return err
	}
	if err := plans.Delete(tx, id); err != nil {
		return err
	}
	return n.Voided(tx, id, plan)
}

// resolve puts the resolution of a plan, for good, into the log.
func (w *world) resolve(id coin.PlanID) {
	w.append(func(n *node, tx storage.Tx) error {
		plan, _, err := plans.Get(tx, id)
		if err != nil {
			return err
		}
		if err := plans.Delete(tx, id); err != nil {
			return err
		}
		if err := n.Resolved(tx, id, plan, coin.TransactionID{}); err != nil {
			return err
		}
		return n.Forgotten(tx, id)
	})
}

// acknowledge puts the acknowledgement of a batch into the log.
func (w *world) acknowledge(id uint64) {
	w.append(func(n *node, tx storage.Tx) error { return n.Acknowledged(tx, id) })
}

// report lets a node find a batch.
func (n *node) report(session, id uint64) {
	n.update(func(tx storage.Tx) error {
		return n.Reported(tx, session, batch.Update{Batches: []batch.Batch{{ID: id, Number: id}}})
	})
}

// reportAll lets all find a batch of session 0.
func (w *world) reportAll(id uint64) {
	for _, n := range w.nodes {
		n.report(0, id)
	}
}

// duty returns what the node knows of a sign ID.
func (n *node) duty(id ID) (d duty) {
	n.view(func(r storage.Reader) (err error) { d, err = n.duties.Load(r, id); return err })
	return d
}

// records counts the records of the signer in the database that concern what
// is to be signed: what was prepared for void plans does not.
func (n *node) records() (count int) {
	n.view(func(r storage.Reader) error {
		count = 0
		for pair, err := range r.Range([]byte("signer/"), []byte("signer0")) {
			if err != nil {
				return err
			}
			name, _, _ := bytes.Cut(pair.Key, []byte{0})
			if !slices.Contains([]string{"signer/acknowledged", "signer/sessions", "signer/opened", "signer/voided"}, string(name)) {
				count++
			}
		}
		return nil
	})
	return count
}

// parse decodes an item that must be sound.
func (w *world) parse(data []byte) item {
	i, err := wire.Unmarshal[item](data)
	require.NoError(w, err)
	return i
}
