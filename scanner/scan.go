package scanner

import (
	"fmt"
	"slices"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/internal/wire"
	"github.com/serai-go/processor/storage"
)

// buffer is what a scanned block keeps until it settles.
type buffer struct {
	Deposits []coin.Deposit
	Internal []coin.Output
	Late     []lateReport // in the order of their instructions
	Unheld   []late       // those of them that were held back
	Lost     []lost       // do not count, because of their twins
}

// Encode writes the buffer.
func (b buffer) Encode(w *wire.Writer) {
	wire.List(w, b.Deposits)
	wire.List(w, b.Internal)
	wire.List(w, b.Late)
	wire.List(w, b.Unheld)
	wire.List(w, b.Lost)
}

// Decode reads the buffer.
func (b *buffer) Decode(r *wire.Reader) {
	b.Deposits = wire.ReadList[coin.Deposit](r, 1<<24, coin.MinDeposit)
	b.Internal = wire.ReadList[coin.Output](r, 1<<24, 69)
	b.Late = wire.ReadList[lateReport](r, 1<<24, minLateReport)
	b.Unheld = wire.ReadList[late](r, 1<<24, minLate)
	b.Lost = wire.ReadList[lost](r, 1<<24, minLost)
}

// Due implements Scanner.
func (s *scanner) Due(r storage.Reader, most int) ([]Task, error) {
	f, err := s.frontier.Load(r)
	if err != nil || !f.Active || f.Scan >= f.Index {
		return nil, err
	}
	keys, err := s.ring(r)
	if err != nil {
		return nil, err
	}
	headers, err := s.due(r, f, keys.rulebook, most)
	if err != nil {
		return nil, err
	}
	var tasks []Task
	for _, h := range headers {
		tasks = append(tasks, Task{Header: h, Keys: keys.wanted(h.Number)})
	}
	return tasks, nil
}

// due returns the headers of the next blocks to scan, which end before one whose
// rules are not known. If that is the next, it is an error.
func (s *scanner) due(r storage.Reader, f Frontier, book rulebook, most int) (headers []coin.Header, err error) {
	if !f.Active {
		return nil, nil
	}
	end := min(f.Index, book.horizon(f.Settle))
	for n := f.Scan; n < end && len(headers) < most; n++ {
		if err := book.known(n); err != nil {
			if n > f.Scan {
				break
			}
			return nil, err
		}
		header, ok, err := s.headers.Get(r, n)
		if err != nil {
			return nil, err
		}
		if !ok {
			return nil, fmt.Errorf("%w: header %d is missing", storage.ErrCorrupt, n)
		}
		headers = append(headers, header)
	}
	return headers, nil
}

// Scan implements Scanner.
func (s *scanner) Scan(tx storage.Tx, header coin.Header, outputs []coin.Output) error {
	f, err := s.frontier.Load(tx)
	if err != nil {
		return err
	}
	keys, err := s.ring(tx)
	if err != nil {
		return err
	}
	due, err := s.due(tx, f, keys.rulebook, 1)
	switch {
	case err != nil:
		return err
	case len(due) == 0 || due[0] != header:
		// A rewind may have come between.
		return fmt.Errorf("%w: block %d is not due", coin.ErrTransient, header.Number)
	}
	standings := keys.standings(header.Number)
	b, err := s.sift(tx, keys.rulebook, standings, header.Number, outputs)
	if err != nil {
		return fmt.Errorf("scan block %d: %w", header.Number, err)
	}
	if err := s.report(tx, keys, standings, header, &b); err != nil {
		return fmt.Errorf("report block %d: %w", header.Number, err)
	}
	if err := s.buffers.Put(tx, header.Number, b); err != nil {
		return err
	}
	f.Scan++
	return s.frontier.Put(tx, f)
}

// standing is a key's stage at a block and the one before.
type standing struct {
	*Key
	before, now Stage
}

// standings returns those of all keys.
func (k keyring) standings(number uint64) []standing {
	list := make([]standing, len(k.keys))
	for i := range list {
		list[i] = standing{Key: &k.keys[i], now: k.stage(i, number)}
		if number > 0 {
			list[i].before = k.stage(i, number-1)
		}
	}
	return list
}

// sift returns what counts of a block's outputs.
func (s *scanner) sift(
	tx storage.Tx, book rulebook, keys []standing, number uint64, outputs []coin.Output,
) (buffer, error) {
	var b buffer
	p, dust := book.at(number), book.leastDust(number)
	var cost *uint64 // of an input at the block's rate, once it is wanted
	for i, o := range outputs {
		// An output that came twice would be credited twice.
		if i > 0 && coin.CompareOutputs(outputs[i-1], o) >= 0 {
			return b, fmt.Errorf("%w: output %s is out of order", coin.ErrInvalid, o.ID)
		}
		at := slices.IndexFunc(keys, func(k standing) bool { return k.Session == o.Session })
		if at >= 0 && o.Kind == coin.External {
			void, err := s.returned(tx, &b, p, number, o)
			if err != nil {
				return b, err
			}
			if void {
				continue
			}
		}
		if at < 0 || o.Amount < dust || !keys[at].takes(o.Kind) {
			continue
		}
		if o.Kind != coin.External {
			o.Origin, o.Data = "", nil // anyone may have written them
			b.Internal = append(b.Internal, o)
		} else {
			if cost == nil {
				rate, err := s.Rate(tx, number)
				if err != nil {
					return b, err
				}
				one := s.Coin.InputCost(rate)
				cost = &one
			}
			d, ok := creditOf(p, o, *cost)
			if !ok {
				continue
			}
			if ok, err := s.twin(tx, &b, p, number, &d, false); err != nil {
				return b, err
			} else if !ok {
				continue
			}
			switch {
			case d.Credit == 0: // it raises another by less than dust
			case keys[at].now == Holding:
				d.Fate = coin.Held
				l := lateOf(d, number)
				if err := s.held.Put(tx, l.in(l.Session), l); err != nil {
					return b, err
				}
			case keys[at].now == Forwarding && d.Fate == coin.Reported:
				d.Fate = coin.PassedOn
			}
			b.Deposits = append(b.Deposits, d)
		}
		if err := s.guard(tx, o); err != nil {
			return b, err
		}
	}
	return b, nil
}

// takes tells whether outputs of a kind to the key count. A closed key
// spends nothing any more: new deposits to it, which a rewind behind its last
// stage would let in, would be credited and lost.
func (k standing) takes(kind coin.Kind) bool {
	if kind == coin.External {
		return k.now > Confirmed && k.now < Finishing && !k.Closed
	}
	return takes(*k.Key, k.now)
}

// creditOf is an external output with its credit and fate, given the cost of
// an input. It is false for one that does not count.
func creditOf(p coin.Parameters, o coin.Output, cost uint64) (coin.Deposit, bool) {
	if cost > o.Amount/2 || o.Amount-2*cost < p.Dust {
		return coin.Deposit{}, false
	}
	if uint64(len(o.Data)) > uint64(p.MaxData) {
		o.Data = nil
	}
	return coin.Deposit{Output: o, Credit: o.Amount - 2*cost, Fate: fateOf(o.Origin, o.Data)}, true
}

// fateOf is what becomes of a deposit to a key that reports.
func fateOf(origin coin.Address, data []byte) coin.Fate {
	switch {
	case len(data) > 0:
		return coin.Reported
	case origin != "":
		return coin.Refunded
	}
	return coin.Accumulated
}

// guard watches for the output's spend.
func (s *scanner) guard(tx storage.Tx, o coin.Output) error {
	lookup := s.Coin.SpendLookup(o)
	if lookup == nil {
		return nil
	}
	return s.Guard(tx, o, lookup)
}

// Guard implements Scanner.
func (s *scanner) Guard(tx storage.Tx, o coin.Output, lookup []byte) error {
	return s.Tracker.Guard(tx, lookup, wire.Marshal(guarded{o.Session, o.ID}))
}
