package block_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/serai-go/processor/coin/monero/block"
	"github.com/serai-go/processor/coin/monero/keys"
)

const (
	genesis = "010000000000000000000000000000000000000000000000000000000000000000000010270000013c01ff0001ffffffffffff03029b2e4c" +
		"0281c0b02e7c53291a94d1d0cbff8883f8024f5142ee494ffbbd08807121017767aafcde9be00dcfd098715ebcf7f410daebc582fda69d24a28e9d0bc890d100"
	// stagenet is the staging network's block 202612, whose version 2 coinbase
	// has no view tag.
	stagenet = "0909d4809fdf05d5df6c3eb5891d81c51c6f9fe4c3ae388889dfaf421b689ee8fe94b01d53d120cc4a87f602b0af0c01fff4ae0c01" +
		"ecfe92f3aecd0502f887e4421dee42ee9699484f942b180be8d66d1e24a35f8c945950bed59bf436210164d9b0ae5889a127970bde60acd99f84" +
		"fd79f61db7626331f074d062076c3ce40000"
)

func TestBlocksOfPublicChains(t *testing.T) {
	b, err := block.Parse(unhex(t, genesis))
	require.NoError(t, err)
	require.Equal(t, "418015bb9ae982a1975da7d79277c2705727a56894ba0fb246adaabb1f4632e3", hexOf(b.ID()))
	require.Zero(t, b.Height())
	require.Equal(t, uint32(10_000), b.Nonce())
	require.Equal(t, 1, b.Miner().Version())

	b, err = block.Parse(unhex(t, stagenet))
	require.NoError(t, err)
	require.Equal(t, "f3449e658b5f880c4b0e69007ed5d092c9c883ac3a518166fa652d5cc505e7b1", hexOf(b.ID()))
	require.EqualValues(t, 202612, b.Height())
	require.EqualValues(t, 9, b.Major())
	for _, o := range b.Miner().Outputs() {
		require.False(t, o.Tagged)
	}
	_, ok := b.Miner().Message()
	require.False(t, ok)
	_, ok = b.Miner().Commitment(0)
	require.False(t, ok)
	require.Nil(t, b.Miner().EncryptedAmount(0))
	require.Equal(t, b.MerkleRoot(), b.Miner().Hash())
}

// treeRoot is the merkle root as its definition has it, level by level.
func treeRoot(leaves [][32]byte) [32]byte {
	switch n := len(leaves); n {
	case 1:
		return leaves[0]
	case 2:
		return keys.Keccak256(leaves[0][:], leaves[1][:])
	default:
		width := 1
		for 2*width < n {
			width *= 2
		}
		level := slices.Clone(leaves[:2*width-n])
		for i := 2*width - n; i < n; i += 2 {
			level = append(level, treeRoot(leaves[i:i+2]))
		}
		half := len(level) / 2
		return treeRoot([][32]byte{treeRoot(level[:half]), treeRoot(level[half:])})
	}
}

func TestMerkleRootOfAnyNumberOfLeaves(t *testing.T) {
	m := seededMaker(5)
	require.Zero(t, block.MerkleRoot(nil))
	for n := 1; n < 70; n++ {
		leaves := m.keys(n)
		before := slices.Clone(leaves)
		require.Equal(t, treeRoot(leaves), block.MerkleRoot(leaves), "%d leaves", n)
		require.Equal(t, before, leaves)
	}
}

func TestBlocksAreReadAsTheyAreWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := drawMaker(t)
		height := m.number()
		miner, err := m.coinbase(height, rapid.IntRange(1, 200).Draw(t, "outputs")).Encode()
		require.NoError(t, err)
		hashes := m.keys(rapid.IntRange(0, 40).Draw(t, "transactions"))
		raw := m.block(miner.Raw(), hashes)
		b, err := block.Parse(raw)
		require.NoError(t, err)
		checkBlock(t, b)
		require.Equal(t, height, b.Height())
		require.Equal(t, miner.Raw(), b.Miner().Raw())
		require.EqualValues(t, 16, b.Major())
		require.EqualValues(t, 16, b.Minor())
		require.EqualValues(t, 1_700_000_000, b.Time())
		require.Equal(t, len(hashes), b.Len())
		for i, hash := range hashes {
			require.Equal(t, hash, b.Transaction(i))
		}
	})
}

// checkBlock checks what holds for every block that parses.
func checkBlock(t require.TestingT, b *block.Block) {
	leaves := [][32]byte{b.Miner().Hash()}
	raw := keys.AppendVarint(nil, uint64(b.Major()))
	raw = keys.AppendVarint(raw, uint64(b.Minor()))
	raw = keys.AppendVarint(raw, b.Time())
	parent := b.Parent()
	raw = append(raw, parent[:]...)
	raw = append(raw, byte(b.Nonce()), byte(b.Nonce()>>8), byte(b.Nonce()>>16), byte(b.Nonce()>>24))
	blob := slices.Clone(raw)
	raw = append(raw, b.Miner().Raw()...)
	raw = keys.AppendVarint(raw, uint64(b.Len()))
	for i := range b.Len() {
		hash := b.Transaction(i)
		leaves = append(leaves, hash)
		raw = append(raw, hash[:]...)
	}
	require.Equal(t, b.Raw(), raw)
	root := treeRoot(leaves)
	require.Equal(t, root, b.MerkleRoot())
	blob = keys.AppendVarint(append(blob, root[:]...), uint64(len(leaves)))
	require.Equal(t, blob, b.AppendHashingBlob(nil))
	require.Equal(t, keys.Keccak256(keys.AppendVarint(nil, uint64(len(blob))), blob), b.ID())
}

// TestBlockRefuses changes a good block in one way at a time.
func TestBlockRefuses(t *testing.T) {
	m := seededMaker(6)
	miner, err := m.coinbase(100, 1).Encode()
	require.NoError(t, err)
	spend, err := m.ordinary(1, 2).Encode()
	require.NoError(t, err)
	good := m.block(miner.Raw(), m.keys(3))
	b, err := block.Parse(good)
	require.NoError(t, err)
	checkBlock(t, b)
	spliced := func(at, remove int, insert ...byte) []byte {
		return slices.Concat(good[:at], insert, good[at+remove:])
	}
	count := len(good) - 3*32 - 1
	for _, test := range []struct {
		name, why string
		raw       []byte
	}{
		{"nothing", "major version is no varint: keys: varint ends early", nil},
		{"major version 256", "major version is above 255", spliced(0, 1, 0x80, 2)},
		{"minor version 256", "minor version is above 255", spliced(1, 1, 0x80, 2)},
		{"ends in the parent", "parent ends early", good[:20]},
		{"ends in the nonce", "nonce ends early", good[:2+5+32+3]},
		{"ends in the miner transaction", "miner transaction: ", good[:2+5+32+4+20]},
		{"miner transaction of version 3", "miner transaction: version is not supported: 3", spliced(2+5+32+4, 1, 3)},
		{"miner transaction that spends", "miner transaction: input tag is not a coinbase's", m.block(spend.Raw(), nil)},
		{"huge number of transactions", "number of transactions is beyond", spliced(count, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1)},
		{"a transaction too few", "trailing bytes are not allowed: 32", spliced(count, 1, 2)},
		{"a transaction too many", "number of transactions is beyond", spliced(count, 1, 4)},
		{"number of transactions not canonical", "number of transactions is no varint: keys: varint", spliced(count, 1, 0x83, 0)},
		{"trailing byte", "trailing bytes are not allowed: 1", append(slices.Clone(good), 0)},
		{"too large", "size is above the limit", make([]byte, block.MaxBlock+1)},
	} {
		t.Run(test.name, func(t *testing.T) {
			var field *block.FieldError
			requireCheap(t, test.name, func() {
				_, err := block.Parse(test.raw)
				require.ErrorAs(t, err, &field)
				require.ErrorContains(t, err, "monero: block: "+test.why)
			})
		})
	}
	for n := range good {
		_, err := block.Parse(good[:n])
		require.Error(t, err, "%d bytes", n)
	}
}

// TestEveryByteOfABlockCounts flips each byte: none can change and leave the
// ID as it was.
func TestEveryByteOfABlockCounts(t *testing.T) {
	m := seededMaker(7)
	miner, err := m.coinbase(100, 2).Encode()
	require.NoError(t, err)
	raw := m.block(miner.Raw(), m.keys(2))
	b, err := block.Parse(raw)
	require.NoError(t, err)
	id := b.ID()
	for i := range raw {
		other := slices.Clone(raw)
		other[i] ^= 1
		if changed, err := block.Parse(other); err == nil {
			require.NotEqual(t, id, changed.ID(), fmt.Sprint("byte ", i))
		}
	}
}
