package block_test

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin/monero/block"
	"github.com/serai-go/processor/internal/conformance"
)

type hostile struct {
	Kind, Name, Hex, Why, Stage string
}

func readHostile(t testing.TB, file string) (all []hostile) {
	for line := range bytes.Lines(conformance.Read(t, file)) {
		var h hostile
		require.NoError(t, json.Unmarshal(line, &h))
		all = append(all, h)
	}
	return all
}

// parse reads a hostile input as what it poses as.
func (h hostile) parse(raw []byte) (err error) {
	switch h.Kind {
	case "tx":
		_, err = block.ParseTransaction(raw)
	case "pruned_tx":
		_, err = block.ParsePruned(raw, [32]byte{})
	case "block":
		_, err = block.Parse(raw)
	}
	return err
}

// TestConformanceHostile: whatever a node can tell to be no transaction or
// block is refused, with the name of the field. What only consensus refuses is
// read and hashed.
func TestConformanceHostile(t *testing.T) {
	for _, file := range conformance.Files(t, "corpora/monero_hostile*.jsonl.gz") {
		t.Run(filepath.Base(file), func(t *testing.T) {
			all := readHostile(t, file)
			for _, h := range all {
				raw := unhex(t, h.Hex)
				requireCheap(t, h.Name, func() { _ = h.parse(raw) })
				err := h.parse(raw)
				if h.Stage != "parse" {
					continue
				}
				var field *block.FieldError
				require.ErrorAs(t, err, &field, "%s: %s", h.Name, h.Why)
				require.NotEmpty(t, field.Field, h.Name)
				require.ErrorContains(t, err, field.Field, h.Name)
			}
			conformance.Counted(t, file, len(all))
		})
	}
}

// requireCheap checks that f takes less than 10 ms and 16 MB.
func requireCheap(t testing.TB, name string, f func()) {
	var before, after runtime.MemStats
	least := time.Hour
	runtime.ReadMemStats(&before)
	for range 3 { // the machine may be busy
		start := time.Now()
		f()
		least = min(least, time.Since(start))
	}
	runtime.ReadMemStats(&after)
	require.Less(t, least, 10*time.Millisecond, name)
	require.Less(t, (after.TotalAlloc-before.TotalAlloc)/3, uint64(16<<20), name)
}
