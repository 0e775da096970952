package spend_test

import (
	"bytes"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/serai-go/processor/coin/monero/block"
	"github.com/serai-go/processor/coin/monero/spend"
	"github.com/serai-go/processor/eventuality"
)

func TestExpectationsMatchOnlyTheirTransaction(t *testing.T) {
	wallets := []wallet{newMaker(5).wallet(), newMaker(6).wallet()}
	rapid.Check(t, func(t *rapid.T) {
		m := newMaker(rapid.Uint64().Draw(t, "seed"))
		d := m.draft(t, rapid.IntRange(2, 4).Draw(t, "inputs"), m.outputs(rapid.IntRange(1, 16).Draw(t, "outputs"), wallets...))
		u := unproven(t, d)
		e := u.Expectation()
		tx := m.pretend(t, u)
		require.True(t, e.Matches(tx))
		require.True(t, e.Matches(m.pretend(t, u)), "other key images give another order")
		require.Equal(t, []byte(tx.Extra()), e.Lookup())
		require.LessOrEqual(t, len(e.Lookup()), eventuality.MaxLookup)

		again, err := spend.ReadExpectation(e.Bytes())
		require.NoError(t, err)
		require.Equal(t, e, again)
		require.Equal(t, e.ID(), again.ID())

		other := d
		other.Inputs = append([]spend.Input{m.input(d.Inputs[0].Amount)}, d.Inputs[1:]...)
		require.NotEqual(t, e.ID(), unproven(t, other).Expectation().ID())
		require.False(t, unproven(t, other).Expectation().Matches(tx))
	})
}

func TestATransactionThatDiffersIsAnother(t *testing.T) {
	m := newMaker(1)
	w := m.wallet()
	d := m.draft(t, 2, []spend.Output{{Address: w.address(0, 0), Amount: 1}, {Address: w.address(1, 0), Amount: 2}})
	u := unproven(t, d)
	e := u.Expectation()
	for name, change := range map[string]func(f *block.Fields){
		"type 5": func(f *block.Fields) {
			f.Type = block.TypeCLSAG
			f.RangeProofs = append(f.RangeProofs, make([]byte, 96)...)
		},
		"an unlock time":      func(f *block.Fields) { f.UnlockTime = 1 },
		"an input twice":      func(f *block.Fields) { again(f, 1) },
		"an input less":       func(f *block.Fields) { less(f) },
		"an amount":           func(f *block.Fields) { f.Inputs[0].Amount = 1 },
		"another ring":        func(f *block.Fields) { f.Inputs[0].Offsets[0]++ },
		"another last member": func(f *block.Fields) { f.Inputs[1].Offsets[15]++ },
		"one ring twice":      func(f *block.Fields) { f.Inputs[0].Offsets = f.Inputs[1].Offsets },
		"an output's key":     func(f *block.Fields) { f.Outputs[0].Key = m.point() },
		"a view tag":          func(f *block.Fields) { f.Outputs[1].ViewTag ^= 1 },
		"no view tag":         func(f *block.Fields) { f.Outputs[1].Tagged = false },
		"outputs exchanged":   func(f *block.Fields) { slices.Reverse(f.Outputs) },
		"an encrypted amount": func(f *block.Fields) { f.EncryptedAmounts[0][0] ^= 1 },
		"a commitment":        func(f *block.Fields) { f.Commitments[0] = m.point() },
		"the fee":             func(f *block.Fields) { f.Fee++ },
		"the extra field":     func(f *block.Fields) { f.Extra = append(slices.Clone(f.Extra), 0) },
		"another key":         func(f *block.Fields) { f.Extra = changed(f.Extra, 1) },
	} {
		f := m.pretend(t, u).Fields()
		change(f)
		tx, err := f.Encode()
		require.NoError(t, err, name)
		require.False(t, e.Matches(tx), name)
	}
	for name, change := range map[string]func(f *block.Fields){
		"a key image":     func(f *block.Fields) { f.Inputs[0].KeyImage = m.point() },
		"a signature":     func(f *block.Fields) { f.Signatures[0][0]++ },
		"inputs in order": func(f *block.Fields) { slices.Reverse(f.Inputs) },
		"a range proof":   func(f *block.Fields) { f.RangeProofs = changed(f.RangeProofs, 1) },
	} {
		f := m.pretend(t, u).Fields()
		change(f)
		tx, err := f.Encode()
		require.NoError(t, err, name)
		require.True(t, e.Matches(tx), name)
	}
}

func TestExpectationsAreReadInOneForm(t *testing.T) {
	m := newMaker(2)
	w := m.wallet()
	key := m.point()
	part := func(tag byte, data ...byte) []byte {
		e, err := block.Extra(nil).AppendPart(block.Part{Tag: tag, Data: data})
		require.NoError(t, err)
		return e
	}
	hash := make([]byte, 32)
	txKey := part(block.TagKey, key[:]...)
	for name, extra := range map[string][]byte{
		"nothing":                     nil,
		"no key":                      part(block.TagNonce, 1, 0, 0, 0, 0, 0, 0, 0, 0),
		"two keys":                    slices.Concat(txKey, txKey),
		"a short key":                 txKey[:32],
		"data twice":                  slices.Concat(txKey, part(block.TagNonce, 127, 1), part(block.TagNonce, 127, 1)),
		"data before the key":         slices.Concat(part(block.TagNonce, 127, 1), txKey),
		"padding":                     append(slices.Clone(txKey), 0),
		"an unencrypted payment ID":   slices.Concat(txKey, part(block.TagNonce, make([]byte, 33)...)),
		"additional keys of nobody":   slices.Concat(txKey, part(block.TagAdditionalKeys)),
		"one additional key":          slices.Concat(txKey, part(block.TagAdditionalKeys, key[:]...)),
		"17 additional keys":          slices.Concat(txKey, part(block.TagAdditionalKeys, bytes.Repeat(key[:], 17)...)),
		"2 and no payment ID":         slices.Concat(txKey, part(block.TagAdditionalKeys, bytes.Repeat(key[:], 2)...)),
		"3 and a payment ID":          slices.Concat(txKey, part(block.TagAdditionalKeys, bytes.Repeat(key[:], 3)...), part(block.TagNonce, 1, 0, 0, 0, 0, 0, 0, 0, 0)),
		"a payment ID before the key": slices.Concat(part(block.TagNonce, 1, 0, 0, 0, 0, 0, 0, 0, 0), txKey),
	} {
		_, err := spend.ReadExpectation(slices.Concat(hash, extra))
		require.ErrorIs(t, err, spend.ErrInvalid, name)
	}
	for _, n := range []int{1, 3} {
		e := unproven(t, m.draft(t, 1, m.outputs(n, w))).Expectation()
		_, err := spend.ReadExpectation(e.Bytes())
		require.NoError(t, err)
	}
	for n := range 32 + 33 {
		_, err := spend.ReadExpectation(slices.Concat(hash, txKey)[:n])
		require.ErrorIs(t, err, spend.ErrInvalid)
	}
	_, err := spend.ReadExpectation(slices.Concat(hash, txKey))
	require.NoError(t, err)
}
