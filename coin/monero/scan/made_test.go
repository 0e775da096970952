package scan_test

import (
	"math/rand/v2"
	"slices"

	"filippo.io/edwards25519"
	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin/monero/block"
	"github.com/serai-go/processor/coin/monero/keys"
)

// builder makes transactions that pay as senders do, with signatures that
// nobody could have made.
type builder struct{ random *rand.Rand }

func newBuilder(seed uint64) *builder { return &builder{rand.New(rand.NewPCG(seed, 0))} }

func (b *builder) bytes(n int) []byte {
	list := make([]byte, n)
	for i := range list {
		list[i] = byte(b.random.Uint32())
	}
	return list
}

func (b *builder) scalar() *edwards25519.Scalar {
	s, err := new(edwards25519.Scalar).SetUniformBytes(b.bytes(64))
	if err != nil {
		panic(err)
	}
	return s
}

func multiple(s *edwards25519.Scalar) *edwards25519.Point {
	return new(edwards25519.Point).ScalarBaseMult(s)
}

// point returns the encoding of some point of prime order.
func (b *builder) point() [32]byte { return [32]byte(multiple(b.scalar()).Bytes()) }

// torsion is a point of order 8.
func torsion() *edwards25519.Point {
	p, err := keys.DecodePoint([]byte{
		0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0,
		0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05,
	})
	if err != nil {
		panic(err)
	}
	return p
}

// transaction makes one of today with one input and outputs to strangers.
func (b *builder) transaction(outputs int) *block.Fields {
	f := &block.Fields{
		Version: 2, Type: block.TypeBulletproofsPlus, Fee: 30_000_000,
		Inputs:     []block.InputFields{{Offsets: make([]uint64, 16), KeyImage: b.point()}},
		PseudoOuts: [][32]byte{b.point()},
		Signatures: [][]byte{b.bytes(16*32 + 64)},
	}
	for i := range f.Inputs[0].Offsets {
		f.Inputs[0].Offsets[i] = 1 + b.random.Uint64N(1000)
	}
	for range outputs {
		f.Outputs = append(f.Outputs, block.Output{Key: b.point(), Tagged: true, ViewTag: b.bytes(1)[0]})
		f.EncryptedAmounts = append(f.EncryptedAmounts, b.bytes(8))
		f.Commitments = append(f.Commitments, b.point())
	}
	k := 6
	for 1<<(k-6) < outputs {
		k++
	}
	f.RangeProofs = append(append([]byte{1}, b.bytes(6*32)...), byte(k))
	f.RangeProofs = append(append(f.RangeProofs, b.bytes(32*k)...), byte(k))
	f.RangeProofs = append(f.RangeProofs, b.bytes(32*k)...)
	return f
}

func extraOf(t require.TestingT, c block.Content) block.Extra {
	e, err := c.Extra()
	require.NoError(t, err)
	return e
}

// encode returns the transaction, in its pruned form if it has more outputs than
// there are proofs for.
func (b *builder) encode(t require.TestingT, f *block.Fields) *block.Transaction {
	if len(f.Outputs) <= maxOutputs || f.Coinbase {
		tx, err := f.Encode()
		require.NoError(t, err)
		return tx
	}
	// Written with fewer outputs, they go in afterwards.
	few := *f
	few.Outputs, few.EncryptedAmounts, few.Commitments = f.Outputs[:1], f.EncryptedAmounts[:1], f.Commitments[:1]
	few.RangeProofs, few.Extra = b.transaction(1).RangeProofs, nil
	tx, err := few.Encode()
	require.NoError(t, err)
	const written = 1 + 1 + 1 + 32 + 1 + 1 // count, output without extra
	raw := slices.Clone(tx.Raw()[:tx.PrunedLen()-8-32-keys.VarintSize(f.Fee)-1-written])
	raw = keys.AppendVarint(raw, uint64(len(f.Outputs)))
	for _, o := range f.Outputs {
		raw = append(append(append(raw, 0, 3), o.Key[:]...), o.ViewTag)
	}
	raw = append(keys.AppendVarint(raw, uint64(len(f.Extra))), f.Extra...)
	raw = keys.AppendVarint(append(raw, byte(f.Type)), f.Fee)
	raw = append(raw, slices.Concat(f.EncryptedAmounts...)...)
	for _, c := range f.Commitments {
		raw = append(raw, c[:]...)
	}
	tx, err = block.ParsePruned(raw, [32]byte{})
	require.NoError(t, err)
	return tx
}

// maxOutputs is what one range proof covers.
const maxOutputs = 16

// payment is what one output pays and how.
type payment struct {
	wallet  wallet
	address keys.Index
	amount  uint64
}

// derivation is the sender's side of D = 8·r·(view key of the address).
func derivation(t require.TestingT, p payment, r *edwards25519.Scalar) keys.Derivation {
	_, view, err := p.wallet.Pair.Keys(p.address)
	require.NoError(t, err)
	point, err := keys.DecodePoint(view[:])
	require.NoError(t, err)
	return keys.Derive(r, point)
}

// publicKey is the transaction key that lets the address find what was made
// with the secret r: r times its base point, which for a subaddress is its spend
// key.
func publicKey(t require.TestingT, p payment, r *edwards25519.Scalar) [32]byte {
	if p.address.IsMain() {
		return [32]byte(multiple(r).Bytes())
	}
	spend, err := p.wallet.Pair.SpendKey(p.address)
	require.NoError(t, err)
	return [32]byte(spend.ScalarMult(r, spend).Bytes())
}

// pay makes output i pay with a shared derivation.
func pay(t require.TestingT, f *block.Fields, i int, p payment, d keys.Derivation) {
	shared, err := d.SharedKey(uint64(i))
	require.NoError(t, err)
	spend, err := p.wallet.Pair.SpendKey(p.address)
	require.NoError(t, err)
	o := &f.Outputs[i]
	o.Key = [32]byte(shared.OutputKey(spend).Bytes())
	if o.Tagged {
		o.ViewTag = d.ViewTag(uint64(i))
	}
	if f.Coinbase {
		o.Amount = p.amount
		return
	}
	mask, err := shared.CommitmentMask()
	require.NoError(t, err)
	encrypted := shared.EncryptAmount(p.amount)
	f.EncryptedAmounts[i] = encrypted[:]
	f.Commitments[i] = [32]byte(keys.Commit(mask, p.amount).Bytes())
}
