// Package block reads and writes Monero's own encodings: transactions, their
// extra field and blocks, from the bytes that a node sent, in one pass and
// without copying.
//
// What is parsed is a view of its bytes, which must not change and which are
// what it encodes to again: numbers must be varints in their only form, counts
// are checked against what remains before anything depends on them, and no
// byte may be left over. Fields turns a view into a value that can be changed
// and written.
//
// Read are all versions and types that the network ever accepted: version 1,
// and version 2 with RingCT types 0 (coinbase) to 6 (CLSAG and Bulletproofs+,
// the only one that may be made since hard fork 15). Anything else fails with
// ErrUnsupported. Checked is what it takes to read the bytes in one way only,
// and rules on form that hold for all that was ever mined. Keys, commitments
// and proofs are bytes here: whether they are points, and whether a
// transaction may spend what it spends, is for others.
//
// # Form of a transaction
//
// vi is a varint (package keys), sizes are in bytes.
//
//	prefix   vi version, vi unlock time, vi count and inputs, vi count and
//	         outputs, vi size and extra
//	input    02, vi amount, vi count and vi offsets of the ring, key image 32
//	         ff, vi height                                      (coinbase)
//	output   vi amount, 02, key 32
//	         vi amount, 03, key 32, view tag 1
//	base     type 1, vi fee, pseudo outputs 32 each (type 2 only),
//	         encrypted amounts 8 each (64 up to type 3), commitments 32 each
//	         or only the byte 00                                (coinbase)
//	prunable range proofs, a signature per input, pseudo outputs 32 each
//
// A type 6 range proof is vi 1, A A1 B r1 s1 d1 32 each, vi k, L 32 each, vi k,
// R 32 each, with k = 6 + log2 of the outputs rounded up to a power of two. A
// CLSAG is s 32 for each ring member, c1 32, D 32. Version 1 ends with a ring
// signature of 64 for each ring member instead of base and prunable part. The
// pruned form of a transaction is prefix and base.
//
// # Hashes
//
// A version 2 transaction's hash is that of three hashes, of its prefix, base
// and prunable part, so that the pruned form and the third hash prove it. Its
// signatures sign the same with the hash of the bare range proofs as the
// third. Hashes are in their own order, which is also the one they are written
// and shown in. They are computed when asked for, each time, so that views can
// be used by several goroutines at once.
//
// Sources: monero's src/cryptonote_basic (cryptonote_basic.h, tx_extra.h,
// cryptonote_format_utils.cpp), src/ringct/rctTypes.h and
// src/crypto/tree-hash.c.
package block
