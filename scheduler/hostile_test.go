package scheduler

import (
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/storage"
)

// A payment that can carry a transaction with one output of change is made: the
// group's wish for more outputs is no reason to let it wait until it is dropped.
func TestSplittingTheChangeMakesNoPaymentTooPoor(t *testing.T) {
	p := parameters()
	p.MaxOutputs, p.ChangeOutputs = 20, 8
	w := newWorld(t, p)
	w.deposits(100_000)
	w.burn(pay(1, dust+6))
	for range 2 * patience {
		w.complete()
	}
	require.Equal(t, PaymentSettled, w.payment(coin.PaymentID{1}).Stage)
}

// priced counts what the coin is asked.
type priced struct {
	tabled
	asked *int
}

func (c priced) Fee(rate uint64, inputs []coin.Output, outputs []coin.Address) (uint64, error) {
	*c.asked += len(outputs)
	return c.tabled.Fee(rate, inputs, outputs)
}

// The payments that the output covers leave less than dust, which they cannot lift
// to dust, and none of them can pay for a transaction alone, at the cap of the fee
// rate: this is not tried once more for each of them.
func TestPaymentsThatCannotLiftWhatIsLeftAreNotTriedOneByOne(t *testing.T) {
	const first, all = 200, 600 // that the output covers, and that there are
	p := parameters()
	p.MaxOutputs, p.FeeFloor, p.FeeCap = 1000, 1, 10
	p.Dust = 1000
	w := newWorld(t, p)
	w.rate = 10
	asked := 0
	w.config.Coin = priced{asked: &asked}
	w.s = New(w.config)
	// The rate is at its cap: without change, too, the fee is 10 for each of 2 + 1 + 200.
	const cost = 10 * (2 + 1 + first)
	var total uint64
	list := make([]coin.Payment, all)
	for i := range list {
		list[i] = coin.Payment{Address: "user", Amount: 1000 + 10}
		if i%first < cost-10*first {
			list[i].Amount++
		}
		binary.BigEndian.PutUint32(list[i].ID[:], uint32(i+1))
		if i < first {
			total += list[i].Amount
		}
	}
	w.deposits(total + 500)
	require.NoError(t, w.update(func(tx storage.Tx) error {
		return w.s.(*scheduler).post(tx, func(l *Ledger) { l.Recover = l.Recover.Add(1 << 40) })
	}))
	asked = 0
	require.NoError(t, w.update(func(tx storage.Tx) error { return w.s.Burn(tx, list) }))
	require.Less(t, asked, 30*all)
}
