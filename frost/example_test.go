package frost_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"fmt"

	"github.com/serai-go/processor/frost"
	threshold "github.com/serai-go/processor/frost/ed25519"
	"github.com/serai-go/processor/frost/frosttest"
)

// Three of four validators sign. Each runs its part of this on its own machine;
// commitments and shares go through the log that all of them read. Package dkg
// makes the keys, which here are a dealer's.
func Example() {
	key, shares, err := frosttest.Deal(rand.Reader, threshold.Group, 3, []uint16{1, 1, 1, 1})
	if err != nil {
		panic(err)
	}
	message := []byte("what is signed")
	work := []frost.Algorithm{threshold.NewSchnorr(message)}
	context := []byte("names what is signed, and which attempt this is")
	signers := shares[1:]

	// Every signer commits, and keeps its nonces in memory.
	nonces := make([]*frost.Nonces, len(signers))
	members := make([]frost.Member, len(signers))
	for i, share := range signers {
		members[i].Validator = share.Validator()
		if nonces[i], members[i].Commitment, err = frost.Commit(rand.Reader, share, work, context); err != nil {
			panic(err)
		}
	}

	// With all commitments there is a session, the same for all, and every
	// signer answers it.
	session, err := frost.NewSession(key, work, context, members)
	if err != nil {
		panic(err) // a *frost.Fault names whose commitment is malformed
	}
	answers := make([][]byte, len(signers))
	for i, share := range signers {
		if answers[i], err = session.Sign(share, nonces[i]); err != nil {
			panic(err)
		}
	}

	// Whoever has all answers has the signature.
	signatures, err := session.Aggregate(answers)
	if err != nil {
		panic(err)
	}
	fmt.Println(ed25519.Verify(key.Key().Bytes(), message, signatures[0]))

	// A wrong answer convicts its sender.
	answers[1] = answers[0]
	_, err = session.Aggregate(answers)
	fmt.Println(err)
	// Output:
	// true
	// frost: validator 2: signature share does not verify
}
