package monero

import (
	"context"
	"encoding/hex"
	"iter"
	"math/rand/v2"
	"testing"

	"filippo.io/edwards25519"
	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/coin/monero/block"
	"github.com/serai-go/processor/coin/monero/keys"
	"github.com/serai-go/processor/coin/monero/node"
	"github.com/serai-go/processor/coin/monero/outputs"
)

func unhex(t require.TestingT, text string) []byte {
	b, err := hex.DecodeString(text)
	require.NoError(t, err)
	return b
}

// The miner transactions of the genesis blocks, and their nonces.
const (
	firstCoinbase    = "013c01ff0001ffffffffffff03029b2e4c0281c0b02e7c53291a94d1d0cbff8883f8024f5142ee494ffbbd08807121017767aafcde9be00dcfd098715ebcf7f410daebc582fda69d24a28e9d0bc890d1"
	stagenetCoinbase = "013c01ff0001ffffffffffff0302df5d56da0c7d643ddd1ce61901c7bdc5fb1738bfe39fbe69c28a3a7032729c0f2101168d0c4ca86fb55a4cf6a36d31431be1c53a3bd7411bb24e8832410289fa6f3b"
)

// blob is a block's encoding.
func blob(t require.TestingT, major byte, time uint64, parent coin.BlockID, nonce uint32, miner []byte, transactions []*block.Transaction) *block.Block {
	raw := keys.AppendVarint([]byte{major, 0}, time)
	raw = append(raw, parent[:]...)
	raw = append(raw, byte(nonce), byte(nonce>>8), byte(nonce>>16), byte(nonce>>24))
	raw = append(raw, miner...)
	raw = keys.AppendVarint(raw, uint64(len(transactions)))
	for _, tx := range transactions {
		id := tx.Hash()
		raw = append(raw, id[:]...)
	}
	b, err := block.Parse(raw)
	require.NoError(t, err)
	return b
}

// memoryNode is a node with a chain in memory.
type memoryNode struct {
	t     require.TestingT
	best  []*node.Block
	known map[coin.BlockID]*node.Block
	// asked counts what was asked for.
	asked map[string]int
	// nonce makes blocks differ.
	nonce   uint32
	indexed *index
}

func newMemoryNode(t require.TestingT) *memoryNode {
	n := &memoryNode{t: t, known: make(map[coin.BlockID]*node.Block), asked: make(map[string]int)}
	genesis := blob(t, 1, 0, coin.BlockID{}, 10_000, unhex(t, firstCoinbase), nil)
	n.put(&node.Block{ID: genesis.ID(), Block: genesis, Transactions: []*block.Transaction{genesis.Miner()}})
	return n
}

func (n *memoryNode) put(b *node.Block) {
	n.best = append(n.best, b)
	n.known[b.ID] = b
}

// mined is what a block to be made has.
type mined struct {
	major        byte
	time         uint64
	coinbase     *block.Fields // its height is set
	transactions []*block.Transaction
}

// mine adds a block to the best chain.
func (n *memoryNode) mine(m mined) *node.Block {
	number := uint64(len(n.best))
	if m.major == 0 {
		m.major = 16
	}
	if m.coinbase == nil {
		m.coinbase = &block.Fields{Outputs: []block.Output{{Amount: tailReward, Key: [32]byte{2}, Tagged: true}}}
	}
	f := *m.coinbase
	f.Version, f.Coinbase, f.Height, f.UnlockTime = 2, true, number, number+60
	miner, err := f.Encode()
	require.NoError(n.t, err)
	n.nonce++
	made := blob(n.t, m.major, m.time, n.best[number-1].ID, n.nonce, miner.Raw(), m.transactions)
	b := &node.Block{ID: made.ID(), Block: made, Transactions: append([]*block.Transaction{made.Miner()}, m.transactions...)}
	n.put(b)
	return b
}

func (n *memoryNode) Tip(context.Context) (uint64, error) { return uint64(len(n.best)) - 1, nil }

func (n *memoryNode) Header(_ context.Context, number uint64) (*block.Block, error) {
	n.asked["Header"]++
	if number >= uint64(len(n.best)) {
		return nil, coin.ErrNotFound
	}
	return n.best[number].Block, nil
}

func (n *memoryNode) HeaderByID(_ context.Context, id coin.BlockID) (*block.Block, error) {
	n.asked["HeaderByID"]++
	if b, ok := n.known[id]; ok {
		return b.Block, nil
	}
	return nil, coin.ErrNotFound
}

func (n *memoryNode) Block(_ context.Context, id coin.BlockID) (*node.Block, error) {
	n.asked["Block"]++
	if b, ok := n.known[id]; ok {
		return b, nil
	}
	return nil, coin.ErrNotFound
}

func (n *memoryNode) Blocks(_ context.Context, first, last uint64) iter.Seq2[*node.Block, error] {
	return func(yield func(*node.Block, error) bool) {
		n.asked["Blocks"]++
		for number := first; number <= last; number++ {
			if number >= uint64(len(n.best)) {
				yield(nil, coin.ErrNotFound)
				return
			}
			if !yield(n.best[number], nil) {
				return
			}
		}
	}
}

func newCoin(t require.TestingT, from Node) *Coin {
	c, err := New(from, Config{Network: Regtest})
	require.NoError(t, err)
	return c
}

// newKey is the network key of some group.
func newKey(n byte) coin.Key {
	s, err := keys.HashToScalar([]byte{n})
	if err != nil {
		panic(err)
	}
	return coin.Key{Session: uint64(n), Key: new(edwards25519.Point).ScalarBaseMult(s).Bytes()}
}

// sender makes transactions that nobody could have signed.
type sender struct {
	t      require.TestingT
	coin   *Coin
	random *rand.Rand
}

func (s *sender) bytes(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(s.random.Uint32())
	}
	return b
}

func (s *sender) scalar() *edwards25519.Scalar {
	x, err := new(edwards25519.Scalar).SetUniformBytes(s.bytes(64))
	require.NoError(s.t, err)
	return x
}

func (s *sender) point() [32]byte {
	return [32]byte(new(edwards25519.Point).ScalarBaseMult(s.scalar()).Bytes())
}

// strangers makes a transaction with outputs to nobody.
func (s *sender) strangers(count int, fee uint64) *block.Fields {
	f := &block.Fields{
		Version: 2, Type: block.TypeBulletproofsPlus, Fee: fee,
		Inputs:     []block.InputFields{{Offsets: []uint64{1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1}, KeyImage: s.point()}},
		PseudoOuts: [][32]byte{s.point()},
		Signatures: [][]byte{s.bytes(16*32 + 64)},
	}
	for range count {
		f.Outputs = append(f.Outputs, block.Output{Key: s.point(), Tagged: true, ViewTag: s.bytes(1)[0]})
		f.EncryptedAmounts = append(f.EncryptedAmounts, s.bytes(8))
		f.Commitments = append(f.Commitments, s.point())
	}
	k := 6
	for 1<<(k-6) < count {
		k++
	}
	f.RangeProofs = append(append([]byte{1}, s.bytes(6*32)...), byte(k))
	f.RangeProofs = append(append(f.RangeProofs, s.bytes(32*k)...), byte(k))
	f.RangeProofs = append(f.RangeProofs, s.bytes(32*k)...)
	return f
}

// pay makes output i of a transaction pay a kind of a group with a transaction
// key of its own, as wallets do for several subaddresses.
func (s *sender) pay(f *block.Fields, i int, key coin.Key, kind coin.Kind, amount uint64) {
	s.payTo(f, i, key, outputs.Address(kind), amount)
}

func (s *sender) payTo(f *block.Fields, i int, key coin.Key, to keys.Index, amount uint64) {
	r := s.scalar()
	pair, err := s.coin.pair(key.Key)
	require.NoError(s.t, err)
	spendKey, viewKey, err := pair.pair.Keys(to)
	require.NoError(s.t, err)
	view, err := keys.DecodePoint(viewKey[:])
	require.NoError(s.t, err)
	spend, err := keys.DecodePoint(spendKey[:])
	require.NoError(s.t, err)
	f.Extra, err = f.Extra.AppendPart(block.Part{Tag: block.TagKey, Data: new(edwards25519.Point).ScalarMult(r, spend).Bytes()})
	require.NoError(s.t, err)
	d := keys.Derive(r, view)
	shared, err := d.SharedKey(uint64(i))
	require.NoError(s.t, err)
	f.Outputs[i] = block.Output{Key: [32]byte(shared.OutputKey(spend).Bytes()), Tagged: true, ViewTag: d.ViewTag(uint64(i))}
	if f.EncryptedAmounts == nil { // a coinbase
		f.Outputs[i].Amount = amount
		return
	}
	mask, err := shared.CommitmentMask()
	require.NoError(s.t, err)
	encrypted := shared.EncryptAmount(amount)
	f.EncryptedAmounts[i] = encrypted[:]
	f.Commitments[i] = [32]byte(keys.Commit(mask, amount).Bytes())
}

func (s *sender) data(f *block.Fields, data string) {
	var err error
	f.Extra, err = f.Extra.AppendPart(block.Part{Tag: block.TagNonce, Data: append([]byte{0x7f}, data...)})
	require.NoError(s.t, err)
}

func (s *sender) encode(f *block.Fields) *block.Transaction {
	tx, err := f.Encode()
	require.NoError(s.t, err)
	return tx
}

// read returns what the coin has of a block.
func read(t *testing.T, c *Coin, b *node.Block, watched ...coin.Key) (coin.Block, []coin.Output) {
	header, err := c.Header(t.Context(), b.Block.Height())
	require.NoError(t, err)
	require.Equal(t, b.ID, header.ID)
	parsed, err := c.Block(t.Context(), header)
	require.NoError(t, err)
	found, err := c.Outputs(t.Context(), parsed, watched)
	require.NoError(t, err)
	return parsed, found
}
