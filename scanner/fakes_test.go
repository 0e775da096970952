package scanner

import (
	"errors"
	"iter"

	"github.com/serai-go/processor/batch"
	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/eventuality"
	"github.com/serai-go/processor/internal/wire"
	"github.com/serai-go/processor/storage"
)

// block is a block of the tests' chain.
type block struct {
	header       coin.Header
	rate         uint64
	outputs      []coin.Output
	transactions []eventuality.Transaction
}

func (b *block) Header() coin.Header                     { return b.header }
func (b *block) Transactions() []eventuality.Transaction { return b.transactions }

// spend is a transaction that spends outputs.
type spend struct {
	id     [32]byte
	inputs []coin.OutputID
}

func (s spend) ID() [32]byte { return s.id }

func (s spend) Lookups() (list [][]byte) {
	for _, id := range s.inputs {
		list = append(list, wire.Marshal(id))
	}
	return list
}

// fulfilled is the eventuality of a plan that the transaction with the ID
// fulfils, by spending the output.
type fulfilled struct {
	id    [32]byte
	spent coin.OutputID
}

func (f fulfilled) ID() [32]byte                           { return f.id }
func (f fulfilled) Lookup() []byte                         { return wire.Marshal(f.spent) }
func (f fulfilled) Matches(t eventuality.Transaction) bool { return t.ID() == f.id }
func (f fulfilled) Bytes() []byte                          { return append(f.id[:], wire.Marshal(f.spent)...) }

func readFulfilled(data []byte) (eventuality.Eventuality, error) {
	spent, err := wire.Unmarshal[coin.OutputID](data[32:])
	return fulfilled{[32]byte(data[:32]), spent}, err
}

// testCoin has inputs that cost the fee rate, times factor.
type testCoin struct {
	factor uint64
	blind  bool
	twins  bool // outputs with equal Spend are
}

func (c testCoin) Twin(o coin.Output) []byte {
	if c.twins {
		return o.Spend
	}
	return nil
}

func (c testCoin) CheckParameters(p coin.Parameters) error {
	if c.twins && p.Hold < p.Window {
		return errors.New("hold is below the window")
	}
	return nil
}

func (c testCoin) InputCost(rate uint64) uint64 { return c.factor * rate }

func (c testCoin) SpendLookup(o coin.Output) []byte {
	if c.blind {
		return nil
	}
	return wire.Marshal(o.ID)
}

// stageEvent is what KeyStage is told.
type stageEvent struct {
	session uint64
	stage   Stage
	number  uint64
}

func (e stageEvent) Encode(w *wire.Writer) {
	w.Uint64(e.session)
	w.Uint8(uint8(e.stage))
	w.Uint64(e.number)
}

func (e *stageEvent) Decode(r *wire.Reader) {
	e.session = r.Uint64()
	e.stage = Stage(r.Uint8())
	e.number = r.Uint64()
}

// recorder keeps events in the database, so that those of a transaction that
// fails are gone with it.
type recorder struct {
	updates storage.Queue[batch.Update]
	signers storage.Map[uint64, uint64] // by the batch's ID, the session that has to sign it
	batches storage.Map[uint64, batch.Batch]
	stages  storage.Queue[stageEvent]
	spends  storage.Queue[departed]
}

func (r recorder) Reported(tx storage.Tx, session uint64, u batch.Update) error {
	for _, b := range u.Batches {
		if err := r.signers.Put(tx, b.ID, session); err != nil {
			return err
		}
		if err := r.batches.Put(tx, b.ID, b); err != nil {
			return err
		}
	}
	_, err := r.updates.Push(tx, u)
	return err
}

func (r recorder) KeyStage(tx storage.Tx, session uint64, stage Stage, number uint64) error {
	_, err := r.stages.Push(tx, stageEvent{session, stage, number})
	return err
}

// departed is what Departed is told.
type departed struct {
	Foreign
	number uint64
}

func (d departed) Encode(w *wire.Writer) {
	d.Foreign.Encode(w)
	w.Uint64(d.number)
}

func (d *departed) Decode(r *wire.Reader) {
	d.Foreign.Decode(r)
	d.number = r.Uint64()
}

func (r recorder) Departed(tx storage.Tx, spend Foreign, number uint64) error {
	_, err := r.spends.Push(tx, departed{spend, number})
	return err
}

// counted counts reads and writes.
type counted struct {
	storage.Tx
	n *int
}

func (c *counted) Get(key []byte) ([]byte, error) {
	*c.n++
	return c.Tx.Get(key)
}

func (c *counted) Put(key, value []byte) error {
	*c.n++
	return c.Tx.Put(key, value)
}

func (c *counted) Range(start, end []byte) iter.Seq2[storage.Pair, error] {
	return func(yield func(storage.Pair, error) bool) {
		*c.n++
		for pair, err := range c.Tx.Range(start, end) {
			*c.n++
			if !yield(pair, err) {
				return
			}
		}
	}
}
