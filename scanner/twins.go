package scanner

import (
	"encoding/binary"
	"math"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/internal/wire"
	"github.com/serai-go/processor/storage"
)

// Twins are outputs of which only one can ever be spent: on Monero those with
// equal one-time keys, which have one key image. Who knows how a key is derived
// (the sender, an insider, or anybody if the view key is public) can have a copy
// with any amount mined, before or after. Outputs of the internal kinds are safe,
// as they count only as those of known transactions. For external ones there is a
// record for all twins:
//
//	below dust, less cost        ignored: no trace
//	no twin came before          credited: amount less cost
//	within a window of the       raised: credited with what amount less cost is
//	first, and larger than any   above the sum credited, if at least dust
//	any other                    written off: it never counts
//
// One that raises takes the place of the smaller as the one to be spent, so that
// cost is borne once, and what was credited never exceeds what can be spent. The
// group loses nothing by copies. A depositor can: what a smaller copy was credited
// that came first, for whomever it names, is missing from his own credit. So on
// networks where anybody may know how keys are derived that should be a secret. As no
// output is spent before its hold is over, which is no shorter than a window, the
// smaller is there to be replaced.
//
// All of this is a function of the chain. After a rewind it is one of that, too:
// credits stand whose blocks are void, and the output that a plan spends keeps its
// place. That the deposit of a smaller one is void and has not come back is told
// even if a larger one that has covers its credit. A record is kept as long as its
// key is looked for.
type twins struct {
	// Output is the one to be spent, without what only reports need. Its Amount is
	// 0 if none is on the chain, or it is Fixed.
	Output coin.Output
	// Until is the last block in which a larger one takes its place.
	Until uint64
	// Credited is the sum credited for all of them.
	Credited uint64
	// Fixed is set once the output to be spent keeps its place, whatever comes: then
	// the record does not tell which it is.
	Fixed bool
}

// Encode writes the record.
func (t twins) Encode(w *wire.Writer) {
	t.Output.Encode(w)
	w.Uint64(t.Until)
	w.Uint64(t.Credited)
	w.Bool(t.Fixed)
}

// Decode reads the record.
func (t *twins) Decode(r *wire.Reader) {
	t.Output.Decode(r)
	t.Until = r.Uint64()
	t.Credited = r.Uint64()
	t.Fixed = r.Bool()
	r.Check(t.Output.Amount > 0 || t.Credited > 0 || t.Fixed, "record of no twins")
}

// twinKey names twins: all are to one key.
type twinKey struct {
	session uint64
	bytes   string // what they share
}

var twinKeyOf = storage.FixedKey(
	func(b []byte, k twinKey) []byte {
		return append(binary.BigEndian.AppendUint64(b, k.session), k.bytes...)
	},
	func(b []byte) (twinKey, bool) {
		if len(b) < 8 {
			return twinKey{}, false
		}
		return twinKey{binary.BigEndian.Uint64(b), string(b[8:])}, true
	})

// Loss is why an output is written off that has twins.
type Loss uint8

// Losses.
const (
	// NotLarger than one that came before.
	NotLarger Loss = iota + 1
	// TooLate to take the place of a smaller one.
	TooLate
	// Taken: a plan spends another, or another was given up, since a rewind.
	Taken
)

func (l Loss) String() string {
	switch l {
	case NotLarger:
		return "it is not larger than one that came before, and only one of them can ever be spent"
	case TooLate:
		return "it came too late to take the place of one of which only one can ever be spent"
	case Taken:
		return "another of which only one can ever be spent keeps its place"
	}
	return "it counts"
}

// lost is an output that is written off, as it is kept to be told.
type lost struct {
	ID      coin.OutputID
	Session uint64
	Amount  uint64
	Why     Loss
}

// minLost is the size of an encoded lost output.
const minLost = 36 + 8 + 8 + 1

// Encode writes 53 bytes.
func (l lost) Encode(w *wire.Writer) {
	l.ID.Encode(w)
	w.Uint64(l.Session)
	w.Uint64(l.Amount)
	w.Uint8(uint8(l.Why))
}

// Decode reads 53 bytes.
func (l *lost) Decode(r *wire.Reader) {
	l.ID.Decode(r)
	l.Session = r.Uint64()
	l.Amount = r.Uint64()
	l.Why = Loss(r.Uint8())
	r.Check(l.Why >= NotLarger && l.Why <= Taken, "loss of an output")
}

// place gives an output of a block the place that it takes among its twins: it
// returns the smaller one that was there, if any, or why it takes none.
func (t *twins) place(o coin.Output, number, window uint64) (raises *coin.Output, why Loss) {
	switch {
	case t.Fixed:
		return nil, Taken
	case t.Output.Amount == 0:
		t.Until = number + window
	case o.Amount <= t.Output.Amount:
		return nil, NotLarger
	case number > t.Until:
		return nil, TooLate
	default:
		smaller := t.Output
		raises = &smaller
	}
	t.take(o)
	return raises, 0
}

// take makes an output the one to be spent.
func (t *twins) take(o coin.Output) {
	o.Origin, o.Data = "", nil
	t.Output = o
}

// fix lets the output to be spent keep its place. Which it is does not matter then, and
// who scanned less before a rewind may not know.
func (t *twins) fix() { t.Output, t.Until, t.Fixed = coin.Output{}, 0, true }

// credit returns what an output is credited with that is worth so much less cost.
func (t *twins) credit(worth, dust uint64) uint64 {
	if worth <= t.Credited || worth-t.Credited < dust {
		return 0
	}
	credit := worth - t.Credited
	t.Credited = worth
	return credit
}

// twin gives a deposit its place among its twins, if it can have any: it changes
// what it is credited with and tells what it raises. It returns false, and notes
// why, if the deposit is written off. One that is fixed keeps the place that it
// had.
func (s *scanner) twin(tx storage.Tx, b *buffer, p coin.Parameters, number uint64, d *coin.Deposit, fixed bool) (bool, error) {
	key, ok := s.twinsOf(d.Output)
	if !ok {
		return true, nil
	}
	t, _, err := s.twins.Get(tx, key)
	if err != nil {
		return false, err
	}
	var why Loss
	switch {
	case fixed:
		t.fix()
	default:
		d.Raises, why = t.place(d.Output, number, p.Window)
	}
	if why > 0 {
		b.Lost = append(b.Lost, lost{d.Output.ID, d.Output.Session, d.Output.Amount, why})
		return false, nil
	}
	if d.Fate != coin.Returned { // else its credit stands
		if d.Credit = t.credit(d.Credit, p.Dust); d.Credit == 0 {
			d.Fate = coin.Accumulated // it brings nothing that could be reported
		}
	}
	return true, s.twins.Put(tx, key, t)
}

// twinsOf names the twins of an output. It is false if it can have none.
func (s *scanner) twinsOf(o coin.Output) (twinKey, bool) {
	shared := s.Coin.Twin(o)
	return twinKey{o.Session, string(shared)}, shared != nil && o.Kind == coin.External
}

// changeTwins changes the record of an output's twins, if it can have any.
func (s *scanner) changeTwins(tx storage.Tx, o coin.Output, change func(*twins)) error {
	key, ok := s.twinsOf(o)
	if !ok {
		return nil
	}
	t, _, err := s.twins.Get(tx, key)
	if err != nil {
		return err
	}
	change(&t)
	if t.Output.Amount == 0 && t.Credited == 0 && !t.Fixed {
		return s.twins.Delete(tx, key)
	}
	return s.twins.Put(tx, key, t)
}

// displace takes deposits of a block that is void, settled or not, out of the
// places that they took, the last first.
func (s *scanner) displace(tx storage.Tx, deposits []coin.Deposit, settled bool) error {
	for i := range deposits {
		d := deposits[len(deposits)-1-i]
		err := s.changeTwins(tx, d.Output, func(t *twins) {
			if settled || d.Fate != coin.Returned { // else its credit is void already, and counts
				t.Credited -= min(t.Credited, d.Credit)
			}
			switch {
			case t.Output.ID != d.Output.ID:
			case d.Raises != nil:
				t.Output = *d.Raises
			default:
				t.Output, t.Until = coin.Output{}, 0
			}
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// fix lets an output keep the place that it has, or had before its block was
// void.
func (s *scanner) fix(tx storage.Tx, o coin.Output) error {
	if err := s.changeTwins(tx, o, (*twins).fix); err != nil {
		return err
	}
	v, ok, err := s.voided.Get(tx, o.ID)
	if err != nil || !ok {
		return err
	}
	v.Fixed = true
	return s.voided.Put(tx, o.ID, v)
}

// forgets bounds how many records one settlement forgets.
const forgets = 256

// forgetTwins forgets records of keys that are not looked for any more, a few at a
// time.
func (s *scanner) forgetTwins(tx storage.Tx) error {
	keys, err := s.ring(tx)
	if err != nil {
		return err
	}
	var old []twinKey
	var from uint64 // sessions are in order
	for _, key := range keys.keys {
		if err := s.twinsBetween(tx, from, key.Session, &old); err != nil {
			return err
		}
		from = key.Session + 1
	}
	if err := s.twinsBetween(tx, from, math.MaxUint64, &old); err != nil {
		return err
	}
	for _, key := range old {
		if err := s.twins.Delete(tx, key); err != nil {
			return err
		}
	}
	return nil
}

// twinsBetween adds the records of sessions in [from, to) to a list that is not
// full.
func (s *scanner) twinsBetween(r storage.Reader, from, to uint64, list *[]twinKey) error {
	for item, err := range s.twins.Between(r, twinKey{session: from}, twinKey{session: to}) {
		if err != nil || len(*list) == forgets {
			return err
		}
		*list = append(*list, item.Key)
	}
	return nil
}
