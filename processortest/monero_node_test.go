package processortest_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor"
	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/coin/cointest"
	"github.com/serai-go/processor/coin/monero"
	"github.com/serai-go/processor/coin/monero/block"
	"github.com/serai-go/processor/coin/monero/monerotest"
	"github.com/serai-go/processor/coin/monero/node"
	"github.com/serai-go/processor/internal/testnodes"
	"github.com/serai-go/processor/processortest"
	"github.com/serai-go/processor/scanner"
)

// xmr is a thousandth of a Monero in piconero.
const xmr = 1_000_000_000

// moneros are validators on a monerod with a user who pays in by a wallet of our
// own, and payees with wallets of others.
type moneros struct {
	*testing.T
	ctx    context.Context
	daemon *testnodes.Node
	client *node.Client
	chain  *monerotest.Chain
	rules  coin.Parameters
	group  *processortest.Group

	wallets []*moneroWallet
	handed  int               // addresses of wallets
	in      uint64            // what the user paid in
	burns   []coin.Payment    // all that were ordered
	sent    map[[32]byte]bool // transactions that nodes took
	raws    []*block.Transaction
	// publish, if set, stands in the way of publications.
	publish func(validator int, tx coin.Transaction) (coin.Publication, error)

	instructions map[string][]uint64                           // amounts by data, told by validator 0
	settled      map[coin.PaymentID][]processor.PaymentSettled // by all validators
	planned      map[coin.PaymentID][]coin.PlanID              // by validator 0
	retired      map[uint64]uint64                             // the block, by session
	conditions   []string                                      // by validator 0
	writtenOff   []processor.WrittenOff                        // by validator 0
	// halts are allowed if it is not nil, and divergences are.
	halts    map[int]processor.Halted
	diverged int
}

// newMoneros starts the nodes and the payees' wallets. Of a validator that is
// to have another node, dial returns a client.
func newMoneros(t *testing.T, wallets int, dial func(w *moneros, validator int) *node.Client) *moneros {
	w := &moneros{
		T: t, ctx: t.Context(), sent: make(map[[32]byte]bool),
		instructions: make(map[string][]uint64),
		settled:      make(map[coin.PaymentID][]processor.PaymentSettled),
		planned:      make(map[coin.PaymentID][]coin.PlanID),
		retired:      make(map[uint64]uint64),
	}
	var err error
	w.rules, err = monero.DefaultParameters(monero.Regtest)
	require.NoError(t, err)
	w.rules.TenMinutes, w.rules.Grace, w.rules.ChangeOutputs = 1, 5, 2
	w.daemon = testnodes.NeedMonerod(t, testnodes.Options{})
	w.chain, err = monerotest.New(w.ctx, monerotest.Config{Daemon: w.daemon, Coin: monero.Config{Parameters: w.rules}})
	require.NoError(t, err)
	t.Cleanup(w.chain.Close)
	w.client = w.dial(monerotest.NodeConfig(w.daemon))
	for range wallets {
		w.wallets = append(w.wallets, newMoneroWallet(w))
	}
	w.group, err = processortest.New(processortest.Options{
		Chain: w.chain, Weights: []uint16{1, 1, 1}, Threshold: 2,
		Coin: func(i int) coin.Coin {
			client := w.client
			if dial != nil {
				client = dial(w, i)
			}
			c, err := monero.New(client, monero.Config{Network: monero.Regtest, Parameters: w.rules})
			require.NoError(t, err)
			return moneroValidator{c, w, i}
		},
	})
	require.NoError(t, err)
	w.group.OnEvent = w.note
	return w
}

// dial connects to a node, which may be one that lies.
func (w *moneros) dial(config node.Config) *node.Client {
	c, err := node.Dial(w.ctx, config, node.Chain{Genesis: w.chain.Coin().Genesis(), Network: "fakechain"}, false)
	require.NoError(w, err)
	w.Cleanup(c.Close)
	return c
}

// note takes in what validators tell.
func (w *moneros) note(v int, body processor.EventBody) {
	switch e := body.(type) {
	case processor.Halted:
		if w.halts == nil {
			w.Errorf("validator %d halted: %s", v, e.Reason)
			return
		}
		w.halts[v] = e
	case processor.Divergence:
		if w.halts == nil {
			w.Errorf("validator %d: %+v", v, e)
		}
		w.diverged++
	case processor.PaymentDropped, processor.PaymentRefused, processor.WrittenOff,
		processor.Refunded, processor.VoidedCredit:
		w.Errorf("validator %d: %T %+v", v, e, e)
	case processor.PaymentSettled:
		w.settled[e.ID] = append(w.settled[e.ID], e)
	case processor.PaymentPlanned:
		if v == 0 {
			w.planned[e.ID] = append(w.planned[e.ID], e.Plan)
		}
	case processor.Condition:
		if v == 0 {
			w.conditions = append(w.conditions, e.Text)
		}
	case processor.KeyStage:
		if e.Stage == scanner.Retired && v == 0 {
			w.retired[e.Session] = e.Number
		}
	case processor.Update:
		for _, b := range e.Batches {
			for _, i := range b.Instructions {
				if v == 0 {
					w.instructions[string(i.Data)] = append(w.instructions[string(i.Data)], i.Amount)
				}
			}
		}
	}
}

// appoint lets a session make its key and votes it in.
func (w *moneros) appoint(session uint64, members ...int) {
	for _, who := range members {
		for len(w.group.Validators) <= who {
			require.NoError(w, w.group.Join())
		}
	}
	require.NoError(w, w.group.Elect(session, members, []uint16{1, 1, 1}, 2))
	w.group.GenerateKey(session, 0, 3)
	require.NoError(w, w.group.Run(w.ctx))
	require.NoError(w, w.group.ConfirmKey(w.ctx, session))
	require.NoError(w, w.group.Run(w.ctx))
}

// run lets all happen that can without a block.
func (w *moneros) run() { require.NoError(w, w.group.AcknowledgeAll(w.ctx)) }

// mine makes blocks, and lets behind each of them all happen that can.
func (w *moneros) mine(n int) {
	for range n {
		require.NoError(w, w.chain.Mine(w.ctx, 1))
		w.run()
	}
}

// until mines until something is the case.
func (w *moneros) until(what string, most int, done func() bool) {
	for range most {
		if done() {
			return
		}
		w.mine(1)
	}
	require.True(w, done(), "after %d blocks: %s", most, what)
}

// status is that of validator 0.
func (w *moneros) status() processor.Status {
	s, err := w.group.Validators[0].Processor.Status(w.ctx)
	require.NoError(w, err)
	return s
}

// payIn lets the user pay a session's key.
func (w *moneros) payIn(session uint64, data string, amounts ...uint64) coin.TransactionID {
	to, err := w.chain.Coin().Address(w.group.Key(session).NetworkKey, coin.External)
	require.NoError(w, err)
	d := cointest.Deposit{Data: []byte(data)}
	for _, amount := range amounts {
		d.To = append(d.To, cointest.Target{Address: to, Amount: amount})
		w.in += amount
	}
	id, err := w.chain.Pay(w.ctx, d)
	require.NoError(w, err)
	return id
}

// burn orders payments to addresses of all wallets.
func (w *moneros) burn(amounts ...uint64) []coin.PaymentID {
	var list []coin.Payment
	var ids []coin.PaymentID
	for _, amount := range amounts {
		n := len(w.burns) + len(list) + 1
		id := coin.PaymentID{0: 1, 30: byte(n >> 8), 31: byte(n)}
		list = append(list, coin.Payment{ID: id, Address: w.address(), Amount: amount})
		ids = append(ids, id)
	}
	w.burns = append(w.burns, list...)
	w.group.Append(processor.Burns{Payments: list})
	w.run()
	return ids
}

// settle mines until all validators tell that payments have been made.
func (w *moneros) settle(ids []coin.PaymentID) (blocks int) {
	members := len(w.group.Validators)
	w.until("payments do not settle", 150, func() bool {
		blocks++
		return !slices.ContainsFunc(ids, func(id coin.PaymentID) bool { return len(w.settled[id]) < members })
	})
	return blocks - 1
}

// moneroAmounts are so many, each of which is a little more than the one before.
func moneroAmounts(n int, from uint64) []uint64 {
	list := make([]uint64, n)
	for i := range list {
		list[i] = from + uint64(i)
	}
	return list
}

// withoutRaces skips a test with the race detector, with which proofs and ring
// signatures take many times as long. It runs without.
func withoutRaces(t *testing.T) {
	if raceDetector {
		t.Skip("runs without the race detector")
	}
}

// TestNodeMonero is the main job on a monerod: users pay in, payees are paid, 300
// of them at once by a tree, and the key is handed over twice and retired.
func TestNodeMonero(t *testing.T) {
	withoutRaces(t)
	w := newMoneros(t, 3, nil)
	w.appoint(0, 0, 1, 2)
	w.mine(int(w.rules.Confirmations))
	w.payIn(0, "mint", 30_000*xmr, 20_000*xmr)
	w.payIn(0, "", 7_000*xmr)
	w.until("outputs settle", 60, func() bool { return w.status().Pending.Outputs >= 3 })
	cost := 2 * w.chain.Coin().InputCost(w.rules.FeeFloor)
	require.ElementsMatch(t, []uint64{30_000*xmr - cost, 20_000*xmr - cost}, w.instructions["mint"])
	require.Len(t, w.instructions, 1)

	for _, n := range []int{5, 40, 300} {
		blocks := w.settle(w.burn(moneroAmounts(n, 40*xmr)...))
		t.Logf("%d payments took %d blocks, so far %d transactions", n, blocks, len(w.raws))
	}
	for session := range uint64(2) {
		members := []int{int(session) + 1, int(session) + 2, int(session) + 3}
		w.appoint(session+1, members...)
		w.payIn(session, fmt.Sprint("last of ", session), 1_000*xmr)
		w.until("the key retires", 150, func() bool { _, ok := w.retired[session]; return ok })
		w.group.Append(processor.RetireSession{Session: session})
		w.run()
		w.payIn(session+1, fmt.Sprint("first of ", session+1), 1_000*xmr)
		w.settle(w.burn(500 * xmr))
		w.mine(2 * int(w.rules.Window))
	}
	require.Empty(t, w.conditions)
	require.Empty(t, w.writtenOff)
	w.check()
}
