package processor

import (
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

// Burns are payments that the group now owes. One with an ID that was there before is
// ignored, which a Condition tells.
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
