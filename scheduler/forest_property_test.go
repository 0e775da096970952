package scheduler

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/storage"
)

// advance lets the keys' stages go on.
func (f *forest) advance() {
	switch {
	case f.shows:
		f.young, f.shows, f.stage = 0, false, before
	case f.young == 0:
		f.sessions++
		f.young, f.stage = f.sessions, before
	case f.stage < finishes:
		f.stage++
	}
	f.assign()
}

// tryRetire retires the old key if it is idle.
func (f *forest) tryRetire() bool {
	if f.young == 0 || f.shows || f.stage != finishes || !f.idle(f.old) {
		return false
	}
	for _, id := range f.open {
		if f.plans[id].Key.Session == f.old {
			parent := f.parents[f.plans[id].Inputs[0].ID]
			require.True(f.t, f.purpose(id) == bumping && f.gone[f.plans[parent].Key.Session], "it has work to do")
		}
	}
	f.view(func(r storage.Reader, s *scheduler) error {
		for item, err := range s.nodes.All(r) {
			if err != nil {
				return err
			}
			require.NotEqual(f.t, f.old, item.Value.Session, "it has payments to make")
		}
		return nil
	})
	f.gone[f.old] = true
	f.do(false, func(tx storage.Tx) error { return f.s.Retire(tx, f.old) })
	f.old, f.young, f.stage = f.young, 0, before
	f.assign()
	return true
}

// abandons abandons the old key, or the young one.
func (f *forest) abandons(young bool) {
	session := f.old
	if young {
		session = f.young
	}
	f.gone[session] = true
	f.do(false, func(tx storage.Tx) error { return f.s.Abandon(tx, session) })
	if young {
		f.shows = true
	} else {
		f.old, f.young, f.stage = f.young, 0, before
	}
	f.assign()
}

// live are the plans under way that somebody signs.
func (f *forest) live() (n int) {
	for _, id := range f.open {
		if f.possible(id) {
			n++
		}
	}
	return n
}

// rules draws parameters.
func anyRules(t *rapid.T) coin.Parameters {
	p := parameters()
	p.Dust = rapid.SampledFrom([]uint64{5, 10, 30}).Draw(t, "dust")
	p.FeeFloor, p.FeeCap = 1, 60
	p.MaxInputs = rapid.Uint32Range(2, 5).Draw(t, "max inputs")
	p.MaxOutputs = rapid.Uint32Range(3, 5).Draw(t, "max outputs")
	p.Descendants = rapid.Uint32Range(0, 3).Draw(t, "descendants")
	p.DescendantsWeight = rapid.SampledFrom([]uint64{13_000, 20_000, 100_000}).Draw(t, "descendants weight")
	p.ChangeOutputs = rapid.Uint32Range(1, 3).Draw(t, "change outputs")
	p.BumpAfter = rapid.Uint64Range(1, 4).Draw(t, "bump after")
	return p
}

// TestTreesKeepAllPromises lets everything happen to trees of payments that can.
func TestTreesKeepAllPromises(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := newForest(t, anyRules(t))
		rewinds := rapid.Bool().Draw(t, "rewinds")
		f.unsigned = rapid.Bool().Draw(t, "unsigned")
		f.grow(f.draw(4), nil, 0)
		step := func(do func()) func(*rapid.T) {
			return func(t *rapid.T) {
				f.rapid = t
				do()
			}
		}
		block := step(func() {
			var returns []coin.OutputID
			if len(f.void) > 0 {
				list := rapid.Permutation(f.void).Draw(f.rapid, "void")
				returns = list[:rapid.IntRange(0, len(list)).Draw(f.rapid, "returns")]
			}
			f.grow(f.draw(3), returns, rapid.SampledFrom([]int{0, 40, 100}).Draw(f.rapid, "likely"))
		})
		replace := step(func() {
			if len(f.open) == 0 {
				return
			}
			if id := rapid.SampledFrom(f.open).Draw(f.rapid, "plan"); f.number > 0 {
				f.replace(id)
			}
		})
		burn := step(func() {
			list := f.burns()
			f.do(false, func(tx storage.Tx) error { return f.s.Burn(tx, list) })
		})
		t.Repeat(map[string]func(*rapid.T){
			"block": block, "block 2": block, "block 3": block, "burn": burn, "burn 2": burn, "replace": replace, "replace 2": replace,
			"rate":    step(func() { f.rate = rapid.OneOf(rapid.Uint64Range(0, 3), rapid.Uint64Range(0, 30)).Draw(f.rapid, "rate") }),
			"rules":   step(func() { f.rules = anyRules(f.rapid) }),
			"restart": step(f.restart),
			"rotate": step(func() {
				if rewinds {
					f.fork(rapid.IntRange(0, len(f.blocks)).Draw(f.rapid, "depth"))
				} else if !f.tryRetire() {
					f.advance()
				}
			}),
			"abandon": step(func() {
				if f.young == 0 || f.shows || rapid.IntRange(0, 3).Draw(f.rapid, "luck") > 0 {
					return
				}
				if young := rapid.Bool().Draw(f.rapid, "young"); young || f.stage >= hands {
					f.abandons(young)
				}
			}),
		})
		f.rapid = t
		f.finish()
	})
}

// finish lets all happen that still can, at a low rate, and then all be paid.
func (f *forest) finish() {
	t := f.t
	f.rate = 1
	f.rules.Patience = 3
	calm := func(most int) {
		for rounds := 0; ; rounds++ {
			require.LessOrEqual(t, rounds, most, "it takes too long")
			f.grow(nil, slices.Clone(f.void), 100)
			if f.live() == 0 {
				return
			}
		}
	}
	calm(40)
	for range 4 { // payments that waited for another rate
		calm(40)
	}
	for i := 0; f.young != 0; i++ { // all keys but the newest retire
		require.Less(t, i, 12, "the keys do not go on")
		calm(40)
		if !f.tryRetire() {
			f.advance()
		}
	}
	n := f.pending().Payments
	f.grow([]coin.Deposit{{Output: f.outputTo(f.old, 1<<40), Credit: 1 << 40, Fate: coin.Accumulated}}, nil, 100)
	calm(levels(n, int(f.rules.MaxOutputs)-1, int(f.rules.MaxOutputs)) + 2)
	for rounds := 0; f.pending().Payments > 0 && rounds < 80; rounds++ { // those too poor, until their patience ends
		calm(40)
	}
	require.Empty(t, f.waiting())
	makes := make(map[coin.PaymentID]bool)
	for _, id := range f.open {
		require.False(t, f.possible(id))
		for _, p := range f.plans[id].Payments {
			makes[p.ID] = true
		}
	}
	for id, p := range f.payments { // order-free: each is checked
		if p.status == "Queued" || p.status == "Planned" {
			require.True(t, makes[id], "a payment is forgotten: %+v", p)
		}
	}
	for _, id := range f.open {
		for _, o := range f.plans[id].Inputs {
			parent, built := f.parents[o.ID]
			require.True(t, f.unsigned && (f.forsaken(id) || built && f.forsaken(parent)), "a plan never happens")
		}
	}
}
