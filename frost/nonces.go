package frost

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"slices"
	"sync/atomic"

	"github.com/serai-go/processor/frost/internal/redact"
)

// Nonces are the secrets behind one commitment. Session.Sign consumes them:
// they answer once and are erased. They print as "[redacted]" and have no
// encoding, as nonces must never be stored.
type Nonces struct {
	redact.Secret
	key        *PublicKey
	validator  uint16
	commitment []byte
	items      int // of the work
	used       atomic.Bool
	pairs      []noncePair // per item, until used
}

type noncePair struct{ hiding, binding Scalar }

// Erase destroys the nonces without use.
func (n *Nonces) Erase() {
	if !n.used.Swap(true) {
		n.erase()
	}
}

func (n *Nonces) erase() {
	for _, pair := range n.pairs {
		pair.hiding.Erase()
		pair.binding.Erase()
	}
	n.pairs = nil
}

// take returns the pairs, once.
func (n *Nonces) take() ([]noncePair, error) {
	if n.used.Swap(true) {
		return nil, fmt.Errorf("%w: already used", ErrNonces)
	}
	return n.pairs, nil
}

// Commit draws fresh nonces for every item of the work and returns them with
// the commitment that the other signers need. The context says what they are
// for and enters their derivation; it need not be that of the session.
//
// The commitment has for every item, for every generator, the elements D and E,
// and then for every share of the validator its image under every generator but
// G. All elements are encoded for Group.DecodeCleared, without any framing.
func Commit(rand io.Reader, share *KeyShare, work []Algorithm, context []byte) (*Nonces, []byte, error) {
	if share.secrets == nil {
		return nil, nil, fmt.Errorf("frost: commit: %w: erased", ErrShare)
	}
	instances, err := instantiate(share.key, work)
	if err != nil {
		return nil, nil, fmt.Errorf("frost: commit: %w", err)
	}
	if size := commitmentSize(share.key.group, work, len(share.secrets)); size > MaxCommitmentSize {
		return nil, nil, fmt.Errorf("frost: commit: %w: %d bytes, at most %d are possible", ErrWork, size, MaxCommitmentSize)
	}
	pairs := make([]noncePair, len(work))
	public := share.key.Share(share.key.first[share.validator])
	for i, instance := range instances {
		extra := slices.Clone(context)
		if len(context) > 0 {
			extra = binary.LittleEndian.AppendUint16(extra, uint16(i))
		}
		pairs[i].hiding, pairs[i].binding, err = instance.DeriveNonces(rand, share.secrets[0], public, extra)
		if err != nil {
			return nil, nil, fmt.Errorf("frost: commit: nonces: %w", err)
		}
		if pairs[i].hiding.IsZero() || pairs[i].binding.IsZero() {
			return nil, nil, fmt.Errorf("frost: commit: %w: zero", ErrNonces)
		}
	}
	n := &Nonces{key: share.key, validator: share.validator, items: len(work), pairs: pairs}
	n.commitment = n.commit(share, work)
	return n, bytes.Clone(n.commitment), nil
}

func (n *Nonces) commit(share *KeyShare, work []Algorithm) []byte {
	group := n.key.group
	inverse := group.CofactorInverse()
	cleared, element := group.NewScalar(), group.NewElement()
	var commitment []byte
	for i, algorithm := range work {
		generators := algorithm.Generators()
		pair := n.pairs[i]
		for _, nonce := range []Scalar{pair.hiding, pair.binding} {
			cleared.Multiply(nonce, inverse)
			commitment = append(commitment, element.MultiplyBase(cleared).Bytes()...)
		}
		for _, generator := range generators {
			for _, nonce := range []Scalar{pair.hiding, pair.binding} {
				cleared.Multiply(nonce, inverse)
				commitment = append(commitment, element.Multiply(cleared, generator).Bytes()...)
			}
		}
		for _, secret := range share.secrets {
			for _, generator := range generators {
				cleared.Multiply(secret, inverse)
				commitment = append(commitment, element.Multiply(cleared, generator).Bytes()...)
			}
		}
	}
	cleared.Erase()
	return commitment
}

// instantiate prepares the work of one session.
func instantiate(key *PublicKey, work []Algorithm) ([]Instance, error) {
	if len(work) == 0 {
		return nil, fmt.Errorf("%w: nothing to sign", ErrWork)
	}
	if len(work) > MaxWork {
		return nil, fmt.Errorf("%w: %d signatures, at most %d are possible", ErrWork, len(work), MaxWork)
	}
	instances := make([]Instance, len(work))
	for i, algorithm := range work {
		if algorithm.Group() != key.group {
			return nil, fmt.Errorf("%w: item %d is for %s", ErrWork, i, algorithm.Group().Name())
		}
		var err error
		if instances[i], err = algorithm.ForKey(key.key); err != nil {
			return nil, fmt.Errorf("%w: item %d: %w", ErrWork, i, err)
		}
	}
	return instances, nil
}

// A commitment is the decoded commitment of one validator to one item.
type commitment struct {
	hiding, binding []Element   // per generator, G first
	images          [][]Element // per share and generator besides G
}

// commitmentSize returns the length in bytes of the commitment of a validator
// with the given number of shares.
func commitmentSize(group Group, work []Algorithm, weight int) int {
	elements := 0
	for _, algorithm := range work {
		extra := len(algorithm.Generators())
		elements += 2*(1+extra) + weight*extra
	}
	return elements * group.ElementSize()
}

// decodeCommitment decodes the commitment of a validator with the given number
// of shares to the whole work.
func decodeCommitment(group Group, work []Algorithm, weight int, data []byte) ([]commitment, error) {
	size := group.ElementSize()
	wanted := commitmentSize(group, work, weight)
	if len(data) != wanted {
		return nil, fmt.Errorf("%w: %d bytes, %d wanted", ErrCommitment, len(data), wanted)
	}
	var failure error
	next := func() Element {
		element, err := group.DecodeCleared(data[:size])
		if err != nil && failure == nil {
			failure = fmt.Errorf("%w: %w", ErrCommitment, err)
		}
		data = data[size:]
		return element
	}
	decoded := make([]commitment, len(work))
	for i, algorithm := range work {
		extra := len(algorithm.Generators())
		for range 1 + extra {
			decoded[i].hiding = append(decoded[i].hiding, next())
			decoded[i].binding = append(decoded[i].binding, next())
		}
		for range weight {
			images := make([]Element, extra)
			for k := range images {
				images[k] = next()
			}
			decoded[i].images = append(decoded[i].images, images)
		}
	}
	if failure != nil {
		return nil, failure
	}
	return decoded, nil
}

// A Commitment is the commitment of one validator to some work, decoded. It
// does not change.
type Commitment struct {
	validator uint16
	encoded   []byte
	items     []commitment
}

// DecodeCommitment decodes the commitment of a validator to this work. It
// depends on the work only by the generators of its algorithms. The error is a
// *Fault if the commitment is malformed.
func DecodeCommitment(key *PublicKey, work []Algorithm, validator uint16, data []byte) (*Commitment, error) {
	if key.Weight(validator) == 0 {
		return nil, fmt.Errorf("frost: decode commitment: %w: validator %d", ErrMembers, validator)
	}
	items, err := decodeCommitment(key.group, work, key.Weight(validator), data)
	if err != nil {
		return nil, &Fault{validator, err}
	}
	return &Commitment{validator, bytes.Clone(data), items}, nil
}

// Validator returns the number of the validator.
func (c *Commitment) Validator() uint16 { return c.validator }

// Encodes reports whether these bytes are what the commitment was decoded from.
func (c *Commitment) Encodes(data []byte) bool { return bytes.Equal(c.encoded, data) }
