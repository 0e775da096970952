package processor

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/batch"
	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/eventuality"
	"github.com/serai-go/processor/internal/wire"
	"github.com/serai-go/processor/scanner"
	"github.com/serai-go/processor/scheduler"
	"github.com/serai-go/processor/signer"
	"github.com/serai-go/processor/storage"
)

// joinedRules are those at the beginning.
var joinedRules = coin.Parameters{
	Confirmations: 2, Window: 3, TenMinutes: 1, Grace: 4, BatchesAhead: 8, Patience: 10, BumpAfter: 100, OutflowWindow: 10, ChangeOutputs: 2, Descendants: 2, DescendantsWeight: 1 << 20, Dust: 10,
	FeeFloor: 1, FeeCap: 50, MaxInputs: 4, MaxOutputs: 4, BatchLimit: 212, MaxData: 16, Withdrawals: 3,
}

// joinedBlock is a block of a made-up chain: transactions that spend, and
// outputs to the group, by position.
type joinedBlock struct {
	header       coin.Header
	rate         uint64
	transactions []eventuality.Transaction
	outputs      []coin.Output
}

func (b *joinedBlock) Header() coin.Header                     { return b.header }
func (b *joinedBlock) Transactions() []eventuality.Transaction { return b.transactions }

// joinedSpend is a transaction. It fulfils the plan of which it is the only
// version.
type joinedSpend struct {
	id     coin.TransactionID
	inputs []coin.OutputID
}

func (s joinedSpend) ID() [32]byte   { return s.id }
func (s joinedSpend) Lookup() []byte { return wire.Marshal(s.inputs[0]) }
func (s joinedSpend) Bytes() []byte  { return append(s.id[:], s.Lookup()...) }

func (s joinedSpend) Matches(t eventuality.Transaction) bool { return t.ID() == s.id }

func (s joinedSpend) Lookups() (list [][]byte) {
	for _, id := range s.inputs {
		list = append(list, wire.Marshal(id))
	}
	return list
}

func readJoinedSpend(data []byte) (eventuality.Eventuality, error) {
	input, err := wire.Unmarshal[coin.OutputID](data[32:])
	return joinedSpend{coin.TransactionID(data[:32]), []coin.OutputID{input}}, err
}

func spendOf(id coin.PlanID, plan coin.Plan) joinedSpend {
	s := joinedSpend{id: sha256.Sum256(id[:])}
	for _, o := range plan.Inputs {
		s.inputs = append(s.inputs, o.ID)
	}
	return s
}

// joinedCoin is a coin with fees by the number of inputs and outputs. With twins,
// of outputs with equal Spend only one can ever be spent.
type joinedCoin struct{ twins bool }

func (joinedCoin) InputCost(rate uint64) uint64            { return rate }
func (joinedCoin) SpendLookup(o coin.Output) []byte        { return wire.Marshal(o.ID) }
func (joinedCoin) CheckAddress(address coin.Address) error { return nil }

func (c joinedCoin) Twin(o coin.Output) []byte {
	if !c.twins {
		return nil
	}
	return o.Spend
}

func (c joinedCoin) CheckParameters(p coin.Parameters) error {
	if c.twins && p.Hold < p.Window {
		return errors.New("the hold is below the window")
	}
	return nil
}

// rules are those at the beginning.
func (c joinedCoin) rules() coin.Parameters {
	p := joinedRules
	if c.twins {
		p.Hold = p.Window
	}
	return p
}

func (joinedCoin) Unconfirmed(plan coin.Plan) ([]coin.Output, error) {
	by := spendOf(plan.ID(coin.BlockID{1}), plan).id
	var list []coin.Output
	for i, own := range plan.Own {
		id := coin.OutputID{Transaction: by, Index: uint32(len(plan.Payments) + i)}
		list = append(list, coin.Output{ID: id, Session: own.Session, Kind: own.Kind, Amount: own.Amount})
	}
	return list, nil
}

func (joinedCoin) Fee(rate uint64, inputs []coin.Output, outputs []coin.Address) (uint64, error) {
	return rate * uint64(2+len(inputs)+len(outputs)), nil
}

func (joinedCoin) Address(key []byte, kind coin.Kind) (coin.Address, error) {
	return coin.Address(fmt.Sprintf("%x-%s", key, kind)), nil
}

// joined is scanner and scheduler over one database, joined by the core.
type joined struct {
	t       require.TestingT
	store   *storage.Memory
	core    *core
	tracker *eventuality.Tracker
	chain   *[]*joinedBlock
	lazy    bool // indexes no more than it has to

	// What the running transaction adds, and what there is.
	newPlans, plans     map[coin.PlanID]coin.Plan
	newBatches, batches map[uint64]joinedBatch
	order               []coin.PlanID // of plans
	newPaid, paid       []coin.PaymentID
	newUnpaid           []coin.PaymentID // their transactions are void
	newVoided, voided   []coin.OutputID  // told to be
}

// joinedBatch is a reported batch and who has to sign it.
type joinedBatch struct {
	session uint64
	batch   batch.Batch
}

func newJoined(t require.TestingT, chain *[]*joinedBlock, c joinedCoin) *joined {
	j := &joined{
		t: t, store: storage.NewMemory(), chain: chain, tracker: eventuality.NewTracker(readJoinedSpend),
		plans: map[coin.PlanID]coin.Plan{}, batches: map[uint64]joinedBatch{},
	}
	j.core = &core{outbox: newOutbox(1 << 20), state: newState()}
	j.core.signer = signer.New(signer.Config{Tracker: j.tracker})
	j.core.scanner = scanner.New(scanner.Config{
		Network: "joined", Genesis: coin.BlockID{1}, Parameters: c.rules(), Coin: c, Tracker: j.tracker, Events: j,
	})
	j.core.scheduler = scheduler.New(scheduler.Config{
		Genesis: coin.BlockID{1}, Coin: c, Chain: j.core.scanner, Plans: j, Events: j,
	})
	return j
}

func (j *joined) Reported(_ storage.Tx, session uint64, u batch.Update) error {
	for _, b := range u.Batches {
		j.newBatches[b.ID] = joinedBatch{session, b}
	}
	return nil
}

func (j *joined) KeyStage(storage.Tx, uint64, scanner.Stage, uint64) error { return nil }
func (j *joined) Departed(storage.Tx, scanner.Foreign, uint64) error       { return nil }

func (j *joined) Planned(tx storage.Tx, id coin.PlanID, plan coin.Plan) error {
	j.newPlans[id] = plan
	for _, o := range plan.Inputs {
		if err := j.held(tx, o, plan.Reference); err != nil {
			return err
		}
	}
	return j.tracker.Expect(tx, id, spendOf(id, plan))
}

// held requires that an output is not spent before its hold is over.
func (j *joined) held(r storage.Reader, o coin.Output, reference uint64) error {
	for _, b := range *j.chain {
		if o.Kind == coin.External && slices.ContainsFunc(b.outputs, func(other coin.Output) bool { return other.ID == o.ID }) {
			p, err := j.core.scanner.Rules(r, b.header.Number)
			require.GreaterOrEqual(j.t, reference, b.header.Number+p.Hold, "%s is spent while it is on hold", o.ID)
			return err
		}
	}
	return nil
}

func (j *joined) plan(id coin.PlanID) coin.Plan {
	if p, ok := j.newPlans[id]; ok {
		return p
	}
	return j.plans[id]
}

func (j *joined) Indices(_ storage.Reader, id coin.PlanID) (list []uint32, err error) {
	plan := j.plan(id)
	for i := range plan.Own {
		list = append(list, uint32(len(plan.Payments)+i))
	}
	return list, nil
}

func (j *joined) Resolved(tx storage.Tx, id coin.PlanID, plan coin.Plan, _ coin.TransactionID) error {
	for _, o := range plan.Inputs {
		if err := j.tracker.Unguard(tx, wire.Marshal(o.ID)); err != nil {
			return err
		}
	}
	return nil
}

func (j *joined) Reinstated(tx storage.Tx, id coin.PlanID, plan coin.Plan) error {
	for _, p := range plan.Payments {
		j.newUnpaid = append(j.newUnpaid, p.ID)
	}
	return j.tracker.Expect(tx, id, spendOf(id, plan))
}

func (j *joined) Voided(tx storage.Tx, id coin.PlanID, _ coin.Plan) error {
	return j.tracker.Forget(tx, id)
}

func (j *joined) Forgotten(storage.Tx, coin.PlanID) error { return nil }

func (j *joined) VoidedCredit(_ storage.Tx, id coin.OutputID, _, _ uint64) error {
	j.newVoided = append(j.newVoided, id)
	return nil
}

func (j *joined) PaymentPlanned(storage.Tx, coin.PaymentID, coin.PlanID) error { return nil }
func (j *joined) PaymentSettled(_ storage.Tx, id coin.PaymentID, _ coin.TransactionID, _, _ uint64, _ bool) error {
	j.newPaid = append(j.newPaid, id)
	return nil
}

func (j *joined) PaymentDropped(storage.Tx, coin.PaymentID, uint64, string) error { return nil }
func (j *joined) PaymentRefused(storage.Tx, coin.PaymentID, string) error         { return nil }
func (j *joined) WrittenOff(storage.Tx, coin.OutputID, uint64, string) error      { return nil }
func (j *joined) Condition(storage.Tx, coin.PaymentID, string) error              { return nil }
func (j *joined) PlanCondition(storage.Tx, coin.PlanID, string) error             { return nil }

// update runs a transaction and takes over what it told if it commits.
func (j *joined) update(do func(storage.Tx) error) error {
	j.newPlans, j.newBatches, j.newPaid = map[coin.PlanID]coin.Plan{}, map[uint64]joinedBatch{}, nil
	j.newUnpaid, j.newVoided = nil, nil
	err := j.store.Update(context.Background(), do)
	if err != nil {
		return err
	}
	maps.Copy(j.plans, j.newPlans)
	maps.Copy(j.batches, j.newBatches)
	j.order = append(j.order, slices.SortedFunc(maps.Keys(j.newPlans), func(a, b coin.PlanID) int { return bytes.Compare(a[:], b[:]) })...)
	j.paid = slices.DeleteFunc(j.paid, func(id coin.PaymentID) bool { return slices.Contains(j.newUnpaid, id) })
	j.voided = append(j.voided, j.newVoided...)
	for _, id := range j.newPaid {
		require.NotContains(j.t, j.paid, id, "paid twice")
	}
	j.paid = append(j.paid, j.newPaid...)
	return nil
}

func (j *joined) view(do func(storage.Reader) error) {
	require.NoError(j.t, j.store.View(context.Background(), do))
}

func (j *joined) frontier() (f scanner.Frontier) {
	j.view(func(r storage.Reader) (err error) {
		f, err = j.core.scanner.Frontier(r)
		return err
	})
	return f
}

// supplied runs what may lack a rate or a resolution.
func (j *joined) supplied(do func(storage.Tx) error) error {
	for {
		err := j.update(do)
		if missing, ok := errors.AsType[*scanner.RateMissing](err); ok {
			n := missing.Header.Number
			require.NoError(j.t, j.update(func(tx storage.Tx) error { return j.core.scanner.PutRate(tx, n, (*j.chain)[n].rate) }))
			continue
		}
		if unresolved, ok := errors.AsType[*scanner.Unresolved](err); ok {
			require.NoError(j.t, j.update(func(tx storage.Tx) error {
				x, err := j.core.scanner.Resolve(tx, (*j.chain)[unresolved.Header.Number])
				if err != nil {
					return err
				}
				return j.core.scanner.PutResolution(tx, x)
			}))
			continue
		}
		return err
	}
}

// scan indexes all there is and scans one block, if one is due.
func (j *joined) scan() bool {
	f := j.frontier()
	n := uint64(0)
	if f.Started {
		n = f.Index
	}
	end, indexed := uint64(len(*j.chain)), n
	if j.lazy {
		end = min(end, max(f.Scan, n)+1)
	}
	for ; n < end; n++ {
		h := (*j.chain)[n].header
		err := j.update(func(tx storage.Tx) error { return j.core.scanner.Index(tx, h) })
		if err != nil {
			if !errors.Is(err, coin.ErrInvalid) { // it is not the chain of the last rewind
				require.ErrorContains(j.t, err, "before any key")
			}
			return false
		}
	}
	var tasks []scanner.Task
	j.view(func(r storage.Reader) (err error) {
		tasks, err = j.core.scanner.Due(r, 1)
		return err
	})
	if len(tasks) == 0 {
		return j.lazy && n > indexed
	}
	task := tasks[0]
	b := (*j.chain)[task.Header.Number]
	var outputs []coin.Output
	for _, o := range b.outputs {
		if slices.ContainsFunc(task.Keys, func(k coin.Key) bool { return k.Session == o.Session }) {
			outputs = append(outputs, o)
		}
	}
	require.NoError(j.t, j.supplied(func(tx storage.Tx) error { return j.core.scanner.Scan(tx, task.Header, outputs) }))
	return true
}

// change lets the node show another chain, and the processor see it.
func (j *joined) change(to *[]*joinedBlock, e Rewind) {
	f := j.frontier()
	before := *j.chain
	j.chain = to
	if e.Fork+1 >= f.Index {
		return
	}
	h := Halt{Cause: ChainChanged, Changed: &scanner.ChainChanged{
		Indexed: before[e.Fork+1].header, Found: (*to)[e.Fork+1].header, Fork: e.Fork,
	}}
	require.NoError(j.t, j.update(func(tx storage.Tx) error { return halted.Put(tx, h) }))
}

// apply applies an entry. It is false if the block is not scanned.
func (j *joined) apply(e Entry) bool {
	err := j.supplied(func(tx storage.Tx) error {
		return j.core.apply(tx, settleLane, 0, e, nil)
	})
	if errors.Is(err, scanner.ErrNotScanned) || errors.Is(err, scanner.ErrUnchanged) {
		return false
	}
	require.NoError(j.t, err, "%T %+v", e, e)
	j.view(j.core.scheduler.Audit)
	return true
}

func (j *joined) keys() (keys []scanner.Key) {
	j.view(func(r storage.Reader) (err error) {
		keys, err = j.core.scanner.Keys(r)
		return err
	})
	return keys
}

// dump is all that processors must have alike, without rates, which may be told
// early, and the archive, which has what each has seen.
func (j *joined) dump() (all []string) {
	j.view(func(r storage.Reader) error {
		for pair, err := range r.Range(nil, nil) {
			if err != nil {
				return err
			}
			key := string(pair.Key)
			if !slices.ContainsFunc([]string{"scanner/rates", "processor/void", "processor/unarchived"}, func(own string) bool {
				return strings.HasPrefix(key, own)
			}) {
				all = append(all, fmt.Sprintf("%q=%x", key, pair.Value))
			}
		}
		return nil
	})
	return all
}
