// Package coin says what an external network is to the processor: the words
// for its blocks, outputs, payments and plans, and the small interfaces that
// a network implements.
//
// Data goes one way: a Reader yields authenticated blocks, a Recognizer finds
// the group's outputs in them, a Planner prices transactions, a Spender turns
// a Plan into signing work and signatures into a transaction. What only the
// coin understands travels through the rest as opaque bytes. Amounts are in
// the network's atomic unit (satoshi, piconero).
//
// Everything a coin computes from a block, a plan or a key must be a pure
// function of them: all validators, whatever node software they run, have to
// come to the same bytes. Errors that only mean "ask again later" wrap
// ErrTransient.
//
// A network is added by implementing Coin; BulkReader, Archiver and SizedBlock are
// worth having too. Package mock is a small example. Package cointest tests an
// implementation as soon as it reads, and package processortest runs groups over it.
package coin

import (
	"context"
	"errors"

	"github.com/serai-go/processor/eventuality"
	"github.com/serai-go/processor/frost"
)

var (
	// ErrTransient marks trouble that passes: a node that does not answer, is
	// busy or is behind. The caller tries again later.
	ErrTransient = errors.New("coin: temporary failure")
	// ErrNotFound is wrapped when the node does not know a block (yet, or no
	// longer) or a transaction.
	ErrNotFound = errors.New("coin: not found")
	// ErrAddress is wrapped by CheckAddress with what is wrong.
	ErrAddress = errors.New("coin: address cannot be paid")
	// ErrInvalid is wrapped when data of a node, a peer or a caller
	// contradicts itself or what it was asked for.
	ErrInvalid = errors.New("coin: invalid data")
)

// Network is the fixed part of a coin.
type Network interface {
	// Name is the network's name, at most 32 bytes, such as "bitcoin".
	Name() string
	// Genesis is the ID of block 0, which tells mainnet from a test network.
	Genesis() BlockID
	// Group is the group of the network keys.
	Group() frost.Group
	// Address is where outputs of the given kind for a network key go. The
	// key is an encoded element of Group.
	Address(key []byte, kind Kind) (Address, error)
	// CheckAddress returns nil for the one canonical text of an address that
	// the network's relay rules let be paid.
	CheckAddress(Address) error
	// Parameters are the coin's default consensus parameters.
	Parameters() Parameters
	// CheckParameters tells why the network does not allow parameters that are
	// valid, or returns nil. Where outputs have twins, Hold must not be less than
	// Window.
	CheckParameters(Parameters) error
}

// Reader reads the chain from a node, which is trusted to be there but not to
// tell the truth: all it returns is authenticated by recomputed hashes. The
// methods are for concurrent use.
type Reader interface {
	// Tip is the number of the newest block of the node's best chain.
	Tip(ctx context.Context) (uint64, error)
	// Header returns the header of a block of the node's best chain; one that
	// is not there yet is ErrNotFound.
	Header(ctx context.Context, number uint64) (Header, error)
	// Block returns the block with exactly this header, also if the node's
	// best chain no longer has it and the node still does. The number is one
	// that the block itself names.
	Block(ctx context.Context, header Header) (Block, error)
	// BlockRate returns the fee rate that the block's transactions paid, in
	// atomic units per 1000 weight units, or 0 for a block without any.
	BlockRate(ctx context.Context, header Header) (uint64, error)
}

// Block is a parsed, authenticated block.
type Block interface {
	// Header returns the block's header.
	Header() Header
	// Transactions returns the block's transactions in order.
	Transactions() []eventuality.Transaction
}

// Recognizer finds the group's outputs.
type Recognizer interface {
	// Outputs returns the outputs of the block to any of the keys, in the
	// order of (Position, ID.Index), with their presumed origin and data.
	// Outputs that can never count (coinbase, locked) are left out. It asks
	// the node only for the origins of what it found.
	Outputs(ctx context.Context, block Block, keys []Key) ([]Output, error)
	// SpendLookup returns the lookup bytes that a transaction spending the
	// output offers, or nil if only the holders of the key can know.
	SpendLookup(Output) []byte
	// Twin returns bytes that the output shares with all outputs of which only one
	// can ever be spent, all of them to the same key, or nil if it has none of
	// those: see package scanner.
	Twin(Output) []byte
}

// Planner prices transactions. It is pure.
type Planner interface {
	// Fee is the exact fee at a rate, which is as that of BlockRate, for a
	// transaction that spends the inputs and has an output to each address.
	Fee(rate uint64, inputs []Output, outputs []Address) (uint64, error)
	// InputCost is what spending one more output costs at a rate.
	InputCost(rate uint64) uint64
	// Unconfirmed returns the plan's own outputs, in the order of Own, as the
	// chain will show them once the plan has happened, so that other plans can
	// spend them before. It returns nil if that depends on signatures.
	Unconfirmed(plan Plan) ([]Output, error)
}

// Spender carries a plan out.
type Spender interface {
	// Prepare turns a plan into an unsigned transaction in a form of the
	// coin's own. It may read what the chain had at the plan's reference
	// block, whose ID is given, and depends on nothing else. If it reads that
	// and the node's best chain has another block there, it is ErrNotFound.
	Prepare(ctx context.Context, plan Plan, reference BlockID) ([]byte, error)
	// Read says what the prepared bytes would do on the chain. It decodes them:
	// of the plan it takes nothing but what the bytes have no room for, as the
	// inputs' amounts, and only where the signatures cover it. Bytes that are no
	// such transaction, or do more than UnsignedTransaction can say, are
	// ErrInvalid.
	Read(plan Plan, prepared []byte) (UnsignedTransaction, error)
	// Describe says what the chain will show when a prepared plan has
	// happened.
	Describe(plan Plan, prepared []byte) (Description, error)
	// ReadEventuality reads back the Bytes of an eventuality that Describe
	// made.
	ReadEventuality(data []byte) (eventuality.Eventuality, error)
	// Work returns what has to be signed, by the plan's key, in the order in
	// which Assemble wants the signatures.
	Work(plan Plan, prepared []byte) ([]frost.Algorithm, error)
	// Assemble puts the signatures into the transaction and verifies each
	// against its own input's key.
	Assemble(plan Plan, prepared []byte, signatures [][]byte) (Transaction, error)
	// Verify checks a transaction, signatures included, to be the plan's.
	Verify(plan Plan, prepared []byte, raw []byte) (Transaction, error)
	// Transaction fetches a transaction from the node by its ID, from its
	// memory pool or the chain.
	Transaction(ctx context.Context, id TransactionID) ([]byte, error)
	// Publish hands a transaction to the node. The error is about reaching
	// the node; what the node thinks of the transaction is the Publication.
	Publish(ctx context.Context, tx Transaction) (Publication, error)
}

// Coin is a network that a processor can manage.
type Coin interface {
	Network
	Reader
	Recognizer
	Planner
	Spender
}

// Description is how the chain shows that a plan has happened.
type Description struct {
	// Eventuality matches the completing transaction and no other.
	Eventuality eventuality.Eventuality
	// Own holds, for each element of the plan's Own, its output index in the
	// completing transaction.
	Own []uint32
}

// Publication is what a node said to a published transaction.
type Publication struct {
	// Status is the answer as far as a program needs it.
	Status PublicationStatus
	// Reason is the node's own words, for people.
	Reason string
}

// PublicationStatus classifies the answer to a publication.
type PublicationStatus uint8

// The node's possible answers.
const (
	// Accepted: it is in the node's memory pool, now or before.
	Accepted PublicationStatus = iota + 1
	// Mined: it is in a block of the node's best chain.
	Mined
	// Conflict: another transaction, mined or not, spends one of its inputs,
	// or an input does not exist.
	Conflict
	// FeeTooLow: the node wants a higher fee at present.
	FeeTooLow
	// Rejected: the node refuses it for another reason.
	Rejected
)

func (s PublicationStatus) String() string {
	switch s {
	case Accepted:
		return "accepted"
	case Mined:
		return "mined"
	case Conflict:
		return "conflict"
	case FeeTooLow:
		return "fee too low"
	case Rejected:
		return "rejected"
	}
	return "unknown"
}
