// Package conformance finds conformance data for tests: test vectors of public
// specifications and blocks that real nodes made.
//
// The data lies in the directory $CONFORMANCE_DATA, by default ../shared, seen
// from the root of the repository. Its folders are suites. A test whose files are
// absent is skipped; with CONFORMANCE_REQUIRED=1 it fails instead where the whole
// suite is absent.
package conformance

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Files returns the files that match a pattern below the data directory, such
// as "vectors/frost/*bip340*.json". There is at least one, or the test ends.
func Files(t testing.TB, pattern string) []string {
	t.Helper()
	path := filepath.Join(directory(t), filepath.FromSlash(pattern))
	files := glob(t, path)
	switch {
	case len(files) > 0:
	case os.Getenv("CONFORMANCE_REQUIRED") == "1" && len(glob(t, filepath.Join(filepath.Dir(path), "*"))) == 0:
		t.Fatalf("conformance data: there is no %s", filepath.Dir(path))
	default:
		t.Skipf("conformance data: no file matches %s", path)
	}
	return files
}

// Read returns a file's content, unpacked if its name ends with .gz.
func Read(t testing.TB, file string) []byte {
	t.Helper()
	data, err := os.ReadFile(file)
	if err == nil && strings.HasSuffix(file, ".gz") {
		var z *gzip.Reader
		if z, err = gzip.NewReader(bytes.NewReader(data)); err == nil {
			data, err = io.ReadAll(z)
		}
	}
	if err != nil {
		t.Fatalf("conformance data: %s: %v", file, err)
	}
	return data
}

// Counted logs how many cases of a file have been gone through, in one line
// per file.
func Counted(t testing.TB, file string, cases int) {
	t.Helper()
	t.Logf("%s: %d cases", filepath.Base(file), cases)
}

// A Vector is one case of a file of vectors.
type Vector struct {
	// Suite is what the file says of itself.
	Suite string
	// ID is unique within the file. Kind says what In and Want hold. Note is
	// for the reader.
	ID, Kind, Note string
	// In is what the case is given, Want what has to come out.
	In, Want json.RawMessage
}

// Vectors runs a test for every case of the files vectors/frost/PATTERN.
func Vectors(t *testing.T, pattern string, run func(t *testing.T, v Vector)) {
	t.Helper()
	for _, file := range Files(t, "vectors/frost/"+pattern) {
		vectors := ReadVectors(t, file)
		for _, v := range vectors {
			t.Run(v.ID, func(t *testing.T) { run(t, v) })
		}
		Counted(t, file, len(vectors))
	}
}

// ReadVectors returns the cases of a file of vectors.
func ReadVectors(t testing.TB, file string) []Vector {
	t.Helper()
	var content struct {
		Suite string
		Cases []Vector
	}
	if err := json.Unmarshal(Read(t, file), &content); err != nil {
		t.Fatalf("conformance data: %s: %v", file, err)
	}
	for i := range content.Cases {
		content.Cases[i].Suite = content.Suite
	}
	return content.Cases
}

func directory(t testing.TB) string {
	t.Helper()
	dir := os.Getenv("CONFORMANCE_DATA")
	if dir == "" {
		dir = filepath.Join("..", "shared")
	}
	if filepath.IsAbs(dir) {
		return dir
	}
	return filepath.Join(repository(t), dir)
}

// repository returns the directory of go.mod: tests run in that of their
// package.
func repository(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatalf("conformance data: %v", err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			t.Fatalf("conformance data: no go.mod above the working directory")
		}
		dir = parent
	}
}

func glob(t testing.TB, pattern string) []string {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatalf("conformance data: %s: %v", pattern, err)
	}
	return files
}
