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
}

// Encode writes 16 bytes.
func (v voided) Encode(w *wire.Writer) {
	w.Uint64(v.Session)
	w.Uint64(v.Credit)
}

// Decode reads 16 bytes.
func (v *voided) Decode(r *wire.Reader) {
	v.Session = r.Uint64()
	v.Credit = r.Uint64()
}

// settledBlock is a settled block as it is kept to be taken back.
type settledBlock struct{ coin.SettledBlock }

// Encode writes the block.
func (b settledBlock) Encode(w *wire.Writer) {
	w.Uint64(b.Number)
	wire.List(w, b.Deposits)
	wire.List(w, b.Internal)
	wire.List(w, b.Completions)
}

// Decode reads the block.
func (b *settledBlock) Decode(r *wire.Reader) {
	b.Number = r.Uint64()
	b.Deposits = wire.ReadList[coin.Deposit](r, 1<<24, 78)
	b.Internal = wire.ReadList[coin.Output](r, 1<<24, 69)
	b.Completions = wire.ReadList[coin.Completion](r, 1<<24, 64)
}

// Undone implements Scanner.
func (s *scanner) Undone(tx storage.Tx, u coin.Undone) error {
	for _, d := range u.Voided {
		if err := s.voided.Put(tx, d.Output.ID, voided{d.Output.Session, d.Credit}); err != nil {
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

// returned is the deposit that took effect before in a block that is void.
func (s *scanner) returned(r storage.Reader, o coin.Output) (coin.Deposit, bool, error) {
	v, ok, err := s.voided.Get(r, o.ID)
	o.Data = nil // reported by now, or never
	return coin.Deposit{Output: o, Credit: v.Credit, Fate: coin.Returned}, ok && v.Credit <= o.Amount, err
}

// keep keeps settled blocks so that they can be taken back, and forgets those
// that are too old for that.
func (s *scanner) keep(tx storage.Tx, blocks []coin.SettledBlock) error {
	for _, b := range blocks {
		for _, d := range b.Deposits {
			if d.Fate != coin.Returned {
				continue
			}
			if err := s.voided.Delete(tx, d.Output.ID); err != nil {
				return err
			}
		}
		if len(b.Deposits)+len(b.Internal)+len(b.Completions) == 0 {
			continue
		}
		if err := s.settled.Put(tx, b.Number, settledBlock{b}); err != nil {
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
