package processor

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/storage"
)

// TestAnyHistoryOverForks: the same is true if the chain forks behind what is
// settled. What was void comes back in other blocks, or never.
func TestAnyHistoryOverForks(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) { anyHistory(rt, true, joinedCoin{}) })
}

// fork lets the newest blocks be void. The chain goes on otherwise.
func (s *story) fork() {
	f := s.frontier()
	if !f.Started {
		return
	}
	depth := s.number(0, 3, "depth")
	if depth == 3 {
		depth = s.number(3, 40, "deep")
	}
	e := Rewind{Number: uint64(len(s.chains)) + 1, Fork: f.Index - 1 - min(depth, f.Index-1)}
	s.chains = append(s.chains, slices.Clone(s.blocks))
	own := map[coin.TransactionID]coin.PlanID{}
	for _, id := range s.order {
		own[spendOf(id, s.plans[id]).id] = id
	}
	for _, b := range s.blocks[e.Fork+1:] {
		for _, o := range b.outputs {
			if _, made := own[o.ID.Transaction]; !made && o.Amount < 1<<40 {
				s.lost = append(s.lost, o)
			}
		}
	}
	// What came back after all may be void once more.
	s.voided = slices.DeleteFunc(s.voided, func(id coin.OutputID) bool { return s.there[id] })
	s.blocks = s.blocks[: e.Fork+1 : e.Fork+1]
	s.mined, s.spent, s.there = map[coin.PlanID]bool{}, map[coin.OutputID]bool{}, map[coin.OutputID]bool{}
	for _, b := range s.blocks {
		for _, o := range b.outputs {
			s.there[o.ID] = true
		}
		for _, t := range b.transactions {
			if id, ok := own[t.ID()]; ok {
				s.mined[id] = true
				continue
			}
			for _, id := range t.(joinedSpend).inputs {
				s.spent[id] = true
			}
		}
	}
	for range s.number(1, 4, "blocks of the new chain") {
		s.mine()
	}
	e.Block, e.Next = s.blocks[e.Fork].header.ID, s.blocks[e.Fork+1].header.ID
	for id := range s.batches { // order-free
		if id >= f.Acknowledged {
			delete(s.batches, id)
		}
	}
	s.chain = &s.chains[len(s.chains)-1]
	s.change(&s.blocks, e)
	require.True(s.t, s.write(e))
}

// waits tells whether any payment waits.
func (s *story) waits() (waits bool) {
	s.view(func(r storage.Reader) error {
		p, err := s.core.scheduler.Pending(r)
		waits = p.Payments > 0
		return err
	})
	return waits
}

// onChain requires that what is free is there, and that all that came back is
// taken in.
func (s *story) onChain(r storage.Reader) error {
	gone := map[coin.OutputID]bool{}
	for _, b := range s.blocks {
		for _, t := range b.transactions {
			for _, id := range t.(joinedSpend).inputs {
				gone[id] = true
			}
		}
	}
	free := storage.NewMap("scheduler/free", storage.FixedKey(
		func(b []byte, k [16]byte) []byte { return append(b, k[:]...) },
		func(b []byte) (k [16]byte, ok bool) { return k, copy(k[:], b) == 16 }), storage.Record[coin.Output]())
	for item, err := range free.All(r) {
		if err != nil {
			return err
		}
		require.True(s.t, s.there[item.Value.ID], "%s is free and not there", item.Value.ID)
		require.False(s.t, gone[item.Value.ID], "%s is free and spent", item.Value.ID)
	}
	for _, name := range []string{"scanner/voided", "scheduler/missing"} {
		missing := storage.NewMap(name, coin.OutputKey, storage.Blob)
		for item, err := range missing.All(r) {
			if err != nil {
				return err
			}
			if !s.coin.twins { // else it may be there and not count
				require.False(s.t, s.there[item.Key], "%s is in %s and there", item.Key, name)
			}
		}
	}
	return nil
}
