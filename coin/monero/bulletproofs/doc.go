// Package bulletproofs makes and checks the range proofs of Monero's
// transactions, Bulletproofs+: one proof that each of 1 to 16 commitments
// C = mask·G + amount·H is to an amount below 2⁶⁴.
//
// A proof for n outputs has k = 6 + ⌈log₂ n⌉ pairs L, R. Encoded it is
//
//	A A1 B r1 s1 d1 varint(k) L·k varint(k) R·k
//
// with 32 bytes for each point and scalar, that is 194 + 64·k bytes: 578 for
// 1 output, 642 for 2, 706 for 3 and 4, 770 up to 8 and 834 up to 16. In a
// transaction of type 6 it follows the number of proofs, which is 1.
//
// Points of a proof are written as an eighth of what they stand for. The
// verifier multiplies its whole equation by 8, as monerod does each point, which
// removes torsion; what the transcript hashes are the points as written. So
// nothing that is added to a point afterwards passes.
//
// # Secrets
//
// Prove takes constant time in the amounts as far as they enter A, and in the
// masks, α, and the blinding terms dL, dR, r, s, δ, η. It takes variable time in
// the folded vectors a and b, with which L and R are made: caches and time
// may tell something of amounts to who measures on the same machine. Where amounts
// are known to every validator anyway, nothing is lost. Secrets are
// erased as far as Go allows.
//
// Verify and VerifyBatch see public data only and take variable time.
//
// # Generators
//
// Of each of the 2048 generators, and of G and H, the package keeps 26 multiples
// 2¹⁰ʲ·P: 390 kB for each output that one proof is for, made at the first proof with so
// many (6.4 MB for 16). With them a sum of multiples of generators is
// 26 additions for each, into buckets, and no doubling. This beats folding the generators
// from round to round as the paper does: each scalar of a round is multiplied with what
// the generator was folded with so far, and the generators stay.
//
// # Sources
//
// Chung, Han, Ju, Kim, Seo: Bulletproofs+: Shorter Proofs for a Privacy-Enhanced
// Distributed Ledger (https://eprint.iacr.org/2020/735);
// monero/src/ringct/bulletproofs_plus.cc of release 0.18.
package bulletproofs
