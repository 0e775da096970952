package scheduler

import (
	"encoding/binary"
	"fmt"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/internal/wire"
	"github.com/serai-go/processor/storage"
)

// resting is an external output whose hold is not over: no plan spends it.
type resting struct {
	// Output is what rests, without data.
	Output coin.Output
	// End says when it is over, and which place the output has among those of its
	// session, of which only the number counts.
	End end
	// Claims are the deposits that are passed on with it, if it is to be.
	Claims []claim
}

// claim is a deposit that is reported once an output has arrived at a successor.
type claim struct {
	Deposit coin.OutputID
	Credit  uint64
}

// minClaim is the size of an encoded claim.
const minClaim = 36 + 8

// Encode writes 44 bytes.
func (c claim) Encode(w *wire.Writer) {
	c.Deposit.Encode(w)
	w.Uint64(c.Credit)
}

// Decode reads 44 bytes.
func (c *claim) Decode(r *wire.Reader) {
	c.Deposit.Decode(r)
	c.Credit = r.Uint64()
}

// end is when a hold is over: with the settlement of a block. Those of one block
// are in the order of their numbers.
type end struct{ block, number uint64 }

// endKey is 16 bytes.
var endKey = storage.FixedKey(
	func(b []byte, e end) []byte {
		return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(b, e.block), e.number)
	},
	func(b []byte) (end, bool) {
		if len(b) != 16 {
			return end{}, false
		}
		return end{binary.BigEndian.Uint64(b), binary.BigEndian.Uint64(b[8:])}, true
	},
)

// Encode writes the resting output.
func (x resting) Encode(w *wire.Writer) {
	x.Output.Encode(w)
	w.Uint64(x.End.block)
	w.Uint64(x.End.number)
	wire.List(w, x.Claims)
}

// Decode reads the resting output.
func (x *resting) Decode(r *wire.Reader) {
	x.Output.Decode(r)
	x.End.block = r.Uint64()
	x.End.number = r.Uint64()
	x.Claims = wire.ReadList[claim](r, 1<<16, minClaim)
}

// rests sums up what rests of a session.
type rests struct {
	// Outputs is how many rest, Forwards how many of them are to be passed on.
	Outputs, Forwards uint64
	// Amount is the sum of the others.
	Amount Balance
}

// Encode writes 32 bytes.
func (x rests) Encode(w *wire.Writer) {
	w.Uint64(x.Outputs)
	w.Uint64(x.Forwards)
	x.Amount.Encode(w)
}

// Decode reads 32 bytes.
func (x *rests) Decode(r *wire.Reader) {
	x.Outputs = r.Uint64()
	x.Forwards = r.Uint64()
	x.Amount.Decode(r)
}

// plus returns the sum with one more.
func (x rests) plus(one resting) rests {
	if x.Outputs++; len(one.Claims) > 0 {
		x.Forwards++
	} else {
		x.Amount = x.Amount.Add(one.Output.Amount)
	}
	return x
}

// minus returns the sum with one less.
func (x rests) minus(one resting) rests {
	if x.Outputs--; len(one.Claims) > 0 {
		x.Forwards--
	} else {
		x.Amount = x.Amount.Sub(one.Output.Amount)
	}
	return x
}

// hold is that of the external outputs of a block: none if it is over with that.
type hold struct{ block, over uint64 }

// hold returns that of a block, by the rules there.
func (s *scheduler) hold(r storage.Reader, block coin.SettledBlock) (hold, error) {
	if len(block.Deposits) == 0 {
		return hold{}, nil
	}
	rules, err := s.Chain.Rules(r, block.Number)
	return hold{block.Number, block.Number + rules.Hold}, err
}

// takeIn takes the output of a deposit in whose block has settled: it rests until
// its hold is over. One that raises another takes its place there. If its session
// is gone, what it brings is written off.
func (s *scheduler) takeIn(tx storage.Tx, own hold, d coin.Deposit) error {
	o := d.Output
	o.Data = nil // the scanner keeps what is to be reported
	var claims []claim
	if d.Fate == coin.PassedOn {
		claims = []claim{{o.ID, d.Credit}}
	}
	gone, err := s.gone.Has(tx, o.Session)
	if err != nil {
		return err
	}
	if gone {
		o.Amount = d.Gain()
		return s.forgo(tx, passing{o, claims}, keyGone)
	}
	x := resting{Output: o, End: end{block: own.over}, Claims: claims}
	if d.Raises != nil {
		before, ok, err := s.resting.Get(tx, d.Raises.ID)
		if err == nil && !ok {
			err = &Unbalanced{fmt.Sprintf("it takes the place of %s, which does not rest", d.Raises.ID)}
		}
		if err != nil {
			return err
		}
		if err := s.wake(tx, before); err != nil {
			return err
		}
		x.End = end{max(before.End.block, x.End.block), before.End.number}
		x.Claims = append(before.Claims, claims...)
		return s.rest(tx, x)
	}
	if x.End.number, err = s.number(tx); err != nil {
		return err
	}
	if own.over == own.block {
		return s.use(tx, x)
	}
	return s.rest(tx, x)
}

// rest puts an output among those that rest.
func (s *scheduler) rest(tx storage.Tx, x resting) error {
	if err := s.resting.Put(tx, x.Output.ID, x); err != nil {
		return err
	}
	if err := s.ends.Put(tx, x.End, x.Output.ID); err != nil {
		return err
	}
	return s.change(tx, x.Output.Session, func(p *pool) { p.Rests = p.Rests.plus(x) })
}

// wake takes an output from those that rest.
func (s *scheduler) wake(tx storage.Tx, x resting) error {
	if err := s.resting.Delete(tx, x.Output.ID); err != nil {
		return err
	}
	if err := s.ends.Delete(tx, x.End); err != nil {
		return err
	}
	return s.change(tx, x.Output.Session, func(p *pool) { p.Rests = p.Rests.minus(x) })
}

// use lets an output be spent: by any plan, or by one that passes it on.
func (s *scheduler) use(tx storage.Tx, x resting) error {
	at := place{x.Output.Session, x.End.number}
	if len(x.Claims) > 0 {
		return s.forwards.Put(tx, at, passing{x.Output, x.Claims})
	}
	return s.put(tx, at, x.Output)
}

// awake lets outputs be spent whose holds are over. Which those are is kept as
// long as it can be taken back.
func (s *scheduler) awake(tx storage.Tx, reference uint64) error {
	var ids []coin.OutputID
	for item, err := range s.ends.Between(tx, end{}, end{block: reference + 1}) {
		if err != nil {
			return err
		}
		ids = append(ids, item.Value)
	}
	for _, id := range ids {
		x, err := s.resting.Load(tx, id)
		if err != nil {
			return err
		}
		if err := s.wake(tx, x); err != nil {
			return err
		}
		if err := s.use(tx, x); err != nil {
			return err
		}
		if err := s.awoken.Put(tx, x.End, x.Output); err != nil {
			return err
		}
	}
	if reference < coin.RewindDepth {
		return nil
	}
	var old []end
	for item, err := range s.awoken.Between(tx, end{}, end{block: reference - coin.RewindDepth + 1}) {
		if err != nil {
			return err
		}
		old = append(old, item.Key)
	}
	for _, e := range old {
		if err := s.awoken.Delete(tx, e); err != nil {
			return err
		}
	}
	return nil
}

// forgoResting gives up what rests of a session whose holders are gone.
func (s *scheduler) forgoResting(tx storage.Tx, session uint64) error {
	var list []resting
	for item, err := range s.ends.All(tx) { // those of a hold
		if err != nil {
			return err
		}
		x, err := s.resting.Load(tx, item.Value)
		if err != nil {
			return err
		}
		if x.Output.Session == session {
			list = append(list, x)
		}
	}
	for _, x := range list {
		if err := s.wake(tx, x); err != nil {
			return err
		}
		if err := s.forgo(tx, passing{x.Output, x.Claims}, keyGone); err != nil {
			return err
		}
	}
	return nil
}

// Resting implements Scheduler.
func (s *scheduler) Resting(r storage.Reader, session uint64) (count int, last uint64, err error) {
	for item, err := range s.ends.All(r) {
		if err != nil {
			return 0, 0, err
		}
		x, err := s.resting.Load(r, item.Value)
		if err != nil {
			return 0, 0, err
		}
		if x.Output.Session == session {
			count, last = count+1, x.End.block
		}
	}
	return count, last, nil
}

// countResting counts what rests.
func (s *scheduler) countResting(r storage.Reader, c *counted) error {
	for item, err := range s.resting.All(r) {
		if err != nil {
			return err
		}
		x := item.Value
		id, ok, err := s.ends.Get(r, x.End)
		if err != nil {
			return err
		}
		if !ok || id != item.Key || x.Output.ID != item.Key || x.Output.Kind != coin.External {
			return &Unbalanced{fmt.Sprintf("output %s rests until nobody knows when", item.Key)}
		}
		if err := s.checkClaims(r, x.Output, x.Claims); err != nil {
			return err
		}
		c.assets = c.assets.Add(x.Output.Amount)
		c.in(x.Output.Session, func(p *pool) { p.Rests = p.Rests.plus(x) })
		c.resting++
	}
	for _, err := range s.ends.All(r) {
		if err != nil {
			return err
		}
		c.ends++
	}
	return nil
}

// checkClaims checks that deposits that are passed on with an output were accepted.
func (s *scheduler) checkClaims(r storage.Reader, o coin.Output, claims []claim) error {
	for _, c := range claims {
		credit, ok, err := s.accepted.Get(r, c.Deposit)
		if err != nil {
			return err
		}
		if !ok || credit != c.Credit {
			return &Unbalanced{fmt.Sprintf("deposit %s, which is to come with %s, is passed on and was not accepted", c.Deposit, o.ID)}
		}
	}
	return nil
}
