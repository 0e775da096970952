package frost

import (
	"crypto/sha512"
	"io"

	"github.com/serai-go/processor/internal/wire"
)

// An Algorithm is one signature to be made: its kind and what it signs. It does
// not change, and one Algorithm may serve any number of sessions.
//
// Algorithms have the form that Schnorr signatures and their relatives share.
// With x the secret key, the signature rests on an answer
//
//	z = ±r + c·x
//
// to a nonce r that is known by the elements r·G, r·H₁, … over one or more
// generators. Where there are generators besides G, the algorithm also learns
// the images x·H₁, …; they are interpolated from images of the shares that the
// signers publish with their commitments, and the check of a signer's answer
// covers them. A linkable ring signature needs one such generator, whose image
// of the key is the key image.
type Algorithm interface {
	// Group returns the group of the keys that the algorithm signs for.
	Group() Group
	// Generators returns the generators besides Group.Generator that nonces are
	// committed to on. They have prime order, and nobody knows a discrete
	// logarithm between any two.
	Generators() []Element
	// ForKey prepares the signature under a key. It fails if the algorithm
	// cannot sign under this key.
	ForKey(key Element) (Instance, error)
}

// An Instance is an Algorithm for one key. It does not change.
type Instance interface {
	// DeriveNonces draws a pair of nonces. It reads fresh randomness and mixes
	// in the secret share and, if there is extra, also that, the key and what is
	// signed, so that a failing source of randomness alone does not repeat a
	// nonce. public is the counterpart of secret.
	DeriveNonces(rand io.Reader, secret Scalar, public Element, extra []byte) (hiding, binding Scalar, err error)
	// Coefficient returns the binding coefficient: a hash of everything in the
	// Binding, of the key and of everything that is signed.
	Coefficient(b *Binding) Scalar
	// Challenge returns what each signer answers to. nonces are the sums r·G,
	// r·H₁, … over all signers, images the images of the key under Generators.
	Challenge(nonces, images []Element) (Challenge, error)
	// Signature assembles the signature from the sum of all answers. It returns
	// an error unless the signature is valid by its public definition.
	Signature(nonces, images []Element, answer Scalar) ([]byte, error)
}

// Joint is implemented by instances whose signature also covers the images of
// the key for the other signatures of the work, as the signatures of a
// transaction that names the key images of all its inputs do.
type Joint interface {
	Instance
	// Join returns the instance for a session, which takes the place of this
	// one for everything but nonces. images[i] are the images of the key for
	// item i of the work under its Generators; nobody changes them. The
	// Coefficient of what it returns covers all of them that are signed.
	//
	// One signer with a wrong image makes the image wrong, and chooses it if
	// it is the last. Its share convicts it, but only in a session: Join does
	// not fail for what an image is, only for work that can have no session.
	Join(images [][]Element) (Instance, error)
}

// PerSigner is implemented by instances that bind the nonces of every signer by
// a coefficient of its own, as RFC 9591 does. Sessions of such work have members
// of weight 1 and no generators besides G, and Instance.Coefficient is not
// asked. They cost a multiplication for every signer where others cost one.
type PerSigner interface {
	Instance
	// Coefficients returns the binding coefficient of every signer: a hash of
	// the key, of everything that is signed, and of the commitments.
	Coefficients(signers []SignerNonces) []Scalar
}

// SignerNonces are what a signer has committed to.
type SignerNonces struct {
	Index           uint16 // of its share
	Hiding, Binding []byte // the encoded elements D and E
}

// A Challenge fixes the answer z = ±r + Factor·x to a nonce r.
type Challenge struct {
	// Negate is set where −r takes the place of r.
	Negate bool
	// Factor multiplies the shares of the key.
	Factor Scalar
}

// A Binding is what the binding coefficient of one signature of a session
// depends on, besides the algorithm's own data.
type Binding struct {
	// Context is the context of the session. If it is empty, Item does not
	// count, and the coefficient is that of the published specification where
	// there is one.
	Context []byte
	// Item is the position of the signature in the session's work.
	Item uint16
	// Signers are the indices of the shares that sign, ascending.
	Signers []uint16
	// Key is the key of the session.
	Key Element
	// Nonces are the encoded sums of the hiding and of the binding nonces, over
	// G, H₁, …. A sum may be the identity.
	Nonces [][2][]byte
	// Images are the images of the key.
	Images []Element
}

// Hash hashes the whole Binding, the name of the algorithm and what else the
// algorithm wants bound, with SHA-512.
func (b *Binding) Hash(algorithm string, bound ...[]byte) [64]byte {
	var w wire.Writer
	w.String("FROST3 binding coefficient v1")
	w.String(algorithm)
	w.Bytes(b.Context)
	w.Uint16(b.Item)
	w.Count(len(b.Signers))
	for _, index := range b.Signers {
		w.Uint16(index)
	}
	w.Bytes(b.Key.Bytes())
	w.Count(len(b.Nonces))
	for _, pair := range b.Nonces {
		w.Bytes(pair[0])
		w.Bytes(pair[1])
	}
	w.Count(len(b.Images))
	for _, image := range b.Images {
		w.Bytes(image.Bytes())
	}
	w.Count(len(bound))
	for _, part := range bound {
		w.Bytes(part)
	}
	return sha512.Sum512(w.Data())
}
