package scanner

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/storage"
)

// spent settles all there is, and returns the first error and what Departed was
// told.
func (w *world) spent() (list []departed, err error) {
	for err == nil {
		w.scanAll()
		b := w.batch(w.frontier().Acknowledged)
		if b == nil {
			break
		}
		_, err = w.acknowledgeBatch(b.ID, w.digest(b), make([]bool, len(b.Instructions)))
	}
	w.view(func(r storage.Reader) error {
		for item, err := range w.recorder.spends.All(r) {
			require.NoError(w.t, err)
			list = append(list, item.Value)
		}
		return nil
	})
	return list, err
}

// Who held a key that is abandoned or retired may spend what it had left: that
// is lost already and stops nothing. What keys in use have must not be spent.
func TestFormerHoldersOfAKeyStopNothing(t *testing.T) {
	for _, c := range []struct {
		name     string
		prepare  func(*world)
		departed bool // the older key
		live     bool // an output of the younger key is spent, too
	}{
		{"in use", func(w *world) { w.growTo(12) }, false, false},
		{"abandoned", func(w *world) { w.growTo(12); require.Empty(w.t, w.abandon(5)) }, true, false},
		{"abandoned long ago", func(w *world) { w.growTo(12); w.abandon(5); w.growTo(30) }, true, false},
		{"abandoned, and a key in use", func(w *world) { w.growTo(12); w.abandon(5) }, true, true},
		{"going to retire", func(w *world) { w.growTo(18) }, false, false},
		{"retired", func(w *world) { w.growTo(19) }, true, false},
		{"retired long ago", func(w *world) { w.growTo(30) }, true, false},
		{"retired, and a key in use", func(w *world) { w.growTo(30) }, true, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := two(t)
			w.growTo(9)
			w.pay(to(5, deposit(100, "left")), to(6, deposit(100, "used"))) // 10
			old, young := w.chain[10].outputs[0].ID, w.chain[10].outputs[1].ID
			c.prepare(w)
			inputs := []coin.OutputID{old}
			if c.live {
				inputs = append(inputs, young)
			}
			number := w.add(spending(spend{[32]byte{66}, inputs})).header.Number
			w.mine(5)
			told, err := w.spent()
			if c.departed && !c.live {
				require.NoError(t, err)
				require.Equal(t, []departed{{Foreign{5, old, coin.TransactionID{66}}, number}}, told)
				return
			}
			want := &Compromised{old, coin.TransactionID{66}, number}
			if c.live {
				want.Output = young
			}
			var compromised *Compromised
			require.ErrorAs(t, err, &compromised)
			require.Equal(t, want, compromised)
			require.Empty(t, told, "nothing of it is stored")
		})
	}
}
