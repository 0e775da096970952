// Package ed25519 is the group edwards25519 for threshold keys, and threshold
// signatures over it that every Ed25519 library verifies.
//
// The arithmetic is that of filippo.io/edwards25519; that of secrets takes
// constant time. The curve has cofactor 8. Decoders never return anything
// outside the subgroup of prime order: DecodeElement checks the order,
// DecodeCleared multiplies by the cofactor.
package ed25519
