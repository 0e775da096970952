// Package monero is the Monero coin, as far as it reads: it reads blocks from a
// monerod, finds the group's outputs in them and tells what fees they paid.
//
// A node is trusted to be there and to know the best chain. What it says is
// recomputed from its bytes (package node): IDs of blocks, which cover number
// and parent, hashes of transactions. The proof of work is not checked: run a
// node of your own. A block of a hard fork that is not known here is an
// UpgradeError.
//
// # Addresses
//
// A group's public spend key is its network key. Its private view key is the
// hash to a scalar of
//
//	"serai-go/processor monero view key v1" ‖ genesis ID ‖ network key ‖ view seed
//
// so that anybody can audit what the group receives, unless Config.ViewSeed is
// a secret of the validators. No money depends on who knows it. Each coin.Kind
// has a subaddress of this view pair (package outputs), which any wallet can
// pay. The main address belongs to nobody: what is paid there, also by an
// integrated address made of it, is not seen.
//
// # What counts
//
// All outputs to the addresses but those of a coinbase or with an unlock time,
// in blocks of hard fork 16. Data is that of the first nonce of the extra field
// that begins with 0x7f. Nobody sees an origin. Amounts are in piconero, fee
// rates in piconero per 1000 weight units. The time of a block is the median of
// the times of the 60 blocks before, of the two in the middle the earlier, and 0
// for the first 60 blocks.
//
// Outputs with the same one-time key, of which only one can be spent, are all
// reported: package scanner has the rules. Their Twin is the key.
//
// # Not there yet
//
// Spending: plans, signatures and eventualities, and the global index of an
// output, which only the node knows.
//
// More addresses than one for deposits of a group.
package monero
