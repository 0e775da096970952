package block_test

import (
	"bytes"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/serai-go/processor/coin/monero/block"
	"github.com/serai-go/processor/coin/monero/keys"
)

// mainnet is a transaction of the main chain with one input and two outputs.
func mainnet(t testing.TB) []byte {
	text, err := os.ReadFile("testdata/transaction-e89415.hex")
	require.NoError(t, err)
	return unhex(t, strings.TrimSpace(string(text)))
}

func TestTransactionOfTheMainChain(t *testing.T) {
	tx := checkForms(t, mainnet(t))
	require.Equal(t, "e89415b95564aa7e3587c91422756ba5303e727996e19c677630309a0d52a7ca", hexOf(tx.Hash()))
	message, ok := tx.Message()
	require.True(t, ok)
	require.Equal(t, "c5a76ffd7d8916210332afa07a253368f7e1eea1f385f393a1f3fa8b6d1f2f4b", hexOf(message))
	require.Equal(t, block.TypeBulletproofsPlus, tx.Type())
	require.Equal(t, uint64(6_156_000_000), tx.Fee())
	require.Equal(t, 16, tx.RingSize())
	require.Equal(t, uint64(1539), tx.Weight())
	id, ok := tx.Extra().PaymentID()
	require.True(t, ok)
	require.Equal(t, unhex(t, "9946ee952c1eb4ba"), id[:])
	require.Len(t, slices.Collect(tx.Extra().Keys()), 1)
}

// anyTransaction draws one of any version and type.
func anyTransaction(t *rapid.T) *block.Fields {
	m := drawMaker(t)
	inputs := rapid.IntRange(1, 4).Draw(t, "inputs")
	ring := rapid.IntRange(1, 17).Draw(t, "ring")
	outputs := rapid.IntRange(1, 16).Draw(t, "outputs")
	kind := rapid.SampledFrom([]block.Type{0, 1, 2, 3, 4, 5, 6}).Draw(t, "type")
	var f *block.Fields
	switch {
	case kind == block.TypeNull && m.random.IntN(2) == 0:
		f = m.coinbase(m.number(), outputs)
		f.Version = 1 + m.random.IntN(2)
	case kind == block.TypeNull:
		f = m.transaction(1, 0, inputs, ring, outputs)
	default:
		f = m.transaction(2, kind, inputs, ring, outputs)
	}
	f.UnlockTime = m.number()
	f.Extra = m.bytes(m.random.IntN(300))
	return f
}

func TestTransactionsAreReadAsTheyAreWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := anyTransaction(t)
		made, err := f.Encode()
		require.NoError(t, err)
		got := checkForms(t, made.Raw()).Fields()
		require.Equal(t, f.Inputs, got.Inputs)
		require.Equal(t, f.Outputs, got.Outputs)
		require.Equal(t, f.Commitments, got.Commitments)
		require.Equal(t, f.EncryptedAmounts, got.EncryptedAmounts)
		require.Equal(t, f.PseudoOuts, got.PseudoOuts)
		require.Equal(t, f.RangeProofs, got.RangeProofs)
		require.Equal(t, f.Signatures, got.Signatures)
		require.True(t, bytes.Equal(f.Extra, got.Extra))
		require.Equal(t, [4]uint64{f.Fee, f.UnlockTime, f.Height, uint64(f.Version)}, [4]uint64{got.Fee, got.UnlockTime, got.Height, uint64(got.Version)})

		// The message is the same hash without counts and signatures.
		message, ok := made.Message()
		switch {
		case f.Coinbase:
			require.False(t, ok)
		case f.Version == 1:
			require.Equal(t, keys.Keccak256(f.AppendPrefix(nil)), message)
		default:
			require.True(t, ok)
			prefix, base := keys.Keccak256(f.AppendPrefix(nil)), keys.Keccak256(f.AppendBase(nil))
			proofs := keys.Keccak256(bare(f))
			require.Equal(t, keys.Keccak256(prefix[:], base[:], proofs[:]), message)
		}
		for i := range f.Signatures {
			require.Equal(t, f.Signatures[i], made.Signature(i))
		}
	})
}

// bare is the range proofs of a transaction without counts.
func bare(f *block.Fields) (b []byte) {
	proofs, tail := f.RangeProofs, 3*32
	switch f.Type {
	case block.TypeFull, block.TypeSimple:
		return proofs
	case block.TypeBulletproof:
		proofs = proofs[4:]
	case block.TypeBulletproofsPlus:
		proofs, tail = proofs[1:], 0
	default:
		proofs = proofs[1:]
	}
	l := 32 * int(proofs[192])
	b = append(b, proofs[:192]...)
	b = append(b, proofs[193:193+l]...)
	return append(b, proofs[194+l:194+2*l+tail]...)
}

// TestTransactionRefuses changes a good transaction in one way at a time.
func TestTransactionRefuses(t *testing.T) {
	m := seededMaker(1)
	changed := func(change func(f *block.Fields)) []byte {
		f := m.ordinary(2, 3)
		change(f)
		return f.AppendPrunable(f.AppendBase(f.AppendPrefix(nil)))
	}
	coinbase := func(change func(f *block.Fields)) []byte {
		f := m.coinbase(100, 1)
		change(f)
		return f.AppendPrunable(f.AppendBase(f.AppendPrefix(nil)))
	}
	good := changed(func(*block.Fields) {})
	checkForms(t, good)
	tx, err := block.ParseTransaction(good)
	require.NoError(t, err)
	spliced := func(at, remove int, insert ...byte) []byte {
		return slices.Concat(good[:at], insert, good[at+remove:])
	}
	huge := []byte("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01")
	base, prunable := 0, tx.PrunedLen()
	for base = range good { // the base begins behind extra
		if keys.Keccak256(good[:base]) == tx.PrefixHash() {
			break
		}
	}
	r := prunable + 1 + 192 + 1 + 8*32 // count of R
	for _, test := range []struct {
		name, why string
		raw       []byte
	}{
		{"nothing", "version is no varint: keys: varint ends early", nil},
		{"version 0", "version is not supported: 0", spliced(0, 1, 0)},
		{"version 3", "version is not supported: 3", spliced(0, 1, 3)},
		{"huge version", "version is not supported", spliced(0, 1, huge...)},
		{"version 258", "version is not supported", spliced(0, 1, 0x82, 2)},
		{"unlock time not canonical", "unlock time is no varint: keys: varint has a last byte of zero", spliced(1, 1, 0x80, 0)},
		{"unlock time too large", "unlock time is no varint: keys: varint is above 64 bits", spliced(1, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2)},
		{"huge number of inputs", "number of inputs is beyond what the bytes can hold", spliced(2, 1, huge...)},
		{"no inputs", "number of inputs is zero", changed(func(f *block.Fields) { f.Inputs = nil })},
		{"no outputs", "number of outputs is zero", changed(func(f *block.Fields) { f.Outputs = nil })},
		{"input tag 0", "input tag is unknown: 0", spliced(3, 1, 0)},
		{"coinbase's input and another", "input is a coinbase's but not the only one", spliced(3, 1, 0xff)},
		{"empty ring", "ring size is zero", changed(func(f *block.Fields) { f.Inputs[0].Offsets = nil })},
		{"rings of two sizes", "ring size differs from that of the first input", changed(func(f *block.Fields) { f.Inputs[1].Offsets = f.Inputs[1].Offsets[:15] })},
		{"amount in the clear", "output amount is not zero although it is encrypted", changed(func(f *block.Fields) { f.Outputs[1].Amount = 1 })},
		{"huge ring", "ring size is beyond what the bytes can hold", spliced(5, 1, huge...)},
		{"extra too long", "size of extra is beyond", spliced(base-34, 1, huge...)},
		{"type 0", "RingCT type is a coinbase's in another", changed(func(f *block.Fields) { f.Type = 0 })},
		{"type 7", "RingCT type is not supported: 7", changed(func(f *block.Fields) { f.Type = 7 })},
		{"type 6 in a coinbase", "RingCT type is a coinbase's in another transaction, or the other way round: 6", coinbase(func(f *block.Fields) { f.Type = 6 })},
		{"ends in the fee", "fee is no varint: keys: varint ends early", good[:base+1]},
		{"ends in the amounts", "encrypted amounts ends early", good[:base+10]},
		{"ends in the commitments", "commitments ends early", good[:prunable-1]},
		{"pruned", "number of range proofs is no varint: keys: varint ends early", good[:prunable]},
		{"no range proof", "number of range proofs does not fit", spliced(prunable, 1, 0)},
		{"two range proofs", "number of range proofs does not fit", spliced(prunable, 1, 2)},
		{"type 3 with a range proof for each output", "number of range proofs does not fit", func() []byte {
			f := m.transaction(2, block.TypeBulletproof, 1, 2, 2)
			proof := m.bulletproof(f.Type, 1)
			f.RangeProofs = slices.Concat([]byte{2, 0, 0, 0}, proof, proof)
			return f.AppendPrunable(f.AppendBase(f.AppendPrefix(nil)))
		}()},
		{"range proof too short", "range proof L does not fit", changed(func(f *block.Fields) { f.RangeProofs = m.rangeProofs(6, 2) })},
		{"range proof too long", "range proof L does not fit", changed(func(f *block.Fields) { f.RangeProofs = m.rangeProofs(6, 5) })},
		{"range proof for 32", "range proof L does not fit", func() []byte {
			f := m.ordinary(1, 17)
			return f.AppendPrunable(f.AppendBase(f.AppendPrefix(nil)))
		}()},
		{"fewer R than L", "range proof R does not fit", spliced(r, 1, 7)},
		{"ends in a CLSAG", "CLSAG ends early", good[:len(good)-65]},
		{"ends in the pseudo outputs", "pseudo outputs ends early", good[:len(good)-1]},
		{"trailing byte", "trailing bytes are not allowed: 1", append(slices.Clone(good), 0)},
		{"twice", "trailing bytes are not allowed", append(slices.Clone(good), good...)},
		{"too large", "size is above the limit", changed(func(f *block.Fields) { f.Extra = make([]byte, block.MaxTransaction) })},
		{"version 1 without signatures", "ring signature ends early", func() []byte {
			f := m.transaction(1, 0, 2, 2, 2)
			return f.AppendPrefix(nil)
		}()},
	} {
		t.Run(test.name, func(t *testing.T) {
			var field *block.FieldError
			requireCheap(t, test.name, func() {
				_, err := block.ParseTransaction(test.raw)
				require.ErrorAs(t, err, &field)
				require.ErrorContains(t, err, "monero: transaction: "+test.why)
			})
			require.NotEmpty(t, field.Field)
			require.ErrorIs(t, field, field.Unwrap())
		})
	}
	_, err = m.transaction(2, 7, 1, 1, 1).Encode()
	require.ErrorIs(t, err, block.ErrUnsupported)
}

// TestEveryByteOfATransactionCounts flips each byte: none can change and leave
// the hash as it was. In the pruned form, neither can the prunable hash.
func TestEveryByteOfATransactionCounts(t *testing.T) {
	raw := mainnet(t)
	tx, err := block.ParseTransaction(raw)
	require.NoError(t, err)
	for i := range raw {
		other := slices.Clone(raw)
		other[i] ^= 1
		if changed, err := block.ParseTransaction(other); err == nil {
			require.NotEqual(t, tx.Hash(), changed.Hash(), "byte %d", i)
		}
	}
	prunable := tx.PrunableHash()
	prunable[31] ^= 1
	pruned, err := block.ParsePruned(raw[:tx.PrunedLen()], prunable)
	require.NoError(t, err)
	require.NotEqual(t, tx.Hash(), pruned.Hash())
	_, ok := pruned.Message()
	require.False(t, ok)
	_, err = block.ParsePruned(raw, prunable)
	require.ErrorContains(t, err, "trailing bytes")
}

// TestTruncatedTransactionsAreRefused cuts transactions of all types at every
// place.
func TestTruncatedTransactionsAreRefused(t *testing.T) {
	m := seededMaker(2)
	all := []*block.Fields{m.coinbase(9, 2), m.transaction(1, 0, 2, 2, 2)}
	for kind := block.TypeFull; kind <= block.TypeBulletproofsPlus; kind++ {
		all = append(all, m.transaction(2, kind, 1, 2, 2))
	}
	for _, f := range all {
		tx, err := f.Encode()
		require.NoError(t, err)
		for n := range tx.Raw() {
			_, err := block.ParseTransaction(tx.Raw()[:n:n])
			var field *block.FieldError
			require.ErrorAs(t, err, &field, "type %d, %d bytes", f.Type, n)
		}
	}
}

func TestTransactionsOfVersion1MayPayNobody(t *testing.T) {
	m := seededMaker(3)
	f := m.transaction(1, 0, 2, 3, 0)
	tx, err := f.Encode()
	require.NoError(t, err)
	require.Zero(t, tx.OutputCount())
	require.Equal(t, keys.Keccak256(tx.Raw()), tx.Hash())
}

func TestRingsWrapAsInNodes(t *testing.T) {
	m := seededMaker(4)
	f := m.transaction(2, block.TypeBulletproofsPlus, 1, 3, 2)
	f.Inputs[0].Offsets = []uint64{5, 1<<64 - 1, 3}
	tx, err := f.Encode()
	require.NoError(t, err)
	for _, in := range tx.Inputs() {
		require.Equal(t, []uint64{9, 5, 4, 7}, in.AppendRing([]uint64{9}))
	}
}

func TestViewsStopWhenAsked(t *testing.T) {
	tx, err := block.ParseTransaction(mainnet(t))
	require.NoError(t, err)
	for _, in := range tx.Inputs() {
		for range in.Offsets() {
			break
		}
		break
	}
	for i := range tx.Outputs() {
		require.Zero(t, i)
		break
	}
}

func TestRingOffsetsAreCanonical(t *testing.T) {
	m := seededMaker(14)
	f := m.transaction(2, block.TypeBulletproofsPlus, 1, 2, 2)
	f.Inputs[0].Offsets = []uint64{1<<64 - 1, 1 << 63}
	tx, err := f.Encode()
	require.NoError(t, err)
	raw := tx.Raw()
	at := bytes.Index(raw, keys.AppendVarint(nil, 1<<64-1))
	for why, offset := range map[string][]byte{
		"ring offset is no varint: keys: varint has a last byte of zero": {0xff, 0},
		"ring offset is no varint: keys: varint is above 64 bits":        []byte("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"),
		"ring offset is no varint: keys: varint ends early":              bytes.Repeat([]byte{0x80}, 9),
	} {
		other := slices.Concat(raw[:at], offset, raw[at+10:])
		if len(offset) == 9 {
			other = other[:at+9]
		}
		_, err := block.ParseTransaction(other)
		require.ErrorContains(t, err, why)
	}
	long := slices.Concat(raw[:at], bytes.Repeat([]byte{0xff}, 10), []byte{1}, raw[at+10:])
	_, err = block.ParseTransaction(long)
	require.ErrorContains(t, err, "above 64 bits")
}
