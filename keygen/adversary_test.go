package keygen

import (
	"encoding/binary"
	"math/rand/v2"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/frost"
	"github.com/serai-go/processor/frost/dkg"
	"github.com/serai-go/processor/frost/dkg/dkgtest"
)

// adversary makes what malicious participants send in one attempt.
type adversary struct {
	w       *world
	request Request
	setup   *dkg.Setup
	rand    *rand.ChaCha8
}

func (w *world) adversary(r Request) *adversary {
	a := attempt{threshold: r.Threshold, minOK: r.MinOK, participants: r.Participants, standings: make([]standing, len(r.Participants))}
	if a.minOK == 0 {
		a.minOK = uint16(a.weight(0, 0))
	}
	d, err := w.keygen(0, nil).decoded(attemptKey{r.Session, r.Attempt}, &a)
	require.NoError(w.t, err)
	return &adversary{w, r, d.setup, rand.NewChaCha8([32]byte{1})}
}

// deal returns a deal that cheats.
func (a *adversary) deal(dealer int, c dkgtest.Cheat) []byte {
	s := dkgtest.Setup{Hash: a.setup.Hash(), Threshold: int(a.request.Threshold), Network: a.w.group}
	for _, p := range a.request.Participants {
		s.Keys, s.Weights = append(s.Keys, p.Key), append(s.Weights, p.Weight)
	}
	raw, err := dkgtest.Deal(s, uint16(dealer), a.rand, c)
	require.NoError(a.w.t, err)
	return encodeItem(itemDeal, a.request.Attempt, raw)
}

// badFor changes the values for some recipients.
func badFor(recipients ...int) dkgtest.Cheat {
	return dkgtest.Cheat{Values: func(recipient int, plain []byte) {
		for _, r := range recipients {
			if r == recipient {
				plain[1]++
			}
		}
	}}
}

// logged returns the deals in the log, the first of each dealer, that have the
// right form.
func (a *adversary) logged() []*dkg.Deal {
	byDealer := make([]*dkg.Deal, len(a.request.Participants))
	for _, e := range a.w.log {
		if e.item == nil || len(e.item.item) < itemHeader || e.item.item[0] != itemDeal || byDealer[e.item.from] != nil {
			continue
		}
		if d, err := a.setup.DecodeDeal(e.item.from, e.item.item[itemHeader:]); err == nil {
			byDealer[e.item.from] = d
		}
	}
	var list []*dkg.Deal
	for _, d := range byDealer {
		if d != nil {
			list = append(list, d)
		}
	}
	return list
}

// sums returns what the deals in the log give a participant of weight 1.
func (a *adversary) sums(participant int) (batchSum, networkSum frost.Scalar) {
	result, err := a.setup.Combine(a.logged())
	require.NoError(a.w.t, err)
	batchShare, networkShare, err := a.setup.Shares(a.w.ids[participant], a.logged(), result)
	require.NoError(a.w.t, err)
	batchSum, err = batchShare.Key().Group().DecodeScalar(batchShare.SecretBytes())
	require.NoError(a.w.t, err)
	networkSum, err = networkShare.Key().Group().DecodeScalar(networkShare.SecretBytes())
	require.NoError(a.w.t, err)
	return batchSum, networkSum
}

// complain returns a complaint of some dealers in a round.
func (a *adversary) complain(accuser int, round uint8, dealers ...uint16) []byte {
	raw, err := a.setup.Complain(a.w.ids[accuser], round, a.logged(), dealers)
	require.NoError(a.w.t, err)
	return encodeItem(itemResponse, a.request.Attempt, raw)
}

// roundOf returns the round that an item is for.
func roundOf(item []byte) uint8 {
	if item[0] == itemDeal {
		return 1
	}
	return item[itemHeader+35]
}

// only replaces what a node sends in one round of an attempt.
func only(attempt uint32, round uint8, change func(item []byte) [][]byte) func([]byte) [][]byte {
	return func(item []byte) [][]byte {
		if binary.LittleEndian.Uint32(item[1:]) != attempt || roundOf(item) != round {
			return [][]byte{item}
		}
		return change(item)
	}
}

// deals lets a node deal otherwise.
func (a *adversary) deals(node int, c dkgtest.Cheat) func([]byte) [][]byte {
	return only(a.request.Attempt, 1, func([]byte) [][]byte { return [][]byte{a.deal(node, c)} })
}
