package processortest_test

import (
	"errors"
	"flag"
	"hash/fnv"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin/cointest"
	"github.com/serai-go/processor/coin/mock"
	"github.com/serai-go/processor/processortest"
)

var rewrite = flag.Bool("rewrite", false, "write what happened into testdata as what is expected")

func newMock() cointest.Chain { return mock.New(mock.Options{}) }

func newMonero() cointest.Chain { return mock.New(mock.Monero()) }

// scenarios runs do for each file of testdata.
func scenarios(t *testing.T, do func(t *testing.T, file string, s processortest.Scenario)) {
	files, err := filepath.Glob("testdata/*.txt")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			require.NoError(t, err)
			s, err := processortest.ParseScenario(string(text))
			require.NoError(t, err)
			do(t, file, s)
		})
	}
}

// sampled skips most scenarios with the race detector, which is slow, and in short
// tests: else all of them run.
func sampled(t *testing.T) {
	hash := fnv.New32a()
	hash.Write([]byte(t.Name()))
	if (raceDetector || testing.Short()) && hash.Sum32()%10 != 0 {
		t.Skip("only one in ten with the race detector or in short tests")
	}
}

func TestScenarios(t *testing.T) {
	scenarios(t, func(t *testing.T, file string, s processortest.Scenario) {
		p := &processortest.Player{NewChain: newMock, NewMonero: newMonero}
		played, err := p.Play(t.Context(), s)
		require.NoError(t, err)
		if *rewrite {
			require.NoError(t, os.WriteFile(file, []byte(played.String()), 0o644))
			return
		}
		require.Equal(t, s.String(), played.String())
	})
}

func is[E error](err error) (E, bool) { return errors.AsType[E](err) }
