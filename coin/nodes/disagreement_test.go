package nodes_test

import (
	"context"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/coin/mock"
	"github.com/serai-go/processor/coin/nodes"
)

func TestTwoNodesDisagree(t *testing.T) {
	in(t, 2, func(w *world) {
		other := w.fork(10)
		w.puppets[1].follow(other)
		w.header(9)
		var first *coin.Disagreement
		for range 5 {
			_, err := w.Header(w.Context(), 15)
			require.ErrorIs(w, err, coin.ErrDisagreement)
			require.ErrorIs(w, err, coin.ErrTransient)
			require.NotErrorIs(w, err, coin.ErrInvalid)
			var found *coin.Disagreement
			require.ErrorAs(w, err, &found)
			require.Equal(w, &coin.Disagreement{Number: 15, Answers: []coin.Answer{
				{Node: "a", Header: headerOn(w.T, w.chain, 15)}, {Node: "b", Header: headerOn(w.T, other, 15)},
			}}, found)
			if first != nil {
				require.True(w, found.Same(first))
			}
			first = found
			require.Contains(w, err.Error(), headerOn(w.T, w.chain, 15).ID.String())
			require.Contains(w, err.Error(), headerOn(w.T, other, 15).ID.String())
			w.requireStates(coin.NodeDisagrees, coin.NodeDisagrees)
			time.Sleep(time.Hour)
		}
		_, err := w.Header(w.Context(), 14)
		var another *coin.Disagreement
		require.ErrorAs(w, err, &another)
		require.False(w, another.Same(first))

		// It is over when they agree.
		w.puppets[1].follow(w.chain)
		w.header(15)
		w.requireStates(coin.NodeWell, coin.NodeWell)
	})
}

func TestSameDisagreements(t *testing.T) {
	h := func(n byte) coin.Answer {
		return coin.Answer{Node: string(n), Header: coin.Header{ID: coin.BlockID{n}}}
	}
	one := &coin.Disagreement{Number: 1, Answers: []coin.Answer{h(1), h(2)}}
	require.True(t, one.Same(&coin.Disagreement{Number: 1, Answers: []coin.Answer{h(2), h(1)}}))
	require.False(t, one.Same(&coin.Disagreement{Number: 2, Answers: []coin.Answer{h(1), h(2)}}))
	require.False(t, one.Same(&coin.Disagreement{Number: 1, Answers: []coin.Answer{h(1), h(2), h(3)}}))
	require.False(t, one.Same(&coin.Disagreement{Number: 1, Answers: []coin.Answer{h(1), h(1)}}))
}

// With one of two away, the other is believed; when it comes back with another
// chain, they disagree.
func TestADisagreementIsNotSettledByAbsence(t *testing.T) {
	in(t, 2, func(w *world) {
		w.puppets[1].away()
		w.header(15)
		w.puppets[1].back()
		w.puppets[1].follow(w.fork(10))
		time.Sleep(time.Minute)
		_, err := w.Header(w.Context(), 15)
		require.ErrorIs(w, err, coin.ErrDisagreement)
	})
}

func TestThreeNodesOutvoteOne(t *testing.T) {
	in(t, 3, func(w *world) {
		w.puppets[0].follow(w.fork(10))
		w.header(15)
		w.requireStates(coin.NodeDistrusted, coin.NodeWell, coin.NodeWell)
		require.Contains(w, w.Health()[0].LastError, "for the others")
		for range 20 {
			w.header(16)
			time.Sleep(time.Minute)
		}
		w.requireStates(coin.NodeDistrusted, coin.NodeWell, coin.NodeWell)

		// It is not believed once the others are away.
		w.puppets[1].away()
		w.puppets[2].away()
		for range 3 {
			_, err := w.Header(w.Context(), 15)
			require.ErrorIs(w, err, coin.ErrTransient)
			require.NotErrorIs(w, err, coin.ErrDisagreement)
			time.Sleep(time.Hour)
		}
		// Nor does it have a vote against one other.
		w.puppets[1].back()
		w.header(15)
		w.requireTip(20)

		w.puppets[0].follow(w.chain)
		time.Sleep(time.Hour)
		w.header(15)
		w.requireStates(coin.NodeWell, coin.NodeWell, coin.NodeFailing)
	})
}

// Who is away has no vote, but the majority is of all: of three nodes, one
// cannot be outvoted by one.
func TestAMajorityIsOfAllNodes(t *testing.T) {
	in(t, 4, func(w *world) {
		other := w.fork(10)
		w.puppets[0].follow(other)
		w.puppets[1].away()
		_, err := w.Header(w.Context(), 15)
		require.ErrorIs(w, err, coin.ErrDisagreement, "two of four against one")
	})
}

// If all were distrusted, two that agree are believed.
func TestTrustComesBackByAgreement(t *testing.T) {
	in(t, 2, func(w *world) {
		other := w.fork(10)
		odd := func(number uint64) (coin.Header, error) {
			return headerAt([]*mock.Chain{w.chain, other}[rand.N(2)], number)
		}
		w.puppets[0].header, w.puppets[1].header = odd, odd
		for range 1000 {
			_, _ = w.Header(w.Context(), 15)
			time.Sleep(10 * time.Minute)
		}
		w.puppets[0].back()
		w.puppets[1].back()
		time.Sleep(time.Hour)
		w.header(15)
		w.requireStates(coin.NodeWell, coin.NodeWell)
	})
}

func headerAt(chain *mock.Chain, number uint64) (coin.Header, error) {
	return chain.Coin().Header(context.Background(), number)
}

// lies are the ways of a node to give wrong headers that contradict each other.
func lies(w *world) map[string]func(number uint64) (coin.Header, error) {
	other := w.fork(10)
	turn := 0
	return map[string]func(number uint64) (coin.Header, error){
		"wrong parent": func(number uint64) (coin.Header, error) {
			h, err := headerAt(w.chain, number)
			h.Parent[0] ^= 1
			return h, err
		},
		"wrong ID": func(number uint64) (coin.Header, error) {
			h, err := headerAt(w.chain, number)
			h.ID[0] ^= 1
			return h, err
		},
		"back and forth": func(number uint64) (coin.Header, error) {
			if turn++; turn%2 == 0 {
				return headerAt(w.chain, number)
			}
			return headerAt(other, number)
		},
		"always the same": func(number uint64) (coin.Header, error) {
			h, err := headerAt(w.chain, 3)
			h.Number = number
			return h, err
		},
		"one that is gone": func(number uint64) (coin.Header, error) {
			if turn++; turn%2 == 0 {
				return coin.Header{}, coin.ErrNotFound
			}
			return headerAt(other, number)
		},
		"no predecessors": func(number uint64) (coin.Header, error) {
			if number != 15 {
				return coin.Header{}, coin.ErrNotFound
			}
			return headerAt(other, number)
		},
		"one of another number": func(number uint64) (coin.Header, error) { return headerAt(w.chain, number-min(1, number)) },
	}
}

// Even one of two is believed against a node that contradicts itself.
func TestWhoContradictsItselfIsLeftAside(t *testing.T) {
	var names []string
	in(t, 1, func(w *world) {
		for name := range lies(w) {
			names = append(names, name)
		}
	})
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			in(t, 2, func(w *world) {
				w.puppets[0].header = lies(w)[name]
				for range 50 {
					w.header(15)
					time.Sleep(time.Second)
				}
				state := w.Health()[0].State
				require.True(w, state == coin.NodeDistrusted || state == coin.NodeFailing, "%v", w.Health())
				require.Equal(w, coin.NodeWell, w.Health()[1].State)
			})
		})
	}
}

// Whatever a minority of nodes says, and however often, only the headers that
// the majority has are handed out.
func TestAMinorityDecidesNothing(t *testing.T) {
	chain := mock.New(mock.Options{})
	require.NoError(t, chain.Mine(t.Context(), 20))
	other := chain.Clone()
	require.NoError(t, other.Fork(t.Context(), 10, false))
	rapid.Check(t, func(r *rapid.T) {
		n := rapid.IntRange(3, 7).Draw(r, "nodes")
		liars := rapid.IntRange(1, (n-1)/2).Draw(r, "liars")
		script := rapid.SliceOfN(rapid.IntRange(0, 6), 1, 50).Draw(r, "script")
		at := 0
		var list []nodes.Node
		for i := range n {
			p := &puppet{Coin: chain.Coin()}
			if i < liars {
				p.header = func(number uint64) (coin.Header, error) {
					p.mu.Lock()
					defer p.mu.Unlock()
					at++
					h, err := headerAt(chain, number)
					if err != nil {
						return h, err
					}
					switch script[at%len(script)] {
					case 0:
						return coin.Header{}, errAway
					case 1:
						return coin.Header{}, coin.ErrNotFound
					case 2:
						return coin.Header{}, coin.ErrInvalid
					case 3:
						h.Parent[0] ^= 1
					case 4, 5:
						return headerAt(other, number)
					}
					return h, nil
				}
			}
			list = append(list, nodes.Node{Name: string(rune('a' + i)), Coin: p})
		}
		// One liar at a time moves the script.
		for i := 1; i < liars; i++ {
			list[i].Coin.(*puppet).header = list[0].Coin.(*puppet).header
		}
		all, err := nodes.Config{Pause: 1}.New(list...)
		require.NoError(r, err)
		for range 10 {
			number := rapid.Uint64Range(0, 20).Draw(r, "number")
			h, err := all.Header(t.Context(), number)
			require.NoError(r, err)
			require.Equal(r, headerOn(t, chain, number), h)
		}
	})
}
