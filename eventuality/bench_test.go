package eventuality_test

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/eventuality"
	"github.com/serai-go/processor/storage"
	"github.com/serai-go/processor/storage/bbolt"
)

// BenchmarkFind looks through a block of 3,000 transactions with two inputs
// each, none of them the group's.
func BenchmarkFind(b *testing.B) {
	block := blockOf()
	for _, guarded := range []uint64{10, 100_000} {
		for name, open := range map[string]func(testing.TB) storage.Store{
			"memory": func(testing.TB) storage.Store { return storage.NewMemory() },
			"bbolt": func(tb testing.TB) storage.Store {
				s, err := bbolt.Open(filepath.Join(tb.TempDir(), "db"), bbolt.Options{})
				require.NoError(tb, err)
				return s
			},
		} {
			b.Run(fmt.Sprintf("%s/guarded=%d", name, guarded), func(b *testing.B) {
				store := open(b)
				defer store.Close()
				tracker := eventuality.NewTracker(readExpected)
				for n := uint64(0); n < guarded; n += 10_000 {
					require.NoError(b, store.Update(b.Context(), func(tx storage.Tx) error {
						for m := n; m < min(n+10_000, guarded); m++ {
							if err := tracker.Guard(tx, number(2, m), number(3, m)); err != nil {
								return err
							}
						}
						if n > 0 {
							return nil
						}
						for m := range uint64(10) { // plans under way
							e := expected{[32]byte{1, byte(m)}, string(number(2, m))}
							if err := tracker.Expect(tx, [32]byte{2, byte(m)}, e); err != nil {
								return err
							}
						}
						return nil
					}))
				}
				find := func() {
					require.NoError(b, store.View(b.Context(), func(r storage.Reader) error {
						completions, spends, err := tracker.Find(r, block)
						require.Empty(b, completions)
						require.Empty(b, spends)
						return err
					}))
				}
				find() // the first one reads what is watched for
				b.ReportAllocs()
				for b.Loop() {
					find()
				}
			})
		}
	}
}
