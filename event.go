package processor

import (
	"github.com/serai-go/processor/batch"
	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/internal/wire"
	"github.com/serai-go/processor/scanner"
	"github.com/serai-go/processor/signer"
)

// Event is something the embedder is told, in order and at least once, until
// it acknowledges the ID.
type Event struct {
	ID   uint64
	Body EventBody // one of the types of this file
}

// EventBody is one of the types of this file.
type EventBody interface {
	eventKind() uint8
	encode(*wire.Writer)
}

// Kinds of events, as encoded.
const (
	kindBroadcast = iota + 1
	kindKeyGenerated
	kindKeyGenFailed
	kindUpdate
	kindSignedBatch
	kindPaymentPlanned
	kindPaymentSettled
	kindRefunded
	kindPaymentDropped
	kindPaymentRefused
	kindCompleted
	kindInvalidParticipant
	kindKeyStage
	kindDivergence
	kindCondition
	kindHalted
	kindCosignedBlock
	kindSignedSlashReport
	kindWrittenOff
	kindVoidedCredit
)

// Broadcast asks to put a message to all validators of the session into the
// log, as a PeerMessage with this payload from this one.
type Broadcast struct {
	Session uint64
	Payload []byte
}

// KeyGenerated tells the result of an attempt at a session's keys, to vote on.
type KeyGenerated struct {
	Session uint64
	Attempt uint32
	// BatchKey and NetworkKey are what ConfirmKey names if the vote is for them.
	BatchKey   [32]byte
	NetworkKey []byte
	// OKWeight is the weight of the validators who confirmed their shares:
	// the key is safe against OKWeight − threshold faulty ones.
	OKWeight uint16
	// Transcript is the hash of all that made the key.
	Transcript [32]byte
}

// KeyGenFailed tells that an attempt at a session's keys failed.
type KeyGenFailed struct {
	Session uint64
	Attempt uint32
	// Faulty were convicted in it. Silent were those whom its last round still
	// waited for when it was closed, which convicts nobody.
	Faulty, Silent []uint16
}

// Update tells all that a session has to report about a block. Its batches follow
// as SignedBatch once signed: those are to be acted on, this is early news.
type Update struct {
	Session uint64
	batch.Update
}

// SignedBatch is a batch with the signature of its session's batch key. They
// come in the order of their IDs, which is that of their acknowledgements.
type SignedBatch struct {
	Session uint64
	Batch   batch.Batch
	// Digest is the batch's, which the signature signs and its
	// acknowledgement names.
	Digest    [32]byte
	Signature [64]byte
}

// CosignedBlock is a block of the settlement chain with the signature of a
// session's batch key: see batch.Cosign.
type CosignedBlock struct {
	Session uint64
	// Number and Hash identify the block.
	Number uint64
	Hash   [32]byte
	// Digest is the cosign's, which the signature signs.
	Digest    [32]byte
	Signature [64]byte
}

// SignedSlashReport is a slash report with the signature of its session's batch
// key: see batch.SlashReport.
type SignedSlashReport struct {
	Session uint64
	// Slashes are in ascending order of the validators.
	Slashes []batch.Slash
	// Digest is the report's, which the signature signs.
	Digest    [32]byte
	Signature [64]byte
}

// PaymentPlanned tells that the payment with an ID is part of a plan.
type PaymentPlanned struct {
	ID   coin.PaymentID
	Plan coin.PlanID
}

// PaymentSettled tells that the payment with an ID has arrived by a transaction:
// Paid to the payee, Share for its part of the costs.
type PaymentSettled struct {
	ID          coin.PaymentID
	Transaction coin.TransactionID
	Paid, Share uint64
}

// Refunded is PaymentSettled for the refund of a deposit, with the same Transaction,
// Paid and Share.
type Refunded struct {
	ID          coin.PaymentID // see coin.RefundID
	Transaction coin.TransactionID
	Paid, Share uint64
}

// PaymentDropped tells that the payment with an ID will not be made, for a reason.
// The amount kept is owed to the settlement chain.
type PaymentDropped struct {
	ID         coin.PaymentID
	AmountKept uint64
	Reason     string
}

// PaymentRefused tells that a burn asks, under an ID, for what cannot be paid, for a
// reason. Its amount is owed to the settlement chain.
type PaymentRefused struct {
	ID     coin.PaymentID
	Reason string
}

// WrittenOff tells that an output of the group will not be spent, for a reason:
// it is not worth moving from a key that retires, or its key is abandoned.
type WrittenOff struct {
	Output coin.OutputID
	// Amount is in atomic units.
	Amount uint64
	Reason string
}

// VoidedCredit tells that a deposit to a session, which took effect with an
// amount in atomic units, is in no block any more since a Rewind: the chain has
// come as far as it was before, and the deposit has not come back. If it still
// does, the group has it again, without another effect.
type VoidedCredit struct {
	Output  coin.OutputID // of the deposit
	Session uint64
	Amount  uint64
}

// Completed tells that this validator holds the signed transaction of a plan,
// whose sign ID it names.
type Completed struct {
	SignID      signer.ID
	Transaction coin.TransactionID
}

// InvalidParticipant names a validator of a session who broke the protocol.
type InvalidParticipant struct {
	Session uint64
	Who     uint16
	// Reason is for people: its words may differ between versions.
	Reason string
	// Evidence is its message, or the item of that at fault, or the message of
	// another who complains of what it dealt: see Replay.
	Evidence []byte
}

// KeyStage tells that a session's key enters a stage at the block of a number.
type KeyStage struct {
	Session uint64
	Stage   scanner.Stage
	Number  uint64
}

// Divergence tells that validators committed to sign different things under
// one sign ID, and the digests of two of them. By itself it changes nothing.
type Divergence struct {
	SignID  signer.ID
	Digests [][32]byte
}

// Condition tells something noteworthy that decides nothing, such as an entry
// of the log without effect, or a signer that waits for a Reattempt.
type Condition struct {
	// Subject is the ID of the payment or plan, or the subject of the sign ID,
	// concerned, or zero.
	Subject [32]byte
	Text    string // for people
}

// Halted tells that the processor has stopped for good, for a cause, and the
// reason for people. Of a changed chain it tells the change.
type Halted struct {
	Cause   Cause
	Reason  string
	Changed *scanner.ChainChanged
}
