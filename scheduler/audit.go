package scheduler

import (
	"fmt"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/storage"
)

// Pending implements Scheduler.
func (s *scheduler) Pending(r storage.Reader) (Pending, error) {
	var p Pending
	for _, queue := range []storage.Queue[queued]{s.payments, s.aside} {
		for _, err := range queue.All(r) {
			if err != nil {
				return p, err
			}
			p.Payments++
		}
	}
	for _, err := range s.free.All(r) {
		if err != nil {
			return p, err
		}
		p.Outputs++
	}
	for _, err := range s.plans.All(r) {
		if err != nil {
			return p, err
		}
		p.Plans++
	}
	for _, err := range s.ends.All(r) {
		if err != nil {
			return p, err
		}
		p.Resting++
	}
	return p, nil
}

// counted is what an audit counts one by one.
type counted struct {
	pools                                    map[uint64]pool
	assets, accepted, owed, refunds, unborne Balance
	free, ranks, runs, taken, funded, ready  uint64
	resting, ends                            uint64
}

func (c *counted) owe(amount uint64, refund bool) {
	if refund {
		c.refunds = c.refunds.Add(amount)
	} else {
		c.owed = c.owed.Add(amount)
	}
}

// in changes the pool of a session.
func (c *counted) in(session uint64, change func(*pool)) {
	p := c.pools[session]
	change(&p)
	c.pools[session] = p
}

// Audit implements Scheduler.
func (s *scheduler) Audit(r storage.Reader) error {
	c := counted{pools: make(map[uint64]pool)}
	for _, count := range []func(storage.Reader, *counted) error{
		s.countOutputs, s.countResting, s.countPlans, s.countNodes, s.countBuilds, s.countFamilies, s.countDue, s.countQueues, s.comparePools,
	} {
		if err := count(r, &c); err != nil {
			return err
		}
	}
	books, err := s.ledger.Load(r)
	if err != nil {
		return err
	}
	lost, err := s.lost.Load(r)
	if err != nil {
		return err
	}
	for _, account := range []struct {
		name           string
		booked, actual Balance
	}{
		{"assets", books.Assets, c.assets},
		{"accepted deposits", books.Accepted, c.accepted},
		{"owed", books.Owed, c.owed},
		{"refunds due", books.RefundsDue, c.refunds},
		{"costs to recover", books.Recover, books.NetworkFees.Plus(lost).Minus(books.CostsCharged).Plus(c.unborne)},
		{"holds", Balance{}.Add(c.ends), Balance{}.Add(c.resting)},
		{"ranks", Balance{}.Add(c.ranks), Balance{}.Add(c.free)},
		{"payments in trees", Balance{}.Add(c.taken), Balance{}.Add(c.runs)},
		{"branches ready", Balance{}.Add(c.ready), Balance{}.Add(c.funded)},
	} {
		if account.booked != account.actual {
			return &Unbalanced{fmt.Sprintf("%s are booked as %s and count %s", account.name, account.booked, account.actual)}
		}
	}
	return books.Check()
}

func (s *scheduler) countOutputs(r storage.Reader, c *counted) error {
	for item, err := range s.free.All(r) {
		if err != nil {
			return err
		}
		if item.Key.session != item.Value.Session {
			return &Unbalanced{fmt.Sprintf("output %d of session %d is in the pool of %d", item.Key.number, item.Value.Session, item.Key.session)}
		}
		c.assets = c.assets.Add(item.Value.Amount)
		c.in(item.Key.session, func(p *pool) {
			p.Available += item.Value.Amount
			p.Outputs++
		})
		c.free++
	}
	for item, err := range s.ranks.All(r) {
		if err != nil {
			return err
		}
		o, ok, err := s.free.Get(r, place{item.Key.session, item.Key.number})
		if err != nil {
			return err
		}
		if !ok || o.Amount != item.Key.amount {
			return &Unbalanced{fmt.Sprintf("ranks hold output %d of %d, which is not free", item.Key.number, item.Key.amount)}
		}
		c.ranks++
	}
	for item, err := range s.forwards.All(r) {
		if err != nil {
			return err
		}
		p := item.Value
		if err := s.checkClaims(r, p.Output, p.Claims); err != nil {
			return err
		}
		if item.Key.session != p.Output.Session {
			return &Unbalanced{fmt.Sprintf("output %s of session %d is passed on by session %d", p.Output.ID, p.Output.Session, item.Key.session)}
		}
		c.assets = c.assets.Add(p.Output.Amount)
	}
	for item, err := range s.accepted.All(r) {
		if err != nil {
			return err
		}
		c.accepted = c.accepted.Add(item.Value)
	}
	return nil
}

func (s *scheduler) countPlans(r storage.Reader, c *counted) error {
	for item, err := range s.plans.All(r) {
		if err != nil {
			return err
		}
		p := item.Value
		if !p.counts(item.Key) {
			continue // another version of it does
		}
		c.unborne = c.unborne.Plus(p.unborne())
		for i, payment := range p.Plan.Payments {
			c.owe(payment.Amount, p.Payments[i].Refund)
		}
		gone, err := s.gone.Has(r, p.Plan.Key.Session)
		if err != nil {
			return err
		}
		if gone {
			continue // written off
		}
		if gone, err = s.hanging(r, item.Key, p); err != nil {
			return err
		} else if gone {
			continue // what it spends is not there
		}
		for _, input := range p.Plan.Inputs {
			missing, err := s.missing.Has(r, input.ID)
			if err != nil {
				return err
			}
			if !missing {
				c.assets = c.assets.Add(input.Amount)
			}
		}
		c.in(p.Plan.Key.Session, func(spent *pool) { spent.Plans++ })
		for i, own := range p.Plan.Own {
			gone, err := s.gone.Has(r, own.Session)
			if err != nil {
				return err
			}
			built, err := s.builds.Has(r, branchKey{item.Key, uint32(i)})
			if err != nil {
				return err
			}
			if !gone && !built && own.Kind != coin.Branch {
				c.in(own.Session, func(given *pool) { given.Returning = given.Returning.plus(p.Purpose, own.Amount) })
			}
		}
	}
	return nil
}

func (s *scheduler) countQueues(r storage.Reader, c *counted) error {
	for item, err := range s.suspended.All(r) {
		if err != nil {
			return err
		}
		c.owe(item.Value.Amount, item.Value.Refund)
		if missing, err := s.missing.Has(r, item.Key); err != nil {
			return err
		} else if !missing {
			return &Unbalanced{fmt.Sprintf("the refund of %s is suspended, which is not missing", item.Key)}
		}
	}
	for _, queue := range []storage.Queue[queued]{s.payments, s.aside} {
		for item, err := range queue.All(r) {
			if err != nil {
				return err
			}
			c.owe(item.Value.Amount, item.Value.Refund)
		}
	}
	return nil
}

// comparePools compares the sums of pools with what was counted.
func (s *scheduler) comparePools(r storage.Reader, c *counted) error {
	for item, err := range s.pools.All(r) {
		if err != nil {
			return err
		}
		if actual := c.pools[item.Key]; item.Value != actual {
			return &Unbalanced{fmt.Sprintf("the pool of session %d is booked as %+v and counts %+v", item.Key, item.Value, actual)}
		}
		delete(c.pools, item.Key)
	}
	if len(c.pools) > 0 {
		return &Unbalanced{fmt.Sprintf("%d sessions have outputs and no pool", len(c.pools))}
	}
	return nil
}
