package processor

import (
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/internal/wire"
	"github.com/serai-go/processor/storage"
)

// TestAnyHistoryOfTwins: the same is true if of many outputs only one can ever be
// spent. No two of those are ever among the assets, so that as the books balance,
// what is credited is never beyond what can be spent.
func TestAnyHistoryOfTwins(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) { anyHistory(rt, false, joinedCoin{twins: true}) })
}

// TestAnyHistoryOfTwinsOverForks: nor if the chain forks.
func TestAnyHistoryOfTwinsOverForks(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) { anyHistory(rt, true, joinedCoin{twins: true}) })
}

// copy makes an output one that is like no other, or a copy of one of the last.
func (s *story) copy(o *coin.Output) {
	if len(s.copied) > 0 && s.number(0, 1, "copy") == 0 {
		last := s.copied[max(0, len(s.copied)-4):]
		of := last[s.number(0, uint64(len(last)-1), "of")]
		o.Spend, o.Session = of.Spend, of.Session
		return
	}
	o.Spend = binary.BigEndian.AppendUint32(nil, s.made)
	s.copied = append(s.copied, *o)
}

// different requires that of outputs of which only one can be spent, one is an
// asset: none is there twice, free, on hold, to be passed on or as the input of a
// plan, and none beside one that is spent.
func (s *story) different() {
	counts, spent := map[string]coin.OutputID{}, map[string]coin.OutputID{}
	for _, id := range s.order {
		for _, o := range s.plans[id].Inputs {
			if s.mined[id] && o.Kind == coin.External && len(o.Spend) > 0 {
				spent[string(o.Spend)] = o.ID
			}
		}
	}
	count := func(o coin.Output, plan bool) {
		if o.Kind != coin.External || len(o.Spend) == 0 {
			return
		}
		other, ok := counts[string(o.Spend)]
		require.True(s.t, !ok || plan && other == o.ID, "%s and %s count both", other, o.ID)
		if other, ok := spent[string(o.Spend)]; ok {
			require.Equal(s.t, other, o.ID, "it counts, and another is spent")
		}
		counts[string(o.Spend)] = o.ID
	}
	s.view(func(r storage.Reader) error {
		for _, name := range []string{"scheduler/free", "scheduler/resting", "scheduler/forwards", "scheduler/plans"} {
			records := storage.NewMap(name, storage.FixedKey(
				func(b []byte, k string) []byte { return append(b, k...) },
				func(b []byte) (string, bool) { return string(b), true }), storage.Blob)
			for item, err := range records.All(r) {
				if err != nil {
					return err
				}
				in := wire.NewReader(item.Value)
				if name != "scheduler/plans" {
					var o coin.Output
					o.Decode(in)
					count(o, false)
					continue
				}
				var p coin.Plan
				p.Decode(in)
				for _, o := range p.Inputs { // versions have the same
					count(o, true)
				}
			}
		}
		return nil
	})
}
