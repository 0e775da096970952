package cointest

import (
	"context"
	"crypto/sha256"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/internal/wire"
)

// Reading tests how a coin reads its chain: blocks, what the group received
// in them, fee rates and forks. It makes one chain and a few dozen blocks.
func Reading[C Watcher](t *testing.T, newChain func(*testing.T) Watched[C]) {
	w := newWorld(t, newChain)
	run(t, "Headers", w.headers)
	run(t, "ForgedHeaders", w.forgedHeaders)
	run(t, "Addresses", w.addresses)
	run(t, "EachKindAndKey", w.eachKindAndKey)
	run(t, "SeveralTransactions", w.severalTransactions)
	run(t, "Anonymous", w.anonymous)
	run(t, "Coinbase", w.coinbase)
	run(t, "NearMisses", w.nearMisses)
	run(t, "SameAnswers", w.sameAnswers)
	run(t, "Rates", w.rates)
	run(t, "Fork", w.fork)
	run(t, "ForkDrops", w.forkDrops)
	run(t, "Archives", w.archives)
	run(t, "Cancelled", w.cancelled)
}

func (w *world) headers(ctx context.Context, t *testing.T) {
	genesis := w.header(ctx, t, 0)
	require.Equal(t, w.coin.Genesis(), genesis.ID)

	first := w.tip(ctx, t) + 1
	_, err := w.coin.Header(ctx, first)
	require.ErrorIs(t, err, coin.ErrNotFound, "a block that is not there yet")
	require.NoError(t, w.chain.Mine(ctx, 3))
	last := w.tip(ctx, t)
	require.Equal(t, first+2, last)

	previous := w.header(ctx, t, first-1)
	for number := first; number <= last; number++ {
		header := w.header(ctx, t, number)
		require.Equal(t, previous.ID, header.Parent)
		require.GreaterOrEqual(t, header.Time, previous.Time, "a monotone clock")
		w.block(ctx, t, header)
		previous = header
	}
	_, err = w.coin.Header(ctx, last+1)
	require.ErrorIs(t, err, coin.ErrNotFound)
}

func (w *world) forgedHeaders(ctx context.Context, t *testing.T) {
	header := w.header(ctx, t, w.tip(ctx, t))

	unknown := header
	unknown.ID = sha256.Sum256([]byte("unknown"))
	_, err := w.coin.Block(ctx, unknown)
	require.Error(t, err)

	orphan := header
	orphan.Parent[0] ^= 1
	_, err = w.coin.Block(ctx, orphan)
	require.ErrorIs(t, err, coin.ErrInvalid, "a header whose parent is not the block's")
}

func (w *world) addresses(ctx context.Context, t *testing.T) {
	seen := make(map[coin.Address]bool)
	for _, g := range []*group{w.newGroup(t), w.newGroup(t)} {
		for _, kind := range coin.Kinds {
			address := w.address(t, g, kind)
			require.False(t, seen[address], "kinds and keys have addresses of their own")
			seen[address] = true
			require.LessOrEqual(t, len(address), coin.MaxAddress)
			require.NoError(t, w.coin.CheckAddress(address))
			require.Equal(t, address, w.address(t, g, kind))
		}
	}
	one, two := w.userAddress(ctx, t), w.userAddress(ctx, t)
	require.NotEqual(t, one, two)
	require.NoError(t, w.coin.CheckAddress(one))

	text := string(one)
	last := text[len(text)-1]
	other := byte('2')
	if last == other {
		other = '3'
	}
	for _, bad := range []string{
		"", " ", text + " ", " " + text, text + text, text[1:], text[:len(text)-1],
		text[:len(text)-1] + string(other), text + "\x00",
		strings.ToUpper(text), text[:len(text)/2] + strings.ToUpper(text[len(text)/2:]),
	} {
		require.ErrorIs(t, w.coin.CheckAddress(coin.Address(bad)), coin.ErrAddress, "%q", bad)
	}
	_, err := w.coin.Address([]byte("not a key"), coin.External)
	require.Error(t, err)
}

func (w *world) eachKindAndKey(ctx context.Context, t *testing.T) {
	a, b := w.newGroup(t), w.newGroup(t)
	type expected struct {
		session uint64
		kind    coin.Kind
		amount  uint64
	}
	var want []expected
	deposit := Deposit{Data: w.data([]byte("for the one on the other side"))}
	for i, kind := range coin.Kinds {
		for j, g := range []*group{a, b} {
			amount := w.amount(10 + uint64(2*i+j))
			want = append(want, expected{g.Session, kind, amount})
			deposit.To = append(deposit.To, Target{w.address(t, g, kind), amount})
		}
	}
	id := w.pay(ctx, t, deposit)
	header := w.mine(ctx, t)

	outputs := w.scan(ctx, t, header, a, b)
	var got []expected
	for _, o := range outputs {
		require.Equal(t, id, o.ID.Transaction)
		require.NotZero(t, o.Position, "behind the coinbase")
		require.Equal(t, outputs[0].Position, o.Position)
		require.Equal(t, deposit.Data, o.Data)
		if w.limits.Origins {
			require.Empty(t, o.Origin)
		} else {
			require.NoError(t, w.coin.CheckAddress(o.Origin))
		}
		require.Equal(t, outputs[0].Origin, o.Origin)
		decoded, err := wire.Unmarshal[coin.Output](wire.Marshal(o))
		require.NoError(t, err)
		require.Equal(t, o, decoded)
		got = append(got, expected{o.Session, o.Kind, o.Amount})
	}
	require.ElementsMatch(t, want, got)

	ofB := slices.DeleteFunc(slices.Clone(outputs), func(o coin.Output) bool { return o.Session != b.Session })
	require.Equal(t, ofB, w.scan(ctx, t, header, b), "each key finds its own")
	require.Empty(t, w.scan(ctx, t, header))
}

func (w *world) severalTransactions(ctx context.Context, t *testing.T) {
	g := w.newGroup(t)
	want := make(map[coin.TransactionID]uint64)
	for i := range uint64(3) {
		amount := w.amount(10 + i)
		want[w.pay(ctx, t, payment(w.address(t, g, coin.External), amount))] = amount
	}
	require.Len(t, want, 3)
	block := w.block(ctx, t, w.mine(ctx, t))
	outputs := w.scan(ctx, t, block.Header(), g)
	require.Len(t, outputs, 3)
	transactions := block.Transactions()
	for _, o := range outputs {
		require.Equal(t, want[o.ID.Transaction], o.Amount)
		require.Empty(t, o.Data)
		require.Less(t, int(o.Position), len(transactions))
		require.Equal(t, [32]byte(o.ID.Transaction), transactions[o.Position].ID())
		require.NotEmpty(t, transactions[o.Position].Lookups())
	}
}

func (w *world) anonymous(ctx context.Context, t *testing.T) {
	g := w.newGroup(t)
	for _, data := range [][]byte{nil, []byte("from nobody")} {
		deposit := payment(w.address(t, g, coin.External), w.amount(10))
		deposit.Data, deposit.Anonymous = w.data(data), true
		w.pay(ctx, t, deposit)
		outputs := w.scan(ctx, t, w.mine(ctx, t), g)
		require.Len(t, outputs, 1)
		require.Empty(t, outputs[0].Origin)
		require.Equal(t, deposit.Data, outputs[0].Data)
	}
}

func (w *world) coinbase(ctx context.Context, t *testing.T) {
	miner, ok := w.chain.(CoinbaseMiner)
	if !ok {
		t.Skip("the chain's coinbases pay whom they want")
	}
	g := w.newGroup(t)
	address := w.address(t, g, coin.External)
	require.NoError(t, miner.MineTo(ctx, address))
	header := w.header(ctx, t, w.tip(ctx, t))
	require.NotZero(t, w.received(ctx, t, address), "the coinbase paid the group")
	require.Empty(t, w.scan(ctx, t, header, g), "a coinbase never counts")
}

func (w *world) nearMisses(ctx context.Context, t *testing.T) {
	ours, theirs := w.newGroup(t), w.newGroup(t)
	deposit := Deposit{Data: w.data(ours.Key.Key)}
	for _, kind := range coin.Kinds {
		deposit.To = append(deposit.To, Target{w.address(t, theirs, kind), w.amount(10)})
	}
	deposit.To = append(deposit.To, Target{w.userAddress(ctx, t), w.amount(10)})
	w.pay(ctx, t, deposit)
	header := w.mine(ctx, t)
	require.Empty(t, w.scan(ctx, t, header, ours))
	require.Len(t, w.scan(ctx, t, header, ours, theirs), len(coin.Kinds))
	_, err := w.coin.Outputs(ctx, w.block(ctx, t, header), []coin.Key{{Key: []byte("not a key")}})
	require.Error(t, err)
}

// answers are all that a coin says about a block, in bytes.
func answers(ctx context.Context, t *testing.T, c Watcher, number uint64, keys []coin.Key) []byte {
	header, err := c.Header(ctx, number)
	require.NoError(t, err)
	block, err := c.Block(ctx, header)
	require.NoError(t, err)
	outputs, err := c.Outputs(ctx, block, keys)
	require.NoError(t, err)
	rate, err := c.BlockRate(ctx, header)
	require.NoError(t, err)
	if bulk, ok := c.(coin.BulkReader); ok {
		first := number - min(number, 20)
		list, err := bulk.Headers(ctx, first, int(number-first)+1)
		require.NoError(t, err)
		for i, h := range list {
			want, err := c.Header(ctx, first+uint64(i))
			require.NoError(t, err)
			require.Equal(t, want, h, "header %d among others", first+uint64(i))
		}
		same, err := bulk.RateOf(ctx, block)
		require.NoError(t, err)
		require.Equal(t, rate, same, "the rate of a block at hand")
		tip, err := c.Tip(ctx)
		require.NoError(t, err)
		_, err = bulk.Headers(ctx, tip, 2)
		require.ErrorIs(t, err, coin.ErrNotFound)
	}
	var said wire.Writer
	header.Encode(&said)
	for _, transaction := range block.Transactions() {
		id := transaction.ID()
		said.Fixed(id[:])
		for _, lookup := range transaction.Lookups() {
			said.Bytes(lookup)
		}
	}
	wire.List(&said, outputs)
	said.Uint64(rate)
	return said.Data()
}

func (w *world) sameAnswers(ctx context.Context, t *testing.T) {
	g := w.newGroup(t)
	deposit := payment(w.address(t, g, coin.External), w.amount(10))
	deposit.Data = w.data([]byte("again and again"))
	w.pay(ctx, t, deposit)
	number := w.mine(ctx, t).Number
	keys := []coin.Key{g.Key}
	said := answers(ctx, t, w.coin, number, keys)
	require.Equal(t, said, answers(ctx, t, w.coin, number, keys), "asked again")
	require.Equal(t, said, answers(ctx, t, w.another(), number, keys), "another coin")
	wrong := w.header(ctx, t, number)
	wrong.Number++
	_, err := w.coin.Block(ctx, wrong)
	require.ErrorIs(t, err, coin.ErrInvalid, "a block has one number")
}

func (w *world) rates(ctx context.Context, t *testing.T) {
	rate, err := w.coin.BlockRate(ctx, w.mine(ctx, t))
	require.NoError(t, err)
	require.Zero(t, rate, "of a block without transactions")

	w.pay(ctx, t, payment(w.userAddress(ctx, t), w.amount(10)))
	rate, err = w.coin.BlockRate(ctx, w.mine(ctx, t))
	require.NoError(t, err)
	require.NotZero(t, rate)
}

// sightings counts the outputs to the group in the blocks from number on.
func (w *world) sightings(ctx context.Context, t *testing.T, g *group, number uint64) (count int) {
	for last := w.tip(ctx, t); number <= last; number++ {
		count += len(w.scan(ctx, t, w.header(ctx, t, number), g))
	}
	return count
}

func (w *world) fork(ctx context.Context, t *testing.T) {
	g := w.newGroup(t)
	w.pay(ctx, t, payment(w.address(t, g, coin.External), w.amount(10)))
	replaced := w.mine(ctx, t)
	outputs := w.scan(ctx, t, replaced, g)
	require.Len(t, outputs, 1)

	require.NoError(t, w.chain.Fork(ctx, 1, false))
	require.Equal(t, replaced.Number+1, w.tip(ctx, t))
	now := w.header(ctx, t, replaced.Number)
	require.NotEqual(t, replaced.ID, now.ID)
	require.Equal(t, replaced.Parent, now.Parent)
	require.Equal(t, now.ID, w.header(ctx, t, replaced.Number+1).Parent)

	require.Equal(t, outputs, w.scan(ctx, t, replaced, g), "the node still has the old block")
	w.mine(ctx, t)
	require.Equal(t, 1, w.sightings(ctx, t, g, replaced.Number), "the transaction is mined again")
}

func (w *world) forkDrops(ctx context.Context, t *testing.T) {
	g := w.newGroup(t)
	first := w.mine(ctx, t)
	w.pay(ctx, t, payment(w.address(t, g, coin.External), w.amount(10)))
	w.mine(ctx, t)
	require.Equal(t, 1, w.sightings(ctx, t, g, first.Number))

	require.NoError(t, w.chain.Fork(ctx, 2, true))
	require.Equal(t, first.Number+2, w.tip(ctx, t))
	require.NotEqual(t, first.ID, w.header(ctx, t, first.Number).ID)
	w.mine(ctx, t)
	require.Zero(t, w.sightings(ctx, t, g, first.Number), "the transaction is gone")

	w.pay(ctx, t, payment(w.address(t, g, coin.External), w.amount(10)))
	w.mine(ctx, t)
	require.Equal(t, 1, w.sightings(ctx, t, g, first.Number), "the user can pay again")
}

func (w *world) cancelled(ctx context.Context, t *testing.T) {
	header := w.header(ctx, t, w.tip(ctx, t))
	ctx, cancel := context.WithCancel(ctx)
	cancel()
	_, err := w.coin.Tip(ctx)
	require.Error(t, err)
	_, err = w.coin.Header(ctx, header.Number)
	require.Error(t, err)
	_, err = w.coin.Block(ctx, header)
	require.Error(t, err)
	_, err = w.coin.BlockRate(ctx, header)
	require.Error(t, err)
}
