package processortest_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor"
	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/scanner"
)

// moneroTurns are sets of validators on a monerod that take over from one another,
// and what users have done meanwhile.
type moneroTurns struct {
	*moneros
	deposits []moneroDeposit
	visited  map[string]bool // first and last blocks of stages
}

type moneroDeposit struct {
	session int
	number  uint64 // of the block
	data    string
	amount  uint64
}

// block lets users pay in and withdraw wherever the next block is the first or
// the last of a stage as far as anybody knows, and mines it.
func (w *moneroTurns) block() {
	keys := w.status().Keys
	tip, err := w.client.Tip(w.ctx)
	require.NoError(w, err)
	next := tip + 1
	for session := range keys {
		at := stageOf(w.rules, keys, session, next)
		for _, which := range []struct {
			name string
			is   bool
		}{
			{"first", at == scanner.Confirmed || stageOf(w.rules, keys, session, next-1) != at},
			{"last", stageOf(w.rules, keys, session, next+1) != at},
		} {
			name := edge(which.name, session, at)
			if at == scanner.Retired || !which.is || w.visited[name] {
				continue
			}
			w.visited[name] = true
			for _, data := range []string{name, ""} {
				amount := 1_000*xmr + uint64(len(w.deposits))
				w.payIn(uint64(session), data, amount)
				w.deposits = append(w.deposits, moneroDeposit{session, next, data, amount})
			}
			if at >= scanner.Reporting && len(w.deposits) > 6 {
				w.burn(500*xmr + next)
			}
		}
	}
	w.mine(1)
}

// reach mines until a session's key is in a stage at the last settled block.
func (w *moneroTurns) reach(session int, stage scanner.Stage) {
	for range 200 {
		s := w.status()
		if s.Frontier.Settle > 0 && stageOf(w.rules, s.Keys, session, s.Frontier.Settle-1) >= stage {
			return
		}
		w.block()
	}
	require.Fail(w, "a stage does not come", "session %d: %s", session, stage)
}

// TestNodeMoneroRotateTwice lets three sets of validators on a monerod take
// turns. Users pay in and out in the first and in the last block of every stage of
// every key.
func TestNodeMoneroRotateTwice(t *testing.T) {
	withoutRaces(t)
	w := &moneroTurns{moneros: newMoneros(t, 1, nil), visited: make(map[string]bool)}
	w.appoint(0, 0, 1, 2)
	w.mine(int(w.rules.Confirmations))
	w.payIn(0, "", 20_000*xmr, 20_000*xmr) // what nobody else needs
	w.payIn(0, "mint", 20_000*xmr)
	w.mine(45) // until it can be spent
	require.Len(t, w.instructions["mint"], 1)
	delete(w.instructions, "mint")
	w.appoint(1, 1, 2, 3)
	w.reach(0, scanner.HandingOver)
	w.appoint(2, 2, 3, 0) // waits
	w.reach(0, scanner.Retired)
	w.reach(1, scanner.Retired)
	for session := range uint64(2) {
		w.group.Append(processor.RetireSession{Session: session})
	}
	for range 35 {
		w.block()
	}
	w.checkDeposits()
	for _, text := range w.conditions { // while the outputs of a key move
		require.Equal(t, "waits: the amount is beyond what the group has free at present", text)
	}
	for id := range w.settled {
		require.Len(t, w.settled[id], len(w.group.Validators))
	}
	require.Empty(t, w.writtenOff)
	w.check()
}

// checkDeposits compares what was credited with what was paid in. What nobody
// looks at any more was not.
func (w *moneroTurns) checkDeposits() {
	keys := w.status().Keys
	for session := range 2 {
		for _, stage := range []scanner.Stage{scanner.HandingOver, scanner.Forwarding} {
			require.Contains(w, w.visited, edge("first", session, stage))
			require.Contains(w, w.visited, edge("last", session, stage))
		}
		require.Contains(w, w.visited, edge("first", session, scanner.Finishing))
		require.Contains(w, w.visited, edge("last", session+1, scanner.Holding))
	}
	c := w.chain.Coin()
	cost := 2 * c.InputCost(w.rules.FeeFloor)
	for _, d := range w.deposits {
		at := stageOf(w.rules, keys, d.session, d.number)
		switch {
		case at == scanner.Confirmed || at >= scanner.Finishing:
			require.NotContains(w, w.instructions, d.data)
			w.in -= d.amount
		case d.data != "":
			less := cost
			if at == scanner.Forwarding { // less arrives
				to, err := c.Address(w.group.Key(uint64(d.session)+1).NetworkKey, coin.Forwarded)
				require.NoError(w, err)
				fee, err := c.Fee(2*w.rules.FeeFloor, make([]coin.Output, 1), []coin.Address{to})
				require.NoError(w, err)
				less = max(cost, fee)
			}
			require.Equal(w, []uint64{d.amount - less}, w.instructions[d.data], d.data)
			delete(w.instructions, d.data)
		}
	}
	require.Empty(w, w.instructions, "nobody paid these in")
}
