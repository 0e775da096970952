// Package keys is the arithmetic of Monero's keys and outputs: hash functions,
// encodings, key derivation, view tags, commitments, encrypted amounts, key
// images and subaddresses.
//
// Points and scalars are those of filippo.io/edwards25519. On the wire a point
// is 32 bytes, compressed as in RFC 8032, section 5.1.2, and a scalar 32 bytes,
// little-endian, below ℓ = 2²⁵² + 27742317777372353535851937790883648493. A
// value has one encoding and decoders refuse all others, as monerod does.
//
// What an output is made of, for the recipient with private view key a and
// public spend key B, the transaction key R and the output's place o in its
// transaction:
//
//	D = 8·a·R                        ViewKey.Derive
//	view tag = first byte of keccak("view_tag" ‖ D ‖ o)      Derivation.ViewTag
//	s = Hs(D ‖ o)                    Derivation.SharedKey
//	P = s·G + B                      SharedKey.OutputKey
//	C = mask·G + amount·H            Commit
//	I = x·Hp(P), x·G = P             KeyImage
//
// ProofG, ProofH and ProofTranscript are what its range proof is made with.
//
// The curve has cofactor 8. Points of blocks may have any order; where that
// matters, functions say so.
//
// Functions of secrets (the view key, what is derived with it, the spend key)
// take constant time. Those of public data take variable time where that is
// faster, and each says which. What is derived with a view key opens amounts
// and links outputs, but spends nothing; it prints as "[redacted]".
//
// Sources: monero/src/crypto (crypto.cpp, crypto-ops.c, hash.c), ringct/rctOps
// and device_default.cpp of release 0.18.
package keys
