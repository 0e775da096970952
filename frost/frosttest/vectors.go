package frosttest

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// A Vector is one case of a conformance file.
type Vector struct {
	ID, Kind, Note string
	In, Want       json.RawMessage
}

// Vectors runs a test for every case of the conformance files that match a
// pattern, and logs one line per file. The files are those in vectors/frost
// below $CONFORMANCE_DATA, by default ../shared beside the repository. Without
// any the test is skipped, unless CONFORMANCE_REQUIRED=1 says that they must be
// there.
func Vectors(t *testing.T, pattern string, run func(t *testing.T, v Vector)) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dataDirectory(t), "vectors", "frost", pattern))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		if os.Getenv("CONFORMANCE_REQUIRED") == "1" {
			t.Fatalf("no conformance file matches %s", pattern)
		}
		t.Skipf("no conformance file matches %s", pattern)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var content struct{ Cases []Vector }
		if err := json.Unmarshal(data, &content); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		for _, v := range content.Cases {
			t.Run(v.ID, func(t *testing.T) { run(t, v) })
		}
		t.Logf("%s: %d cases", filepath.Base(file), len(content.Cases))
	}
}

func dataDirectory(t *testing.T) string {
	t.Helper()
	if dir := os.Getenv("CONFORMANCE_DATA"); dir != "" {
		return dir
	}
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return filepath.Join(dir, "..", "shared")
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			t.Fatal("no go.mod above the working directory")
		}
		dir = parent
	}
}
