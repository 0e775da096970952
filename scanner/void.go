package scanner

import (
	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/internal/wire"
	"github.com/serai-go/processor/storage"
)

// voided is a deposit that took effect in a block that is void.
type voided struct {
	Session uint64
	Credit  uint64
	// Fixed ones come back into the place that they had among their twins.
	Fixed bool
}

// Encode writes 17 bytes.
func (v voided) Encode(w *wire.Writer) {
	w.Uint64(v.Session)
	w.Uint64(v.Credit)
	w.Bool(v.Fixed)
}

// Decode reads 17 bytes.
func (v *voided) Decode(r *wire.Reader) {
	v.Session = r.Uint64()
	v.Credit = r.Uint64()
	v.Fixed = r.Bool()
}

// settledBlock is a settled block as it is kept to be taken back.
type settledBlock struct {
	coin.SettledBlock
	// Lost outputs do not count, because of their twins.
	Lost []lost
}

// Encode writes the block.
func (b settledBlock) Encode(w *wire.Writer) {
	w.Uint64(b.Number)
	wire.List(w, b.Deposits)
	wire.List(w, b.Internal)
	wire.List(w, b.Completions)
	wire.List(w, b.Lost)
}

// Decode reads the block.
func (b *settledBlock) Decode(r *wire.Reader) {
	b.Number = r.Uint64()
	b.Deposits = wire.ReadList[coin.Deposit](r, 1<<24, coin.MinDeposit)
	b.Internal = wire.ReadList[coin.Output](r, 1<<24, 69)
	b.Completions = wire.ReadList[coin.Completion](r, 1<<24, 64)
	b.Lost = wire.ReadList[lost](r, 1<<24, minLost)
}

// Undone implements Scanner.
func (s *scanner) Undone(tx storage.Tx, u coin.Undone) error {
	for _, d := range u.Voided {
		if err := s.voided.Put(tx, d.Output.ID, voided{Session: d.Output.Session, Credit: d.Credit}); err != nil {
			return err
		}
		if err := s.changeTwins(tx, d.Output, func(t *twins) { t.Credited += d.Credit }); err != nil {
			return err
		}
	}
	for _, o := range u.Fixed {
		if err := s.fix(tx, o); err != nil {
			return err
		}
	}
	for _, id := range u.Forgotten {
		if err := s.forwards.Delete(tx, id); err != nil {
			return err
		}
	}
	for _, o := range u.Inputs {
		if err := s.guard(tx, o); err != nil {
			return err
		}
	}
	for _, id := range u.Recalled {
		if err := s.recall(tx, id); err != nil {
			return err
		}
	}
	return nil
}

// recall takes an instruction back that is due because a deposit has arrived at
// the successor: it has not. If it is reported already, it is not once more.
func (s *scanner) recall(tx storage.Tx, id coin.OutputID) error {
	for item, err := range s.queue.All(tx) {
		if err != nil {
			return err
		}
		if l := item.Value; l.Deposit == id {
			if err := s.queue.Delete(tx, item.Key); err != nil {
				return err
			}
			l.Amount = l.Credit
			return s.forwards.Put(tx, id, l)
		}
	}
	return s.told.Put(tx, id, struct{}{})
}

// returned puts a deposit into a block's buffer that took effect before in a block
// that is void. It is false for others.
func (s *scanner) returned(tx storage.Tx, b *buffer, p coin.Parameters, number uint64, o coin.Output) (bool, error) {
	v, ok, err := s.voided.Get(tx, o.ID)
	if err != nil || !ok || v.Credit > o.Amount {
		return false, err
	}
	o.Data = nil // reported by now, or never
	d := coin.Deposit{Output: o, Credit: v.Credit, Fate: coin.Returned}
	if counts, err := s.twin(tx, b, p, number, &d, v.Fixed); err != nil || !counts {
		return true, err
	}
	b.Deposits = append(b.Deposits, d)
	return true, s.guard(tx, o)
}

// keep keeps settled blocks so that they can be taken back, and forgets those
// that are too old for that.
func (s *scanner) keep(tx storage.Tx, blocks []settledBlock) error {
	for _, b := range blocks {
		for _, d := range b.Deposits {
			if d.Fate != coin.Returned {
				continue
			}
			if err := s.voided.Delete(tx, d.Output.ID); err != nil {
				return err
			}
		}
		if len(b.Deposits)+len(b.Internal)+len(b.Completions)+len(b.Lost) == 0 {
			continue
		}
		if err := s.settled.Put(tx, b.Number, b); err != nil {
			return err
		}
	}
	newest := blocks[len(blocks)-1].Number
	if newest < coin.RewindDepth {
		return nil
	}
	var old []uint64
	kept, err := s.kept.Load(tx)
	if err != nil {
		return err
	}
	kept = max(kept, newest-coin.RewindDepth+1)
	if err := s.kept.Put(tx, kept); err != nil {
		return err
	}
	for item, err := range s.settled.Between(tx, 0, kept) {
		if err != nil {
			return err
		}
		old = append(old, item.Key)
	}
	for _, n := range old {
		if err := s.settled.Delete(tx, n); err != nil {
			return err
		}
	}
	return nil
}
