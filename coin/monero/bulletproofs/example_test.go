package bulletproofs_test

import (
	"fmt"

	"filippo.io/edwards25519"
	"golang.org/x/crypto/sha3"

	"github.com/serai-go/processor/coin/monero/bulletproofs"
	"github.com/serai-go/processor/coin/monero/keys"
)

// A transaction pays two amounts. Validators who share a secret seed make the
// same proof.
func Example() {
	random := sha3.NewShake256()
	random.Write([]byte("a seed that only the validators know, of this plan alone"))

	amounts := []uint64{1_500_000_000_000, 250_000_000} // in piconero
	var masks []*edwards25519.Scalar
	var commitments [][32]byte
	for i := range amounts {
		mask, err := keys.HashToScalar([]byte("mask"), []byte{byte(i)}) // in truth secret
		if err != nil {
			panic(err)
		}
		masks = append(masks, mask)
		commitments = append(commitments, [32]byte(keys.Commit(mask, amounts[i]).Bytes()))
	}
	proof, err := bulletproofs.Prove(random, amounts, masks)
	if err != nil {
		panic(err)
	}
	encoded := proof.Append(nil)
	fmt.Println(len(encoded), bulletproofs.Size(len(amounts)))

	parsed, _, err := bulletproofs.Parse(encoded)
	if err != nil {
		panic(err)
	}
	fmt.Println(parsed.Verify(commitments))
	commitments[0], commitments[1] = commitments[1], commitments[0]
	fmt.Println(parsed.Verify(commitments))
	// Output:
	// 642 642
	// <nil>
	// bulletproofs: proof is invalid: the equation does not hold
}
