package keygen

import (
	"errors"

	"github.com/serai-go/processor/frost"
	"github.com/serai-go/processor/frost/dkg"
	"github.com/serai-go/processor/storage"
)

var (
	// ErrRequest is wrapped by the errors about requests and votes that the
	// state does not allow. Nothing was changed.
	ErrRequest = errors.New("keygen: impossible request")
	// ErrDiverged is wrapped when keys were voted in that are not those this
	// processor came to. It must halt.
	ErrDiverged = errors.New("keygen: others confirmed another result")
	// ErrNotConfirmed is wrapped for a session without a confirmed key pair.
	ErrNotConfirmed = errors.New("keygen: session has no confirmed keys")
	// ErrNotFollowed is wrapped when a key pair was confirmed, but its making
	// was not seen: only the keys themselves are known.
	ErrNotFollowed = errors.New("keygen: verification shares are not known")
	// ErrNoShare is wrapped when this processor has no shares of a key pair:
	// it is no participant, they are not derived yet or were bad, or they are
	// erased.
	ErrNoShare = errors.New("keygen: no shares of these keys")
	// ErrSealingKey is wrapped when what is stored was sealed with another key.
	ErrSealingKey = errors.New("keygen: wrong sealing key")
	// ErrSwapped is wrapped when a sealed record is not the one that was stored
	// for these keys.
	ErrSwapped = errors.New("keygen: sealed record altered or swapped")
)

// Sealer encrypts and authenticates the shares at rest, with a key that is not
// in the database. Open fails unless the associated data are those of Seal; a
// Sealer that cannot check this is good too, as the plaintext repeats them.
// Both are called outside the core's write transactions.
type Sealer interface {
	// Seal encrypts the plaintext and authenticates both.
	Seal(plaintext, associated []byte) ([]byte, error)
	// Open returns the plaintext that was sealed.
	Open(sealed, associated []byte) ([]byte, error)
}

// Generated is a finished attempt.
type Generated struct {
	// Session and Attempt are those of the request.
	Session uint64
	Attempt uint32
	// BatchKey and NetworkKey are the encoded group keys.
	BatchKey, NetworkKey []byte
	// Weight is that of the OKs: the keys are safe against Weight minus the
	// threshold faulty shares.
	Weight uint16
	// Transcript is the hash of everything that made the keys.
	Transcript [32]byte
}

// Failed is an attempt without a result.
type Failed struct {
	// Session and Attempt are those of the request.
	Session uint64
	Attempt uint32
	// Faulty are the convicted participants, ascending.
	Faulty []uint16
	// Silent are those, ascending, whom the round was closed over before they
	// had spoken. None if the attempt failed for other reasons.
	Silent []uint16
}

// Events takes what key generation emits. Each call is part of the transaction
// it gets, and happens exactly once if that commits. Its errors abort the
// transaction.
type Events interface {
	// SendKeygen broadcasts an item to all processors through the log.
	SendKeygen(tx storage.Tx, session uint64, item []byte) error
	// KeyGenerated tells the keys, which the settlement chain then votes on.
	KeyGenerated(tx storage.Tx, g Generated) error
	// KeyGenFailed tells that an attempt is over without keys.
	KeyGenFailed(tx storage.Tx, f Failed) error
	// Misbehaved convicts a participant. The evidence is its item, or that of
	// who complained of it: whoever has the log can check it again.
	Misbehaved(tx storage.Tx, session uint64, who uint16, reason string, evidence []byte) error
	// BadDeals tells that these participants dealt this processor bad shares. It
	// is this processor's own finding and convicts nobody; the complaint does
	// that it sends unless the attempt is over for good, by a vote or a next one.
	BadDeals(tx storage.Tx, session uint64, attempt uint32, dealers []uint16) error
}

// Config is what a KeyGen needs. All fields are required.
type Config struct {
	Genesis      [32]byte    // of the chain that orders the log
	Network      string      // the external network
	NetworkGroup frost.Group // of the network keys
	// Self is this validator's, whose public key participants list.
	Self *dkg.Identity
	// Sealer protects the shares in the database.
	Sealer Sealer
	// Events takes what is emitted.
	Events Events
}

// KeyGen makes key pairs. It has no state outside the database: any number of
// Checks and Works may run beside the one writer.
type KeyGen struct {
	config Config
	cache  cache
}

// New returns a KeyGen over whatever database its methods are given.
func New(config Config) *KeyGen { return &KeyGen{config: config} }

// Request starts an attempt.
type Request struct {
	// Session is the validator set that the keys are for.
	Session uint64
	// Attempt grows with each request of a session.
	Attempt uint32
	// Threshold is the number of shares that sign.
	Threshold uint16
	// MinOK is the weight of OKs with which a closed round of responses
	// succeeds, see dkg.Params. Zero means all.
	MinOK uint16
	// Participants are in the order of their numbers, from 0.
	Participants []dkg.Participant
}

// decoded returns the setup of an attempt, with what its messages decode to.
func (k *KeyGen) decoded(key attemptKey, a *attempt) (*decoded, error) {
	return k.cache.get(key, a, func() (*dkg.Setup, error) {
		return dkg.NewSetup(dkg.Params{
			Genesis:      k.config.Genesis,
			Network:      k.config.Network,
			Session:      key.session,
			Attempt:      key.attempt,
			Threshold:    a.threshold,
			MinOK:        a.minOK,
			Participants: a.participants,
			NetworkGroup: k.config.NetworkGroup,
		})
	})
}
