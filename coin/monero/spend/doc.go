// Package spend makes Monero transactions (version 2, type 6) that all signers
// of a group come to alike, says what has to be signed, puts the signatures in,
// and recognises the result on the chain.
//
// A Draft is what was decided: which outputs are spent, in which rings, what is
// paid, the fee, and a seed. New makes an Unsigned of it, which has an encoding
// of its own, and nothing in which is left to chance. Work is one signature for
// each input (packages clsag and frost), Assemble the transaction with them.
// Expectation is what a chain is searched for. Weight and Fee tell what a
// transaction costs before there is one.
//
// # What follows from the seed
//
// For each purpose there is a stream of bytes, ChaCha20 with a zero nonce under
//
//	keccak(u8 length of purpose ‖ purpose ‖ K ‖ inputs)
//
// with key and commitment of each input, in descending order of the keys. A
// scalar is 64 bytes modulo ℓ.
//
//	shuffle_payments           the order of the outputs, by Fisher and Yates:
//	                           8 bytes modulo i+1 for i from the last to 1
//	transaction_keys           the secret r, and then one r_o for each output o
//	                           if there are additional keys
//	bulletproof                what the range proof hides with
//	multisig_pseudo_out_masks  a mask for each input but the last one, in the
//	                           draft's order. The last makes the sums equal.
//
// Whoever knows the seed sees all of that. Two transactions with the same seed
// and inputs would have the same keys, so a seed is to bind both, data included.
//
// # Outputs
//
// All outputs are made from addresses alone, also those to the group itself:
//
//	all to one subaddress (D, C)   R = r·D, derivations 8·r·C
//	others, some to subaddresses   R = r·G and for each output o an additional
//	                               key, r_o·D or for main addresses r_o·G;
//	                               derivations 8·r_o·C, 8·r·A
//	only to main addresses (B, A)  R = r·G, derivations 8·r·A
//
// A draft with one output gets a second one of amount 0 to the same address, as
// a transaction has two at least. One with two has an encrypted payment ID of
// zero, by the derivation of the draft's first output, as wallets' transactions
// have. (If that output goes to a subaddress and the other one elsewhere, its recipient
// decrypts something else, which only wallets show.) The rest is as in
// package keys: view tag, amount and mask follow from the shared key.
//
// A draft's data is a nonce of the extra field of its own, behind the payment ID: 127
// and the bytes. It is public. Validators' transactions have none, it is what users
// tell them with a deposit.
//
// # Encoding of an Unsigned
//
// In the codec of the project (little-endian numbers, counts u32), sizes in
// bytes:
//
//	inputs      per ring member: index 8, key 32, commitment 32; position of the
//	            one that is spent 1; pseudo output 32
//	outputs     network 1, kind 1, spend key 32, view key 32, amount 8; key 32,
//	            view tag 1, encrypted amount 8, commitment 32
//	places      1 each: where the draft's outputs are
//	extra       length 4 and bytes
//	fee         8
//	range proof length 4 and bytes
//
// Inputs are in the draft's order: that of the transaction depends on key images,
// which only the signers find out.
//
// # Safety
//
// Bytes of an Unsigned are believed nowhere: what is signed or assembled is
// compared with what the draft gives, Check makes the outputs again from the
// seed, and Assemble verifies everything that the network will. Masks, offsets
// and secrets of transaction keys are handled in constant time and overwritten,
// and Draft, Input and Seed print as "[redacted]".
package spend
