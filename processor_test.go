package processor_test

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor"
	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/coin/mock"
	"github.com/serai-go/processor/keygen"
	"github.com/serai-go/processor/processortest"
	"github.com/serai-go/processor/storage"
)

// config is that of validator 0 over a store.
func config(c coin.Coin, store storage.Store) processor.Config {
	return processor.Config{
		Coin: c, Store: store, Self: processortest.Identity(0), Sealer: processortest.Sealer(0),
	}
}

func TestNewWantsAConfig(t *testing.T) {
	for name, spoil := range map[string]func(*processor.Config){
		"Coin":          func(c *processor.Config) { c.Coin = nil },
		"Store":         func(c *processor.Config) { c.Store = nil },
		"Self":          func(c *processor.Config) { c.Self = nil },
		"Sealer":        func(c *processor.Config) { c.Sealer = nil },
		"Confirmations": func(c *processor.Config) { c.Parameters = &coin.Parameters{} },
		"MaxMessage":    func(c *processor.Config) { c.MaxMessage = processor.MinMessage - 1 },
		"16777216":      func(c *processor.Config) { c.MaxMessage = 16<<20 + 1 },
	} {
		c := config(mock.New(mock.Options{}).Coin(), storage.NewMemory())
		spoil(&c)
		_, err := processor.New(c)
		require.ErrorContains(t, err, name)
	}
}

func TestADatabaseBelongsToOneConfiguration(t *testing.T) {
	store := storage.NewMemory()
	c := config(mock.New(mock.Options{}).Coin(), store)
	_, err := processor.New(c)
	require.NoError(t, err)
	_, err = processor.New(c)
	require.NoError(t, err)

	other := c
	other.Self = processortest.Identity(1)
	_, err = processor.New(other)
	require.ErrorIs(t, err, processor.ErrOtherDatabase)

	other = c
	other.Coin = named{c.Coin}
	_, err = processor.New(other)
	require.ErrorIs(t, err, processor.ErrOtherDatabase)

	other = c
	other.Coin = seeded{c.Coin}
	_, err = processor.New(other)
	require.ErrorIs(t, err, processor.ErrOtherDatabase)

	other = c
	parameters := c.Coin.Parameters()
	parameters.Window++
	other.Parameters = &parameters
	_, err = processor.New(other)
	require.ErrorIs(t, err, processor.ErrOtherDatabase)
}

// named is a coin of another name.
type named struct{ coin.Coin }

func (named) Name() string { return "another" }

// seeded is a coin that derives other addresses from the same keys, as one with
// another view seed does.
type seeded struct{ coin.Coin }

func (c seeded) Address(key []byte, kind coin.Kind) (coin.Address, error) {
	address, err := c.Coin.Address(key, kind)
	return "seeded " + address, err
}

func TestSharesAreOpenedAtTheStart(t *testing.T) {
	g := ready(t, 3, 1, 1, 1, 1)
	store := g.Validators[0].Store
	c := config(g.Chain.Coin(), store)
	c.Sealer = processortest.Sealer(1)
	_, err := processor.New(c)
	require.ErrorIs(t, err, keygen.ErrSealingKey)

	c.Sealer = processortest.Sealer(0)
	altered := store.Clone()
	alter(t, altered, "keygen/own")
	c.Store = altered
	_, err = processor.New(c)
	require.ErrorIs(t, err, keygen.ErrSwapped)

	c.Store = store.Clone()
	_, err = processor.New(c)
	require.NoError(t, err)
}

// alter flips a bit in the middle of every record under a name.
func alter(t *testing.T, store storage.Store, name string) {
	found := false
	require.NoError(t, store.Update(t.Context(), func(tx storage.Tx) error {
		var pairs []storage.Pair
		for pair, err := range tx.Range([]byte(name), []byte(name+"\xff")) {
			if err != nil {
				return err
			}
			pairs = append(pairs, pair)
		}
		for _, pair := range pairs {
			pair.Value[len(pair.Value)/2] ^= 1
			if err := tx.Put(pair.Key, pair.Value); err != nil {
				return err
			}
			found = true
		}
		return nil
	}))
	require.True(t, found)
}

func TestPositions(t *testing.T) {
	c := config(mock.New(mock.Options{}).Coin(), storage.NewMemory())
	p, err := processor.New(c)
	require.NoError(t, err)
	ctx := t.Context()
	one, two := processor.Burns{}, processor.CloseRound{Round: 1}
	require.ErrorIs(t, p.Handle(ctx, 1, one), processor.ErrGap)
	require.NoError(t, p.Handle(ctx, 0, one))
	require.NoError(t, p.Handle(ctx, 0, one), "the same again")
	require.NoError(t, p.Handle(ctx, 1, two))
	_, err = p.Step(ctx)
	require.NoError(t, err)
	require.NoError(t, p.Handle(ctx, 0, one), "after it has taken effect too")
	require.ErrorIs(t, p.Handle(ctx, 3, one), processor.ErrGap)
	status, err := p.Status(ctx)
	require.NoError(t, err)
	require.Equal(t, uint64(2), status.Next)
	require.Equal(t, uint64(2), status.Read)
	require.Nil(t, status.Halted)

	require.ErrorIs(t, p.Handle(ctx, 0, two), processor.ErrEquivocation)
	for range 2 {
		halt := requireHalt(t, p)
		require.Contains(t, halt.Reason, "another entry")
		events, err := p.Pending(ctx, 0, 10)
		require.NoError(t, err)
		require.Len(t, events, 1)
		require.Equal(t, processor.Halted{Cause: processor.Equivocation, Reason: halt.Reason}, events[0].Body)
		require.ErrorIs(t, p.Handle(ctx, 1, one), processor.ErrEquivocation)
		p, err = processor.New(c) // it stays so
		require.NoError(t, err)
	}
	require.NoError(t, p.Handle(ctx, 2, one), "it still takes entries in")
	status, err = p.Status(ctx)
	require.NoError(t, err)
	require.Equal(t, uint64(3), status.Next)
	require.LessOrEqual(t, status.Read, uint64(2), "and reads none")
}

func requireHalt(t *testing.T, p *processor.Processor) *processor.Halt {
	t.Helper()
	_, err := p.Step(t.Context())
	var halt *processor.Halt
	require.ErrorAs(t, err, &halt)
	return halt
}

func TestImpossibleEntriesAreNotTakenIn(t *testing.T) {
	p, err := processor.New(config(mock.New(mock.Options{}).Coin(), storage.NewMemory()))
	require.NoError(t, err)
	for _, e := range []processor.Entry{
		nil,
		processor.PeerMessage{Payload: make([]byte, 16<<20+1)},
		processor.ConfirmKey{NetworkKey: make([]byte, 65)},
		processor.Burns{Payments: []coin.Payment{{Address: coin.Address(strings.Repeat("x", 129))}}},
		processor.Reattempt{},
	} {
		require.ErrorIs(t, p.Handle(t.Context(), 0, e), processor.ErrEntry)
	}
	require.NoError(t, p.Handle(t.Context(), 0, processor.Burns{}))
}

func TestAnImpossibleVoteHalts(t *testing.T) {
	p, err := processor.New(config(mock.New(mock.Options{}).Coin(), storage.NewMemory()))
	require.NoError(t, err)
	require.NoError(t, p.Handle(t.Context(), 0, processor.ConfirmKey{Session: 3}))
	require.Contains(t, requireHalt(t, p).Reason, "impossible request")
}

// A message is garbage as a whole: two items on one subject would have to be
// judged by what the first does to the second.
func TestTwoItemsOnOneSubject(t *testing.T) {
	g := ready(t, 3, 1, 1, 1, 1)
	var payload []byte
	for _, e := range g.Log {
		if m, ok := e.(processor.PeerMessage); ok {
			if c, err := processor.SigningContents(m.Payload); err == nil && len(c) == 1 {
				payload = m.Payload
			}
		}
	}
	item := payload[4:] // behind the count of one
	double := append([]byte{2, 0, 0, 0}, bytes.Repeat(item, 2)...)
	blamed := 0
	g.OnEvent = func(_ int, e processor.EventBody) {
		if i, ok := e.(processor.InvalidParticipant); ok {
			require.Equal(t, uint16(2), i.Who)
			require.Contains(t, i.Reason, "two items")
			blamed++
		}
	}
	g.Append(processor.PeerMessage{From: 2, Payload: double})
	require.NoError(t, g.Run(t.Context()))
	require.Equal(t, 4, blamed)
}

func TestReasonsAreText(t *testing.T) {
	g := ready(t, 1, 1)
	g.Chain.(*mock.Chain).SetRelayRate(1)
	deposit(t, g, 1000)
	mine(t, g, 3)
	c := g.Chain.Coin().(*mock.Coin)
	c.SetFaults(mock.Faults{Refuse: strings.Repeat("\xff€", 4000)})
	g.Coin = func(int) coin.Coin { return c }
	require.NoError(t, g.Start(0, g.Validators[0].Store.Clone()))
	var told []processor.Condition
	g.OnEvent = func(_ int, e processor.EventBody) {
		if c, ok := e.(processor.Condition); ok {
			told = append(told, c)
		}
	}
	burn(t, g, 1, 300)
	require.NotEmpty(t, told)
	for _, c := range told {
		require.Equal(t, strings.ToValidUTF8(c.Text, ""), c.Text)
		require.LessOrEqual(t, len(c.Text), 1<<12)
	}
}

func TestEventsComeAtLeastOnceAndInOrder(t *testing.T) {
	g := newGroup(t, 1, 1)
	g.GenerateKey(0, 0, 1)
	v := g.Validators[0]
	p := v.Processor
	require.NoError(t, p.Handle(t.Context(), 0, g.Log[0]))
	_, err := p.Step(t.Context())
	require.NoError(t, err)
	first, err := p.Pending(t.Context(), 0, 10)
	require.NoError(t, err)
	require.NotEmpty(t, first)

	// Not acknowledged, they come again from the next process, the same.
	p, err = processor.New(config(g.Chain.Coin(), v.Store.Clone()))
	require.NoError(t, err)
	again, err := p.Pending(t.Context(), 0, 10)
	require.NoError(t, err)
	require.Equal(t, first, again)
	require.NoError(t, p.Ack(first[0].ID, 999))
	rest, err := p.Pending(t.Context(), 0, 10)
	require.NoError(t, err)
	require.Len(t, rest, len(first)-1)
	for i := 1; i < len(first); i++ {
		require.Greater(t, first[i].ID, first[i-1].ID)
	}
}

// What a restart leaves of the outbox: everything but signing commitments. A
// share stays and loses the commitment that came with it.
func TestRestartedOutbox(t *testing.T) {
	g := ready(t, 2, 1, 1)
	one := g.Validators[0]
	g.Validators[1].Offline = true
	require.NoError(t, g.Chain.Mine(t.Context(), 4))
	pending := func() (commitments, shares int) {
		events, err := one.Processor.Pending(t.Context(), 0, 1000)
		require.NoError(t, err)
		for _, e := range events {
			if b, ok := e.Body.(processor.Broadcast); ok {
				contents, err := processor.SigningContents(b.Payload)
				require.NoError(t, err)
				for _, c := range contents {
					if c.Commitment {
						commitments++
					}
					if c.Share {
						shares++
					}
				}
			}
		}
		return commitments, shares
	}
	restart := func() {
		require.NoError(t, g.Start(0, one.Store.Clone()))
	}
	_, err := one.Processor.Step(t.Context())
	require.NoError(t, err)
	commitments, shares := pending()
	require.Equal(t, [2]int{1, 0}, [2]int{commitments, shares})
	restart()
	commitments, shares = pending()
	require.Equal(t, [2]int{0, 0}, [2]int{commitments, shares})

	// Both commit; the set waits for the shares.
	g.Validators[1].Offline = false
	for i := range 2 {
		_, err = g.Step(t.Context(), i)
		require.NoError(t, err)
	}
	for next := status(t, one).Next; next < uint64(len(g.Log)); next++ {
		require.NoError(t, one.Processor.Handle(t.Context(), next, g.Log[next]))
	}
	_, err = one.Processor.Step(t.Context())
	require.NoError(t, err)
	commitments, shares = pending()
	require.Equal(t, [2]int{1, 1}, [2]int{commitments, shares})
	restart()
	commitments, shares = pending()
	require.Equal(t, [2]int{0, 1}, [2]int{commitments, shares})
	acknowledged := g.Acknowledged
	require.NoError(t, g.AcknowledgeAll(t.Context()))
	require.Greater(t, g.Acknowledged, acknowledged)
}

func status(t testing.TB, v *processortest.Validator) processor.Status {
	t.Helper()
	s, err := v.Processor.Status(context.Background())
	require.NoError(t, err)
	return s
}

func TestCloseErases(t *testing.T) {
	g := ready(t, 1, 1)
	p := g.Validators[0].Processor
	require.NoError(t, p.Close())
	require.NoError(t, p.Close())
	// Nothing in memory can sign now; the database still can.
	require.NoError(t, g.Start(0, g.Validators[0].Store.Clone()))
	mine(t, g, 4)
}

func TestTheLogIsForgottenOnceReadAndNeverReadTwice(t *testing.T) {
	g := wholeJob(t)
	for _, v := range g.Validators {
		count := 0
		require.NoError(t, v.Store.View(t.Context(), func(r storage.Reader) error {
			for _, err := range r.Range([]byte("log/entries\x00"), []byte("log/entries\x01")) {
				if err != nil {
					return err
				}
				count++
			}
			return nil
		}))
		require.LessOrEqual(t, count, 64, "of %d", len(g.Log))
		require.Equal(t, uint64(len(g.Log)), status(t, v).Read)
	}
	digest := status(t, g.Validators[0]).Digest
	require.NoError(t, g.Start(0, g.Validators[0].Store.Clone()))
	require.NoError(t, g.Run(t.Context()))
	require.Equal(t, digest, status(t, g.Validators[0]).Digest)
	_, err := g.Digests(t.Context())
	require.NoError(t, err)
}

// impatient gives up on its caller's behalf as soon as something is refused.
type impatient struct {
	storage.Store
	giveUp context.CancelFunc
}

// Update implements storage.Store.
func (s impatient) Update(ctx context.Context, fn func(storage.Tx) error) error {
	err := s.Store.Update(ctx, fn)
	if err != nil {
		s.giveUp()
	}
	return err
}

// Whoever gives up between the cause of a halt and the halt is no reason to go
// on.
func TestAHaltIsStoredThoughTheCallerGivesUp(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	p, err := processor.New(config(mock.New(mock.Options{}).Coin(), impatient{storage.NewMemory(), cancel}))
	require.NoError(t, err)
	require.NoError(t, p.Handle(ctx, 0, processor.Burns{}))
	require.ErrorIs(t, p.Handle(ctx, 0, processor.CloseRound{}), processor.ErrEquivocation)
	require.Error(t, ctx.Err())
	require.Equal(t, processor.Equivocation, requireHalt(t, p).Cause)
}
