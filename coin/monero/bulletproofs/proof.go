package bulletproofs

import (
	"errors"
	"fmt"
	"math/bits"

	"github.com/serai-go/processor/coin/monero/keys"
)

// MaxOutputs is how many commitments a proof can be for.
const MaxOutputs = 16

const (
	amountBits = 64
	minRounds  = 6  // for 1 output
	maxRounds  = 10 // for MaxOutputs
	headSize   = 6 * keys.Size
)

var (
	// ErrInvalid reports a proof that shows nothing of the commitments.
	ErrInvalid = errors.New("bulletproofs: proof is invalid")
	// ErrEncoding reports bytes that do not begin with an encoded proof.
	ErrEncoding = errors.New("bulletproofs: not an encoded proof")
	// ErrOutputs reports a proof to make that is not for 1 to 16 amounts with
	// a mask each.
	ErrOutputs = errors.New("bulletproofs: not 1 to 16 amounts with a mask each")
)

// Proof shows that each of 1 to 16 commitments is to an amount of 64 bits.
// Points and scalars are as encoded, points an eighth of what they stand for.
type Proof struct {
	// A commits to the bits of all amounts, A1 and B to the blinding of the
	// last step.
	A, A1, B [keys.Size]byte
	// R1, S1 and D1 are the scalars of the last step.
	R1, S1, D1 [keys.Size]byte
	// L and R are the points of each round, the first first.
	L, R [][keys.Size]byte
}

// rounds returns how many rounds a proof has for 1 to 16 outputs.
func rounds(outputs int) int {
	return minRounds + bits.Len(uint(outputs-1))
}

func isCount(outputs int) bool { return outputs >= 1 && outputs <= MaxOutputs }

// Size returns the size of an encoded proof for so many outputs, in bytes, and
// 0 if there is none.
func Size(outputs int) int {
	if !isCount(outputs) {
		return 0
	}
	return headSize + 2*(1+keys.Size*rounds(outputs))
}

// Append appends the proof as it is encoded in a transaction, without the
// number of proofs.
func (p *Proof) Append(b []byte) []byte {
	for _, field := range [...]*[keys.Size]byte{&p.A, &p.A1, &p.B, &p.R1, &p.S1, &p.D1} {
		b = append(b, field[:]...)
	}
	for _, list := range [...][][keys.Size]byte{p.L, p.R} {
		b = keys.AppendVarint(b, uint64(len(list)))
		for i := range list {
			b = append(b, list[i][:]...)
		}
	}
	return b
}

// Parse reads the proof at the start of b and returns what follows it. A proof
// has one encoding, which Append writes again. Whether points and scalars are
// canonical, Verify says.
func Parse(b []byte) (p *Proof, rest []byte, err error) {
	if len(b) < headSize {
		return nil, nil, fmt.Errorf("%w: it ends before L", ErrEncoding)
	}
	p = new(Proof)
	for _, field := range [...]*[keys.Size]byte{&p.A, &p.A1, &p.B, &p.R1, &p.S1, &p.D1} {
		b = b[copy(field[:], b):]
	}
	if p.L, b, err = parseList(b, "L"); err != nil {
		return nil, nil, err
	}
	if p.R, b, err = parseList(b, "R"); err != nil {
		return nil, nil, err
	}
	if len(p.L) != len(p.R) {
		return nil, nil, fmt.Errorf("%w: %d L but %d R", ErrEncoding, len(p.L), len(p.R))
	}
	return p, b, nil
}

func parseList(b []byte, name string) (list [][keys.Size]byte, rest []byte, err error) {
	n, size, err := keys.ReadVarint(b)
	switch b = b[size:]; {
	case err != nil:
		return nil, nil, fmt.Errorf("%w: number of %s: %w", ErrEncoding, name, err)
	case n < minRounds || n > maxRounds:
		return nil, nil, fmt.Errorf("%w: %d points %s", ErrEncoding, n, name)
	case uint64(len(b)) < n*keys.Size:
		return nil, nil, fmt.Errorf("%w: it ends in %s", ErrEncoding, name)
	}
	list = make([][keys.Size]byte, n)
	for i := range list {
		b = b[copy(list[i][:], b):]
	}
	return list, b, nil
}
