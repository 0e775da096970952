package mutation

// watching are mutations of what scenarios show of payment trees, bumps and
// replacements.
var watching = []mutation{
	{
		name: "what waits for its inputs is lifted",
		why:  "fees are spent on what cannot happen",
		file: "scheduler/bump.go",
		old:  "	} else if waits {\n",
		new:  "	} else if waits && false {\n",
		test: "TestScenarios/rewind_versions_gone", in: "processortest",
	},
	{
		name: "a bump is lifted although what it lifts has no inputs",
		why:  "versions of it grow up to the cap, for nothing",
		file: "scheduler/bump.go",
		old:  "return false, err\n		}\n		p = below\n",
		new:  "return false, err\n		}\n		if p = below; true {\n			return false, nil\n		}\n",
		test: "TestScenarios/rewind_versions_gone", in: "processortest",
	},
	{
		name: "a version of a bump may pay less than relay wants",
		why:  "at low fees a stuck bump stays stuck",
		file: "scheduler/bump.go",
		old:  "min(max(at(l.rate), needed), at(m.rules.FeeCap))",
		new:  "min(at(l.rate), at(m.rules.FeeCap))",
		test: "TestScenarios/bump_unneeded", in: "processortest",
	},
	{
		name: "refunds of void deposits are made from branches",
		why:  "they are paid from what belongs to others",
		file: "scheduler/tree.go",
		old:  "		if _, is := void[p.value.ID]; is {",
		new:  "		if _, is := void[p.value.ID]; is && false {",
		test: "TestScenarios/rewind_tree_refunds", in: "processortest",
	},
	{
		name: "refunds of void deposits wait that are given up",
		why:  "nobody ever hears of them",
		file: "scheduler/missing.go",
		old:  "	if m.Told {\n		return s.drop(",
		new:  "	if m.Told && false {\n		return s.drop(",
		test: "TestScenarios/rewind_tree_refunds", in: "processortest",
	},
	{
		name: "conflicts are told at once",
		why:  "a child whose parent is on its way looks like trouble",
		file: "signer/publish.go",
		old:  "answer.Status == coin.Conflict && (!before || p.tip == tip)",
		new:  "answer.Status == coin.Conflict && before && p.tip == tip",
		test: "TestAConflictIsToldIfItLasts",
	},
}
