// Package block reads Bitcoin's own encodings: headers, transactions and
// blocks, from the bytes that a node sent, in one pass and without copying.
//
// What Parse returns is authenticated by its header: the merkle root covers
// the transactions' IDs and the BIP-141 commitment covers their witnesses, so
// a byte changed anywhere is refused. Only the one encoding that the network
// itself uses is accepted. The package checks what it takes to know that the
// bytes belong to the header and can be read in one way only; whether the
// transactions may spend what they spend is the network's business.
//
// IDs are in the order in which they are written and shown everywhere: the
// reverse of the double SHA-256 that they are.
package block

import "crypto/sha256"

// hash is a double SHA-256 in its own order.
type hash = [32]byte

func doubleHash(b []byte) hash {
	first := sha256.Sum256(b)
	return sha256.Sum256(first[:])
}

// reversed turns the order of a hash into that of an ID and back.
func reversed(h hash) hash {
	for i, j := 0, len(h)-1; i < j; i, j = i+1, j-1 {
		h[i], h[j] = h[j], h[i]
	}
	return h
}
