package block_test

import (
	"slices"
	"testing"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin/bitcoin/block"
)

// Of several outputs of its coinbase with the form of a witness commitment a
// block is held to the last one (BIP-141).
func TestTheLastWitnessCommitmentCounts(t *testing.T) {
	msg := decodeBlock(t, ordinaryBlock(t, 3, nil))
	coinbase := msg.Transactions[0]
	decoy := coinbase.TxOut[len(coinbase.TxOut)-1].PkScript
	decoy[10] ^= 1
	_, err := block.Parse(finish(t, msg)) // with the right one behind it
	require.NoError(t, err)

	slices.Reverse(coinbase.TxOut[len(coinbase.TxOut)-2:])
	leaves := make([]chainhash.Hash, len(msg.Transactions))
	for i, tx := range msg.Transactions {
		leaves[i] = tx.TxHash()
	}
	msg.Header.MerkleRoot = treeRoot(leaves)
	_, err = block.Parse(encodeBlock(t, msg))
	require.ErrorContains(t, err, "witness commitment")
}
