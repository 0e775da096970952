package storagetest

import (
	"encoding/binary"
	"testing"

	"github.com/serai-go/processor/storage"
)

// Benchmark measures what a processor does to its store: small durable
// commits, reads, and walks of a part.
func Benchmark(b *testing.B, open Open) {
	const stored = 100_000
	at := func(i uint64) []byte { return binary.BigEndian.AppendUint64([]byte("bench\x00"), i*0x9e3779b97f4a7c15) }
	value := make([]byte, 120)
	s := open(b, b.TempDir())
	defer s.Close()
	for i := uint64(0); i < stored; i += 10_000 {
		err := s.Update(b.Context(), func(tx storage.Tx) error {
			for j := range uint64(10_000) {
				if err := tx.Put(at(i+j), value); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	view := func(b *testing.B, fn func(storage.Reader) error) {
		if err := s.View(b.Context(), fn); err != nil {
			b.Fatal(err)
		}
	}
	b.Run("CommitTenUpserts", func(b *testing.B) {
		b.ReportAllocs()
		var i uint64
		for b.Loop() {
			err := s.Update(b.Context(), func(tx storage.Tx) error {
				for range 10 {
					i += 7919
					if err := tx.Put(at(i%stored), value); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("Get", func(b *testing.B) {
		b.ReportAllocs()
		view(b, func(r storage.Reader) error {
			var i uint64
			for b.Loop() {
				i += 7919
				if _, err := r.Get(at(i % stored)); err != nil {
					return err
				}
			}
			return nil
		})
	})
	b.Run("RangeThousand", func(b *testing.B) {
		b.ReportAllocs()
		view(b, func(r storage.Reader) error {
			for b.Loop() {
				n := 0
				for _, err := range r.Range(nil, nil) {
					if err != nil {
						return err
					}
					if n++; n == 1000 {
						break
					}
				}
			}
			return nil
		})
	})
}
