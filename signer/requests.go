package signer

import (
	"fmt"

	"github.com/serai-go/processor/batch"
	"github.com/serai-go/processor/internal/wire"
	"github.com/serai-go/processor/storage"
)

// cosigning is the latest block that a session was asked to cosign.
type cosigning struct {
	Cosign batch.Cosign
	// Open is set until it is signed.
	Open bool
}

// Encode writes the record.
func (c cosigning) Encode(w *wire.Writer) {
	c.Cosign.Encode(w)
	w.Bool(c.Open)
}

// Decode reads the record.
func (c *cosigning) Decode(r *wire.Reader) {
	c.Cosign.Decode(r)
	c.Open = r.Bool()
}

// reporting is the one slash report of a session, empty once it is signed.
type reporting struct {
	Report batch.SlashReport
	// Open is set until it is signed.
	Open bool
}

// Encode writes the record.
func (p reporting) Encode(w *wire.Writer) {
	p.Report.Encode(w)
	w.Bool(p.Open)
}

// Decode reads the record.
func (p *reporting) Decode(r *wire.Reader) {
	p.Report.Decode(r)
	p.Open = r.Bool()
}

// SignedCosign is a cosign with the signature of a session's batch key.
type SignedCosign struct {
	Session uint64
	Cosign  batch.Cosign
	// Digest is the cosign's, which the signature signs.
	Digest    [32]byte
	Signature [64]byte
}

// SignedSlashReport is a slash report with the signature of a session's batch
// key.
type SignedSlashReport struct {
	Session uint64
	Report  batch.SlashReport
	// Digest is the report's, which the signature signs.
	Digest    [32]byte
	Signature [64]byte
}

// domain is that of a session's statements.
func (s *Signer) domain(session uint64) batch.Domain {
	return batch.Domain{Network: s.Network, Genesis: s.Genesis, Session: session}
}

// CosignID is the sign ID of a cosign.
func (s *Signer) CosignID(session uint64, c batch.Cosign) ID {
	return ID{session, Cosign, c.Digest(s.domain(session))}
}

// SlashReportID is the sign ID of a slash report.
func (s *Signer) SlashReportID(session uint64, report batch.SlashReport) ID {
	return ID{session, SlashReport, report.Digest(s.domain(session))}
}

// RequestCosign asks a session to cosign a block. A block above the last one
// takes its place if that is not signed yet; others are refused.
func (s *Signer) RequestCosign(tx storage.Tx, session uint64, c batch.Cosign) error {
	if able, err := s.sessions.Has(tx, session); err != nil {
		return err
	} else if !able {
		return s.Events.Refused(tx, fmt.Sprintf("cosign of block %d: session %d is not confirmed, or retired", c.Number, session))
	}
	last, ok, err := s.cosigns.Get(tx, session)
	if err != nil {
		return err
	}
	if ok && c.Number <= last.Cosign.Number {
		return s.Events.Refused(tx, fmt.Sprintf("cosign of block %d: session %d was asked for block %d before", c.Number, session, last.Cosign.Number))
	}
	if last.Open {
		if err := s.close(tx, s.CosignID(session, last.Cosign)); err != nil {
			return err
		}
	}
	if err := s.cosigns.Put(tx, session, cosigning{c, true}); err != nil {
		return err
	}
	id := s.CosignID(session, c)
	return s.open(tx, id, id.Subject)
}

// RequestSlashReport asks a session to sign its slash report. Only the first
// request of a session counts.
func (s *Signer) RequestSlashReport(tx storage.Tx, session uint64, report batch.SlashReport) error {
	if able, err := s.sessions.Has(tx, session); err != nil {
		return err
	} else if !able {
		return s.Events.Refused(tx, fmt.Sprintf("slash report: session %d is not confirmed, or retired", session))
	}
	if asked, err := s.reports.Has(tx, session); err != nil {
		return err
	} else if asked {
		return s.Events.Refused(tx, fmt.Sprintf("slash report: session %d was asked before", session))
	}
	if err := s.reports.Put(tx, session, reporting{report, true}); err != nil {
		return err
	}
	id := s.SlashReportID(session, report)
	return s.open(tx, id, id.Subject)
}

// requested tells whether a sign ID is that of a request that is not signed
// yet.
func (s *Signer) requested(r storage.Reader, id ID) (bool, error) {
	if id.Kind == Cosign {
		c, err := s.cosigns.Load(r, id.Session)
		return c.Open && s.CosignID(id.Session, c.Cosign) == id, err
	}
	p, err := s.reports.Load(r, id.Session)
	return p.Open && s.SlashReportID(id.Session, p.Report) == id, err
}

// finishRequest tells the signature of a request and forgets it: what still
// comes for it does not count any more.
func (s *Signer) finishRequest(tx storage.Tx, id ID, made [][]byte) error {
	if len(made) != 1 || len(made[0]) != 64 {
		return fmt.Errorf("signer: %d signatures of %s", len(made), id)
	}
	signature := [64]byte(made[0])
	if id.Kind == Cosign {
		c, err := s.cosigns.Load(tx, id.Session)
		if err != nil {
			return err
		}
		if err := s.cosigns.Put(tx, id.Session, cosigning{Cosign: c.Cosign}); err != nil {
			return err
		}
		if err := s.Events.SignedCosign(tx, SignedCosign{id.Session, c.Cosign, id.Subject, signature}); err != nil {
			return err
		}
	} else {
		p, err := s.reports.Load(tx, id.Session)
		if err != nil {
			return err
		}
		if err := s.reports.Put(tx, id.Session, reporting{}); err != nil {
			return err
		}
		if err := s.Events.SignedSlashReport(tx, SignedSlashReport{id.Session, p.Report, id.Subject, signature}); err != nil {
			return err
		}
	}
	return s.close(tx, id)
}
