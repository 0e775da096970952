package mock

import (
	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/frost"
	"github.com/serai-go/processor/frost/ed25519"
)

// algorithm signs with the group's key plus a public offset. The message
// names the spent output and so the offset: it needs no binding of its own.
type algorithm struct {
	*ed25519.Schnorr
	offset frost.Scalar
}

func newAlgorithm(message []byte, kind coin.Kind) frost.Algorithm {
	schnorr := ed25519.NewSchnorr(message)
	if kind == coin.External {
		return schnorr
	}
	return algorithm{schnorr, offset(kind)}
}

// ForKey prepares the signature by the key plus the offset.
func (a algorithm) ForKey(key frost.Element) (frost.Instance, error) {
	shifted := ed25519.Group.NewElement().VarTimeMultiplyBase(a.offset)
	in, err := a.Schnorr.ForKey(shifted.Add(shifted, key))
	if err != nil {
		return nil, err
	}
	return instance{in, a.offset}, nil
}

type instance struct {
	frost.Instance
	offset frost.Scalar
}

// Signature completes the signers' answer to r + c·x with c·offset.
func (in instance) Signature(nonces, images []frost.Element, answer frost.Scalar) ([]byte, error) {
	challenge, err := in.Challenge(nonces, images)
	if err != nil {
		return nil, err
	}
	sum := ed25519.Group.NewScalar().Multiply(challenge.Factor, in.offset)
	return in.Instance.Signature(nonces, images, sum.Add(sum, answer))
}
