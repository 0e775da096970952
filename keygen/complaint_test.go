package keygen

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/frost"
	"github.com/serai-go/processor/frost/dkg/dkgtest"
	"github.com/serai-go/processor/frost/ed25519"
	"github.com/serai-go/processor/frost/secp256k1"
	"github.com/serai-go/processor/storage"
)

// TestGenuineComplaintConvictsTheDealer: the others go on without its deal. It
// gets shares like everybody, and counts for nothing.
func TestGenuineComplaintConvictsTheDealer(t *testing.T) {
	for _, group := range []frost.Group{ed25519.Group, secp256k1.Group} {
		w := newWorld(t, 5)
		w.group = group
		for i, n := range w.nodes {
			n.keygen = w.keygen(i, sealer{key: [32]byte{byte(i)}})
		}
		request := w.request(0, 0, 3, 1, 2, 1, 1)
		w.nodes[0].tamper = w.adversary(request).deals(0, badFor(1, 3))
		w.add(entry{generate: &request})
		events := w.agree()
		require.Len(t, events, 2)
		require.Equal(t, "misbehaved 0 by 0", events[0])
		require.Contains(t, events[1], "generated 0.0 weight 4 ")
		require.Equal(t, uint8(3), w.attempt(w.nodes[0], 0, 0).round)
		for _, i := range []int{1, 3} {
			require.Contains(t, w.events(w.nodes[i]), "bad deals 0.0 by [0]")
		}
		w.confirm(0, 0)
		w.requireUsable(0, 0, 1, 2, 3)
		w.requireSigns(0, 1, 3)
	}
}

func TestFalseComplaintConvictsTheAccuserOnly(t *testing.T) {
	w := newWorld(t, 4)
	request := w.request(0, 0, 3, 1, 1, 1, 1)
	a := w.adversary(request)
	w.nodes[1].tamper = only(0, 2, func([]byte) [][]byte { return [][]byte{a.complain(1, 2, 2)} })
	w.add(entry{generate: &request})
	events := w.agree()
	require.Len(t, events, 2)
	require.Equal(t, "misbehaved 0 by 1", events[0])
	require.Contains(t, events[1], "generated 0.0 weight 3 ")
	require.Equal(t, uint8(2), w.attempt(w.nodes[0], 0, 0).round)
}

// TestTrueAndFalseComplaintsInOneResponse convict both.
func TestTrueAndFalseComplaintsInOneResponse(t *testing.T) {
	w := newWorld(t, 6)
	request := w.request(0, 0, 4, 1, 1, 1, 1, 1, 1)
	a := w.adversary(request)
	w.nodes[0].tamper = a.deals(0, badFor(1))
	w.nodes[1].tamper = only(0, 2, func([]byte) [][]byte { return [][]byte{a.complain(1, 2, 0, 2)} })
	w.add(entry{generate: &request})
	events := w.agree()
	require.Len(t, events, 3)
	require.Equal(t, []string{"misbehaved 0 by 1", "misbehaved 0 by 0"}, events[:2])
	require.Contains(t, events[2], "generated 0.0 weight 4 ")
}

func TestComplaintOfAnExcludedDealerConvictsTheAccuser(t *testing.T) {
	w := newWorld(t, 6)
	request := w.request(0, 0, 4, 1, 1, 1, 1, 1, 1)
	a := w.adversary(request)
	w.nodes[0].tamper = a.deals(0, badFor(1, 5))
	w.nodes[5].tamper = only(0, 3, func([]byte) [][]byte { return [][]byte{a.complain(5, 3, 0)} })
	w.add(entry{generate: &request})
	events := w.agree()
	require.Len(t, events, 3)
	require.Equal(t, []string{"misbehaved 0 by 0", "misbehaved 0 by 5"}, events[:2])
	require.Contains(t, events[2], "generated 0.0 weight 4 ")
	w.confirm(0, 0)
	w.requireUsable(0, 1, 2, 3, 4)
}

// TestStagedComplaintsOfColluders: two dealers' errors cancel at participant 4,
// which is harmless while both count. A complaint that they staged with
// participant 5 removes one of them, and then participant 4 has a complaint.
func TestStagedComplaintsOfColluders(t *testing.T) {
	w := newWorld(t, 7)
	request := w.request(0, 0, 4, 1, 1, 1, 1, 1, 1, 1)
	a := w.adversary(request)
	shift := func(by uint64, negative bool) func(plain []byte) {
		return func(plain []byte) {
			v, err := ed25519.Group.DecodeScalar(plain[:32])
			require.NoError(t, err)
			d := ed25519.Group.NewScalar().SetUint64(by)
			if negative {
				d.Negate(d)
			}
			copy(plain, v.Add(v, d).Bytes())
		}
	}
	at := func(recipient int, change func([]byte)) func(int, []byte) {
		return func(r int, plain []byte) {
			if r == recipient || r == 5 && recipient == -4 || r == 4 && recipient == -4 {
				change(plain)
			}
		}
	}
	w.nodes[0].tamper = a.deals(0, dkgtest.Cheat{Values: at(-4, shift(7, false))})
	w.nodes[1].tamper = a.deals(1, dkgtest.Cheat{Values: at(4, shift(7, true))})
	w.add(entry{generate: &request})
	events := w.agree()
	require.Len(t, events, 3)
	require.Equal(t, []string{"misbehaved 0 by 0", "misbehaved 0 by 1"}, events[:2])
	require.Contains(t, events[2], "generated 0.0 weight 5 ")
	require.Equal(t, uint8(4), w.attempt(w.nodes[0], 0, 0).round)
	w.confirm(0, 0)
	w.requireUsable(0, 2, 3, 4, 6)
	w.requireSigns(0, 0, 4, 5, 6)
}

// TestLateResponseOfAnEarlierRound is ignored, whatever it says, and its sender
// may respond in the present round.
func TestLateResponseOfAnEarlierRound(t *testing.T) {
	w := newWorld(t, 4)
	request := w.request(0, 0, 3, 1, 1, 1, 1)
	a := w.adversary(request)
	w.nodes[0].tamper = a.deals(0, badFor(1))
	var late []byte
	w.nodes[3].tamper = only(0, 2, func(item []byte) [][]byte { late = item; return nil })
	w.add(entry{generate: &request})
	require.Equal(t, []string{"misbehaved 0 by 0"}, w.agree())
	w.nodes[2].silent = true // keeps round 3 open
	w.add(entry{close: &closing{0, 0, 2}})
	require.Equal(t, uint8(3), w.attempt(w.nodes[1], 0, 0).round)
	w.add(entry{item: &peerItem{0, 3, late}}, entry{item: &peerItem{0, 1, a.complain(1, 2, 0)}},
		entry{item: &peerItem{0, 3, a.complain(3, 2, 2)}}, entry{close: &closing{0, 0, 2}})
	require.Equal(t, []string{"misbehaved 0 by 0"}, w.agree())
	w.nodes[2].silent, w.nodes[2].sent = false, 0
	w.run()
	require.Contains(t, w.agree()[1], "generated 0.0 weight 3 ")
}

// TestUnprovenDealsAreConvictedWhenTheRoundEnds, by the last deal or by closing
// it, with the deal as evidence.
func TestUnprovenDealsAreConvictedWhenTheRoundEnds(t *testing.T) {
	for _, closed := range []bool{false, true} {
		w := newWorld(t, 5)
		request := w.request(0, 0, 3, 1, 1, 1, 1, 1)
		request.MinOK = 4
		a := w.adversary(request)
		// It takes its constant from another: a key that it would control.
		other := a.deal(2, dkgtest.Cheat{})[itemHeader:]
		w.nodes[1].tamper = a.deals(1, dkgtest.Cheat{Body: func(b []byte) { copy(b[35:], other[35:99]) }})
		w.nodes[4].silent = true
		w.add(entry{generate: &request})
		require.Empty(t, w.agree())
		if closed {
			w.add(entry{close: &closing{0, 0, 1}})
			w.add(entry{close: &closing{0, 0, 2}})
			require.Equal(t, []string{"misbehaved 0 by 1"}, w.agree()[:1])
			require.Contains(t, w.agree()[1], "failed 0.0 faulty [1] silent [4]")
			continue
		}
		w.nodes[4].silent, w.nodes[4].sent = false, 0
		w.run()
		events := w.agree()
		require.Equal(t, "misbehaved 0 by 1", events[0])
		require.Contains(t, events[1], "generated 0.0 weight 4 ")
		w.confirm(0, 0)
		w.requireUsable(0, 0, 1, 2, 3, 4)
	}
}

// TestTooFewDealsAreLeft: the attempt ends when complaints leave too few.
func TestTooFewDealsAreLeft(t *testing.T) {
	w := newWorld(t, 4)
	request := w.request(0, 0, 3, 1, 1, 1, 1)
	a := w.adversary(request)
	w.nodes[0].tamper = a.deals(0, badFor(3))
	w.nodes[1].tamper = a.deals(1, badFor(3))
	w.add(entry{generate: &request})
	require.Equal(t, []string{"misbehaved 0 by 0", "misbehaved 0 by 1", "failed 0.0 faulty [0 1] silent []"}, w.agree())

	// Nobody waits for more responses then.
	w = newWorld(t, 5)
	request = w.request(0, 0, 3, 1, 1, 1, 1, 1)
	w.nodes[0].tamper = w.adversary(request).deals(0, badFor(1))
	w.nodes[2].tamper = only(0, 2, func([]byte) [][]byte { return nil })
	w.nodes[3].silent, w.nodes[4].silent = true, true
	w.add(entry{generate: &request})
	w.add(entry{close: &closing{0, 0, 1}})
	require.Equal(t, []string{"misbehaved 0 by 0", "failed 0.0 faulty [0] silent []"}, w.agree())
}

// TestConstantsThatCancelEndTheAttempt: nobody is to blame for a key that is
// the identity.
func TestConstantsThatCancelEndTheAttempt(t *testing.T) {
	w := newWorld(t, 2)
	request := w.request(0, 0, 2, 1, 1)
	a := w.adversary(request)
	constant := ed25519.Group.NewScalar().SetUint64(12345)
	for i := range w.nodes {
		x := ed25519.Group.NewScalar().Set(constant)
		if i == 1 {
			x.Negate(x)
		}
		part := ed25519.Group.NewScalar().Multiply(x, ed25519.Group.CofactorInverse())
		wide := ed25519.Group.AppendWide(nil, ed25519.Group.NewElement().MultiplyBase(part))
		w.nodes[i].tamper = a.deals(i, dkgtest.Cheat{
			Body: func(b []byte) { copy(b[35:], wide) }, Constants: [2]frost.Scalar{0: x},
		})
	}
	w.add(entry{generate: &request})
	require.Equal(t, []string{"failed 0.0 faulty [] silent []"}, w.agree())
}

// TestShareOfZeroIsOne: who deals last may choose its own share, and nobody can
// tell that it did if it chose zero.
func TestShareOfZeroIsOne(t *testing.T) {
	for _, group := range []frost.Group{ed25519.Group, secp256k1.Group} {
		w := newWorld(t, 4)
		w.group = group
		for i, n := range w.nodes {
			n.keygen = w.keygen(i, sealer{key: [32]byte{byte(i)}})
		}
		request := w.request(0, 0, 3, 1, 1, 1, 1)
		a := w.adversary(request)
		w.nodes[0].silent = true
		w.add(entry{generate: &request})
		batchSum, networkSum := a.sums(0)
		w.nodes[0].silent = false
		w.add(entry{item: &peerItem{0, 0, a.deal(0, dkgtest.Cheat{Differences: func(key int, f []frost.Scalar) {
			own := [...]frost.Scalar{batchSum, networkSum}[key]
			f[1].Negate(f[0]).Subtract(f[1], own) // f(1) is the sum of the first two
		}})}})
		require.Contains(t, w.agree()[0], "generated 0.0 weight 4 ")
		w.confirm(0, 0)
		_, share, err := w.shares(w.nodes[0], 0)
		require.NoError(t, err)
		require.Equal(t, make([]byte, 32), share.SecretBytes())
		w.requireUsable(0, 0, 1, 2, 3)
		w.requireUsable(0, 0, 1, 2)
		w.requireSigns(0, 0, 2, 3)
	}
}

// TestCommitmentsThatCancelAnotherShare cannot be dealt by: whoever deals them
// does not know the values.
func TestCommitmentsThatCancelAnotherShare(t *testing.T) {
	w := newWorld(t, 5)
	request := w.request(0, 0, 3, 1, 1, 1, 1)
	a := w.adversary(request)
	w.nodes[3].silent = true
	w.add(entry{generate: &request})
	result, err := a.setup.Combine(a.logged())
	require.NoError(t, err)
	w.nodes[3].silent = false
	w.add(entry{item: &peerItem{0, 3, a.deal(3, dkgtest.Cheat{Body: func(b []byte) {
		g := ed25519.Group
		first, err := g.DecodeWide(b[35:99])
		require.NoError(t, err)
		cancel := g.NewElement().Add(first, result.Batch.Share(1))
		cancel.VarTimeMultiply(g.NewScalar().Negate(g.CofactorInverse()), cancel)
		copy(b[99:], g.AppendWide(nil, cancel))
	}})}})
	events := w.agree()
	require.Len(t, events, 2)
	require.Equal(t, "misbehaved 0 by 3", events[0])
	require.Contains(t, events[1], "generated 0.0 weight 3 ")
	w.confirm(0, 0)
	w.requireUsable(0, 0, 1, 2)
}

// TestReusedContextIsRefused: no setup is ever dealt in twice.
func TestReusedContextIsRefused(t *testing.T) {
	w := newWorld(t, 3)
	generate := func(attempt uint32) error {
		return w.nodes[0].store.Update(t.Context(), func(tx storage.Tx) error {
			return w.nodes[0].keygen.Generate(tx, w.request(0, attempt, 2, 1, 1, 1))
		})
	}
	request := w.request(0, 5, 2, 1, 1, 1)
	w.add(entry{generate: &request})
	require.ErrorIs(t, generate(5), ErrRequest, "the same attempt")
	require.ErrorIs(t, generate(4), ErrRequest, "a lower attempt")
	w.confirm(0, 5)
	require.ErrorIs(t, generate(5), ErrRequest)
	require.ErrorIs(t, generate(6), ErrRequest, "a confirmed session")
}

// TestReplaysConvictTheirSenderOnly: its own deal of another attempt, and what
// another participant sent.
func TestReplaysConvictTheirSenderOnly(t *testing.T) {
	w := newWorld(t, 4)
	first, second := w.request(0, 0, 3, 1, 1, 1, 1), w.request(0, 1, 3, 1, 1, 1, 1)
	w.nodes[3].silent = true
	w.add(entry{generate: &first})
	require.Empty(t, w.agree())
	var old, another []byte
	for _, e := range w.log {
		if e.item != nil && e.item.from == 0 {
			old = e.item.item[itemHeader:]
		}
	}
	w.nodes[3].silent = false
	w.nodes[1].tamper = only(1, 2, func(item []byte) [][]byte { another = item; return [][]byte{item} })
	for name, test := range map[string]struct {
		node   int
		tamper func([]byte) [][]byte
	}{
		"deal of another attempt": {0, only(1, 1, func([]byte) [][]byte { return [][]byte{encodeItem(itemDeal, 1, old)} })},
		"deal of another":         {2, only(1, 1, func([]byte) [][]byte { return [][]byte{encodeItem(itemDeal, 1, old)} })},
		"response of another":     {2, only(1, 2, func([]byte) [][]byte { return [][]byte{another} })},
	} {
		t.Run(name, func(t *testing.T) {
			c := &world{t: t, group: w.group, ids: w.ids, log: slices.Clone(w.log)}
			for _, n := range w.nodes {
				c.nodes = append(c.nodes, &node{store: n.store.Clone(), keygen: n.keygen, number: n.number, sent: n.sent, tamper: n.tamper})
			}
			c.nodes[test.node].tamper = test.tamper
			c.add(entry{generate: &second})
			events := c.agree()
			require.Len(t, events, 2)
			require.Equal(t, fmt.Sprintf("misbehaved 0 by %d", test.node), events[0])
			require.Contains(t, events[1], "generated 0.1 weight 3 ")
		})
	}
}
