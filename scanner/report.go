package scanner

import (
	"github.com/serai-go/processor/batch"
	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/internal/wire"
	"github.com/serai-go/processor/storage"
)

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
	// Session is the validator set that signs.
	Session uint64
	// Last marks its block's last batch.
	Last  bool
	Batch batch.Batch
}

// Encode writes the report.
func (p report) Encode(w *wire.Writer) {
	w.Uint64(p.Session)
	w.Bool(p.Last)
	p.Batch.Encode(w)
}

// Decode reads the report.
func (p *report) Decode(r *wire.Reader) {
	p.Session = r.Uint64()
	p.Last = r.Bool()
	p.Batch.Decode(r)
}

// digest is what the session signs.
func (s *scanner) digest(p report) [32]byte {
	return p.Batch.Digest(batch.Domain{Network: s.Network, Genesis: s.Genesis, Session: p.Session})
}

// report tells of keys that enter a stage, and makes the batches of a notable
// block, of which b holds what counts.
func (s *scanner) report(tx storage.Tx, keys keyring, standings []standing, header coin.Header, b *buffer) error {
	instructions, err := s.lateOnes(tx, header.Number, standings, b)
	if err != nil {
		return err
	}
	notable := len(b.Late) > 0 || len(b.Internal) > 0
	for _, k := range standings {
		if k.now == k.before {
			continue
		}
		if err := s.Events.KeyStage(tx, k.Session, k.now, header.Number); err != nil {
			return err
		}
		// A key that begins to report makes a block notable by what it held back.
		notable = notable || k.before == Confirmed || k.now != Reporting
	}
	for _, d := range b.Deposits {
		notable = notable || d.Fate != coin.Held
		if d.Fate == coin.Reported {
			instructions = append(instructions, batch.Instruction{
				Origin: string(d.Output.Origin), Amount: d.Credit, Data: d.Output.Data,
			})
		}
	}
	p, err := s.reports.Load(tx)
	if err != nil {
		return err
	}
	// The first scanned block is notable: the first key's activation.
	if !notable && header.Number != keys.horizon(p.Notable+1)-1 {
		return nil
	}
	session, err := keys.duty(header.Number)
	if err != nil {
		return err
	}
	update := batch.Fill(header.Number, header.ID, p.Batches, int(keys.at(header.Number).BatchLimit), instructions)
	for i, one := range update.Batches {
		if err := s.batches.Put(tx, one.ID, report{session, i == len(update.Batches)-1, one}); err != nil {
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
