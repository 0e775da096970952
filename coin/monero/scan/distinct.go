package scan

import (
	"slices"

	"github.com/serai-go/processor/coin/monero/keys"
)

// fewKeys is how many keys of a transaction are compared one by one. Nearly all
// transactions have one.
const fewKeys = 4

// distinct tells keys that come again from new ones. A repeated key could make
// others do the work for outputs whose tag fits any number of times.
type distinct struct {
	n    int // all that were added
	few  [fewKeys][keys.Size]byte
	many map[[keys.Size]byte]struct{}
}

func (d *distinct) reset() {
	d.n = 0
	d.many = nil
}

// add returns false if the key is not new.
func (d *distinct) add(key [keys.Size]byte) bool {
	if slices.Contains(d.few[:min(d.n, fewKeys)], key) {
		return false
	}
	if d.n < fewKeys {
		d.few[d.n] = key
		d.n++
		return true
	}
	if _, ok := d.many[key]; ok {
		return false
	}
	if d.many == nil {
		d.many = make(map[[keys.Size]byte]struct{})
	}
	d.many[key] = struct{}{}
	d.n++
	return true
}
