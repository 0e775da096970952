package scheduler

import (
	"encoding/binary"
	"fmt"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/storage"
)

// reach times MaxInputs of the oldest outputs are looked at, so that the work
// does not grow with the number of those not worth spending.
const reach = 4

// rank is a free output's place in the order of amounts: the largest first,
// among equals the oldest.
type rank struct{ amount, number uint64 }

// rankKey is 16 bytes: the amount's complement and the number.
var rankKey = storage.FixedKey(
	func(b []byte, k rank) []byte {
		return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(b, ^k.amount), k.number)
	},
	func(b []byte) (rank, bool) {
		if len(b) != 16 {
			return rank{}, false
		}
		return rank{^binary.BigEndian.Uint64(b), binary.BigEndian.Uint64(b[8:])}, true
	},
)

// release makes an output free, as the newest.
func (s *scheduler) release(tx storage.Tx, o coin.Output) error {
	o.Data = nil // reported by now; planning does not need it
	number, err := s.free.Push(tx, o)
	if err != nil {
		return err
	}
	return s.count(tx, rank{o.Amount, number})
}

// back makes a plan's own output free, that of a merge in the place of the
// oldest output merged: so it is spent before outputs that came later.
func (s *scheduler) back(tx storage.Tx, p planned, o coin.Output) error {
	if !p.merge() {
		return s.release(tx, o)
	}
	if err := s.free.Put(tx, p.Place, o); err != nil {
		return err
	}
	return s.count(tx, rank{o.Amount, p.Place})
}

// count ranks a free output and adds it to what is available.
func (s *scheduler) count(tx storage.Tx, k rank) error {
	available, err := s.available.Load(tx)
	if err != nil {
		return err
	}
	if available+k.amount < available {
		return &Unbalanced{"free outputs exceed 64 bits"}
	}
	if err := s.available.Put(tx, available+k.amount); err != nil {
		return err
	}
	return s.ranks.Put(tx, k, struct{}{})
}

// place is the number of the oldest of the outputs, of which there is one.
func place(outputs []numbered[coin.Output]) uint64 {
	oldest := outputs[0].number
	for _, o := range outputs {
		oldest = min(oldest, o.number)
	}
	return oldest
}

// reserve takes outputs from the free ones.
func (s *scheduler) reserve(tx storage.Tx, outputs []numbered[coin.Output]) error {
	available, err := s.available.Load(tx)
	if err != nil {
		return err
	}
	for _, o := range outputs {
		if err := s.free.Delete(tx, o.number); err != nil {
			return err
		}
		if err := s.ranks.Delete(tx, rank{o.value.Amount, o.number}); err != nil {
			return err
		}
		available -= o.value.Amount
	}
	return s.available.Put(tx, available)
}

// oldest returns the oldest free outputs that one transaction may spend,
// without those that hold no more than it costs to spend them.
func (s *scheduler) oldest(r storage.Reader, cost uint64) ([]numbered[coin.Output], error) {
	var free []numbered[coin.Output]
	looks := 0
	for item, err := range s.free.All(r) {
		if err != nil {
			return nil, err
		}
		if looks++; len(free) == int(s.Parameters.MaxInputs) || looks > reach*int(s.Parameters.MaxInputs) {
			break
		}
		if item.Value.Amount > cost {
			free = append(free, numbered[coin.Output]{item.Key, item.Value})
		}
	}
	return free, nil
}

// largest returns the ranks of the largest free outputs, at most n.
func (s *scheduler) largest(r storage.Reader, n int) ([]rank, error) {
	var largest []rank
	for item, err := range s.ranks.All(r) {
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
		o, ok, err := s.free.Get(r, k.number)
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

// worth is what ranked outputs hold. All free outputs fit 64 bits.
func worth(ranks []rank) (total uint64) {
	for _, k := range ranks {
		total += k.amount
	}
	return total
}

// pick returns the fewest of the outputs, from the first on, whose sum
// reaches total, one more if what is left over would be dust; and their sum,
// which is below total if all of them are.
func (s *scheduler) pick(free []numbered[coin.Output], total uint64) ([]numbered[coin.Output], uint64) {
	var sum uint64
	n := 0
	for n < len(free) && (sum < total || sum > total && sum-total < s.Parameters.Dust) {
		sum += free[n].value.Amount
		n++
	}
	return free[:n], sum
}
