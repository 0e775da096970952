package dkg

import (
	"crypto/sha512"
	"errors"

	"github.com/serai-go/processor/frost"
	"github.com/serai-go/processor/internal/wire"
)

// PossessionSize is the length in bytes of a proof of possession.
const PossessionSize = 96

var errProof = errors.New("dkg: proof of knowledge does not verify")

// proofSize is the length of a proof of knowledge: the nonce's element in wide
// form and a scalar.
func proofSize(g frost.Group) int { return g.WideSize() + g.ScalarSize() }

// challenge binds the group, what the proof is for, the statement, the nonce's
// element and the message.
func challenge(g frost.Group, role string, message, statement, nonce []byte) frost.Scalar {
	var w wire.Writer
	w.String(protocol + "proof")
	w.Uint8(version)
	w.String(g.Name())
	w.String(role)
	w.Bytes(statement)
	w.Fixed(nonce)
	w.Bytes(message)
	wide := sha512.Sum512(w.Data())
	return g.ScalarFromUniform(&wide)
}

// wideBase returns s·G in the wide form that decodes to it, in constant time.
func wideBase(g frost.Group, s frost.Scalar) []byte {
	return g.AppendWide(nil, overCofactor(g, s))
}

// overCofactor returns (s/h)·G, h being the cofactor, in constant time.
func overCofactor(g frost.Group, s frost.Scalar) frost.Element {
	part := g.NewScalar().Multiply(s, g.CofactorInverse())
	defer part.Erase()
	return g.NewElement().MultiplyBase(part)
}

// prove makes a Schnorr proof of knowledge of x: the element R = k·G and the
// scalar z = k + c·x, with c the challenge. The statement is an encoding of
// x·G. The nonce k must be secret and never serve two messages.
func prove(g frost.Group, role string, message []byte, x frost.Scalar, statement []byte, k frost.Scalar) []byte {
	nonce := wideBase(g, k)
	c := challenge(g, role, message, statement, nonce)
	z := c.Multiply(c, x).Add(c, k)
	return append(nonce, z.Bytes()...)
}

// proof is the equation z·G − c·X − R = 0 of a proof of knowledge.
type proof struct {
	group frost.Group
	z, c  frost.Scalar
	x, r  frost.Element
}

// readProof decodes a proof for the element x without checking the equation.
func readProof(g frost.Group, role string, message []byte, x frost.Element, statement, raw []byte) (p proof, err error) {
	if len(raw) != proofSize(g) {
		return proof{}, errProof
	}
	nonce, response := raw[:g.WideSize()], raw[g.WideSize():]
	p = proof{group: g, x: x, c: challenge(g, role, message, statement, nonce)}
	if p.r, err = g.DecodeWide(nonce); err != nil {
		return proof{}, err
	}
	p.z, err = g.DecodeScalar(response)
	return p, err
}

// hold checks the equations of proofs, all of a group in one sum. The seed is a
// hash of all of them.
func hold(seed [32]byte, proofs []proof) bool {
	for len(proofs) > 0 {
		g := proofs[0].group
		var same, other []proof
		for _, p := range proofs {
			if p.group == g {
				same = append(same, p)
			} else {
				other = append(other, p)
			}
		}
		proofs = other

		base := g.NewScalar()
		var scalars []frost.Scalar
		var elements []frost.Element
		product := g.NewScalar()
		for i, a := range combiners(g, seed, len(same)) {
			p := same[i]
			base.Add(base, product.Multiply(a, p.z))
			scalars = append(scalars, g.NewScalar().Negate(product.Multiply(a, p.c)), g.NewScalar().Negate(a))
			elements = append(elements, p.x, p.r)
		}
		if !g.VarTimeMultiScalarMult(base, scalars, elements).IsIdentity() {
			return false
		}
	}
	return true
}
