package signer

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/serai-go/processor/batch"
	"github.com/serai-go/processor/internal/wire"
	"github.com/serai-go/processor/storage"
)

// TestAdversary lets n − t of five validators say anything they can think of,
// while the others are slow, killed, set back to backups and told everything
// twice. Whatever happens: what is to be signed is signed, nobody honest is
// blamed, no nonces answer twice (see register), and nothing panics.
func TestAdversary(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t, 3, 1, 1, 1, 1, 1)
		first := rapid.IntRange(0, 4).Draw(t, "liar")
		second := (first + rapid.IntRange(1, 4).Draw(t, "to the other")) % 5
		liars := []*liar{w.liar(first), w.liar(second)}
		honest := w.honest()
		plan := w.plan(2)
		w.append(func(n *node, tx storage.Tx) error { return n.RequestCosign(tx, 0, batch.Cosign{Number: 9}) })
		w.reportAll(0)
		for _, n := range honest {
			require.NoError(t, n.read())
		}
		ids := []ID{BatchID(0, 0), PlanID(0, plan), honest[0].CosignID(0, batch.Cosign{Number: 9})}
		backups := make([]*storage.Memory, len(honest))
		for i, n := range honest {
			backups[i] = n.store.Clone()
		}

		for range rapid.IntRange(0, 80).Draw(t, "steps") {
			i := rapid.IntRange(0, len(honest)-1).Draw(t, "honest")
			n := honest[i]
			switch rapid.IntRange(0, 9).Draw(t, "what") {
			case 0, 1:
				require.NoError(t, n.read())
			case 2, 3:
				require.NoError(t, n.work())
			case 4:
				for _, m := range n.takeMessages() {
					n.say(m.items)
				}
			case 5:
				n.restart(n.store.Clone())
			case 6:
				n.restart(backups[i].Clone())
				require.NoError(t, n.read()) // to where the log is
			case 7: // a message is ordered twice
				if e := w.log[rapid.IntRange(0, len(w.log)-1).Draw(t, "again")]; e.do == nil {
					w.log = append(w.log, e)
				}
			default:
				require.NoError(t, n.read())
				l := liars[rapid.IntRange(0, 1).Draw(t, "which")]
				l.act(t, ids[rapid.IntRange(0, len(ids)-1).Draw(t, "about")], n)
			}
		}

		done := func() bool {
			for _, n := range honest {
				for _, line := range []string{"batch 0 signed", planLine(plan), "cosign 9 signed"} {
					if count(n.told(), line) != 1 {
						return false
					}
				}
			}
			return true
		}
		for number := uint32(1); !done() && number < 30; number++ {
			w.run()
			for _, id := range ids { // the coordinator sees that some are held
				w.append(func(n *node, tx storage.Tx) error { return n.Reattempt(tx, id, number) })
			}
		}
		names := []string{fmt.Sprint(first), fmt.Sprint(second)}
		for _, n := range honest {
			require.True(t, done(), "node %d: %v", n.number, n.told())
			for _, line := range n.told() {
				if who, _, blamed := strings.Cut(line, ": "); blamed {
					require.True(t, slices.Contains(names, who), "node %d: %s", n.number, line)
				}
			}
		}
	})
}

// act lets a liar say something on a sign ID, as clever as it can be with what
// another node knows.
func (l *liar) act(t *rapid.T, id ID, by *node) {
	d := by.duty(id)
	if d.Done || d.Order == 0 {
		return
	}
	i := item{ID: id}
	if rapid.Bool().Draw(t, "answers") {
		sets := l.waiting(id, by)
		if len(sets) == 0 {
			i.Share, i.Set = make([]byte, 32), uint32(rapid.IntRange(0, 9).Draw(t, "set"))
		} else {
			set := sets[0]
			i.Set = set.Number
			if i.Share = l.answer(id, by, set); i.Share == nil {
				i.Share = make([]byte, 32*len(by.workOf(id)))
			}
			switch rapid.IntRange(0, 4).Draw(t, "share") {
			case 0:
				i.Share[rapid.IntRange(0, 31).Draw(t, "byte")] ^= 1
			case 1:
				i.Share = i.Share[1:]
			}
		}
	}
	if i.Share == nil || rapid.Bool().Draw(t, "commits") {
		c := l.commitTo(id, by, d.Digest)
		i.Next = c
		switch rapid.IntRange(0, 9).Draw(t, "commitment") {
		case 0:
			c.Digest[0] ^= 1
		case 1:
			c.Counter = rapid.Uint64().Draw(t, "counter")
		case 2:
			c.Nonces[rapid.IntRange(0, len(c.Nonces)-1).Draw(t, "byte")] ^= 1
		case 3:
			c.Nonces = c.Nonces[1:]
		case 4: // somebody else's
			l.repeat(t)
			return
		}
	}
	data := wire.Marshal(i)
	if rapid.IntRange(0, 9).Draw(t, "garbage") == 0 {
		data = rapid.SliceOfN(rapid.Byte(), 0, 200).Draw(t, "bytes")
	}
	l.world.say(uint16(l.number), data)
}

// repeat says what somebody has said before.
func (l *liar) repeat(t *rapid.T) {
	e := l.log[rapid.IntRange(0, len(l.log)-1).Draw(t, "repeated")]
	if e.do == nil {
		l.world.say(uint16(l.number), e.items...)
	}
}
