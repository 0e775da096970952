package main

import (
	"encoding/json"
	"fmt"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/internal/testnodes"
)

// TestNodeBitcoind tells the story on a bitcoind.
func TestNodeBitcoind(t *testing.T) {
	n := testnodes.NeedBitcoind(t, testnodes.Options{})
	u, err := url.Parse(n.URL)
	require.NoError(t, err)
	u.User = url.UserPassword(n.User, n.Password)
	tellOn(t, u.String())
}

// TestNodeBtcd tells the story on a btcd of its own.
func TestNodeBtcd(t *testing.T) {
	n := testnodes.NeedBtcd(t, testnodes.Options{})
	tellOn(t, fmt.Sprintf("http://%s:%s@%s", n.User, n.Password, n.URL[len("http://"):]))
}

func tellOn(t *testing.T, node string) {
	s, err := run(t.Context(), node, &screen{quiet: true, begin: time.Now()})
	require.NoError(t, err)
	require.Len(t, s.Payments, 3)
	for _, p := range s.Payments {
		require.Equal(t, p.Asked, p.Received+p.Fee)
	}
	require.Len(t, s.Refunds, 1)
	require.Equal(t, 1, s.Restarts)
	require.True(t, s.Ledger.Balanced)
	_, err = json.Marshal(s)
	require.NoError(t, err)
}
