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
// The binding of RFC 9591, one coefficient for each signer, is a switch of the
// algorithms (PerSigner) for those who sign with other implementations. It costs
// a multiplication for every signer.
//
// # Security model
//
// Fewer than t shares reveal nothing about the key and cannot sign, whatever
// they send, and whenever, in any number of concurrent sessions. Any t honest
// shares sign whatever the others send or keep back: Roast forms the sets that
// achieve this without a clock, out of a log that is the same for all.
//
// A share that fails its equation convicts its signer, and so does an encoding
// that no honest signer sends; nothing else does. Aggregate checks the
// signatures, and only if one fails the shares, several in one equation and those
// that fail together one by one, with weights that are a hash: whoever repeats it
// with the same session comes to the same verdict. A share by itself proves nothing
// to third parties and authenticates nobody: that is the log's part.
//
// What is assumed: the hash functions are random oracles; one more discrete
// logarithm is hard in the group (AOMDL); keys come from a key generation whose
// dealers proved to know their constants, as in package dkg; the log is the same
// for all, and its senders are authentic; the random source of Commit is good,
// or at least fails only together with a repetition of share, key, message and
// context, all of which are mixed in where there is a context.
//
// # What is proven where
//
// FROST with one coefficient: the papers on ROAST (eprint 2022/550) and Olaf
// (eprint 2023/899), under AOMDL in the random oracle model, with a key
// generation that checks sums of shares only. Robustness by sets without
// timeouts: ROAST. FROST with a coefficient for each signer: RFC 9591 and eprint
// 2021/1375. Tweaked keys and what their signers answer: BIP-341 and BIP-445.
// The consistency test of keys: SCRAPE, eprint 2017/216.
//
// What is this package's own and wants review: one nonce pair for all shares of
// a validator; the context of a session and the number of a signature in it, by
// which coefficients are unique; the log in the place of ROAST's coordinator,
// with shares judged when a set is complete, and withdrawals; nonces under several
// generators without a proof that they agree, which the equation of the share
// covers; messages that depend on the images which the signers of the session send
// with their nonces (Joint), all of which the coefficients cover; clearing the
// cofactor of elements by decoding (1/h)·X as X; the constant-time multiplication
// on secp256k1.
//
// # What takes constant time
//
// All arithmetic on key shares and nonces: multiplication of elements by them,
// scalar arithmetic, their encoding. What is public after it is sent, that is
// commitments, coefficients, shares of signatures and all verification, takes
// variable time, and what could touch a secret by mistake has VarTime in its
// name. Curve arithmetic comes from filippo.io/edwards25519 and from dcrd's
// secp256k1; the constant-time multiplication on secp256k1 and the multi-scalar
// multiplication there are this project's. Secrets print as "[redacted]", and are
// overwritten when they are spent or erased; the runtime may hold copies made
// before.
//
// # What must never happen
//
// No nonce may answer twice: two answers of one nonce in different sessions give
// the share away. Nonces live in memory only and Session.Sign consumes them. A
// snapshot of the memory of a running process, as of a virtual machine, that is
// started a second time defeats that, as do two processes that were forked from
// one. Restoring a database is safe: nonces are not in it.
package frost
