package ring

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"math"
	"math/rand/v2"
	"slices"
	"sort"
	"sync"
	"testing"

	"filippo.io/edwards25519"
	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/coin/monero/keys"
	"github.com/serai-go/processor/coin/monero/node"
)

// mainnet is a node of a chain as long as mainnet's. Its outputs, one per
// transaction, are made when they are asked for.
type mainnet struct {
	*maker
	first  uint64 // block with outputs
	counts []uint64
	t      testing.TB

	mu    sync.Mutex
	outs  map[uint64]node.Out
	found map[coin.TransactionID]node.Found
}

// newMainnet has blocks of 40 outputs and later of 120, most of them of some
// more or less, and a few empty ones.
func newMainnet(t testing.TB, first, blocks uint64) *mainnet {
	m := &mainnet{maker: newMaker(1), first: first, t: t, outs: map[uint64]node.Out{}, found: map[coin.TransactionID]node.Found{}}
	var n uint64
	for i := range blocks - first {
		n++ // the coinbase
		if m.random.IntN(20) > 0 {
			n += m.random.Uint64N(40 + 160*i/(blocks-first))
		}
		m.counts = append(m.counts, n)
	}
	return m
}

func (m *mainnet) OutputDistribution(_ context.Context, first, last uint64) (node.Distribution, error) {
	from := max(first, m.first)
	return node.Distribution{First: from, Counts: slices.Clone(m.counts[from-m.first : last-m.first+1])}, nil
}

func (m *mainnet) Outs(_ context.Context, indexes []uint64) ([]node.Out, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var outs []node.Out
	for _, index := range indexes {
		o, ok := m.outs[index]
		if !ok {
			number := distribution{m.first, m.counts}.block(index)
			var scalar [32]byte
			binary.LittleEndian.PutUint64(scalar[:], index+2)
			s, err := keys.DecodeScalar(scalar[:])
			require.NoError(m.t, err)
			key := [32]byte(new(edwards25519.Point).ScalarBaseMult(s).Bytes())
			t := m.transaction(0, [][32]byte{key}, [][32]byte{key})
			o = node.Out{Index: index, Key: key, Commitment: key, Transaction: t.Hash(), Height: number}
			m.outs[index], m.found[t.Hash()] = o, node.Found{Transaction: t, Number: number, Indexes: []uint64{index}}
		}
		outs = append(outs, o)
	}
	return outs, nil
}

func (m *mainnet) Transactions(_ context.Context, ids []coin.TransactionID) (found []node.Found, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, id := range ids {
		found = append(found, m.found[id])
	}
	return found, nil
}

func (m *mainnet) real(index uint64) Real {
	outs, _ := m.Outs(context.Background(), []uint64{index})
	return Real{outs[0].Transaction, index, outs[0].Key, outs[0].Commitment}
}

// pick is gamma_picker::pick as wallet2 has it, in floating point.
func (m *mainnet) pick(r *rand.Rand) (index uint64, ok bool) {
	const window, year, target = 10, 262_800, 120
	n := len(m.counts)
	blocks := min(n, year)
	considered := m.counts[n-1]
	if blocks < n {
		considered -= m.counts[n-blocks-1]
	}
	outputTime := target * float64(blocks) / float64(considered)
	end := m.counts[:n-window+1]
	x := math.Exp(gammaSample(r))
	if x > 1200 {
		x -= 1200
	} else {
		x = float64(r.IntN(1800))
	}
	index = uint64(x / outputTime)
	total := end[len(end)-1]
	if index >= total {
		return 0, false
	}
	index = total - 1 - index
	i := sort.Search(len(end), func(i int) bool { return end[i] >= index })
	before := uint64(0)
	if i > 0 {
		before = end[i-1]
	}
	if end[i] == before {
		return 0, false
	}
	return before + r.Uint64N(end[i]-before), true
}

// The members of rings are as old as wallet2's picks, in all and in the last 100
// blocks.
func TestMembersAreAsOldAsWalletsPickThem(t *testing.T) {
	const blocks = 900_000
	m := newMainnet(t, 200_000, blocks)
	c := New(m)
	total := m.counts[len(m.counts)-1]
	real := m.real(total / 2)
	var got, want, gotYoung, wantYoung []float64
	note := func(index uint64, all, young *[]float64) {
		age := float64(total - index)
		*all = append(*all, age)
		if number := (distribution{m.first, m.counts}).block(index); blocks-number < 100 {
			*young = append(*young, float64(blocks-number))
		}
	}
	rings := 250
	if testing.Short() {
		rings = 60
	}
	for i := range rings {
		for _, member := range chosen(t, c, blocks-1, [32]byte{byte(i), byte(i >> 8)}, real) {
			if member.Index != real.Index {
				note(member.Index, &got, &gotYoung)
			}
		}
	}
	r := rand.New(rand.NewPCG(5, 6))
	for len(want) < 200_000 {
		if index, ok := m.pick(r); ok {
			note(index, &want, &wantYoung)
		}
	}
	distance, limit := farthest(got, want)
	t.Logf("%d members, %.4f apart (limit %.4f)", len(got), distance, limit)
	require.Less(t, distance, limit)
	distance, limit = farthest(gotYoung, wantYoung)
	t.Logf("%d members of the last 100 blocks, %.4f apart (limit %.4f)", len(gotYoung), distance, limit)
	require.Less(t, distance, limit)
	require.InDelta(t, float64(len(wantYoung))/float64(len(want)), float64(len(gotYoung))/float64(len(got)), 0.03)
}

// Candidates alone are cheap, so that many show a small difference.
func TestCandidatesAreAsOldAsWalletsPickThem(t *testing.T) {
	const blocks = 900_000
	m := newMainnet(t, 200_000, blocks)
	d := distribution{m.first, m.counts[:len(m.counts)-9]}
	var got, want []float64
	for i := range byte(40) {
		s := newCandidates(d, [32]byte{i}, 0)
		for range maxDraws {
			if index, ok := s.draw(); ok {
				got = append(got, float64(index))
			}
		}
	}
	r := rand.New(rand.NewPCG(7, 8))
	for len(want) < 1_000_000 {
		if index, ok := m.pick(r); ok {
			want = append(want, float64(index))
		}
	}
	distance, limit := farthest(got, want)
	t.Logf("%d candidates, %.5f apart (limit %.5f)", len(got), distance, limit)
	require.Less(t, distance, limit)
}

// Numbers below n are all as frequent.
func TestNumbersBelow(t *testing.T) {
	w := newWords([32]byte{1})
	counts := make([]int, 7)
	for range 70_000 {
		counts[w.below(7)]++
	}
	for _, n := range counts {
		require.InDelta(t, 10_000, n, 400)
	}
	small := 0 // a third, but a half if no word was left out
	for range 10_000 {
		if w.below(3<<62) < 1<<62 {
			small++
		}
	}
	require.InDelta(t, 3333, small, 250)
	for _, n := range []uint64{1, 2, 1 << 63, 1<<63 + 1, math.MaxUint64} {
		for range 100 {
			require.Less(t, w.below(n), n)
		}
	}
}

// The stream for a seed is fixed: validators of different versions of this
// package would not agree otherwise.
func TestStreamsStayTheSame(t *testing.T) {
	w := newWords([32]byte{})
	require.Equal(t, uint64(0x903df1a0ade0b876), w.next(), "the key stream of RFC 8439, A.1, test vector 1")
	require.Equal(t, uint64(0x28bd8653e56a5d40), w.next())
	counts := make([]uint64, 300_000)
	for i := range counts {
		counts[i] = uint64(i+1) * 50
	}
	s := newCandidates(distribution{1000, counts}, [32]byte{1, 2, 3}, 14_000_000)
	require.Equal(t, []uint64{3970323, 14853582, 14846329, 14990366, 14981283, 14189833, 14862824, 14895485}, s.take(8))
	hash := sha256.New()
	require.NoError(t, binary.Write(hash, binary.LittleEndian, quantiles))
	require.Equal(t, "90d790868523dc673217de8786fe40b2977acae4851e29873eea40643e0bb180", hex.EncodeToString(hash.Sum(nil)))
}

// BenchmarkChoose chooses rings in a chain as long as mainnet's, from a node
// that answers at once.
func BenchmarkChoose(b *testing.B) {
	const blocks = 3_400_000
	m := newMainnet(b, 1_220_516, blocks)
	c := New(m)
	real := m.real(m.counts[len(m.counts)-1] / 2)
	for i := range 16 { // makes their outputs
		chosen(b, c, blocks-1, [32]byte{byte(i)}, real)
	}
	i := 0
	b.Run("known", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			chosen(b, c, blocks-1, [32]byte{byte(i % 16)}, real)
			i++
		}
	})
	b.Run("unknown", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			chosen(b, New(m), blocks-1, [32]byte{byte(i % 16)}, real)
			i++
		}
	})
	b.Run("candidates", func(b *testing.B) {
		d := distribution{m.first, m.counts}
		for b.Loop() {
			newCandidates(d, [32]byte{byte(i)}, 0).take(firstRequest)
			i++
		}
	})
}

// Rings are chosen by several goroutines while the distribution grows and is
// forgotten.
func TestRingsAtOnce(t *testing.T) {
	m := newMainnet(t, 100, 2000)
	c := New(m)
	real := m.real(1000)
	rings := make([][]Member, 40)
	var group sync.WaitGroup
	for i := range rings {
		group.Go(func() {
			if i%10 == 9 {
				c.forget()
			}
			rings[i], _, _ = c.Choose(t.Context(), 1891+uint64(i), [32]byte{1}, real)
		})
	}
	group.Wait()
	for i := range rings {
		require.Equal(t, chosen(t, New(m), 1900+uint64(i), [32]byte{1}, real), rings[i])
	}
}
