package block_test

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"
	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin/bitcoin/block"
)

// ordinaryBlock makes a block of n transactions as they are on the main
// chain: mostly one or two segwit inputs, some legacy ones, two outputs.
// Each of the given scripts is paid once.
func ordinaryBlock(t testing.TB, n int, scripts [][]byte) []byte {
	r := rand.New(rand.NewPCG(1, 2))
	fill := func(size int) []byte {
		b := make([]byte, size)
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		return b
	}
	program := func(prefix string, size int) []byte { return append([]byte(prefix), fill(size)...) }
	coinbase := wire.NewMsgTx(2)
	coinbase.AddTxIn(&wire.TxIn{
		PreviousOutPoint: wire.OutPoint{Index: 0xffffffff},
		SignatureScript:  fill(8),
		Witness:          wire.TxWitness{make([]byte, 32)},
	})
	coinbase.AddTxOut(wire.NewTxOut(312_500_000, program("\x51\x20", 32)))
	msg := wire.MsgBlock{Transactions: []*wire.MsgTx{coinbase}}
	for i := range n {
		tx := wire.NewMsgTx(2)
		for range 1 + i%2 {
			in := &wire.TxIn{PreviousOutPoint: wire.OutPoint{Hash: chainhash.Hash(fill(32)), Index: uint32(i % 4)}}
			switch i % 5 {
			case 0:
				in.SignatureScript = fill(107)
			case 1, 2:
				in.Witness = wire.TxWitness{fill(64)}
			default:
				in.Witness = wire.TxWitness{fill(72), fill(33)}
			}
			tx.AddTxIn(in)
		}
		tx.AddTxOut(wire.NewTxOut(int64(10_000+i), program("\x51\x20", 32)))
		tx.AddTxOut(wire.NewTxOut(int64(20_000+i), program("\x00\x14", 20)))
		if i%9 == 0 {
			tx.AddTxOut(wire.NewTxOut(0, program("\x6a\x10", 16)))
		}
		msg.AddTransaction(tx)
	}
	for i, script := range scripts {
		msg.Transactions[1+i*n/len(scripts)].TxOut[1].PkScript = script
	}
	return finish(t, &msg)
}

// finish commits to the witnesses and the transactions and encodes.
func finish(t testing.TB, msg *wire.MsgBlock) []byte {
	leaves := make([]chainhash.Hash, len(msg.Transactions))
	for i, tx := range msg.Transactions[1:] {
		leaves[i+1] = tx.WitnessHash()
	}
	root := treeRoot(leaves)
	coinbase := msg.Transactions[0]
	if len(coinbase.TxIn[0].Witness) == 1 {
		commitment := chainhash.DoubleHashB(append(root[:], coinbase.TxIn[0].Witness[0]...))
		coinbase.AddTxOut(wire.NewTxOut(0, append([]byte("\x6a\x24\xaa\x21\xa9\xed"), commitment...)))
	}
	for i, tx := range msg.Transactions {
		leaves[i] = tx.TxHash()
	}
	msg.Header = *wire.NewBlockHeader(4, new(chainhash.Hash), new(chainhash.Hash), 0x207fffff, 0)
	msg.Header.Timestamp = time.Unix(1_700_000_000, 0)
	msg.Header.MerkleRoot = treeRoot(leaves)
	var raw bytes.Buffer
	require.NoError(t, msg.Serialize(&raw))
	return raw.Bytes()
}

// treeRoot is the merkle root, recursively.
func treeRoot(leaves []chainhash.Hash) chainhash.Hash {
	if len(leaves) == 1 {
		return leaves[0]
	}
	var above []chainhash.Hash
	for i := 0; i < len(leaves); i += 2 {
		right := leaves[min(i+1, len(leaves)-1)]
		above = append(above, chainhash.DoubleHashH(append(leaves[i][:], right[:]...)))
	}
	return treeRoot(above)
}

func ourScripts() (scripts [][]byte) {
	for i := range 12 {
		script := append([]byte("\x51\x20"), make([]byte, 32)...)
		binary.BigEndian.PutUint32(script[2:], uint32(i+1))
		scripts = append(scripts, script)
	}
	return scripts
}

func TestFind(t *testing.T) {
	scripts := ourScripts()
	b, err := block.Parse(ordinaryBlock(t, 300, scripts))
	require.NoError(t, err)
	n := 0
	for m := range b.Find(block.NewScripts(scripts)) {
		require.Equal(t, n, m.Script)
		o, ok := b.Transaction(m.Transaction).Output(m.Output)
		require.True(t, ok)
		require.Equal(t, scripts[n], o.Script)
		require.Equal(t, o.Value, m.Value)
		n++
	}
	require.Equal(t, len(scripts), n)
	_, ok := b.Transaction(1).Output(99)
	require.False(t, ok)

	long := bytes.Repeat([]byte{0x61}, 200)
	for _, scripts := range [][][]byte{nil, {long}, {{}}} {
		for range b.Find(block.NewScripts(scripts)) {
			t.Fatal("found a script that is not there")
		}
	}
}

// BenchmarkScan goes from the raw bytes of a block to the outputs for three
// keys of four kinds, everything authenticated. x-deserialise is the quotient
// to what btcd's packages take to deserialise the same block and to compute
// its transaction IDs and merkle root.
func BenchmarkScan(b *testing.B) {
	scripts := ourScripts()
	raw := ordinaryBlock(b, 4500, scripts)
	require.Greater(b, len(raw), 1_000_000)
	set := block.NewScripts(scripts)
	b.SetBytes(int64(len(raw)))
	b.ReportAllocs()
	var theirs time.Duration
	runs := 0
	for b.Loop() {
		parsed, err := block.Parse(raw)
		if err != nil {
			b.Fatal(err)
		}
		n := 0
		for range parsed.Find(set) {
			n++
		}
		if n != len(scripts) {
			b.Fatal("outputs missing")
		}
		b.StopTimer()
		start := time.Now()
		deserialise(b, raw)
		theirs += time.Since(start)
		runs++
		b.StartTimer()
	}
	ours := float64(b.Elapsed()) / float64(b.N)
	b.ReportMetric(ours/(float64(theirs)/float64(runs)), "x-deserialise")
}

// deserialise does with btcd's packages what reading a block is at least.
func deserialise(b *testing.B, raw []byte) {
	msg, err := btcutil.NewBlockFromBytes(raw)
	if err != nil {
		b.Fatal(err)
	}
	level := make([]chainhash.Hash, 0, len(msg.Transactions()))
	for _, tx := range msg.Transactions() {
		level = append(level, *tx.Hash())
	}
	var pair [64]byte
	for len(level) > 1 {
		for i := 0; i < len(level); i += 2 {
			copy(pair[:32], level[i][:])
			copy(pair[32:], level[min(i+1, len(level)-1)][:])
			level[i/2] = chainhash.DoubleHashH(pair[:])
		}
		level = level[:(len(level)+1)/2]
	}
	if level[0] != msg.MsgBlock().Header.MerkleRoot {
		b.Fatal("merkle root")
	}
}
