package signer

import (
	"fmt"

	"github.com/serai-go/processor/frost"
	"github.com/serai-go/processor/internal/wire"
)

// commitment is a signer's offer to sign: its nonces are used at most once.
type commitment struct {
	// Counter orders the commitments of one validator to one sign ID.
	Counter uint64
	// Digest is of what the validator will sign.
	Digest [32]byte
	Nonces []byte
}

// Encode writes the commitment.
func (c commitment) Encode(w *wire.Writer) {
	w.Uint64(c.Counter)
	w.Fixed(c.Digest[:])
	w.Bytes(c.Nonces)
}

// Decode reads the commitment.
func (c *commitment) Decode(r *wire.Reader) {
	c.Counter = r.Uint64()
	r.Fixed(c.Digest[:])
	c.Nonces = r.Bytes(frost.MaxCommitmentSize)
}

// item is a signer's message on one sign ID: a commitment, or a share for a
// set, with the next commitment or without.
type item struct {
	ID ID
	// Share is nil in a mere commitment.
	Share []byte
	Set   uint32
	// Next may only be absent beside a share.
	Next *commitment
}

// MaxItem is the length in bytes of the longest item.
const MaxItem = 41 + 1 + 4 + 4 + frost.MaxAnswerSize + 1 + 8 + 32 + 4 + frost.MaxCommitmentSize

// Encode writes the item.
func (i item) Encode(w *wire.Writer) {
	i.ID.Encode(w)
	w.Bool(i.Share != nil)
	if i.Share != nil {
		w.Uint32(i.Set)
		w.Bytes(i.Share)
	}
	w.Bool(i.Next != nil)
	if i.Next != nil {
		i.Next.Encode(w)
	}
}

// Decode reads the item.
func (i *item) Decode(r *wire.Reader) {
	i.ID.Decode(r)
	if r.Bool() {
		i.Set = r.Uint32()
		i.Share = r.Bytes(frost.MaxAnswerSize)
		r.Check(i.Share != nil, "empty share")
	}
	if r.Bool() {
		i.Next = new(commitment)
		i.Next.Decode(r)
	}
	r.Check(i.Share != nil || i.Next != nil, "item without content")
}

// Strip takes the commitment out of an item: after a restart its nonces are
// gone. It returns nil if nothing is left to send.
func Strip(data []byte) ([]byte, error) {
	i, err := wire.Unmarshal[item](data)
	if err != nil {
		return nil, fmt.Errorf("signer: strip item: %w", err)
	}
	if i.Share == nil {
		return nil, nil
	}
	i.Next = nil
	return wire.Marshal(i), nil
}

// Content is what an item is about.
type Content struct {
	// ID is the sign ID.
	ID ID
	// Share tells that the item answers a set.
	Share bool
	Set   uint32
	// Commitment tells that the item commits, with this counter.
	Commitment bool
	Counter    uint64
}

// Inspect tells what an item is about.
func Inspect(data []byte) (Content, error) {
	i, err := wire.Unmarshal[item](data)
	if err != nil {
		return Content{}, fmt.Errorf("signer: inspect item: %w", err)
	}
	c := Content{ID: i.ID, Share: i.Share != nil, Set: i.Set, Commitment: i.Next != nil}
	if i.Next != nil {
		c.Counter = i.Next.Counter
	}
	return c, nil
}
