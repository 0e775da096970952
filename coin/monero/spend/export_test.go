package spend

import (
	"filippo.io/edwards25519"

	"github.com/serai-go/processor/coin/monero/block"
	"github.com/serai-go/processor/coin/monero/bulletproofs"
)

// Pretend returns the transaction as it would be with some key images, and with
// signatures of zeros.
func (u *Unsigned) Pretend(images [][32]byte) (*block.Transaction, error) {
	return u.signed(images, make([][]byte, len(images)))
}

// Unproven is New with a range proof that nobody believes, which takes no time.
func Unproven(draft Draft) (*Unsigned, error) {
	u, _, err := build(&draft)
	if err != nil {
		return nil, err
	}
	size := bulletproofs.Size(len(u.outputs))
	lists := (size - 6*32 - 2) / 64
	u.proof = make([]byte, size)
	u.proof[6*32], u.proof[6*32+1+32*lists] = byte(lists), byte(lists)
	return u, nil
}

// Stream returns the first bytes of a stream.
func (s *Seed) Stream(name string, spent []Member, n int) []byte {
	b := make([]byte, n)
	_, _ = s.stream(purpose(name), spent).Read(b)
	return b
}

// Shuffled returns the places of n outputs by a seed.
func (s *Seed) Shuffled(spent []Member, n int) []int { return s.stream(forShuffle, spent).shuffled(n) }

// PseudoOutMasks returns the masks of a draft's pseudo outputs.
func (d *Draft) PseudoOutMasks(outputs ...*edwards25519.Scalar) ([]*edwards25519.Scalar, error) {
	return d.pseudoOutMasks(outputs)
}
