package processortest_test

import (
	"slices"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor"
	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/scanner"
	"github.com/serai-go/processor/scheduler"
)

// inputs is what two inputs of 230 weight units cost at the least fee rate, 500
// satoshi per 1000 weight units, which is the rate of blocks after quiet ones.
const inputs = 2 * 230 * 500 / 1000

// forward is what a transaction of 444 weight units costs, with one input and one
// output, at twice that rate.
const forward = 444 * 2 * 500 / 1000

// checkDeposits compares what was credited, refunded and kept with what was
// paid in.
func (w *turns) checkDeposits() {
	keys := w.status().Keys
	for _, stage := range []struct {
		session int
		scanner.Stage
	}{
		{0, scanner.HandingOver}, {0, scanner.Forwarding},
		{1, scanner.Holding}, {1, scanner.Reporting}, {1, scanner.HandingOver}, {1, scanner.Forwarding},
		{2, scanner.Holding},
	} {
		if stage.session < 2 { // later it is known too late
			require.Contains(w, w.visited, edge("first", stage.session, stage.Stage))
		}
		require.Contains(w, w.visited, edge("last", stage.session, stage.Stage))
	}
	for session := range 2 {
		require.Contains(w, w.visited, edge("first", session+1, scanner.Confirmed))
		require.Contains(w, w.visited, edge("first", session, scanner.Finishing))
	}
	for _, d := range w.deposits {
		switch {
		case !w.counts(keys, d):
			require.NotContains(w, w.instructions, d.data)
		case d.data != "":
			credits := w.instructions[d.data]
			require.Len(w, credits, len(d.amounts), d.data)
			cost := uint64(inputs)
			if w.stage(keys, int(d.session), d.number) == scanner.Forwarding {
				cost = forward // less arrives
			}
			for i, credit := range credits {
				require.Equal(w, d.amounts[i]-cost, credit, d.data)
			}
			delete(w.instructions, d.data)
		}
		if d.data != "" || d.origin == "" {
			continue
		}
		refunds := w.refunded[coin.RefundID(coin.OutputID{Transaction: d.id})]
		if !w.counts(keys, d) {
			require.Empty(w, refunds)
			continue
		}
		require.Len(w, refunds, len(w.group.Validators), "deposit in block %d to session %d", d.number, d.session)
		require.Len(w, slices.Compact(refunds), 1)
		received, err := w.chain.Received(w.ctx, d.origin)
		require.NoError(w, err)
		require.Equal(w, refunds[0].Paid, received-d.before)
		w.out += refunds[0].Paid
	}
	require.Empty(w, w.instructions, "nobody paid these in")
}

// checkPayments compares what users received with what they withdrew.
func (w *turns) checkPayments() {
	require.Greater(w, len(w.payments), 12)
	for _, p := range w.payments {
		settled := w.settled[p.ID]
		require.Len(w, settled, len(w.group.Validators))
		require.Len(w, slices.Compact(settled), 1)
		received, err := w.chain.Received(w.ctx, p.Address)
		require.NoError(w, err)
		require.Equal(w, settled[0].Paid, received)
		require.Equal(w, p.Amount, settled[0].Paid+settled[0].Share)
		w.out += received
	}
	require.Len(w, w.settled, len(w.payments))
}

// checkChain compares what both nodes say that the keys own with the books.
func (w *turns) checkChain() {
	var held uint64
	for session := range w.sessions {
		var owned uint64
		for _, kind := range coin.Kinds {
			address, err := w.chain.Coin().Address(w.group.Key(uint64(session)).NetworkKey, kind)
			require.NoError(w, err)
			amounts, err := w.chain.Unspent(w.ctx, address)
			require.NoError(w, err)
			var sum uint64
			for _, a := range amounts {
				sum += a
			}
			scanned, err := w.books.scan(w.ctx, address)
			require.NoError(w, err)
			require.Equal(w, sum, scanned, "%s of session %d", kind, session)
			if kind == coin.Forwarded && session == 2 {
				// Six deposits were forwarded, and what else there was moved.
				moved := len(amounts) - 6
				require.Greater(w, moved, 2)
			}
			owned += sum
		}
		own := owned - w.ignored(session, w.tip())
		require.Equal(w, session < len(w.sessions)-1, own == 0, "session %d owns %d", session, own)
		held += own
	}
	_, err := w.group.Digests(w.ctx)
	require.NoError(w, err)
	s := w.status()
	require.Zero(w, s.Pending.Payments+s.Pending.Plans)
	l := s.Ledger
	require.NoError(w, l.Check())
	for _, b := range []scheduler.Balance{l.Accepted, l.Owed, l.Returned, l.RefundsDue, l.WrittenOff} {
		require.Equal(w, scheduler.Balance{}, b)
	}
	assets, _ := l.Assets.Uint64()
	fees, _ := l.NetworkFees.Uint64()
	require.Equal(w, held, assets)
	var in uint64
	for _, d := range w.deposits {
		for _, amount := range d.amounts {
			if w.counts(s.Keys, d) {
				in += amount
			}
		}
	}
	require.Equal(w, in, held+w.out+fees, "every satoshi")

	require.Len(w, w.retired, 2)
	for number, session := range w.signers {
		oldest := uint64(0)
		for r, ok := w.retired[oldest]; ok && number > r; r, ok = w.retired[oldest] {
			oldest++
		}
		require.Equal(w, oldest, session, "batches about block %d", number)
	}
}

// checkAudit lets somebody with the log and a node, as the next set would be,
// check all that the three sets say.
func (w *turns) checkAudit() {
	claims := processor.Claims{Digests: make(map[uint64][32]byte)}
	for id := range w.group.Acknowledged {
		claims.Batches = append(claims.Batches, w.group.Signed[id])
	}
	for _, v := range w.group.Validators {
		for _, told := range v.Told {
			if e, ok := told.Body.(processor.Completed); ok {
				claims.Transactions = append(claims.Transactions, e)
			}
		}
	}
	for n := range w.status().Frontier.Settle {
		digest, ok, err := w.group.Validators[0].Processor.SettledDigest(w.ctx, n)
		require.NoError(w, err)
		if ok {
			claims.Digests[n] = digest
		}
	}
	report, err := processor.Audit(w.ctx, processor.Config{Coin: w.group.Coin(1)}, w.group.Log, claims)
	require.NoError(w, err)
	require.Equal(w, w.status().Digest, report.Status.Digest)
	require.Equal(w, w.status().Ledger, report.Status.Ledger)
	require.Empty(w, report.Convictions)
	for id, signed := range w.group.Signed {
		require.Equal(w, signed, report.Reported[id])
	}
}
