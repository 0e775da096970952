package scan

import (
	"cmp"
	"slices"

	"filippo.io/edwards25519"

	"github.com/serai-go/processor/coin/monero/block"
	"github.com/serai-go/processor/coin/monero/keys"
)

// Scan appends to found the recipients' outputs in the transactions, ordered by
// (Transaction, Index). The transactions follow one another on the chain;
// first is the global index of the first output of theirs that has one, those
// of version 2. It takes no memory from the heap unless something is found or a
// transaction has more than a few keys. Parts of a list may be scanned at once
// by several goroutines, each with its own first (see Outputs).
func (s *Scanner) Scan(found []Output, transactions []*block.Transaction, first uint64) []Output {
	w := work{scanner: s, found: found}
	for i, tx := range transactions {
		if tx.Version() != 2 {
			continue
		}
		w.add(place{tx: tx, position: i, first: first})
		first += uint64(tx.OutputCount())
	}
	w.flush()
	clear(w.derivations[:])
	ours := w.found[len(found):]
	slices.SortFunc(ours, func(a, b Output) int {
		return cmp.Or(cmp.Compare(a.Transaction, b.Transaction), cmp.Compare(a.Index, b.Index))
	})
	s.complete(ours, transactions)
	return w.found
}

// Outputs returns how many outputs of the transactions have a global index.
func Outputs(transactions []*block.Transaction) uint64 {
	var n uint64
	for _, tx := range transactions {
		if tx.Version() == 2 {
			n += uint64(tx.OutputCount())
		}
	}
	return n
}

// atOnce is how many transaction keys are worked on together, which is how many
// share an inversion.
const atOnce = 64

// work is one call of Scan.
type work struct {
	scanner *Scanner
	found   []Output
	decided map[[2]int]struct{} // transactions and outputs that are some address's

	n           int
	candidates  [atOnce]candidate
	points      [atOnce]edwards25519.Point
	derivations [atOnce]keys.Derivation

	distinct distinct // keys of the present transaction
}

// place is a transaction in the list, first the global index of its first
// output.
type place struct {
	tx       *block.Transaction
	position int
	first    uint64
}

// candidate is a transaction key with the outputs that it may be for.
type candidate struct {
	place
	key    [keys.Size]byte // of a point
	index  int             // of the only output, or everyOutput
	output block.Output
}

const everyOutput = -1

// add takes up the keys of a transaction.
func (w *work) add(p place) {
	w.distinct.reset()
	var additional block.KeyList
	listed := false
	for part := range p.tx.Extra().Parts() {
		switch {
		case part.Tag == block.TagKey:
			w.push(candidate{place: p, index: everyOutput}, [keys.Size]byte(part.Data))
		case part.Tag == block.TagAdditionalKeys && !listed:
			additional, listed = block.KeyList(part.Data), true
		}
	}
	if additional.Len() == 0 || w.distinct.n == 0 {
		return
	}
	for i, output := range p.tx.Outputs() {
		key, ok := additional.At(i)
		if !ok {
			return
		}
		w.push(candidate{place: p, index: i, output: output}, key)
	}
}

// identity is the encoding of the identity.
var identity = [keys.Size]byte{1}

// push takes up a transaction key unless all that it could find, one before
// finds.
func (w *work) push(c candidate, key [keys.Size]byte) {
	point := &w.points[w.n]
	if p, err := keys.DecodePoint(key[:]); err == nil {
		point.Set(p)
	} else {
		key = identity
		point.Set(identityPoint)
	}
	if c.index == everyOutput && !w.distinct.add(key) {
		return
	}
	c.key = key
	w.candidates[w.n] = c
	if w.n++; w.n == atOnce {
		w.flush()
	}
}

var identityPoint = edwards25519.NewIdentityPoint()

// flush tries the keys that wait with each view key.
func (w *work) flush() {
	derivations := w.derivations[:w.n]
	for v := range w.scanner.views {
		w.scanner.views[v].key.DeriveAll(derivations, w.points[:w.n])
		for i := range derivations {
			w.try(&w.scanner.views[v], &w.candidates[i], &derivations[i])
		}
	}
	w.n = 0
}

func (w *work) try(v *view, c *candidate, d *keys.Derivation) {
	if c.index != everyOutput {
		if fits(d, c.index, &c.output) {
			w.open(v, c, d, c.index, &c.output)
		}
		return
	}
	for i, output := range c.tx.Outputs() {
		if fits(d, i, &output) {
			w.open(v, c, d, i, &output)
		}
	}
}

// fits tells whether an output may be one for a derivation, by its view tag.
func fits(d *keys.Derivation, index int, output *block.Output) bool {
	return !output.Tagged || d.ViewTag(uint64(index)) == output.ViewTag
}

// open takes down an output if it is to an address of the view key.
func (w *work) open(v *view, p *candidate, d *keys.Derivation, index int, output *block.Output) {
	at := [2]int{p.position, index}
	if _, ok := w.decided[at]; ok {
		return
	}
	point, err := keys.DecodePoint(output.Key[:])
	if err != nil || output.Key == identity {
		return
	}
	shared, err := d.SharedKey(uint64(index))
	if err != nil {
		return
	}
	i, ok := v.places[[keys.Size]byte(shared.SpendKey(point).Bytes())]
	if !ok {
		return
	}
	if w.decided == nil {
		w.decided = make(map[[2]int]struct{})
	}
	w.decided[at] = struct{}{}

	value, ok := openAmount(p.tx, index, output, shared)
	if !ok || value.amount == 0 {
		return
	}
	address := &v.addresses[i]
	offset := shared.Scalar()
	offset.Add(offset, &address.offset)
	w.found = append(w.found, Output{
		Transaction:    p.position,
		Index:          uint32(index),
		Global:         p.first + uint64(index),
		Recipient:      address.recipient,
		Address:        address.index,
		Key:            output.Key,
		TransactionKey: p.key,
		Offset:         Secret(offset.Bytes()),
		Amount:         value.amount,
		Commitment:     value.commitment,
		Mask:           Secret(value.mask.Bytes()),
		Coinbase:       p.tx.Coinbase(),
		UnlockTime:     p.tx.UnlockTime(),
	})
}
