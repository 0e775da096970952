package keygen

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/storage"
)

// crashing is a world in which node 1 dies after some of its commits, if that
// is not negative, and comes back with nothing but its database.
type crashing struct {
	*world
	crashed bool
}

func newCrashing(t *testing.T, nodes, commits int) *crashing {
	c := &crashing{world: newWorld(t, nodes)}
	if commits >= 0 {
		c.nodes[1].store.CutAfter(commits)
	}
	return c
}

// play is add for a node that dies.
func (c *crashing) play(entries ...entry) {
	c.log = append(c.log, entries...)
	for progress := true; progress; {
		progress = false
		for i, n := range c.nodes {
			did, err := c.step(n)
			if i == 1 && err != nil {
				require.ErrorIs(c.t, err, storage.ErrCut)
				require.False(c.t, c.crashed)
				c.crashed = true
				// A new process. What it sent last it sends again.
				c.nodes[1] = &node{
					store: n.store.Clone(), keygen: c.keygen(1, sealer{key: [32]byte{1}}),
					number: 1, sent: n.sent - min(n.sent, 1), tamper: n.tamper,
				}
			} else {
				require.NoError(c.t, err)
			}
			progress = progress || did
		}
	}
}

// TestCrashEverywhere kills one node at each of its commits: in a run with a
// silent participant and a second attempt, and in one in which the node that
// dies complains, and then responds to what is left.
func TestCrashEverywhere(t *testing.T) {
	for name, run := range map[string]func(*crashing){
		"second attempt": func(c *crashing) {
			c.nodes[2].silent = true
			first, second := c.request(0, 0, 3, 1, 1, 1, 1), c.request(0, 1, 3, 1, 1, 1)
			c.play(entry{generate: &first})
			c.play(entry{close: &closing{0, 0, 1}})
			c.play(entry{close: &closing{0, 0, 2}})
			require.Equal(c.t, "failed 0.0 faulty [] silent [2]", c.events(c.nodes[0])[0])
			c.nodes[2].silent = false
			c.play(entry{generate: &second})
			c.play(entry{confirm: &vote{0, 1, c.keys(c.nodes[0], 0, 1)}})
		},
		"complaint": func(c *crashing) {
			request := c.request(0, 1, 3, 1, 1, 1, 1)
			a := c.adversary(request)
			c.nodes[0].tamper = a.deals(0, badFor(1, 2))
			c.nodes[3].silent = true
			c.play(entry{generate: &request})
			c.nodes[3].silent, c.nodes[3].sent = false, 0
			c.play()
			require.Equal(c.t, uint8(3), c.attempt(c.nodes[0], 0, 1).round)
			c.play(entry{confirm: &vote{0, 1, c.keys(c.nodes[0], 0, 1)}})
		},
	} {
		t.Run(name, func(t *testing.T) {
			base := newCrashing(t, 4, -1)
			run(base)
			verdicts, own := base.agree(), base.events(base.nodes[1])
			require.Len(t, verdicts, 2)
			total := base.nodes[1].store.Commits()
			require.Greater(t, total, 10)
			for commit := range total {
				c := newCrashing(t, 4, commit)
				run(c)
				require.True(t, c.crashed)
				require.Equal(t, verdicts, c.agree(), "commit %d", commit)
				require.ElementsMatch(t, own, c.events(c.nodes[1]), "commit %d", commit)
				c.requireUsable(0, 0, 1, 2)
			}
		})
	}
}
