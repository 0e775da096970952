package main

import (
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/examples/internal/story/storytest"
	"github.com/serai-go/processor/internal/testnodes"
)

// TestNode tells the story on a monerod.
func TestNode(t *testing.T) { storytest.Honest(t, program, monerod(t)) }

// TestNodeAdversaries tells it with faulty validators.
func TestNodeAdversaries(t *testing.T) { storytest.Adversaries(t, program, monerod(t)) }

// TestNodeRotate lets three sets of validators take turns.
func TestNodeRotate(t *testing.T) {
	p, err := rules()
	require.NoError(t, err)
	storytest.Rotate(t, program, monerod(t), p)
}

// TestNodePayout pays many people, by a root and its children.
func TestNodePayout(t *testing.T) { storytest.Payout(t, program, monerod(t), 40, 3, 10_000_000_000) }

// TestNodeWithoutWallet tells the story where users have no wallet of their own.
func TestNodeWithoutWallet(t *testing.T) {
	node := monerod(t)
	t.Setenv("MONERO_WALLET_RPC", "/nowhere")
	storytest.Honest(t, program, node)
}

// Without monerod people are told how to get it.
func TestWithoutMonerod(t *testing.T) {
	t.Setenv("MONEROD", "/nowhere")
	_, _, err := connect(t.Context(), "", func(string, ...any) {})
	require.EqualError(t, err, install)
}

func monerod(t *testing.T) string {
	n := testnodes.NeedMonerod(t, testnodes.Options{Login: true})
	u, err := url.Parse(n.URL)
	require.NoError(t, err)
	u.User, u.Path = url.UserPassword(n.User, n.Password), ""
	return u.String()
}
