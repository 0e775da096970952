package dkg_test

import (
	"crypto/rand"
	"fmt"

	"github.com/serai-go/processor/frost"
	"github.com/serai-go/processor/frost/dkg"
	"github.com/serai-go/processor/frost/secp256k1"
)

// Three validators of weights 1, 2 and 1 make a key pair that any three of the
// four shares sign with. Each runs its part of this on its own machine; deals
// and responses go through the log that all of them read.
func Example() {
	params := dkg.Params{
		Network: "bitcoin", Threshold: 3, MinOK: 4, NetworkGroup: secp256k1.Group,
	}
	var identities []*dkg.Identity
	for _, weight := range []uint16{1, 2, 1} {
		var seed [dkg.SeedSize]byte
		rand.Read(seed[:])
		id, err := dkg.NewIdentity(seed)
		if err != nil {
			panic(err)
		}
		identities = append(identities, id)
		params.Participants = append(params.Participants, dkg.Participant{Key: id.Public(), Weight: weight})
	}
	setup, err := dkg.NewSetup(params)
	if err != nil {
		panic(err)
	}

	// Everybody deals, and reads all deals.
	var deals []*dkg.Deal
	for dealer, id := range identities {
		raw, err := setup.Deal(id)
		if err != nil {
			panic(err)
		}
		deal, err := setup.DecodeDeal(uint16(dealer), raw)
		if err != nil {
			panic(err) // convicts the dealer
		}
		deals = append(deals, deal)
	}
	fmt.Println("without proof:", setup.VerifyDeals(deals))

	// All come to the same keys, each takes out its shares and approves.
	result, err := setup.Combine(deals)
	if err != nil {
		panic(err)
	}
	for self, id := range identities {
		_, share, err := setup.Shares(id, deals, result)
		if err != nil {
			panic(err) // a *dkg.BadDealsError names whom to complain of
		}
		raw := setup.Respond(uint16(self), dkg.FirstResponses, result)
		response, err := setup.ReadResponse(uint16(self), raw)
		if err != nil {
			panic(err) // convicts its sender
		}
		fmt.Println(self, "holds", indices(share), "and approves:", response.Transcript == result.Transcript)
	}
	// Output:
	// without proof: []
	// 0 holds [1] and approves: true
	// 1 holds [2 3] and approves: true
	// 2 holds [4] and approves: true
}

func indices(share *frost.KeyShare) []uint16 { return share.Key().Indices(share.Validator()) }
