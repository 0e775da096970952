package bulletproofs

import (
	"encoding/binary"

	"filippo.io/edwards25519"

	"github.com/serai-go/processor/coin/monero/keys"
)

var (
	one       = fromUint64(1)
	maxAmount = fromUint64(1<<amountBits - 1)
	eighth    = keys.InverseEight()
)

// fromUint64 returns n as a scalar, in constant time.
func fromUint64(n uint64) *edwards25519.Scalar {
	var b [keys.Size]byte
	binary.LittleEndian.PutUint64(b[:], n)
	s, err := new(edwards25519.Scalar).SetCanonicalBytes(b[:])
	if err != nil {
		panic(err) // n is far below ℓ
	}
	return s
}

// powers returns x⁰ to xⁿ.
func powers(x *edwards25519.Scalar, n int) []edwards25519.Scalar {
	list := make([]edwards25519.Scalar, n+1)
	list[0].Set(one)
	for i := range n {
		list[i+1].Multiply(&list[i], x)
	}
	return list
}

// invertAll replaces scalars, none of which is 0, by their inverses. One of
// them is computed, the others cost three multiplications each (Montgomery's
// trick).
func invertAll(list []edwards25519.Scalar) {
	prefix := make([]edwards25519.Scalar, len(list)) // products of those before
	var running, inverse edwards25519.Scalar
	running.Set(one)
	for i := range list {
		prefix[i].Set(&running)
		running.Multiply(&running, &list[i])
	}
	running.Invert(&running)
	for i := len(list) - 1; i >= 0; i-- {
		inverse.Multiply(&running, &prefix[i])
		running.Multiply(&running, &list[i])
		list[i].Set(&inverse)
	}
}

// square squares s n times.
func square(s *edwards25519.Scalar, n int) {
	for range n {
		s.Multiply(s, s)
	}
}
