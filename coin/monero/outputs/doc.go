// Package outputs holds the rules by which outputs that package scan finds for
// a group count for it, apart from how they are found and who keeps the books.
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
// them can ever be spent: they are twins, about which package scanner has the
// rules. What it takes to spend one is its own, commitment and global index.
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
