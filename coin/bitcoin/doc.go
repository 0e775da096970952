// Package bitcoin is the Bitcoin coin: it reads blocks from a btcd or
// bitcoind, finds the group's taproot outputs in them, prices transactions,
// and spends by FROST signatures on the key path.
//
// A node is trusted to answer, not to tell the truth. Headers are checked
// against their ID, their proof of work and the difficulty of the header
// before, blocks against their header (package block), and transactions from
// outside a block against the ID that the block names. What is not covered by
// such a hash is not used.
//
// For each network key there are four output keys, one per coin.Kind: the
// BIP-341 output keys, without scripts, of the network key plus an offset that
// depends on network and kind, none for external outputs. An output is the
// group's if its script is exactly OP_1 and a push of one of them.
//
// The data of a deposit is what the first OP_RETURN output of its transaction
// pushes, in one push and nothing else, or else the preimage that the script of one
// of its witnesses begins to ask for (OP_SHA256, a push of its hash,
// OP_EQUALVERIFY). Its origin is the address of the output that the transaction's
// first input spends, or of the first that has one.
//
// The transaction of a plan spends the plan's inputs and pays its payments and
// own outputs in the plan's order, with version 2, lock time 0 and sequence
// 0xfffffffd throughout. As nothing in it is chosen, its ID is known before it
// is signed.
//
// IDs are in the order in which explorers and nodes print them. Amounts are in
// satoshi, fee rates in satoshi per 1000 weight units.
package bitcoin
