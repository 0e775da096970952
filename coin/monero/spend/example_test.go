package spend_test

import (
	"fmt"

	"github.com/serai-go/processor/coin/monero/address"
	"github.com/serai-go/processor/coin/monero/spend"
)

// A group pays somebody and keeps the change. The rings are invented; package
// frost shows the signing, which is an exchange of messages.
func Example() {
	m := newMaker(7)
	group, payee := m.wallet().address(2, 1), m.wallet().address(0, 0)

	// What it costs is known before there is anything.
	const rate = 20_000_000 // piconero for 1000 units of weight
	fee, err := spend.Fee(rate, 1, []address.Address{payee, group})
	if err != nil {
		panic(err)
	}
	const owned, paid = 3_000_000_000_000, 1_000_000_000_000
	draft := spend.Draft{
		Seed:    m.seed(), // a hash of a secret and of all that is planned
		Inputs:  []spend.Input{m.input(owned)},
		Outputs: []spend.Output{{Address: payee, Amount: paid}, {Address: group, Amount: owned - paid - fee}},
		Fee:     fee,
	}
	unsigned, err := spend.New(draft)
	if err != nil {
		panic(err)
	}

	// Every signer makes the same bytes. Who reads them sees what they do.
	read, err := spend.Parse(unsigned.Bytes())
	if err != nil {
		panic(err)
	}
	fmt.Println("does what it says:", read.Check(draft.Seed) == nil)
	fmt.Println("pays", read.Outputs()[0].Amount, "for", read.Fee())

	// The signers sign one item for each input, and there is a transaction.
	work, err := read.Work(draft)
	if err != nil {
		panic(err)
	}
	tx, err := read.Assemble(draft, m.sign(panics{}, work))
	if err != nil {
		panic(err)
	}
	fmt.Println("expected on the chain:", read.Expectation().Matches(tx))
	// Output:
	// does what it says: true
	// pays 1000000000000 for 32420000
	// expected on the chain: true
}

// panics takes the place of a test.
type panics struct{}

// Errorf implements require.TestingT.
func (panics) Errorf(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }

// FailNow implements require.TestingT.
func (panics) FailNow() { panic("failed") }
