package processortest

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"pgregory.net/rapid"
)

// singleMoves are those of one command each, which may come while a validator's
// node lags. The likelier ones are there more than once.
var singleMoves = map[string]func(*history){
	"mine":        func(h *history) { h.play(fmt.Sprintf("mine %d", h.number(1, 3))) },
	"mine ack":    (*history).mineAck,
	"mine ack 2":  (*history).mineAck,
	"mine ack 3":  (*history).mineAck,
	"deposit":     (*history).anyDeposit,
	"deposit 2":   (*history).anyDeposit,
	"donate":      (*history).anyDonation,
	"twin":        (*history).anyTwin,
	"burn":        (*history).anyBurn,
	"burn 2":      (*history).anyBurn,
	"acknowledge": (*history).anyAcknowledgement,
	"fee":         (*history).anyFee,
	"miners":      (*history).anyMiners,
	"replace":     (*history).anyReplacement,
	"include":     (*history).anyInclusion,
	"abandon":     func(h *history) { h.abandon(h.session()) },
	"retire":      func(h *history) { h.play(fmt.Sprintf("retire session=%d", h.session())) },
	"rules":       (*history).anyRules,
	"again":       (*history).anyAgain,
}

// singleNames are their names, in order.
var singleNames = slices.Sorted(maps.Keys(singleMoves))

// longMoves are those of several commands that belong together.
var longMoves = map[string]func(*history){
	"batches": (*history).anyBatches,
	"rotate":  (*history).rotate,
	"fork":    (*history).anyFork,
	"fork 2":  (*history).anyFork,
	"lag":     (*history).anyLag,
	"restart": func(h *history) { h.must("restart " + h.word("0", "1", "0 1")) },
}

func (h *history) mineAck() { h.play(fmt.Sprintf("mine %d ack", h.number(1, 4))) }

// amount draws one: dust, small, usual, large, very large.
func (h *history) amount() uint64 {
	r := rapid.SampledFrom([][2]uint64{{10, 19}, {20, 79}, {20, 79}, {100, 999}, {100, 999}, {100, 999}, {100, 999}, {1000, 4999}, {1000, 4999}, {5000, 35000}}).Draw(h.rt, "size")
	return rapid.Uint64Range(r[0], r[1]).Draw(h.rt, "amount")
}

// amountsOf draws so many, of deposits.
func (h *history) amountsOf(n int) string {
	var b strings.Builder
	for range n {
		a := h.amount()
		h.amounts = append(h.amounts, a)
		fmt.Fprintf(&b, " %d", a)
	}
	return b.String()
}

// recent draws the amount of a recent deposit, if there is any.
func (h *history) recent() (uint64, bool) {
	back := h.number(1, 8)
	if len(h.amounts) == 0 {
		return 0, false
	}
	return h.amounts[max(0, len(h.amounts)-back)], true
}

// session draws one that there is.
func (h *history) session() uint64 { return uint64(h.number(0, 5)) % h.sessions }

// newName returns a new name.
func (h *history) newName() string {
	h.unique++
	return "b" + strconv.FormatUint(h.unique, 10)
}

func (h *history) anyDeposit() {
	line := "deposit" + h.amountsOf(h.number(1, 2)) + h.word(" data=x", " data=y", " data=x anonymous", "", " anonymous")
	h.play(fmt.Sprintf("%s session=%d", line, h.session()))
}

func (h *history) anyDonation() {
	h.play(fmt.Sprintf("donate %d kind=%s session=%d", h.amount(), h.word("branch", "change", "forwarded"), h.session()))
}

func (h *history) anyTwin() {
	of, ok := h.recent()
	amount, data, session := of+uint64(h.number(0, 299)), h.word(" data=x", "", " data=z"), h.session()
	if h.monero && ok && h.play(fmt.Sprintf("twin %d of=%d%s session=%d", amount, of, data, session)) == nil {
		h.amounts = append(h.amounts, amount)
	}
}

func (h *history) anyBurn() {
	switch h.number(0, 7) {
	case 0, 1, 2:
		h.play(fmt.Sprintf("burn %s=%d", h.newName(), h.amount()))
	case 3, 4:
		h.play(fmt.Sprintf("burn %d payments of %d", h.number(1, 20), h.number(20, 219)))
	case 5:
		h.play(fmt.Sprintf("burn %s=%d to=%s session=%d", h.newName(), h.amount(), h.word("change", "external", "branch"), h.session()))
	case 6:
		h.play(fmt.Sprintf("burn %s=%d", h.newName(), h.number(1, 12)))
	default:
		h.play(fmt.Sprintf("burn %s=%d", h.newName(), ^uint64(0)-uint64(h.number(0, 2))))
	}
}

func (h *history) anyAcknowledgement() {
	h.play(fmt.Sprintf("ack%s %s=%d", h.word("", " fail=0", " fail=0,1"), h.newName(), h.amount()))
}

func (h *history) anyFee() {
	h.play(fmt.Sprintf("fee %s blocks=%d ack", h.word("5", "10", "20", "50", "150"), h.number(1, 6)))
}

func (h *history) anyMiners() {
	h.play(h.word("miners 0", "miners 0", "miners 0", "miners 8", "miners 15", "miners 30", "miners 1000", "relay 1", "relay 20"))
}

// plan draws the number of one of the newest plans.
func (h *history) plan() (int, bool) {
	back, there := h.number(0, 5), h.plansThere()
	return max(1, there-back), there > 0
}

func (h *history) anyReplacement() {
	n, ok := h.plan()
	of, _ := h.plan()
	drop, payment := h.number(0, 4), h.number(0, 9)
	if !ok {
		return
	}
	line := fmt.Sprintf("replace %d", n)
	switch payments := h.book.numbered[of-1].plan.Payments; {
	case drop > 2 && len(payments) > 0:
		line += " drop=" + h.payments[payments[payment%len(payments)].ID]
	case drop == 2 && len(h.named) > 0:
		line += " drop=" + h.payments[h.named[payment%len(h.named)]]
	}
	if !strings.Contains(line, "=of ") { // refunds have no name that is a word
		h.play(line)
	}
}

func (h *history) anyInclusion() {
	n, ok := h.plan()
	if ack := h.word("", " ack"); ok {
		h.play(fmt.Sprintf("include %d%s", n, ack))
	}
}

func (h *history) anyRules() {
	line := "rules"
	for range h.number(1, 3) {
		line += " " + h.word(
			"dust=5", "dust=12", "dust=20", "dust=50", "window=2", "window=3", "window=5", "hold=5", "hold=6", "hold=9", "hold=14",
			"confirmations=2", "confirmations=3", "maxinputs=2", "maxinputs=3", "maxinputs=5", "maxoutputs=3", "maxoutputs=4", "maxoutputs=6",
			"outflowlimit=0", "outflowlimit=500", "outflowlimit=3000", "payeelimit=0", "payeelimit=400", "payeelimit=3000",
			"outflowwindow=5", "outflowwindow=10", "outflowwindow=20", "descendants=0", "descendants=1", "descendants=3",
			"feecap=20", "feecap=100", "feecap=500", "patience=1", "patience=6", "patience=20", "bumpafter=1", "bumpafter=3", "bumpafter=20",
			"grace=1", "grace=3", "grace=9",
		)
	}
	h.play(line)
}

func (h *history) anyAgain() {
	if amount, ok := h.recent(); ok {
		h.play(fmt.Sprintf("again %d", amount))
	}
}

// anyBatches makes several batches of one block, of which some are acknowledged, and
// may let a fork have the others.
func (h *history) anyBatches() {
	line := "deposit" + h.amountsOf(h.number(4, 9)) + " data=" + strings.Repeat("long", 12) + h.word("", " anonymous")
	h.play(fmt.Sprintf("%s session=%d", line, h.session()))
	h.play(fmt.Sprintf("mine %d", h.number(2, 3)))
	for range h.number(1, 2) {
		h.play("ack" + h.word("", " fail=0", " fail=1,2"))
	}
	if h.chance(2) {
		h.fork()
		h.rewind()
	}
}

// rotate generates the key of another session and votes it in.
func (h *history) rotate() {
	if h.sessions == 6 {
		return
	}
	s := h.sessions
	h.sessions++
	h.must(fmt.Sprintf("keygen session=%d members=%d t=1 minok=1", s, s%2))
	h.must(fmt.Sprintf("confirm session=%d", s))
}

// anyFork replaces blocks, at times twice before anybody says what to do.
func (h *history) anyFork() {
	h.fork()
	if h.chance(5) {
		h.fork()
	}
	h.rewind()
}

// fork replaces blocks.
func (h *history) fork() {
	line := fmt.Sprintf("fork %d", h.number(1, 9)) + h.word("", " drop", " drop", " keep=")
	amount, ok := h.recent()
	if strings.HasSuffix(line, "keep=") {
		if !ok {
			return
		}
		line += strconv.FormatUint(amount, 10)
	}
	h.forked, h.forking = true, true
	h.play(line)
}

// anyLag lets a validator's node see no new blocks while other things happen.
func (h *history) anyLag() {
	who := h.word("0", "1")
	h.must("lag " + who)
	for _, name := range rapid.SliceOfN(rapid.SampledFrom(singleNames), 1, 5).Draw(h.rt, "meanwhile") {
		singleMoves[name](h)
	}
	h.must("catchup " + who)
}
