package bulletproofs_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin/monero/bulletproofs"
	"github.com/serai-go/processor/coin/monero/keys"
)

func FuzzParse(f *testing.F) {
	for _, n := range []int{1, 2, 16} {
		p, _ := made(f, 1, n)
		f.Add(p.Append(nil))
		f.Add(append(p.Append(nil), 0))
	}
	f.Add(encoded([]byte{0x86, 0}, []byte{6}, 6))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, rest, err := bulletproofs.Parse(data)
		if err != nil {
			require.Nil(t, p)
			require.Nil(t, rest)
			return
		}
		require.Equal(t, data, append(p.Append(nil), rest...))
	})
}

// FuzzVerify takes a proof and behind it the commitments. Alone and in a batch
// with a valid one the verdict is the same.
func FuzzVerify(f *testing.F) {
	for _, n := range []int{1, 2, 3} {
		p, c := made(f, 1, n)
		b := p.Append(nil)
		for i := range c {
			b = append(b, c[i][:]...)
		}
		f.Add(b)
		b[len(b)-1] ^= 1
		f.Add(b)
	}
	valid, commitments := made(f, 2, 2)
	f.Fuzz(func(t *testing.T, data []byte) {
		p, rest, err := bulletproofs.Parse(data)
		if err != nil {
			return
		}
		var c [][keys.Size]byte
		for ; len(rest) >= keys.Size && len(c) < 20; rest = rest[keys.Size:] {
			c = append(c, [keys.Size]byte(rest))
		}
		err = p.Verify(c)
		if err != nil {
			require.ErrorIs(t, err, bulletproofs.ErrInvalid)
		}
		batch := bulletproofs.VerifyBatch([]*bulletproofs.Proof{valid, p}, [][][keys.Size]byte{commitments, c})
		require.Equal(t, err == nil, batch == nil)
	})
}
