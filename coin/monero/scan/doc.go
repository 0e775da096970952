// Package scan finds in transactions the outputs that belong to view pairs,
// exactly those that Monero's reference wallet finds, and what it takes to
// spend them.
//
// A Scanner is made once of all recipients: a view key, a spend key and the
// addresses that have been handed out. Scan goes through parsed transactions
// (package block). For each transaction key R of the extra field, and for
// output o also the additional key o, it computes the derivation D of each view
// key (package keys) and then for each output:
//
//	the view tag of (D, o) is the output's, or it has none
//	P − s·G with s = Hs(D ‖ o) is the spend key of a registered address
//	the amount opens the commitment and is not zero
//
// The first key for which the second holds decides about an output. That it
// holds for two is as hard as a collision of the hash.
//
// # What is found
//
// Transactions of version 1 are passed over: they make no RingCT outputs. Of
// version 2 all types are read, coinbase too. There is nothing to find without
// a transaction key, even if there are additional keys. Bytes that are no point
// are, as transaction key, taken for the identity, as wallets do: such an
// output has secrets that anybody can compute, yet it is ours to spend. As an
// output's key they belong to nobody, like the identity. A key with a part of
// small order is nobody's either: take s·G away, and the part is still there,
// while registered spend keys are of prime order.
//
// Everything that is ours is found, also what is locked or cannot be spent
// twice: several outputs may have the same key, of which only one can ever be
// spent. What counts is a question for the package above (outputs).
//
// # Cost
//
// Per distinct transaction key and view key: a multiplication in constant time
// (the decompression is shared by all view keys, compressions share an inversion
// per 64). Per output and key one hash; the rest is only for outputs whose tag
// fits, by chance one of 256. A miner can put as many transaction keys and
// outputs into a coinbase as the block holds, which makes their product the
// work. A caller to whom coinbase outputs never count leaves it out of the list
// and adds its outputs to the first index. All other transactions of today
// have at most 16 outputs, so that work grows with the block's size only.
//
// Sources: monero/src/wallet/wallet2.cpp (process_new_transaction, scan_output)
// and src/cryptonote_basic/cryptonote_format_utils.cpp
// (is_out_to_acc_precomp) of release 0.18.
package scan
