// Package frost is threshold Schnorr signing: keys that n shares hold and any t
// of them can use, signing sessions that name who misbehaved, and the rule by
// which an ordered log of commitments forms signing sets.
//
// # Protocol
//
// Signing is FROST in the variant FROST3, with one binding coefficient for a
// session, as BIP-445 specifies it for BIP-340 signatures. Every signer commits
// to a pair of nonces (d, e) by D = d·G and E = e·G. Once a set of signers is
// fixed, b is a hash of the set, the sums of the D and the E, the key and what
// is signed; the nonce of the signature is R = ΣD + b·ΣE, and signer i answers
// with z = d + b·e + c·λ·s, c the challenge, s its key share, λ its Lagrange
// coefficient in the set. The sum of the answers completes the signature. An
// Algorithm says what kind of signature that is.
//
// A validator of weight w holds w shares of the key. It still commits to one
// pair and answers once, with the sum of λ·s over its shares: only sums of
// nonces enter a signature, so a pair of its own for every share would reveal
// more and gain nothing.
//
// # Security model
//
// Fewer than t shares reveal nothing about the key and cannot sign, with any
// number of concurrent sessions (one more discrete logarithm assumption, random
// oracle model). This holds while no nonce answers twice: Nonces live in
// memory only and Session.Sign consumes them. Copying the memory of a running
// process, as a virtual machine snapshot does, defeats that.
//
// A share that fails its equation convicts its signer, and nothing else does. A
// share by itself proves nothing to third parties and authenticates nobody.
//
// # What takes constant time
//
// All arithmetic on key shares and nonces: multiplication of elements by them,
// scalar arithmetic, their encoding. What is public after it is sent, that is
// commitments, coefficients, shares of signatures and all verification, takes
// variable time. Curve arithmetic comes from filippo.io/edwards25519 and from
// dcrd's secp256k1; the constant-time multiplication on secp256k1 and the
// multi-scalar multiplication there are this project's.
package frost
