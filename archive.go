package processor

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/internal/wire"
	"github.com/serai-go/processor/scanner"
	"github.com/serai-go/processor/signer"
	"github.com/serai-go/processor/storage"
)

// Archive holds the blocks that a Rewind made void, and what was prepared with
// them, for processors whose nodes never had them: those that join later, or read
// the log again. They check that the blocks are whole and linked, and that prepared
// transactions do what their plans say. Whether they are the ones that the log is
// about, the digests in the log tell: with others a processor halts.
type Archive struct {
	// Rewind is the entry in the log.
	Rewind Rewind
	// Blocks are those that were indexed behind the fork, in order.
	Blocks []ArchivedBlock
	// Plans are those whose reference blocks are among them, by ID.
	Plans []ArchivedPlan
}

// ArchivedBlock is a void block.
type ArchivedBlock struct {
	// Header is the block's.
	Header coin.Header
	// Data is what coin.Archiver keeps of it.
	Data []byte
}

// ArchivedPlan is a plan's unsigned transaction, which may depend on void blocks.
type ArchivedPlan struct {
	// Plan is the plan's ID.
	Plan coin.PlanID
	// Transaction is what coin.Spender's Prepare made of it.
	Transaction []byte
}

// Bounds of an archive: well above the blocks that can be taken back, and the plans
// that they can bring.
const (
	maxArchivedBlocks = 4 * coin.RewindDepth
	maxArchivedPlans  = 1 << 16
)

// Encode writes the plan.
func (p ArchivedPlan) Encode(w *wire.Writer) {
	w.Fixed(p.Plan[:])
	w.Bytes(p.Transaction)
}

// Decode reads the plan.
func (p *ArchivedPlan) Decode(r *wire.Reader) {
	r.Fixed(p.Plan[:])
	p.Transaction = r.Bytes(signer.MaxTransaction)
	r.Check(len(p.Transaction) > 0, "prepared transaction")
}

// Encode writes the block.
func (b ArchivedBlock) Encode(w *wire.Writer) {
	b.Header.Encode(w)
	w.Bytes(b.Data)
}

// Decode reads the block.
func (b *ArchivedBlock) Decode(r *wire.Reader) {
	b.Header.Decode(r)
	b.Data = r.Bytes(coin.MaxArchived)
}

// Encode writes the archive.
func (a Archive) Encode(w *wire.Writer) {
	scanner.Rewind(a.Rewind).Encode(w)
	wire.List(w, a.Blocks)
	wire.List(w, a.Plans)
}

// Decode reads the archive.
func (a *Archive) Decode(r *wire.Reader) {
	var x scanner.Rewind
	x.Decode(r)
	a.Rewind = Rewind(x)
	a.Blocks = wire.ReadList[ArchivedBlock](r, maxArchivedBlocks, 84)
	a.Plans = wire.ReadList[ArchivedPlan](r, maxArchivedPlans, 37)
	if r.Err() == nil {
		if err := a.check(); err != nil {
			r.Fail(err)
		}
	}
}

// EncodeArchive returns the one encoding of an archive.
func EncodeArchive(a Archive) []byte { return wire.Marshal(a) }

// DecodeArchive reads what EncodeArchive returned. An error wraps ErrArchive.
func DecodeArchive(data []byte) (Archive, error) {
	a, err := wire.Unmarshal[Archive](data)
	if err != nil && !errors.Is(err, ErrArchive) {
		err = fmt.Errorf("%w: %w", ErrArchive, err)
	}
	return a, err
}

var (
	// ErrArchive is wrapped when an archive contradicts itself.
	ErrArchive = errors.New("processor: wrong archive")
	// ErrLate is returned by New for an archive of blocks in place of which the
	// database has others. The processor must begin with an empty one.
	ErrLate = errors.New("processor: archive comes too late")
)

// check tells what is wrong with an archive as such.
func (a *Archive) check() error {
	wrong := func(format string, args ...any) error {
		return fmt.Errorf("%w of rewind %d: "+format, append([]any{ErrArchive, a.Rewind.Number}, args...)...)
	}
	switch {
	case a.Rewind.Number == 0 || a.Rewind.Fork >= math.MaxInt64:
		return wrong("there is no such rewind")
	case len(a.Blocks) == 0:
		return wrong("no blocks")
	case a.Blocks[0].Header.ID == a.Rewind.Next:
		return wrong("block %d is not void", a.Blocks[0].Header.Number)
	}
	number, parent := a.Rewind.Fork, a.Rewind.Block
	for _, b := range a.Blocks {
		if number++; b.Header.Number != number {
			return wrong("block %d where %d follows", b.Header.Number, number)
		}
		if b.Header.Parent != parent {
			return wrong("block %d is not on top of %s", number, parent)
		}
		parent = b.Header.ID
	}
	for i, p := range a.Plans {
		if i > 0 && bytes.Compare(p.Plan[:], a.Plans[i-1].Plan[:]) <= 0 {
			return wrong("plan %s comes behind plan %s", p.Plan, a.Plans[i-1].Plan)
		}
	}
	return nil
}

// end is the number of the last block.
func (a *Archive) end() uint64 { return a.Rewind.Fork + uint64(len(a.Blocks)) }

// at returns a block, or nil.
func (a *Archive) at(number uint64) *ArchivedBlock {
	if number <= a.Rewind.Fork || number > a.end() {
		return nil
	}
	return &a.Blocks[number-a.Rewind.Fork-1]
}

// prepared returns what was made of a plan, or nil.
func (a *Archive) prepared(id coin.PlanID) []byte {
	i, ok := slices.BinarySearchFunc(a.Plans, id, func(p ArchivedPlan, id coin.PlanID) int { return bytes.Compare(p.Plan[:], id[:]) })
	if !ok {
		return nil
	}
	return a.Plans[i].Transaction
}

// sortArchives checks archives and returns them in the order of their rewinds.
func sortArchives(c coin.Coin, list []Archive) ([]Archive, error) {
	if _, ok := c.(coin.Archiver); !ok && len(list) > 0 {
		return nil, fmt.Errorf("%w: %s cannot read archives", ErrArchive, c.Name())
	}
	list = slices.Clone(list)
	slices.SortFunc(list, func(a, b Archive) int { return cmp.Compare(a.Rewind.Number, b.Rewind.Number) })
	for i := range list {
		if err := list[i].check(); err != nil {
			return nil, err
		}
		if i > 0 && list[i].Rewind.Number == list[i-1].Rewind.Number {
			return nil, fmt.Errorf("%w: there are two of rewind %d", ErrArchive, list[i].Rewind.Number)
		}
	}
	return list, nil
}

// past are the archives of the rewinds that are ahead in the log, in order. With
// the chain that counts at the end, they make up the one that counts until the
// first of these rewinds: each holds what was void behind its fork when it came.
type past []Archive

// pastAt returns those archives that the processor is not beyond.
func (k *core) pastAt(r storage.Reader) (past, error) {
	last, err := k.scanner.Rewound(r)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(k.archives, func(a Archive) bool { return a.Rewind.Number > last.Number })
	if i < 0 {
		return nil, nil
	}
	return k.archives[i:], nil
}

// fork is the newest block that is the node's in any case.
func (x past) fork() uint64 {
	fork := x[0].Rewind.Fork
	for _, a := range x {
		fork = min(fork, a.Rewind.Fork)
	}
	return fork
}

// forks tells whether one of the rewinds is from a block. What a node shows of several
// is the change from furthest down, once it has seen all.
func (x past) forks(fork uint64) bool {
	return slices.ContainsFunc(x, func(a Archive) bool { return a.Rewind.Fork == fork })
}

// at returns the block behind the fork that counts until the next rewind, or nil
// if no archive has it.
func (x past) at(number uint64) *ArchivedBlock {
	if a := x.of(number); a != nil {
		return a.at(number)
	}
	return nil
}

// of returns the archive of the first of the rewinds that make a block void, or nil.
func (x past) of(number uint64) *Archive {
	for i := range x {
		if number > x[i].Rewind.Fork {
			return &x[i]
		}
	}
	return nil
}

// checkPast makes sure that what is indexed is what archives say, and ends a halt
// for the change that they show.
func (k *core) checkPast(tx storage.Tx) error {
	past, err := k.pastAt(tx)
	if err != nil || len(past) == 0 {
		return err
	}
	f, err := k.scanner.Frontier(tx)
	if err != nil {
		return err
	}
	if f.Started && f.Index > past.fork()+1 {
		last := min(f.Index-1, past[0].end())
		header, _, err := k.scanner.Header(tx, last)
		if err != nil {
			return err
		}
		if b := past.at(last); b == nil || header != b.Header {
			return fmt.Errorf("%w: block %d is %s here", ErrLate, last, header.ID)
		}
	}
	h, ok, err := halted.Get(tx)
	if err == nil && ok && h.Changed != nil && past.forks(h.Changed.Fork) {
		err = halted.Delete(tx) // it was missing
	}
	return err
}

// imported tells whether an archive shows the change that a rewind is about. If
// so, all that was void is scanned first, as it was by those who saw it.
func (k *core) imported(r storage.Reader, e Rewind) (bool, error) {
	past, err := k.pastAt(r)
	if err != nil || len(past) == 0 || past[0].Rewind.Number != e.Number {
		return false, err
	}
	if past[0].Rewind != e {
		return false, &scanner.BadRewind{Number: e.Number, Reason: "the archive is about another one"}
	}
	f, err := k.scanner.Frontier(r)
	if err != nil {
		return false, err
	}
	tasks, err := k.scanner.Due(r, 1)
	if err == nil && (f.Index <= past[0].end() || len(tasks) > 0) {
		err = scanner.ErrUnchanged
	}
	return true, err
}

// pastAt is that of the core.
func (p *Processor) pastAt(ctx context.Context) (x past, f scanner.Frontier, err error) {
	err = p.config.Store.View(ctx, func(r storage.Reader) (err error) {
		if x, err = p.core.pastAt(r); err != nil || len(x) == 0 {
			return err
		}
		f, err = p.core.scanner.Frontier(r)
		return err
	})
	return x, f, err
}

// indexPast indexes headers that archives have, after a look at the blocks. It
// tells whether there were any: behind the last one the index waits for the
// rewind.
func (p *Processor) indexPast(ctx context.Context, x past, next uint64) (bool, error) {
	var headers []coin.Header
	var trouble error
	for n := next; n <= x[0].end() && len(headers) < maxHeaders; n++ {
		b := x.at(n)
		if b == nil {
			trouble = fmt.Errorf("%w: no archive has block %d", coin.ErrNotFound, n)
			break
		}
		if _, trouble = p.source(ctx, b.Header); trouble != nil {
			break
		}
		headers = append(headers, b.Header)
	}
	if len(headers) == 0 {
		return false, trouble
	}
	err := p.config.Store.Update(ctx, func(tx storage.Tx) error {
		before, _, err := p.core.scanner.Header(tx, next-1)
		if err != nil {
			return err
		}
		if headers[0].Parent != before.ID {
			return fmt.Errorf("%w: archived block %d is not on top of %s", coin.ErrInvalid, next, before.ID)
		}
		return p.core.scanner.Index(tx, headers...)
	})
	if err != nil {
		return false, fmt.Errorf("index archived headers from %d: %w", next, err)
	}
	p.wake.all()
	return true, trouble
}

// source returns a block, from an archive if one has it.
func (p *Processor) source(ctx context.Context, header coin.Header) (coin.Block, error) {
	if data, ok := p.archived[header]; ok {
		if archiver, ok := p.config.Coin.(coin.Archiver); ok {
			return archiver.RestoreBlock(ctx, header, data)
		}
	}
	return p.config.Coin.Block(ctx, header)
}
