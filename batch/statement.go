package batch

import (
	"crypto/ed25519"
	"crypto/sha512"
	"fmt"

	"github.com/serai-go/processor/internal/wire"
)

// Cosign states that the validator set takes a block of the settlement chain
// for final. The batch key signs its Digest.
type Cosign struct {
	// Number and Hash identify the block.
	Number uint64
	Hash   [32]byte
}

// Encode writes 40 bytes.
func (c Cosign) Encode(w *wire.Writer) {
	w.Uint64(c.Number)
	w.Fixed(c.Hash[:])
}

// Decode reads 40 bytes.
func (c *Cosign) Decode(r *wire.Reader) {
	c.Number = r.Uint64()
	r.Fixed(c.Hash[:])
}

// Digest is the 32-byte message that the batch key signs.
func (c Cosign) Digest(d Domain) [32]byte { return d.digest("cosign", c) }

// Verify checks a signature by the batch key of the domain's session, a 32-byte
// Ed25519 public key.
func (c Cosign) Verify(d Domain, key, signature []byte) error {
	return verify(c.Digest(d), key, signature)
}

// A Slash says how badly a validator did.
type Slash struct {
	// Validator is its number in the session.
	Validator uint16
	// Points are the settlement chain's measure, not 0.
	Points uint32
}

// Encode writes 6 bytes.
func (s Slash) Encode(w *wire.Writer) {
	w.Uint16(s.Validator)
	w.Uint32(s.Points)
}

// Decode reads 6 bytes.
func (s *Slash) Decode(r *wire.Reader) {
	s.Validator = r.Uint16()
	s.Points = r.Uint32()
	r.Check(s.Points > 0, "points of a slash")
}

// SlashReport is what a session's validators have to answer for at its end. The
// batch key signs its Digest.
type SlashReport struct {
	// Slashes are in ascending order of the validators, each at most once.
	Slashes []Slash
}

// maxSlashes is how many validators have numbers.
const maxSlashes = 1 << 16

// Encode writes the report.
func (s SlashReport) Encode(w *wire.Writer) { wire.List(w, s.Slashes) }

// Decode reads the report.
func (s *SlashReport) Decode(r *wire.Reader) {
	s.Slashes = wire.ReadList[Slash](r, maxSlashes, 6)
	for i := range s.Slashes {
		r.Check(i == 0 || s.Slashes[i-1].Validator < s.Slashes[i].Validator, "order of slashes")
	}
}

// Digest is the 32-byte message that the batch key signs.
func (s SlashReport) Digest(d Domain) [32]byte { return d.digest("slash report", s) }

// Verify checks a signature by the batch key of the domain's session, a 32-byte
// Ed25519 public key.
func (s SlashReport) Verify(d Domain, key, signature []byte) error {
	return verify(s.Digest(d), key, signature)
}

// digest hashes a statement of the domain's session.
func (d Domain) digest(what string, statement wire.Encoder) [32]byte {
	var w wire.Writer
	w.String("serai-go/processor " + what + " v1")
	w.String(d.Network)
	w.Fixed(d.Genesis[:])
	w.Uint64(d.Session)
	statement.Encode(&w)
	return sha512.Sum512_256(w.Data())
}

// verify checks an Ed25519 signature of a digest.
func verify(digest [32]byte, key, signature []byte) error {
	if len(key) != ed25519.PublicKeySize {
		return fmt.Errorf("batch: key of %d bytes", len(key))
	}
	if !ed25519.Verify(key, digest[:], signature) {
		return ErrSignature
	}
	return nil
}
