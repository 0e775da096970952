package main

import (
	"encoding/json"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/internal/testnodes"
)

// TestNodeBitcoind tells the story on a bitcoind.
func TestNodeBitcoind(t *testing.T) { tellOn(t, bitcoind(t), allHonest()) }

// TestNodeBtcd tells the story on a btcd of its own.
func TestNodeBtcd(t *testing.T) { tellOn(t, btcd(t), allHonest()) }

// TestNodeBitcoindAdversaries tells it with faulty validators.
func TestNodeBitcoindAdversaries(t *testing.T) { tellOfAdversaries(t, bitcoind(t)) }

// TestNodeBtcdAdversaries tells it with faulty validators.
func TestNodeBtcdAdversaries(t *testing.T) { tellOfAdversaries(t, btcd(t)) }

// TestNodeBitcoindRotate lets three sets of validators take turns.
func TestNodeBitcoindRotate(t *testing.T) { rotateOn(t, bitcoind(t)) }

// TestNodeBtcdRotate lets three sets of validators take turns.
func TestNodeBtcdRotate(t *testing.T) { rotateOn(t, btcd(t)) }

// TestNodeBitcoindPayout pays many people.
func TestNodeBitcoindPayout(t *testing.T) { payOutOn(t, bitcoind(t)) }

// TestNodeBtcdPayout pays many people.
func TestNodeBtcdPayout(t *testing.T) { payOutOn(t, btcd(t)) }

func payOutOn(t *testing.T, node string) {
	s, err := run(t.Context(), node, payingMany(1200), &screen{quiet: true, begin: time.Now()})
	require.NoError(t, err)
	x := s.Payout
	require.NotNil(t, x)
	require.Equal(t, 1200, x.People)
	require.Equal(t, 3, x.Transactions, "a root and two children")
	require.Equal(t, s.Ledger.Assets, x.Kept)
	require.Less(t, x.Asked-x.Received, uint64(1200*200))
	require.True(t, s.Ledger.Balanced)
	_, err = json.Marshal(s)
	require.NoError(t, err)
}

func bitcoind(t *testing.T) string { return address(t, testnodes.NeedBitcoind(t, testnodes.Options{})) }

func btcd(t *testing.T) string { return address(t, testnodes.NeedBtcd(t, testnodes.Options{})) }

func address(t *testing.T, n *testnodes.Node) string {
	u, err := url.Parse(n.URL)
	require.NoError(t, err)
	u.User = url.UserPassword(n.User, n.Password)
	return u.String()
}

func tellOn(t *testing.T, node string, cast cast) *summary {
	s, err := run(t.Context(), node, cast, &screen{quiet: true, begin: time.Now()})
	require.NoError(t, err)
	require.Len(t, s.Payments, 3)
	for _, p := range s.Payments {
		require.Equal(t, p.Asked, p.Received+p.Fee)
	}
	require.Len(t, s.Refunds, 1)
	require.Equal(t, 1, s.Restarts)
	require.True(t, s.Ledger.Balanced)
	require.NotZero(t, s.CatchUp.Blocks)
	_, err = json.Marshal(s)
	require.NoError(t, err)
	return s
}

func tellOfAdversaries(t *testing.T, node string) {
	cast := withAdversaries()
	s := tellOn(t, node, cast)
	require.NotNil(t, s.Adversaries)
	require.Len(t, s.Adversaries.Validators, len(cast.weights))
	require.Len(t, s.Adversaries.Faulty, 2)
	var weight uint16
	for _, f := range s.Adversaries.Faulty {
		require.True(t, cast.adversaries.faulty(f.Number))
		require.NotZero(t, f.Named)
		require.True(t, f.Verified)
		weight += f.Weight
	}
	require.Equal(t, cast.total(0)-cast.threshold, weight, "as much as may be faulty")
	require.NotZero(t, cast.adversaries.lies)
}

func rotateOn(t *testing.T, node string) {
	s, err := run(t.Context(), node, inTurns(), &screen{quiet: true, begin: time.Now()})
	require.NoError(t, err)
	x := s.Rotation
	require.NotNil(t, x)
	require.True(t, x.Audited)
	require.Equal(t, x.Deposited, x.Paid+x.Refunded+x.NetworkFees+x.Held)
	require.Equal(t, s.Ledger.Assets, x.Held)
	require.Zero(t, s.Ledger.Accepted+s.Ledger.Owed+s.Ledger.RefundsDue+s.Ledger.WrittenOff)
	require.Len(t, x.Sessions, 3)
	at := make(map[string][]uint64) // the blocks of a stage, by session
	for i, one := range x.Sessions {
		require.Equal(t, i < 2, one.Retired)
		require.Equal(t, one.Retired, one.Amount == 0)
		for _, stage := range one.Stages {
			at[stage.Stage] = append(at[stage.Stage], stage.Block)
		}
	}
	for i, activation := range at["active, not reporting yet"] { // of sessions 1 and 2
		require.Equal(t, activation+7, at["active"][i+1])
		require.Equal(t, activation+7, at["handing over change"][i])
		require.Equal(t, activation+13, at["forwarding"][i])
		require.Equal(t, activation+49, at["finishing"][i])
		require.LessOrEqual(t, activation+55, at["retired"][i])
	}
	require.Len(t, at["retired"], 2)
	for _, d := range s.Deposits {
		require.Equal(t, d.Data != "", d.Credited > 0)
	}
	_, err = json.Marshal(s)
	require.NoError(t, err)
}
