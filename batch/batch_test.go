package batch_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/hex"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/serai-go/processor/batch"
	"github.com/serai-go/processor/internal/wire"
)

var rewrite = flag.Bool("update", false, "write the golden files of testdata anew")

// golden compares bytes with a file of testdata that holds them in
// hexadecimal.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name+".hex")
	if *rewrite {
		require.NoError(t, os.WriteFile(path, []byte(hex.EncodeToString(got)+"\n"), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, strings.TrimSpace(string(want)), hex.EncodeToString(got))
}

var (
	domain = batch.Domain{Network: "mock", Genesis: [32]byte{1, 2, 3}, Session: 4}
	one    = batch.Batch{
		ID: 7, Number: 1000, Block: [32]byte{9, 8, 7},
		Instructions: []batch.Instruction{
			{Origin: "origin", Amount: 123456789, Data: []byte("data")},
			{Amount: 1, Data: []byte{0}},
		},
	}
)

func TestGolden(t *testing.T) {
	digest := one.Digest(domain)
	golden(t, "batch", wire.Marshal(one))
	golden(t, "digest", digest[:])
	golden(t, "update", wire.Marshal(batch.Update{Number: 1000, Block: one.Block, Batches: []batch.Batch{one, {ID: 8}}}))
}

func TestDigestDependsOnEverything(t *testing.T) {
	change := map[string]func(*batch.Domain, *batch.Batch){
		"nothing": func(*batch.Domain, *batch.Batch) {},
		"network": func(d *batch.Domain, _ *batch.Batch) { d.Network = "mocl" },
		"genesis": func(d *batch.Domain, _ *batch.Batch) { d.Genesis[31]++ },
		"session": func(d *batch.Domain, _ *batch.Batch) { d.Session++ },
		"ID":      func(_ *batch.Domain, b *batch.Batch) { b.ID++ },
		"number":  func(_ *batch.Domain, b *batch.Batch) { b.Number++ },
		"block":   func(_ *batch.Domain, b *batch.Batch) { b.Block[0]++ },
		"fewer":   func(_ *batch.Domain, b *batch.Batch) { b.Instructions = b.Instructions[:1] },
		"order": func(_ *batch.Domain, b *batch.Batch) {
			b.Instructions = []batch.Instruction{b.Instructions[1], b.Instructions[0]}
		},
		"amount": func(_ *batch.Domain, b *batch.Batch) {
			b.Instructions = []batch.Instruction{b.Instructions[0], {Amount: 2, Data: []byte{0}}}
		},
		"empty":       func(_ *batch.Domain, b *batch.Batch) { b.Instructions = nil },
		"shifted end": func(d *batch.Domain, _ *batch.Batch) { d.Network = "moc" },
	}
	seen := make(map[[32]byte]string)
	for name, fn := range change {
		d, b := domain, one
		fn(&d, &b)
		digest := b.Digest(d)
		require.NotContains(t, seen, digest, "%s and %s", name, seen[digest])
		seen[digest] = name
	}
}

func TestVerify(t *testing.T) {
	private := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{5}, 32))
	public := private.Public().(ed25519.PublicKey)
	digest := one.Digest(domain)
	signature := ed25519.Sign(private, digest[:])
	require.NoError(t, one.Verify(domain, public, signature))

	other := domain
	other.Session++
	require.ErrorIs(t, one.Verify(other, public, signature), batch.ErrSignature)
	require.ErrorIs(t, batch.Batch{}.Verify(domain, public, signature), batch.ErrSignature)
	require.ErrorIs(t, one.Verify(domain, public, nil), batch.ErrSignature)
	require.ErrorIs(t, one.Verify(domain, public, signature[:63]), batch.ErrSignature)
	require.ErrorIs(t, one.Verify(domain, make([]byte, 32), signature), batch.ErrSignature)
	require.ErrorContains(t, one.Verify(domain, public[:31], signature), "key of 31 bytes")
	require.ErrorContains(t, one.Verify(domain, nil, signature), "key of 0 bytes")
}

func TestFillWithoutInstructionsIsOneEmptyBatch(t *testing.T) {
	u := batch.Fill(5, [32]byte{6}, 7, 100, nil)
	require.Equal(t, batch.Update{Number: 5, Block: [32]byte{6}, Batches: []batch.Batch{{ID: 7, Number: 5, Block: [32]byte{6}}}}, u)
}

func TestFillIsGreedy(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const most = 40 // data of an instruction
		instructions := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) batch.Instruction {
			return batch.Instruction{
				Origin: rapid.StringOfN(rapid.RuneFrom([]rune("ab")), 0, 9, -1).Draw(t, "origin"),
				Amount: rapid.Uint64().Draw(t, "amount"),
				Data:   rapid.SliceOfN(rapid.Byte(), 1, most).Draw(t, "data"),
			}
		}), 0, 40).Draw(t, "instructions")
		empty := len(wire.Marshal(batch.Batch{}))
		limit := rapid.IntRange(empty+batch.Instruction{}.Size()+9+most, 400).Draw(t, "limit")
		first := rapid.Uint64Range(0, 1<<60).Draw(t, "first")

		u := batch.Fill(11, [32]byte{12}, first, limit, instructions)
		require.EqualValues(t, 11, u.Number)
		require.Equal(t, [32]byte{12}, u.Block)
		var all []batch.Instruction
		for i, b := range u.Batches {
			require.Equal(t, first+uint64(i), b.ID)
			require.Equal(t, u.Number, b.Number)
			require.Equal(t, u.Block, b.Block)
			size := len(wire.Marshal(b))
			require.LessOrEqual(t, size, limit)
			if len(instructions) > 0 {
				require.NotEmpty(t, b.Instructions)
			}
			if i+1 < len(u.Batches) {
				require.Greater(t, size+u.Batches[i+1].Instructions[0].Size(), limit, "the next would have fitted")
			}
			all = append(all, b.Instructions...)
		}
		require.Equal(t, len(instructions), len(all))
		for i := range all {
			require.Equal(t, instructions[i], all[i])
			require.Len(t, wire.Marshal(all[i]), all[i].Size())
		}
	})
}

// roundTrip requires that what decodes encodes to the same bytes.
func roundTrip[T any, P wire.Decoder[T]](t *testing.T, data []byte) {
	v, err := wire.Unmarshal[T, P](data)
	if err == nil {
		require.Equal(t, data, wire.Marshal(P(&v)))
	}
}

func FuzzInstruction(f *testing.F) {
	f.Add(wire.Marshal(batch.Instruction{}))
	f.Add(wire.Marshal(one.Instructions[0]))
	f.Fuzz(func(t *testing.T, data []byte) { roundTrip[batch.Instruction](t, data) })
}

func FuzzBatch(f *testing.F) {
	f.Add(wire.Marshal(batch.Batch{}))
	f.Add(wire.Marshal(one))
	f.Fuzz(func(t *testing.T, data []byte) { roundTrip[batch.Batch](t, data) })
}

func FuzzVerify(f *testing.F) {
	private := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	for _, s := range []statement{one, cosign, report} {
		digest := s.Digest(domain)
		f.Add([]byte(private.Public().(ed25519.PublicKey)), ed25519.Sign(private, digest[:]))
	}
	f.Add(make([]byte, 31), make([]byte, 64))
	f.Fuzz(func(t *testing.T, key, signature []byte) {
		good := func(digest [32]byte) bool {
			return len(key) == ed25519.PublicKeySize && ed25519.Verify(key, digest[:], signature)
		}
		require.Equal(t, good(one.Digest(domain)), one.Verify(domain, key, signature) == nil)
		require.Equal(t, good(cosign.Digest(domain)), cosign.Verify(domain, key, signature) == nil)
		require.Equal(t, good(report.Digest(domain)), report.Verify(domain, key, signature) == nil)
	})
}

func FuzzUpdate(f *testing.F) {
	f.Add(wire.Marshal(batch.Update{}))
	f.Add(wire.Marshal(batch.Update{Number: 1, Batches: []batch.Batch{one, {}}}))
	f.Fuzz(func(t *testing.T, data []byte) { roundTrip[batch.Update](t, data) })
}

func BenchmarkDigest(b *testing.B) {
	instructions := make([]batch.Instruction, 200)
	for i := range instructions {
		instructions[i] = batch.Instruction{Amount: uint64(i), Data: make([]byte, 100)}
	}
	full := batch.Batch{Instructions: instructions}
	b.SetBytes(int64(len(wire.Marshal(full))))
	b.ReportAllocs()
	for b.Loop() {
		full.Digest(domain)
	}
}
