package wire_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/serai-go/processor/internal/wire"
)

// all has a field of every primitive.
type all struct {
	A uint8
	B uint16
	C uint32
	D uint64
	E bool
	F [3]byte
	G []byte
	H string
	I []pair
}

type pair struct {
	Low, High uint8
	Name      string
}

func (p pair) Encode(w *wire.Writer) {
	w.Uint8(p.Low)
	w.Uint8(p.High)
	w.String(p.Name)
}

func (p *pair) Decode(r *wire.Reader) {
	p.Low = r.Uint8()
	p.High = r.Uint8()
	r.Check(p.Low <= p.High, "order")
	p.Name = r.String(8)
}

func (v all) Encode(w *wire.Writer) {
	w.Uint8(v.A)
	w.Uint16(v.B)
	w.Uint32(v.C)
	w.Uint64(v.D)
	w.Bool(v.E)
	w.Fixed(v.F[:])
	w.Bytes(v.G)
	w.String(v.H)
	wire.List(w, v.I)
}

func (v *all) Decode(r *wire.Reader) {
	v.A = r.Uint8()
	v.B = r.Uint16()
	v.C = r.Uint32()
	v.D = r.Uint64()
	v.E = r.Bool()
	r.Fixed(v.F[:])
	v.G = r.Bytes(1 << 26)
	v.H = r.String(1 << 26)
	v.I = wire.ReadList[pair](r, 1<<26, 6)
}

var full = all{
	A: 1, B: 0x0203, C: 0x04050607, D: 0x08090a0b0c0d0e0f, E: true, F: [3]byte{0x10, 0x11, 0x12},
	G: []byte{0x13}, H: "ab", I: []pair{{1, 2, "x"}, {3, 3, ""}},
}

const fullHex = "01" + "0302" + "07060504" + "0f0e0d0c0b0a0908" + "01" + "101112" +
	"0100000013" + "020000006162" + "02000000" + "01020100000078" + "030300000000"

func TestOneEncoding(t *testing.T) {
	require.Equal(t, fullHex, hex.EncodeToString(wire.Marshal(full)))
	data, err := hex.DecodeString(fullHex)
	require.NoError(t, err)
	v, err := wire.Unmarshal[all](data)
	require.NoError(t, err)
	require.Equal(t, full, v)
}

func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := all{
			A: rapid.Uint8().Draw(t, "A"), B: rapid.Uint16().Draw(t, "B"), C: rapid.Uint32().Draw(t, "C"),
			D: rapid.Uint64().Draw(t, "D"), E: rapid.Bool().Draw(t, "E"), H: rapid.String().Draw(t, "H"),
		}
		if b := rapid.SliceOf(rapid.Byte()).Draw(t, "G"); len(b) > 0 {
			v.G = b
		}
		again, err := wire.Unmarshal[all](wire.Marshal(v))
		require.NoError(t, err)
		require.Equal(t, v, again)
	})
}

func TestEveryCutIsShort(t *testing.T) {
	data := wire.Marshal(full)
	for n := range data {
		_, err := wire.Unmarshal[all](data[:n])
		require.ErrorIs(t, err, wire.ErrShort, "%d bytes", n)
	}
}

func TestTrailingBytesAreRefused(t *testing.T) {
	v, err := wire.Unmarshal[all](append(wire.Marshal(full), 0))
	require.ErrorIs(t, err, wire.ErrTrailing)
	require.Zero(t, v)
}

func TestReaderRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		data string
		read func(*wire.Reader)
		want error
	}{
		"boolean of 2":              {"02", func(r *wire.Reader) { r.Bool() }, wire.ErrValue},
		"bytes over the limit":      {"03000000616263", func(r *wire.Reader) { r.Bytes(2) }, wire.ErrLimit},
		"string over the limit":     {"03000000616263", func(r *wire.Reader) { r.String(2) }, wire.ErrLimit},
		"bytes beyond the input":    {"0300000061", func(r *wire.Reader) { r.Bytes(1 << 20) }, wire.ErrShort},
		"list over the limit":       {"0300000061", func(r *wire.Reader) { r.Count(2, 1) }, wire.ErrLimit},
		"list that cannot follow":   {"02000000616263", func(r *wire.Reader) { r.Count(9, 2) }, wire.ErrShort},
		"elements of no size":       {"02000000" + "61", func(r *wire.Reader) { r.Count(9, 0) }, wire.ErrShort},
		"count that would overflow": {"ffffffff", func(r *wire.Reader) { r.Count(1<<31-1, 1<<30) }, wire.ErrLimit},
		"caller's check":            {"01", func(r *wire.Reader) { r.Check(r.Uint8() == 0, "field") }, wire.ErrValue},
	} {
		t.Run(name, func(t *testing.T) {
			data, err := hex.DecodeString(c.data)
			require.NoError(t, err)
			r := wire.NewReader(data)
			c.read(r)
			require.ErrorIs(t, r.Err(), c.want)
			require.ErrorIs(t, r.Done(), c.want)
		})
	}
}

func TestFirstFailureSticks(t *testing.T) {
	r := wire.NewReader([]byte{2, 1, 1, 1, 1, 1, 1, 1, 1, 1})
	require.False(t, r.Bool())
	first := r.Err()
	require.ErrorIs(t, first, wire.ErrValue)
	require.Zero(t, r.Remaining())
	r.Fail(errors.New("another"))
	require.Zero(t, r.Uint8())
	require.Zero(t, r.Uint16())
	require.Zero(t, r.Uint32())
	require.Zero(t, r.Uint64())
	require.Nil(t, r.Bytes(9))
	require.Empty(t, r.String(9))
	fixed := [1]byte{7}
	r.Fixed(fixed[:])
	require.EqualValues(t, 7, fixed[0])
	require.Equal(t, first, r.Err())
	require.Equal(t, first, r.Done())
}

func TestDecodedValuesDoNotAliasTheInput(t *testing.T) {
	data := wire.Marshal(full)
	v, err := wire.Unmarshal[all](data)
	require.NoError(t, err)
	clear(data)
	require.Equal(t, full, v)
}

// broken decodes elements that all fail.
type broken struct{}

func (broken) Encode(*wire.Writer) {}

var brokenDecoded int

func (broken) Decode(r *wire.Reader) {
	brokenDecoded++
	r.Check(false, "always")
}

func TestListsEndAtTheFirstFailure(t *testing.T) {
	brokenDecoded = 0
	var w wire.Writer
	w.Count(1000)
	w.Fixed(make([]byte, 1000))
	require.Nil(t, wire.ReadList[broken](wire.NewReader(w.Data()), 1<<20, 1))
	require.Equal(t, 1, brokenDecoded)
}

func TestCountsAllocateNothingThatCannotFollow(t *testing.T) {
	data := append([]byte(nil), wire.Marshal(full)...)
	const most = 64 << 10
	for at := range len(data) - 4 {
		hostile := bytes.Clone(data)
		copy(hostile[at:], "\xff\xff\xff\x00")
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		v, err := wire.Unmarshal[all](hostile)
		runtime.ReadMemStats(&after)
		require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(most), "count at %d: %v", at, err)
		runtime.KeepAlive(v)
	}
}

func FuzzUnmarshal(f *testing.F) {
	f.Add(wire.Marshal(full))
	f.Add(wire.Marshal(all{}))
	f.Add([]byte(strings.Repeat("\xff", 64)))
	f.Fuzz(func(t *testing.T, data []byte) {
		v, err := wire.Unmarshal[all](data)
		if err != nil {
			require.Zero(t, v)
			return
		}
		require.Equal(t, data, wire.Marshal(v))
	})
}

// FuzzReader reads primitives in an order that the input chooses.
func FuzzReader(f *testing.F) {
	f.Add([]byte{0, 1, 2, 3, 4, 5, 6, 7, 8}, wire.Marshal(full))
	f.Fuzz(func(t *testing.T, ops, data []byte) {
		r := wire.NewReader(data)
		var w wire.Writer
		for _, op := range ops {
			if r.Err() != nil {
				require.Zero(t, r.Remaining())
				return
			}
			switch op % 9 {
			case 0:
				w.Uint8(r.Uint8())
			case 1:
				w.Uint16(r.Uint16())
			case 2:
				w.Uint32(r.Uint32())
			case 3:
				w.Uint64(r.Uint64())
			case 4:
				w.Bool(r.Bool())
			case 5:
				var fixed [5]byte
				r.Fixed(fixed[:])
				w.Fixed(fixed[:])
			case 6:
				w.Bytes(r.Bytes(int(op)))
			case 7:
				w.String(r.String(int(op)))
			case 8:
				wire.List(&w, wire.ReadList[pair](r, int(op), 6))
			}
		}
		if r.Err() == nil {
			require.Equal(t, fmt.Sprintf("%x", data[:len(data)-r.Remaining()]), fmt.Sprintf("%x", w.Data()))
		}
	})
}

func BenchmarkMarshal(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		wire.Marshal(full)
	}
}

func BenchmarkUnmarshal(b *testing.B) {
	data := wire.Marshal(full)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := wire.Unmarshal[all](data); err != nil {
			b.Fatal(err)
		}
	}
}
