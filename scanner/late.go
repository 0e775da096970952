package scanner

import (
	"encoding/binary"

	"github.com/serai-go/processor/batch"
	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/internal/wire"
	"github.com/serai-go/processor/storage"
)

// late is a deposit that another block reports than its own: one that is held
// back until its key reports, or passed on to the key's successor.
type late struct {
	// Session is that of the key to which it was made.
	Session uint64
	// Block and Position say where its transaction is.
	Block    uint64
	Position uint32
	// Deposit is the output that the user made.
	Deposit coin.OutputID
	Origin  coin.Address
	Data    []byte // of its instruction
	// Credit is that of the deposit at its own block, Amount what of it is to be
	// reported.
	Credit, Amount uint64
}

// minLate is the least encoded size of a late deposit.
const minLate = 8 + 8 + 4 + 36 + 4 + 4 + 8 + 8

// maxData bounds the data of instructions, whatever the parameters.
const maxData = 1 << 20

// Encode writes the deposit.
func (l late) Encode(w *wire.Writer) {
	w.Uint64(l.Session)
	w.Uint64(l.Block)
	w.Uint32(l.Position)
	l.Deposit.Encode(w)
	w.String(string(l.Origin))
	w.Bytes(l.Data)
	w.Uint64(l.Credit)
	w.Uint64(l.Amount)
}

// Decode reads the deposit.
func (l *late) Decode(r *wire.Reader) {
	l.Session = r.Uint64()
	l.Block = r.Uint64()
	l.Position = r.Uint32()
	l.Deposit.Decode(r)
	l.Origin = coin.Address(r.String(coin.MaxAddress))
	l.Data = r.Bytes(maxData)
	l.Credit = r.Uint64()
	l.Amount = r.Uint64()
	r.Check(l.Amount <= l.Credit, "amount above the credit")
}

// lateOf is a deposit in a block, of which all is to be reported.
func lateOf(d coin.Deposit, number uint64) late {
	return late{
		Session: d.Output.Session, Block: number, Position: d.Output.Position, Deposit: d.Output.ID,
		Origin: d.Output.Origin, Data: d.Output.Data, Credit: d.Credit, Amount: d.Credit,
	}
}

// in is where the deposit stands in a group.
func (l late) in(group uint64) place { return place{group, l.Block, l.Position, l.Deposit.Index} }

// place orders the deposits of a group (those to the key of a session, or those
// that a block reports) by where they are on the chain.
type place struct {
	Group, Block    uint64
	Position, Index uint32
}

var placeKey = storage.FixedKey(
	func(b []byte, p place) []byte {
		b = binary.BigEndian.AppendUint64(b, p.Group)
		b = binary.BigEndian.AppendUint64(b, p.Block)
		b = binary.BigEndian.AppendUint32(b, p.Position)
		return binary.BigEndian.AppendUint32(b, p.Index)
	},
	readPlace)

func readPlace(b []byte) (p place, ok bool) {
	if len(b) != 24 {
		return p, false
	}
	return place{
		binary.BigEndian.Uint64(b), binary.BigEndian.Uint64(b[8:]),
		binary.BigEndian.Uint32(b[16:]), binary.BigEndian.Uint32(b[20:]),
	}, true
}

// group returns the deposits of a group in order.
func group(r storage.Reader, from storage.Map[place, late], of uint64) (list []late, err error) {
	for item, err := range from.From(r, place{Group: of}) {
		if err != nil {
			return nil, err
		}
		if item.Key.Group != of {
			break
		}
		list = append(list, item.Value)
	}
	return list, nil
}

// lateReport is what a scanned block keeps of a late deposit.
type lateReport struct{ coin.Late }

// Encode writes the report.
func (l lateReport) Encode(w *wire.Writer) {
	l.Deposit.Encode(w)
	w.String(string(l.Origin))
	w.Uint64(l.Credit)
	w.Uint64(l.Amount)
	w.Uint8(uint8(l.Fate))
}

// Decode reads the report.
func (l *lateReport) Decode(r *wire.Reader) {
	l.Deposit.Decode(r)
	l.Origin = coin.Address(r.String(coin.MaxAddress))
	l.Credit = r.Uint64()
	l.Amount = r.Uint64()
	l.Fate = coin.Fate(r.Uint8())
	r.Check(l.Fate >= coin.Reported && l.Fate <= coin.Accumulated, "fate of a late deposit")
	r.Check(l.Amount <= l.Credit, "amount above the credit")
}

// minLateReport is the least encoded size of a report.
const minLateReport = 36 + 4 + 8 + 8 + 1

// lateOnes puts the late deposits that a block reports into its buffer, and
// returns the instructions of those that have data: first those that have arrived
// at a successor, then those held back by keys that begin to report. Of a key that
// retires before it reports, the holders are gone: nobody can move what it got.
//
// Deposits that were held back leave their list here, as they came into it when
// a block was scanned. The others leave theirs when the block settles, as they
// came into it then.
func (s *scanner) lateOnes(tx storage.Tx, number uint64, keys []standing, b *buffer) ([]batch.Instruction, error) {
	list, err := group(tx, s.queue, number)
	if err != nil {
		return nil, err
	}
	var instructions []batch.Instruction
	add := func(l late, lost bool) {
		fate := fateOf(l.Origin, l.Data)
		if lost {
			fate = coin.Accumulated
		}
		b.Late = append(b.Late, lateReport{coin.Late{
			Deposit: l.Deposit, Origin: l.Origin, Credit: l.Credit, Amount: l.Amount, Fate: fate,
		}})
		if fate == coin.Reported {
			instructions = append(instructions, batch.Instruction{Origin: string(l.Origin), Amount: l.Amount, Data: l.Data})
		}
	}
	for _, l := range list {
		add(l, false)
	}
	for _, k := range keys {
		if k.before != Holding || k.now == Holding {
			continue
		}
		list, err := group(tx, s.held, k.Session)
		if err != nil {
			return nil, err
		}
		for _, l := range list {
			add(l, k.now == Retired)
			b.Unheld = append(b.Unheld, l)
			if err := s.held.Delete(tx, l.in(k.Session)); err != nil {
				return nil, err
			}
		}
	}
	return instructions, nil
}
