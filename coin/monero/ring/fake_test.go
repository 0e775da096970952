package ring

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"filippo.io/edwards25519"
	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/coin/monero/block"
	"github.com/serai-go/processor/coin/monero/keys"
	"github.com/serai-go/processor/coin/monero/node"
)

// maker makes transactions that nobody signed, with points that are all
// different.
type maker struct {
	random *rand.Rand
	point  edwards25519.Point
}

func newMaker(seed uint64) *maker {
	m := &maker{random: rand.New(rand.NewPCG(seed, 0))}
	m.point.Set(edwards25519.NewGeneratorPoint())
	return m
}

func (m *maker) bytes(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(m.random.Uint32())
	}
	return b
}

// key returns a point of prime order.
func (m *maker) key() [32]byte {
	m.point.Add(&m.point, edwards25519.NewGeneratorPoint())
	return [32]byte(m.point.Bytes())
}

// torsioned returns one that is not, as it has a part of order 2.
func (m *maker) torsioned() [32]byte {
	m.key()
	two := slices.Repeat([]byte{0xff}, 32) // y = −1
	two[0], two[31] = 0xec, 0x7f
	t, err := keys.DecodePoint(two)
	if err != nil {
		panic(err)
	}
	return [32]byte(t.Add(t, &m.point).Bytes())
}

// transaction makes one with an unlock time and outputs.
func (m *maker) transaction(unlock uint64, outputKeys, commitments [][32]byte) *block.Transaction {
	f := &block.Fields{Version: 2, Type: block.TypeBulletproofsPlus, UnlockTime: unlock, Extra: m.bytes(33), Fee: 1000}
	f.Inputs = []block.InputFields{{KeyImage: [32]byte(m.bytes(32)), Offsets: slices.Repeat([]uint64{9}, 16)}}
	for i, key := range outputKeys {
		f.Outputs = append(f.Outputs, block.Output{Key: key, Tagged: true})
		f.EncryptedAmounts = append(f.EncryptedAmounts, m.bytes(8))
		f.Commitments = append(f.Commitments, commitments[i])
	}
	f.PseudoOuts = [][32]byte{{}}
	k := 5 + len(outputKeys) // for 1 or 2
	proof := append([]byte{1}, make([]byte, 6*32)...)
	proof = append(append(proof, byte(k)), make([]byte, 32*k)...)
	f.RangeProofs = append(append(proof, byte(k)), make([]byte, 32*k)...)
	f.Signatures = [][]byte{make([]byte, 32*16+64)}
	return encode(f)
}

func (m *maker) coinbase(number uint64) *block.Transaction {
	return encode(&block.Fields{
		Version: 2, Coinbase: true, Height: number, UnlockTime: number + maturity, Extra: m.bytes(33),
		Outputs: []block.Output{{Key: m.key(), Tagged: true, Amount: m.random.Uint64N(1 << 45)}},
	})
}

func encode(f *block.Fields) *block.Transaction {
	t, err := f.Encode()
	if err != nil {
		panic(err)
	}
	return t
}

// chain is the outputs of a chain.
type chain struct {
	*maker
	counts []uint64
	outs   []node.Out
	found  map[coin.TransactionID]node.Found
	// never are those that no ring may have; locks are the blocks from which on
	// the others are unlocked.
	never []bool
	locks []uint64
}

func newEmptyChain(seed uint64) *chain {
	return &chain{maker: newMaker(seed), counts: []uint64{0}, found: map[coin.TransactionID]node.Found{}}
}

// add adds a transaction to the newest block.
func (c *chain) add(t *block.Transaction, never ...bool) {
	number := uint64(len(c.counts)) - 1
	f := node.Found{Transaction: t, Number: number}
	for i, o := range t.Outputs() {
		commitment := commitmentOf(t, i, o)
		f.Indexes = append(f.Indexes, uint64(len(c.outs)))
		c.outs = append(c.outs, node.Out{
			Index: uint64(len(c.outs)), Key: o.Key, Commitment: commitment, Transaction: t.Hash(), Height: number,
		})
		c.never = append(c.never, len(never) > i && never[i])
		c.locks = append(c.locks, t.UnlockTime())
	}
	c.found[t.Hash()] = f
	c.counts[number] = uint64(len(c.outs))
}

// mine adds a block with a coinbase and so many transactions. A third of these
// have something unusual.
func (c *chain) mine(transactions int) {
	number := uint64(len(c.counts))
	c.counts = append(c.counts, uint64(len(c.outs)))
	c.add(c.coinbase(number))
	for range transactions {
		unlock, never := uint64(0), []bool{false, false}
		outputKeys, commitments := [][32]byte{c.key(), c.key()}, [][32]byte{c.key(), c.key()}
		switch c.random.IntN(27) {
		case 0:
			unlock = number + c.random.Uint64N(80)
		case 1:
			unlock = c.random.Uint64N(number) + 1
		case 2:
			unlock = maxBlockNumber + c.random.Uint64N(2)
		case 3:
			unlock = 1_500_000_000
		case 4:
			outputKeys[0], never[0] = [32]byte{1}, true // the identity
		case 5:
			outputKeys[1], never[1] = c.torsioned(), true
		case 6:
			outputKeys[0], never[0] = [32]byte{2}, true // no point
		case 7:
			commitments[0], never[0] = c.torsioned(), true
		case 8:
			commitments[1], never[1] = [32]byte{31: 0x80, 0: 1}, true // −0
		}
		never[0], never[1] = never[0] || unlock >= maxBlockNumber, never[1] || unlock >= maxBlockNumber
		c.add(c.transaction(unlock, outputKeys, commitments), never...)
	}
}

// newChain mines so many blocks with up to so many transactions.
func newChain(seed uint64, blocks, transactions int) *chain {
	c := newEmptyChain(seed)
	for range blocks {
		c.mine(c.random.IntN(transactions + 1))
	}
	return c
}

// usable tells whether an output can be in a ring after a block.
func (c *chain) usable(index, reference uint64) bool {
	return !c.never[index] && c.locks[index] <= reference+1 && c.outs[index].Height+10 <= reference+1
}

// real returns what can be spent after a block, the nth from the last.
func (c *chain) real(reference uint64, n int) Real {
	for i := len(c.outs) - 1; i >= 0; i-- {
		if c.usable(uint64(i), reference) {
			if n--; n < 0 {
				o := c.outs[i]
				return Real{o.Transaction, o.Index, o.Key, o.Commitment}
			}
		}
	}
	panic("no such output")
}

// ring returns the ring by the definition: candidate by candidate.
func (c *chain) ring(reference uint64, seed [32]byte, real Real) (indexes []uint64) {
	whole := distribution{0, c.counts[:reference-9+1]}
	first := slices.IndexFunc(whole.counts, func(n uint64) bool { return n > 0 })
	stream := newCandidates(distribution{uint64(first), whole.counts[first:]}, seed, real.Index)
	indexes = []uint64{real.Index}
	for len(indexes) < Size {
		next := stream.take(1)
		if len(next) == 0 {
			return nil
		}
		if c.usable(next[0], reference) {
			indexes = append(indexes, next[0])
		}
	}
	slices.Sort(indexes)
	return indexes
}

// fake is a node that has a chain up to a tip.
type fake struct {
	*chain
	tip uint64
	// late tells that it begins distributions where RingCT does.
	late bool
	// What it says instead.
	sayDistribution func(first, last uint64, d *node.Distribution) error
	sayOuts         func([]node.Out) ([]node.Out, error)
	sayFound        func([]node.Found) ([]node.Found, error)

	spans [][2]uint64 // asked for
	asked [][]uint64
	ids   [][]coin.TransactionID
}

func (f *fake) OutputDistribution(_ context.Context, first, last uint64) (node.Distribution, error) {
	f.spans = append(f.spans, [2]uint64{first, last})
	if last > f.tip {
		return node.Distribution{}, fmt.Errorf("%w: block %d", coin.ErrNotFound, last)
	}
	d := node.Distribution{First: first}
	if f.late {
		d.First = max(first, 1)
	}
	d.Counts = slices.Clone(f.counts[d.First : last+1])
	if f.sayDistribution != nil {
		if err := f.sayDistribution(first, last, &d); err != nil {
			return node.Distribution{}, err
		}
	}
	return d, nil
}

func (f *fake) Outs(_ context.Context, indexes []uint64) (outs []node.Out, err error) {
	f.asked = append(f.asked, slices.Clone(indexes))
	for _, index := range indexes {
		if index >= f.counts[f.tip] {
			return nil, fmt.Errorf("%w: output %d", coin.ErrNotFound, index)
		}
		outs = append(outs, f.outs[index])
	}
	if f.sayOuts != nil {
		return f.sayOuts(outs)
	}
	return outs, nil
}

func (f *fake) Transactions(_ context.Context, ids []coin.TransactionID) (found []node.Found, err error) {
	if ordered := slices.Clone(ids); len(slices.Compact(ordered)) != len(ids) {
		return nil, fmt.Errorf("%w: a transaction twice", coin.ErrInvalid)
	}
	f.ids = append(f.ids, slices.Clone(ids))
	for _, id := range ids {
		found = append(found, f.found[id])
	}
	if f.sayFound != nil {
		return f.sayFound(found)
	}
	return found, nil
}

// indexesOf returns the indices of a ring after comparing it with the chain.
func (c *chain) indexesOf(t require.TestingT, members []Member, position int, real Real) (indexes []uint64) {
	require.Len(t, members, Size)
	for _, m := range members {
		o := c.outs[m.Index]
		require.Equal(t, Member{o.Index, o.Key, o.Commitment}, m)
		indexes = append(indexes, m.Index)
	}
	require.True(t, slices.IsSorted(indexes))
	require.Len(t, slices.Compact(slices.Clone(indexes)), Size)
	require.Equal(t, real.Index, indexes[position])
	return indexes
}

func chosen(t testing.TB, c *Chooser, reference uint64, seed [32]byte, real Real) []Member {
	t.Helper()
	members, position, err := c.Choose(t.Context(), reference-9, seed, real)
	require.NoError(t, err)
	require.Len(t, members, Size)
	require.Equal(t, real.Index, members[position].Index)
	return members
}
