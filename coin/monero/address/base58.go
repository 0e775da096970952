package address

import (
	"encoding/binary"
	"errors"
	"math/bits"
)

const (
	alphabet  = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
	base      = uint64(len(alphabet))
	blockSize = 8  // bytes
	blockText = 11 // characters of a whole block
)

// textSizes is how many characters a block of each size in bytes has.
var textSizes = [blockSize + 1]int{0, 2, 3, 5, 6, 7, 9, 10, blockText}

// digits has the value of each character plus one, 0 for those that are none.
var digits = func() (values [256]byte) {
	for i := range len(alphabet) {
		values[alphabet[i]] = byte(i + 1)
	}
	return values
}()

// Errors of DecodeBase58.
var (
	ErrBase58Character = errors.New("address: character is not of base58")
	ErrBase58Length    = errors.New("address: no number of bytes has a base58 text of this length")
	ErrBase58Overflow  = errors.New("address: base58 block has a value above that of its bytes")
)

// EncodeBase58 returns the base58 text of bytes in Monero's form: each 8 bytes
// are a big-endian number written with 11 characters, the remaining 1 to 7 bytes
// one with 2, 3, 5, 6, 7, 9 or 10; the highest digit first.
func EncodeBase58(b []byte) string {
	text := make([]byte, 0, len(b)/blockSize*blockText+blockText)
	for len(b) > 0 {
		n := min(len(b), blockSize)
		text = appendBlock(text, b[:n])
		b = b[n:]
	}
	return string(text)
}

func appendBlock(text, block []byte) []byte {
	var number [blockSize]byte
	copy(number[blockSize-len(block):], block)
	v := binary.BigEndian.Uint64(number[:])
	var digits [blockText]byte
	n := textSizes[len(block)]
	for i := n - 1; i >= 0; i-- {
		digits[i] = alphabet[v%base]
		v /= base
	}
	return append(text, digits[:n]...)
}

// DecodeBase58 is the inverse of EncodeBase58. Bytes have one text: it returns
// an error for all that EncodeBase58 does not write.
func DecodeBase58(text string) ([]byte, error) {
	b := make([]byte, 0, len(text)/blockText*blockSize+blockSize)
	for len(text) > 0 {
		n := min(len(text), blockText)
		var err error
		if b, err = decodeBlock(b, text[:n]); err != nil {
			return nil, err
		}
		text = text[n:]
	}
	return b, nil
}

func decodeBlock(b []byte, text string) ([]byte, error) {
	size := 1
	for textSizes[size] < len(text) {
		size++
	}
	if textSizes[size] != len(text) {
		return nil, ErrBase58Length
	}
	var v uint64
	for i := range len(text) {
		digit := uint64(digits[text[i]])
		if digit == 0 {
			return nil, ErrBase58Character
		}
		high, low := bits.Mul64(v, base)
		sum, carry := bits.Add64(low, digit-1, 0)
		if high+carry != 0 {
			return nil, ErrBase58Overflow
		}
		v = sum
	}
	if size < blockSize && v>>(8*size) != 0 {
		return nil, ErrBase58Overflow
	}
	var number [blockSize]byte
	binary.BigEndian.PutUint64(number[:], v)
	return append(b, number[blockSize-size:]...), nil
}
