package conformance

import (
	"encoding/json"
	"strconv"
	"testing"
)

// Monero runs a test for every case of the files vectors/monero/PATTERN, each
// decoded from JSON into a V.
func Monero[V any](t *testing.T, pattern string, run func(t *testing.T, v V)) {
	t.Helper()
	for _, file := range Files(t, "vectors/monero/"+pattern) {
		var content struct{ Vectors []V }
		if err := json.Unmarshal(Read(t, file), &content); err != nil {
			t.Fatalf("conformance data: %s: %v", file, err)
		}
		for i, v := range content.Vectors {
			t.Run(strconv.Itoa(i), func(t *testing.T) { run(t, v) })
		}
		Counted(t, file, len(content.Vectors))
	}
}
