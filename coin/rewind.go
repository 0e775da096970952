package coin

// RewindDepth is how many settled blocks can be taken back: what it takes to do
// so is kept for that long.
const RewindDepth = 1000

// Rewind is what is void of what was settled or acknowledged, when the chain
// has changed behind a block.
type Rewind struct {
	// Fork is the number of the newest block that stands.
	Fork uint64
	// Horizon is the newest block of which anything was acknowledged.
	Horizon uint64
	// Deposits and Late are of a block that is not settled, though some of its
	// batches are acknowledged: what these report, with its final fate. The
	// block has to be scanned again, so the deposits are void in any case.
	Deposits []Deposit
	Late     []Late
	// Blocks are the settled ones behind the fork, the newest first, without
	// those that brought nothing.
	Blocks []SettledBlock
}

// Undone is what has become of what is void.
type Undone struct {
	// Voided deposits have taken effect. Each is Returned if it is found again.
	Voided []Deposit
	// Forgotten deposits had no effect yet that cannot be taken back. Found
	// again they are new ones.
	Forgotten []OutputID
	// Recalled deposits had been passed on, by transactions that are void and
	// will happen again.
	Recalled []OutputID
	// Inputs are those of plans that are unresolved again, if they are there.
	Inputs []Output
	// Fixed external outputs keep their place, whatever twins of theirs come: plans
	// spend them, or they are given up.
	Fixed []Output
}
