package dkg

import (
	"crypto/sha512"
	"errors"
	"fmt"

	"github.com/serai-go/processor/frost"
	"github.com/serai-go/processor/frost/ed25519"
	"github.com/serai-go/processor/internal/wire"
)

const (
	// protocol and version stand in front of whatever is hashed. Any change of
	// the messages or of how they are derived needs a new version.
	protocol = "serai-go/processor/dkg/"
	version  = 2

	// maxNetwork bounds the length of a network's name in bytes.
	maxNetwork = 64
)

// ErrSetup is wrapped by the errors about parameters that no key generation
// can have.
var ErrSetup = errors.New("dkg: invalid setup")

// Participant is a validator that takes part.
type Participant struct {
	// Key is the public key of its Identity.
	Key [32]byte
	// Weight is the number of its shares, at least 1.
	Weight uint16
}

// Params is what the participants agreed on beforehand.
type Params struct {
	Genesis [32]byte // of the chain that orders the messages
	Network string   // the external network, 1 to 64 bytes
	Session uint64   // the validator set that the keys are for
	Attempt uint32   // grows with each try of the session

	// Threshold is the number of shares that sign, 1 to the sum of weights.
	Threshold uint16
	// MinOK is the weight of OKs with which a closed second round succeeds:
	// from ⌈(n + t) / 2⌉ to n, with n the sum of weights and t the threshold.
	MinOK uint16
	// Participants have pairwise distinct keys. Their order is that of their
	// numbers and of the share indices.
	Participants []Participant

	// NetworkGroup is the group of the network key. The batch key is always of
	// the group ed25519.
	NetworkGroup frost.Group
}

// The two keys that one deal makes.
const (
	batch = iota
	network
	keys // their number
)

var roles = [keys]string{batch: "batch", network: "network"}

// Setup is a checked set of Params. It is immutable.
type Setup struct {
	params     Params
	hash       [32]byte
	first      []int // first[p] is the lowest share index of participant p; one more behind the last
	groups     [keys]frost.Group
	identities []frost.Element // the participants' keys
}

// NewSetup checks the parameters: ranges, and that each key is the canonical
// encoding of an element of prime order that occurs once. Its errors wrap
// ErrSetup.
func NewSetup(p Params) (*Setup, error) {
	s := &Setup{params: p, groups: [keys]frost.Group{ed25519.Group, p.NetworkGroup}}
	s.params.Participants = append([]Participant(nil), p.Participants...)
	if len(p.Network) == 0 || len(p.Network) > maxNetwork {
		return nil, fmt.Errorf("%w: network name of %d bytes", ErrSetup, len(p.Network))
	}
	if len(p.Participants) > frost.MaxShares {
		return nil, fmt.Errorf("%w: %d participants, at most %d", ErrSetup, len(p.Participants), frost.MaxShares)
	}
	next := 1
	for i, participant := range p.Participants {
		if participant.Weight == 0 || int(participant.Weight) > frost.MaxShares {
			return nil, fmt.Errorf("%w: weight %d of participant %d", ErrSetup, participant.Weight, i)
		}
		for j := range i {
			if p.Participants[j].Key == participant.Key {
				return nil, fmt.Errorf("%w: participants %d and %d have the same key", ErrSetup, j, i)
			}
		}
		key, err := ed25519.Group.DecodeElement(participant.Key[:])
		if err != nil {
			return nil, fmt.Errorf("%w: key of participant %d: %w", ErrSetup, i, err)
		}
		s.identities = append(s.identities, key)
		s.first = append(s.first, next)
		next += int(participant.Weight)
	}
	s.first = append(s.first, next)

	n, t, ok := s.Total(), int(p.Threshold), int(p.MinOK)
	switch {
	case n > frost.MaxShares:
		return nil, fmt.Errorf("%w: %d shares, at most %d", ErrSetup, n, frost.MaxShares)
	case t < 1 || t > n:
		return nil, fmt.Errorf("%w: threshold %d of %d", ErrSetup, t, n)
	case ok < (n+t+1)/2 || ok > n:
		return nil, fmt.Errorf("%w: minimum weight of OKs %d, allowed %d to %d", ErrSetup, ok, (n+t+1)/2, n)
	}
	s.hash = digest("setup", func(w *wire.Writer) {
		w.Fixed(p.Genesis[:])
		w.String(p.Network)
		w.Uint64(p.Session)
		w.Uint32(p.Attempt)
		w.Uint16(p.Threshold)
		w.Uint16(p.MinOK)
		w.Count(keys)
		for i, g := range s.groups {
			w.String(roles[i])
			w.String(g.Name())
		}
		w.Count(len(p.Participants))
		for _, participant := range p.Participants {
			w.Fixed(participant.Key[:])
			w.Uint16(participant.Weight)
		}
	})
	return s, nil
}

// Hash identifies the setup. Every message binds it.
func (s *Setup) Hash() [32]byte { return s.hash }

// Total returns n, the sum of the weights.
func (s *Setup) Total() int { return s.first[len(s.first)-1] - 1 }

// Weight returns the weight of a participant, 0 for a number that has none.
func (s *Setup) Weight(participant uint16) int {
	if int(participant) >= len(s.identities) {
		return 0
	}
	return s.first[participant+1] - s.first[participant]
}

// Find returns the number of the participant with the given identity key.
func (s *Setup) Find(key [32]byte) (uint16, bool) {
	for i, p := range s.params.Participants {
		if p.Key == key {
			return uint16(i), true
		}
	}
	return 0, false
}

func (s *Setup) weights() []uint16 {
	weights := make([]uint16, len(s.identities))
	for i, p := range s.params.Participants {
		weights[i] = p.Weight
	}
	return weights
}

// digest hashes what write writes behind a label of its own.
func digest(label string, write func(*wire.Writer)) [32]byte {
	var w wire.Writer
	w.String(protocol + label)
	w.Uint8(version)
	write(&w)
	return sha512.Sum512_256(w.Data())
}
