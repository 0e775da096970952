package spend_test

import (
	"bytes"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/serai-go/processor/coin/monero/address"
	"github.com/serai-go/processor/coin/monero/block"
	"github.com/serai-go/processor/coin/monero/spend"
)

// draftWith makes a draft that spends an output and carries data.
func (m *maker) draftWith(t require.TestingT, outputs []spend.Output, data []byte) spend.Draft {
	d := m.draft(t, 1, outputs)
	fee, err := spend.Shape{Inputs: 1, Outputs: addressesOf(outputs), Data: len(data)}.Fee(rate)
	require.NoError(t, err)
	sum := d.Inputs[0].Amount + fee - d.Fee
	d.Inputs, d.Fee, d.Data = []spend.Input{m.input(sum)}, fee, data
	return d
}

func TestAnyTransactionSaysItsData(t *testing.T) {
	wallets := []wallet{newMaker(5).wallet(), newMaker(6).wallet()}
	rapid.Check(t, func(t *rapid.T) {
		m := newMaker(rapid.Uint64().Draw(t, "seed"))
		data := rapid.SliceOfN(rapid.Byte(), 0, spend.MaxData).Draw(t, "data")
		outputs := m.outputs(rapid.IntRange(1, 16).Draw(t, "outputs"), wallets...)
		d := m.draftWith(t, outputs, data)
		u, err := spend.Unproven(d)
		require.NoError(t, err)
		tx := m.pretend(t, u)
		requireFound(t, u, tx, outputs, wallets...)
		require.Equal(t, u.MaxWeight()-unusedOffsets(tx), tx.Weight())
		require.LessOrEqual(t, len(tx.Extra()), block.MaxRelayExtra)

		said := slices.Collect(tx.Extra().Data())
		if len(data) == 0 {
			require.Empty(t, said)
			require.Nil(t, u.Data())
			return
		}
		require.Equal(t, [][]byte{data}, said)
		require.Equal(t, data, u.Data())
		found := scanner(t, wallets...).Scan(nil, []*block.Transaction{tx}, 0)
		require.Equal(t, [][]byte{data}, found[0].Data)
	})
}

func TestDataIsSignedEncodedCheckedAndExpected(t *testing.T) {
	m := newMaker(8)
	w := m.wallet()
	for _, n := range []int{1, 8, 126, 127, spend.MaxData} { // with sizes of one byte and of two
		outputs := m.outputs(2, w)
		d := m.draftWith(t, outputs, bytes.Repeat([]byte{9}, n))
		u, tx := m.complete(t, d)
		require.NoError(t, u.Check(d.Seed))
		require.NoError(t, u.Verify(d, tx))
		require.True(t, u.Expectation().Matches(tx))
		again, err := spend.Parse(u.Bytes())
		require.NoError(t, err)
		require.Equal(t, u, again)
		expected, err := spend.ReadExpectation(u.Expectation().Bytes())
		require.NoError(t, err)
		require.True(t, expected.Matches(tx))

		other := d
		other.Data = bytes.Clone(d.Data)
		other.Data[n-1] ^= 1
		require.ErrorIs(t, u.Verify(other, tx), spend.ErrInvalid)
		require.False(t, newUnsigned(t, other).Expectation().Matches(tx))
		_, err = u.Work(other)
		require.ErrorIs(t, err, spend.ErrInvalid)

		// Data comes last in the extra field.
		encoded := u.Bytes()
		at := bytes.Index(encoded, tx.Extra())
		encoded[at+len(tx.Extra())-1] ^= 1
		forged, err := spend.Parse(encoded)
		require.NoError(t, err, "of its form")
		require.NoError(t, forged.Check(d.Seed), "data is what it says")
		require.NotEqual(t, d.Data, forged.Data())
	}
}

func TestDataThatCannotBeSaid(t *testing.T) {
	m := newMaker(9)
	outputs := m.outputs(2, m.wallet())
	d := m.draftWith(t, outputs, make([]byte, spend.MaxData))
	d.Data = append(d.Data, 0)
	_, err := spend.New(d)
	require.ErrorIs(t, err, spend.ErrInvalid)
	for _, n := range []int{-1, spend.MaxData + 1} {
		_, err := spend.Shape{Inputs: 1, Outputs: []address.Address{outputs[0].Address}, Data: n}.Fee(rate)
		require.ErrorIs(t, err, spend.ErrInvalid)
	}

	// An expectation has one part with data at most, and none that says nothing.
	d.Data = []byte{5}
	bare := newUnsigned(t, d).Expectation().Bytes()
	_, err = spend.ReadExpectation(bare)
	require.NoError(t, err)
	_, err = spend.ReadExpectation(append(bytes.Clone(bare), 2, 2, 127, 5))
	require.ErrorIs(t, err, spend.ErrInvalid, "twice")
	_, err = spend.ReadExpectation(append(bare[:len(bare)-4], 2, 1, 127))
	require.ErrorIs(t, err, spend.ErrInvalid, "nothing")
}
