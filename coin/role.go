package coin

// Role is what a live key does at a reference block.
type Role struct {
	Key Key
	// Change is the key to which the rest of its transactions goes: itself, or
	// its successor.
	Change Key
	// Pays tells whether payments are made from its outputs, which is true of at
	// most one key.
	Pays bool
	// Leaves tells whether its outputs move to Change.
	Leaves bool
	// Finishing tells whether what cannot be passed on by now is given up.
	Finishing bool
}
