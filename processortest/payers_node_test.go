package processortest_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor"
	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/coin/bitcoin"
	"github.com/serai-go/processor/coin/bitcoin/bitcointest"
	"github.com/serai-go/processor/coin/cointest"
	"github.com/serai-go/processor/internal/testnodes"
	"github.com/serai-go/processor/processortest"
	"github.com/serai-go/processor/signer"
)

// payers are three validators, two of whom sign, or one, on a bitcoind with the
// relay policy that others have, which also makes the blocks: of what its memory
// pool holds, the best paid first.
type payers struct {
	*testing.T
	ctx   context.Context
	node  *testnodes.Node
	conf  string // the node's file of settings
	chain *bitcointest.Chain
	coin  *bitcoin.Coin
	rules coin.Parameters
	group *processortest.Group
	books *chainBooks
	first int // the block behind which the group exists

	burnt   uint64                                        // payments ordered
	payees  []coin.Payment                                // all of them
	planned map[coin.PaymentID][]coin.PlanID              // by validator 0
	settled map[coin.PaymentID][]processor.PaymentSettled // by all validators
	plans   map[coin.TransactionID]coin.Plan              // of signed transactions
	sent    map[coin.TransactionID]*sent                  // transactions published
	order   []coin.TransactionID                          // of their first publication
	told    map[[32]byte][]string                         // conditions, by validator 0
	dropped map[coin.PaymentID][]processor.PaymentDropped // by all validators
}

// sent is a transaction that a processor published.
type sent struct {
	id       coin.TransactionID
	raw      []byte
	inputs   []string // transactions and indices
	outputs  []coin.Address
	weight   uint64
	fee      uint64   // in satoshi, once the node has taken it by itself
	verdicts []string // of the node, each but the last of its kind left out
	statuses []coin.PublicationStatus
}

// newPayers starts a bitcoind with settings and lets a group of three make its key
// on it, under rules that differ from the defaults by a change.
func newPayers(t *testing.T, change func(*coin.Parameters), settings ...string) *payers {
	w := preparePayers(t, change, settings)
	w.found([]uint16{1, 1, 1}, 2)
	return w
}

// newBusyPayers is newPayers for tests with very much to do: with the race
// detector there is one validator.
func newBusyPayers(t *testing.T, change func(*coin.Parameters)) *payers {
	w := preparePayers(t, change, nil)
	if raceDetector {
		w.found([]uint16{1}, 1)
	} else {
		w.found([]uint16{1, 1, 1}, 2)
	}
	return w
}

func preparePayers(t *testing.T, change func(*coin.Parameters), settings []string) *payers {
	w := &payers{
		T: t, ctx: t.Context(), rules: bitcoin.DefaultParameters(), conf: filepath.Join(t.TempDir(), "bitcoin.conf"),
		planned: make(map[coin.PaymentID][]coin.PlanID),
		settled: make(map[coin.PaymentID][]processor.PaymentSettled),
		dropped: make(map[coin.PaymentID][]processor.PaymentDropped),
		plans:   make(map[coin.TransactionID]coin.Plan),
		sent:    make(map[coin.TransactionID]*sent),
		told:    make(map[[32]byte][]string),
	}
	w.configure(settings...)
	w.node = testnodes.NeedBitcoind(t, testnodes.Options{Args: []string{"-conf=" + w.conf}})
	w.books = newChainBooks(w.node)
	var err error
	w.chain, err = bitcointest.Dial(w.ctx, bitcointest.Config{Node: config(w.node), Seed: t.Name()})
	require.NoError(t, err)
	if change != nil {
		change(&w.rules)
	}
	w.coin = w.dial()
	return w
}

// configure writes the node's settings, which count when it starts. It fills its
// blocks as most miners do. Where it bounds the size of a witness, there is room
// for those that fill up its memory pool. What it does not know, it ignores.
func (w *payers) configure(settings ...string) {
	settings = append([]string{"blockmaxsize=4000000", "blockmaxweight=3996000", "maxscriptsize=10000"}, settings...)
	require.NoError(w, os.WriteFile(w.conf, []byte(strings.Join(settings, "\n")+"\n"), 0o600))
}

// found lets a group of so many validators make its key.
func (w *payers) found(weights []uint16, threshold uint16) {
	var err error
	w.group, err = processortest.New(processortest.Options{
		Chain: w.chain, Weights: weights, Threshold: threshold, Parameters: &w.rules,
		Coin: func(int) coin.Coin { return asking{w.dial(), w} },
	})
	require.NoError(w, err)
	w.group.OnEvent = w.note
	w.first = w.tip()
	w.group.GenerateKey(0, 0, uint16(len(weights)))
	require.NoError(w, w.group.Run(w.ctx))
	require.NoError(w, w.group.ConfirmKey(w.ctx, 0))
	require.NoError(w, w.books.add(w.coin, 0, w.group.Key(0).NetworkKey))
	w.mine(int(w.rules.Confirmations))
}

func (w *payers) dial() *bitcoin.Coin {
	c, err := bitcoin.Dial(w.ctx, bitcoin.Config{Network: bitcoin.Regtest, Node: config(w.node), Parameters: w.rules})
	require.NoError(w, err)
	return c
}

// note takes in what validators tell.
func (w *payers) note(v int, body processor.EventBody) {
	switch e := body.(type) {
	case processor.Halted:
		w.Errorf("validator %d halted: %s", v, e.Reason)
	case processor.PaymentRefused, processor.WrittenOff, processor.Divergence, processor.InvalidParticipant:
		w.Errorf("validator %d: %T %+v", v, e, e)
	case processor.PaymentSettled:
		w.settled[e.ID] = append(w.settled[e.ID], e)
	case processor.PaymentDropped:
		w.dropped[e.ID] = append(w.dropped[e.ID], e)
	case processor.PaymentPlanned:
		if v == 0 {
			w.planned[e.ID] = append(w.planned[e.ID], e.Plan)
		}
	case processor.Condition:
		if v == 0 {
			w.told[e.Subject] = append(w.told[e.Subject], e.Text)
		}
	case processor.Completed:
		if e.SignID.Kind != signer.Plan {
			return
		}
		plan, ok, err := w.group.Validators[v].Processor.Plan(w.ctx, e.SignID.Subject)
		require.NoError(w, err)
		require.True(w, ok, "a signed plan is not known")
		w.plans[e.Transaction] = plan
	}
}

func (w *payers) call(result any, method string, params ...any) error {
	if params == nil {
		params = []any{}
	}
	return w.node.Call(w.ctx, method, params, result)
}

func (w *payers) tip() (tip int) {
	require.NoError(w, w.call(&tip, "getblockcount"))
	return tip
}

// run lets all happen that can without a block.
func (w *payers) run() { require.NoError(w, w.group.AcknowledgeAll(w.ctx)) }

// mine lets the node make blocks, and after each of them all happen that can.
func (w *payers) mine(n int) {
	for range n {
		require.NoError(w, w.node.Generate(w.ctx, 1, ""))
		w.run()
	}
}

// mineNothing makes a block without transactions.
func (w *payers) mineNothing() {
	require.NoError(w, w.call(nil, "generateblock", "raw(51)", []string{}))
	w.run()
}

// status is that of validator 0.
func (w *payers) status() processor.Status {
	s, err := w.group.Validators[0].Processor.Status(w.ctx)
	require.NoError(w, err)
	return s
}

// payIn lets a user pay in, with data and so many outputs in a transaction, and
// waits until all is settled.
func (w *payers) payIn(each int, amounts ...uint64) {
	to, err := w.chain.Coin().Address(w.group.Key(0).NetworkKey, coin.External)
	require.NoError(w, err)
	for chunk := range slices.Chunk(amounts, each) {
		d := cointest.Deposit{Data: []byte("mint")}
		for _, amount := range chunk {
			d.To = append(d.To, cointest.Target{Address: to, Amount: amount})
		}
		_, err := w.chain.Pay(w.ctx, d)
		require.NoError(w, err)
	}
	w.mine(2 * int(w.rules.Confirmations)) // the rate of their block is behind
	require.Equal(w, len(amounts), w.status().Pending.Outputs)
}

// pay orders payments, to addresses of all kinds, and lets happen what can.
func (w *payers) pay(amounts ...uint64) []coin.PaymentID {
	var list []coin.Payment
	var ids []coin.PaymentID
	for _, amount := range amounts {
		to, err := w.chain.Address(w.ctx)
		require.NoError(w, err)
		w.burnt++
		id := coin.PaymentID{0: 1, 30: byte(w.burnt >> 8), 31: byte(w.burnt)}
		list = append(list, coin.Payment{ID: id, Address: to, Amount: amount})
		ids = append(ids, id)
	}
	w.payees = append(w.payees, list...)
	w.group.Append(processor.Burns{Payments: list})
	w.run()
	return ids
}

// pool are the transactions in the node's memory pool.
func (w *payers) pool() map[coin.TransactionID]bool {
	var ids []string
	require.NoError(w, w.call(&ids, "getrawmempool"))
	in := make(map[coin.TransactionID]bool)
	for _, id := range ids {
		in[transactionID(w, id)] = true
	}
	return in
}

// ours are the published transactions that are in the memory pool, in the order
// in which they were published first.
func (w *payers) ours() (list []*sent) {
	in := w.pool()
	for _, id := range w.order {
		if in[id] {
			list = append(list, w.sent[id])
		}
	}
	return list
}

// settle mines until the payments are settled, and returns the blocks in which
// transactions of the group are that were published.
func (w *payers) settle(ids []coin.PaymentID) []int {
	done := func() bool {
		return !slices.ContainsFunc(ids, func(id coin.PaymentID) bool { return len(w.settled[id]) < len(w.group.Validators) })
	}
	for range 60 {
		if done() {
			break
		}
		w.mine(1)
	}
	require.True(w, done(), "payments do not settle")
	var blocks []int
	for number := w.first + 1; number <= w.tip(); number++ {
		if slices.ContainsFunc(w.block(number), func(id coin.TransactionID) bool { return w.sent[id] != nil }) {
			blocks = append(blocks, number)
		}
	}
	return blocks
}

// block are the transactions of a block.
func (w *payers) block(number int) (ids []coin.TransactionID) {
	var hash string
	var block struct {
		Transactions []string `json:"tx"`
	}
	require.NoError(w, w.call(&hash, "getblockhash", number))
	require.NoError(w, w.call(&block, "getblock", hash))
	for _, id := range block.Transactions {
		ids = append(ids, transactionID(w, id))
	}
	return ids
}
