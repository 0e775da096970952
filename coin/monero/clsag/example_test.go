package clsag_test

import (
	"crypto/rand"
	"fmt"

	"filippo.io/edwards25519"

	"github.com/serai-go/processor/coin/monero/clsag"
	"github.com/serai-go/processor/coin/monero/keys"
	"github.com/serai-go/processor/frost"
	"github.com/serai-go/processor/frost/ed25519"
	"github.com/serai-go/processor/frost/frosttest"
)

func random() *edwards25519.Scalar {
	s, err := ed25519.Group.RandomScalar(rand.Reader)
	if err != nil {
		panic(err)
	}
	return s.(*ed25519.Scalar).Value()
}

// output returns an output with a one-time key, and what opens its commitment.
func output(key *edwards25519.Point, amount uint64) (m clsag.Member, mask *edwards25519.Scalar) {
	mask = random()
	return clsag.Member{Key: [32]byte(key.Bytes()), Commitment: [32]byte(keys.Commit(mask, amount).Bytes())}, mask
}

func point(s *edwards25519.Scalar) *edwards25519.Point {
	return new(edwards25519.Point).ScalarBaseMult(s)
}

// spend returns an input that spends an output among decoys.
func spend(key *edwards25519.Point) clsag.Input {
	in := clsag.Input{Real: 11, Offset: random(), PseudoMask: random(), Amount: 5_000_000_000}
	for range clsag.RingSize {
		decoy, _ := output(point(random()), 1)
		in.Ring = append(in.Ring, decoy)
	}
	oneTime := point(in.Offset)
	in.Ring[in.Real], in.Mask = output(oneTime.Add(oneTime, key), in.Amount)
	return in
}

// Who has the key signs, and everybody verifies.
func ExampleSign() {
	key := random()
	in := spend(point(key))
	message := keys.Keccak256([]byte("the transaction"))
	signature, image, err := clsag.Sign(rand.Reader, key, &in, message)
	if err != nil {
		panic(err)
	}
	encoded := signature.Append(nil)

	received, err := clsag.Parse(encoded, clsag.RingSize)
	if err != nil {
		panic(err)
	}
	fmt.Println(len(encoded), received.Verify(message, in.Ring, image, in.PseudoOut()))
	// Output: 576 <nil>
}

// Two of three spend two outputs in one transaction.
func ExampleWork() {
	key, shares, err := frosttest.Deal(rand.Reader, ed25519.Group, 2, []uint16{1, 1, 1})
	if err != nil {
		panic(err)
	}
	public := key.Key().(*ed25519.Element).Point()
	inputs := []clsag.Input{spend(public), spend(public)}
	// The transaction is known when the key images are.
	transaction := func(images [][32]byte) ([32]byte, error) {
		return keys.Keccak256([]byte("the transaction of"), images[0][:], images[1][:]), nil
	}
	work, err := clsag.Work(inputs, transaction)
	if err != nil {
		panic(err)
	}

	var members []frost.Member
	var nonces []*frost.Nonces
	for _, validator := range []uint16{0, 2} {
		n, commitment, err := frost.Commit(rand.Reader, shares[validator], work, []byte("payment 1"))
		if err != nil {
			panic(err)
		}
		nonces = append(nonces, n)
		members = append(members, frost.Member{Validator: validator, Commitment: commitment})
	}
	session, err := frost.NewSession(key, work, []byte("payment 1"), members)
	if err != nil {
		panic(err)
	}
	var answers [][]byte
	for i, m := range members {
		answer, err := session.Sign(shares[m.Validator], nonces[i])
		if err != nil {
			panic(err)
		}
		answers = append(answers, answer)
	}
	signed, err := session.Aggregate(answers)
	if err != nil {
		panic(err) // frost.Faults names who is at fault
	}

	var images [][32]byte
	for i := range inputs {
		image, signature, err := clsag.ParseSigned(signed[i], clsag.RingSize)
		if err != nil {
			panic(err)
		}
		images = append(images, image)
		fmt.Println(len(signature.S), "responses")
	}
	message, _ := transaction(images)
	for i := range inputs {
		image, signature, _ := clsag.ParseSigned(signed[i], clsag.RingSize)
		fmt.Println(signature.Verify(message, inputs[i].Ring, image, inputs[i].PseudoOut()))
	}
	// Output:
	// 16 responses
	// 16 responses
	// <nil>
	// <nil>
}
