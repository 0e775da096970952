// Package monero is the Monero coin: it reads blocks from a monerod, finds the
// group's outputs in them, and makes, publishes and recognises the group's
// transactions.
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
// a secret of the validators. Who knows it sees what comes in before it is mined and
// can have copies of one-time keys mined first, which cost the group nothing and a
// depositor his credit: give a group that takes deposits a seed. Each coin.Kind
// has a subaddress of this view pair (package outputs), which any wallet can
// pay. The main address belongs to nobody: what is paid there, also by an
// integrated address made of it, is not seen. There are as many addresses for
// deposits as Parameters.Depositors says, so that each depositor can have one of
// his own (DepositAddress).
//
// # What counts
//
// All outputs to the addresses but those of a coinbase or with an unlock time,
// in blocks of hard fork 16. Data is that of the first nonce of the extra field
// that begins with 0x7f. Nobody sees where a deposit comes from: its origin is the
// address that its data begins with, if it does (package outputs). Amounts are in
// piconero, fee rates in piconero per 1000 weight units. The time of a block is the
// median of the times of the 60 blocks before, of the two in the middle the earlier,
// and 0 for the first 60 blocks.
//
// Outputs with the same one-time key, of which only one can be spent, are all
// reported: package scanner has the rules. Their Twin is the key.
//
// # Transactions
//
// All of a transaction but its signatures follows from the plan and the chain up
// to the plan's reference block (packages spend and ring). What is random in others
// comes from the hash of
//
//	"serai-go/processor monero transaction v1" ‖ private view key ‖ plan ID
//
// so that no two plans share any of it. Where the view seed is empty, everybody can
// compute it: who looks knows what the group spends, and whom it pays.
//
// Ring members are outputs up to the reference block. That is final with ten
// confirmations, when they can be spent, so validators with different nodes choose
// the same. The prepared form has them, and what is signed is asked of no node
// again. A ring lives as long as its members: if the chain loses one of them in a
// reorganisation as deep as that, the plan has to be replaced.
//
// Payments go to main addresses and subaddresses. A transaction with one output
// gets a second one of nothing to the same address, as the network wants two.
//
// A transaction's ID depends on its signatures. So a plan's eventuality knows it by
// extra field, outputs, fee and rings, and Transaction.Spends has the key images,
// which nobody knows before the signatures: Lookups of a confirmed transaction are
// the Keccak-256 hash of its extra field and its key images. An output is signed for
// as the ring member with its global index and commitment, so that a copy of its
// one-time key is not spent in its place.
package monero
