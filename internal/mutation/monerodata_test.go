package mutation

// moneroData are mutations of what Monero's transactions say to everybody, and of
// what is made of nodes that say what cannot be.
var moneroData = []mutation{
	{
		name: "a node that hides outputs ends the run",
		why:  "a validator with a node that lies for a moment has to be started anew",
		file: "coin/monero/spender.go",
		old:  "if errors.Is(err, ring.ErrUnspendable) || errors.Is(err, ring.ErrFew) {",
		new:  "if errors.Is(err, ring.ErrFew) {",
		test: "TestPlansThatCannotBe",
	},
	{
		name: "data of any size is said",
		why:  "what does not fit into one part cannot be encoded",
		file: "coin/monero/spend/weight.go",
		old:  "|| s.Data > MaxData {",
		new:  "{",
		test: "TestDataThatCannotBeSaid",
	},
	{
		name: "data does not weigh",
		why:  "nodes refuse the fee of a deposit that says much",
		file: "coin/monero/spend/data.go",
		old:  "return 1 + keys.VarintSize(uint64(nonce)) + nonce",
		new:  "return 0 * (1 + keys.VarintSize(uint64(nonce)) + nonce)",
		test: "TestAnyTransactionSaysItsData",
	},
	{
		name: "the size of long data has one byte",
		why:  "a transaction is a byte heavier than its fee says",
		file: "coin/monero/spend/data.go",
		old:  "keys.VarintSize(uint64(nonce))",
		new:  "keys.VarintSize(uint64(nonce) & 0x7f)",
		test: "TestDataIsSignedEncodedCheckedAndExpected",
	},
	{
		name: "data is not what was decided",
		why:  "a deposit is for somebody else",
		file: "coin/monero/spend/build.go",
		old:  "u.pay(&draft.Seed, draft.Outputs, draft.Data)",
		new:  "u.pay(&draft.Seed, draft.Outputs, nil)",
		test: "TestAnyTransactionSaysItsData",
	},
}
