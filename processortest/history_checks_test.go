package processortest

import (
	"fmt"
	"strings"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor"
	"github.com/serai-go/processor/coin"
)

// holds checks what does behind every command: nobody halts but for a chain that
// has changed, and those that see the same agree, with books that balance.
func (h *history) holds(line string) {
	h.over = h.over || h.otherVersion()
	if h.over {
		return
	}
	for i, v := range h.Validators {
		if v.Halted != nil {
			require.True(h.rt, h.forking && v.Halted.Changed != nil, "%s: validator %d has halted: %v", line, i, v.Halted)
		}
	}
	if len(h.lagging) > 0 || h.changed() {
		return
	}
	_, err := h.Digests(h.rt.Context())
	require.NoError(h.rt, err, line)
}

// otherVersion tells whether a version of a plan has happened behind a rewind that
// was void before it, as another had happened: nobody looks for it any more, and all
// halt. See rewind_other_version.txt.
func (h *history) otherVersion() bool {
	halt := h.Validators[0].Halted
	if !h.forked || halt == nil || !strings.Contains(halt.Reason, "which is no plan's") {
		return false
	}
	for _, id := range h.book.transactions {
		if strings.Contains(halt.Reason, fmt.Sprintf("was spent by %s ", id)) {
			return true
		}
	}
	return false
}

// keepsPace checks that everybody settles the chain's blocks.
func (h *history) keepsPace() {
	ctx := h.rt.Context()
	tip, err := h.Chain.Coin().Tip(ctx)
	require.NoError(h.rt, err)
	for i, v := range h.Validators {
		status, err := v.Processor.Status(ctx)
		require.NoError(h.rt, err)
		require.GreaterOrEqual(h.rt, status.Frontier.Settle+12, tip,
			"validator %d is stuck: %+v, %v", i, status.Frontier, status.Troubles)
	}
}

// ends is how payments end, by what a validator told, each at most once: but a fork
// takes settlements and what followed back.
type ends struct {
	last    map[coin.PaymentID]string
	settled map[coin.PaymentID]uint64
}

// told reads what the validators with all of the log's events told.
func (h *history) told() ends {
	e := ends{make(map[coin.PaymentID]string), make(map[coin.PaymentID]uint64)}
	end := func(id coin.PaymentID, how string) {
		before := e.last[id]
		again := h.forked && (before == "settled" || before == "") && how != "refused"
		require.True(h.rt, before == "" || again, "payment %s %s behind %s", h.name(id), how, before)
		e.last[id] = how
	}
	for _, t := range h.Validators[1].Told {
		switch b := t.Body.(type) {
		case processor.PaymentSettled:
			end(b.ID, "settled")
			e.settled[b.ID] = b.Paid
		case processor.PaymentDropped:
			end(b.ID, "dropped")
		case processor.PaymentRefused:
			end(b.ID, "refused")
		}
	}
	return e
}

// burnt are the burns of the log. Of those with one ID the first counts.
func (h *history) burnt() map[coin.PaymentID]coin.Payment {
	burnt := make(map[coin.PaymentID]coin.Payment)
	for _, e := range h.Log {
		var list []coin.Payment
		switch e := e.(type) {
		case processor.Burns:
			list = e.Payments
		case processor.AcknowledgeBatch:
			list = e.Burns
		}
		for _, p := range list {
			if _, ok := burnt[p.ID]; !ok {
				burnt[p.ID] = p
			}
		}
	}
	return burnt
}

// paid returns an error unless each user got what validators say, and that once.
// Payments to addresses of the group, named so, are not counted.
func (h *history) paid() error {
	e, burnt := h.told(), h.burnt()
	for _, id := range h.named {
		p, ok := burnt[id]
		if !ok || p.Address != h.payees[h.payments[id]] {
			continue
		}
		got, err := h.Chain.Received(h.rt.Context(), p.Address)
		require.NoError(h.rt, err)
		require.LessOrEqual(h.rt, got, p.Amount, "%s was paid too much", h.name(id))
		switch {
		case got > 0 && (e.last[id] == "dropped" || e.last[id] == "refused"):
			return fmt.Errorf("%s has received %d and was %s", h.name(id), got, e.last[id])
		case got != e.settled[id] && (got > 0 || !h.forked): // a fork may leave its inputs lost
			return fmt.Errorf("%s has received %d, settled %d", h.name(id), got, e.settled[id])
		}
	}
	return nil
}
