package processortest_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor"
	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/coin/mock"
	"github.com/serai-go/processor/processortest"
	"github.com/serai-go/processor/storage"
)

// burn orders a payment to a user.
func (s *split) burn(number byte, amount uint64) {
	to, err := s.chain.Address(s.t.Context())
	require.NoError(s.t, err)
	s.Append(processor.Burns{Payments: []coin.Payment{{ID: coin.PaymentID{number}, Address: to, Amount: amount}}})
}

// planned is a group on a chain with the rules of Monero. One payment was planned in
// time, and its transaction refers to a block that is void now. If there is a late
// one, it was ordered when all nodes had the other chain already.
func planned(t *testing.T, late bool) (*split, []processor.Archive) {
	s := newSplitOf(t, mock.Monero())
	s.deposit(10_000)
	s.deposit(10_000)
	s.mine(12)
	s.deposit(500) // so that a block is settled that will be void
	s.mine(5)
	s.burn(1, 1000)
	s.run()
	require.Equal(t, 1, s.status(0).Pending.Plans)
	tip, err := s.chain.Coin().Tip(t.Context())
	require.NoError(t, err)
	reference := s.status(0).Frontier.Settle - 1
	require.NoError(t, s.chain.Fork(t.Context(), int(tip-reference+1), true))
	s.run()
	for _, v := range s.Validators {
		require.NotNil(t, v.Halted.Changed)
		require.Less(t, v.Halted.Changed.Fork, reference)
	}
	if late {
		s.burn(2, 2000)
	}
	s.order()
	archives, err := s.Archives(t.Context())
	require.NoError(t, err)
	require.Len(t, archives, 1)
	return s, archives
}

func (s *split) settles(t *testing.T) {
	s.deposit(500)
	s.mine(12)
	for i := range s.Validators {
		require.Nil(t, s.Validators[i].Halted)
		require.Zero(t, s.status(i).Pending.Plans)
	}
	_, err := s.Digests(t.Context())
	require.NoError(t, err)
}

func TestPlansOfVoidReferenceBlocks(t *testing.T) {
	s, archives := planned(t, false)
	require.Len(t, archives[0].Plans, 1)
	s.settles(t)
	log := s.Log

	t.Run("joiners have what was prepared in time", func(t *testing.T) {
		s.t = t
		j, err := s.joiner(storage.NewMemory(), archives...)
		require.NoError(t, err)
		j.read(len(log))
		j.agrees()
		own, err := j.Archives(t.Context())
		require.NoError(t, err)
		require.Equal(t, archives, own, "they pass it on")
		convicted, err := processor.Replay(t.Context(), processor.Config{Coin: bestOf(t, s.chain).Coin(), Archives: archives}, log)
		require.NoError(t, err)
		require.Empty(t, convicted)
	})
	t.Run("without it they wait", func(t *testing.T) {
		s.t = t
		without := archives[0]
		without.Plans = nil
		j, err := s.joiner(storage.NewMemory(), without)
		require.NoError(t, err)
		j.read(len(log))
		require.Nil(t, j.status().Halted)
		require.Contains(t, j.status().Troubles["preparation"], processor.ErrArchive.Error())
		with, err := s.joiner(j.store, archives...)
		require.NoError(t, err)
		with.read(0)
		with.agrees()
	})
	t.Run("what is another plan's is refused", func(t *testing.T) {
		s.t = t
		other := archives[0]
		other.Plans = []processor.ArchivedPlan{{Plan: other.Plans[0].Plan, Transaction: []byte("another")}}
		j, err := s.joiner(storage.NewMemory(), other)
		require.NoError(t, err)
		j.read(len(log))
		require.Nil(t, j.status().Halted, "it waits")
		require.Contains(t, j.status().Troubles["preparation"], processor.ErrArchive.Error())
	})
}

// A payment that was ordered while all processors stood still is planned for a block
// of which no node has the outputs any more. They all come to the same transaction
// from what they have.
func TestPlansMadeBetweenChangeAndRewind(t *testing.T) {
	s, archives := planned(t, true)
	require.Len(t, archives[0].Plans, 2)
	s.settles(t)
	j, err := s.joiner(storage.NewMemory(), archives...)
	require.NoError(t, err)
	j.read(len(s.Log))
	j.agrees()
}

// A validator whose node left the chain before it had prepared a plan takes what the
// others prepared from their archive.
func TestAPlanThatWasNotPreparedInTime(t *testing.T) {
	s := newSplitOf(t, mock.Monero())
	s.deposit(10_000)
	s.mine(12)
	s.deposit(500)
	s.mine(5)
	store := storage.NewMemory()
	late, err := processor.New(processor.Config{
		Coin: s.chain.Coin(), Store: store, Self: processortest.Identity(9), Sealer: processortest.Sealer(9),
	})
	require.NoError(t, err)
	j := &joiner{Processor: late, s: s, store: store}
	j.read(len(s.Log))
	before := len(s.Log)
	s.burn(1, 1000)
	s.run()
	reference := s.status(0).Frontier.Settle - 1
	tip, err := s.chain.Coin().Tip(t.Context())
	require.NoError(t, err)
	require.NoError(t, s.chain.Fork(t.Context(), int(tip-reference+1), true))

	// It gets the burn when its node has the other chain.
	j.read(before + 1)
	require.Equal(t, processor.ChainChanged, j.status().Halted.Cause)
	s.run()
	s.order()
	archives, err := s.Archives(t.Context())
	require.NoError(t, err)
	s.settles(t)

	with, err := s.joiner(j.store, archives...)
	require.NoError(t, err)
	with.next = before + 1
	with.read(len(s.Log))
	with.agrees()
}
