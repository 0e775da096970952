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
// Prove makes A, A1, B and the scalars in constant time, as far as amounts,
// masks and blinding scalars enter them. It takes constant time also in what blinds L
// and R, but variable time in the vectors a and b that these commit to: who
// measures on the same machine may learn something of the amounts, and nothing of
// masks. Every validator knows the amounts. Secrets are erased as far as Go allows.
//
// Verify and VerifyBatch see public data only and take variable time.
//
// # Generators
//
// Of each of the 2048 generators, and of G and H, the package keeps 26 multiples
// 2¹⁰ʲ·P: 400 kB for each output that a proof is for, made when a proof first has
// so many (6.4 MB for 16). With them a sum of multiples of generators takes 26
// additions for each, into buckets, and no doubling. This is why the prover does
// not fold the generators after each round as the paper does, but multiplies
// each with all that it would have been folded with, until few are left
// (16 to 64): then it computes those.
//
// # Sources
//
// Chung, Han, Ju, Kim, Seo: Bulletproofs+: Shorter Proofs for a Privacy-Enhanced
// Distributed Ledger (https://eprint.iacr.org/2020/735);
// monero/src/ringct/bulletproofs_plus.cc of release 0.18.
package bulletproofs
