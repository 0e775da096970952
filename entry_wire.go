package processor

import (
	"bytes"
	"fmt"

	"github.com/serai-go/processor/batch"
	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/frost/dkg"
	"github.com/serai-go/processor/internal/wire"
	"github.com/serai-go/processor/scanner"
)

// Bounds of decoded entries.
const (
	maxMessage  = 16 << 20
	maxPayments = 1 << 20
	maxResults  = 1 << 20
	maxContent  = 1 << 16
)

func (GenerateKey) kind() uint8      { return kindGenerateKey }
func (PeerMessage) kind() uint8      { return kindPeerMessage }
func (CloseRound) kind() uint8       { return kindCloseRound }
func (ConfirmKey) kind() uint8       { return kindConfirmKey }
func (AcknowledgeBatch) kind() uint8 { return kindAcknowledgeBatch }
func (Burns) kind() uint8            { return kindBurns }
func (Reattempt) kind() uint8        { return kindReattempt }
func (CosignBlock) kind() uint8      { return kindCosignBlock }
func (SignSlashReport) kind() uint8  { return kindSignSlashReport }
func (RetireSession) kind() uint8    { return kindRetireSession }
func (AbandonKey) kind() uint8       { return kindAbandonKey }
func (SetParameters) kind() uint8    { return kindSetParameters }
func (Rewind) kind() uint8           { return kindRewind }
func (ReplacePlan) kind() uint8      { return kindReplacePlan }

func (e GenerateKey) encode(w *wire.Writer) {
	w.Uint64(e.Session)
	w.Uint32(e.Attempt)
	w.Uint16(e.Threshold)
	w.Uint16(e.MinOK)
	w.Count(len(e.Participants))
	for _, p := range e.Participants {
		w.Fixed(p.Key[:])
		w.Uint16(p.Weight)
	}
}

func (e PeerMessage) encode(w *wire.Writer) {
	w.Uint64(e.Session)
	w.Uint16(e.From)
	w.Bytes(e.Payload)
}

func (e CloseRound) encode(w *wire.Writer) {
	w.Uint64(e.Session)
	w.Uint32(e.Attempt)
	w.Uint8(e.Round)
}

func (e ConfirmKey) encode(w *wire.Writer) {
	w.Uint64(e.Session)
	w.Uint32(e.Attempt)
	w.Bool(e.Start.ByTime)
	w.Uint64(e.Start.At)
	w.Fixed(e.BatchKey[:])
	w.Bytes(e.NetworkKey)
}

func (e AcknowledgeBatch) encode(w *wire.Writer) {
	w.Uint64(e.ID)
	w.Fixed(e.Digest[:])
	w.Count(len(e.Results))
	for _, ok := range e.Results {
		w.Bool(ok)
	}
	wire.List(w, e.Burns)
}

func (e Burns) encode(w *wire.Writer) { wire.List(w, e.Payments) }

func (e Reattempt) encode(w *wire.Writer) {
	e.SignID.Encode(w)
	w.Uint32(e.Number)
}

func (e CosignBlock) encode(w *wire.Writer) {
	w.Uint64(e.Session)
	e.cosign().Encode(w)
}

// cosign is what is signed.
func (e CosignBlock) cosign() batch.Cosign { return batch.Cosign{Number: e.Number, Hash: e.Hash} }

func (e SignSlashReport) encode(w *wire.Writer) {
	w.Uint64(e.Session)
	e.report().Encode(w)
}

// report is what is signed.
func (e SignSlashReport) report() batch.SlashReport { return batch.SlashReport{Slashes: e.Slashes} }

func (e RetireSession) encode(w *wire.Writer) { w.Uint64(e.Session) }
func (e AbandonKey) encode(w *wire.Writer)    { w.Uint64(e.Session) }

func (e SetParameters) encode(w *wire.Writer) {
	w.Uint32(e.Version)
	w.Bytes(e.Content)
}

func (e Rewind) encode(w *wire.Writer) { scanner.Rewind(e).Encode(w) }

func (e ReplacePlan) encode(w *wire.Writer) {
	w.Fixed(e.Plan[:])
	w.Uint64(e.Number)
	w.Count(len(e.Drop))
	for _, id := range e.Drop {
		w.Fixed(id[:])
	}
}

// EncodeEntry returns the one encoding of an entry.
func EncodeEntry(e Entry) []byte {
	var w wire.Writer
	w.Uint8(e.kind())
	e.encode(&w)
	return w.Data()
}

// DecodeEntry reads an entry back. It refuses everything that EncodeEntry
// does not write.
func DecodeEntry(data []byte) (Entry, error) {
	r := wire.NewReader(data)
	var e Entry
	switch kind := r.Uint8(); kind {
	case kindGenerateKey:
		e = decodeGenerateKey(r)
	case kindPeerMessage:
		e = PeerMessage{Session: r.Uint64(), From: r.Uint16(), Payload: r.Bytes(maxMessage)}
	case kindCloseRound:
		e = CloseRound{Session: r.Uint64(), Attempt: r.Uint32(), Round: r.Uint8()}
	case kindConfirmKey:
		e = decodeConfirmKey(r)
	case kindAcknowledgeBatch:
		e = decodeAcknowledgeBatch(r)
	case kindBurns:
		e = Burns{Payments: wire.ReadList[coin.Payment](r, maxPayments, 44)}
	case kindReattempt:
		var v Reattempt
		v.SignID.Decode(r)
		v.Number = r.Uint32()
		e = v
	case kindCosignBlock:
		session := r.Uint64()
		var c batch.Cosign
		c.Decode(r)
		e = CosignBlock{session, c.Number, c.Hash}
	case kindSignSlashReport:
		session := r.Uint64()
		var report batch.SlashReport
		report.Decode(r)
		e = SignSlashReport{session, report.Slashes}
	case kindRetireSession:
		e = RetireSession{Session: r.Uint64()}
	case kindAbandonKey:
		e = AbandonKey{Session: r.Uint64()}
	case kindSetParameters:
		e = SetParameters{Version: r.Uint32(), Content: r.Bytes(maxContent)}
	case kindRewind:
		var x scanner.Rewind
		x.Decode(r)
		e = Rewind(x)
	case kindReplacePlan:
		e = decodeReplacePlan(r)
	default:
		r.Check(false, fmt.Sprintf("entry of kind %d", kind))
	}
	if err := r.Done(); err != nil {
		return nil, fmt.Errorf("decode log entry: %w", err)
	}
	return e, nil
}

func decodeGenerateKey(r *wire.Reader) GenerateKey {
	e := GenerateKey{Session: r.Uint64(), Attempt: r.Uint32(), Threshold: r.Uint16(), MinOK: r.Uint16()}
	for range r.Count(1<<16, 34) {
		var p dkg.Participant
		r.Fixed(p.Key[:])
		p.Weight = r.Uint16()
		e.Participants = append(e.Participants, p)
	}
	return e
}

func decodeConfirmKey(r *wire.Reader) ConfirmKey {
	e := ConfirmKey{Session: r.Uint64(), Attempt: r.Uint32()}
	e.Start.ByTime = r.Bool()
	e.Start.At = r.Uint64()
	r.Fixed(e.BatchKey[:])
	e.NetworkKey = r.Bytes(64)
	return e
}

func decodeAcknowledgeBatch(r *wire.Reader) AcknowledgeBatch {
	e := AcknowledgeBatch{ID: r.Uint64()}
	r.Fixed(e.Digest[:])
	for range r.Count(maxResults, 1) {
		e.Results = append(e.Results, r.Bool())
	}
	e.Burns = wire.ReadList[coin.Payment](r, maxPayments, 44)
	return e
}

func decodeReplacePlan(r *wire.Reader) ReplacePlan {
	var e ReplacePlan
	r.Fixed(e.Plan[:])
	e.Number = r.Uint64()
	e.Drop = make([]coin.PaymentID, r.Count(maxPayments, 32))
	for i := range e.Drop {
		r.Fixed(e.Drop[i][:])
		r.Check(i == 0 || bytes.Compare(e.Drop[i-1][:], e.Drop[i][:]) < 0, "order of payments to drop")
	}
	return e
}
