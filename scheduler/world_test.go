package scheduler

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"math/bits"
	"slices"
	"strings"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/storage"
)

// The rules of the tests' network.
const (
	dust     = 10
	patience = 5
)

func parameters() coin.Parameters {
	return coin.Parameters{Dust: dust, MaxInputs: 4, MaxOutputs: 4, Patience: patience, BumpAfter: 100, OutflowWindow: 10, ChangeOutputs: 1}
}

// tabled is a coin whose fee is the rate for each of 2 units of overhead, an
// input and an output. Addresses of users begin with "user".
type tabled struct{}

func weigh(inputs, outputs int) uint64 { return uint64(2 + inputs + outputs) }

func (tabled) Fee(rate uint64, inputs []coin.Output, outputs []coin.Address) (uint64, error) {
	high, low := bits.Mul64(rate, weigh(len(inputs), len(outputs)))
	if high > 0 {
		return 0, errors.New("fee above 64 bits")
	}
	return low, nil
}

func (tabled) InputCost(rate uint64) uint64 { return rate }

func (tabled) Unconfirmed(plan coin.Plan) ([]coin.Output, error) {
	var outputs []coin.Output
	for i, own := range plan.Own {
		id := coin.OutputID{Transaction: transactionOf(plan.ID(coin.BlockID{1})), Index: uint32(len(plan.Payments) + i)}
		outputs = append(outputs, coin.Output{ID: id, Session: own.Session, Kind: own.Kind, Amount: own.Amount})
	}
	return outputs, nil
}

func (tabled) Address(key []byte, kind coin.Kind) (coin.Address, error) {
	return coin.Address(fmt.Sprintf("user-own-%x-%s", key, kind)), nil
}

func (tabled) CheckAddress(address coin.Address) error {
	if !strings.HasPrefix(string(address), "user") {
		return fmt.Errorf("%w: %q", coin.ErrAddress, address)
	}
	return nil
}

// happened is an event.
type happened struct {
	What    string // Planned, Settled, Refunded, Dropped, Refused, Condition
	Payment coin.PaymentID
	Plan    coin.PlanID
	Output  coin.OutputID
	// Amount is what was paid or kept, Share the share of costs.
	Amount, Share uint64
	Text          string
}

// world is a scheduler and all that it talks to.
type world struct {
	t      require.TestingT
	config Config
	store  *storage.Memory
	s      Scheduler

	rate    uint64
	rules   coin.Parameters
	rateErr error
	roles   []coin.Role
	number  uint64 // of the last settled block
	outputs uint32 // made so far

	// What was committed.
	events []happened
	plans  map[coin.PlanID]coin.Plan
	open   []coin.PlanID // unresolved, in order

	// What the running transaction adds.
	newEvents   []happened
	newPlans    []coin.Plan
	newOpen     []coin.PlanID // reinstated
	newVoid     []coin.PlanID
	newArrivals []coin.Arrival
}

func newWorld(t require.TestingT, p coin.Parameters) *world {
	w := &world{t: t, store: storage.NewMemory(), rate: 1, rules: p, plans: make(map[coin.PlanID]coin.Plan)}
	w.roles = []coin.Role{active(3)}
	w.config = Config{Genesis: coin.BlockID{1}, Coin: tabled{}, Chain: w, Plans: w, Events: w}
	w.s = New(w.config)
	return w
}

// restart makes a new scheduler on the same database.
func (w *world) restart() {
	w.store = w.store.Clone()
	w.s = New(w.config)
}

// fork is a world of its own with the same history.
func (w *world) fork() *world {
	f := *w
	f.plans = maps.Clone(w.plans)
	f.open, f.events = slices.Clone(w.open), slices.Clone(w.events)
	f.config.Chain, f.config.Plans, f.config.Events = &f, &f, &f
	f.restart()
	return &f
}

func (w *world) Rules(storage.Reader, uint64) (coin.Parameters, error) { return w.rules, nil }

func (w *world) Rate(storage.Reader, uint64) (uint64, error) { return w.rate, w.rateErr }

func (w *world) Roles(storage.Reader, uint64) ([]coin.Role, error) { return w.roles, nil }

// keyOf is the network key of a session.
func keyOf(session uint64) coin.Key {
	return coin.Key{Session: session, Key: []byte{byte(session) + 4}}
}

// Roles of a key in the order in which it has them.

func holding(session uint64) coin.Role {
	return coin.Role{Key: keyOf(session), Change: keyOf(session)}
}

func active(session uint64) coin.Role {
	return coin.Role{Key: keyOf(session), Change: keyOf(session), Pays: true}
}

func handing(session, to uint64) coin.Role {
	return coin.Role{Key: keyOf(session), Change: keyOf(to), Pays: true}
}

func leaving(session, to uint64) coin.Role {
	return coin.Role{Key: keyOf(session), Change: keyOf(to), Leaves: true}
}

func finishing(session, to uint64) coin.Role {
	return coin.Role{Key: keyOf(session), Change: keyOf(to), Leaves: true, Finishing: true}
}

func (w *world) WrittenOff(_ storage.Tx, id coin.OutputID, amount uint64, reason string) error {
	w.newEvents = append(w.newEvents, happened{What: "WrittenOff", Output: id, Amount: amount, Text: reason})
	return nil
}

func (w *world) Planned(_ storage.Tx, id coin.PlanID, plan coin.Plan) error {
	require.Equal(w.t, plan.ID(w.config.Genesis), id)
	w.newPlans = append(w.newPlans, plan)
	return nil
}

func (w *world) Indices(_ storage.Reader, id coin.PlanID) ([]uint32, error) {
	plan := w.plans[id]
	indices := make([]uint32, len(plan.Own))
	for i := range indices {
		indices[i] = uint32(len(plan.Payments) + i)
	}
	return indices, nil
}

func (w *world) Resolved(_ storage.Tx, id coin.PlanID, plan coin.Plan, by coin.TransactionID) error {
	require.Equal(w.t, w.plans[id], plan)
	by[5] = transactionOf(id)[5] // where another transaction of the plan may differ
	require.Equal(w.t, transactionOf(id), by)
	return nil
}

func (w *world) event(e happened) error {
	w.newEvents = append(w.newEvents, e)
	return nil
}

func (w *world) PaymentPlanned(_ storage.Tx, id coin.PaymentID, plan coin.PlanID) error {
	return w.event(happened{What: "Planned", Payment: id, Plan: plan})
}

func (w *world) PaymentSettled(_ storage.Tx, id coin.PaymentID, _ coin.TransactionID, paid, share uint64, refund bool) error {
	what := "Settled"
	if refund {
		what = "Refunded"
	}
	return w.event(happened{What: what, Payment: id, Amount: paid, Share: share})
}

func (w *world) PaymentDropped(_ storage.Tx, id coin.PaymentID, kept uint64, reason string) error {
	return w.event(happened{What: "Dropped", Payment: id, Amount: kept, Text: reason})
}

func (w *world) PaymentRefused(_ storage.Tx, id coin.PaymentID, reason string) error {
	return w.event(happened{What: "Refused", Payment: id, Text: reason})
}

// Reinstated implements Plans.
func (w *world) Reinstated(_ storage.Tx, id coin.PlanID, plan coin.Plan) error {
	require.Equal(w.t, w.plans[id], plan)
	w.newOpen = append(w.newOpen, id)
	return nil
}

// Voided implements Plans.
func (w *world) Voided(_ storage.Tx, id coin.PlanID, plan coin.Plan) error {
	require.Equal(w.t, w.plans[id], plan)
	w.newVoid = append(w.newVoid, id)
	return nil
}

// PlanCondition implements Events.
func (w *world) PlanCondition(_ storage.Tx, id coin.PlanID, text string) error {
	return w.event(happened{What: "Condition", Plan: id, Text: text})
}

// Forgotten implements Plans.
func (w *world) Forgotten(storage.Tx, coin.PlanID) error { return nil }

// VoidedCredit implements Events.
func (w *world) VoidedCredit(_ storage.Tx, id coin.OutputID, _, credit uint64) error {
	return w.event(happened{What: "Voided", Output: id, Amount: credit})
}

func (w *world) Condition(_ storage.Tx, id coin.PaymentID, text string) error {
	return w.event(happened{What: "Condition", Payment: id, Text: text})
}

// update runs a transaction and takes over what it caused if it commits.
func (w *world) update(do func(storage.Tx) error) error {
	w.newEvents, w.newPlans, w.newArrivals, w.newOpen, w.newVoid = nil, nil, nil, nil, nil
	err := w.store.Update(ctx, do)
	if err != nil {
		return err
	}
	w.events = append(w.events, w.newEvents...)
	w.open = append(w.open, w.newOpen...)
	w.open = slices.DeleteFunc(w.open, func(id coin.PlanID) bool { return slices.Contains(w.newVoid, id) })
	for _, plan := range w.newPlans {
		id := plan.ID(w.config.Genesis)
		w.plans[id] = plan
		w.open = append(w.open, id)
	}
	return nil
}

// settle settles a next block, which reports some deposits late, and returns
// the events.
func (w *world) settle(block coin.SettledBlock, late ...coin.Late) []happened {
	w.number++
	block.Number = w.number
	require.NoError(w.t, w.update(func(tx storage.Tx) error {
		return w.settleIn(tx, &coin.Settlement{Reference: w.number, Late: late, Blocks: []coin.SettledBlock{block}})
	}))
	w.check()
	return w.newEvents
}

// burn hands payments in and returns the events.
func (w *world) burn(payments ...coin.Payment) []happened {
	require.NoError(w.t, w.update(func(tx storage.Tx) error { return w.s.Burn(tx, payments) }))
	w.check()
	return w.newEvents
}

func (w *world) hold(payments ...coin.Payment) {
	require.NoError(w.t, w.update(func(tx storage.Tx) error { return w.s.Hold(tx, payments) }))
	require.Empty(w.t, w.newEvents)
}

// output is a next output of session 3.
func (w *world) output(amount uint64) coin.Output { return w.outputTo(3, amount) }

func (w *world) outputTo(session, amount uint64) coin.Output {
	w.outputs++
	return coin.Output{
		ID: coin.OutputID{Transaction: coin.TransactionID{0xdd}, Index: w.outputs}, Session: session,
		Amount: amount, Data: []byte("instruction"), Spend: []byte{1},
	}
}

// deposit is a reported deposit that is credited in full.
func (w *world) deposit(amount uint64) coin.Deposit {
	return coin.Deposit{Output: w.output(amount), Credit: amount, Fate: coin.Reported}
}

// deposits settles a block of reported deposits.
func (w *world) deposits(amounts ...uint64) []happened {
	var block coin.SettledBlock
	for _, a := range amounts {
		block.Deposits = append(block.Deposits, w.deposit(a))
	}
	return w.settle(block)
}

func transactionOf(id coin.PlanID) coin.TransactionID { return sha256.Sum256(id[:]) }

// completion adds to a block that a plan happened in it.
func (w *world) completion(block *coin.SettledBlock, id coin.PlanID) {
	plan := w.plans[id]
	by := transactionOf(id)
	for i, own := range plan.Own {
		block.Internal = append(block.Internal, coin.Output{
			ID:      coin.OutputID{Transaction: by, Index: uint32(len(plan.Payments) + i)},
			Session: own.Session, Kind: own.Kind, Amount: own.Amount,
		})
	}
	block.Completions = append(block.Completions, coin.Completion{Plan: id, Transaction: by})
}

// complete settles a block in which all unresolved plans happen, of several
// versions the first.
func (w *world) complete() []happened {
	var block coin.SettledBlock
	spent := make(map[coin.OutputID]bool)
	var versions []coin.PlanID
	for _, id := range w.open {
		if input := w.plans[id].Inputs[0].ID; spent[input] {
			versions = append(versions, id)
			continue
		} else {
			spent[input] = true
		}
		w.completion(&block, id)
	}
	w.open = versions
	return w.settle(block)
}

// check recounts the books.
func (w *world) check() {
	require.NoError(w.t, w.store.View(ctx, w.s.Audit))
	require.NoError(w.t, w.ledger().Check())
}

func (w *world) ledger() (books Ledger) {
	require.NoError(w.t, w.store.View(ctx, func(r storage.Reader) (err error) {
		books, err = w.s.Ledger(r)
		return err
	}))
	return books
}

func (w *world) pending() (p Pending) {
	require.NoError(w.t, w.store.View(ctx, func(r storage.Reader) (err error) {
		p, err = w.s.Pending(r)
		return err
	}))
	return p
}

// only returns the one plan of the last transaction.
func (w *world) only() coin.Plan {
	require.Len(w.t, w.newPlans, 1)
	return w.newPlans[0]
}

// dump returns the whole database.
func (w *world) dump() (pairs []storage.Pair) {
	require.NoError(w.t, w.store.View(ctx, func(r storage.Reader) error {
		for pair, err := range r.Range(nil, nil) {
			if err != nil {
				return err
			}
			pairs = append(pairs, pair)
		}
		return nil
	}))
	return pairs
}

// pay is a payment to a user.
func pay(id byte, amount uint64) coin.Payment {
	return coin.Payment{ID: coin.PaymentID{id}, Address: "user", Amount: amount}
}

// of returns the events of a kind.
func of(events []happened, what string) (some []happened) {
	for _, e := range events {
		if e.What == what {
			some = append(some, e)
		}
	}
	return some
}

func amount(n uint64) Balance { return Balance{}.Add(n) }

var ctx = context.Background()

// newestPlan is the plan that was made last.
func (w *world) newestPlan() (id coin.PlanID) {
	for _, e := range of(w.events, "Planned") {
		id = e.Plan
	}
	return id
}

// pendingIDs returns the queue.
func (w *world) pendingIDs() (ids []coin.PaymentID) {
	require.NoError(w.t, w.store.View(ctx, func(r storage.Reader) error {
		for item, err := range w.s.(*scheduler).payments.All(r) {
			if err != nil {
				return err
			}
			ids = append(ids, item.Value.ID)
		}
		return nil
	}))
	return ids
}

// settleIn is Settle, and keeps the arrivals.
func (w *world) settleIn(tx storage.Tx, settlement *coin.Settlement) (err error) {
	w.newArrivals, err = w.s.Settle(tx, settlement)
	return err
}

// retire retires a session and returns the events.
func (w *world) retire(session uint64) []happened {
	require.NoError(w.t, w.update(func(tx storage.Tx) error { return w.s.Retire(tx, session) }))
	w.check()
	return w.newEvents
}

// abandon abandons a session and returns the events.
func (w *world) abandon(session uint64) []happened {
	require.NoError(w.t, w.update(func(tx storage.Tx) error { return w.s.Abandon(tx, session) }))
	w.check()
	return w.newEvents
}

func (w *world) idle(session uint64) (idle bool) {
	require.NoError(w.t, w.store.View(ctx, func(r storage.Reader) (err error) {
		idle, err = w.s.Idle(r, session)
		return err
	}))
	return idle
}

// one settles a block with one deposit.
func (w *world) one(session, amount, credit uint64, fate coin.Fate) coin.OutputID {
	o := w.outputTo(session, amount)
	w.settle(coin.SettledBlock{Deposits: []coin.Deposit{{Output: o, Credit: credit, Fate: fate}}})
	return o.ID
}
