package block

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/big"
)

// HeaderSize is the size of a header in bytes.
const HeaderSize = 80

// ErrWork is wrapped when a header's hash is not below its target, or the
// target not below the network's limit.
var ErrWork = errors.New("bitcoin: proof of work")

// Header is a block's header.
type Header struct {
	raw  [HeaderSize]byte
	hash hash
}

// ParseHeader reads a header that fills raw exactly.
func ParseHeader(raw []byte) (Header, error) {
	if len(raw) != HeaderSize {
		return Header{}, fmt.Errorf("bitcoin: header of %d bytes", len(raw))
	}
	return Header{raw: [HeaderSize]byte(raw), hash: doubleHash(raw)}, nil
}

// Raw returns the header's bytes.
func (h Header) Raw() [HeaderSize]byte { return h.raw }

// ID returns the ID of the header's block.
func (h Header) ID() [32]byte { return reversed(h.hash) }

// Parent returns the ID of the block before.
func (h Header) Parent() [32]byte { return reversed(hash(h.raw[4:])) }

func (h Header) merkleRoot() hash { return hash(h.raw[36:]) }

// MerkleRoot returns the root of the transactions' IDs, in the order of IDs.
func (h Header) MerkleRoot() [32]byte { return reversed(h.merkleRoot()) }

// Time returns when the block was made by its miner's word, in seconds since
// 1970. It may be hours off and lie before the parent's.
func (h Header) Time() uint32 { return binary.LittleEndian.Uint32(h.raw[68:]) }

// Target returns the target that the hash has to meet, in its compact form.
func (h Header) Target() uint32 { return binary.LittleEndian.Uint32(h.raw[72:]) }

// CheckWork checks that the hash meets the target that the header claims, and
// that the target is not above limit, the network's easiest.
func (h Header) CheckWork(limit *big.Int) error {
	target, ok := ExpandTarget(h.Target())
	if !ok || target.Cmp(limit) > 0 {
		return fmt.Errorf("%w: the target is out of range", ErrWork)
	}
	id := h.ID()
	if new(big.Int).SetBytes(id[:]).Cmp(target) > 0 {
		return fmt.Errorf("%w: the hash is above the target", ErrWork)
	}
	return nil
}

// ExpandTarget expands the compact form of a target: a byte of length and
// three of mantissa with a sign. Zero, negative and oversized targets are
// none.
func ExpandTarget(compact uint32) (*big.Int, bool) {
	length, mantissa := uint(compact>>24), int64(compact&0x7fffff)
	if compact&0x800000 != 0 || length > 34 {
		return nil, false
	}
	target := big.NewInt(mantissa)
	if length <= 3 {
		target.Rsh(target, 8*(3-length))
	} else {
		target.Lsh(target, 8*(length-3))
	}
	return target, target.Sign() > 0 && target.BitLen() <= 256
}
