package dkg

import (
	"bytes"
	"crypto/sha512"
	"errors"

	"github.com/serai-go/processor/frost"
	"github.com/serai-go/processor/internal/wire"
)

// proofSize is the length of a proof of knowledge over the group ed25519.
const proofSize = 64

var errProof = errors.New("dkg: proof of knowledge does not verify")

// challenge binds the group, what the proof is for, the statement, the nonce's
// commitment and the message.
func challenge(g frost.Group, role string, message, statement, commitment []byte) frost.Scalar {
	var w wire.Writer
	w.String(protocol + "proof")
	w.Uint8(version)
	w.String(g.Name())
	w.String(role)
	w.Fixed(statement)
	w.Fixed(commitment)
	w.Bytes(message)
	wide := sha512.Sum512(w.Data())
	return g.ScalarFromUniform(&wide)
}

// prove makes a Schnorr proof of knowledge of x: the element R = k·G and the
// scalar z = k + c·x, with c the challenge. The statement is the encoding of
// x·G. The nonce k must be secret and never serve two messages.
func prove(g frost.Group, role string, message []byte, x frost.Scalar, statement []byte, k frost.Scalar) []byte {
	commitment := g.NewElement().MultiplyBase(k).Bytes()
	c := challenge(g, role, message, statement, commitment)
	z := g.NewScalar().Add(k, c.Multiply(c, x))
	return append(commitment, z.Bytes()...)
}

// verify checks a proof of knowledge. It recomputes R = z·G − c·X and compares
// encodings, so that R needs no decoding.
func verify(g frost.Group, role string, message []byte, x frost.Element, statement, proof []byte) error {
	if len(proof) != g.ElementSize()+g.ScalarSize() {
		return errProof
	}
	commitment, response := proof[:g.ElementSize()], proof[g.ElementSize():]
	z, err := g.DecodeScalar(response)
	if err != nil {
		return err
	}
	c := challenge(g, role, message, statement, commitment)
	r := g.VarTimeMultiScalarMult(z, []frost.Scalar{c.Negate(c)}, []frost.Element{x})
	if r.IsIdentity() || !bytes.Equal(r.Bytes(), commitment) {
		return errProof
	}
	return nil
}
