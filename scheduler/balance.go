package scheduler

import (
	"math/big"
	"math/bits"

	"github.com/serai-go/processor/internal/wire"
)

// Balance is a signed 128-bit amount: sums of any number of 64-bit amounts
// that a chain can ever hold fit, and what goes below zero stays exact.
type Balance struct {
	high int64
	low  uint64
}

// Add returns b + amount.
func (b Balance) Add(amount uint64) Balance {
	low, carry := bits.Add64(b.low, amount, 0)
	return Balance{b.high + int64(carry), low}
}

// Sub returns b − amount.
func (b Balance) Sub(amount uint64) Balance {
	low, borrow := bits.Sub64(b.low, amount, 0)
	return Balance{b.high - int64(borrow), low}
}

// Plus returns b + c.
func (b Balance) Plus(c Balance) Balance {
	low, carry := bits.Add64(b.low, c.low, 0)
	return Balance{b.high + c.high + int64(carry), low}
}

// Minus returns b − c.
func (b Balance) Minus(c Balance) Balance {
	low, borrow := bits.Sub64(b.low, c.low, 0)
	return Balance{b.high - c.high - int64(borrow), low}
}

// Negative tells whether b is below zero.
func (b Balance) Negative() bool { return b.high < 0 }

// Uint64 returns the amount if it fits.
func (b Balance) Uint64() (uint64, bool) { return b.low, b.high == 0 }

// atMost returns the smaller of a balance and an amount, and nothing of a
// negative one.
func (b Balance) atMost(amount uint64) uint64 {
	switch {
	case b.high < 0:
		return 0
	case b.high > 0:
		return amount
	}
	return min(b.low, amount)
}

// String returns the decimal amount.
func (b Balance) String() string {
	n := new(big.Int).Lsh(big.NewInt(b.high), 64)
	return n.Add(n, new(big.Int).SetUint64(b.low)).String()
}

// MarshalText makes a balance a decimal string in JSON.
func (b Balance) MarshalText() ([]byte, error) { return []byte(b.String()), nil }

// Encode writes 16 bytes.
func (b Balance) Encode(w *wire.Writer) {
	w.Uint64(b.low)
	w.Uint64(uint64(b.high))
}

// Decode reads 16 bytes.
func (b *Balance) Decode(r *wire.Reader) {
	b.low = r.Uint64()
	b.high = int64(r.Uint64())
}
