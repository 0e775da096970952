package block

import "errors"

var (
	errDuplicate = errors.New("has a merkle tree with two equal neighbours")
	errMerkle    = errors.New("does not match its merkle root")
	errWitness   = errors.New("does not match its witness commitment")
	errNoCommit  = errors.New("has witnesses without a commitment to them")
)

// merkleRoot computes the root over leaves, which it overwrites. A level of
// odd length is filled up with its last element; mutated tells whether a level
// had two equal neighbours otherwise, which would make different lists of
// transactions have the same root (CVE-2012-2459).
func merkleRoot(leaves []hash) (root hash, mutated bool) {
	var pair [64]byte
	for len(leaves) > 1 {
		half := (len(leaves) + 1) / 2
		for i := range half {
			left, right := leaves[2*i], leaves[2*i]
			if 2*i+1 < len(leaves) {
				right = leaves[2*i+1]
				mutated = mutated || left == right
			}
			copy(pair[:32], left[:])
			copy(pair[32:], right[:])
			leaves[i] = doubleHash(pair[:])
		}
		leaves = leaves[:half]
	}
	return leaves[0], mutated
}

// commitmentPrefix begins the script of the witness commitment (BIP-141):
// OP_RETURN, a push of 36 bytes, the mark, and then the hash.
const commitmentPrefix = "\x6a\x24\xaa\x21\xa9\xed"

// witnessCommitment returns what the last output of the coinbase that has the
// commitment's form commits to.
func witnessCommitment(coinbase *Transaction) (commitment hash, ok bool) {
	for _, o := range coinbase.Outputs() {
		if len(o.Script) >= 38 && string(o.Script[:6]) == commitmentPrefix {
			commitment, ok = hash(o.Script[6:38]), true
		}
	}
	return commitment, ok
}

// checkWitnesses checks the transactions' witnesses against the commitment in
// the coinbase. leaves is memory to use, one per transaction.
func checkWitnesses(txs []Transaction, leaves []hash) error {
	commitment, ok := witnessCommitment(&txs[0])
	if !ok {
		for i := range txs {
			if txs[i].segwit() {
				return errNoCommit
			}
		}
		return nil
	}
	var reserved []byte
	for _, w := range txs[0].Witnesses() {
		if w.Len() == 1 {
			for item := range w.Items() {
				reserved = item
			}
		}
	}
	if len(reserved) != 32 {
		return errWitness
	}
	leaves[0] = hash{} // stands for the coinbase, which holds the commitment
	for i := 1; i < len(txs); i++ {
		leaves[i] = txs[i].witnessHash()
	}
	root, _ := merkleRoot(leaves)
	if doubleHash(append(root[:], reserved...)) != commitment {
		return errWitness
	}
	return nil
}
