// Package dkg is the key generation protocol: validators of given weights make
// a key pair that none of them holds, in one message each and one response. If
// somebody cheats, everybody sees who, and the others go on without its deal.
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
//     ephemeral key of the encryption cover the whole message. Setup.DecodeDeal
//     judges the form of a deal, Setup.VerifyDeals the proofs of many at once,
//     Setup.ReadDeal both of one: all that can be judged publicly. Whoever
//     fails is at fault.
//  2. Everybody adds up the same deals (Setup.Combine), which gives the public
//     keys and the verification share of each index. A recipient decrypts its
//     values, adds them and checks the sums (Setup.Shares); only then it
//     broadcasts its OK (Setup.Respond), which is the hash of all of the above.
//     If a sum is wrong it checks each dealer's values, and its response is a
//     complaint of all dealers that cheated it (Setup.Complain). Everybody
//     comes to the same verdict on it (Setup.Judge), which convicts each dealer
//     rightly complained of, or the accuser.
//  3. Where dealers were convicted so, the response is repeated to the deals
//     that are left, if these still have the threshold's weight. Nobody deals
//     anew. Responses name the round that they are for.
//
// The transport is a total order with authentic senders, the same for all. The
// rules of rounds and silence are those of the caller: this package has no
// state and no clock.
//
// A complaint shows the Diffie-Hellman element S = d·E of accuser and dealer,
// with a proof that d is the accuser's identity secret (equality of discrete
// logarithms, of Chaum and Pedersen). With S everybody decrypts what the dealer
// sent and compares it with the commitments. The checks are in this order: a
// complaint that is malformed, of a dealer without a deal in the round, or
// whose S is not canonical or not of prime order convicts the accuser, and so
// does a wrong proof; then, if decryption with S fails, a scalar is not reduced
// or any value is not the committed one, the dealer is convicted; else the
// accuser is. As the dealer proved that it knows its ephemeral key, S opens no
// one else's deal; as the key is of this setup only, S opens no other of the
// dealer's.
//
// # Forward differences
//
// A deal commits to a polynomial f by its forward differences at 0, D_k =
// Δᵏf(0)·G for k below t, not by its coefficients. All verification shares then
// take additions only: n·(t−1) of them, which for 101 of 150 on secp256k1 are
// 10 ms, where evaluating the coefficients takes 55 ms. The two are related by
// an invertible public linear map and D_0 is the commitment to f(0) in both, so
// the commitments span the same elements, bind to the same polynomial, reveal
// the same, and the proofs are of the same statement. The dealer draws the
// differences, which makes a uniform polynomial, and gets its values by
// additions too. Elements go uncompressed: a check of the curve equation takes
// 0.1 to 0.4 µs, a square root 3 to 7, of which a validator would make 30,000.
// On edwards25519 what is sent is an eighth of the element and readers multiply
// by 8, so what they work with is of prime order whatever was sent.
//
// # Security
//
// Model: a static adversary that controls participants of a weight below the
// threshold t, and delays and orders messages as it likes within the total
// order; random oracles; discrete logarithm and gap Diffie-Hellman on
// edwards25519, discrete logarithm on the network's group. Progress needs
// honest participants of weight t, with the rules of package keygen MinOK.
//
// Proven elsewhere:
//   - The keys: Feldman's secret sharing with proofs of possession, where
//     recipients check only the sum of the values, is SimplPedPop, proven
//     together with FROST in eprint 2023/899 (CGRS23; see 2020/852 for FROST and
//     its key generation). Only sums are ever used, so errors of colluding
//     dealers that cancel harm nobody.
//   - Bias: the last dealer sees the others' constants and can influence the
//     keys. That is harmless for Schnorr signatures (Gennaro, Jarecki, Krawczyk
//     and Rabin 2007; the proofs above allow it). It also knows the others' values
//     at its own indices and can choose its own shares. They may be zero: were
//     that refused, it could end any attempt, and nobody were to blame.
//   - The proof in a complaint: a Schnorr proof of equal logarithms; an honest
//     dealer's values reach nobody unless their recipient shows them.
//
// Ours, which wants review:
//   - The composition of deal and response with public complaints. A colluding
//     pair may stage a complaint to remove one of its deals after all are
//     known: with k such dealers 2ᵏ choices of the key, each paid for with a
//     conviction. The choices change the key by public offsets of the
//     adversary's own known constants, as the last dealer's choice does.
//   - Deterministic deals: everything a dealer sends follows from its identity's
//     seed and the setup, complaints from the seed and the deal. A process that
//     crashed makes the same messages again; two different deals of one honest
//     validator in one setup cannot exist. As nothing is drawn, a fault of the
//     hardware while signing the proofs is not hedged against.
//   - Forward differences, the proofs' batch with weights from a hash of all
//     deals, and the check of a recipient's values in one weighted sum.
//   - The encryption: an ephemeral-static Diffie-Hellman on edwards25519, HKDF
//     (RFC 5869) with SHA-512, and AES-256-GCM under keys that are used once.
//     It is not HPKE, which has no proof of the shared element. Whoever learns
//     an identity's seed later reads what was ever dealt to it: there is no
//     forward secrecy, which is the price of recovery from the log.
//
// Arithmetic on secrets takes constant time, as far as package frost's groups
// do; what is public is computed in variable time.
//
// # What a caller must never do
//
//   - Run two key generations with the same Params: the second would deal the
//     same polynomials. Genesis, Network and Session name one validator set, and
//     Attempt grows.
//   - Register an identity without its proof of possession, or give two
//     validators one seed.
//   - Delete a seed before every key made with it is retired: others rely on
//     shares that only the seed restores.
//   - Complain of a dealer that Shares did not name: it gives the values away.
//   - Judge by another order of messages than all others, or by a clock.
package dkg
