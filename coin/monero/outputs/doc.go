// Package outputs holds the rules by which outputs that package scan finds for
// a group count for it, apart from how they are found and who keeps the books.
// All of it is a function of the chain.
//
// # Kinds
//
// A group has an address per kind, subaddresses of its view pair: external
// (1, j), one for each depositor j; branch (2, 0), change (2, 1), forwarded
// (2, 2). The main address (0, 0) is never handed out, and nobody watches it.
//
// # What never counts
//
// Coinbase outputs, which take 60 blocks to be spendable, and outputs with an
// unlock time: Counts tells.
//
// # Equal output keys
//
// Two outputs with the same key have the same key image, so that only one of
// them can ever be spent. Whoever knows the derivation (the sender, an insider,
// or anybody if the view key is public) can have a copy with any amount mined,
// before or after. Outputs of the internal kinds are safe because they count
// only as the outputs of known transactions. For external outputs there is a
// Record per key, which Observe changes:
//
//	below dust, less cost        ignored: no trace, not even of the key
//	key is new                   credited: amount less cost
//	within W blocks of the       raised: credited with what amount less cost is
//	first, and larger than any   above the sum credited, if at least dust
//	any other                    written off
//
// Cost is therefore borne once, as only one of them is spent: the largest, once
// no copy can raise it any more, which is when the block W past the first has
// settled. Its commitment and global index are those to sign with. A copy that
// is smaller and comes first takes nothing from the depositor; one that comes
// too late is worth nothing to anyone, like one that is not larger.
//
// # Data and refunds
//
// The data of a deposit is the first nonce of extra that begins with 0x7f,
// without that byte. Monero shows nobody where a payment came from, so a refund
// goes only where the data says, by its first bytes:
//
//	01, kind, spend key 32, view key 32
//
// with kind 00 for a main address and 20 (hex) for a subaddress. The keys must
// be those of an address that can be paid. The data is otherwise opaque and
// reported whole.
package outputs
