package processor

import (
	"fmt"

	"github.com/serai-go/processor/batch"
	"github.com/serai-go/processor/internal/wire"
	"github.com/serai-go/processor/scanner"
)

// maxReason is the length in bytes of the longest text of an event.
const maxReason = 1 << 12

func (Broadcast) eventKind() uint8          { return kindBroadcast }
func (KeyGenerated) eventKind() uint8       { return kindKeyGenerated }
func (KeyGenFailed) eventKind() uint8       { return kindKeyGenFailed }
func (Update) eventKind() uint8             { return kindUpdate }
func (SignedBatch) eventKind() uint8        { return kindSignedBatch }
func (PaymentPlanned) eventKind() uint8     { return kindPaymentPlanned }
func (PaymentSettled) eventKind() uint8     { return kindPaymentSettled }
func (Refunded) eventKind() uint8           { return kindRefunded }
func (PaymentDropped) eventKind() uint8     { return kindPaymentDropped }
func (PaymentRefused) eventKind() uint8     { return kindPaymentRefused }
func (Completed) eventKind() uint8          { return kindCompleted }
func (InvalidParticipant) eventKind() uint8 { return kindInvalidParticipant }
func (KeyStage) eventKind() uint8           { return kindKeyStage }
func (Divergence) eventKind() uint8         { return kindDivergence }
func (Condition) eventKind() uint8          { return kindCondition }
func (Halted) eventKind() uint8             { return kindHalted }
func (CosignedBlock) eventKind() uint8      { return kindCosignedBlock }
func (SignedSlashReport) eventKind() uint8  { return kindSignedSlashReport }
func (WrittenOff) eventKind() uint8         { return kindWrittenOff }
func (VoidedCredit) eventKind() uint8       { return kindVoidedCredit }

func (e Broadcast) encode(w *wire.Writer) {
	w.Uint64(e.Session)
	w.Bytes(e.Payload)
}

func (e KeyGenerated) encode(w *wire.Writer) {
	w.Uint64(e.Session)
	w.Uint32(e.Attempt)
	w.Fixed(e.BatchKey[:])
	w.Bytes(e.NetworkKey)
	w.Uint16(e.OKWeight)
	w.Fixed(e.Transcript[:])
}

func (e KeyGenFailed) encode(w *wire.Writer) {
	w.Uint64(e.Session)
	w.Uint32(e.Attempt)
	encodeNumbers(w, e.Faulty)
	encodeNumbers(w, e.Silent)
}

func encodeNumbers(w *wire.Writer, list []uint16) {
	w.Count(len(list))
	for _, n := range list {
		w.Uint16(n)
	}
}

func decodeNumbers(r *wire.Reader) (list []uint16) {
	for range r.Count(1<<16, 2) {
		list = append(list, r.Uint16())
	}
	return list
}

func (e Update) encode(w *wire.Writer) {
	w.Uint64(e.Session)
	e.Update.Encode(w)
}

func (e SignedBatch) encode(w *wire.Writer) {
	w.Uint64(e.Session)
	e.Batch.Encode(w)
	w.Fixed(e.Digest[:])
	w.Fixed(e.Signature[:])
}

func (e PaymentPlanned) encode(w *wire.Writer) {
	w.Fixed(e.ID[:])
	w.Fixed(e.Plan[:])
}

func (e PaymentSettled) encode(w *wire.Writer) {
	w.Fixed(e.ID[:])
	w.Fixed(e.Transaction[:])
	w.Uint64(e.Paid)
	w.Uint64(e.Share)
}

func decodePaymentSettled(r *wire.Reader) (e PaymentSettled) {
	r.Fixed(e.ID[:])
	r.Fixed(e.Transaction[:])
	e.Paid = r.Uint64()
	e.Share = r.Uint64()
	return e
}

func (e Refunded) encode(w *wire.Writer) { PaymentSettled(e).encode(w) }

func (e PaymentDropped) encode(w *wire.Writer) {
	w.Fixed(e.ID[:])
	w.Uint64(e.AmountKept)
	w.String(e.Reason)
}

func (e WrittenOff) encode(w *wire.Writer) {
	e.Output.Encode(w)
	w.Uint64(e.Amount)
	w.String(e.Reason)
}

func decodeWrittenOff(r *wire.Reader) (e WrittenOff) {
	e.Output.Decode(r)
	e.Amount = r.Uint64()
	e.Reason = r.String(maxReason)
	return e
}

func (e VoidedCredit) encode(w *wire.Writer) {
	e.Output.Encode(w)
	w.Uint64(e.Session)
	w.Uint64(e.Amount)
}

func decodeVoidedCredit(r *wire.Reader) (e VoidedCredit) {
	e.Output.Decode(r)
	e.Session = r.Uint64()
	e.Amount = r.Uint64()
	return e
}

func (e PaymentRefused) encode(w *wire.Writer) {
	w.Fixed(e.ID[:])
	w.String(e.Reason)
}

func (e Completed) encode(w *wire.Writer) {
	e.SignID.Encode(w)
	w.Fixed(e.Transaction[:])
}

func (e InvalidParticipant) encode(w *wire.Writer) {
	w.Uint64(e.Session)
	w.Uint16(e.Who)
	w.String(e.Reason)
	w.Bytes(e.Evidence)
}

func (e KeyStage) encode(w *wire.Writer) {
	w.Uint64(e.Session)
	w.Uint8(uint8(e.Stage))
	w.Uint64(e.Number)
}

func (e Divergence) encode(w *wire.Writer) {
	e.SignID.Encode(w)
	w.Count(len(e.Digests))
	for _, d := range e.Digests {
		w.Fixed(d[:])
	}
}

func (e Condition) encode(w *wire.Writer) {
	w.Fixed(e.Subject[:])
	w.String(e.Text)
}

func (e Halted) encode(w *wire.Writer) { Halt(e).Encode(w) }

func decodeHalted(r *wire.Reader) Halted {
	var h Halt
	h.Decode(r)
	return Halted(h)
}

func (e CosignedBlock) encode(w *wire.Writer) {
	w.Uint64(e.Session)
	batch.Cosign{Number: e.Number, Hash: e.Hash}.Encode(w)
	w.Fixed(e.Digest[:])
	w.Fixed(e.Signature[:])
}

func (e SignedSlashReport) encode(w *wire.Writer) {
	w.Uint64(e.Session)
	batch.SlashReport{Slashes: e.Slashes}.Encode(w)
	w.Fixed(e.Digest[:])
	w.Fixed(e.Signature[:])
}

// EncodeEvent returns the one encoding of an event's body.
func EncodeEvent(e EventBody) []byte {
	var w wire.Writer
	w.Uint8(e.eventKind())
	e.encode(&w)
	return w.Data()
}

// DecodeEvent reads an event's body back. It refuses everything that
// EncodeEvent does not write.
func DecodeEvent(data []byte) (EventBody, error) {
	r := wire.NewReader(data)
	e := decodeEvent(r)
	if err := r.Done(); err != nil {
		return nil, fmt.Errorf("decode event: %w", err)
	}
	return e, nil
}

func decodeEvent(r *wire.Reader) EventBody {
	switch kind := r.Uint8(); kind {
	case kindBroadcast:
		return Broadcast{Session: r.Uint64(), Payload: r.Bytes(maxMessage)}
	case kindKeyGenerated:
		e := KeyGenerated{Session: r.Uint64(), Attempt: r.Uint32()}
		r.Fixed(e.BatchKey[:])
		e.NetworkKey = r.Bytes(64)
		e.OKWeight = r.Uint16()
		r.Fixed(e.Transcript[:])
		return e
	case kindKeyGenFailed:
		return KeyGenFailed{
			Session: r.Uint64(), Attempt: r.Uint32(), Faulty: decodeNumbers(r), Silent: decodeNumbers(r),
		}
	case kindUpdate:
		e := Update{Session: r.Uint64()}
		e.Update.Decode(r)
		return e
	case kindSignedBatch:
		e := SignedBatch{Session: r.Uint64()}
		e.Batch.Decode(r)
		r.Fixed(e.Digest[:])
		r.Fixed(e.Signature[:])
		return e
	case kindPaymentPlanned:
		var e PaymentPlanned
		r.Fixed(e.ID[:])
		r.Fixed(e.Plan[:])
		return e
	case kindPaymentSettled:
		return decodePaymentSettled(r)
	case kindRefunded:
		return Refunded(decodePaymentSettled(r))
	case kindPaymentDropped:
		var e PaymentDropped
		r.Fixed(e.ID[:])
		e.AmountKept = r.Uint64()
		e.Reason = r.String(maxReason)
		return e
	case kindWrittenOff:
		return decodeWrittenOff(r)
	case kindVoidedCredit:
		return decodeVoidedCredit(r)
	case kindPaymentRefused:
		var e PaymentRefused
		r.Fixed(e.ID[:])
		e.Reason = r.String(maxReason)
		return e
	case kindCompleted:
		var e Completed
		e.SignID.Decode(r)
		r.Fixed(e.Transaction[:])
		return e
	case kindInvalidParticipant:
		return InvalidParticipant{
			Session: r.Uint64(), Who: r.Uint16(), Reason: r.String(maxReason), Evidence: r.Bytes(maxMessage),
		}
	case kindKeyStage:
		return KeyStage{Session: r.Uint64(), Stage: scanner.Stage(r.Uint8()), Number: r.Uint64()}
	case kindDivergence:
		var e Divergence
		e.SignID.Decode(r)
		e.Digests = make([][32]byte, r.Count(1<<16, 32))
		for i := range e.Digests {
			r.Fixed(e.Digests[i][:])
		}
		return e
	case kindCondition:
		var e Condition
		r.Fixed(e.Subject[:])
		e.Text = r.String(maxReason)
		return e
	case kindHalted:
		return decodeHalted(r)
	case kindCosignedBlock:
		e := CosignedBlock{Session: r.Uint64()}
		var c batch.Cosign
		c.Decode(r)
		e.Number, e.Hash = c.Number, c.Hash
		r.Fixed(e.Digest[:])
		r.Fixed(e.Signature[:])
		return e
	case kindSignedSlashReport:
		e := SignedSlashReport{Session: r.Uint64()}
		var report batch.SlashReport
		report.Decode(r)
		e.Slashes = report.Slashes
		r.Fixed(e.Digest[:])
		r.Fixed(e.Signature[:])
		return e
	default:
		r.Check(false, fmt.Sprintf("event of kind %d", kind))
		return nil
	}
}
