package processortest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/serai-go/processor"
	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/signer"
)

func init() {
	commands["plans"] = (*Player).plans
	commands["replace"] = (*Player).replace
	commands["include"] = (*Player).include
}

// planBook is all plans that validators ever prepared. Those without a number are
// numbered when one is asked for, so that those numbers do not depend on who
// prepared what first.
type planBook struct {
	mu           sync.Mutex
	ids          map[coin.PlanID]bool
	fresh        []knownPlan // without number
	numbered     []knownPlan // from 1
	makes        map[coin.TransactionID]int
	transactions map[coin.PlanID]coin.TransactionID // signed
	published    map[coin.TransactionID]coin.Transaction
	replaced     map[coin.PlanID]uint64 // how often, by the first version
}

// knownPlan is a plan and what it makes, if that is known before it is signed.
type knownPlan struct {
	id   coin.PlanID
	plan coin.Plan
	own  []coin.Output
}

func newPlanBook() *planBook {
	return &planBook{
		ids: make(map[coin.PlanID]bool), makes: make(map[coin.TransactionID]int),
		transactions: make(map[coin.PlanID]coin.TransactionID),
		published:    make(map[coin.TransactionID]coin.Transaction), replaced: make(map[coin.PlanID]uint64),
	}
}

// Prepare implements coin.Planner. It remembers the plan.
func (n node) Prepare(ctx context.Context, plan coin.Plan, reference coin.BlockID) ([]byte, error) {
	prepared, err := n.Coin.Prepare(ctx, plan, reference)
	if err != nil || n.book == nil {
		return prepared, err
	}
	n.book.mu.Lock()
	defer n.book.mu.Unlock()
	k := knownPlan{id: plan.ID(n.Genesis()), plan: plan}
	if n.book.ids[k.id] {
		return prepared, nil
	}
	n.book.ids[k.id] = true
	if k.own, err = n.Unconfirmed(plan); err != nil {
		return nil, err
	}
	n.book.fresh = append(n.book.fresh, k)
	return prepared, nil
}

// Publish implements coin.Publisher. It remembers the transaction.
func (n node) Publish(ctx context.Context, tx coin.Transaction) (coin.Publication, error) {
	if n.book != nil {
		n.book.mu.Lock()
		n.book.published[tx.ID] = tx
		n.book.mu.Unlock()
	}
	return n.Coin.Publish(ctx, tx)
}

// number numbers the fresh plans: what others build on first, then those that
// spend what was there first.
func (b *planBook) number(order func(coin.PaymentID) int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for len(b.fresh) > 0 {
		builds := make(map[coin.TransactionID]bool)
		for _, k := range b.fresh {
			for _, o := range k.own {
				builds[o.ID.Transaction] = true
			}
		}
		var best *knownPlan
		for i := range b.fresh {
			k := &b.fresh[i]
			if builds[k.plan.Inputs[0].ID.Transaction] {
				continue
			}
			if best == nil || b.before(*k, *best, order) {
				best = k
			}
		}
		k := *best
		b.numbered = append(b.numbered, k)
		for _, o := range k.own {
			b.makes[o.ID.Transaction] = len(b.numbered)
		}
		b.fresh = slices.DeleteFunc(b.fresh, func(f knownPlan) bool { return f.id == k.id })
	}
}

func (b *planBook) before(x, y knownPlan, order func(coin.PaymentID) int) bool {
	place := func(k knownPlan) (parent, index, payment int) {
		from := k.plan.Inputs[0].ID
		if len(k.plan.Payments) > 0 {
			payment = order(k.plan.Payments[0].ID)
		}
		return b.makes[from.Transaction], int(from.Index), payment
	}
	xp, xi, xq := place(x)
	yp, yi, yq := place(y)
	return cmp.Or(cmp.Compare(xp, yp), cmp.Compare(xq, yq), cmp.Compare(xi, yi), slices.Compare(x.id[:], y.id[:])) < 0
}

// planNumber returns the number of a plan, 0 if nobody has prepared it.
func (p *Player) planNumber(id coin.PlanID) int {
	p.book.number(func(payment coin.PaymentID) int { return slices.Index(p.named, payment) })
	return 1 + slices.IndexFunc(p.book.numbered, func(k knownPlan) bool { return k.id == id })
}

// planOf returns the plan that a word numbers.
func (p *Player) planOf(word string) (knownPlan, error) {
	p.planNumber(coin.PlanID{})
	n, err := strconv.Atoi(word)
	if err != nil || n < 1 || n > len(p.book.numbered) {
		return knownPlan{}, fmt.Errorf("no plan %s", word)
	}
	return p.book.numbered[n-1], nil
}

// heard takes note of what a validator tells about plans.
func (b *planBook) heard(body processor.EventBody) {
	if e, ok := body.(processor.Completed); ok && e.SignID.Kind == signer.Plan {
		b.transactions[e.SignID.Subject] = e.Transaction
	}
}

// plans: those under way, each with what it spends and makes. They are numbered
// from 1 as they are made.
func (p *Player) plans(ctx context.Context, _ arguments) (string, error) {
	v, err := p.first()
	if err != nil {
		return "", err
	}
	p.planNumber(coin.PlanID{})
	var b strings.Builder
	for i, k := range p.book.numbered {
		_, open, err := v.Processor.Plan(ctx, k.id)
		if err != nil {
			return "", err
		}
		if open {
			fmt.Fprintf(&b, "plan %d: %s\n", i+1, p.describePlan(k.plan))
		}
	}
	if b.Len() == 0 {
		return "no plans\n", nil
	}
	return b.String(), nil
}

// describePlan says what a plan spends and makes.
func (p *Player) describePlan(plan coin.Plan) string {
	var in, out []string
	for _, o := range plan.Inputs {
		in = append(in, fmt.Sprintf("%s %d", o.Kind, o.Amount))
	}
	for i := 0; i < len(plan.Payments); {
		first := plan.Payments[i]
		names := []string{p.name(first.ID)}
		for i++; i < len(plan.Payments) && plan.Payments[i].Paid == first.Paid; i++ {
			names = append(names, p.name(plan.Payments[i].ID))
		}
		text := fmt.Sprintf("%s %d", strings.Join(names, " "), first.Paid)
		if len(names) > 1 {
			text += " each"
		}
		out = append(out, text)
	}
	for _, own := range plan.Own {
		text := fmt.Sprintf("%s %d", own.Kind, own.Amount)
		if own.Session != plan.Key.Session {
			text += fmt.Sprintf(" of session %d", own.Session)
		}
		out = append(out, text)
	}
	return fmt.Sprintf("%s -> %s, fee %d", strings.Join(in, ", "), strings.Join(out, ", "), plan.Fee)
}

// replace PLAN [drop=alice,bob] [number=next]: the settlement chain decides that
// the plan's inputs are planned once more, without some payments.
func (p *Player) replace(ctx context.Context, a arguments) (string, error) {
	if len(a.order) == 0 {
		return "", errors.New("which plan?")
	}
	k, err := p.planOf(a.order[0])
	if err != nil {
		return "", err
	}
	first := k.id // of the versions, which spend the same
	for _, other := range slices.Backward(p.book.numbered) {
		if other.plan.Inputs[0].ID == k.plan.Inputs[0].ID {
			first = other.id
		}
	}
	number, err := a.number("number", p.book.replaced[first]+1)
	if err != nil {
		return "", err
	}
	e := processor.ReplacePlan{Plan: k.id, Number: number}
	if text, ok := a.values["drop"]; ok {
		for _, name := range strings.Split(text, ",") {
			e.Drop = append(e.Drop, p.paymentID(name))
		}
		slices.SortFunc(e.Drop, func(a, b coin.PaymentID) int { return slices.Compare(a[:], b[:]) })
	}
	p.Append(e)
	before := len(p.book.numbered)
	if err := p.Run(ctx); err != nil {
		return "", err
	}
	p.planNumber(coin.PlanID{})
	for _, made := range p.book.numbered[before:] {
		if made.plan.Inputs[0].ID == k.plan.Inputs[0].ID {
			p.book.replaced[first] = number
		}
	}
	return "", nil
}

// include PLAN… [ack]: a block that takes, of what waits for one, the transactions
// of these plans alone. Miners have all that was ever published.
func (p *Player) include(ctx context.Context, a arguments) (string, error) {
	chain, ok := p.Chain.(interface {
		MineOnly(context.Context, ...coin.TransactionID) error
	})
	if !ok {
		return "", errors.New("the chain cannot choose what a block takes")
	}
	var ids []coin.TransactionID
	for _, word := range a.order {
		if word == "ack" {
			continue
		}
		k, err := p.planOf(word)
		if err != nil {
			return "", err
		}
		id, ok := p.book.transactions[k.id]
		if !ok {
			return "", fmt.Errorf("plan %s is not signed", word)
		}
		if tx, ok := p.book.published[id]; ok {
			if _, err := p.Chain.Coin().Publish(ctx, tx); err != nil {
				return "", err
			}
		}
		ids = append(ids, id)
	}
	if err := chain.MineOnly(ctx, ids...); err != nil {
		return "", err
	}
	return "", p.proceed(ctx, a)
}
