package clsag

import (
	"crypto/sha512"
	"errors"
	"fmt"
	"slices"

	"filippo.io/edwards25519"

	"github.com/serai-go/processor/coin/monero/keys"
	"github.com/serai-go/processor/frost"
	"github.com/serai-go/processor/frost/ed25519"
	"github.com/serai-go/processor/internal/cache"
)

// Work returns an algorithm for each input, in their order. Together they are
// the work of one session, in that order, by the key of which each one-time key
// is an offset. Their signatures are for ParseSigned.
//
// message is what all of them sign, given the key images of the inputs in their
// order. It is a function of the images only, may be called from several
// goroutines, and is asked once for all sessions with the same images. It
// succeeds for the images that the key has. For others, which a faulty signer
// chooses, it may fail; then the session signs what nothing takes, so that the
// signer is convicted.
//
// An input is refused, with ErrInput, if its commitment does not open to Mask
// and Amount, if the masks are equal, or if another one has the same key.
func Work(inputs []Input, message func(images [][32]byte) ([32]byte, error)) ([]frost.Algorithm, error) {
	w := &work{message: message, joints: cache.New[[32]byte, *joint](rememberedJoints)}
	algorithms := make([]frost.Algorithm, len(inputs))
	spent := map[[32]byte]bool{}
	for i := range inputs {
		p, err := prepare(&inputs[i])
		if err != nil {
			return nil, fmt.Errorf("input %d: %w", i, err)
		}
		key := p.ring.members[p.real].Key
		if spent[key] {
			return nil, fmt.Errorf("input %d: %w: spent by another one too", i, ErrInput)
		}
		spent[key] = true
		w.inputs = append(w.inputs, p)
		a := &algorithm{work: w, position: i, prepared: p, generator: ed25519.ElementOf(p.hash())}
		shift := new(edwards25519.Point).ScalarBaseMult(p.offset)
		a.signer.Subtract(p.key(), shift)
		a.shift.ScalarMult(p.offset, p.hash())
		w.shifts = append(w.shifts, &a.shift)
		algorithms[i] = a
	}
	return algorithms, nil
}

// work is what the algorithms of one Work share.
type work struct {
	inputs []*prepared
	// shifts are offset·Hp(P) of the inputs.
	shifts  []*edwards25519.Point
	message func(images [][32]byte) ([32]byte, error)
	joints  *cache.Cache[[32]byte, *joint] // by a hash of the images
}

// rememberedJoints is how many lists of images are remembered: the right one and
// some with which faulty signers come.
const rememberedJoints = 4

// joint is what the images of all inputs make.
type joint struct {
	images  []encodedPoint
	message [32]byte
	err     error // of the function that makes the message
}

var (
	errNotJoined = errors.New("clsag: an input alone cannot be signed")
	errOtherWork = errors.New("clsag: the session's work is not what Work returned")
)

// join returns the key images and the message. images are those of the key that
// signs; the offsets' are added here, so that no signer has to.
func (w *work) join(images [][]frost.Element) (*joint, error) {
	if len(images) != len(w.inputs) {
		return nil, fmt.Errorf("%w: %d items, %d inputs", errOtherWork, len(images), len(w.inputs))
	}
	h := sha512.New512_256()
	for i := range images {
		if len(images[i]) != 1 {
			return nil, fmt.Errorf("%w: item %d", errOtherWork, i)
		}
		h.Write(images[i][0].Bytes())
	}
	digest := [32]byte(h.Sum(nil))
	if j, ok := w.joints.Get(digest); ok {
		return j, nil
	}
	points := make([]edwards25519.Point, len(images))
	for i := range points {
		points[i].Add(images[i][0].(*ed25519.Element).Point(), w.shifts[i])
	}
	encoded := make([][32]byte, len(images))
	keys.EncodePoints(encoded, points)
	j := &joint{images: make([]encodedPoint, len(images))}
	for i := range points {
		j.images[i] = encodedPoint{points[i], encoded[i]}
	}
	if j.message, j.err = w.message(slices.Clone(encoded)); j.err != nil {
		h.Reset()
		h.Write([]byte("CLSAG without a message v1"))
		h.Write(digest[:])
		j.message = [32]byte(h.Sum(nil))
	}
	w.joints.Put(digest, j)
	return j, nil
}

// algorithm signs for one input of some work.
type algorithm struct {
	*prepared
	work      *work
	position  int
	generator *ed25519.Element   // Hp(P)
	signer    edwards25519.Point // P − offset·G, the key that signs
	shift     edwards25519.Point // offset·Hp(P)
}

// Group returns ed25519.Group.
func (*algorithm) Group() frost.Group { return ed25519.Group }

// Generators returns Hp(P) of the output that is spent. The key's image under
// it and offset·Hp(P) make the key image.
func (a *algorithm) Generators() []frost.Element { return []frost.Element{a.generator} }

// ForKey prepares the signature by a key. It refuses any of which the one-time
// key is not the offset.
func (a *algorithm) ForKey(key frost.Element) (frost.Instance, error) {
	if !key.Equal(ed25519.ElementOf(&a.signer)) {
		return nil, ErrKey
	}
	return &input{algorithm: a, key: key.Bytes()}, nil
}
