package processor

import (
	"fmt"

	"github.com/serai-go/processor/scanner"
)

// Progress is how far a processor is behind the chain that its node was seen to
// have. All zero is caught up, but for the log: blocks settle as their batches
// are acknowledged.
type Progress struct {
	// Final is the number of final blocks, which are those with enough
	// confirmations: the newest one's number and one.
	Final uint64
	// Index, Scan and Settle are how many final blocks have not passed that
	// step yet.
	Index, Scan, Settle uint64
	// Log is how many entries of the log that were handed over have not taken
	// effect yet.
	Log uint64
	// Held is how many blocks are in memory, HeldBytes about how much they take:
	// those that were fetched ahead, and those that are about to settle.
	Held, HeldBytes int
}

// CaughtUp tells whether there is nothing to scan and nothing to read.
func (p Progress) CaughtUp() bool { return p.Index == 0 && p.Scan == 0 && p.Log == 0 }

// String writes it for people.
func (p Progress) String() string {
	if p.CaughtUp() {
		return fmt.Sprintf("caught up with %d final blocks, %d of them to settle", p.Final, p.Settle)
	}
	return fmt.Sprintf("of %d final blocks %d are to index, %d to scan, %d to settle; %d log entries are to read",
		p.Final, p.Index, p.Scan, p.Settle, p.Log)
}

// newProgress tells the progress from how far the steps are. Before the index
// begins there is nothing to do; before the first key is active, what is to
// index is to scan too, as far as one can know.
func newProgress(tip, confirmations uint64, f scanner.Frontier) Progress {
	p := Progress{}
	if !f.Started || tip+2 <= confirmations {
		return p
	}
	p.Final = tip + 2 - confirmations
	left := func(next uint64) uint64 { return p.Final - min(next, p.Final) }
	p.Index, p.Scan, p.Settle = left(f.Index), left(f.Index), left(f.Index)
	if f.Active {
		p.Scan, p.Settle = left(f.Scan), left(f.Settle)
	}
	return p
}
