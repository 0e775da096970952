package scanner

import (
	"fmt"

	"github.com/serai-go/processor/batch"
	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/internal/wire"
	"github.com/serai-go/processor/storage"
)

// buffer is what a scanned block keeps until it settles.
type buffer struct {
	Deposits []coin.Deposit
	Internal []coin.Output
}

// Encode writes the buffer.
func (b buffer) Encode(w *wire.Writer) {
	wire.List(w, b.Deposits)
	wire.List(w, b.Internal)
}

// Decode reads the buffer.
func (b *buffer) Decode(r *wire.Reader) {
	b.Deposits = wire.ReadList[coin.Deposit](r, 1<<24, 78)
	b.Internal = wire.ReadList[coin.Output](r, 1<<24, 69)
}

// reports is how far reporting is.
type reports struct {
	// Batches is the number of batches so far, and so the next ID.
	Batches uint64
	// Notable is the last notable block.
	Notable uint64
}

// Encode writes the record.
func (p reports) Encode(w *wire.Writer) {
	w.Uint64(p.Batches)
	w.Uint64(p.Notable)
}

// Decode reads the record.
func (p *reports) Decode(r *wire.Reader) {
	p.Batches = r.Uint64()
	p.Notable = r.Uint64()
}

// report is what is kept of a batch until its block settles.
type report struct {
	// Number is the batch's block.
	Number uint64
	Digest [32]byte
	// Instructions is how many results are due.
	Instructions uint32
	// Last marks its block's last batch.
	Last bool
}

// Encode writes the report.
func (p report) Encode(w *wire.Writer) {
	w.Uint64(p.Number)
	w.Fixed(p.Digest[:])
	w.Uint32(p.Instructions)
	w.Bool(p.Last)
}

// Decode reads the report.
func (p *report) Decode(r *wire.Reader) {
	p.Number = r.Uint64()
	r.Fixed(p.Digest[:])
	p.Instructions = r.Uint32()
	p.Last = r.Bool()
}

// Due implements Scanner.
func (s *scanner) Due(r storage.Reader, most int) ([]Task, error) {
	task, err := s.due(r)
	if err != nil || task == nil || most < 1 {
		return nil, err
	}
	return []Task{*task}, nil
}

func (s *scanner) due(r storage.Reader) (*Task, error) {
	f, err := s.frontier.Load(r)
	if err != nil || !f.Active || f.Scan >= f.Index || f.Scan >= f.Settle+s.Parameters.Window {
		return nil, err
	}
	header, ok, err := s.headers.Get(r, f.Scan)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, fmt.Errorf("%w: header %d is missing", storage.ErrCorrupt, f.Scan)
	}
	keys, err := s.Keys(r)
	if err != nil {
		return nil, err
	}
	task := &Task{Header: header}
	for _, k := range keys {
		if k.Active && k.Activation <= header.Number {
			task.Keys = append(task.Keys, coin.Key{Session: k.Session, Key: k.NetworkKey})
		}
	}
	return task, nil
}

// Scan implements Scanner.
func (s *scanner) Scan(tx storage.Tx, header coin.Header, outputs []coin.Output) error {
	task, err := s.due(tx)
	switch {
	case err != nil:
		return err
	case task == nil || task.Header != header:
		return fmt.Errorf("scanner: block %d is not due", header.Number)
	}
	keys, err := s.Keys(tx)
	if err != nil {
		return err
	}
	b, err := s.sift(tx, keys, header.Number, outputs)
	if err != nil {
		return fmt.Errorf("scan block %d: %w", header.Number, err)
	}
	if err := s.report(tx, keys, header, b); err != nil {
		return fmt.Errorf("report block %d: %w", header.Number, err)
	}
	if err := s.buffers.Put(tx, header.Number, b); err != nil {
		return err
	}
	f, err := s.frontier.Load(tx)
	if err != nil {
		return err
	}
	f.Scan++
	return s.frontier.Put(tx, f)
}

// sift returns what counts of a block's outputs.
func (s *scanner) sift(tx storage.Tx, keys []Key, number uint64, outputs []coin.Output) (buffer, error) {
	var b buffer
	var cost *uint64 // of an input at the block's rate, once it is wanted
	for i, o := range outputs {
		// An output that came twice would be credited twice.
		if i > 0 && coin.CompareOutputs(outputs[i-1], o) >= 0 {
			return b, fmt.Errorf("%w: output %s is out of order", coin.ErrInvalid, o.ID)
		}
		key, first := find(keys, o.Session)
		if key == nil || o.Amount < s.Parameters.Dust {
			continue
		}
		if o.Kind != coin.External {
			o.Origin, o.Data = "", nil // anyone may have written them
			b.Internal = append(b.Internal, o)
		} else {
			if StageAt(s.Parameters, number, Lifetime{Activation: key.Activation, First: first}) != Reporting {
				return b, fmt.Errorf("deposit %s to a key that is not reporting", o.ID)
			}
			if cost == nil {
				rate, err := s.Rate(tx, number)
				if err != nil {
					return b, err
				}
				one := s.Coin.InputCost(rate)
				cost = &one
			}
			d, ok := s.deposit(o, *cost)
			if !ok {
				continue
			}
			b.Deposits = append(b.Deposits, d)
		}
		if err := s.guard(tx, o); err != nil {
			return b, err
		}
	}
	return b, nil
}

// deposit is an external output with its credit and fate, given the cost of
// an input. It is false for one that does not count.
func (s *scanner) deposit(o coin.Output, cost uint64) (coin.Deposit, bool) {
	if cost > o.Amount/2 || o.Amount-2*cost < s.Parameters.Dust {
		return coin.Deposit{}, false
	}
	if uint64(len(o.Data)) > uint64(s.Parameters.MaxData) {
		o.Data = nil
	}
	d := coin.Deposit{Output: o, Credit: o.Amount - 2*cost}
	switch {
	case len(o.Data) > 0:
		d.Fate = coin.Reported
	case o.Origin != "":
		d.Fate = coin.Refunded
	default:
		d.Fate = coin.Accumulated
	}
	return d, true
}

func find(keys []Key, session uint64) (key *Key, first bool) {
	for i := range keys {
		if keys[i].Session == session {
			return &keys[i], i == 0
		}
	}
	return nil, false
}

// guard watches for the output's spend.
func (s *scanner) guard(tx storage.Tx, o coin.Output) error {
	lookup := s.Coin.SpendLookup(o)
	if lookup == nil {
		return nil
	}
	return s.Tracker.Guard(tx, lookup, wire.Marshal(o.ID))
}

// report makes the batches of a notable block.
func (s *scanner) report(tx storage.Tx, keys []Key, header coin.Header, b buffer) error {
	p, started, err := s.reports.Get(tx)
	if err != nil {
		return err
	}
	heartbeat := started && header.Number == p.Notable+s.Parameters.Window
	// The first scanned block is the first key's activation.
	if started && !heartbeat && len(b.Deposits) == 0 && len(b.Internal) == 0 {
		return nil
	}
	if !started {
		if err := s.Events.KeyStage(tx, keys[0].Session, Reporting, header.Number); err != nil {
			return err
		}
	}
	var instructions []batch.Instruction
	for _, d := range b.Deposits {
		if d.Fate == coin.Reported {
			instructions = append(instructions, batch.Instruction{
				Origin: string(d.Output.Origin), Amount: d.Credit, Data: d.Output.Data,
			})
		}
	}
	update := batch.Fill(header.Number, header.ID, p.Batches, int(s.Parameters.BatchLimit), instructions)
	session := keys[0].Session
	domain := batch.Domain{Network: s.Network, Genesis: s.Genesis, Session: session}
	for i, one := range update.Batches {
		rep := report{
			Number: header.Number, Digest: one.Digest(domain),
			Instructions: uint32(len(one.Instructions)), Last: i == len(update.Batches)-1,
		}
		if err := s.batches.Put(tx, one.ID, rep); err != nil {
			return err
		}
	}
	p.Batches += uint64(len(update.Batches))
	p.Notable = header.Number
	if err := s.reports.Put(tx, p); err != nil {
		return err
	}
	return s.Events.Reported(tx, session, update)
}
