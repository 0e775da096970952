package spend_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/serai-go/processor/coin/monero/address"
	"github.com/serai-go/processor/coin/monero/bulletproofs"
	"github.com/serai-go/processor/coin/monero/keys"
	"github.com/serai-go/processor/coin/monero/spend"
)

func TestUnsignedTransactionsAreReadBack(t *testing.T) {
	wallets := []wallet{newMaker(5).wallet(), newMaker(6).wallet()}
	rapid.Check(t, func(t *rapid.T) {
		m := newMaker(rapid.Uint64().Draw(t, "seed"))
		d := m.draft(t, rapid.IntRange(1, 3).Draw(t, "inputs"), m.outputs(rapid.IntRange(1, 16).Draw(t, "outputs"), wallets...))
		u := unproven(t, d)
		again, err := spend.Parse(u.Bytes())
		require.NoError(t, err)
		require.Equal(t, u.Bytes(), again.Bytes())
		require.Equal(t, u.Places(), again.Places())
		require.Equal(t, u.Expectation(), again.Expectation())
		require.Equal(t, d.Outputs, again.Outputs())
		require.Equal(t, d.Fee, again.Fee())
		for i, in := range d.Inputs {
			require.Equal(t, in.Ring, again.Rings()[i])
			require.Equal(t, in.Ring[in.Real], again.Spent()[i])
		}
		images := m.images(len(d.Inputs))
		one, err := u.Message(images)
		require.NoError(t, err)
		two, err := again.Message(images)
		require.NoError(t, err)
		require.Equal(t, one, two)
	})
}

// layout is where things are in the encoding of a transaction with one input.
type layout struct{ input, outputs, places, extra, fee, proof, end int }

func layoutOf(u *spend.Unsigned, outputs int) layout {
	l := layout{input: 4}
	l.outputs = l.input + 16*72 + 1 + 32
	l.places = l.outputs + 4 + outputs*(2+64+8+32+1+8+32)
	l.extra = l.places + 4 + len(u.Places())
	l.fee = l.extra + 4 + len(u.Expectation().Lookup())
	l.proof = l.fee + 8
	l.end = l.proof + 4 + bulletproofs.Size(outputs)
	return l
}

func TestNoByteOfAnUnsignedTransactionIsBelieved(t *testing.T) {
	m := newMaker(1)
	w := m.wallet()
	d := m.draft(t, 1, []spend.Output{{Address: w.address(0, 0), Amount: 1}, {Address: w.address(1, 0), Amount: 2}})
	u := newUnsigned(t, d)
	data := u.Bytes()
	l := layoutOf(u, 2)
	require.Len(t, data, l.end)
	real := l.input + 72*d.Inputs[0].Real
	for i := range data {
		if i%7 != 0 && (i < l.outputs-33 || i > l.proof+8) {
			continue // rings and range proof are long
		}
		changed := slices.Clone(data)
		changed[i] ^= 1 << (i % 8)
		bad, err := spend.Parse(changed)
		if err != nil {
			require.ErrorIs(t, err, spend.ErrInvalid)
			continue
		}
		require.Equal(t, changed, bad.Bytes())
		if i < l.proof {
			_, err = bad.Work(d)
			require.ErrorIs(t, err, spend.ErrInvalid, "byte %d", i)
		}
		// Decoys and the index of what is spent are not the seed's.
		if (i < real+8 || i >= real+72) && i < l.outputs-33 {
			continue
		}
		require.ErrorIs(t, bad.Check(d.Seed), spend.ErrInvalid, "byte %d", i)
	}
	for n := range data {
		_, err := spend.Parse(data[:n])
		require.ErrorIs(t, err, spend.ErrInvalid)
	}
	_, err := spend.Parse(append(data, 0))
	require.ErrorIs(t, err, spend.ErrInvalid)
}

// TestFormsThatNobodyMakes changes encodings where one byte does not tell.
func TestFormsThatNobodyMakes(t *testing.T) {
	m := newMaker(2)
	w := m.wallet()
	two := []spend.Output{{Address: w.address(0, 0), Amount: 1}, {Address: w.address(0, 0), Amount: 2}}
	u := unproven(t, m.draft(t, 1, two))
	alone := unproven(t, m.draft(t, 1, two[:1]))
	l, la := layoutOf(u, 2), layoutOf(alone, 2)
	const output = 2 + 64 + 8 + 32 + 1 + 8 + 32
	added := la.outputs + 4 + (1-alone.Places()[0])*output
	for name, c := range map[string]struct {
		data   []byte
		change func([]byte) []byte
	}{
		"no inputs":                          {u.Bytes(), func(b []byte) []byte { return append(make([]byte, 4), b[l.outputs:]...) }},
		"no places":                          {u.Bytes(), func(b []byte) []byte { return slices.Concat(b[:l.places], make([]byte, 4), b[l.extra:]) }},
		"a place twice":                      {u.Bytes(), func(b []byte) []byte { b[l.places+4] = b[l.places+5]; return b }},
		"a place beyond":                     {u.Bytes(), func(b []byte) []byte { b[l.places+4] = 2; return b }},
		"an output of which nobody knows":    {u.Bytes(), func(b []byte) []byte { b[l.places] = 1; return slices.Delete(b, l.places+4, l.places+5) }},
		"an added output of some amount":     {alone.Bytes(), func(b []byte) []byte { b[added+2+64] = 1; return b }},
		"an added output to another address": {alone.Bytes(), func(b []byte) []byte { b[added+1] = 2; return b }},
		"real member 16":                     {u.Bytes(), func(b []byte) []byte { b[l.outputs-33] = 16; return b }},
		"a proof for 3 outputs":              {u.Bytes(), func(b []byte) []byte { return append(b[:l.proof], provenFor(3)...) }},
		"a byte behind the proof": {u.Bytes(), func(b []byte) []byte {
			b[l.proof]++
			return append(b, 0)
		}},
		"an extra field of additional keys": {u.Bytes(), func(b []byte) []byte {
			other := unproven(t, newMaker(3).draft(t, 1, []spend.Output{{Address: w.address(0, 0)}, {Address: w.address(1, 0)}}))
			lo := layoutOf(other, 2)
			return slices.Concat(b[:l.extra], other.Bytes()[lo.extra:lo.fee], b[l.fee:])
		}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := spend.Parse(c.data)
			require.NoError(t, err)
			_, err = spend.Parse(c.change(slices.Clone(c.data)))
			require.ErrorIs(t, err, spend.ErrInvalid)
		})
	}
}

// provenFor is the encoding of something like a range proof, behind its length.
func provenFor(outputs int) []byte {
	size := bulletproofs.Size(outputs)
	b := make([]byte, 4+size)
	b[0], b[1] = byte(size), byte(size>>8)
	lists := (size - 6*32 - 2) / 64
	b[4+6*32], b[4+6*32+1+32*lists] = byte(lists), byte(lists)
	return b
}

func TestCheckWantsTheSeed(t *testing.T) {
	m := newMaker(4)
	w := m.wallet()
	for _, n := range []int{1, 2, 5} {
		outputs := m.outputs(n, w)
		d := m.draft(t, 2, outputs)
		u := newUnsigned(t, d)
		require.NoError(t, u.Check(d.Seed))
		require.ErrorIs(t, u.Check(m.seed()), spend.ErrInvalid)
	}
}

func TestMessagesTakeAnImageForEachInput(t *testing.T) {
	m := newMaker(5)
	u := unproven(t, m.draft(t, 3, m.outputs(2, m.wallet())))
	images := m.images(3)
	one, err := u.Message(images)
	require.NoError(t, err)
	slices.Reverse(images)
	two, err := u.Message(images)
	require.NoError(t, err)
	require.NotEqual(t, one, two, "images belong to inputs")
	_, err = u.Message([][keys.Size]byte{{1}, {1}, {1}})
	require.NoError(t, err, "the signers find out whose image is wrong")
	for _, n := range []int{0, 2, 4} {
		_, err = u.Message(m.images(n))
		require.ErrorIs(t, err, spend.ErrInvalid)
	}
}

func TestTheDraftMustBeThatOfTheTransaction(t *testing.T) {
	m := newMaker(6)
	d := m.draft(t, 2, m.outputs(2, m.wallet()))
	u, tx := m.complete(t, d)
	work, err := u.Work(d)
	require.NoError(t, err)
	signatures := m.sign(t, work)
	for name, change := range map[string]func(*spend.Draft){
		"another seed":      func(d *spend.Draft) { d.Seed[0]++ },
		"another order":     func(d *spend.Draft) { slices.Reverse(d.Inputs) },
		"outputs exchanged": func(d *spend.Draft) { slices.Reverse(d.Outputs) },
		"a higher fee":      func(d *spend.Draft) { d.Fee++; d.Outputs[0].Amount-- },
		"another recipient": func(d *spend.Draft) { d.Outputs[1].Address = newMaker(7).wallet().address(0, 0) },
		"another network": func(d *spend.Draft) {
			d.Outputs[0].Address.Network, d.Outputs[1].Address.Network = address.Testnet, address.Testnet
		},
		"another decoy":      func(d *spend.Draft) { d.Inputs[0].Ring[(d.Inputs[0].Real+1)%16].Key = [32]byte{3} },
		"another real index": func(d *spend.Draft) { d.Inputs[0].Ring[15].Index++ },
	} {
		t.Run(name, func(t *testing.T) {
			other := d
			other.Inputs, other.Outputs = slices.Clone(d.Inputs), slices.Clone(d.Outputs)
			other.Inputs[0].Ring = slices.Clone(d.Inputs[0].Ring)
			change(&other)
			_, err := u.Work(other)
			require.ErrorIs(t, err, spend.ErrInvalid)
			_, err = u.Assemble(other, signatures)
			require.ErrorIs(t, err, spend.ErrInvalid)
			require.ErrorIs(t, u.Verify(other, tx), spend.ErrInvalid)
		})
	}
}
