package scheduler

import (
	"errors"
	"iter"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/storage"
)

var errFault = errors.New("fault on purpose")

// faulty is a transaction that fails once, at an operation chosen by number.
type faulty struct {
	storage.Tx
	left int // operations before the fault
}

func (f *faulty) fault() error {
	f.left--
	if f.left == -1 {
		return errFault
	}
	return nil
}

func (f *faulty) Get(key []byte) ([]byte, error) {
	if err := f.fault(); err != nil {
		return nil, err
	}
	return f.Tx.Get(key)
}

func (f *faulty) Put(key, value []byte) error {
	if err := f.fault(); err != nil {
		return err
	}
	return f.Tx.Put(key, value)
}

func (f *faulty) Delete(key []byte) error {
	if err := f.fault(); err != nil {
		return err
	}
	return f.Tx.Delete(key)
}

func (f *faulty) Range(start, end []byte) iter.Seq2[storage.Pair, error] {
	if err := f.fault(); err != nil {
		return func(yield func(storage.Pair, error) bool) { yield(storage.Pair{}, err) }
	}
	return f.Tx.Range(start, end)
}

// eventful settles a block in which all kinds of things happen.
func eventful(t *testing.T) (*world, func(storage.Tx) error) {
	p := parameters()
	p.Patience = 1
	w := newWorld(t, p)
	w.deposits(slices.Repeat([]uint64{100}, 7)...)
	w.burn(pay(1, 200), pay(2, 450)) // one is paid, a merge for the other
	w.rate = 30
	poor := coin.Deposit{Output: w.output(30), Credit: 20, Fate: coin.Refunded}
	poor.Output.Origin = "user"
	block := coin.SettledBlock{Deposits: []coin.Deposit{
		w.deposit(1000), w.deposit(1000), poor,
		{Output: w.output(50), Credit: 40, Fate: coin.Refunded}, // to nowhere
	}}
	for _, id := range w.open {
		w.completion(&block, id)
	}
	w.hold(pay(1, 5), pay(3, 5), pay(4, 500), pay(5, 9000))
	return w, func(tx storage.Tx) error {
		return w.settleIn(tx, &coin.Settlement{Reference: 2, Blocks: []coin.SettledBlock{block}})
	}
}

// straitened settles a block after which one payment cannot carry earlier
// costs, and those stand in for what another one lacks.
func straitened(t *testing.T) (*world, func(storage.Tx) error) {
	w := indebted(t, 8)
	w.deposits(23)
	w.hold(pay(1, 20), pay(2, 28))
	return w, func(tx storage.Tx) error {
		return w.settleIn(tx, &coin.Settlement{Reference: 2})
	}
}

// rotating settles a block in which a key leaves: deposits are passed on, have
// been, or are given up, outputs move, and deposits are reported late.
func rotating(t *testing.T) (*world, func(storage.Tx) error) {
	w := newWorld(t, parameters())
	w.abandon(2)
	w.deposits(300, 400)
	held := w.one(4, 500, 490, coin.Held)
	gift := w.one(4, 500, 490, coin.Held)
	w.roles = []coin.Role{leaving(3, 4), holding(4)}
	w.one(3, 200, 190, coin.PassedOn) // two plans
	w.rate = 1000
	w.one(3, 300, 290, coin.PassedOn)
	w.one(3, 20, 15, coin.PassedOn)
	w.deposits(600)
	w.roles = []coin.Role{finishing(3, 4), active(4)}
	w.rate = 4
	refused := w.outputTo(2, 50)
	block := coin.SettledBlock{Deposits: []coin.Deposit{{Output: refused, Credit: 40, Fate: coin.PassedOn}}}
	for _, id := range w.open {
		w.completion(&block, id)
	}
	late := []coin.Late{
		{Deposit: held, Origin: "user", Credit: 490, Amount: 490, Fate: coin.Refunded},
		{Deposit: gift, Credit: 490, Amount: 480, Fate: coin.Accumulated},
	}
	return w, func(tx storage.Tx) error {
		return w.settleIn(tx, &coin.Settlement{Reference: 9, Late: late, Blocks: []coin.SettledBlock{block}})
	}
}

// retires writes off what a key leaves behind.
func retires(t *testing.T) (*world, func(storage.Tx) error) {
	w := newWorld(t, parameters())
	w.rate = 30
	w.deposits(20, 31)
	w.roles = []coin.Role{finishing(3, 4), active(4)}
	return w, func(tx storage.Tx) error { return w.s.Retire(tx, 3) }
}

// abandons writes off what a key had free, in a plan and to pass on.
func abandons(t *testing.T) (*world, func(storage.Tx) error) {
	w := newWorld(t, parameters())
	w.deposits(1000, 300)
	w.burn(pay(1, 400))
	w.rate = 1000
	w.roles = []coin.Role{leaving(3, 4)}
	w.one(3, 500, 490, coin.PassedOn)
	return w, func(tx storage.Tx) error { return w.s.Abandon(tx, 3) }
}

// returns settles a plan of an abandoned key, whose change is written off.
func returns(t *testing.T) (*world, func(storage.Tx) error) {
	w, abandon := abandons(t)
	require.NoError(t, w.update(abandon))
	block := coin.SettledBlock{}
	w.completion(&block, w.open[0])
	w.roles = []coin.Role{holding(4)}
	return w, func(tx storage.Tx) error {
		return w.settleIn(tx, &coin.Settlement{Reference: 9, Blocks: []coin.SettledBlock{block}})
	}
}

// burns takes in a burn at once, before and after the first settlement.
func burns(t *testing.T) (*world, func(storage.Tx) error) {
	w := newWorld(t, parameters())
	return w, func(tx storage.Tx) error {
		if err := w.s.Burn(tx, []coin.Payment{pay(1, 100)}); err != nil {
			return err
		}
		deposit := coin.Deposit{Output: coin.Output{Session: 3, Amount: 500}, Credit: 500, Fate: coin.Reported}
		if err := w.settleIn(tx, &coin.Settlement{Reference: 1, Blocks: []coin.SettledBlock{{Deposits: []coin.Deposit{deposit, deposit}}}}); err != nil {
			return err
		}
		return w.s.Burn(tx, []coin.Payment{pay(2, 100)})
	}
}

func TestNoErrorOfTheDatabaseIsLost(t *testing.T) {
	for _, start := range []func(*testing.T) (*world, func(storage.Tx) error){
		eventful, straitened, burns, rotating, retires, abandons, returns,
	} {
		loseNoError(t, start)
	}
}

func loseNoError(t *testing.T, start func(*testing.T) (*world, func(storage.Tx) error)) {
	w, settle := start(t)
	before := w.dump()
	operations := 0
	for {
		f := &faulty{left: operations}
		err := w.update(func(tx storage.Tx) error { f.Tx = tx; return settle(f) })
		if f.left >= 0 {
			require.NoError(t, err)
			break
		}
		require.ErrorIs(t, err, errFault, "operation %d", operations)
		require.Equal(t, before, w.dump())
		operations++
	}
	require.Greater(t, operations, 20)
	w.check()

	for name, read := range map[string]func(storage.Reader) error{
		"ledger":  func(r storage.Reader) error { _, err := w.s.Ledger(r); return err },
		"pending": func(r storage.Reader) error { _, err := w.s.Pending(r); return err },
		"audit":   w.s.Audit,
		"idle":    func(r storage.Reader) error { _, err := w.s.Idle(r, 3); return err },
		"idle 4":  func(r storage.Reader) error { _, err := w.s.Idle(r, 4); return err },
	} {
		for k := 0; ; k++ {
			f := &faulty{left: k}
			err := w.store.Update(ctx, func(tx storage.Tx) error { f.Tx = tx; return read(f) })
			if f.left >= 0 {
				require.NoError(t, err, name)
				break
			}
			require.ErrorIs(t, err, errFault, name)
		}
	}
}

// failing is a world in which one of the others fails.
type failing struct {
	*world
	faulty
}

func (f *failing) PaymentPlanned(tx storage.Tx, id coin.PaymentID, plan coin.PlanID) error {
	return errors.Join(f.fault(), f.world.PaymentPlanned(tx, id, plan))
}

func (f *failing) PaymentSettled(tx storage.Tx, id coin.PaymentID, by coin.TransactionID, paid, share uint64, refund bool) error {
	return errors.Join(f.fault(), f.world.PaymentSettled(tx, id, by, paid, share, refund))
}

func (f *failing) PaymentDropped(tx storage.Tx, id coin.PaymentID, kept uint64, reason string) error {
	return errors.Join(f.fault(), f.world.PaymentDropped(tx, id, kept, reason))
}

func (f *failing) PaymentRefused(tx storage.Tx, id coin.PaymentID, reason string) error {
	return errors.Join(f.fault(), f.world.PaymentRefused(tx, id, reason))
}

func (f *failing) WrittenOff(tx storage.Tx, id coin.OutputID, amount uint64, reason string) error {
	return errors.Join(f.fault(), f.world.WrittenOff(tx, id, amount, reason))
}

func (f *failing) Condition(tx storage.Tx, id coin.PaymentID, text string) error {
	return errors.Join(f.fault(), f.world.Condition(tx, id, text))
}

func (f *failing) PlanCondition(tx storage.Tx, id coin.PlanID, text string) error {
	return errors.Join(f.fault(), f.world.PlanCondition(tx, id, text))
}

func (f *failing) Unconfirmed(plan coin.Plan) ([]coin.Output, error) {
	outputs, err := tabled{}.Unconfirmed(plan)
	return outputs, errors.Join(f.fault(), err)
}

func (f *failing) Voided(tx storage.Tx, id coin.PlanID, plan coin.Plan) error {
	return errors.Join(f.fault(), f.world.Voided(tx, id, plan))
}

func (f *failing) Reinstated(tx storage.Tx, id coin.PlanID, plan coin.Plan) error {
	return errors.Join(f.fault(), f.world.Reinstated(tx, id, plan))
}

func (f *failing) Planned(tx storage.Tx, id coin.PlanID, plan coin.Plan) error {
	return errors.Join(f.fault(), f.world.Planned(tx, id, plan))
}

func (f *failing) Resolved(tx storage.Tx, id coin.PlanID, plan coin.Plan, by coin.TransactionID) error {
	return errors.Join(f.fault(), f.world.Resolved(tx, id, plan, by))
}

func (f *failing) Indices(r storage.Reader, id coin.PlanID) ([]uint32, error) {
	indices, err := f.world.Indices(r, id)
	return indices, errors.Join(f.fault(), err)
}

func (f *failing) Roles(r storage.Reader, number uint64) ([]coin.Role, error) {
	roles, err := f.world.Roles(r, number)
	return roles, errors.Join(f.fault(), err)
}

func (f *failing) Rules(r storage.Reader, number uint64) (coin.Parameters, error) {
	rules, err := f.world.Rules(r, number)
	return rules, errors.Join(f.fault(), err)
}

func (f *failing) Rate(r storage.Reader, number uint64) (uint64, error) {
	rate, err := f.world.Rate(r, number)
	return rate, errors.Join(f.fault(), err)
}

func (f *failing) Fee(rate uint64, inputs []coin.Output, outputs []coin.Address) (uint64, error) {
	fee, err := tabled{}.Fee(rate, inputs, outputs)
	return fee, errors.Join(f.fault(), err)
}

func (f *failing) Address(key []byte, kind coin.Kind) (coin.Address, error) {
	address, err := tabled{}.Address(key, kind)
	return address, errors.Join(f.fault(), err)
}

func (f *failing) InputCost(rate uint64) uint64 { return tabled{}.InputCost(rate) }

func (f *failing) CheckAddress(address coin.Address) error { return tabled{}.CheckAddress(address) }

func TestNoErrorOfTheOthersIsLost(t *testing.T) {
	w, calls := failAnyOther(t, straitened)
	require.Greater(t, calls, 5)
	require.NotEmpty(t, of(w.newEvents, "Planned"))
	require.NotEmpty(t, of(w.newEvents, "Condition"))

	w, calls = failAnyOther(t, eventful)
	require.Greater(t, calls, 20)
	for _, what := range []string{"Planned", "Settled", "Dropped", "Refused", "Condition"} {
		require.NotEmpty(t, of(w.newEvents, what), what)
	}
}

func TestNoErrorOfTheOthersIsLostWhenKeysRotate(t *testing.T) {
	w, calls := failAnyOther(t, rotating)
	require.Greater(t, calls, 25)
	require.Len(t, of(w.newEvents, "Dropped"), 2)
	require.Len(t, of(w.newEvents, "WrittenOff"), 2)
	require.Len(t, w.newPlans, 3)
	require.Len(t, w.newArrivals, 3)
	for _, start := range []func(*testing.T) (*world, func(storage.Tx) error){retires, abandons, returns} {
		w, calls := failAnyOther(t, start)
		require.GreaterOrEqual(t, calls, 3)
		require.NotEmpty(t, of(w.newEvents, "WrittenOff"))
	}
}

// failAnyOther lets each call of the others fail, and returns their number.
func failAnyOther(t *testing.T, start func(*testing.T) (*world, func(storage.Tx) error)) (*world, int) {
	w, settle := start(t)
	before := w.dump()
	f := &failing{world: w}
	config := w.config
	config.Coin, config.Chain, config.Plans, config.Events = f, f, f, f
	w.s = New(config)
	calls := 0
	for ; ; calls++ {
		f.left = calls
		err := w.update(settle)
		if f.left >= 0 {
			require.NoError(t, err)
			break
		}
		require.ErrorIs(t, err, errFault, "call %d", calls)
		require.Equal(t, before, w.dump())
	}
	w.check()
	return w, calls
}
