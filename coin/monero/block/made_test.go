package block_test

import (
	"math/rand/v2"

	"pgregory.net/rapid"

	"github.com/serai-go/processor/coin/monero/block"
	"github.com/serai-go/processor/coin/monero/keys"
)

// maker makes transactions of any form with contents that nobody could have
// signed.
type maker struct {
	number func() uint64 // of any size, edges often
	random *rand.Rand
}

func drawMaker(t *rapid.T) *maker {
	r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
	return &maker{random: r, number: func() uint64 {
		if r.IntN(4) == 0 {
			return 1<<64 - 1 - r.Uint64N(2)
		}
		return r.Uint64() >> r.IntN(64)
	}}
}

func seededMaker(seed uint64) *maker {
	r := rand.New(rand.NewPCG(seed, 0))
	return &maker{random: r, number: func() uint64 { return 1 + r.Uint64N(1<<14) }}
}

func (m *maker) bytes(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(m.random.Uint32())
	}
	return b
}

func (m *maker) key() [32]byte { return [32]byte(m.bytes(32)) }

func (m *maker) keys(n int) (list [][32]byte) {
	for range n {
		list = append(list, m.key())
	}
	return list
}

func (m *maker) blobs(n, size int) (list [][]byte) {
	for range n {
		list = append(list, m.bytes(size))
	}
	return list
}

// lists is how many points L a proof for some outputs has, said differently.
func lists(outputs int) int {
	for k, covers := 6, 1; ; k, covers = k+1, 2*covers {
		if covers >= outputs {
			return k
		}
	}
}

// transaction makes one of version 2, or of version 1 if version is that.
func (m *maker) transaction(version int, kind block.Type, inputs, ring, outputs int) *block.Fields {
	f := &block.Fields{Version: version, Type: kind, Extra: m.bytes(33)}
	for range inputs {
		in := block.InputFields{KeyImage: m.key()}
		for range ring {
			in.Offsets = append(in.Offsets, m.number())
		}
		f.Inputs = append(f.Inputs, in)
		switch {
		case version == 1:
			in.Amount = m.number()
			f.Signatures = append(f.Signatures, m.bytes(64*ring))
			ring = 1 + m.random.IntN(3)
		case kind >= block.TypeCLSAG:
			f.Signatures = append(f.Signatures, m.bytes(32*ring+64))
		case kind >= block.TypeSimple:
			f.Signatures = append(f.Signatures, m.bytes(64*ring+32))
		}
	}
	for range outputs {
		o := block.Output{Key: m.key(), Tagged: kind == block.TypeBulletproofsPlus}
		if o.Tagged {
			o.ViewTag = m.bytes(1)[0]
		}
		if version == 1 {
			o.Amount = m.number()
		}
		f.Outputs = append(f.Outputs, o)
	}
	if version == 1 {
		return f
	}
	f.Fee = m.number()
	f.Commitments = m.keys(outputs)
	size := 8
	if kind <= block.TypeBulletproof {
		size = 64
	}
	f.EncryptedAmounts = m.blobs(outputs, size)
	if kind == block.TypeFull {
		f.Signatures = m.blobs(1, 32*ring*(inputs+1)+32)
	} else {
		f.PseudoOuts = m.keys(inputs)
	}
	f.RangeProofs = m.rangeProofs(kind, outputs)
	return f
}

func (m *maker) rangeProofs(kind block.Type, outputs int) []byte {
	switch kind {
	case block.TypeFull, block.TypeSimple:
		return m.bytes(outputs * 32 * (64 + 64 + 1 + 64))
	case block.TypeBulletproof:
		return append([]byte{1, 0, 0, 0}, m.bulletproof(kind, outputs)...)
	}
	return append([]byte{1}, m.bulletproof(kind, outputs)...)
}

func (m *maker) bulletproof(kind block.Type, outputs int) []byte {
	k := lists(outputs)
	proof := append(m.bytes(6*32), byte(k))
	proof = append(append(proof, m.bytes(32*k)...), byte(k))
	proof = append(proof, m.bytes(32*k)...)
	if kind != block.TypeBulletproofsPlus {
		proof = append(proof, m.bytes(3*32)...)
	}
	return proof
}

// ordinary makes a transaction as wallets do today.
func (m *maker) ordinary(inputs, outputs int) *block.Fields {
	return m.transaction(2, block.TypeBulletproofsPlus, inputs, 16, outputs)
}

// coinbase makes a miner transaction.
func (m *maker) coinbase(height uint64, outputs int) *block.Fields {
	f := &block.Fields{Version: 2, Coinbase: true, Height: height, UnlockTime: height + 60, Extra: m.bytes(52)}
	for range outputs {
		f.Outputs = append(f.Outputs, block.Output{Amount: 600_000_000_000, Key: m.key(), Tagged: true, ViewTag: 7})
	}
	return f
}

// block makes the blob of a block with some transactions.
func (m *maker) block(miner []byte, hashes [][32]byte) []byte {
	b := keys.AppendVarint([]byte{16, 16}, 1_700_000_000)
	b = append(append(b, m.bytes(32+4)...), miner...)
	b = keys.AppendVarint(b, uint64(len(hashes)))
	for _, hash := range hashes {
		b = append(b, hash[:]...)
	}
	return b
}
