package story

import (
	"context"
	"fmt"

	"github.com/serai-go/processor"
	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/signer"
)

// witnesses are who says what keys own, in the two ways in which people are told.
func (s *story) witnesses() (say, inserted string) {
	if _, ok := s.user.(Lister); ok {
		return "the node says", "says the node"
	}
	return "the chain and the signed plans say", "say the chain and the signed plans"
}

// holdings returns what a session's key owns.
func (s *story) holdings(ctx context.Context, session uint64) (outputs int, amount uint64, err error) {
	lister, ok := s.user.(Lister)
	if !ok {
		if err := s.view.read(ctx, s); err != nil {
			return 0, 0, err
		}
		outputs, amount = s.view.owned(session)
		return outputs, amount, nil
	}
	for _, kind := range coin.Kinds {
		address, err := s.coin.Address(s.key(session).NetworkKey, kind)
		if err != nil {
			return 0, 0, err
		}
		amounts, err := lister.Unspent(ctx, address)
		if err != nil {
			return 0, 0, err
		}
		for _, a := range amounts {
			outputs, amount = outputs+1, amount+a
		}
	}
	return outputs, amount, nil
}

// view is what the chain shows of the groups' outputs where nobody but their
// holders can tell which are spent: what came in is read with the public keys, and
// what went out are the inputs of the plans whose transactions are in blocks. That
// these really were spent shows when all amounts add up.
type view struct {
	next   uint64 // the first block not read yet
	found  map[coin.OutputID]coin.Output
	mined  map[coin.TransactionID]bool
	spends map[coin.OutputID]coin.TransactionID
}

func newView() view {
	return view{
		found: make(map[coin.OutputID]coin.Output), mined: make(map[coin.TransactionID]bool),
		spends: make(map[coin.OutputID]coin.TransactionID),
	}
}

// owned returns what a session's key owns by what was read.
func (v *view) owned(session uint64) (outputs int, amount uint64) {
	for id, o := range v.found {
		if by, ok := v.spends[id]; o.Session == session && !(ok && v.mined[by]) {
			outputs, amount = outputs+1, amount+o.Amount
		}
	}
	return outputs, amount
}

// read reads the blocks that are new. A key is younger than what is read before it
// is made.
func (v *view) read(ctx context.Context, s *story) error {
	tip, err := s.coin.Tip(ctx)
	if err != nil {
		return err
	}
	var keys []coin.Key
	for session := range s.keyCount() {
		keys = append(keys, coin.Key{Session: session, Key: s.key(session).NetworkKey})
	}
	for ; v.next <= tip; v.next++ {
		header, err := s.coin.Header(ctx, v.next)
		if err != nil {
			return err
		}
		block, err := s.coin.Block(ctx, header)
		if err != nil {
			return err
		}
		outputs, err := s.coin.Outputs(ctx, block, keys)
		if err != nil {
			return err
		}
		for _, o := range outputs {
			v.found[o.ID] = o
		}
		for _, tx := range block.Transactions() {
			v.mined[tx.ID()] = true
		}
	}
	return nil
}

// note notes what a signed transaction spends, as long as a validator knows its
// plan.
func (v *view) note(ctx context.Context, s *story, e processor.Completed) error {
	if e.SignID.Kind != signer.Plan {
		return nil
	}
	for _, validator := range s.group {
		plan, ok, err := validator.running().Plan(ctx, e.SignID.Subject)
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		for _, in := range plan.Inputs {
			v.spends[in.ID] = e.Transaction
		}
		return nil
	}
	return fmt.Errorf("no validator knows the plan of %s", e.Transaction)
}
