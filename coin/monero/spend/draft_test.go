package spend_test

import (
	"testing"

	"filippo.io/edwards25519"
	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin/monero/address"
	"github.com/serai-go/processor/coin/monero/keys"
	"github.com/serai-go/processor/coin/monero/spend"
)

// torsion is a point of order 8.
var torsion = [32]byte{
	0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0,
	0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05,
}

func TestImpossibleDraftsAreRefused(t *testing.T) {
	for name, change := range map[string]func(*maker, *spend.Draft){
		"no inputs":                func(_ *maker, d *spend.Draft) { d.Inputs = nil },
		"no outputs":               func(_ *maker, d *spend.Draft) { d.Outputs, d.Fee = nil, d.Fee+3 },
		"129 inputs":               func(m *maker, d *spend.Draft) { *d = m.many(129, d.Outputs) },
		"17 outputs":               func(m *maker, d *spend.Draft) { *d = m.many(1, m.outputs(17, m.wallet())) },
		"a fee too low by 1":       func(_ *maker, d *spend.Draft) { d.Fee-- },
		"a fee too high by 1":      func(_ *maker, d *spend.Draft) { d.Fee++ },
		"a sum that wraps":         func(_ *maker, d *spend.Draft) { d.Fee += 1 << 63; d.Outputs[0].Amount += 1 << 63 },
		"no mask":                  func(_ *maker, d *spend.Draft) { d.Inputs[0].Mask = nil },
		"no offset":                func(_ *maker, d *spend.Draft) { d.Inputs[0].Offset = nil },
		"another mask":             func(m *maker, d *spend.Draft) { d.Inputs[0].Mask = m.scalar() },
		"amounts exchanged":        func(_ *maker, d *spend.Draft) { d.Inputs[0].Amount++; d.Inputs[1].Amount-- },
		"another key":              func(m *maker, d *spend.Draft) { d.Inputs[0].Key = m.point() },
		"another commitment":       func(m *maker, d *spend.Draft) { d.Inputs[0].Commitment = m.point() },
		"another real member":      func(_ *maker, d *spend.Draft) { d.Inputs[0].Real = (d.Inputs[0].Real + 1) % 16 },
		"a real member before all": func(_ *maker, d *spend.Draft) { d.Inputs[0].Real = -1 },
		"a real member after all":  func(_ *maker, d *spend.Draft) { d.Inputs[0].Real = 16 },
		"no ring":                  func(_ *maker, d *spend.Draft) { d.Inputs[0].Ring = nil },
		"15 members":               func(_ *maker, d *spend.Draft) { d.Inputs[0].Ring = d.Inputs[0].Ring[:15]; d.Inputs[0].Real %= 15 },
		"17 members": func(m *maker, d *spend.Draft) {
			last := d.Inputs[0].Ring[15]
			last.Index++
			d.Inputs[0].Ring = append(d.Inputs[0].Ring, last)
		},
		"members with one index":   func(_ *maker, d *spend.Draft) { d.Inputs[0].Ring[3].Index = d.Inputs[0].Ring[4].Index },
		"members in another order": func(_ *maker, d *spend.Draft) { d.Inputs[0].Ring[3].Index = d.Inputs[0].Ring[4].Index + 1 },
		"offsets of 66 bytes":      func(_ *maker, d *spend.Draft) { spread(d.Inputs[0].Ring, 1<<35, 1<<21) },
		"the same input twice": func(_ *maker, d *spend.Draft) {
			d.Outputs[0].Amount += d.Inputs[1].Amount
			d.Inputs = append(d.Inputs, d.Inputs[1])
		},
		"the same key twice": func(m *maker, d *spend.Draft) {
			d.Inputs[1].Key, d.Inputs[1].Ring[d.Inputs[1].Real].Key = d.Inputs[0].Key, d.Inputs[0].Key
		},
		"rings that differ about an output": func(_ *maker, d *spend.Draft) {
			for i := range 16 {
				d.Inputs[1].Ring[i].Index = d.Inputs[0].Ring[i].Index
			}
		},
		"an integrated address": func(_ *maker, d *spend.Draft) {
			d.Outputs[0].Address.Kind, d.Outputs[0].Address.PaymentID = address.Integrated, [8]byte{1}
		},
		"a payment ID":              func(_ *maker, d *spend.Draft) { d.Outputs[0].Address.PaymentID = [8]byte{1} },
		"an unknown kind":           func(_ *maker, d *spend.Draft) { d.Outputs[0].Address.Kind = 3 },
		"an unknown network":        func(_ *maker, d *spend.Draft) { d.Outputs[0].Address.Network, d.Outputs[1].Address.Network = 3, 3 },
		"two networks":              func(_ *maker, d *spend.Draft) { d.Outputs[1].Address.Network = address.Testnet },
		"a spend key of no point":   func(_ *maker, d *spend.Draft) { d.Outputs[0].Address.Spend = [32]byte{2} },
		"a view key of small order": func(_ *maker, d *spend.Draft) { d.Outputs[0].Address.View = torsion },
		"an identity as spend key":  func(_ *maker, d *spend.Draft) { d.Outputs[0].Address.Spend = [32]byte{1} },
	} {
		t.Run(name, func(t *testing.T) {
			m := newMaker(1)
			w := m.wallet()
			d := m.draft(t, 2, []spend.Output{{Address: w.address(0, 0), Amount: 1}, {Address: w.address(0, 0), Amount: 2}})
			newUnsigned(t, d)
			change(m, &d)
			_, err := spend.New(d)
			require.ErrorIs(t, err, spend.ErrInvalid)
		})
	}
}

// many is a draft with any number of inputs and outputs.
func (m *maker) many(inputs int, outputs []spend.Output) spend.Draft {
	d := spend.Draft{Seed: m.seed(), Outputs: outputs}
	for range inputs {
		d.Inputs = append(d.Inputs, m.input(1e15))
		d.Fee += 1e15
	}
	for _, o := range outputs {
		d.Fee -= o.Amount
	}
	return d
}

// spread gives a ring other indices.
func spread(ring []spend.Member, first, difference uint64) {
	for i := range ring {
		ring[i].Index = first + uint64(i)*difference
	}
}

func TestOffsetsOfTheGreatestSizeArePossible(t *testing.T) {
	m := newMaker(2)
	d := m.draft(t, 1, m.outputs(2, m.wallet()))
	spread(d.Inputs[0].Ring, 1<<35-1, 1<<28-1)
	u := newUnsigned(t, d)
	require.Equal(t, u.MaxWeight(), m.pretend(t, u).Weight())

	// A difference of 5 bytes where the first index has 4.
	spread(d.Inputs[0].Ring, 1<<28-1, 1<<28-1)
	d.Inputs[0].Ring[15].Index = d.Inputs[0].Ring[14].Index + 1<<28
	u = newUnsigned(t, d)
	require.Equal(t, u.MaxWeight(), m.pretend(t, u).Weight())
}

func TestADraftMayChangeAfterwards(t *testing.T) {
	m := newMaker(3)
	d := m.draft(t, 1, m.outputs(2, m.wallet()))
	u := newUnsigned(t, d)
	before := u.Bytes()
	d.Inputs[0].Ring[0].Index++
	*d.Inputs[0].Mask = edwards25519.Scalar{}
	require.Equal(t, before, u.Bytes())
}

func TestNothingIsErasedThatTheDraftOwns(t *testing.T) {
	m := newMaker(4)
	d := m.draft(t, 2, m.outputs(2, m.wallet()))
	u := newUnsigned(t, d)
	for range 2 {
		work, err := u.Work(d)
		require.NoError(t, err)
		_, err = u.Assemble(d, m.sign(t, work))
		require.NoError(t, err)
	}
	for _, in := range d.Inputs {
		require.Equal(t, in.Commitment, [32]byte(keys.Commit(in.Mask, in.Amount).Bytes()))
	}
}
