// Package ring chooses the rings in which outputs are spent. A ring is the
// output itself and 15 decoys, all of which could be what is spent. The choice
// is a function of the chain up to a reference block, a seed and the output,
// and of nothing else: validators that ask different nodes, whatever the tips
// of these, get the same ring.
//
// # Candidates
//
// The decoys are the first 15 usable outputs of a stream of candidates, which
// are different from each other and from the output itself. How many of the
// stream are asked for with one request makes no difference.
//
// The stream's randomness is the key stream of ChaCha20 with the seed as its
// key and a nonce of zeros, read as little-endian words of 64 bits. A number
// below n is the first word that is not below 2⁶⁴ mod n, modulo n.
//
// With d the number of RingCT outputs up to each block from the first that has
// any to the reference block n, and h = n + 10, the first block that can spend all
// of them, a draw is the one of Monero's wallet2 (gamma_picker::pick), in integers:
//
//  1. An age in seconds, from a word: its upper 12 bits choose a step between
//     two quantiles of exp(Gamma(19.28, 1/1.61)), the others the place between
//     them.
//  2. An age above 1200 less 1200, any other replaced by a number below 1800.
//  3. How many outputs were made in this time: the age times the rate of the
//     last 262,800 blocks at 120 seconds each, rounded down. If there are not
//     so many the draw yields nothing.
//  4. The output so many before the youngest leads to a block: the first with d
//     not below its index. The draw yields any output of this block.
//
// After 10,000 draws, which only a young chain or one with a gap comes to, all
// outputs follow by their indices, from a random one upwards and from 0 again. The
// stream ends after 8192 candidates.
//
// # What is usable
//
// All outputs up to the reference block are old enough, by the distribution. One
// is usable if its transaction is unlocked at h: the unlock time is at most h and
// thus no time in seconds; if its key is of prime order and not that of the output
// itself or of a decoy before, and if its commitment is of prime order or the
// identity, both encoded canonically.
//
// # Trust
//
// Nothing proves the distribution, and which output has which index. What can
// be compared is: the distribution with itself when it grows, the heights of
// outputs with it, keys and commitments with the transactions, these with
// their hashes, and the output itself, which is asked for among the candidates
// so that the node does not see which one it is, with the record of it. The
// node's opinion that an output is unlocked depends on its tip and does not
// count. On any contradiction there is no ring, and the distribution is
// forgotten.
package ring
