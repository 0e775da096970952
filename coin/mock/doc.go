// Package mock is a small chain in memory that behaves like a real one, and
// the coin that watches it.
//
// A Chain has blocks with parents and forks (the longest branch is the best,
// of equals the first seen), transactions that spend outputs of others with
// Ed25519 signatures, exact sizes and fees, a memory pool with relay rules,
// coinbases that have to mature, and a user who pays and is paid. It is
// deterministic: the same calls give the same bytes.
//
// A Coin reads a Chain as a real coin reads its node: it is told raw bytes,
// recomputes every hash and refuses what does not fit. Faults make it be told
// lies. The group's outputs lie on keys of edwards25519 and are spent with
// FROST.
//
// What waits for a block is treated as bitcoind does: one of its fee alone, or a
// child together with the parent that was refused for its fee (what a Coin
// published); at most 25 that build on one another, for what nodes are sent; the
// lowest rate is forgotten first when relay demands more, where the rate of one
// is the higher of its own and that with all that build on it; and miners look at
// what one pays together with all it builds on.
//
// By its Rules a Chain has those of other networks too, as Monero: outputs that
// are locked for some blocks, copies of outputs of which only one can ever be
// spent, and veiled spends.
//
// The package is a test kit: speed and clarity go before secrecy, and the
// user's keys are public.
package mock
