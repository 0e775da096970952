package scheduler

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/storage"
)

// reach times MaxInputs of the oldest outputs are looked at, so that the work
// does not grow with the number of those not worth spending.
const reach = 4

// place is where an output of a session stands: numbers only grow.
type place struct{ session, number uint64 }

// placeKey is 16 bytes: outputs of a session are in order of their numbers.
var placeKey = storage.FixedKey(
	func(b []byte, k place) []byte {
		return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(b, k.session), k.number)
	},
	func(b []byte) (place, bool) {
		if len(b) != 16 {
			return place{}, false
		}
		return place{binary.BigEndian.Uint64(b), binary.BigEndian.Uint64(b[8:])}, true
	},
)

// placesOf are the bounds of a session's places.
func placesOf(session uint64) (from, to place) {
	return place{session: session}, place{session, math.MaxUint64}
}

// rank is a free output's place in its session's order of amounts: the largest
// first, among equals the oldest.
type rank struct{ session, amount, number uint64 }

// rankKey is 24 bytes: the session, the amount's complement and the number.
var rankKey = storage.FixedKey(
	func(b []byte, k rank) []byte {
		for _, n := range []uint64{k.session, ^k.amount, k.number} {
			b = binary.BigEndian.AppendUint64(b, n)
		}
		return b
	},
	func(b []byte) (rank, bool) {
		if len(b) != 24 {
			return rank{}, false
		}
		return rank{binary.BigEndian.Uint64(b), ^binary.BigEndian.Uint64(b[8:]), binary.BigEndian.Uint64(b[16:])}, true
	},
)

// ranksOf are the bounds of a session's ranks.
func ranksOf(session uint64) (from, to rank) {
	return rank{session: session, amount: math.MaxUint64}, rank{session: session, number: math.MaxUint64}
}

// release makes an output free, as the newest of its session. If its session is
// gone, it is written off.
func (s *scheduler) release(tx storage.Tx, o coin.Output) error {
	gone, err := s.gone.Has(tx, o.Session)
	if err != nil {
		return err
	}
	if gone {
		return s.writeOff(tx, o, keyGone)
	}
	o.Data = nil // reported by now; planning does not need it
	number, err := s.number(tx)
	if err != nil {
		return err
	}
	return s.put(tx, place{o.Session, number}, o)
}

// back takes a plan's own output in, which has a key: it is for payments that it
// funds, or already spent by another plan, or free, that of a merge in the place
// of the oldest output merged: so it is spent before outputs that came later.
func (s *scheduler) back(tx storage.Tx, key branchKey, p planned, o coin.Output) error {
	gone, err := s.gone.Has(tx, o.Session)
	if err != nil {
		return err
	}
	child, built, err := s.builds.Get(tx, key)
	if err != nil {
		return err
	}
	if built {
		if err := s.builds.Delete(tx, key); err != nil {
			return err
		}
		if err := s.countBump(tx, p.Plan.Key.Session, child); err != nil {
			return err
		}
		return s.comesBack(tx, key, child, o, gone)
	}
	if n, ok, err := s.nodes.Get(tx, key); err != nil || ok {
		if err != nil {
			return err
		}
		return s.fund(tx, key, n, o)
	}
	if gone || p.Purpose != merging || o.Session != p.Plan.Key.Session {
		return s.release(tx, o)
	}
	return s.put(tx, place{o.Session, p.Place}, o)
}

// number gives a next output its number.
func (s *scheduler) number(tx storage.Tx) (uint64, error) {
	n, err := s.next.Load(tx)
	if err != nil {
		return 0, err
	}
	return n, s.next.Put(tx, n+1)
}

// put puts an output into its session's pool.
func (s *scheduler) put(tx storage.Tx, at place, o coin.Output) error {
	p, err := s.pools.Load(tx, at.session)
	if err != nil {
		return err
	}
	if p.Available+o.Amount < p.Available {
		return &Unbalanced{"free outputs exceed 64 bits"}
	}
	p.Available += o.Amount
	p.Outputs++
	if err := s.pools.Put(tx, at.session, p); err != nil {
		return err
	}
	if err := s.free.Put(tx, at, o); err != nil {
		return err
	}
	return s.ranks.Put(tx, rank{at.session, o.Amount, at.number}, struct{}{})
}

// first is the number of the oldest of the outputs, of which there is one.
func first(outputs []numbered[coin.Output]) uint64 {
	oldest := outputs[0].number
	for _, o := range outputs {
		oldest = min(oldest, o.number)
	}
	return oldest
}

// reserve takes outputs of a session from the free ones.
func (s *scheduler) reserve(tx storage.Tx, session uint64, outputs []numbered[coin.Output]) error {
	var sum uint64
	for _, o := range outputs {
		if err := s.free.Delete(tx, place{session, o.number}); err != nil {
			return err
		}
		if err := s.ranks.Delete(tx, rank{session, o.value.Amount, o.number}); err != nil {
			return err
		}
		sum += o.value.Amount
	}
	return s.change(tx, session, func(p *pool) {
		p.Available -= sum
		p.Outputs -= uint64(len(outputs))
	})
}

// oldest returns the oldest free outputs of a session, at most so many, without
// those that hold no more than it costs to spend them.
func (s *scheduler) oldest(r storage.Reader, session, cost uint64, most int) ([]numbered[coin.Output], error) {
	var free []numbered[coin.Output]
	looks := 0
	from, to := placesOf(session)
	for item, err := range s.free.Between(r, from, to) {
		if err != nil {
			return nil, err
		}
		if looks++; len(free) == most || looks > reach*most {
			break
		}
		if item.Value.Amount > cost {
			free = append(free, numbered[coin.Output]{item.Key.number, item.Value})
		}
	}
	return free, nil
}

// largest returns the ranks of the largest free outputs of a session, at most
// n.
func (s *scheduler) largest(r storage.Reader, session uint64, n int) ([]rank, error) {
	var largest []rank
	from, to := ranksOf(session)
	for item, err := range s.ranks.Between(r, from, to) {
		if err != nil {
			return nil, err
		}
		if len(largest) == n {
			break
		}
		largest = append(largest, item.Key)
	}
	return largest, nil
}

// read returns the outputs of the ranks.
func (s *scheduler) read(r storage.Reader, ranks []rank) ([]numbered[coin.Output], error) {
	outputs := make([]numbered[coin.Output], len(ranks))
	for i, k := range ranks {
		o, ok, err := s.free.Get(r, place{k.session, k.number})
		if err != nil {
			return nil, err
		}
		if !ok || o.Amount != k.amount {
			return nil, fmt.Errorf("%w: output %d of %d is not free", storage.ErrCorrupt, k.number, k.amount)
		}
		outputs[i] = numbered[coin.Output]{k.number, o}
	}
	return outputs, nil
}

// worth is what ranked outputs of a session hold, which fits 64 bits.
func worth(ranks []rank) (total uint64) {
	for _, k := range ranks {
		total += k.amount
	}
	return total
}

// pick returns the fewest of the outputs, from the first on, whose sum
// reaches total, one more if what is left over would be dust; and their sum,
// which is below total if all of them are.
func pick(free []numbered[coin.Output], total, dust uint64) ([]numbered[coin.Output], uint64) {
	var sum uint64
	n := 0
	for n < len(free) && (sum < total || sum > total && sum-total < dust) {
		sum += free[n].value.Amount
		n++
	}
	return free[:n], sum
}
