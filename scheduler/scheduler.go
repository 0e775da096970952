// Package scheduler decides what the group spends: it owns the queue of
// payments, the free outputs, the plans under way and the ledger.
//
// It acts when a block settles, or when a burn or a decision arrives, inside the
// caller's transaction, and decides by nothing but the database and its arguments,
// so that all validators make the same plans. Outputs are reserved exclusively:
// an output is free, or an input of exactly one plan. The ledger, in double
// entry, is posted in the transaction of the change that it records, and a
// false equation is an error that halts the processor.
//
// All that the free outputs cover, from the head of the queue, becomes a tree of
// payments: a root with change, the first payments, and branches for the others,
// each of which a transaction of its own shares out, and so on (shape.go,
// compose.go, tree.go). All of a tree's payments bear its fees in equal shares.
// Children are planned at once where the network lets transactions spend what is
// not confirmed, as far as relay goes, else once their branch is there. A plan that
// does not happen is lifted by a child that spends its change, and that by versions
// with higher fees (bump.go); a decision replaces any plan by a version without some
// payments (replace.go). When one version happens, the others are void, with all
// that builds on them (versions.go).
package scheduler

import (
	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/storage"
)

// Scheduler is the part of a processor that plans.
type Scheduler interface {
	// Settle takes in settled blocks, then the payments held for this moment,
	// and plans all that can be paid and moved. It returns which of the deposits
	// that are passed on have arrived, or are given up.
	Settle(tx storage.Tx, settlement *coin.Settlement) ([]coin.Arrival, error)
	// Idle tells whether there is nothing left to do for the key of a session:
	// no unresolved plan, no output on hold, no deposit to pass on, no output worth
	// moving.
	Idle(r storage.Reader, session uint64) (bool, error)
	// Retire writes off what outputs a session that is idle has left.
	Retire(tx storage.Tx, session uint64) error
	// Abandon writes off the outputs of a session whose holders are gone, and
	// its deposits that are not passed on yet. Its plans stay.
	Abandon(tx storage.Tx, session uint64) error
	// Hold keeps burnt payments until the next Settle.
	Hold(tx storage.Tx, payments []coin.Payment) error
	// Burn takes burnt payments in and plans at once. Before the first
	// settlement it holds them.
	Burn(tx storage.Tx, payments []coin.Payment) error
	// Replace plans a stuck plan's inputs once more, at the present fee rate and
	// without the payments to drop, whose effect waits for this version to happen.
	// Replacements of a plan are numbered from 1. It returns why it refuses, or
	// nothing.
	Replace(tx storage.Tx, id coin.PlanID, number uint64, drop []coin.PaymentID) (string, error)
	// Rewind takes back what is void. It returns what has become of it.
	Rewind(tx storage.Tx, rewind *coin.Rewind) (coin.Undone, error)
	// Ledger returns the books.
	Ledger(r storage.Reader) (Ledger, error)
	// Plan returns an unresolved plan.
	Plan(r storage.Reader, id coin.PlanID) (coin.Plan, bool, error)
	// Payment tells how far a payment is.
	Payment(r storage.Reader, id coin.PaymentID) (PaymentState, error)
	// Output tells what an output of the group is for.
	Output(r storage.Reader, id coin.OutputID) (OutputState, error)
	// Resting tells how many external outputs of a session are on hold, and with the
	// settlement of which block the last of the holds is over.
	Resting(r storage.Reader, session uint64) (count int, last uint64, err error)
	// Pending counts queued payments, free outputs and unresolved plans.
	Pending(r storage.Reader) (Pending, error)
	// Audit recounts outputs and payments one by one and compares them with
	// the books.
	Audit(r storage.Reader) error
}

// Pending counts what a scheduler holds.
type Pending struct {
	// Payments wait for their plans, Outputs are free, and Plans have not happened.
	Payments, Outputs, Plans int
	// Resting is how many external outputs are on hold.
	Resting int
}

// Coin is what a scheduler asks of the coin: pure functions.
type Coin interface {
	// Fee is that of coin.Planner.
	Fee(rate uint64, inputs []coin.Output, outputs []coin.Address) (uint64, error)
	// InputCost is what spending one more output costs at a rate.
	InputCost(rate uint64) uint64
	// Unconfirmed returns a plan's own outputs as they will be, or nil if they
	// cannot be spent before.
	Unconfirmed(plan coin.Plan) ([]coin.Output, error)
	// Address and CheckAddress are those of coin.Network.
	Address(key []byte, kind coin.Kind) (coin.Address, error)
	CheckAddress(coin.Address) error
}

// Chain is what a scheduler asks about a reference block.
type Chain interface {
	// Rate is the reference fee rate.
	Rate(r storage.Reader, number uint64) (uint64, error)
	// Rules returns the parameters in force.
	Rules(r storage.Reader, number uint64) (coin.Parameters, error)
	// Roles returns what the live keys do, the oldest first.
	Roles(r storage.Reader, number uint64) ([]coin.Role, error)
}

// Plans is told about plans.
type Plans interface {
	// Planned is called with a new plan.
	Planned(tx storage.Tx, id coin.PlanID, plan coin.Plan) error
	// Indices returns the output indices of a described plan's own outputs.
	Indices(r storage.Reader, id coin.PlanID) ([]uint32, error)
	// Resolved is called when a transaction that fulfils the plan settles.
	Resolved(tx storage.Tx, id coin.PlanID, plan coin.Plan, by coin.TransactionID) error
	// Reinstated is called when a plan is unresolved again: the block with its
	// transaction is void.
	Reinstated(tx storage.Tx, id coin.PlanID, plan coin.Plan) error
	// Voided is called when a plan cannot happen any more: another version of it
	// has, or of one that it builds on.
	Voided(tx storage.Tx, id coin.PlanID, plan coin.Plan) error
	// Forgotten is called when a plan has been resolved for so long that it
	// cannot be reinstated any more.
	Forgotten(tx storage.Tx, id coin.PlanID) error
}

// Events receives what becomes of payments, inside the same transaction.
type Events interface {
	PaymentPlanned(tx storage.Tx, id coin.PaymentID, plan coin.PlanID) error
	// PaymentSettled tells what arrived and what the payment bore of costs.
	PaymentSettled(tx storage.Tx, id coin.PaymentID, by coin.TransactionID, paid, share uint64, refund bool) error
	// PaymentDropped tells that a payment will not be made and what of it is
	// owed to the settlement chain instead.
	PaymentDropped(tx storage.Tx, id coin.PaymentID, kept uint64, reason string) error
	PaymentRefused(tx storage.Tx, id coin.PaymentID, reason string) error
	// WrittenOff tells that an output of the group will not be spent.
	WrittenOff(tx storage.Tx, id coin.OutputID, amount uint64, reason string) error
	// VoidedCredit tells that a deposit, with its credit, was in a block that is
	// void, and has not come back.
	VoidedCredit(tx storage.Tx, id coin.OutputID, session, credit uint64) error
	// Condition tells something noteworthy about a payment that decides
	// nothing: why it waits, or that its burn contradicts the books.
	Condition(tx storage.Tx, id coin.PaymentID, text string) error
	// PlanCondition is Condition about a plan.
	PlanCondition(tx storage.Tx, id coin.PlanID, text string) error
}

// Config is what a scheduler is made of. All fields are required.
type Config struct {
	Genesis coin.BlockID // of the external network
	Coin    Coin         // of that network
	Chain   Chain        // tells the rules and roles at a block
	Plans   Plans        // is told what is planned
	Events  Events       // takes what is emitted
}

type scheduler struct {
	Config
	reference storage.Value[uint64]
	pools     storage.Map[uint64, pool] // of sessions
	free      storage.Map[place, coin.Output]
	ranks     storage.Map[rank, struct{}] // the free outputs by amount
	forwards  storage.Map[place, passing] // to pass on, not planned yet
	resting   storage.Map[coin.OutputID, resting]
	ends      storage.Map[end, coin.OutputID] // of what rests
	awoken    storage.Map[end, coin.Output]   // what rested, as long as that can be taken back
	next      storage.Value[uint64]           // number of the next output
	payments  storage.Queue[queued]
	taken     storage.Map[uint64, run]            // those of the payments that are in nodes, by their first
	nodes     storage.Map[branchKey, node]        // payments that a branch funds
	ready     storage.Queue[branchKey]            // nodes whose branches are there
	builds    storage.Map[branchKey, coin.PlanID] // own outputs of unresolved plans that others spend already
	due       storage.Map[due, coin.PlanID]       // when plans are stuck
	families  storage.Map[coin.PlanID, family]    // plans of several versions, by the first
	outflow   storage.Value[outflow]
	limits    storage.Value[limits]
	payees    storage.Map[[32]byte, uint64] // what is planned for addresses in the window of the outflow
	aside     storage.Queue[queued]         // too small at the reference block's rate, or beyond a limit
	known     storage.Map[coin.PaymentID, fate]
	held      storage.Queue[coin.Payment]
	plans     storage.Map[coin.PlanID, planned]
	accepted  storage.Map[coin.OutputID, uint64] // credits of deposits to be reported later
	arrivals  storage.Queue[arrival]             // not told yet
	gone      storage.Map[uint64, struct{}]      // sessions whose outputs do not count any more
	lost      storage.Value[Balance]             // what keys that retired left behind
	ledger    storage.Value[Ledger]
	done      storage.Map[settledPlan, planned]       // resolved plans that can be reinstated
	missing   storage.Map[coin.OutputID, missing]     // outputs of void blocks that have not come back
	suspended storage.Map[coin.OutputID, queued]      // refunds of missing deposits
	again     storage.Map[coin.OutputID, coin.Output] // what plans spend, as it came back in another block
	horizon   storage.Value[uint64]                   // the block behind which missing deposits are given up
}

// New returns the scheduler of a database.
func New(config Config) Scheduler {
	return &scheduler{
		Config:    config,
		reference: storage.NewValue("scheduler/reference", storage.Number),
		pools:     storage.NewMap("scheduler/pools", storage.NumberKey[uint64](), storage.Record[pool]()),
		free:      storage.NewMap("scheduler/free", placeKey, storage.Record[coin.Output]()),
		ranks:     storage.NewMap("scheduler/ranks", rankKey, storage.Flag),
		forwards:  storage.NewMap("scheduler/forwards", placeKey, storage.Record[passing]()),
		resting:   storage.NewMap("scheduler/resting", coin.OutputKey, storage.Record[resting]()),
		ends:      storage.NewMap("scheduler/ends", endKey, storage.Record[coin.OutputID]()),
		awoken:    storage.NewMap("scheduler/awoken", endKey, storage.Record[coin.Output]()),
		next:      storage.NewValue("scheduler/next", storage.Number),
		payments:  storage.NewQueue("scheduler/payments", storage.Record[queued]()),
		taken:     storage.NewMap("scheduler/taken", storage.NumberKey[uint64](), storage.Record[run]()),
		nodes:     storage.NewMap("scheduler/nodes", branchKeyOf, storage.Record[node]()),
		ready:     storage.NewQueue("scheduler/ready", storage.Record[branchKey]()),
		builds:    storage.NewMap("scheduler/builds", branchKeyOf, storage.Hash[coin.PlanID]()),
		due:       storage.NewMap("scheduler/due", dueKey, storage.Hash[coin.PlanID]()),
		families:  storage.NewMap("scheduler/families", storage.HashKey[coin.PlanID](), storage.Record[family]()),
		outflow:   storage.NewValue("scheduler/outflow", storage.Record[outflow]()),
		limits:    storage.NewValue("scheduler/limits", storage.Record[limits]()),
		payees:    storage.NewMap("scheduler/payees", storage.HashKey[[32]byte](), storage.Number),
		aside:     storage.NewQueue("scheduler/aside", storage.Record[queued]()),
		known:     storage.NewMap("scheduler/known", storage.HashKey[coin.PaymentID](), storage.Record[fate]()),
		held:      storage.NewQueue("scheduler/held", storage.Record[coin.Payment]()),
		plans:     storage.NewMap("scheduler/plans", storage.HashKey[coin.PlanID](), storage.Record[planned]()),
		accepted:  storage.NewMap("scheduler/accepted", coin.OutputKey, storage.Number),
		arrivals:  storage.NewQueue("scheduler/arrivals", storage.Record[arrival]()),
		gone:      storage.NewMap("scheduler/gone", storage.NumberKey[uint64](), storage.Flag),
		lost:      storage.NewValue("scheduler/lost", storage.Record[Balance]()),
		ledger:    storage.NewValue("scheduler/ledger", storage.Record[Ledger]()),
		done:      storage.NewMap("scheduler/done", settledPlanKey, storage.Record[planned]()),
		missing:   storage.NewMap("scheduler/missing", coin.OutputKey, storage.Record[missing]()),
		suspended: storage.NewMap("scheduler/suspended", coin.OutputKey, storage.Record[queued]()),
		again:     storage.NewMap("scheduler/again", coin.OutputKey, storage.Record[coin.Output]()),
		horizon:   storage.NewValue("scheduler/horizon", storage.Number),
	}
}

// Ledger implements Scheduler.
func (s *scheduler) Ledger(r storage.Reader) (Ledger, error) { return s.ledger.Load(r) }

// Plan implements Scheduler.
func (s *scheduler) Plan(r storage.Reader, id coin.PlanID) (coin.Plan, bool, error) {
	p, ok, err := s.plans.Get(r, id)
	return p.Plan, ok, err
}
