// Package eventuality tells when a plan has happened.
//
// A plan of the group is settled not when its signers finish but when the
// chain holds a transaction that fulfils it, whoever completed it. What to
// look for is the plan's Eventuality; the Tracker holds those of all plans
// that are not resolved yet and finds their completions in a block.
package eventuality

// Transaction is what a confirmed transaction shows to a Tracker.
type Transaction interface {
	// ID is the transaction's ID on its network.
	ID() [32]byte
	// Lookups are the byte strings under which an Eventuality for this
	// transaction, or an output that it spends, would be watched (on Bitcoin
	// the outpoint of every input). Each is at most MaxLookup bytes.
	Lookups() [][]byte
}

// MaxLookup bounds the length of lookup bytes.
const MaxLookup = 1024

// Eventuality recognises the one transaction that fulfils one version of a
// plan.
type Eventuality interface {
	// ID is unique among eventualities.
	ID() [32]byte
	// Lookup is one of the Lookups of every matching transaction, and of few
	// others.
	Lookup() []byte
	// Matches tells whether the transaction fulfils the plan. It is a pure
	// function of its argument.
	Matches(Transaction) bool
	// Bytes is the canonical encoding, which the coin that made the
	// eventuality reads back.
	Bytes() []byte
}
