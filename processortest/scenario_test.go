package processortest_test

import (
	"errors"
	"flag"
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

func TestScenarios(t *testing.T) {
	scenarios(t, func(t *testing.T, file string, s processortest.Scenario) {
		p := &processortest.Player{NewChain: newMock}
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
