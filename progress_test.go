package processor

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/scanner"
)

func TestProgressCountsFinalBlocks(t *testing.T) {
	for _, test := range []struct {
		tip  uint64
		at   scanner.Frontier
		want Progress
	}{
		{tip: 100, want: Progress{}},
		{tip: 100, at: scanner.Frontier{Started: true, Index: 90}, want: Progress{Final: 96, Index: 6, Scan: 6, Settle: 6}},
		{
			tip: 100, at: scanner.Frontier{Started: true, Active: true, Index: 96, Scan: 80, Settle: 74},
			want: Progress{Final: 96, Scan: 16, Settle: 22},
		},
		// The node has lost blocks.
		{tip: 90, at: scanner.Frontier{Started: true, Active: true, Index: 96, Scan: 96, Settle: 80}, want: Progress{Final: 86, Settle: 6}},
		{tip: 3, at: scanner.Frontier{Started: true}, want: Progress{}},
		{tip: 5, at: scanner.Frontier{Started: true}, want: Progress{Final: 1, Index: 1, Scan: 1, Settle: 1}},
	} {
		got := newProgress(test.tip, 6, test.at)
		require.Equal(t, test.want, got)
		require.NotEmpty(t, got.String())
	}
	require.True(t, Progress{Final: 9, Settle: 6}.CaughtUp())
	require.False(t, Progress{Log: 1}.CaughtUp())
}
