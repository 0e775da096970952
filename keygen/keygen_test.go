package keygen

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/frost"
	"github.com/serai-go/processor/frost/ed25519"
	"github.com/serai-go/processor/frost/secp256k1"
	"github.com/serai-go/processor/storage"
)

func TestWholeRun(t *testing.T) {
	for _, test := range []struct {
		group     frost.Group
		threshold uint16
		weights   []uint16
		watchers  int // processors that do not take part
	}{
		{secp256k1.Group, 1, []uint16{1}, 0},
		{secp256k1.Group, 2, []uint16{1, 1, 1}, 0},
		{secp256k1.Group, 3, []uint16{1, 1, 1, 1}, 1},
		{ed25519.Group, 3, []uint16{1, 1, 1, 1}, 0},
		{ed25519.Group, 5, []uint16{1, 2, 3, 1}, 1},
		{secp256k1.Group, 5, []uint16{1, 2, 3, 1}, 0},
	} {
		t.Run(fmt.Sprintf("%s %d of %v", test.group.Name(), test.threshold, test.weights), func(t *testing.T) {
			members := len(test.weights)
			w := newWorld(t, members+test.watchers)
			w.group = test.group
			for i, n := range w.nodes {
				n.keygen = w.keygen(i, sealer{key: [32]byte{byte(i)}})
			}
			request := w.request(4, 0, test.threshold, test.weights...)
			w.add(entry{generate: &request})
			events := w.agree()
			require.Len(t, events, 1)
			require.Contains(t, events[0], "generated 4.0 weight ")

			_, _, err := w.shares(w.nodes[0], 4)
			require.ErrorIs(t, err, ErrNotConfirmed)
			w.confirm(4, 0)
			w.confirm(4, 0) // no effect
			var all []int
			for i := range members {
				all = append(all, i)
			}
			w.requireUsable(4, all...)
			w.requireSigns(4, all...)
			for _, n := range w.nodes[members:] {
				require.NoError(t, w.view(n, func(r storage.Reader) error {
					batchKey, networkKey, err := n.keygen.Public(r, 4)
					require.NoError(t, err)
					require.Equal(t, w.keys(n, 4, 0), [2][]byte{batchKey.Key().Bytes(), networkKey.Key().Bytes()})
					return nil
				}))
				_, _, err := w.shares(n, 4)
				require.ErrorIs(t, err, ErrNoShare)
			}
			// Nothing but the keys and the own shares is left.
			for _, n := range w.nodes {
				require.NoError(t, w.view(n, func(r storage.Reader) error {
					for range deals.All(r) {
						t.Fatal("a deal is left")
					}
					for range open.All(r) {
						t.Fatal("a duty is left")
					}
					return nil
				}))
			}
		})
	}
}

func TestSilentParticipants(t *testing.T) {
	for _, test := range []struct {
		name    string
		minOK   uint16
		silent1 []int // from the first round on
		silent2 []int // in the second round only
		want    []string
	}{
		{"dealer, then all respond", 0, []int{4}, nil, []string{"failed 0.0 faulty [] silent [4]"}},
		{"dealer, minimum reached", 5, []int{4}, nil, []string{"generated 0.0 weight 5"}},
		{"one response, minimum reached", 5, nil, []int{0}, []string{"generated 0.0 weight 5"}},
		{"two responses, minimum missed", 5, nil, []int{0, 3}, []string{"failed 0.0 faulty [] silent [0 3]"}},
		{"too few deals", 5, []int{0, 1, 2}, nil, []string{"failed 0.0 faulty [] silent [0 1 2]"}},
		{"nobody", 5, []int{0, 1, 2, 3, 4, 5}, nil, []string{"failed 0.0 faulty [] silent [0 1 2 3 4 5]"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t, 6)
			for _, i := range test.silent1 {
				w.nodes[i].silent = true
			}
			for _, i := range test.silent2 {
				w.nodes[i].tamper = func(item []byte) [][]byte {
					if item[0] == itemResponse {
						return nil
					}
					return [][]byte{item}
				}
			}
			request := w.request(0, 0, 4, 1, 1, 1, 1, 1, 1)
			request.MinOK = test.minOK
			w.add(entry{generate: &request})
			require.Empty(t, w.agree())
			w.add(entry{close: &closing{0, 0, 2}}, entry{close: &closing{0, 1, 1}}, entry{close: &closing{1, 0, 1}}, entry{close: &closing{0, 0, 0}})
			if test.silent1 != nil {
				require.Empty(t, w.agree(), "rounds that are not open do not close")
				w.add(entry{close: &closing{0, 0, 1}})
			}
			w.add(entry{close: &closing{0, 0, 2}}, entry{close: &closing{0, 0, 2}}, entry{close: &closing{0, 0, 3}}, entry{close: &closing{0, 0, 4}})
			events := w.agree()
			require.Len(t, events, len(test.want))
			for i := range events {
				require.Contains(t, events[i], test.want[i])
			}
			if bytes.HasPrefix([]byte(events[0]), []byte("generated")) {
				// The silent have derived their shares nevertheless.
				w.confirm(0, 0)
				w.requireUsable(0, 0, 1, 2, 3, 4, 5)
			}
		})
	}
}

// TestFaultyParticipants has one participant send what no honest one sends.
// The others convict it, alone, and go on without it.
func TestFaultyParticipants(t *testing.T) {
	flip := func(item []byte, at int) []byte {
		bad := bytes.Clone(item)
		bad[at] ^= 1
		return bad
	}
	only := func(kind uint8, change func(item []byte) [][]byte) func([]byte) [][]byte {
		return func(item []byte) [][]byte {
			if item[0] != kind {
				return [][]byte{item}
			}
			return change(item)
		}
	}
	for name, tamper := range map[string]func(item []byte) [][]byte{
		"unknown kind":       func([]byte) [][]byte { return [][]byte{{9, 0, 0, 0, 0}} },
		"empty item":         func([]byte) [][]byte { return [][]byte{{}} },
		"short item":         func([]byte) [][]byte { return [][]byte{{1, 0}} },
		"future attempt":     func(item []byte) [][]byte { return [][]byte{flip(item, 1)} },
		"bad deal":           only(itemDeal, func(item []byte) [][]byte { return [][]byte{flip(item, len(item)-1)} }),
		"long deal":          only(itemDeal, func(item []byte) [][]byte { return [][]byte{append(bytes.Clone(item), 0)} }),
		"two deals":          only(itemDeal, func(item []byte) [][]byte { return [][]byte{item, item, flip(item, len(item)-1)} }),
		"early response":     func(item []byte) [][]byte { return [][]byte{append([]byte{itemResponse}, item[1:]...)} },
		"wrong transcript":   only(itemResponse, func(item []byte) [][]byte { return [][]byte{flip(item, len(item)-1)} }),
		"malformed response": only(itemResponse, func(item []byte) [][]byte { return [][]byte{item[:len(item)-1]} }),
		"two responses":      only(itemResponse, func(item []byte) [][]byte { return [][]byte{item, item, flip(item, len(item)-1)} }),
		"response in a later round": only(itemResponse, func(item []byte) [][]byte {
			return [][]byte{flip(item, itemHeader+35)}
		}),
		"complaint of nobody": only(itemResponse, func(item []byte) [][]byte {
			return [][]byte{append(bytes.Clone(item[:itemHeader+36]), 2, 0, 0, 0, 0)}
		}),
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, 4)
			w.nodes[0].tamper = tamper
			request := w.request(0, 0, 3, 1, 1, 1, 1)
			w.add(entry{generate: &request})
			events := w.agree()
			require.Equal(t, "misbehaved 0 by 0", events[0])
			require.Len(t, events, 2)
			require.Contains(t, events[1], "generated 0.0 weight 3 ")
			w.confirm(0, 0)
			w.requireUsable(0, 1, 2, 3)
		})
	}

	t.Run("too many", func(t *testing.T) {
		w := newWorld(t, 4)
		for _, n := range w.nodes[2:] {
			n.tamper = func([]byte) [][]byte { return [][]byte{{0}} }
		}
		request := w.request(0, 0, 3, 1, 1, 1, 1)
		w.add(entry{generate: &request})
		require.Equal(t, []string{"misbehaved 0 by 2", "misbehaved 0 by 3", "failed 0.0 faulty [2 3] silent []"}, w.agree())
	})
}

// TestConvictedDoNotApprove: neither towards the minimum weight, nor when too
// few are left to sign.
func TestConvictedDoNotApprove(t *testing.T) {
	twice := only(0, 2, func(item []byte) [][]byte { return [][]byte{item, append(bytes.Clone(item), 0)} })
	w := newWorld(t, 6)
	request := w.request(0, 0, 4, 1, 1, 1, 1, 1, 1)
	request.MinOK = 5
	w.nodes[0].tamper = twice
	w.nodes[5].tamper = only(0, 2, func([]byte) [][]byte { return nil })
	w.add(entry{generate: &request})
	w.add(entry{close: &closing{0, 0, 2}})
	require.Equal(t, []string{"misbehaved 0 by 0", "failed 0.0 faulty [0] silent [5]"}, w.agree())

	w = newWorld(t, 4)
	request = w.request(0, 0, 3, 1, 1, 1, 1)
	w.nodes[0].tamper, w.nodes[1].tamper = twice, twice
	w.add(entry{generate: &request})
	require.Equal(t, []string{"misbehaved 0 by 0", "misbehaved 0 by 1", "failed 0.0 faulty [0 1] silent []"}, w.agree())
}

// TestItemsWithoutMeaning are late or repeated: nobody is blamed for them.
func TestItemsWithoutMeaning(t *testing.T) {
	w := newWorld(t, 4)
	request := w.request(0, 0, 3, 1, 1, 1, 1)
	w.nodes[3].silent = true
	w.add(entry{generate: &request})
	w.nodes[3].silent, w.nodes[3].sent = false, 0
	w.add(entry{close: &closing{0, 0, 1}}) // the deal comes just behind the closing
	require.Len(t, w.agree(), 1, "finished")
	var again []entry
	for _, e := range w.log {
		if e.item != nil {
			again = append(again, e)
		}
	}
	again = append(again, entry{item: &peerItem{0, 9, []byte{1}}})
	w.add(again...)
	require.Len(t, w.agree(), 1)
	next := w.request(0, 1, 3, 1, 1, 1)
	w.add(append([]entry{{generate: &next}}, again...)...)
	w.confirm(0, 0)
	w.add(again...)
	for _, event := range w.agree() {
		require.NotContains(t, event, "misbehaved")
	}
	w.requireUsable(0, 0, 1, 2, 3)

	w.add(entry{item: &peerItem{7, 1, again[0].item.item}})
	events := w.agree()
	require.Equal(t, "misbehaved 7 by 1", events[len(events)-1], "session without a request")
}

func TestAttempts(t *testing.T) {
	w := newWorld(t, 3)
	update := func(fn func(storage.Tx) error) error { return w.nodes[0].store.Update(t.Context(), fn) }
	generate := func(r Request) error {
		return update(func(tx storage.Tx) error { return w.nodes[0].keygen.Generate(tx, r) })
	}
	finished := w.request(0, 2, 2, 1, 1, 1)
	w.add(entry{generate: &finished})
	require.ErrorIs(t, generate(finished), ErrRequest)
	require.ErrorIs(t, generate(w.request(0, 1, 2, 1, 1, 1)), ErrRequest)
	require.ErrorIs(t, generate(w.request(0, 3, 4, 1, 1, 1)), ErrRequest)
	require.ErrorIs(t, generate(w.request(0, 3, 2)), ErrRequest)

	// An unfinished one is ended by a greater one; the finished one is kept.
	w.nodes[2].silent = true
	unfinished := w.request(0, 3, 2, 1, 1, 1)
	w.add(entry{generate: &unfinished})
	another := w.request(0, 4, 2, 1, 1)
	w.add(entry{generate: &another})
	events := w.agree()
	require.Len(t, events, 2)
	require.Contains(t, events[0], "generated 0.2 ")
	require.Contains(t, events[1], "generated 0.4 ")

	confirm := func(attempt uint32, keys [2][]byte) error {
		return update(func(tx storage.Tx) error { return w.nodes[0].keygen.Confirm(tx, 0, attempt, keys[0], keys[1]) })
	}
	second, fourth := w.keys(w.nodes[0], 0, 2), w.keys(w.nodes[0], 0, 4)
	require.NotEqual(t, second, fourth)
	require.ErrorIs(t, confirm(2, fourth), ErrDiverged)
	require.ErrorIs(t, confirm(3, fourth), ErrDiverged)
	require.ErrorIs(t, confirm(5, fourth), ErrRequest)
	require.ErrorIs(t, confirm(2, [2][]byte{second[0][1:], second[1]}), ErrRequest)
	require.ErrorIs(t, confirm(2, [2][]byte{second[0], nil}), ErrRequest)
	w.confirm(0, 2)
	require.NoError(t, w.view(w.nodes[0], func(r storage.Reader) error {
		list, err := history(r, 0)
		require.Len(t, list, 1, "the others are erased")
		return err
	}))
	require.ErrorIs(t, confirm(4, fourth), ErrRequest)
	require.ErrorIs(t, generate(w.request(0, 5, 2, 1, 1, 1)), ErrRequest)
	w.requireUsable(0, 0, 1, 2)

	// Sessions do not touch one another.
	w.nodes[2].silent = false
	other := w.request(1, 0, 2, 1, 1, 1)
	w.add(entry{generate: &other})
	w.confirm(1, 0)
	w.requireUsable(0, 0, 1, 2)
	w.requireUsable(1, 0, 1, 2)
}

// TestBlindProcessor is given empty items: it has no opinion, and learns the
// keys from the vote.
func TestBlindProcessor(t *testing.T) {
	w := newWorld(t, 5)
	joiner := w.nodes[4]
	joiner.blinded = true
	w.nodes[3].silent = true
	first, second := w.request(0, 0, 3, 1, 1, 1, 1), w.request(0, 1, 3, 1, 1, 1)
	w.add(entry{generate: &first})
	w.add(entry{close: &closing{0, 0, 1}}, entry{close: &closing{0, 0, 2}})
	w.add(entry{generate: &second})
	w.confirm(0, 1)
	require.Len(t, w.events(w.nodes[0]), 2)
	require.Empty(t, w.events(joiner))
	require.NoError(t, w.view(joiner, func(r storage.Reader) error {
		keys, err := joiner.keygen.Keys(r, 0)
		require.NoError(t, err)
		want := w.keys(w.nodes[0], 0, 1)
		require.Equal(t, Confirmed{1, want[0], want[1]}, keys)
		_, _, err = joiner.keygen.Public(r, 0)
		require.ErrorIs(t, err, ErrNotFollowed)
		_, _, err = joiner.keygen.Shares(r, 0)
		require.ErrorIs(t, err, ErrNotFollowed)
		_, err = joiner.keygen.Keys(r, 1)
		require.ErrorIs(t, err, ErrNotConfirmed)
		return nil
	}))
}

func TestSealing(t *testing.T) {
	for _, loose := range []bool{false, true} {
		t.Run(fmt.Sprintf("loose %t", loose), func(t *testing.T) {
			w := newWorld(t, 3)
			right := sealer{key: [32]byte{42}, loose: loose}
			w.nodes[0].keygen = w.keygen(0, right)
			for session := range uint64(2) {
				request := w.request(session, 0, 2, 1, 1, 1)
				w.add(entry{generate: &request})
				w.confirm(session, 0)
				w.requireUsable(session, 0, 1, 2)
			}
			n := w.nodes[0]

			// Another key opens nothing, and makes nothing new.
			n.keygen = w.keygen(0, sealer{loose: loose})
			_, _, err := w.shares(n, 0)
			require.ErrorIs(t, err, ErrSealingKey)
			request := w.request(2, 0, 2, 1, 1, 1)
			w.log = append(w.log, entry{generate: &request})
			for i, round := 0, 0; round < 3; i, round = (i+1)%3, round+i/2 {
				if _, err = w.step(w.nodes[i]); err != nil {
					break
				}
			}
			require.ErrorIs(t, err, ErrSealingKey)
			n.keygen = w.keygen(0, right)
			w.run()
			w.confirm(2, 0)
			w.requireUsable(2, 0, 1, 2)

			// A record of other keys, even of the same session, is noticed.
			for name, swap := range map[string]func(a, b *own){
				"other session": func(a, b *own) { *a = *b },
				"other key":     func(a, _ *own) { a.batch, a.network = a.network, a.batch },
				"altered":       func(a, _ *own) { a.network[20] ^= 1 },
			} {
				swapped := &node{store: n.store.Clone(), keygen: n.keygen}
				require.NoError(t, swapped.store.Update(t.Context(), func(tx storage.Tx) error {
					a, err := owns.Load(tx, attemptKey{0, 0})
					require.NoError(t, err)
					b, err := owns.Load(tx, attemptKey{1, 0})
					require.NoError(t, err)
					swap(&a, &b)
					return owns.Put(tx, attemptKey{0, 0}, a)
				}))
				_, _, err = w.shares(swapped, 0)
				require.ErrorIs(t, err, ErrSwapped, name)
			}
		})
	}
}

// TestSecretsAreSealed looks for the shares in the database.
func TestSecretsAreSealed(t *testing.T) {
	w := newWorld(t, 3)
	request := w.request(0, 0, 2, 1, 1, 1)
	w.add(entry{generate: &request})
	w.confirm(0, 0)
	batchShare, networkShare, err := w.shares(w.nodes[0], 0)
	require.NoError(t, err)
	require.NoError(t, w.view(w.nodes[0], func(r storage.Reader) error {
		for pair, err := range r.Range(nil, nil) {
			require.NoError(t, err)
			require.False(t, bytes.Contains(pair.Value, batchShare.SecretBytes()))
			require.False(t, bytes.Contains(pair.Value, networkShare.SecretBytes()))
		}
		return nil
	}))
}
