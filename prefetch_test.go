package processor

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/eventuality"
	"github.com/serai-go/processor/scanner"
)

// madeBlock is a block of any size.
type madeBlock struct {
	number uint64
	size   int
}

func (b madeBlock) Header() coin.Header                   { return coin.Header{Number: b.number} }
func (madeBlock) Transactions() []eventuality.Transaction { return nil }
func (b madeBlock) Size() int                             { return b.size }

func tasksFrom(scan, end uint64) (tasks []scanner.Task) {
	for n := scan; n < end; n++ {
		tasks = append(tasks, scanner.Task{Header: coin.Header{Number: n}})
	}
	return tasks
}

// Whatever the sizes of blocks, and whatever fails: no block is fetched twice at
// a time or again while it is held, the next one to scan always can be, and the
// bounds are kept but for one block for each fetch under way.
func TestBlocksAreHeldWithinBounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := newFollower()
		first := rapid.Uint64Range(0, 1<<40).Draw(t, "first")
		settle, scan, index := first, first, first
		busy := make(map[uint64]bool)
		largest := 0
		t.Repeat(map[string]func(*rapid.T){
			"index": func(t *rapid.T) { index += rapid.SampledFrom([]uint64{1, 1, 2, 2, 2000}).Draw(t, "headers") },
			"claim": func(t *rapid.T) {
				n, _, ok := f.claim(settle, scan, index)
				if !ok {
					full := f.size >= maxHeldBytes || len(f.held) >= maxHeldBlocks
					for n := scan; n < index && !full; n++ {
						require.True(t, busy[n] || f.held[n].block != nil, "%d is missing and there is room", n)
					}
					if scan < index {
						require.True(t, busy[scan] || f.held[scan].block != nil, "the next one always has room")
					}
					return
				}
				require.GreaterOrEqual(t, n, scan)
				require.Less(t, n, index)
				require.False(t, busy[n] || f.held[n].block != nil)
				busy[n] = true
			},
			"keep": func(t *rapid.T) {
				for n := scan; n < index; n++ {
					if !busy[n] {
						continue
					}
					delete(busy, n)
					if rapid.IntRange(0, 3).Draw(t, "fails") == 0 {
						f.keep(n, heldBlock{}, errors.New("lost"))
						continue
					}
					size := rapid.IntRange(0, 100<<20).Draw(t, "size")
					largest = max(largest, size)
					f.due(append(tasksFrom(scan, index), scanner.Task{Header: coin.Header{Number: index}}))
					awaited := f.keep(n, heldBlock{block: madeBlock{n, size}}, nil)
					require.Equal(t, n == scan, awaited)
				}
			},
			"scan": func(t *rapid.T) {
				if scan == index {
					return
				}
				ready := f.due(tasksFrom(scan, min(index, scan+10)))
				for i, b := range ready {
					require.Equal(t, scan+uint64(i), b.block.Header().Number)
				}
				scan += uint64(len(ready))
			},
			"settle": func(t *rapid.T) { settle = rapid.Uint64Range(settle, scan).Draw(t, "to") },
			"": func(t *rapid.T) {
				sum := 0
				for _, b := range f.held {
					sum += b.size
				}
				require.Equal(t, sum, f.size)
				require.LessOrEqual(t, sum, maxHeldBytes+(len(busy)+2)*(largest+1024))
				require.LessOrEqual(t, len(f.held)+len(busy), maxHeldBlocks+len(busy)+1)
			},
		})
	})
}

func TestAScannedBlockMakesRoom(t *testing.T) {
	f := newFollower()
	keep := func(n uint64, size int) {
		got, _, ok := f.claim(10, n, 100)
		require.True(t, ok)
		require.Equal(t, n, got)
		f.keep(n, heldBlock{block: madeBlock{n, size}}, nil)
	}
	keep(10, maxHeldBytes/2)
	keep(11, maxHeldBytes/2)
	_, _, ok := f.claim(10, 11, 100)
	require.False(t, ok, "nothing is fetched ahead beyond the bound")
	keep(12, 1)
	require.NotNil(t, f.find(coin.Header{Number: 10}), "it settles first")
	require.Nil(t, f.find(coin.Header{Number: 11}))
	require.NotNil(t, f.find(coin.Header{Number: 12}))
	require.Nil(t, f.find(coin.Header{Number: 12, ID: coin.BlockID{1}}), "another block of that number")
	f.claim(13, 13, 100)
	blocks, size := f.load()
	require.Zero(t, blocks, "what has settled is let go")
	require.Zero(t, size)
}

// What several fetches at a time brought beyond the bounds does not stay.
func TestRoomIsMadeForAllThatIsTooMuch(t *testing.T) {
	f := newFollower()
	for n := range uint64(4) {
		_, _, ok := f.claim(0, 0, 4)
		require.True(t, ok, n)
	}
	for n := range uint64(4) {
		f.keep(n, heldBlock{block: madeBlock{n, maxHeldBytes / 2}}, nil)
	}
	_, _, ok := f.claim(0, 4, 5)
	require.True(t, ok)
	blocks, size := f.load()
	require.Equal(t, 1, blocks)
	require.Less(t, size, maxHeldBytes)
}

// Anybody can fill blocks with outputs to the group.
func TestOutputsTakeMemory(t *testing.T) {
	f := newFollower()
	_, _, ok := f.claim(0, 0, 1)
	require.True(t, ok)
	f.keep(0, heldBlock{block: madeBlock{0, 1}, outputs: make([]coin.Output, 1000)}, nil)
	_, size := f.load()
	require.Greater(t, size, 200_000)
}
