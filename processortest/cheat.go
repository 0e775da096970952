package processortest

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/serai-go/processor"
	"github.com/serai-go/processor/frost/dkg"
	"github.com/serai-go/processor/frost/dkg/dkgtest"
	"github.com/serai-go/processor/internal/wire"
)

// DealBadly replaces the deals that a validator sends from now on by such that
// give the victims, by their numbers in the session, other values than they
// commit to.
func (g *Group) DealBadly(dealer int, victims ...int) {
	g.OnSend = func(validator int, payload []byte) ([]byte, error) {
		if validator != dealer {
			return payload, nil
		}
		r := wire.NewReader(payload)
		parts, isKeygen, item := r.Count(1, 5), r.Bool(), r.Bytes(1<<20)
		if r.Done() != nil || parts != 1 || !isKeygen || item[0] != keygenDeal {
			return payload, nil
		}
		deal, err := g.badDeal(dealer, victims)
		if err != nil {
			return nil, err
		}
		var w, changed wire.Writer
		w.Fixed(item[:keygenHeader])
		w.Fixed(deal)
		changed.Count(1)
		changed.Bool(true)
		changed.Bytes(w.Data())
		return changed.Data(), nil
	}
}

// How items of key generation begin.
const (
	keygenDeal   = 1
	keygenHeader = 5
)

// badDeal is a deal in the last attempt that began.
func (g *Group) badDeal(dealer int, victims []int) ([]byte, error) {
	coin := g.Chain.Coin()
	for i := len(g.Log) - 1; i >= 0; i-- {
		e, ok := g.Log[i].(processor.GenerateKey)
		if !ok {
			continue
		}
		setup, err := dkg.NewSetup(dkg.Params{
			Network: coin.Name(), Session: e.Session, Attempt: e.Attempt, Threshold: e.Threshold, MinOK: e.MinOK,
			Participants: e.Participants, NetworkGroup: coin.Group(),
		})
		if err != nil {
			return nil, err
		}
		s := dkgtest.Setup{Hash: setup.Hash(), Threshold: int(e.Threshold), Network: coin.Group()}
		for _, p := range e.Participants {
			s.Keys, s.Weights = append(s.Keys, p.Key), append(s.Weights, p.Weight)
		}
		from, _ := g.number(e.Session, dealer)
		return dkgtest.Deal(s, from, rand.NewChaCha8([32]byte{}), dkgtest.Cheat{
			Values: func(recipient int, plain []byte) {
				if slices.Contains(victims, recipient) {
					plain[0]++
				}
			},
		})
	}
	return nil, fmt.Errorf("validator %d deals and no attempt began", dealer)
}
