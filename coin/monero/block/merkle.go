package block

import (
	"math/bits"

	"github.com/serai-go/processor/coin/monero/keys"
)

// MerkleRoot returns the root of the tree over some hashes: a block's are
// those of its transactions, the miner's first. The root of one hash is that
// hash, that of none is zero.
func MerkleRoot(leaves [][32]byte) [32]byte {
	nodes := make([]byte, 0, 32*len(leaves))
	for _, leaf := range leaves {
		nodes = append(nodes, leaf[:]...)
	}
	return merkleRoot(nodes)
}

// merkleRoot computes the root over leaves of 32 bytes, which it overwrites.
func merkleRoot(nodes []byte) (root [32]byte) {
	n := len(nodes) / 32
	if n == 0 {
		return root
	}
	// The lowest level is cut to a power of two: only its last leaves have
	// pairs, the first ones move up as they are.
	width := 1 << (bits.Len(uint(n)) - 1)
	if width < n {
		single := 2*width - n
		hashPairs(nodes[32*single:])
	}
	for ; width > 1; width /= 2 {
		hashPairs(nodes[:32*width])
	}
	return [32]byte(nodes)
}

// hashPairs replaces each two nodes by the hash of both, at the front.
func hashPairs(nodes []byte) {
	for i := 0; 64*i < len(nodes); i++ {
		h := keys.Keccak256(nodes[64*i : 64*i+64])
		copy(nodes[32*i:], h[:])
	}
}
