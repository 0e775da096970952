// Package batch holds what a processor reports to the settlement chain and
// how anyone verifies it.
//
// A block in which something happened to the group is reported as an Update
// of one or more Batches. Each batch is signed by the group's batch key, an
// ordinary Ed25519 key, over its Digest: Verify needs no part of this library
// but this package. The same key signs a session's other statements: Cosign
// and SlashReport.
package batch

import (
	"errors"

	"github.com/serai-go/processor/internal/wire"
)

// Limits of decoded batches: no consensus parameters can make more. So many
// instructions fit into the largest batch, of 16 MiB.
const (
	maxText         = 128
	maxData         = 1 << 20
	maxInstructions = 1 << 20
	maxBatches      = 1 << 20
)

// Instruction is a deposit that carries instructions for the settlement
// chain.
type Instruction struct {
	// Origin is the address that a refund of the deposit goes to, in the
	// network's text form; empty if there is none.
	Origin string
	// Amount is credited, in the network's atomic unit.
	Amount uint64
	// Data is what the depositor sent along, opaque here.
	Data []byte
}

// Encode writes the instruction.
func (i Instruction) Encode(w *wire.Writer) {
	w.String(i.Origin)
	w.Uint64(i.Amount)
	w.Bytes(i.Data)
}

// Decode reads the instruction.
func (i *Instruction) Decode(r *wire.Reader) {
	i.Origin = r.String(maxText)
	i.Amount = r.Uint64()
	i.Data = r.Bytes(maxData)
}

// minInstruction is the encoded size of an empty instruction.
const minInstruction = 4 + 8 + 4

// Size is the encoded size in bytes.
func (i Instruction) Size() int { return minInstruction + len(i.Origin) + len(i.Data) }

// Batch is a report about one block.
type Batch struct {
	// ID counts the network's batches from 0.
	ID uint64
	// Number and Block identify the block.
	Number uint64
	Block  [32]byte
	// Instructions are in the order of their outputs in the block, those
	// queued for this block first.
	Instructions []Instruction
}

// headSize is the encoded size of a batch without instructions.
const headSize = 8 + 8 + 32 + 4

// Encode writes the batch.
func (b Batch) Encode(w *wire.Writer) {
	w.Uint64(b.ID)
	w.Uint64(b.Number)
	w.Fixed(b.Block[:])
	wire.List(w, b.Instructions)
}

// Decode reads the batch.
func (b *Batch) Decode(r *wire.Reader) {
	b.ID = r.Uint64()
	b.Number = r.Uint64()
	r.Fixed(b.Block[:])
	b.Instructions = wire.ReadList[Instruction](r, maxInstructions, minInstruction)
}

// Domain says whose batch it is, so that no signature is valid elsewhere.
type Domain struct {
	// Network and Genesis name the external network: the coin's Name and Genesis.
	Network string
	Genesis [32]byte
	// Session is the validator set whose batch key signs.
	Session uint64
}

// Digest is the 32-byte message that the batch key signs.
func (b Batch) Digest(d Domain) [32]byte { return d.digest("batch", b) }

// ErrSignature is returned for a signature that is not the batch key's.
var ErrSignature = errors.New("batch: wrong signature")

// Verify checks the signature of a batch by the batch key of its domain's
// session, a 32-byte Ed25519 public key.
func (b Batch) Verify(d Domain, key, signature []byte) error {
	return verify(b.Digest(d), key, signature)
}

// Update is all that is reported about one block.
type Update struct {
	// Number and Block identify the block.
	Number uint64
	Block  [32]byte
	// Batches are in the order of their IDs, at least one.
	Batches []Batch
}

// Encode writes the update.
func (u Update) Encode(w *wire.Writer) {
	w.Uint64(u.Number)
	w.Fixed(u.Block[:])
	wire.List(w, u.Batches)
}

// Decode reads the update.
func (u *Update) Decode(r *wire.Reader) {
	u.Number = r.Uint64()
	r.Fixed(u.Block[:])
	u.Batches = wire.ReadList[Batch](r, maxBatches, headSize)
}

// Fill makes the update of a block: the instructions in order, each batch
// taking as many as fit into limit bytes, IDs counted from first. A block
// without instructions gets one empty batch.
func Fill(number uint64, block [32]byte, first uint64, limit int, instructions []Instruction) Update {
	u := Update{Number: number, Block: block}
	next := func() Batch {
		return Batch{ID: first + uint64(len(u.Batches)), Number: number, Block: block}
	}
	b, size := next(), headSize
	for _, i := range instructions {
		if size+i.Size() > limit && len(b.Instructions) > 0 {
			u.Batches = append(u.Batches, b)
			b, size = next(), headSize
		}
		b.Instructions = append(b.Instructions, i)
		size += i.Size()
	}
	u.Batches = append(u.Batches, b)
	return u
}
