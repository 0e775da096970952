// Package node reads Monero's chain from a monerod (0.18, restricted or not)
// and hands transactions to it.
//
// A node is trusted to be there and to know the best chain, and for what
// nothing proves: the global indices of outputs, the distribution of outputs,
// the outputs of others that become decoys, and what its pool holds. All else
// is recomputed from the blobs that it sent: the ID of a block, which covers
// its height, its parent and the hashes of its transactions; and the hash of
// each transaction, by which an answer is matched to what was asked. The
// node's own reading of a blob is not looked at.
//
// Errors wrap coin.ErrTransient if the node is absent, busy or not ready;
// coin.ErrNotFound if it does not know what was asked for (yet, or no longer);
// coin.ErrInvalid, with the name of the field, if its answer contradicts
// itself or the question; ErrUnsuitable if it will not do as it is.
//
// Blocks is the way to catch up: several requests for many blocks each
// (get_blocks.bin) at once. Block fetches one by its ID.
//
// Source: monero's src/rpc/core_rpc_server_commands_defs.h.
package node
