package mutation

// catchingUp are mutants of how blocks are fetched ahead.
var catchingUp = []mutation{
	{
		name: "presumed keys are taken for those of the block",
		why:  "deposits to a new key are never seen",
		file: "scan.go",
		old:  "if b.keys == nil || !sameKeys(b.keys, tasks[n].Keys) {",
		new:  "if b.keys == nil {",
		test: "TestOtherKeysAreSearchedForAgain",
	},
	{
		name: "headers of one answer need not be linked",
		why:  "a node that contradicts itself halts the processor",
		file: "follow.go",
		old:  "if list[i].Parent != list[i-1].ID {",
		new:  "if list[i].Number != list[i-1].Number+1 {",
		test: "TestUnlinkedHeadersAreNotIndexed",
	},
	{
		name: "blocks are fetched ahead without bound",
		why:  "catching up takes all memory",
		file: "prefetch.go",
		old:  "if n > scan {\n\t\t\treturn 0, nil, false",
		new:  "if n > index {\n\t\t\treturn 0, nil, false",
		test: "TestAScannedBlockMakesRoom",
	},
	{
		name: "one scanned block is let go of for each further one",
		why:  "what was too much stays in memory",
		file: "prefetch.go",
		old:  "if !f.makeRoom(scan) {",
		new:  "if f.makeRoom(scan); true {",
		test: "TestRoomIsMadeForAllThatIsTooMuch",
	},
	{
		name: "a block that is on its way is fetched again",
		why:  "each block is downloaded several times",
		file: "prefetch.go",
		old:  "!held && !f.busy[n]",
		new:  "!held",
		test: "TestBlocksAreHeldWithinBounds",
	},
	{
		name: "a block that failed is not fetched again",
		why:  "scanning waits for it for ever",
		file: "prefetch.go",
		old:  "f.next = min(f.next, n)\n\t\treturn false",
		new:  "return false",
		test: "TestBlocksAreHeldWithinBounds",
	},
	{
		name: "settled blocks stay in memory",
		why:  "there is no room to fetch ahead",
		file: "prefetch.go",
		old:  "for ; f.low < settle; f.low++ {",
		new:  "for ; f.low+1 < settle; f.low++ {",
		test: "TestAScannedBlockMakesRoom",
	},
	{
		name: "the headers of one node need not be linked to the agreed one",
		why:  "one of several nodes decides what is indexed",
		file: "coin/nodes/bulk.go",
		old:  "i > 0 && header.Parent != list[i-1].ID",
		new:  "i > 0 && header.Number <= list[i-1].Number",
		test: "TestManyHeadersAreThoseOfTheLastOne",
	},
}
