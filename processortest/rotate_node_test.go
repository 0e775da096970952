package processortest_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor"
	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/coin/bitcoin"
	"github.com/serai-go/processor/coin/bitcoin/bitcointest"
	"github.com/serai-go/processor/coin/cointest"
	"github.com/serai-go/processor/internal/testnodes"
	"github.com/serai-go/processor/processortest"
	"github.com/serai-go/processor/scanner"
	"github.com/serai-go/processor/storage"
)

// turns are three sets of validators on two kinds of nodes that take over from
// one another, and what users have done meanwhile.
type turns struct {
	*testing.T
	ctx      context.Context
	group    *processortest.Group
	chain    *mirrored
	books    *chainBooks
	sessions [][]int

	deposits []*turnsDeposit
	payments []coin.Payment
	// lag is after how many blocks the settlement chain acknowledges.
	lag uint64
	// visited are the stages in which users have paid in, the first and the last
	// block of each.
	visited map[string]bool

	instructions map[string][]uint64                           // amounts by data
	settled      map[coin.PaymentID][]processor.PaymentSettled // by all validators
	refunded     map[coin.PaymentID][]processor.Refunded       // by all validators
	signers      map[uint64]uint64                             // the session of a block's batches
	retired      map[uint64]uint64                             // the block, by session
	conditions   int                                           // told by validator 0
	out          uint64                                        // what users received
}

// turnsDeposit is what a user paid in.
type turnsDeposit struct {
	session uint64
	number  uint64 // of the block
	data    string
	amounts []uint64 // of its outputs
	id      coin.TransactionID
	origin  coin.Address
	before  uint64 // received by the origin before any refund
}

func newTurns(t *testing.T) *turns {
	ctx := t.Context()
	btcd := testnodes.NeedBtcd(t, testnodes.Options{})
	bitcoind := testnodes.NeedBitcoind(t, testnodes.Options{})
	parameters := bitcoin.DefaultParameters()
	parameters.MaxInputs = 5 // so that it takes several transactions to move
	user, err := bitcointest.Dial(ctx, bitcointest.Config{Node: config(btcd), Seed: t.Name(), Parameters: parameters})
	require.NoError(t, err)
	chain := &mirrored{Chain: user, from: btcd, to: bitcoind}
	require.NoError(t, chain.mirror(ctx))
	w := &turns{
		T: t, ctx: ctx, lag: 1, chain: chain, books: newChainBooks(bitcoind),
		sessions:     [][]int{{0, 1, 2, 3}, {2, 3, 4, 5}, {4, 5, 6, 0}},
		visited:      make(map[string]bool),
		instructions: make(map[string][]uint64),
		settled:      make(map[coin.PaymentID][]processor.PaymentSettled),
		refunded:     make(map[coin.PaymentID][]processor.Refunded),
		signers:      make(map[uint64]uint64),
		retired:      make(map[uint64]uint64),
	}
	w.group, err = processortest.New(processortest.Options{
		Chain: chain, Weights: []uint16{1, 1, 1, 1}, Threshold: 3,
		Coin: func(i int) coin.Coin {
			c, err := bitcoin.Dial(ctx, bitcoin.Config{
				Network: bitcoin.Regtest, Node: config([]*testnodes.Node{btcd, bitcoind}[i%2]), Parameters: parameters,
			})
			require.NoError(t, err)
			return c
		},
	})
	require.NoError(t, err)
	w.group.OnEvent = w.note
	return w
}

// note takes in what validators tell. All but settled payments are told alike,
// so one of them is listened to.
func (w *turns) note(v int, body processor.EventBody) {
	switch e := body.(type) {
	case processor.Halted:
		w.Errorf("validator %d halted: %s", v, e.Reason)
	case processor.PaymentSettled:
		w.settled[e.ID] = append(w.settled[e.ID], e)
	case processor.Refunded:
		w.refunded[e.ID] = append(w.refunded[e.ID], e)
	case processor.PaymentDropped, processor.PaymentRefused, processor.WrittenOff, processor.Divergence,
		processor.InvalidParticipant:
		w.Errorf("validator %d: %T %+v", v, e, e)
	case processor.Condition:
		if v == 0 {
			w.conditions++
		}
	case processor.KeyStage:
		if v == 0 && e.Stage == scanner.Retired {
			w.retired[e.Session] = e.Number
		}
	case processor.Update:
		if v != 0 {
			return
		}
		w.signers[e.Number] = e.Session
		for _, b := range e.Batches {
			for _, i := range b.Instructions {
				w.instructions[string(i.Data)] = append(w.instructions[string(i.Data)], i.Amount)
			}
		}
	}
}

// appoint lets a session make its key and votes it in.
func (w *turns) appoint(session uint64) {
	set := w.sessions[session]
	for _, who := range set {
		for len(w.group.Validators) <= who {
			require.NoError(w, w.group.Join())
		}
	}
	require.NoError(w, w.group.Elect(session, set, []uint16{1, 1, 1, 1}, 3))
	w.group.GenerateKey(session, 0, 4)
	require.NoError(w, w.group.Run(w.ctx))
	require.NoError(w, w.group.ConfirmKey(w.ctx, session))
	require.NoError(w, w.group.Run(w.ctx))
	require.NoError(w, w.books.add(w.chain.Coin(), session, w.group.Key(session).NetworkKey))
}

// status is that of validator 0.
func (w *turns) status() processor.Status {
	s, err := w.group.Validators[0].Processor.Status(w.ctx)
	require.NoError(w, err)
	return s
}

func (w *turns) tip() uint64 {
	tip, err := w.chain.Coin().Tip(w.ctx)
	require.NoError(w, err)
	return tip
}

// stage is that of a session's key at a block, as far as is decided about it.
func (w *turns) stage(keys []scanner.Key, session int, number uint64) scanner.Stage {
	return stageOf(w.chain.Coin().Parameters(), keys, session, number)
}

// stageOf is the stage of a session's key at a block under rules that have not
// changed, as far as is decided about it.
func stageOf(rules coin.Parameters, keys []scanner.Key, session int, number uint64) scanner.Stage {
	if session >= len(keys) || !keys[session].Active || number < keys[session].Activation {
		return scanner.Confirmed
	}
	key, c, t := keys[session], rules.Confirmations, rules.TenMinutes
	if key.Retiring && number >= key.Retirement {
		return scanner.Retired
	}
	if session+1 < len(keys) && keys[session+1].Active && number >= keys[session+1].Activation+c+t {
		switch since := number - keys[session+1].Activation; {
		case since >= 2*c+t+rules.Grace:
			return scanner.Finishing
		case since >= 2*c+t:
			return scanner.Forwarding
		}
		return scanner.HandingOver
	}
	if session > 0 && number < key.Activation+c+t {
		return scanner.Holding
	}
	return scanner.Reporting
}

// block lets users pay in and withdraw, wherever the next block is the first or
// the last of a stage as far as anybody knows, and mines it.
func (w *turns) block() {
	keys := w.status().Keys
	next := w.tip() + 1
	for session := range keys {
		at := w.stage(keys, session, next)
		for _, which := range []struct {
			name string
			is   bool
		}{
			{"first", at == scanner.Confirmed || w.stage(keys, session, next-1) != at},
			{"last", w.stage(keys, session, next+1) != at},
		} {
			name := edge(which.name, session, at)
			if at == scanner.Retired || !which.is || w.visited[name] {
				continue
			}
			w.visited[name] = true
			w.payIn(uint64(session), name)
			if at >= scanner.Reporting && len(w.deposits) > 10 {
				w.burn(150_000 + next)
			}
		}
	}
	require.NoError(w, w.group.Run(w.ctx))
	require.NoError(w, w.chain.Mine(w.ctx, 1))
	for _, d := range w.deposits {
		if d.origin != "" && d.before == 0 {
			received, err := w.chain.Received(w.ctx, d.origin)
			require.NoError(w, err)
			d.before = received
		}
	}
	if next%w.lag == 0 {
		require.NoError(w, w.group.AcknowledgeAll(w.ctx))
	}
	require.NoError(w, w.group.Run(w.ctx))
	w.compare()
}

// edge names the first or the last block of a stage.
func edge(which string, session int, stage scanner.Stage) string {
	return fmt.Sprintf("%s block of session %d, %s", which, session, stage)
}

// payIn pays to a key in four ways.
func (w *turns) payIn(session uint64, name string) {
	to, err := w.chain.Coin().Address(w.group.Key(session).NetworkKey, coin.External)
	require.NoError(w, err)
	n := uint64(len(w.deposits))
	for _, d := range []struct {
		data    string
		from    bitcointest.Origin
		amounts []uint64
	}{
		{name, bitcointest.P2WPKH, []uint64{400_000 + n}},
		{name + ", two outputs", bitcointest.P2TR, []uint64{300_000 + n, 200_000 + n}},
		{"", bitcointest.P2WSH, []uint64{100_000 + n}},
		{"", bitcointest.P2PK, []uint64{80_000 + n}},
	} {
		one := &turnsDeposit{session: session, number: w.tip() + 1, data: d.data, amounts: d.amounts}
		deposit := cointest.Deposit{Data: []byte(d.data)}
		for _, amount := range d.amounts {
			deposit.To = append(deposit.To, cointest.Target{Address: to, Amount: amount})
		}
		one.id, one.origin, err = w.chain.PayFrom(w.ctx, d.from, deposit)
		require.NoError(w, err)
		w.deposits = append(w.deposits, one)
	}
}

// counts tells whether a deposit is in a block in which its key is looked for,
// of which all must be decided.
func (w *turns) counts(keys []scanner.Key, d *turnsDeposit) bool {
	at := w.stage(keys, int(d.session), d.number)
	return at > scanner.Confirmed && at < scanner.Finishing
}

// ignored is what of the deposits up to a block nobody looked at, of one session
// or, with a number beyond, of all.
func (w *turns) ignored(session int, number uint64) (sum uint64) {
	keys := w.status().Keys
	for _, d := range w.deposits {
		if d.number > number || session < len(w.sessions) && d.session != uint64(session) || w.counts(keys, d) {
			continue
		}
		for _, amount := range d.amounts {
			sum += amount
		}
	}
	return sum
}

// burn lets a user withdraw.
func (w *turns) burn(amount uint64) {
	to, err := w.chain.Address(w.ctx)
	require.NoError(w, err)
	p := coin.Payment{ID: coin.PaymentID{byte(len(w.payments)), 1}, Address: to, Amount: amount}
	w.payments = append(w.payments, p)
	w.group.Append(processor.Burns{Payments: []coin.Payment{p}})
}

// until mines until a session's key is in a stage at the last settled block.
func (w *turns) until(session uint64, stage scanner.Stage) {
	for range 200 {
		s := w.status()
		if s.Frontier.Active && s.Frontier.Settle > 0 && w.stage(s.Keys, int(session), s.Frontier.Settle-1) >= stage {
			return
		}
		w.block()
	}
	require.Fail(w, "a stage does not come", "session %d: %s", session, stage)
}

// compare compares the books with the chain behind the last settled block.
func (w *turns) compare() {
	require.NoError(w, w.books.follow(w.ctx))
	s := w.status()
	if s.Frontier.Settle == 0 {
		return
	}
	behind := s.Frontier.Settle - 1
	assets, ok := s.Ledger.Assets.Uint64()
	require.True(w, ok)
	require.Equal(w, w.books.total(behind)-w.ignored(len(w.sessions), behind), assets, "behind block %d", behind)
	require.NoError(w, s.Ledger.Check())
}

// erased tells whether a validator has no sealed shares of a session.
func (w *turns) erased(validator int, session uint64) bool {
	gone := true
	require.NoError(w, w.group.Validators[validator].Store.View(w.ctx, func(r storage.Reader) error {
		prefix := append([]byte("keygen/own\x00"), 0, 0, 0, 0, 0, 0, 0, byte(session))
		for pair, err := range r.Range(prefix, append(prefix, 0xff)) {
			if err != nil {
				return err
			}
			gone = gone && len(pair.Value) < 100 // flags
		}
		return nil
	}))
	return gone
}

// dismiss lets a session erase its secrets, which it can if it has no duties.
func (w *turns) dismiss(session uint64, can bool) {
	before := w.conditions
	w.group.Append(processor.RetireSession{Session: session})
	require.NoError(w, w.group.Run(w.ctx))
	require.Equal(w, can, w.conditions == before)
	for i := range w.group.Validators {
		require.Equal(w, can || !slices.Contains(w.sessions[session], i), w.erased(i, session))
	}
}

// TestNodeRotateTwice lets three sets of validators on two kinds of nodes take
// turns. Users pay in and out in the first and in the last block of every stage
// of every key. The third key is voted in early and waits, and the second
// rotation is one in which acknowledgements take their time. Behind every settled
// block the books say what bitcoind says that the keys own.
func TestNodeRotateTwice(t *testing.T) {
	w := newTurns(t)
	w.appoint(0)
	for range w.chain.Coin().Parameters().Confirmations {
		require.NoError(w, w.chain.Mine(w.ctx, 1))
		require.NoError(w, w.group.AcknowledgeAll(w.ctx))
	}
	for range 3 {
		for range 4 {
			w.block()
		}
		w.payIn(0, fmt.Sprintf("deposit at block %d", w.tip()+1))
	}
	w.burn(200_000)
	w.burn(300_000)
	w.appoint(1)
	w.until(0, scanner.HandingOver)
	w.appoint(2)
	w.until(0, scanner.Finishing)
	w.dismiss(0, false)
	w.until(0, scanner.Retired)
	w.dismiss(0, true)
	w.lag = 4
	w.until(1, scanner.Finishing)
	w.dismiss(1, false)
	w.until(1, scanner.Retired)
	w.dismiss(1, true)
	w.burn(250_000)
	for range 25 {
		w.block()
	}
	w.checkDeposits()
	w.checkPayments()
	w.checkChain()
	w.checkAudit()
}
