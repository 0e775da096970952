package mutation

// rangeProofs are mutations of how Monero's range proofs are made and checked.
var rangeProofs = []mutation{
	{
		name: "proofs of a batch have no weights",
		why:  "two false proofs make up for one another",
		file: "coin/monero/bulletproofs/verify.go",
		old:  "weights[i].Set(w)",
		new:  "weights[i].Multiply(w, one).Set(one)",
		test: "TestErrorsDoNotCancelInABatch",
	},
	{
		name: "weights of a batch leave out the commitments",
		why:  "they are known before all of what is proved is chosen",
		file: "coin/monero/bulletproofs/verify.go",
		old:  "			b = append(b, commitments[i][j][:]...)\n",
		new:  "			_ = j\n",
		test: "TestWeightsDependOnEverything",
	},
	{
		name: "range proofs are checked with their torsion",
		why:  "a proof that the network accepts is refused",
		file: "coin/monero/bulletproofs/verify.go",
		old:  "if sum.MultByCofactor(sum); !keys.IsIdentity(sum) {",
		new:  "if !keys.IsIdentity(sum) {",
		test: "TestTorsionOfTheProverIsRemoved",
	},
	{
		name: "scalars of range proofs are reduced",
		why:  "a proof that the network refuses is taken for one",
		file: "coin/monero/bulletproofs/statement.go",
		old:  "keys.DecodeScalar(field.from[:])",
		new:  "new(edwards25519.Scalar).SetUniformBytes(append(field.from[:], make([]byte, keys.Size)...))",
		test: "TestOtherEncodingsAreRefused",
	},
	{
		name: "range proofs may have more R than L",
		why:  "a proof that the network refuses stops the processor, or is taken for one",
		file: "coin/monero/bulletproofs/statement.go",
		old:  "len(p.L) != k || len(p.R) != k",
		new:  "len(p.L) != k",
		test: "TestProofsAreForTheirCommitmentsOnly",
	},
	{
		name: "range proofs are for any number of rounds",
		why:  "bytes that are no proof are taken for one",
		file: "coin/monero/bulletproofs/proof.go",
		old:  "n < minRounds || n > maxRounds",
		new:  "n > 1<<40",
		test: "TestParseRefuses",
	},
	{
		name: "range proofs hash one commitment only",
		why:  "the others can be chosen after the challenges",
		file: "coin/monero/bulletproofs/transcript.go",
		old:  "keys.HashToScalar(parts...)",
		new:  "keys.HashToScalar(parts[0])",
		test: "TestTheSameStreamGivesTheSameProof",
	},
	{
		name: "L and R of a range proof have the same blinding",
		why:  "they tell of the amounts",
		file: "coin/monero/bulletproofs/prove.go",
		old:  "&blinding[1+2*i], &blinding[2+2*i]",
		new:  "&blinding[1+2*i], &blinding[1+2*i]",
		test: "TestEachBlindingScalarCounts",
	},
}
