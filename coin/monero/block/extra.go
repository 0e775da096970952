package block

import (
	"errors"
	"fmt"
	"iter"

	"github.com/serai-go/processor/coin/monero/keys"
)

// Tags of the extra field's parts.
const (
	TagPadding        = 0x00 // zeros to the end, at most 255 with the tag
	TagKey            = 0x01 // transaction key, 32 bytes
	TagNonce          = 0x02 // vi size up to 255 and bytes: payment ID, data
	TagMergeMining    = 0x03 // vi size and bytes: vi depth, root 32
	TagAdditionalKeys = 0x04 // vi count and keys, 32 bytes each, one per output
	TagMinergate      = 0xde // vi size and bytes of unknown meaning
)

// First bytes of nonces.
const (
	noncePaymentID          = 0x00 // 32 bytes follow: obsolete
	nonceEncryptedPaymentID = 0x01 // 8 bytes follow
	nonceData               = 0x7f // any bytes follow
)

const (
	// MaxNonce is the size of the longest nonce and of the longest padding.
	MaxNonce = 255
	// MaxData is how many bytes of data one nonce holds.
	MaxData = MaxNonce - 1
	// MaxRelayExtra is the size of the longest extra field that nodes relay.
	MaxRelayExtra = 1060
)

// Extra is the extra field of a transaction: parts one after the other, by
// convention only. Nothing is wrong with any bytes. They are read as wallets
// do: up to the first part that is malformed or unknown. Only merge mining
// parts may have any content here, as some miners' do, where wallets stop
// reading if it is not a depth and a root.
type Extra []byte

// Part is a part of an extra field.
type Part struct {
	// Tag says what it is.
	Tag byte
	// Data is its content without tag, size and count, not copied: keys of 32
	// bytes each, a nonce, a merge mining blob. Of padding, it is all of it, so
	// that it is as long as the padding is said to be.
	Data []byte
}

// Parts yields the parts up to the first that is malformed.
func (e Extra) Parts() iter.Seq[Part] {
	return func(yield func(Part) bool) {
		c := cursor{data: e}
		for c.left() > 0 {
			p, ok := c.part()
			if !ok || !yield(p) {
				return
			}
		}
	}
}

// part reads a part of an extra field.
func (c *cursor) part() (p Part, ok bool) {
	start := c.pos
	p.Tag = c.byte("tag")
	n := 0
	switch p.Tag {
	case TagPadding:
		p.Data = c.data[start:]
		c.pos = len(c.data)
		return p, len(p.Data) <= MaxNonce && allZero(p.Data)
	case TagKey:
		n = 32
	case TagNonce:
		if n = c.count("nonce", 1); n > MaxNonce {
			return p, false
		}
	case TagMergeMining, TagMinergate:
		n = c.count("size", 1)
	case TagAdditionalKeys:
		n = 32 * c.count("additional keys", 32)
	default:
		return p, false
	}
	start = c.pos
	c.skip("part", n, 1)
	if c.err != nil {
		return p, false
	}
	p.Data = c.data[start:c.pos:c.pos]
	return p, true
}

func allZero(b []byte) bool {
	for _, v := range b {
		if v != 0 {
			return false
		}
	}
	return true
}

// Keys yields the transaction keys: the first is the sender's usual one,
// wallets try all. They may be no points.
func (e Extra) Keys() iter.Seq[[32]byte] {
	return func(yield func([32]byte) bool) {
		for p := range e.Parts() {
			if p.Tag == TagKey && !yield([32]byte(p.Data)) {
				return
			}
		}
	}
}

// AdditionalKeys returns the first list of additional keys, of which key i is
// for output i. There may be more or fewer of them than outputs, and they may
// be no points.
func (e Extra) AdditionalKeys() KeyList {
	for p := range e.Parts() {
		if p.Tag == TagAdditionalKeys {
			return KeyList(p.Data)
		}
	}
	return nil
}

// KeyList is a list of keys, 32 bytes each.
type KeyList []byte

// Len returns how many keys there are.
func (l KeyList) Len() int { return len(l) / 32 }

// At returns the key at a position, false if there are fewer.
func (l KeyList) At(i int) (key [32]byte, ok bool) {
	if i >= l.Len() {
		return key, false
	}
	return [32]byte(l[32*i:]), true
}

// PaymentID returns the encrypted payment ID, which is looked for in the first
// nonce only, as wallets do. Most are dummies.
func (e Extra) PaymentID() (id [8]byte, ok bool) {
	for p := range e.Parts() {
		if p.Tag == TagNonce {
			if len(p.Data) != 1+8 || p.Data[0] != nonceEncryptedPaymentID {
				break
			}
			return [8]byte(p.Data[1:]), true
		}
	}
	return id, false
}

// Data yields the arbitrary data that nonces hold, in order, each at most
// MaxData bytes. It is not copied.
func (e Extra) Data() iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for p := range e.Parts() {
			if p.Tag == TagNonce && len(p.Data) > 0 && p.Data[0] == nonceData && !yield(p.Data[1:]) {
				return
			}
		}
	}
}

// MergeMining returns the depth and the root of the first merge mining part
// that has its usual form. Miners put other things there, too.
func (e Extra) MergeMining() (depth uint64, root [32]byte, ok bool) {
	for p := range e.Parts() {
		if p.Tag != TagMergeMining {
			continue
		}
		depth, n, err := keys.ReadVarint(p.Data)
		if err == nil && len(p.Data) == n+32 {
			return depth, [32]byte(p.Data[n:]), true
		}
	}
	return 0, root, false
}

var errPart = errors.New("monero: part of extra is too long or its content not of the form")

// AppendPart appends a part to an extra field. Padding must be zeros and the
// last part.
func (e Extra) AppendPart(p Part) (Extra, error) {
	n := len(p.Data)
	ok := true
	switch p.Tag {
	case TagPadding:
		if n == 0 || n > MaxNonce || !allZero(p.Data) {
			return nil, errPart
		}
		return append(e, p.Data...), nil
	case TagKey:
		if n != 32 {
			return nil, errPart
		}
		return append(append(e, p.Tag), p.Data...), nil
	case TagNonce:
		ok = n <= MaxNonce
	case TagMergeMining, TagMinergate:
	case TagAdditionalKeys:
		ok = n%32 == 0
		n /= 32
	default:
		return nil, fmt.Errorf("monero: tag %d of extra %w", p.Tag, ErrUnsupported)
	}
	if !ok {
		return nil, errPart
	}
	e = keys.AppendVarint(append(e, p.Tag), uint64(n))
	return append(e, p.Data...), nil
}

// Content is what a sender puts into the extra field of an ordinary
// transaction.
type Content struct {
	// Key is the transaction key.
	Key [32]byte
	// AdditionalKeys are none, or one for each output.
	AdditionalKeys [][32]byte
	// PaymentID is the encrypted payment ID. Nil means that there is none.
	PaymentID *[8]byte
	// Data is arbitrary data, at most MaxData bytes each.
	Data [][]byte
}

// Extra returns the extra field in its one form: the transaction key, the
// additional keys, the payment ID, the data.
func (c Content) Extra() (e Extra, err error) {
	e = append(append(e, TagKey), c.Key[:]...)
	if len(c.AdditionalKeys) > 0 {
		e = keys.AppendVarint(append(e, TagAdditionalKeys), uint64(len(c.AdditionalKeys)))
		for _, key := range c.AdditionalKeys {
			e = append(e, key[:]...)
		}
	}
	if c.PaymentID != nil {
		e = append(append(e, TagNonce, 1+8, nonceEncryptedPaymentID), c.PaymentID[:]...)
	}
	for _, data := range c.Data {
		if e, err = e.AppendPart(Part{TagNonce, append([]byte{nonceData}, data...)}); err != nil {
			return nil, err
		}
	}
	return e, nil
}
