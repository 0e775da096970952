package processor_test

import (
	"math"
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor"
	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/processortest"
	"github.com/serai-go/processor/scheduler"
	"github.com/serai-go/processor/storage"
)

// aCertificate has every field set.
func aCertificate() processor.Certificate {
	c := processor.Certificate{Number: 1, Block: coin.BlockID{2}, Outputs: 3, Plans: 4, Payments: 5, State: [32]byte{6}}
	books := reflect.ValueOf(&c.Books).Elem()
	for i := range books.NumField() {
		books.Field(i).Set(reflect.ValueOf(scheduler.Balance{}.Sub(uint64(i) + 7).Add(math.MaxUint64).Add(1)))
	}
	return c
}

func TestCertificatesHaveOneEncoding(t *testing.T) {
	c := aCertificate()
	require.False(t, zeroField(c))
	require.False(t, zeroField(c.Books))
	data := processor.EncodeCertificate(c)
	require.Len(t, data, 288)
	back, err := processor.DecodeCertificate(data)
	require.NoError(t, err)
	require.Equal(t, c, back)
	refusesOtherLengths(t, data, func(data []byte) error {
		_, err := processor.DecodeCertificate(data)
		return err
	})
}

func FuzzDecodeCertificate(f *testing.F) {
	f.Add(processor.EncodeCertificate(aCertificate()))
	f.Fuzz(func(t *testing.T, data []byte) {
		if c, err := processor.DecodeCertificate(data); err == nil {
			require.Equal(t, data, processor.EncodeCertificate(c))
		}
	})
}

func TestTheDigestOfACertificateDependsOnEverything(t *testing.T) {
	c := aCertificate()
	genesis, settlement := coin.BlockID{1}, [32]byte{2}
	seen := map[[32]byte]bool{
		c.Digest("bitcoin", genesis, settlement):         true,
		c.Digest("monero", genesis, settlement):          true,
		c.Digest("bitcoin", coin.BlockID{3}, settlement): true,
		c.Digest("bitcoin", genesis, [32]byte{3}):        true,
	}
	require.Len(t, seen, 4)
	data := processor.EncodeCertificate(c)
	for i := range data {
		data[i] ^= 1
		other, err := processor.DecodeCertificate(data)
		require.NoError(t, err)
		data[i] ^= 1
		digest := other.Digest("bitcoin", genesis, settlement)
		require.False(t, seen[digest], "byte %d", i)
		seen[digest] = true
	}
}

func TestACertificateTellsWhetherThereIsEnough(t *testing.T) {
	amount := func(n uint64) scheduler.Balance { return scheduler.Balance{}.Add(n) }
	c := processor.Certificate{Books: scheduler.Ledger{
		Assets: amount(100), Accepted: amount(1), Credited: amount(20), Owed: amount(30), Returned: amount(4), RefundsDue: amount(5),
		FeesCharged: amount(40),
	}}
	require.NoError(t, c.Books.Check())
	require.Equal(t, amount(60), c.Liabilities())
	require.Equal(t, amount(40), c.Surplus())
	require.True(t, c.Solvent())
	c.Books.NetworkFees, c.Books.Assets = amount(40), amount(60)
	require.NoError(t, c.Books.Check())
	require.True(t, c.Solvent(), "to the unit")
	c.Books.NetworkFees, c.Books.Assets = amount(41), amount(59)
	require.NoError(t, c.Books.Check())
	require.False(t, c.Solvent())
	require.Equal(t, "-1", c.Surplus().String())
}

// Every settlement has its certificate, the same for all, of what was there then.
func TestEverySettlementIsCertified(t *testing.T) {
	g := ready(t, 3, 1, 1, 1, 1)
	deposit(t, g, 1000)
	mine(t, g, 3)
	burn(t, g, 1, 300)
	burn(t, g, 2, 5000) // beyond what there is: it waits
	settled := status(t, g.Validators[0]).Frontier.Settle
	for status(t, g.Validators[0]).Frontier.Settle == settled {
		mine(t, g, 1)
	}
	v := g.Validators[0]
	s := status(t, v)
	last := *s.Certified
	require.Equal(t, s.Frontier.Settle-1, last.Number)
	require.Equal(t, s.Ledger, last.Books)
	require.Equal(t, s.Digest, last.State)
	require.Equal(t, s.Pending, scheduler.Pending{Outputs: int(last.Outputs), Plans: int(last.Plans), Payments: int(last.Payments)})
	require.NotZero(t, last.Payments)
	require.True(t, last.Solvent())
	header, err := g.Chain.Coin().Header(t.Context(), last.Number)
	require.NoError(t, err)
	require.Equal(t, header.ID, last.Block)

	count := 0
	for n := range s.Frontier.Settle + 5 {
		own, ok, err := v.Processor.Certificate(t.Context(), n)
		require.NoError(t, err)
		if ok {
			count++
			require.Equal(t, n, own.Number)
			require.NoError(t, own.Books.Check())
		}
		digest, also, err := v.Processor.SettledDigest(t.Context(), n)
		require.NoError(t, err)
		require.Equal(t, ok, also)
		require.Equal(t, own.State, digest)
	}
	require.Greater(t, count, 2)
	_, err = g.Digests(t.Context()) // which compares them
	require.NoError(t, err)
}

// cooking is a scheduler that spoils its books once it takes burns in.
type cooking struct {
	scheduler.Scheduler
	cooked *bool
}

func (c cooking) Burn(tx storage.Tx, payments []coin.Payment) error {
	*c.cooked = true
	return c.Scheduler.Burn(tx, payments)
}

func (c cooking) Ledger(r storage.Reader) (scheduler.Ledger, error) {
	l, err := c.Scheduler.Ledger(r)
	if *c.cooked {
		l.Assets = l.Assets.Add(1)
	}
	return l, err
}

// Whatever an entry changes in the books, they must balance behind it.
func TestBooksThatDoNotBalanceHalt(t *testing.T) {
	g := ready(t, 1, 1)
	deposit(t, g, 1000)
	mine(t, g, 3)
	cooked := false
	c := config(g.Chain.Coin(), g.Validators[0].Store)
	c.Self, c.Sealer = processortest.Identity(0), processortest.Sealer(0)
	c.Scheduler = func(c scheduler.Config) scheduler.Scheduler { return cooking{scheduler.New(c), &cooked} }
	p, err := processor.New(c)
	require.NoError(t, err)
	owe(t, g, 1, 300)
	before := status(t, g.Validators[0]).Digest
	require.NoError(t, p.Handle(t.Context(), uint64(len(g.Log)-1), g.Log[len(g.Log)-1]))
	halt := requireHalt(t, p)
	require.Equal(t, processor.BrokenInvariant, halt.Cause)
	require.Contains(t, halt.Reason, "ledger: assets")
	require.Equal(t, before, status(t, g.Validators[0]).Digest, "nothing of the entry stays")
}
