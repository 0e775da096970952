// Package frosttest deals threshold keys for tests.
//
// It is NOT for production. Whoever runs Deal knows the whole key, which is what
// threshold keys exist to prevent; package frost/dkg makes keys that nobody
// knows. Nothing but tests imports this package.
package frosttest

import (
	"fmt"
	"io"

	"github.com/serai-go/processor/frost"
)

// Deal draws a key and hands out its shares to validators of the given weights.
func Deal(rand io.Reader, group frost.Group, threshold uint16, weights []uint16) (*frost.PublicKey, []*frost.KeyShare, error) {
	if threshold == 0 || threshold > frost.MaxShares {
		return nil, nil, fmt.Errorf("frosttest: threshold %d", threshold)
	}
	polynomial := make([]frost.Scalar, threshold)
	for i := range polynomial {
		var err error
		if polynomial[i], err = group.RandomScalar(rand); err != nil {
			return nil, nil, fmt.Errorf("frosttest: %w", err)
		}
	}
	return DealPolynomial(group, polynomial, weights)
}

// DealPolynomial hands out the shares of the key that a polynomial has at 0.
// Its coefficients are given from the constant one up; their number is the
// threshold.
func DealPolynomial(group frost.Group, polynomial []frost.Scalar, weights []uint16) (*frost.PublicKey, []*frost.KeyShare, error) {
	var secrets []frost.Scalar
	var public []frost.Element
	for _, weight := range weights {
		for range weight {
			x := group.NewScalar().SetUint64(uint64(len(secrets) + 1))
			secret := group.NewScalar()
			for i := len(polynomial) - 1; i >= 0; i-- {
				secret.Add(secret.Multiply(secret, x), polynomial[i])
			}
			secrets = append(secrets, secret)
			public = append(public, group.NewElement().MultiplyBase(secret))
		}
	}
	key, err := frost.NewPublicKey(group, uint16(len(polynomial)), weights,
		group.NewElement().MultiplyBase(polynomial[0]), public)
	if err != nil {
		return nil, nil, fmt.Errorf("frosttest: %w", err)
	}
	shares := make([]*frost.KeyShare, len(weights))
	for v, weight := range weights {
		if shares[v], err = frost.NewKeyShare(key, uint16(v), secrets[:weight:weight]); err != nil {
			return nil, nil, fmt.Errorf("frosttest: %w", err)
		}
		secrets = secrets[weight:]
	}
	return key, shares, nil
}
