package processor_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor"
	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/processortest"
	"github.com/serai-go/processor/signer"
)

// faulty is the validator that lies in lyingGroup.
const faulty = 1

// spoil is what it does to its messages: the first one, its deal, proves
// nothing, and no signature share verifies.
func spoil(t testing.TB, first bool, payload []byte) []byte {
	payload = slices.Clone(payload)
	if first {
		payload[len(payload)-1] ^= 1
		return payload
	}
	payload, err := processor.RewriteShares(payload, func(_ signer.ID, share []byte) []byte {
		share[0] ^= 1
		return share
	})
	require.NoError(t, err)
	return payload
}

// lyingGroup is a group's whole job, from key generation to a payment that
// arrives, in which one of four validators lies whenever it can.
func lyingGroup(t testing.TB) *processortest.Group {
	t.Helper()
	ctx := context.Background()
	g := newGroup(t, 3, 1, 1, 1, 1)
	first := true
	run := func() {
		for moved := true; moved; {
			moved = false
			for i := range g.Validators {
				next := len(g.Log)
				did, err := g.Step(ctx, i)
				require.NoError(t, err)
				moved = moved || did
				for n, e := range g.Log[next:] {
					if m, ok := e.(processor.PeerMessage); ok && i == faulty {
						m.Payload = spoil(t, first, m.Payload)
						g.Log[next+n], first = m, false
					}
				}
			}
		}
	}
	mine := func(blocks int) {
		for range blocks {
			require.NoError(t, g.Chain.Mine(ctx, 1))
			for run(); g.Signed[g.Acknowledged].Digest != [32]byte{}; run() {
				require.NoError(t, g.Acknowledge(nil, nil))
			}
		}
	}
	g.GenerateKey(0, 0, 4)
	run()
	require.NoError(t, g.ConfirmKey(ctx, 0))
	mine(3)
	deposit(t, g, 1000)
	mine(3)
	address := owe(t, g, 1, 300)
	run()
	mine(4)
	received, err := g.Chain.Received(ctx, address)
	require.NoError(t, err)
	require.NotZero(t, received)
	return g
}

// convictions are the convictions that a validator tells.
func convictions(v *processortest.Validator) (list processor.Convictions) {
	for _, told := range v.Told {
		if e, ok := told.Body.(processor.InvalidParticipant); ok {
			list = append(list, e)
		}
	}
	return list
}

// unpublishing fails the test if anything is published.
type unpublishing struct {
	coin.Coin
	t testing.TB
}

// Publish implements coin.Spender.
func (c unpublishing) Publish(context.Context, coin.Transaction) (coin.Publication, error) {
	c.t.Error("a replay publishes")
	return coin.Publication{}, errors.New("not here")
}

func TestAReplayConvictsWhomTheValidatorsDo(t *testing.T) {
	g := lyingGroup(t)
	found, err := processor.Replay(t.Context(), processor.Config{Coin: unpublishing{g.Chain.Coin(), t}}, g.Log)
	require.NoError(t, err)
	subjects := make(map[signer.Kind]int)
	for _, e := range found {
		require.Equal(t, uint16(faulty), e.Who)
		if c, err := signer.Inspect(e.Evidence); err == nil {
			subjects[c.ID.Kind]++
		} else {
			subjects[0]++
		}
	}
	require.Equal(t, 1, subjects[0], "for its deal")
	require.NotZero(t, subjects[signer.Batch])
	require.NotZero(t, subjects[signer.Plan])
	for i, v := range g.Validators {
		require.ElementsMatch(t, convictions(v), found, "validator %d", i)
	}
	// The same again, without anything left of the first time.
	again, err := processor.Replay(t.Context(), processor.Config{Coin: g.Chain.Coin()}, g.Log)
	require.NoError(t, err)
	require.Equal(t, found, again)
}

func TestAReplayRefutesWhatTheLogDoesNotHold(t *testing.T) {
	g := lyingGroup(t)
	c := processor.Config{Coin: g.Chain.Coin()}
	found, err := processor.Replay(t.Context(), c, g.Log)
	require.NoError(t, err)
	for _, e := range found {
		require.True(t, found.Confirm(e))
		e.Reason = "in other words"
		require.True(t, found.Confirm(e))
		for name, invented := range map[string]processor.InvalidParticipant{
			"another validator": {Session: e.Session, Who: e.Who + 1, Evidence: e.Evidence},
			"another session":   {Session: e.Session + 1, Who: e.Who, Evidence: e.Evidence},
			"other evidence":    {Session: e.Session, Who: e.Who, Evidence: append(slices.Clone(e.Evidence), 0)},
			"no evidence":       {Session: e.Session, Who: e.Who},
		} {
			require.False(t, found.Confirm(invented), name)
		}
	}

	// An honest run convicts nobody of anything.
	honest := wholeJob(t)
	none, err := processor.Replay(t.Context(), processor.Config{Coin: honest.Chain.Coin()}, honest.Log)
	require.NoError(t, err)
	require.Empty(t, none)

	// What comes before the evidence does not convict.
	for n := range g.Log {
		found, err := processor.Replay(t.Context(), c, g.Log[:n])
		require.NoError(t, err)
		if m, ok := g.Log[n].(processor.PeerMessage); ok && m.From == faulty {
			require.Empty(t, found, "before the lie at position %d", n)
			break
		}
	}
}

// A truncated log convicts of what it holds, never of more.
func TestAReplayOfPartOfALog(t *testing.T) {
	g := lyingGroup(t)
	all := convictions(g.Validators[0])
	step := 1 + len(g.Log)/24
	last := 0
	for n := 0; n < len(g.Log)+step; n += step {
		found, err := processor.Replay(t.Context(), processor.Config{Coin: g.Chain.Coin()}, g.Log[:min(n, len(g.Log))])
		require.NoError(t, err)
		require.GreaterOrEqual(t, len(found), last)
		require.Subset(t, all, found)
		last = len(found)
	}
	require.Len(t, all, last)
}

// Who is in no session gets its messages empty: that view of the log convicts
// nobody of what was withheld.
func TestAReplayOfAnOutsidersView(t *testing.T) {
	g := lyingGroup(t)
	for validator, whom := range map[int]processor.Convictions{0: convictions(g.Validators[0]), len(g.Validators): nil} {
		view := make([]processor.Entry, len(g.Log))
		for i, e := range g.Log {
			view[i] = g.View(validator, e)
		}
		found, err := processor.Replay(t.Context(), processor.Config{Coin: g.Chain.Coin()}, view)
		require.NoError(t, err)
		require.ElementsMatch(t, whom, found)
	}
}

// A replay waits for a node that is behind, and says so if it stays there.
func TestAReplayWaitsForItsNode(t *testing.T) {
	g := lyingGroup(t)
	all := convictions(g.Validators[0])
	synctest.Test(t, func(t *testing.T) {
		node := &lateCoin{Coin: g.Chain.Coin(), until: time.Now().Add(time.Hour)}
		found, err := processor.Replay(t.Context(), processor.Config{Coin: node}, g.Log)
		require.NoError(t, err)
		require.ElementsMatch(t, all, found)
		require.WithinDuration(t, node.until, time.Now(), time.Minute)

		node.until = time.Now().Add(time.Hour)
		ctx, done := context.WithTimeout(t.Context(), time.Minute)
		defer done()
		found, err = processor.Replay(ctx, processor.Config{Coin: node}, g.Log)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.NotEmpty(t, found, "the deal needs no block")
		require.Less(t, len(found), len(all))
		for _, e := range found {
			require.Contains(t, all, e)
		}
	})
}

// lateCoin has nothing but the first block until some time.
type lateCoin struct {
	coin.Coin
	until time.Time
}

// Tip implements coin.Reader.
func (c *lateCoin) Tip(ctx context.Context) (uint64, error) {
	tip, err := c.Coin.Tip(ctx)
	if time.Now().Before(c.until) {
		tip = 0
	}
	return tip, err
}

func TestAReplayOfWhatIsNoLog(t *testing.T) {
	g := lyingGroup(t)
	_, err := processor.Replay(t.Context(), processor.Config{}, nil)
	require.ErrorContains(t, err, "Coin")
	_, err = processor.Replay(t.Context(), processor.Config{Coin: g.Chain.Coin()}, []processor.Entry{nil})
	require.ErrorIs(t, err, processor.ErrEntry)

	// A log of another chain halts.
	other := newGroup(t, 1, 1)
	require.NoError(t, other.Chain.Mine(t.Context(), 30))
	_, err = processor.Replay(t.Context(), processor.Config{Coin: other.Chain.Coin()}, g.Log)
	var halt *processor.Halt
	require.ErrorAs(t, err, &halt)
}

// FuzzRewriteShares changes nothing but the shares of a message.
func FuzzRewriteShares(f *testing.F) {
	for _, payload := range payloads(f) {
		f.Add(payload)
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		contents, _ := processor.SigningContents(payload)
		shares := 0
		flip := func(_ signer.ID, share []byte) []byte {
			shares++
			share[0] ^= 1
			return share
		}
		changed, err := processor.RewriteShares(payload, flip)
		if err != nil {
			return
		}
		answers := 0
		for _, c := range contents {
			if c.Share {
				answers++
			}
		}
		require.Equal(t, answers, shares)
		now, err := processor.SigningContents(changed)
		require.NoError(t, err)
		require.Equal(t, contents, now)
		back, err := processor.RewriteShares(changed, flip)
		require.NoError(t, err)
		require.Equal(t, payload, back)
	})
}
