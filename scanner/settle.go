package scanner

import (
	"errors"
	"fmt"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/internal/wire"
	"github.com/serai-go/processor/storage"
)

// ErrNotScanned says that an acknowledged batch's block has not been scanned
// here yet.
var ErrNotScanned = errors.New("scanner: the batch's block is not scanned yet")

// Unresolved asks the driver to compare a block that is about to settle with
// the plans.
type Unresolved struct {
	Header coin.Header // of that block
}

func (e *Unresolved) Error() string {
	return fmt.Sprintf("scanner: block %d is not resolved yet", e.Header.Number)
}

// Mismatch reports an acknowledgement that contradicts what was reported: the
// settlement chain or this processor is wrong. It halts the processor.
type Mismatch struct {
	Batch  uint64 // its ID
	Reason string // for people
}

func (e *Mismatch) Error() string {
	return fmt.Sprintf("scanner: acknowledgement of batch %d: %s", e.Batch, e.Reason)
}

// Compromised reports a confirmed spend of an output of a key in use that no
// plan explains. It halts the processor.
type Compromised struct {
	Output      coin.OutputID
	Transaction coin.TransactionID // the spend
	Number      uint64             // of the block it is in
}

func (e *Compromised) Error() string {
	return fmt.Sprintf("scanner: output %s was spent by %s in block %d, which is no plan's",
		e.Output, e.Transaction, e.Number)
}

// Resolution is what a block says about the plans that were unresolved when
// it settles.
type Resolution struct {
	// Header is that of the block.
	Header coin.Header
	// Completions are in block order.
	Completions []coin.Completion
	// Unexplained are spends of the group's outputs by foreign transactions.
	Unexplained []Foreign
}

// Foreign is a foreign spend of an output of the group.
type Foreign struct {
	Session     uint64 // whose key's the output is
	Output      coin.OutputID
	Transaction coin.TransactionID // the spend
}

// Encode writes 76 bytes.
func (f Foreign) Encode(w *wire.Writer) {
	w.Uint64(f.Session)
	f.Output.Encode(w)
	w.Fixed(f.Transaction[:])
}

// Decode reads 76 bytes.
func (f *Foreign) Decode(r *wire.Reader) {
	f.Session = r.Uint64()
	f.Output.Decode(r)
	r.Fixed(f.Transaction[:])
}

// guarded is the name under which an output is guarded.
type guarded struct {
	Session uint64
	Output  coin.OutputID
}

// Encode writes 44 bytes.
func (g guarded) Encode(w *wire.Writer) {
	w.Uint64(g.Session)
	g.Output.Encode(w)
}

// Decode reads 44 bytes.
func (g *guarded) Decode(r *wire.Reader) {
	g.Session = r.Uint64()
	g.Output.Decode(r)
}

// Encode writes the resolution.
func (x Resolution) Encode(w *wire.Writer) {
	x.Header.Encode(w)
	wire.List(w, x.Completions)
	wire.List(w, x.Unexplained)
}

// Decode reads the resolution.
func (x *Resolution) Decode(r *wire.Reader) {
	x.Header.Decode(r)
	x.Completions = wire.ReadList[coin.Completion](r, 1<<24, 64)
	x.Unexplained = wire.ReadList[Foreign](r, 1<<24, 76)
}

// Acknowledge implements Scanner.
func (s *scanner) Acknowledge(tx storage.Tx, id uint64, digest [32]byte, results []bool) (*coin.Settlement, error) {
	f, err := s.frontier.Load(tx)
	if err != nil {
		return nil, err
	}
	if id != f.Acknowledged {
		return nil, &Mismatch{id, fmt.Sprintf("the next batch to acknowledge is %d", f.Acknowledged)}
	}
	rep, ok, err := s.batches.Get(tx, id)
	switch {
	case err != nil:
		return nil, err
	case !ok:
		return nil, ErrNotScanned
	}
	switch {
	case digest != s.digest(rep):
		return nil, &Mismatch{id, "another digest than the batch reported here"}
	case len(results) != len(rep.Batch.Instructions):
		return nil, &Mismatch{id, fmt.Sprintf("%d results for %d instructions", len(results), len(rep.Batch.Instructions))}
	}
	if err := s.results.Put(tx, id, packResults(results)); err != nil {
		return nil, err
	}
	f.Acknowledged++
	if err := s.frontier.Put(tx, f); err != nil {
		return nil, err
	}
	if err := s.decide(tx, rep.Batch.Number); err != nil || !rep.Last {
		return nil, err
	}
	return s.settle(tx, rep.Batch.Number, id)
}

// packResults turns results into one byte each.
func packResults(results []bool) []byte {
	packed := make([]byte, len(results))
	for i, ok := range results {
		if ok {
			packed[i] = 1
		}
	}
	return packed
}

// settle settles all blocks up to number, whose last batch is last.
func (s *scanner) settle(tx storage.Tx, number, last uint64) (*coin.Settlement, error) {
	f, err := s.frontier.Load(tx)
	if err != nil {
		return nil, err
	}
	settlement := &coin.Settlement{Reference: number}
	var kept []settledBlock
	for n := f.Settle; n <= number; n++ {
		block, b, err := s.settleBlock(tx, n)
		if err != nil {
			return nil, err
		}
		settlement.Blocks = append(settlement.Blocks, block)
		kept = append(kept, settledBlock{block, b.Lost})
		for _, l := range b.Late {
			settlement.Late = append(settlement.Late, l.Late)
		}
	}
	// Only the last of the blocks is notable: the others have no instructions, so
	// the results are all its own.
	results, err := s.takeResults(tx, last)
	if err != nil {
		return nil, err
	}
	final := func(fate *coin.Fate, origin coin.Address) error {
		if *fate != coin.Reported {
			return nil
		}
		if len(results) == 0 {
			return fmt.Errorf("%w: block %d has too few results", storage.ErrCorrupt, number)
		}
		if results[0] == 0 {
			*fate = fateOf(origin, nil)
		}
		results = results[1:]
		return nil
	}
	for i := range settlement.Late {
		if err := final(&settlement.Late[i].Fate, settlement.Late[i].Origin); err != nil {
			return nil, err
		}
	}
	deposits := settlement.Blocks[len(settlement.Blocks)-1].Deposits
	for i := range deposits {
		if err := final(&deposits[i].Fate, deposits[i].Output.Origin); err != nil {
			return nil, err
		}
		if deposits[i].Fate != coin.PassedOn {
			continue
		}
		if err := s.forwards.Put(tx, deposits[i].Output.ID, lateOf(deposits[i], number)); err != nil {
			return nil, err
		}
	}
	reported, err := group(tx, s.queue, number)
	if err != nil {
		return nil, err
	}
	for _, l := range reported {
		if err := s.queue.Delete(tx, l.in(number)); err != nil {
			return nil, err
		}
	}
	f.Settle = number + 1
	if err := s.frontier.Put(tx, f); err != nil {
		return nil, err
	}
	if err := s.keep(tx, kept); err != nil {
		return nil, err
	}
	return settlement, s.forgetRates(tx, number)
}

// settleBlock takes a block out of the buffers.
func (s *scanner) settleBlock(tx storage.Tx, n uint64) (coin.SettledBlock, buffer, error) {
	block := coin.SettledBlock{Number: n}
	b, ok, err := s.buffers.Get(tx, n)
	if err != nil {
		return block, b, err
	}
	if !ok {
		return block, b, fmt.Errorf("%w: block %d has no buffer", storage.ErrCorrupt, n)
	}
	resolution, ok, err := s.resolutions.Get(tx, n)
	if err != nil {
		return block, b, err
	}
	if !ok {
		header, _, err := s.headers.Get(tx, n)
		if err != nil {
			return block, b, err
		}
		return block, b, &Unresolved{Header: header}
	}
	if err := s.unexplained(tx, n, resolution.Unexplained); err != nil {
		return block, b, err
	}
	block.Deposits, block.Internal, block.Completions = b.Deposits, b.Internal, resolution.Completions
	for _, c := range block.Completions {
		if err := s.Tracker.Forget(tx, c.Plan); err != nil {
			return block, b, err
		}
	}
	if err := s.buffers.Delete(tx, n); err != nil {
		return block, b, err
	}
	return block, b, s.resolutions.Delete(tx, n)
}

// unexplained judges spends that are no plan's. Who is no holder of a key in use
// any more may do as he likes with what was written off.
func (s *scanner) unexplained(tx storage.Tx, number uint64, spends []Foreign) error {
	if len(spends) == 0 {
		return nil
	}
	keys, err := s.ring(tx)
	if err != nil {
		return err
	}
	for _, spend := range spends {
		i := keys.find(spend.Session) // none is of the past
		if i >= 0 && !keys.keys[i].Abandoned && !keys.keys[i].Over && keys.stage(i, number) != Retired {
			return &Compromised{spend.Output, spend.Transaction, number}
		}
		if err := s.Events.Departed(tx, spend, number); err != nil {
			return err
		}
	}
	return nil
}

// takeResults removes the batches up to last and returns their results in
// order.
func (s *scanner) takeResults(tx storage.Tx, last uint64) ([]byte, error) {
	var ids []uint64
	var results []byte
	for item, err := range s.results.All(tx) {
		if err != nil {
			return nil, err
		}
		if item.Key > last {
			break
		}
		ids = append(ids, item.Key)
		results = append(results, item.Value...)
	}
	for _, id := range ids {
		if err := s.results.Delete(tx, id); err != nil {
			return nil, err
		}
		if err := s.batches.Delete(tx, id); err != nil {
			return nil, err
		}
	}
	return results, nil
}

// Resolve implements Scanner.
func (s *scanner) Resolve(r storage.Reader, block coin.Block) (Resolution, error) {
	completions, spends, err := s.Tracker.Find(r, block.Transactions())
	if err != nil {
		return Resolution{}, err
	}
	x := Resolution{Header: block.Header()}
	for _, c := range completions {
		x.Completions = append(x.Completions, coin.Completion{Plan: c.Plan, Transaction: c.Transaction})
	}
	for _, spend := range spends {
		g, err := wire.Unmarshal[guarded](spend.Output)
		if err != nil {
			return Resolution{}, fmt.Errorf("%w: guarded output: %w", storage.ErrCorrupt, err)
		}
		x.Unexplained = append(x.Unexplained, Foreign{g.Session, g.Output, spend.Transaction})
	}
	return x, nil
}

// PutResolution implements Scanner.
func (s *scanner) PutResolution(tx storage.Tx, resolution Resolution) error {
	f, err := s.frontier.Load(tx)
	if err != nil {
		return err
	}
	n := resolution.Header.Number
	header, ok, err := s.headers.Get(tx, n)
	switch {
	case err != nil:
		return err
	case !ok || header != resolution.Header || n < f.Settle || n >= f.Scan:
		return fmt.Errorf("scanner: block %d %s does not wait for a resolution", n, resolution.Header.ID)
	}
	return s.resolutions.Put(tx, n, resolution)
}
