package main

import (
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin/bitcoin"
	"github.com/serai-go/processor/examples/internal/story/storytest"
	"github.com/serai-go/processor/internal/testnodes"
)

// TestNodeBitcoind tells the story on a bitcoind.
func TestNodeBitcoind(t *testing.T) { storytest.Honest(t, program, bitcoind(t)) }

// TestNodeBtcd tells the story on a btcd of its own.
func TestNodeBtcd(t *testing.T) { storytest.Honest(t, program, btcd(t)) }

// TestNodeBitcoindAdversaries tells it with faulty validators.
func TestNodeBitcoindAdversaries(t *testing.T) { storytest.Adversaries(t, program, bitcoind(t)) }

// TestNodeBtcdAdversaries tells it with faulty validators.
func TestNodeBtcdAdversaries(t *testing.T) { storytest.Adversaries(t, program, btcd(t)) }

// TestNodeBitcoindRotate lets three sets of validators take turns.
func TestNodeBitcoindRotate(t *testing.T) {
	storytest.Rotate(t, program, bitcoind(t), bitcoin.DefaultParameters())
}

// TestNodeBtcdRotate lets three sets of validators take turns.
func TestNodeBtcdRotate(t *testing.T) {
	storytest.Rotate(t, program, btcd(t), bitcoin.DefaultParameters())
}

// TestNodeBitcoindPayout pays many people.
func TestNodeBitcoindPayout(t *testing.T) { payOut(t, bitcoind(t)) }

// TestNodeBtcdPayout pays many people.
func TestNodeBtcdPayout(t *testing.T) { payOut(t, btcd(t)) }

// payOut pays by a root and two children.
func payOut(t *testing.T, node string) { storytest.Payout(t, program, node, 1200, 3, 200) }

func bitcoind(t *testing.T) string { return address(t, testnodes.NeedBitcoind(t, testnodes.Options{})) }

func btcd(t *testing.T) string { return address(t, testnodes.NeedBtcd(t, testnodes.Options{})) }

func address(t *testing.T, n *testnodes.Node) string {
	u, err := url.Parse(n.URL)
	require.NoError(t, err)
	u.User = url.UserPassword(n.User, n.Password)
	return u.String()
}
