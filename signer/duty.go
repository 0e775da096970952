package signer

import (
	"github.com/serai-go/processor/frost"
	"github.com/serai-go/processor/internal/wire"
	"github.com/serai-go/processor/storage"
)

// duty is what this validator knows of a sign ID that is to be signed.
type duty struct {
	// Order counts the sign IDs from 1 as they became ones to sign; 0 is for
	// one that is not here yet.
	Order uint64
	// Digest is of what this validator will sign.
	Digest [32]byte
	// Counter is the highest commit counter given away, by this process or
	// any former one that shows in the log.
	Counter uint64
	// Used is the highest one that was in a set: no set but that can ask for
	// its nonces.
	Used uint64
	// Pending is set while a live set waits for this validator's share.
	Pending bool
	Set     uint32
	// Done is set once the signatures are there.
	Done bool
}

// Encode writes the duty.
func (d duty) Encode(w *wire.Writer) {
	w.Uint64(d.Order)
	w.Fixed(d.Digest[:])
	w.Uint64(d.Counter)
	w.Uint64(d.Used)
	w.Bool(d.Pending)
	w.Uint32(d.Set)
	w.Bool(d.Done)
}

// Decode reads the duty.
func (d *duty) Decode(r *wire.Reader) {
	d.Order = r.Uint64()
	r.Fixed(d.Digest[:])
	d.Counter = r.Uint64()
	d.Used = r.Uint64()
	d.Pending = r.Bool()
	d.Set = r.Uint32()
	d.Done = r.Bool()
}

// signatures are those of a completed set, verified and not handed on yet.
type signatures struct{ List [][]byte }

// maxSignature bounds the length of one signature in bytes: that of a ring
// signature grows with its ring.
const maxSignature = 1 << 16

// Encode writes the signatures.
func (s signatures) Encode(w *wire.Writer) {
	w.Count(len(s.List))
	for _, one := range s.List {
		w.Bytes(one)
	}
}

// Decode reads the signatures.
func (s *signatures) Decode(r *wire.Reader) {
	s.List = make([][]byte, r.Count(frost.MaxWork, 4))
	for i := range s.List {
		s.List[i] = r.Bytes(maxSignature)
	}
}

// open makes a sign ID one to sign.
func (s *Signer) open(tx storage.Tx, id ID, digest [32]byte) error {
	d, err := s.duties.Load(tx, id)
	if err != nil {
		return err
	}
	if d.Order == 0 {
		if d.Order, err = s.opened.Load(tx); err != nil {
			return err
		}
		d.Order++
		if err := s.opened.Put(tx, d.Order); err != nil {
			return err
		}
	}
	d.Digest = digest
	return s.duties.Put(tx, id, d)
}

// close forgets a sign ID.
func (s *Signer) close(tx storage.Tx, id ID) error {
	s.memory.forget(id)
	if err := s.duties.Delete(tx, id); err != nil {
		return err
	}
	if err := s.signatures.Delete(tx, id); err != nil {
		return err
	}
	if err := s.renewed.Delete(tx, id); err != nil {
		return err
	}
	if id.Kind == Plan {
		if err := s.refusals.Delete(tx, id.Subject); err != nil {
			return err
		}
	}
	if err := s.empty(tx, id); err != nil {
		return err
	}
	return s.sets.Delete(tx, id)
}
