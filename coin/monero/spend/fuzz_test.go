package spend_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin/monero/address"
	"github.com/serai-go/processor/coin/monero/block"
	"github.com/serai-go/processor/coin/monero/spend"
)

func FuzzParse(f *testing.F) {
	m := newMaker(1)
	w := m.wallet()
	sub, main := w.address(1, 0), w.address(0, 0)
	var drafts []spend.Draft
	for _, to := range [][]address.Address{{sub}, {main, sub}, {main, main, main}} {
		var outputs []spend.Output
		for _, a := range to {
			outputs = append(outputs, spend.Output{Address: a, Amount: 5})
		}
		d := m.draft(f, len(to), outputs)
		drafts = append(drafts, d)
		u := newUnsigned(f, d)
		f.Add(u.Bytes())
		f.Add(unproven(f, d).Bytes())
		f.Add(u.Bytes()[:len(u.Bytes())/2])
	}
	images := m.images(3)
	f.Fuzz(func(t *testing.T, data []byte) {
		u, err := spend.Parse(data)
		if err != nil {
			require.ErrorIs(t, err, spend.ErrInvalid)
			return
		}
		require.Equal(t, data, u.Bytes())
		require.Len(t, u.Outputs(), len(u.Places()))
		require.LessOrEqual(t, u.MaxWeight(), uint64(block.MaxWeight))
		e, err := spend.ReadExpectation(u.Expectation().Bytes())
		require.NoError(t, err)
		if n := len(u.Spent()); n <= len(images) {
			_, err = u.Message(images[:n])
			require.NoError(t, err)
			tx, err := u.Pretend(images[:n])
			require.NoError(t, err)
			require.LessOrEqual(t, tx.Weight(), u.MaxWeight())
			require.True(t, e.Matches(tx))
			require.ErrorIs(t, spend.Verify(tx, func([]uint64) ([]spend.Member, error) { return u.Rings()[0], nil }), spend.ErrInvalid)
		}
		for _, d := range drafts {
			if u.Check(d.Seed) != nil {
				continue
			}
			// Only rings and pseudo outputs can still be others.
			require.Equal(t, d.Outputs, u.Outputs())
		}
	})
}

func FuzzReadExpectation(f *testing.F) {
	m := newMaker(2)
	w := m.wallet()
	for _, n := range []int{1, 2, 3, 16} {
		f.Add(unproven(f, m.draft(f, 1, m.outputs(n, w))).Expectation().Bytes())
	}
	f.Add(make([]byte, 32))
	f.Fuzz(func(t *testing.T, data []byte) {
		e, err := spend.ReadExpectation(data)
		if err != nil {
			require.ErrorIs(t, err, spend.ErrInvalid)
			return
		}
		require.Equal(t, data, e.Bytes())
		require.Equal(t, data[32:], e.Lookup())
	})
}

// FuzzAssemble is given the signatures of two inputs one after the other.
func FuzzAssemble(f *testing.F) {
	m := newMaker(3)
	d := m.draft(f, 2, m.outputs(2, m.wallet()))
	u := newUnsigned(f, d)
	work, err := u.Work(d)
	require.NoError(f, err)
	signatures := m.sign(f, work)
	good := slices.Concat(signatures...)
	f.Add(good)
	f.Add(slices.Concat(signatures[1], signatures[0]))
	f.Add(make([]byte, len(good)))
	tx, err := u.Assemble(d, signatures)
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, data []byte) {
		half := len(data) / 2
		got, err := u.Assemble(d, [][]byte{data[:half], data[half:]})
		if slices.Equal(data, good) {
			require.NoError(t, err)
			require.Equal(t, tx.Raw(), got.Raw())
			return
		}
		require.ErrorIs(t, err, spend.ErrInvalid, "there is no other signature in reach")
	})
}

// FuzzVerify is given transactions that change everything but what makes them
// fit the ring.
func FuzzVerify(f *testing.F) {
	m := newMaker(4)
	d := m.draft(f, 2, m.outputs(2, m.wallet()))
	u, tx := m.complete(f, d)
	f.Add(tx.Raw())
	f.Add(m.pretend(f, u).Raw())
	f.Fuzz(func(t *testing.T, data []byte) {
		other, err := block.ParseTransaction(data)
		if err != nil {
			return
		}
		err = spend.Verify(other, func(indices []uint64) ([]spend.Member, error) {
			ring := slices.Clone(d.Inputs[0].Ring)
			for i := range min(len(ring), len(indices)) {
				ring[i].Index = indices[i]
			}
			return ring, nil
		})
		require.ErrorIs(t, err, spend.ErrInvalid)
		require.Equal(t, slices.Equal(data, tx.Raw()), u.Verify(d, other) == nil)
		u.Expectation().Matches(other)
	})
}
