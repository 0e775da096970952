package processortest_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor"
	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/coin/mock"
	"github.com/serai-go/processor/processortest"
	"github.com/serai-go/processor/storage"
)

// rewound is a group whose chain has changed behind blocks with deposits and a
// payment, of which the chain of the end has nothing.
func rewound(t *testing.T) (*split, []processor.Archive) {
	s := newSplit(t)
	s.deposit(1000)
	s.mine(2)
	s.deposit(600)
	s.mine(4)
	require.NoError(t, s.chain.Fork(t.Context(), 5, true))
	s.run()
	s.order()
	s.deposit(500)
	s.mine(6)
	archives, err := s.Archives(t.Context())
	require.NoError(t, err)
	require.Len(t, archives, 1)
	return s, archives
}

// joiner is a validator whose node never had the void blocks.
type joiner struct {
	*processor.Processor
	s     *split
	store *storage.Memory
	next  int
}

func (s *split) joiner(store *storage.Memory, archives ...processor.Archive) (*joiner, error) {
	p, err := processor.New(processor.Config{
		Coin: bestOf(s.t, s.chain).Coin(), Store: store, Self: processortest.Identity(9), Sealer: processortest.Sealer(9),
		Archives: archives,
	})
	return &joiner{p, s, store, 0}, err
}

// read hands the log over up to a position.
func (j *joiner) read(end int) {
	for ; j.next < end; j.next++ {
		require.NoError(j.s.t, j.Handle(j.s.t.Context(), uint64(j.next), j.s.View(9, j.s.Log[j.next])))
	}
	_, err := j.Step(j.s.t.Context())
	if _, halt := is[*processor.Halt](err); !halt {
		require.NoError(j.s.t, err)
	}
}

func (j *joiner) status() processor.Status {
	status, err := j.Status(j.s.t.Context())
	require.NoError(j.s.t, err)
	return status
}

// agrees makes sure that it is where the others are.
func (j *joiner) agrees() {
	t := j.s.t
	want, got := j.s.status(0), j.status()
	require.Nil(t, got.Halted)
	require.Equal(t, want.Frontier, got.Frontier)
	require.Equal(t, want.Digest, got.Digest)
	require.NoError(t, j.Audit(t.Context()))
}

func TestJoinersReadArchives(t *testing.T) {
	s, archives := rewound(t)
	j, err := s.joiner(storage.NewMemory(), archives...)
	require.NoError(t, err)
	j.read(len(s.Log))
	j.agrees()
	own, err := j.Archives(t.Context())
	require.NoError(t, err)
	require.Equal(t, archives, own, "they pass them on")

	found, err := processor.Replay(t.Context(), processor.Config{Coin: bestOf(t, s.chain).Coin(), Archives: archives}, s.Log)
	require.NoError(t, err)
	require.Empty(t, found)
}

// Without the archive nobody gets past what is acknowledged of void blocks.
func TestJoinersWithoutArchives(t *testing.T) {
	s, archives := rewound(t)
	j, err := s.joiner(storage.NewMemory())
	require.NoError(t, err)
	j.read(len(s.Log))
	require.Equal(t, processor.OthersDecided, j.status().Halted.Cause)

	_, err = s.joiner(j.store, archives...)
	require.ErrorIs(t, err, processor.ErrLate)
}

// rewindAt is the position of the rewind in the log.
func (s *split) rewindAt() int {
	for i, e := range s.Log {
		if _, ok := e.(processor.Rewind); ok {
			return i
		}
	}
	return -1
}

// A joiner that is stopped at any position goes on with the archive only.
func TestArchivesAreNeededUntilTheRewind(t *testing.T) {
	s, archives := rewound(t)
	end := s.rewindAt()
	for n := range len(s.Log) {
		j, err := s.joiner(storage.NewMemory(), archives...)
		require.NoError(t, err)
		j.read(n)
		f := j.status().Frontier
		if n <= end {
			require.LessOrEqual(t, f.Index, archives[0].Rewind.Fork+uint64(len(archives[0].Blocks))+1, "it waits")
		}

		without, err := s.joiner(j.store.Clone())
		require.NoError(t, err)
		without.read(n)
		if n <= end && f.Index > archives[0].Rewind.Fork+1 {
			halt := without.status().Halted
			require.Equal(t, processor.ChainChanged, halt.Cause)
			require.Equal(t, archives[0].Rewind.Fork, halt.Changed.Fork)
		}
		with, err := s.joiner(without.store, archives...)
		require.NoError(t, err)
		with.next = n
		with.read(len(s.Log))
		with.agrees()
	}
}

// One that began with too short an archive, and then went on without any, goes on
// with a longer one.
func TestArchivesThatGrow(t *testing.T) {
	s, archives := rewound(t)
	short := archives[0]
	short.Blocks = short.Blocks[:1]
	j, err := s.joiner(storage.NewMemory(), short)
	require.NoError(t, err)
	j.read(len(s.Log))
	require.Nil(t, j.status().Halted, "it waits")
	without, err := s.joiner(j.store)
	require.NoError(t, err)
	without.read(0)
	require.Equal(t, processor.ChainChanged, without.status().Halted.Cause)
	with, err := s.joiner(j.store, archives...)
	require.NoError(t, err)
	with.read(0)
	with.agrees()
}

func TestFalseArchives(t *testing.T) {
	s, archives := rewound(t)
	fork := archives[0].Rewind.Fork
	try := func(change func(*processor.Archive)) (processor.Status, error) {
		a, err := processor.DecodeArchive(processor.EncodeArchive(archives[0]))
		require.NoError(t, err)
		change(&a)
		j, err := s.joiner(storage.NewMemory(), a)
		if err != nil {
			return processor.Status{}, err
		}
		j.read(len(s.Log))
		return j.status(), nil
	}
	t.Run("not linked", func(t *testing.T) {
		_, err := try(func(a *processor.Archive) { a.Blocks[1].Header.Parent[0] ^= 1 })
		require.ErrorIs(t, err, processor.ErrArchive)
	})
	t.Run("twice the same", func(t *testing.T) {
		_, err := s.joiner(storage.NewMemory(), archives[0], archives[0])
		require.ErrorIs(t, err, processor.ErrArchive)
	})
	t.Run("a coin without", func(t *testing.T) {
		_, err := processor.New(processor.Config{
			Coin: switched{s.chain.Coin()}, Store: storage.NewMemory(), Self: processortest.Identity(9), Sealer: processortest.Sealer(9),
			Archives: archives,
		})
		require.ErrorIs(t, err, processor.ErrArchive)
	})
	t.Run("another block's bytes", func(t *testing.T) {
		status, err := try(func(a *processor.Archive) { a.Blocks[1].Data = a.Blocks[0].Data })
		require.NoError(t, err)
		require.Nil(t, status.Halted, "it waits")
		require.Contains(t, status.Troubles["chain"], "archive of block")
		require.Equal(t, fork+2, status.Frontier.Index)
	})
	t.Run("another block's bytes in the end", func(t *testing.T) {
		status, err := try(func(a *processor.Archive) { a.Blocks[len(a.Blocks)-1].Data = a.Blocks[0].Data })
		require.NoError(t, err)
		require.Nil(t, status.Halted, "it waits")
		require.Less(t, status.Frontier.Settle, fork+uint64(len(archives[0].Blocks)), "the log needs no more of it")
		require.EqualValues(t, s.rewindAt(), status.Read)
	})
	t.Run("on another fork block", func(t *testing.T) {
		other := mock.New(mock.Options{})
		require.NoError(t, other.Mine(t.Context(), 20))
		status, err := try(func(a *processor.Archive) { replace(t, a, other, a.Rewind.Fork) })
		require.NoError(t, err)
		require.Nil(t, status.Halted, "it waits")
		require.Contains(t, status.Troubles["chain"], "is not on top of")
		require.Equal(t, fork+1, status.Frontier.Index)
	})
	t.Run("other void blocks", func(t *testing.T) {
		other := bestOf(t, s.chain)
		tip, err := other.Coin().Tip(t.Context())
		require.NoError(t, err)
		require.NoError(t, other.Fork(t.Context(), int(tip-fork), true))
		status, err := try(func(a *processor.Archive) { replace(t, a, other, a.Rewind.Fork) })
		require.NoError(t, err)
		require.Equal(t, processor.OthersDecided, status.Halted.Cause)
		require.Contains(t, status.Halted.Reason, "digest")
	})
	t.Run("another rewind", func(t *testing.T) {
		status, err := try(func(a *processor.Archive) { a.Rewind.Next[0] ^= 1 })
		require.NoError(t, err)
		require.Equal(t, processor.OthersDecided, status.Halted.Cause)
		require.Contains(t, status.Halted.Reason, "the archive is about another one")
	})
	t.Run("too few blocks", func(t *testing.T) {
		status, err := try(func(a *processor.Archive) { a.Blocks = a.Blocks[:1] })
		require.NoError(t, err)
		require.Nil(t, status.Halted, "it waits")
		require.Equal(t, fork+2, status.Frontier.Index)
		require.Less(t, status.Read, uint64(s.rewindAt()))
	})
}

// replace puts blocks of another chain into an archive.
func replace(t *testing.T, a *processor.Archive, chain *mock.Chain, fork uint64) {
	c := mock.NewCoin(chain)
	var before []coin.Block
	for i := range a.Blocks {
		header, err := c.Header(t.Context(), fork+1+uint64(i))
		require.NoError(t, err)
		block, err := c.Block(t.Context(), header)
		require.NoError(t, err)
		data, err := c.ArchiveBlock(t.Context(), block, before, nil)
		require.NoError(t, err)
		a.Blocks[i] = processor.ArchivedBlock{Header: header, Data: data}
		before = append(before, block)
	}
	a.Rewind.Block = a.Blocks[0].Header.Parent
}

// forgetful is a node that does not tell blocks once it has forgotten them.
type forgetful struct {
	*mock.Coin
	forgot map[coin.Header]bool
}

// Block implements coin.Reader.
func (c *forgetful) Block(ctx context.Context, header coin.Header) (coin.Block, error) {
	if c.forgot[header] {
		return nil, fmt.Errorf("block %s: %w", header.ID, coin.ErrNotFound)
	}
	return c.Coin.Block(ctx, header)
}

// Void blocks come from the node as long as it has them, or from memory, which
// has those that are not settled. Without all of them there is no archive.
func TestNodesThatForgetVoidBlocks(t *testing.T) {
	for name, test := range map[string]struct{ settled, restart bool }{
		"some are in memory": {}, "none are after a restart": {restart: true}, "settled ones are not": {settled: true},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSplit(t)
			c := &forgetful{mock.NewCoin(s.chain), make(map[coin.Header]bool)}
			config := processor.Config{
				Coin: c, Store: storage.NewMemory(), Self: processortest.Identity(9), Sealer: processortest.Sealer(9),
			}
			p, err := processor.New(config)
			require.NoError(t, err)
			j := &joiner{Processor: p, s: s}
			s.deposit(1000)
			s.mine(4)
			j.read(len(s.Log))
			f := j.status().Frontier
			for n := f.Index - 3; n < f.Index; n++ {
				header, err := c.Header(t.Context(), n)
				require.NoError(t, err)
				c.forgot[header] = n >= f.Settle || test.settled
			}
			require.Less(t, f.Settle, f.Index)
			require.Less(t, f.Index-3, f.Settle)
			require.NoError(t, s.chain.Fork(t.Context(), 4, true))
			s.run()
			j.read(len(s.Log))
			s.order()
			archives, err := s.Archives(t.Context())
			require.NoError(t, err)
			if test.restart {
				j.Processor, err = processor.New(config)
				require.NoError(t, err)
			}
			j.read(len(s.Log))
			list, err := j.Archives(t.Context())
			require.NoError(t, err)
			if test.settled || test.restart {
				require.Empty(t, list)
				require.Contains(t, j.status().Troubles["archive"], "void block")
				clear(c.forgot)
				j.read(len(s.Log))
				list, err = j.Archives(t.Context())
				require.NoError(t, err)
			}
			require.Equal(t, archives, list)
			j.agrees()
		})
	}
}

// A rewind whose blocks are gone has no archive; those that come later have theirs.
func TestABlockThatIsGoneKeepsNoOtherArchiveBack(t *testing.T) {
	s := newSplit(t)
	c := &forgetful{mock.NewCoin(s.chain), make(map[coin.Header]bool)}
	p, err := processor.New(processor.Config{
		Coin: c, Store: storage.NewMemory(), Self: processortest.Identity(9), Sealer: processortest.Sealer(9),
	})
	require.NoError(t, err)
	j := &joiner{Processor: p, s: s}
	for i := range 2 {
		s.deposit(1000)
		s.mine(4)
		j.read(len(s.Log))
		if f := j.status().Frontier; i == 0 {
			header, err := c.Header(t.Context(), f.Settle-1)
			require.NoError(t, err)
			c.forgot[header] = true
		}
		require.NoError(t, s.chain.Fork(t.Context(), 4, true))
		s.run()
		j.read(len(s.Log))
		s.order()
		j.read(len(s.Log))
	}
	list, err := j.Archives(t.Context())
	require.NoError(t, err)
	archives, err := s.Archives(t.Context())
	require.NoError(t, err)
	require.Len(t, archives, 2)
	require.Equal(t, archives[1:], list)
	require.Contains(t, j.status().Troubles["archive"], "void block")
}

// A joiner that runs, with all its goroutines, gets there as well.
func TestRunReadsArchives(t *testing.T) {
	s, archives := rewound(t)
	j, err := s.joiner(storage.NewMemory(), archives...)
	require.NoError(t, err)
	for i, e := range s.Log {
		require.NoError(t, j.Handle(t.Context(), uint64(i), s.View(9, e)))
	}
	require.NoError(t, run(t, j.Processor, func() bool {
		list, err := j.Archives(t.Context())
		return err == nil && len(list) == 1 && j.status().Frontier == s.status(0).Frontier
	}))
	j.agrees()
}

// nested is a group whose chain has changed twice, the second time from further
// down.
func nested(t *testing.T) (*split, []processor.Archive) {
	s := newSplit(t)
	s.deposit(1000)
	s.mine(4)
	s.deposit(600)
	s.mine(3)
	require.NoError(t, s.chain.Fork(t.Context(), 4, true))
	s.run()
	s.order()
	s.deposit(500)
	s.mine(3)
	require.NoError(t, s.chain.Fork(t.Context(), 9, true))
	s.run()
	s.order()
	s.deposit(700)
	s.mine(6)
	archives, err := s.Archives(t.Context())
	require.NoError(t, err)
	require.Len(t, archives, 2)
	require.Less(t, archives[1].Rewind.Fork, archives[0].Rewind.Fork)
	return s, archives
}

// Where rewinds are in one another, the change that a node shows without the
// archives is that of the last.
func TestNestedArchivesAreNeededUntilTheRewinds(t *testing.T) {
	s, archives := nested(t)
	short := archives[0]
	short.Blocks = short.Blocks[:1]
	for _, first := range []processor.Archive{archives[0], short} {
		for n := range len(s.Log) {
			j, err := s.joiner(storage.NewMemory(), first, archives[1])
			require.NoError(t, err)
			j.read(n)
			without, err := s.joiner(j.store.Clone())
			require.NoError(t, err)
			without.read(n)
			with, err := s.joiner(without.store, archives...)
			require.NoError(t, err)
			with.next = n
			with.read(len(s.Log))
			with.agrees()
		}
	}
}
