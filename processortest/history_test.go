package processortest

import (
	"flag"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/coin/cointest"
	"github.com/serai-go/processor/coin/mock"
)

// history is what happens to a group, written as a scenario.
type history struct {
	*Player
	rt    *rapid.T
	lines []string // that were played

	monero   bool
	unique   uint64   // numbers names
	amounts  []uint64 // of deposits
	sessions uint64   // that have begun

	forking           bool // the chain has changed, and nobody was told to rewind yet
	forked, abandoned bool
	over              bool // the group has halted as it must
}

// TestAnyHistory: whatever commands come in whatever order, what must hold does.
//
// The scenario of one that fails is written out: in testdata, with -rewrite, it gets
// the record of what happened. The histories are the same each time: others are found
// by -rapid.seed, more by -rapid.checks and -rapid.steps.
func TestAnyHistory(t *testing.T) {
	if seed := flag.Lookup("rapid.seed"); seed.Value.String() == "0" {
		require.NoError(t, seed.Value.Set("1"))
		defer func() { require.NoError(t, seed.Value.Set("0")) }()
	}
	rapid.Check(t, func(rt *rapid.T) {
		h := &history{rt: rt, Player: &Player{
			NewChain:  func() cointest.Chain { return mock.New(mock.Options{}) },
			NewMonero: func() cointest.Chain { return mock.New(mock.Monero()) },
		}}
		h.empty()
		defer func() { rt.Log("the scenario:\n" + strings.Join(h.lines, "\n") + "\n----") }()
		h.begin()
		moves := maps.Clone(singleMoves)
		maps.Copy(moves, longMoves)
		rt.Repeat(actions(h, moves))
		h.end()
	})
}

// actions are moves of a history, as rapid takes them.
func actions(h *history, moves map[string]func(*history)) map[string]func(*rapid.T) {
	list := make(map[string]func(*rapid.T), len(moves))
	for name, move := range moves {
		list[name] = func(*rapid.T) { move(h) }
	}
	return list
}

// begin makes a group with a key, on either network and by any rules.
func (h *history) begin() {
	h.monero = h.chance(3)
	line := "validators n=2 members=0 t=1"
	if h.monero {
		line += " monero"
	}
	rule := func(name string, lo, hi int) { line += fmt.Sprintf(" %s=%d", name, h.number(lo, hi)) }
	switch {
	case h.monero:
		rule("window", 2, 4)
		rule("hold", 4, 15)
	default:
		rule("hold", 0, 11)
		rule("window", 1, 4)
		rule("descendants", 0, 3)
	}
	rule("bumpafter", 2, 10)
	rule("maxoutputs", 3, 5)
	rule("maxinputs", 2, 4)
	rule("grace", 1, 6)
	rule("changeoutputs", 1, 3)
	rule("surcharge", 0, 29)
	rule("patience", 0, 12)
	rule("batchesahead", 1, 8)
	rule("confirmations", 2, 3)
	if h.chance(4) {
		rule("outflowlimit", 300, 2300)
	}
	if h.chance(4) {
		rule("payeelimit", 300, 1300)
	}
	h.sessions = 1
	for _, line := range []string{line, "keygen minok=1", "confirm", "ack", "deposit 7777 data=x", "mine 4 ack"} {
		h.must(line)
	}
}

// end lets all come to rest, starts a validator that reads everything late, and
// checks what came of it.
func (h *history) end() {
	for _, line := range []string{"rules", "miners 0", "relay 1", "fee 5", "mine 66 ack", "join 2"} {
		h.must(line)
	}
	if h.over {
		return
	}
	h.keepsPace()
	for n := 0; ; n++ {
		err := h.paid()
		if err == nil {
			break
		}
		require.Less(h.rt, n, 4, "%v", err) // the last may be under way
		h.must("mine 1 ack")
		h.must("mine 4 ack")
	}
	if !h.forked && !h.abandoned {
		status, err := h.Validators[1].Processor.Status(h.rt.Context())
		require.NoError(h.rt, err)
		require.Zero(h.rt, status.Pending.Plans, "plans never happen")
	}
}

// broken is the error of a validator's processor, not of a command.
var broken = regexp.MustCompile(`\bvalidator \d+: `)

// play does a command and checks what holds behind it. One that makes no sense at
// present is refused. It changes nothing, but for blocks that fee has made, or what
// include has published: so the scenario has it as a comment.
func (h *history) play(line string) error {
	if h.over {
		return nil
	}
	_, err := h.do(h.rt.Context(), line)
	if err == nil {
		h.lines = append(h.lines, line)
	} else {
		h.lines = append(h.lines, "# refused: "+line)
		require.False(h.rt, broken.MatchString(err.Error()), "%s: %v", line, err)
	}
	h.holds(line)
	return err
}

// must plays a command that makes sense at any time.
func (h *history) must(line string) { require.NoError(h.rt, h.play(line), line) }

// rewind rewinds as often as the chain has changed.
func (h *history) rewind() {
	for range 6 {
		if err := h.play("rewind"); err != nil {
			require.False(h.rt, h.changed(), "%v", err)
			break
		}
	}
	h.forking = false
	h.holds("rewind")
}

// changed tells whether a validator has halted as the chain has changed.
func (h *history) changed() bool {
	return slices.ContainsFunc(h.Validators, func(v *Validator) bool { return v.Halted != nil && v.Halted.Changed != nil })
}

// abandon gives a key up that was not yet.
func (h *history) abandon(session uint64) {
	if s := h.Sessions[session]; s != nil && !s.Abandoned {
		h.abandoned = true
		h.must(fmt.Sprintf("abandon session=%d", session))
	}
}

// plansThere is how many plans there ever were.
func (h *history) plansThere() int {
	h.planNumber(coin.PlanID{})
	return len(h.book.numbered)
}

// number draws one, all being as likely as rapid makes them.
func (h *history) number(lo, hi int) int { return rapid.IntRange(lo, hi).Draw(h.rt, "number") }

// chance is one in n.
func (h *history) chance(n int) bool { return h.number(0, n-1) == n-1 }

// word draws one of a list.
func (h *history) word(list ...string) string { return rapid.SampledFrom(list).Draw(h.rt, "word") }
