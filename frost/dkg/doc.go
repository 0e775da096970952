// Package dkg is the key generation protocol: validators of given weights make
// a key pair that none of them holds, in one message each and one response.
//
// # Protocol
//
// A Setup is everything the validators agreed on before the first message. Its
// hash stands in whatever follows, so no message means anything in another
// session, attempt, network or set of validators.
//
//  1. Each validator broadcasts one deal: for each of the two keys the
//     commitments to a random polynomial of degree t − 1, and for each
//     validator the values of the polynomials at its share indices, encrypted
//     to its identity. Proofs that the dealer knows both constant terms and the
//     ephemeral key of the encryption cover the whole message. Setup.ReadDeal
//     is all that can be judged publicly; whoever fails it is at fault.
//  2. Everybody adds up the same deals (Setup.Combine), which gives the public
//     keys and the verification share of each index. A recipient decrypts its
//     values, adds them and checks the sums (Setup.Shares); only then it
//     broadcasts its OK, which is the hash of all of the above.
//
// The transport is a total order with authentic senders, the same for all. The
// rules of rounds, silence and blame are those of the caller: this package has
// no state and no clock.
//
// A recipient who was dealt bad values learns which dealers did it and stays
// silent. The response kinds leave room for its public complaint.
//
// # Security
//
// The scheme is Feldman's verifiable secret sharing with proofs of possession
// (Pedersen's DKG as in FROST, eprint 2020/852 and 2021/1658), where recipients
// check the sum of the values only, as SimplPedPop does (eprint 2023/899). The
// last dealer can bias the keys, which is harmless for Schnorr signatures. The
// encryption is an ephemeral-static Diffie-Hellman on edwards25519, HKDF (RFC
// 5869) with SHA-512, and AES-256-GCM under keys that are used once.
//
// Everything a dealer sends follows from its identity's seed and the setup. A
// process that crashed makes the same deal again; two different deals of one
// honest validator in one setup cannot exist. For the same reason the seed
// together with the broadcast messages restores the shares.
//
// Arithmetic on secrets takes constant time, as far as package frost's groups
// do; what is public is computed in variable time.
package dkg
