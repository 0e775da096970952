package processor

import (
	"bytes"
	"fmt"

	"github.com/serai-go/processor/batch"
	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/frost/dkg"
	"github.com/serai-go/processor/internal/wire"
	"github.com/serai-go/processor/scanner"
	"github.com/serai-go/processor/signer"
)

// Entry is an entry of the ordered log, the one input of a processor besides
// the chain: one of the types of this file.
type Entry interface {
	kind() uint8
	// concerns tells whether a lane acts on the entry.
	concerns(lane) bool
	encode(*wire.Writer)
}

// Kinds of entries, as encoded.
const (
	kindGenerateKey = iota + 1
	kindPeerMessage
	kindCloseRound
	kindConfirmKey
	kindAcknowledgeBatch
	kindBurns
	kindReattempt
	kindCosignBlock
	kindSignSlashReport
	kindRetireSession
	kindAbandonKey
	kindSetParameters
	kindRewind
	kindReplacePlan
)

// GenerateKey starts an attempt to generate the key pair of a session, which is
// a validator set with its keys. One that is impossible, or no greater attempt than
// one before, has no effect but a Condition.
type GenerateKey struct {
	Session uint64
	// Attempt counts the session's attempts from 0.
	Attempt uint32
	// Threshold is how many shares sign, t of n. MinOK is how many have to be
	// confirmed as received before a round that is closed makes a key: from
	// ⌈(n + t) / 2⌉ to n, and 0 is n. See keygen.
	Threshold, MinOK uint16
	// Participants are the validators in the set's order, which numbers them from 0.
	Participants []dkg.Participant
}

// PeerMessage is what a validator of a session sent to all, itself included: the
// payload of its Broadcast, or nothing for a processor that is not in the session.
type PeerMessage struct {
	Session uint64
	// From is the sender's number in the session, which the coordinator has
	// authenticated.
	From    uint16
	Payload []byte
}

// CloseRound ends a round of an attempt at a session's keys with those who have
// spoken. Once all have, a round ends by itself; how long to wait for others is
// for the coordinator to decide.
type CloseRound struct {
	Session uint64
	Attempt uint32
	// Round is 1 for deals, and from 2 on for responses: after a round in which
	// dealers were convicted by complaints comes another. Only the round that
	// is open closes.
	Round uint8
}

// ConfirmKey makes the result of a finished attempt the session's key. To repeat it
// has no effect; processors that came to other keys halt.
type ConfirmKey struct {
	Session uint64
	Attempt uint32
	// Start is when the first session's key activates. Later ones do not use it.
	Start scanner.Start
	// BatchKey is an Ed25519 public key, NetworkKey the encoded element of
	// the coin's group.
	BatchKey   [32]byte
	NetworkKey []byte
}

// AcknowledgeBatch tells that the settlement chain has executed a batch, or has
// seen one without instructions: until then nothing behind its block settles.
// Each is acknowledged once, in the order of their IDs. Everything else halts all
// processors: all validators tell of a SignedBatch, and one has to be taken.
type AcknowledgeBatch struct {
	// ID and Digest are those of the SignedBatch.
	ID     uint64
	Digest [32]byte
	// Results says of each of the batch's instructions whether it succeeded. If
	// not, the deposit goes back to its origin, or stays as a gift if it has none.
	Results []bool
	// Burns are payments that came with it.
	Burns []coin.Payment
}

// Burns are payments that the group now owes.
type Burns struct{ Payments []coin.Payment }

// Reattempt lets signers back who restarted too often while signing what has a
// sign ID.
type Reattempt struct {
	SignID signer.ID
	// Number counts the reattempts of this sign ID from 1.
	Number uint32
}

// CosignBlock asks a confirmed session to sign with its batch key that a block
// of the settlement chain is final. The blocks of a session only grow in
// number: a greater one takes the place of one that is not signed yet, others
// have no effect but a Condition.
type CosignBlock struct {
	Session uint64
	// Number and Hash identify the block.
	Number uint64
	Hash   [32]byte
}

// SignSlashReport asks a confirmed session to sign, with its batch key, what
// its validators have to answer for. A session has one report: the first counts.
type SignSlashReport struct {
	Session uint64
	// Slashes are in ascending order of the validators, each at most once.
	Slashes []batch.Slash
}

// RetireSession erases a session's secrets for good. For a confirmed session it
// has an effect once its key is retired and all batches up to there are
// acknowledged, before that only a Condition. Any other session's key
// generation ends for good.
type RetireSession struct{ Session uint64 }

// AbandonKey takes a session's key out of service whose holders are gone. Its
// successor takes over at once what is to be signed by its batch key; its
// outputs are written off, and what its payments already spend is paid from
// nothing else. Without a successor, it has no effect but a Condition.
type AbandonKey struct{ Session uint64 }

// SetParameters changes the rules from its effective block on, which lies a
// window behind the block of the first batch that is acknowledged after it. A
// processor that does not know the version halts before that block.
type SetParameters struct {
	// Version is that of the rules. This processor knows scanner.RulesVersion.
	Version uint32
	// Content is what the version makes of it: see NewParameters.
	Content []byte
}

// Rewind tells that the chain has changed behind a block that is final, and that
// what was settled of the blocks behind it is void: see Processor.PlanRewind.
// Processors halted for the change go on with it, others wait until their node
// shows it.
type Rewind struct {
	// Number counts the rewinds from 1.
	Number uint64
	// Fork is the number of the newest block that stands, Block its ID.
	Fork  uint64
	Block coin.BlockID
	// Next is the block behind it on the chain that counts from now on.
	Next coin.BlockID
}

// ReplacePlan plans a stuck plan's inputs once more, at a higher fee. All versions
// are watched. Which of them happens decides what becomes of the payments: those
// to drop are not made unless the plan happens as it was, and others that are not
// in this version's transaction are planned anew.
type ReplacePlan struct {
	Plan coin.PlanID
	// Number counts the replacements of this plan from 1.
	Number uint64
	// Drop are payments of the plan, in ascending order.
	Drop []coin.PaymentID
}

// NewParameters is the entry that sets parameters of the known version. All but
// BatchesAhead and Withdrawals can change; another value there, or parameters
// that Validate refuses, make it an entry without effect but a Condition.
func NewParameters(p coin.Parameters) SetParameters {
	return SetParameters{scanner.RulesVersion, wire.Marshal(p)}
}

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
