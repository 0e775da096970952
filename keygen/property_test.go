package keygen

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/serai-go/processor/frost/dkg"
	"github.com/serai-go/processor/frost/dkg/dkgtest"
	"github.com/serai-go/processor/storage"
)

// misdeed draws what a malicious participant sends instead of an honest item.
func (a *adversary) misdeed(t *rapid.T, n *node, item []byte) [][]byte {
	spoilt := bytes.Clone(item)
	spoilt[rapid.IntRange(0, len(item)-1).Draw(t, "byte")] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
	anybody := rapid.IntRange(0, len(a.request.Participants)-1)
	switch rapid.SampledFrom([]string{"honest", "silent", "spoilt", "two", "garbage", "clever", "clever"}).Draw(t, "misdeed") {
	case "honest":
		return [][]byte{item}
	case "silent":
		return nil
	case "spoilt":
		return [][]byte{spoilt}
	case "two":
		return [][]byte{item, item, spoilt}
	case "garbage":
		return [][]byte{rapid.SliceOfN(rapid.Byte(), 1, 60).Draw(t, "garbage")}
	}
	round := roundOf(item)
	if round == 1 {
		if rapid.Bool().Draw(t, "bad values") {
			return [][]byte{a.deal(n.number, badFor(rapid.SliceOfN(anybody, 1, 3).Draw(t, "victims")...))}
		}
		other := a.deal(n.number, dkgtest.Cheat{})[itemHeader:]
		return [][]byte{a.deal(n.number, dkgtest.Cheat{Body: func(b []byte) { copy(b[35:], other[35:99]) }})}
	}
	if rapid.Bool().Draw(t, "approve") {
		var x result
		require.NoError(a.w.t, a.w.view(n, func(r storage.Reader) (err error) {
			x, err = results.Load(r, attemptKey{a.request.Session, a.request.Attempt})
			return err
		}))
		ok := a.setup.Respond(uint16(n.number), round, &dkg.Result{Transcript: x.transcript})
		return [][]byte{encodeItem(itemResponse, a.request.Attempt, ok)}
	}
	deals := a.logged()
	dealer := deals[rapid.IntRange(0, len(deals)-1).Draw(t, "accused")].Dealer
	return [][]byte{a.complain(n.number, round, dealer)}
}

// TestMinorityOfAnyKindHarmsNobody: whatever less than t of the weight do, all
// come to the same verdicts, no honest participant is named, and either there
// is a key that the honest sign with, or the attempt names none but others.
func TestMinorityOfAnyKindHarmsNobody(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		weights := rapid.SliceOfN(rapid.Uint16Range(1, 3), 4, 7).Draw(rt, "weights")
		total := 0
		for _, weight := range weights {
			total += int(weight)
		}
		threshold := 2*total/3 + 1
		w := newWorld(t, len(weights)+1) // and one who looks on
		request := w.request(0, 0, uint16(threshold), weights...)
		request.MinOK = uint16(rapid.IntRange((total+threshold+1)/2, total).Draw(rt, "min OK"))
		a := w.adversary(request)
		var honest []int
		honestWeight, left := 0, total-threshold
		silent := false
		for i, weight := range weights {
			if int(weight) <= left && rapid.Bool().Draw(rt, fmt.Sprintf("malicious %d", i)) {
				left -= int(weight)
				w.nodes[i].tamper = func(item []byte) [][]byte { return a.misdeed(rt, w.nodes[i], item) }
				continue
			}
			honest = append(honest, i)
			honestWeight += int(weight)
		}
		order := rapid.Permutation(slices.Clone(w.nodes)).Draw(rt, "order")
		w.log = append(w.log, entry{generate: &request})
		var end attempt
		for range 2 * len(weights) {
			for progress := true; progress; {
				progress = false
				for _, n := range order {
					did, err := w.step(n)
					require.NoError(t, err)
					progress = progress || did
				}
			}
			if end = w.attempt(w.nodes[0], 0, 0); end.phase > responding {
				break
			}
			silent = true
			w.log = append(w.log, entry{close: &closing{0, 0, end.round}})
		}
		require.Greater(t, end.phase, responding)
		for _, who := range end.who(faulty, faulty) {
			require.NotContains(t, honest, int(who))
		}
		events := w.agree()
		last := events[len(events)-1]
		if end.phase == failed {
			var f Failed
			for i := range weights {
				if end.standings[i]&faulty != 0 {
					f.Faulty = append(f.Faulty, uint16(i))
				}
			}
			require.Contains(t, last, fmt.Sprintf("failed 0.0 faulty %v silent ", f.Faulty))
			for _, i := range honest { // the silent stand last
				require.NotRegexp(t, fmt.Sprintf(`silent .*\b%d\b`, i), last)
			}
			require.True(t, silent && honestWeight < int(request.MinOK), "an attempt that all honest wanted failed: %v", events)
			return
		}
		// Late words of the malicious change nothing but their own standing.
		for i, n := range w.nodes[:len(weights)] {
			if n.tamper != nil && rapid.Bool().Draw(rt, "late") {
				dealt := a.logged()
				accused := dealt[rapid.IntRange(0, len(dealt)-1).Draw(rt, "accused late")].Dealer
				w.add(entry{item: &peerItem{0, uint16(i), a.complain(i, end.round, accused)}})
			}
		}
		end = w.attempt(w.nodes[0], 0, 0)
		for _, who := range end.who(faulty, faulty) {
			require.NotContains(t, honest, int(who))
		}
		require.Equal(t, events[:len(events):len(events)], w.agree()[:len(events)])
		w.confirm(0, 0)
		w.requireUsable(0, honest...)
		w.requireSigns(0, honest...)
	})
}
