package processor

import (
	"fmt"
	"strings"

	"github.com/serai-go/processor/coin"
)

// StepKind is a step in the life of something.
type StepKind string

// Steps of outputs.
const (
	// StepConfirming: its transaction is in a block that is not final.
	StepConfirming StepKind = "confirming"
	// StepSeen: it is in a final block.
	StepSeen StepKind = "seen"
	// StepHeldBack: its key does not report yet.
	StepHeldBack StepKind = "held back"
	// StepPassedOn: it goes to the successor of its key.
	StepPassedOn StepKind = "passed on"
	// StepArrived: it is at the successor.
	StepArrived StepKind = "arrived at the successor"
	// StepReported: a batch reports it.
	StepReported StepKind = "reported"
	// StepAcknowledged: that batch is acknowledged.
	StepAcknowledged StepKind = "acknowledged"
	// StepCredited: it was reported with success.
	StepCredited StepKind = "credited"
	// StepRefunded: it goes back to where it came from.
	StepRefunded StepKind = "to be refunded"
	// StepKept: it is a gift, as nobody can tell whose it was.
	StepKept StepKind = "kept as a gift"
	// StepVoid: its block is void, and it was not found again.
	StepVoid StepKind = "void"
	// StepReturned: it is here again, after its first block was void.
	StepReturned StepKind = "here again"
	// StepFree: any plan may spend it.
	StepFree StepKind = "free"
	// StepReserved: a plan spends it.
	StepReserved StepKind = "reserved"
	// StepOnHold: it is not spent before its hold is over.
	StepOnHold StepKind = "on hold"
	// StepRaises: it takes the place of a smaller output, as only one of them can ever
	// be spent.
	StepRaises StepKind = "takes the place of a smaller one"
	// StepOvertaken: a larger output has taken its place, as only one of them can
	// ever be spent. What was credited for it stands.
	StepOvertaken StepKind = "overtaken by a larger one"
	// StepWrittenOff: it will not be spent.
	StepWrittenOff StepKind = "written off"
	// StepNotLarger, StepTooLate and StepTaken: it never counts, as it is one of
	// several of which only one can ever be spent. It is not larger than one before,
	// came too late to take the place of a smaller one, or another keeps its place.
	StepNotLarger StepKind = "written off, as it is not larger than its twin"
	StepTooLate   StepKind = "written off, as it comes too late after its twin"
	StepTaken     StepKind = "written off, as its twin keeps its place"
)

// Steps of payments and plans.
const (
	// StepQueued: the payment waits for a plan.
	StepQueued StepKind = "queued"
	// StepPlanned: there is the plan.
	StepPlanned StepKind = "planned"
	// StepPrepared: the plan has its unsigned transaction.
	StepPrepared StepKind = "prepared"
	// StepSigned: this validator has the signed transaction.
	StepSigned StepKind = "signed"
	// StepPublished: the node has it.
	StepPublished StepKind = "published"
	// StepMined: it is in a block that is not final.
	StepMined StepKind = "mined"
	// StepSettled: its block has settled.
	StepSettled StepKind = "settled"
	// StepDropped: the payment is given up.
	StepDropped StepKind = "dropped"
	// StepRefused: the burn asked for what cannot be paid.
	StepRefused StepKind = "refused"
)

// Steps of keys. Those between are the words of scanner.Stage.
const (
	// StepVoted: the key is voted in.
	StepVoted StepKind = "voted in"
	// StepAbandoned: its holders are gone.
	StepAbandoned StepKind = "abandoned"
	// StepOver: it has no duties any more.
	StepOver StepKind = "done with its duties"
)

// Step is a step that something has come to, with what is known of it: each field
// but Kind may be nil.
type Step struct {
	Kind StepKind
	// Block is the number of the block where it happened.
	Block *uint64
	// Transaction is the one that did it, or what it is about.
	Transaction *coin.TransactionID
	// Plan is the plan that does it.
	Plan *coin.PlanID
	// Batch is the ID of the batch.
	Batch *uint64
}

// String writes it for people.
func (s Step) String() string {
	parts := []string{string(s.Kind)}
	if s.Batch != nil {
		parts = append(parts, fmt.Sprintf("in batch %d", *s.Batch))
	}
	if s.Plan != nil {
		parts = append(parts, "by plan "+s.Plan.String())
	}
	if s.Transaction != nil {
		parts = append(parts, "as transaction "+s.Transaction.String())
	}
	if s.Block != nil {
		parts = append(parts, fmt.Sprintf("at block %d", *s.Block))
	}
	return strings.Join(parts, " ")
}

// WaitKind is a kind of thing that is waited for.
type WaitKind string

// Kinds of things that are waited for.
const (
	// WaitHalt: this processor has halted, and what follows waits for others only.
	WaitHalt WaitKind = "halt"
	// WaitConfirmations: blocks on top of a transaction's: Count of Of are there.
	WaitConfirmations WaitKind = "confirmations"
	// WaitBlock: a Block, as a final one.
	WaitBlock WaitKind = "block"
	// WaitSettlement: that a Block settles, or the next one does.
	WaitSettlement WaitKind = "settlement"
	// WaitCommitments: that Validators commit to signing: the weight is Count, and Of
	// are needed.
	WaitCommitments WaitKind = "commitments"
	// WaitShares: that Validators answer the Set.
	WaitShares WaitKind = "shares"
	// WaitReattempt: a Reattempt, without which Validators that restarted too often
	// do not take part.
	WaitReattempt WaitKind = "reattempt"
	// WaitTurn: that this validator hands on what is signed.
	WaitTurn WaitKind = "turn"
	// WaitOthers: the members of a session, of whose signing nothing is known here.
	WaitOthers WaitKind = "others"
	// WaitSight: that this validator sees the chain: until then it does not sign.
	WaitSight WaitKind = "sight of the chain"
	// WaitPolicy: that this validator's own policy lets it sign.
	WaitPolicy WaitKind = "policy"
	// WaitAcknowledgement: that the Batch is acknowledged.
	WaitAcknowledgement WaitKind = "acknowledgement"
	// WaitHold: that the hold of an output, or of Count, ends: with the settlement of
	// the Block. A payment, behind Count others, may wait for any.
	WaitHold WaitKind = "hold"
	// WaitForward: the plan that passes a deposit on.
	WaitForward WaitKind = "forward"
	// WaitMeans: money that is free, behind Count payments.
	WaitMeans WaitKind = "means"
	// WaitLimit: that the limit of a window, or of a payee, lets a payment be made.
	WaitLimit WaitKind = "limit"
	// WaitFee: a lower fee rate, as a payment does not bear its share of the costs at
	// the present one.
	WaitFee WaitKind = "fee"
	// WaitBranch: that the plan before it in its tree settles.
	WaitBranch WaitKind = "branch"
	// WaitPreparation: this validator's node, for the unsigned transaction.
	WaitPreparation WaitKind = "preparation"
	// WaitPublication: that this validator hands the transaction to its node.
	WaitPublication WaitKind = "publication"
	// WaitNode: that the node takes the transaction.
	WaitNode WaitKind = "node"
	// WaitReturn: that an output whose block is void comes back. A refund waits for the
	// deposit.
	WaitReturn WaitKind = "return"
	// WaitRoom: that one of Count older keys retires.
	WaitRoom WaitKind = "room"
	// WaitSuccessor: that a next key is voted in.
	WaitSuccessor WaitKind = "successor"
	// WaitDeposits: that Count deposits are reported.
	WaitDeposits WaitKind = "deposits"
	// WaitPlans: that Count plans happen.
	WaitPlans WaitKind = "plans"
	// WaitOutputs: that outputs and deposits move to the successor.
	WaitOutputs WaitKind = "outputs"
)

// Wait is something that is waited for. Each field but Kind and Text may be nil.
type Wait struct {
	Kind WaitKind
	// Block, Batch and Plan name what it is, and Set which set of signers.
	Block, Batch *uint64
	Plan         *coin.PlanID
	Set          *uint32
	// Validators are whom it depends on, by their numbers in the session.
	Validators []uint16
	// Count is of how many there are, and Of of how many there have to be.
	Count, Of int
	// Text says it for people. Its words may differ between versions.
	Text string
}
