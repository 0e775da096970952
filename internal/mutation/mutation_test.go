package mutation

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"hash/fnv"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var (
	mutate = flag.Bool("mutate", false, "run the mutants: minutes of compiling")
	third  = flag.String("third", "", "run one third of the mutants only: 0, 1 or 2")
)

// mutation is a change of one file that one test must notice.
type mutation struct {
	name string
	// why says what the change would do.
	why string
	// file is the file's path in the module. old occurs in it exactly once and
	// becomes new.
	file, old, new string
	// test is the test, or subtest, that fails then, and in its package if it
	// is not that of the file.
	test, in string
}

// all are the mutations of all tables.
var all = slices.Concat(
	data, reports, lifetimes, payments, rotation, keys, threshold, sessions, signing, lanes, catchingUp, rewinds, archiving, bitcoin,
	nodes, moneroKeys, moneroScan, leaving, relaying, explaining, trees, watching, moneroBlock, moneroNode, moneroCoin,
	ringSignatures, rings, rangeProofs, moneroSpend, moneroData, twins,
)

func (m mutation) pkg() string {
	if m.in != "" {
		return m.in
	}
	return path.Dir(m.file)
}

// apply returns the mutated file.
func (m mutation) apply() ([]byte, error) {
	source, err := os.ReadFile(filepath.Join(root, m.file))
	if err != nil {
		return nil, err
	}
	if n := bytes.Count(source, []byte(m.old)); n != 1 {
		return nil, fmt.Errorf("%s has the text %d times: %q", m.file, n, m.old)
	}
	return bytes.Replace(source, []byte(m.old), []byte(m.new), 1), nil
}

const root = "../.."

func TestMutationsFitTheSource(t *testing.T) {
	names := map[string]bool{}
	for _, m := range all {
		require.False(t, names[m.name], "two mutations are called %s", m.name)
		names[m.name] = true
		require.NotEmpty(t, m.why, m.name)
		require.NotEmpty(t, m.test, m.name)
		require.NotEqual(t, m.old, m.new, m.name)
		_, err := m.apply()
		assert.NoError(t, err, m.name)
	}
}

func TestMutations(t *testing.T) {
	if !*mutate {
		t.Skip("asked for by -mutate")
	}
	var some []mutation
	for _, m := range all {
		hash := fnv.New32a()
		hash.Write([]byte(m.name))
		if *third == "" || *third == fmt.Sprint(hash.Sum32()%3) {
			some = append(some, m)
		}
	}
	tests := map[string][]string{}
	for _, m := range some {
		tests[m.pkg()] = append(tests[m.pkg()], m.test)
	}
	// Mutants say nothing unless the tests pass without them.
	unmutated := map[string]func() (map[string]string, error){}
	for pkg, names := range tests {
		unmutated[pkg] = sync.OnceValues(func() (map[string]string, error) { return run(pkg, names) })
	}
	slots := make(chan struct{}, 2)
	for _, m := range some {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			slots <- struct{}{}
			defer func() { <-slots }()

			outcomes, err := unmutated[m.pkg()]()
			require.NoError(t, err)
			require.Equal(t, "pass", outcomes[m.test], "%s without the mutation", m.test)

			outcomes, err = run(m.pkg(), []string{m.test}, "-count=1", "-overlay", m.overlay(t))
			require.NoError(t, err, "the mutant must compile and end")
			require.Equal(t, "fail", outcomes[m.test], "%s does not notice the mutant: %s", m.test, m.why)
		})
	}
}

// overlay writes the mutated file and what tells the go command of it.
func (m mutation) overlay(t *testing.T) string {
	dir := t.TempDir()
	mutant, err := m.apply()
	require.NoError(t, err)
	replacement := filepath.Join(dir, path.Base(m.file))
	require.NoError(t, os.WriteFile(replacement, mutant, 0o600))
	original, err := filepath.Abs(filepath.Join(root, m.file))
	require.NoError(t, err)
	list, err := json.Marshal(map[string]map[string]string{"Replace": {original: replacement}})
	require.NoError(t, err)
	overlay := filepath.Join(dir, "overlay.json")
	require.NoError(t, os.WriteFile(overlay, list, 0o600))
	return overlay
}

// run runs tests of a package and returns how each ended: pass, fail or skip.
// It is an error if the package does not compile or a test does not end.
func run(pkg string, tests []string, flags ...string) (map[string]string, error) {
	args := append([]string{"test", "-json", "-vet=off", "-timeout=3m", "-run", pattern(tests)}, flags...)
	cmd := exec.Command("go", append(args, "./"+pkg)...)
	cmd.Dir = root
	// Properties fail alike in every run, and leave nothing behind.
	cmd.Env = append(os.Environ(), "RAPID_SEED=1", "RAPID_NOFAILFILE=1", "RAPID_SHRINKTIME=0s")
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	failed := cmd.Run() // as it does if a test fails
	if exit := (*exec.ExitError)(nil); failed != nil && !errors.As(failed, &exit) {
		return nil, failed
	}
	outcomes := map[string]string{}
	var output strings.Builder
	broken := false
	for d := json.NewDecoder(&stdout); ; {
		var event struct{ Action, Test, Output string }
		if err := d.Decode(&event); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, fmt.Errorf("go test %s: %w", pkg, err)
		}
		switch event.Action {
		case "build-fail":
			broken = true
		case "run", "pass", "fail", "skip":
			if event.Test != "" { // not of the package
				outcomes[event.Test] = event.Action
			}
		}
		output.WriteString(event.Output)
	}
	if broken || len(outcomes) == 0 || strings.Contains(output.String(), "panic: test timed out") {
		return nil, fmt.Errorf("go test %s: %s%s", pkg, output.String(), stderr.String())
	}
	for name, outcome := range outcomes {
		if outcome == "run" { // a panic elsewhere ended the process meanwhile
			outcomes[name] = "fail"
		}
	}
	return outcomes, nil
}

// pattern matches exactly the tests of these names.
func pattern(tests []string) string {
	var list []string
	for _, name := range tests {
		list = append(list, "^"+strings.ReplaceAll(name, "/", "$/^")+"$")
	}
	slices.Sort(list)
	return strings.Join(slices.Compact(list), "|")
}
