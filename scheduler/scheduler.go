// Package scheduler decides what the group spends: it owns the queue of
// payments, the free outputs, the plans under way and the ledger.
//
// It acts when a block settles or a burn arrives, inside the caller's
// transaction, and decides by nothing but the database and its arguments, so
// that all validators make the same plans. Outputs are reserved exclusively:
// an output is free, or an input of exactly one plan. The ledger, in double
// entry, is posted in the transaction of the change that it records, and a
// false equation is an error that halts the processor.
package scheduler

import (
	"errors"
	"fmt"
	"slices"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/internal/wire"
	"github.com/serai-go/processor/storage"
)

// Scheduler is the part of a processor that plans.
type Scheduler interface {
	// Settle takes in settled blocks, then the payments held for this moment,
	// and plans all that can be paid and moved. It returns which of the deposits
	// that are passed on have arrived, or are given up.
	Settle(tx storage.Tx, settlement *coin.Settlement) ([]coin.Arrival, error)
	// Idle tells whether there is nothing left to do for the key of a session:
	// no unresolved plan, no deposit to pass on, no output worth moving.
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
	// Ledger returns the books.
	Ledger(r storage.Reader) (Ledger, error)
	// Plan returns an unresolved plan.
	Plan(r storage.Reader, id coin.PlanID) (coin.Plan, bool, error)
	// Pending counts queued payments, free outputs and unresolved plans.
	Pending(r storage.Reader) (Pending, error)
	// Audit recounts outputs and payments one by one and compares them with
	// the books.
	Audit(r storage.Reader) error
}

// Pending counts what a scheduler holds.
type Pending struct{ Payments, Outputs, Plans int }

// Coin is what a scheduler asks of the coin: pure functions.
type Coin interface {
	Fee(rate uint64, inputs []coin.Output, outputs []coin.Address) (uint64, error)
	// InputCost is what spending one more output costs at a rate.
	InputCost(rate uint64) uint64
	Address(key []byte, kind coin.Kind) (coin.Address, error)
	CheckAddress(coin.Address) error
}

// Chain is what a scheduler asks about a reference block.
type Chain interface {
	// Rate is the reference fee rate.
	Rate(r storage.Reader, number uint64) (uint64, error)
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
	// Condition tells something noteworthy about a payment that decides
	// nothing: why it waits, or that its burn contradicts the books.
	Condition(tx storage.Tx, id coin.PaymentID, text string) error
}

// Config is what a scheduler is made of.
type Config struct {
	Genesis    coin.BlockID
	Parameters coin.Parameters
	Coin       Coin
	Chain      Chain
	Plans      Plans
	Events     Events
}

type scheduler struct {
	Config
	reference storage.Value[uint64]
	free      storage.Queue[coin.Output]
	ranks     storage.Map[rank, struct{}] // the free outputs by amount
	available storage.Value[uint64]       // sum of the free outputs
	payments  storage.Queue[queued]
	aside     storage.Queue[queued] // too small at the reference block's rate
	known     storage.Map[coin.PaymentID, struct{}]
	held      storage.Queue[coin.Payment]
	plans     storage.Map[coin.PlanID, planned]
	returning storage.Value[returning]
	ledger    storage.Value[Ledger]
}

// New returns the scheduler of a database.
func New(config Config) Scheduler {
	return &scheduler{
		Config:    config,
		reference: storage.NewValue("scheduler/reference", storage.Number),
		free:      storage.NewQueue("scheduler/free", storage.Record[coin.Output]()),
		ranks:     storage.NewMap("scheduler/ranks", rankKey, storage.Flag),
		available: storage.NewValue("scheduler/available", storage.Number),
		payments:  storage.NewQueue("scheduler/payments", storage.Record[queued]()),
		aside:     storage.NewQueue("scheduler/aside", storage.Record[queued]()),
		known:     storage.NewMap("scheduler/known", storage.HashKey[coin.PaymentID](), storage.Flag),
		held:      storage.NewQueue("scheduler/held", storage.Record[coin.Payment]()),
		plans:     storage.NewMap("scheduler/plans", storage.HashKey[coin.PlanID](), storage.Record[planned]()),
		returning: storage.NewValue("scheduler/returning", storage.Record[returning]()),
		ledger:    storage.NewValue("scheduler/ledger", storage.Record[Ledger]()),
	}
}

// queued is a payment that waits for its plan.
type queued struct {
	coin.Payment
	// Refund marks the refund of a deposit; other payments are burns.
	Refund bool
	// Told is set once it was told that the payment waits for other means
	// than the group has at present.
	Told bool
	// Poor is set once the payment could not carry its share of the fee,
	// first at reference block Since.
	Poor  bool
	Since uint64
}

// Encode writes the queued payment.
func (q queued) Encode(w *wire.Writer) {
	q.Payment.Encode(w)
	w.Bool(q.Refund)
	w.Bool(q.Told)
	w.Bool(q.Poor)
	w.Uint64(q.Since)
}

// Decode reads the queued payment.
func (q *queued) Decode(r *wire.Reader) {
	q.Payment.Decode(r)
	q.Refund = r.Bool()
	q.Told = r.Bool()
	q.Poor = r.Bool()
	q.Since = r.Uint64()
}

// planned is an unresolved plan.
type planned struct {
	Plan coin.Plan
	// Place is the number that the oldest input had among the free outputs.
	Place uint64
	// Refunds marks which of the plan's payments are refunds.
	Refunds []bool
}

// merge tells whether the plan only merges outputs.
func (p planned) merge() bool { return len(p.Plan.Payments) == 0 }

// Encode writes the planned record.
func (p planned) Encode(w *wire.Writer) {
	p.Plan.Encode(w)
	w.Uint64(p.Place)
	for _, refund := range p.Refunds {
		w.Bool(refund)
	}
}

// Decode reads the planned record.
func (p *planned) Decode(r *wire.Reader) {
	p.Plan.Decode(r)
	p.Place = r.Uint64()
	p.Refunds = make([]bool, len(p.Plan.Payments))
	for i := range p.Refunds {
		p.Refunds[i] = r.Bool()
	}
}

// Ledger implements Scheduler.
func (s *scheduler) Ledger(r storage.Reader) (Ledger, error) { return s.ledger.Load(r) }

// Plan implements Scheduler.
func (s *scheduler) Plan(r storage.Reader, id coin.PlanID) (coin.Plan, bool, error) {
	p, ok, err := s.plans.Get(r, id)
	return p.Plan, ok, err
}

// Settle implements Scheduler.
func (s *scheduler) Settle(tx storage.Tx, settlement *coin.Settlement) ([]coin.Arrival, error) {
	return nil, s.settle(tx, settlement)
}

// payingKey is the key that pays at a reference block.
func (s *scheduler) payingKey(r storage.Reader, reference uint64) (coin.Key, error) {
	roles, err := s.Chain.Roles(r, reference)
	if err != nil {
		return coin.Key{}, err
	}
	for _, role := range roles {
		if role.Pays {
			return role.Key, nil
		}
	}
	return coin.Key{}, errors.New("scheduler: no key pays")
}

// Idle implements Scheduler.
func (s *scheduler) Idle(storage.Reader, uint64) (bool, error) { return false, nil }

// Retire implements Scheduler.
func (s *scheduler) Retire(storage.Tx, uint64) error { return nil }

// Abandon implements Scheduler.
func (s *scheduler) Abandon(storage.Tx, uint64) error { return nil }

func (s *scheduler) settle(tx storage.Tx, settlement *coin.Settlement) error {
	if err := s.reference.Put(tx, settlement.Reference); err != nil {
		return err
	}
	for _, block := range settlement.Blocks {
		if err := s.settleBlock(tx, block); err != nil {
			return fmt.Errorf("settle block %d: %w", block.Number, err)
		}
	}
	aside, err := drain(tx, s.aside)
	if err != nil {
		return err
	}
	for _, q := range aside {
		if _, err := s.payments.Push(tx, q); err != nil {
			return err
		}
	}
	held, err := drain(tx, s.held)
	if err != nil {
		return err
	}
	return s.Burn(tx, held)
}

// drain empties a queue.
func drain[T any](tx storage.Tx, queue storage.Queue[T]) ([]T, error) {
	var numbers []uint64
	var values []T
	for item, err := range queue.All(tx) {
		if err != nil {
			return nil, err
		}
		numbers = append(numbers, item.Key)
		values = append(values, item.Value)
	}
	for _, n := range numbers {
		if err := queue.Delete(tx, n); err != nil {
			return nil, err
		}
	}
	return values, nil
}

// Hold implements Scheduler.
func (s *scheduler) Hold(tx storage.Tx, payments []coin.Payment) error {
	for _, p := range payments {
		if _, err := s.held.Push(tx, p); err != nil {
			return err
		}
	}
	return nil
}

// Burn implements Scheduler.
func (s *scheduler) Burn(tx storage.Tx, payments []coin.Payment) error {
	reference, settled, err := s.reference.Get(tx)
	if err != nil {
		return err
	}
	if !settled {
		return s.Hold(tx, payments)
	}
	key, err := s.payingKey(tx, reference)
	if err != nil {
		return err
	}
	if err := s.enqueue(tx, key, payments); err != nil {
		return err
	}
	if err := s.planAll(tx, reference, key); err != nil {
		return fmt.Errorf("plan at block %d: %w", reference, err)
	}
	books, err := s.ledger.Load(tx)
	if err != nil {
		return err
	}
	return books.Check()
}

// enqueue books burns and puts them into the queue, or refuses them.
func (s *scheduler) enqueue(tx storage.Tx, key coin.Key, payments []coin.Payment) error {
	own, err := s.own(key)
	if err != nil {
		return err
	}
	books, err := s.ledger.Load(tx)
	if err != nil {
		return err
	}
	for _, p := range payments {
		if err := s.enqueueOne(tx, own, &books, p); err != nil {
			return fmt.Errorf("payment %s: %w", p.ID, err)
		}
	}
	return s.ledger.Put(tx, books)
}

func (s *scheduler) enqueueOne(tx storage.Tx, own []coin.Address, books *Ledger, p coin.Payment) error {
	known, err := s.known.Has(tx, p.ID)
	if err != nil {
		return err
	}
	if known {
		return s.Events.Condition(tx, p.ID, "burnt twice: a payment of this ID was taken in before, this one is ignored")
	}
	if err := s.known.Put(tx, p.ID, struct{}{}); err != nil {
		return err
	}
	books.burn(p.Amount)
	if books.Credited.Negative() {
		if err := s.Events.Condition(tx, p.ID, "burnt above all that was credited"); err != nil {
			return err
		}
	}
	if reason := s.refuse(own, p); reason != "" {
		books.refuse(p.Amount)
		return s.Events.PaymentRefused(tx, p.ID, reason)
	}
	_, err = s.payments.Push(tx, queued{Payment: p})
	return err
}

// own returns the group's own addresses, one for each kind of output.
func (s *scheduler) own(key coin.Key) ([]coin.Address, error) {
	own := make([]coin.Address, len(coin.Kinds))
	for i, kind := range coin.Kinds {
		var err error
		if own[i], err = s.Coin.Address(key.Key, kind); err != nil {
			return nil, fmt.Errorf("address of kind %s: %w", kind, err)
		}
	}
	return own, nil
}

// refuse returns why a payment cannot be made, or nothing.
func (s *scheduler) refuse(own []coin.Address, p coin.Payment) string {
	if p.Amount == 0 {
		return "the amount is zero"
	}
	if p.Amount < s.Parameters.Dust {
		return fmt.Sprintf("the amount is below the dust limit of %d", s.Parameters.Dust)
	}
	if err := s.Coin.CheckAddress(p.Address); err != nil {
		return err.Error()
	}
	if slices.Contains(own, p.Address) {
		return "the address is the group's own"
	}
	return ""
}

// post changes the books.
func (s *scheduler) post(tx storage.Tx, change func(*Ledger)) error {
	books, err := s.ledger.Load(tx)
	if err != nil {
		return err
	}
	change(&books)
	return s.ledger.Put(tx, books)
}
