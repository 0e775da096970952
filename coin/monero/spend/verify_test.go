package spend_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin/monero/block"
	"github.com/serai-go/processor/coin/monero/keys"
	"github.com/serai-go/processor/coin/monero/spend"
)

func TestTransactionsWithAnotherFieldAreRefused(t *testing.T) {
	m := newMaker(1)
	w := m.wallet()
	d := m.draft(t, 2, []spend.Output{{Address: w.address(0, 0), Amount: 1}, {Address: w.address(1, 0), Amount: 2}, {Address: w.address(0, 0), Amount: 3}})
	u, tx := m.complete(t, d)
	for name, change := range map[string]func(f *block.Fields){
		"version 1":      func(f *block.Fields) { f.Version = 1 },
		"type 5":         func(f *block.Fields) { f.Type = block.TypeCLSAG },
		"an unlock time": func(f *block.Fields) { f.UnlockTime = 1 },
		"a key image":    func(f *block.Fields) { f.Inputs[0].KeyImage[0] ^= 1 },
		"key images exchanged": func(f *block.Fields) {
			exchange(f.Inputs, func(in *block.InputFields) *[32]byte { return &in.KeyImage })
		},
		"inputs exchanged": func(f *block.Fields) {
			slices.Reverse(f.Inputs)
			slices.Reverse(f.Signatures)
			slices.Reverse(f.PseudoOuts)
		},
		"signatures exchanged":                    func(f *block.Fields) { slices.Reverse(f.Signatures) },
		"pseudo outputs exchanged":                func(f *block.Fields) { slices.Reverse(f.PseudoOuts) },
		"an input twice":                          func(f *block.Fields) { again(f, 1) },
		"an input less":                           func(f *block.Fields) { less(f) },
		"an amount of an input":                   func(f *block.Fields) { f.Inputs[0].Amount = 1 },
		"a ring's first index":                    func(f *block.Fields) { f.Inputs[0].Offsets[0]++ },
		"a ring's difference":                     func(f *block.Fields) { f.Inputs[1].Offsets[15]++ },
		"a member twice":                          func(f *block.Fields) { f.Inputs[1].Offsets[15] = 0 },
		"a ring that wraps":                       func(f *block.Fields) { f.Inputs[0].Offsets[1] -= 1 << 63; f.Inputs[0].Offsets[2] += 1 << 63 },
		"an output's key":                         func(f *block.Fields) { f.Outputs[0].Key = m.point() },
		"an output's key of no point":             func(f *block.Fields) { f.Outputs[0].Key = [32]byte{2} },
		"a view tag":                              func(f *block.Fields) { f.Outputs[2].ViewTag ^= 1 },
		"no view tag":                             func(f *block.Fields) { f.Outputs[1].Tagged = false },
		"outputs exchanged":                       func(f *block.Fields) { f.Outputs[0], f.Outputs[1] = f.Outputs[1], f.Outputs[0] },
		"the extra field":                         func(f *block.Fields) { f.Extra = append(f.Extra, 0) },
		"an extra field of 1061":                  func(f *block.Fields) { f.Extra = make([]byte, 1061) },
		"the fee":                                 func(f *block.Fields) { f.Fee++ },
		"an encrypted amount":                     func(f *block.Fields) { f.EncryptedAmounts[0] = make([]byte, 8) },
		"a commitment":                            func(f *block.Fields) { f.Commitments[0] = m.point() },
		"a commitment of no point":                func(f *block.Fields) { f.Commitments[0] = [32]byte{2} },
		"commitments exchanged":                   func(f *block.Fields) { slices.Reverse(f.Commitments) },
		"a commitment with a part of small order": func(f *block.Fields) { f.Commitments[0] = twisted(t, f.Commitments[0]) },
		"a pseudo output":                         func(f *block.Fields) { f.PseudoOuts[1] = m.point() },
		"a pseudo output of no point":             func(f *block.Fields) { f.PseudoOuts[1] = [32]byte{2} },
		"no signature":                            func(f *block.Fields) { f.Signatures[0] = make([]byte, len(f.Signatures[0])) },
		"the last signature":                      func(f *block.Fields) { f.Signatures[1] = make([]byte, len(f.Signatures[0])) },
		"a range proof's first point":             func(f *block.Fields) { f.RangeProofs = changed(f.RangeProofs, 1) },
		"a range proof's scalar":                  func(f *block.Fields) { f.RangeProofs = changed(f.RangeProofs, 1+3*32) },
		"a range proof's last point":              func(f *block.Fields) { f.RangeProofs = changed(f.RangeProofs, len(f.RangeProofs)-1) },
		"two range proofs":                        func(f *block.Fields) { f.RangeProofs[0] = 2 },
	} {
		t.Run(name, func(t *testing.T) {
			raw := slices.Clone(tx.Raw())
			copied, err := block.ParseTransaction(raw)
			require.NoError(t, err)
			f := copied.Fields()
			change(f)
			other, err := f.Encode()
			if err != nil {
				return
			}
			require.NotEqual(t, tx.Raw(), other.Raw())
			require.Error(t, spend.Verify(other, chain(d)))
			require.ErrorIs(t, u.Verify(d, other), spend.ErrInvalid)
		})
	}
}

// exchange exchanges a field of the first two of a list.
func exchange[T any](list []T, field func(*T) *[32]byte) {
	a, b := field(&list[0]), field(&list[1])
	*a, *b = *b, *a
}

func again(f *block.Fields, i int) {
	f.Inputs = append(f.Inputs, f.Inputs[i])
	f.Signatures = append(f.Signatures, f.Signatures[i])
	f.PseudoOuts = append(f.PseudoOuts, f.PseudoOuts[i])
}

func less(f *block.Fields) {
	f.Inputs, f.Signatures, f.PseudoOuts = f.Inputs[:1], f.Signatures[:1], f.PseudoOuts[:1]
}

func changed(b []byte, i int) []byte {
	b = slices.Clone(b)
	b[i] ^= 1
	return b
}

// twisted adds a point of small order.
func twisted(t require.TestingT, b [32]byte) [32]byte {
	p, err := keys.DecodePoint(b[:])
	require.NoError(t, err)
	small, err := keys.DecodePoint(torsion[:])
	require.NoError(t, err)
	return [32]byte(p.Add(p, small).Bytes())
}

func TestNoByteOfATransactionIsBelieved(t *testing.T) {
	m := newMaker(2)
	d := m.draft(t, 1, m.outputs(2, m.wallet()))
	u, tx := m.complete(t, d)
	for i := 0; i < len(tx.Raw()); i += 13 {
		other, err := block.ParseTransaction(changed(tx.Raw(), i))
		if err != nil {
			continue
		}
		require.Error(t, spend.Verify(other, chain(d)), "byte %d", i)
		require.ErrorIs(t, u.Verify(d, other), spend.ErrInvalid, "byte %d", i)
	}
}

func TestRingsMustBeThoseThatWereAskedFor(t *testing.T) {
	m := newMaker(3)
	d := m.draft(t, 1, m.outputs(2, m.wallet()))
	_, tx := m.complete(t, d)
	known := chain(d)
	require.NoError(t, spend.Verify(tx, known))
	lost := errors.New("lost")
	require.ErrorIs(t, spend.Verify(tx, func([]uint64) ([]spend.Member, error) { return nil, lost }), lost)
	for name, change := range map[string]func([]spend.Member) []spend.Member{
		"none":             func([]spend.Member) []spend.Member { return nil },
		"fewer":            func(r []spend.Member) []spend.Member { return r[:15] },
		"more":             func(r []spend.Member) []spend.Member { return append(r, r[0]) },
		"of other indices": func(r []spend.Member) []spend.Member { r[3].Index++; return r },
		"another order":    func(r []spend.Member) []spend.Member { slices.Reverse(r); return r },
		"another key":      func(r []spend.Member) []spend.Member { r[3].Key = m.point(); return r },
		"no key":           func(r []spend.Member) []spend.Member { r[3].Key = [32]byte{2}; return r },
		"another amount":   func(r []spend.Member) []spend.Member { r[3].Commitment = m.point(); return r },
	} {
		err := spend.Verify(tx, func(indices []uint64) ([]spend.Member, error) {
			ring, err := known(indices)
			require.NoError(t, err)
			return change(ring), nil
		})
		require.ErrorIs(t, err, spend.ErrInvalid, name)
	}
}

func TestOtherKindsOfTransactionsAreRefused(t *testing.T) {
	m := newMaker(4)
	d := m.draft(t, 1, m.outputs(2, m.wallet()))
	u, tx := m.complete(t, d)
	pruned, err := block.ParsePruned(tx.Raw()[:tx.PrunedLen()], tx.PrunableHash())
	require.NoError(t, err)
	coinbase, err := (&block.Fields{
		Version: 2, Coinbase: true, Height: 3, Extra: tx.Extra(), Outputs: []block.Output{{Amount: 1, Key: m.point(), Tagged: true}},
	}).Encode()
	require.NoError(t, err)
	for _, other := range []*block.Transaction{pruned, coinbase} {
		require.ErrorIs(t, spend.Verify(other, chain(d)), spend.ErrInvalid)
		require.ErrorIs(t, u.Verify(d, other), spend.ErrInvalid)
	}
	require.True(t, u.Expectation().Matches(pruned))
	require.False(t, u.Expectation().Matches(coinbase))
}

// TestTransactionsBeyondTheLimits has signatures and proofs of nothing: what is
// cheaper is checked before.
func TestTransactionsBeyondTheLimits(t *testing.T) {
	m := newMaker(5)
	u, d := func() (*spend.Unsigned, spend.Draft) {
		d := m.draft(t, 128, m.outputs(2, m.wallet()))
		return unproven(t, d), d
	}()
	f := m.pretend(t, u).Fields()
	for i := range 90 {
		again(f, i)
	}
	tx, err := f.Encode()
	require.NoError(t, err)
	require.Greater(t, tx.Weight(), uint64(block.MaxWeight))
	require.ErrorContains(t, spend.Verify(tx, chain(d)), "nodes relay")

	f = m.pretend(t, u).Fields()
	slices.Reverse(f.Inputs)
	tx, err = f.Encode()
	require.NoError(t, err)
	require.ErrorContains(t, spend.Verify(tx, chain(d)), "key images do not descend")
	f = m.pretend(t, u).Fields()
	f.Inputs[1] = f.Inputs[0]
	tx, err = f.Encode()
	require.NoError(t, err)
	require.ErrorContains(t, spend.Verify(tx, chain(d)), "key images do not descend")

	f = m.pretend(t, u).Fields()
	f.Inputs[127].Offsets[15] = 0
	tx, err = f.Encode()
	require.NoError(t, err)
	require.ErrorContains(t, spend.Verify(tx, chain(d)), "ring members of input 127 do not ascend")
	f = m.pretend(t, u).Fields()
	f.Inputs[0].Offsets[1] -= 1 << 63
	f.Inputs[0].Offsets[2] += 1 << 63
	tx, err = f.Encode()
	require.NoError(t, err)
	require.ErrorContains(t, spend.Verify(tx, chain(d)), "ring members of input 0 do not ascend")

	f = m.pretend(t, u).Fields()
	f.Extra = make([]byte, block.MaxRelayExtra+1)
	tx, err = f.Encode()
	require.NoError(t, err)
	require.ErrorContains(t, spend.Verify(tx, chain(d)), "extra field of 1061 bytes")

	f = m.pretend(t, u).Fields()
	f.Outputs, f.EncryptedAmounts, f.Commitments = f.Outputs[:1], f.EncryptedAmounts[:1], f.Commitments[:1]
	f.RangeProofs = append([]byte{1}, provenFor(1)[4:]...)
	tx, err = f.Encode()
	require.NoError(t, err)
	require.ErrorContains(t, spend.Verify(tx, chain(d)), "1 outputs")
}

func TestSignaturesAreChecked(t *testing.T) {
	m := newMaker(6)
	d := m.draft(t, 2, m.outputs(2, m.wallet()))
	u := newUnsigned(t, d)
	work, err := u.Work(d)
	require.NoError(t, err)
	signatures := m.sign(t, work)
	_, err = u.Assemble(d, signatures)
	require.NoError(t, err)
	for name, other := range map[string][][]byte{
		"none":             nil,
		"fewer":            signatures[:1],
		"more":             {signatures[0], signatures[1], signatures[1]},
		"exchanged":        {signatures[1], signatures[0]},
		"one twice":        {signatures[0], signatures[0]},
		"empty":            {nil, nil},
		"short":            {signatures[0], signatures[1][1:]},
		"long":             {append(slices.Clone(signatures[0]), 0), signatures[1]},
		"another image":    {changed(signatures[0], 0), signatures[1]},
		"another response": {signatures[0], changed(signatures[1], 40)},
	} {
		_, err := u.Assemble(d, other)
		require.ErrorIs(t, err, spend.ErrInvalid, name)
	}
}
