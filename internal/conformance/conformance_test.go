package conformance

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
)

// recorder is a test that notes how it ended.
type recorder struct {
	testing.TB
	skipped, failed string
	logged          []string
}

func (*recorder) Helper() {}
func (r *recorder) Logf(format string, args ...any) {
	r.logged = append(r.logged, fmt.Sprintf(format, args...))
}
func (r *recorder) Skipf(format string, args ...any) {
	r.skipped = fmt.Sprintf(format, args...)
	runtime.Goexit()
}
func (r *recorder) Fatalf(format string, args ...any) {
	r.failed = fmt.Sprintf(format, args...)
	runtime.Goexit()
}

// record runs f as a test of its own would be.
func record(f func(testing.TB)) *recorder {
	r := new(recorder)
	done := make(chan struct{})
	go func() {
		defer close(done)
		f(r)
	}()
	<-done
	return r
}

func data(t *testing.T, files map[string]string) {
	t.Helper()
	root := t.TempDir()
	t.Setenv("CONFORMANCE_DATA", root)
	for name, content := range files {
		path := filepath.Join(root, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	}
}

func TestAbsentFilesSkipAnAbsentSuiteFailsIfRequired(t *testing.T) {
	data(t, map[string]string{"vectors/frost/one.json": "{}"})
	for _, test := range []struct {
		pattern, required string
		skipped, failed   bool
	}{
		{"vectors/frost/*.json", "1", false, false},
		{"vectors/frost/two*.json", "1", true, false},
		{"vectors/other/*.json", "", true, false},
		{"vectors/other/*.json", "1", false, true},
	} {
		t.Setenv("CONFORMANCE_REQUIRED", test.required)
		r := record(func(t testing.TB) { Files(t, test.pattern) })
		require.Equal(t, test.skipped, r.skipped != "", "%+v", test)
		require.Equal(t, test.failed, r.failed != "", "%+v", test)
	}
}

func TestPackedFilesAreUnpacked(t *testing.T) {
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	z.Write([]byte("content"))
	require.NoError(t, z.Close())
	data(t, map[string]string{"corpora/good.gz": packed.String(), "corpora/short.gz": packed.String()[:20], "corpora/plain": "as it is"})
	require.Equal(t, "content", string(Read(t, Files(t, "corpora/good.*")[0])))
	require.Equal(t, "as it is", string(Read(t, Files(t, "corpora/plain")[0])))
	require.Contains(t, record(func(tb testing.TB) { Read(tb, Files(tb, "corpora/short.gz")[0]) }).failed, "short.gz")
}

func TestEveryCaseOfEveryFileRuns(t *testing.T) {
	data(t, map[string]string{
		"vectors/frost/a1.json": `{"suite": "A", "cases": [{"id": "x", "kind": "k", "in": {"n": 1}}, {"id": "y", "want": 2}]}`,
		"vectors/frost/a2.json": `{"suite": "B", "cases": [{"id": "z"}]}`,
		"vectors/frost/b.json":  `not read`,
	})
	var seen []string
	Vectors(t, "a*.json", func(t *testing.T, v Vector) {
		seen = append(seen, v.Suite+v.ID+v.Kind+string(v.In)+string(v.Want))
	})
	require.Equal(t, []string{`Axk{"n": 1}`, "Ay2", "Bz"}, seen)
	require.Contains(t, record(func(tb testing.TB) { ReadVectors(tb, Files(tb, "vectors/frost/b.json")[0]) }).failed, "b.json")
	require.Equal(t, []string{"a1.json: 2 cases"}, record(func(tb testing.TB) { Counted(tb, "dir/a1.json", 2) }).logged)
}

func TestEveryMoneroCaseRuns(t *testing.T) {
	data(t, map[string]string{
		"vectors/monero/a1.json": `{"description": "A", "vectors": [{"in": "x"}, {"in": "y", "note": 1}]}`,
		"vectors/monero/a2.json": `{"vectors": [{"in": "z"}]}`,
		"vectors/monero/b.json":  `not read`,
	})
	var seen []string
	Monero(t, "a*.json", func(t *testing.T, v struct{ In string }) { seen = append(seen, v.In) })
	require.Equal(t, []string{"x", "y", "z"}, seen)
}
