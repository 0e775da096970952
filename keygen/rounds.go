package keygen

import (
	"errors"
	"fmt"
	"slices"

	"github.com/serai-go/processor/frost/dkg"
	"github.com/serai-go/processor/storage"
)

// step is what follows for an attempt from the standings of its participants.
type step uint8

const (
	wait      step = iota // for more messages
	fail                  // there is no way to a key any more
	nextRound             // of responses, to the deals that are left
	finish
)

// next tells what follows. A closed round does not wait for anybody.
func (a *attempt) next(closed bool) step {
	if a.phase > responding {
		return wait // for the vote
	}
	threshold := int(a.threshold)
	if a.phase == dealing {
		heard, waiting := a.weight(dealt|faulty, dealt), a.weight(dealt|faulty, 0)
		switch {
		case heard+waiting < threshold:
			return fail
		case waiting > 0 && !closed:
			return wait
		case heard < threshold:
			return fail
		}
		return nextRound
	}
	heard, waiting := a.weight(approved|faulty, approved), a.weight(approved|complained|faulty, 0)
	switch {
	case a.weight(faulty, 0) < threshold || a.weight(dealt|refuted, dealt) < threshold:
		return fail // too few are left to approve, or to have dealt
	case waiting > 0 && !closed:
		return wait
	case a.weight(refuted, refuted) > 0:
		return nextRound
	case waiting > 0 && heard < int(a.minOK):
		return fail
	}
	return finish
}

// opening is all that opening a round of responses takes, made ahead of the
// transaction: it is heavy.
type opening struct {
	unproven []uint16 // dealers whose proofs fail, ascending
	result   *result  // of the deals that are left, nil if they make no key
}

// opening prepares the round of responses that opens if this is the attempt
// after an entry of the log, and returns nil if none does. The deal is the one
// that the entry brings, if any.
func (k *KeyGen) opening(r storage.Reader, key attemptKey, a *attempt, closed bool, from uint16, deal []byte) (*opening, error) {
	if a.next(closed) != nextRound {
		return nil, nil
	}
	d, err := k.decoded(key, a)
	if err != nil {
		return nil, fmt.Errorf("keygen: %w: request of session %d: %w", storage.ErrCorrupt, key.session, err)
	}
	raw, err := messagesOf(r, deals, key)
	if err != nil {
		return nil, err
	}
	if deal != nil {
		i, _ := slices.BinarySearchFunc(raw, from, func(x storage.Item[dealKey, []byte], dealer uint16) int {
			return int(x.Key.dealer) - int(dealer)
		})
		raw = slices.Insert(raw, i, storage.Item[dealKey, []byte]{Key: dealKey{key, from}, Value: deal})
	}
	list, err := d.decodeAll(raw)
	if err != nil {
		return nil, err
	}
	list = slices.DeleteFunc(list, func(d *dkg.Deal) bool { return a.standings[d.Dealer]&(dealt|refuted) != dealt })
	o := new(opening)
	if a.phase == dealing {
		o.unproven = d.setup.VerifyDeals(list)
		list = slices.DeleteFunc(list, func(d *dkg.Deal) bool { return slices.Contains(o.unproven, d.Dealer) })
	}
	combined, err := d.combine(list)
	switch {
	case errors.Is(err, dkg.ErrDeals):
		return o, nil
	case err != nil:
		return nil, err
	}
	x := newResult(combined)
	o.result = &x
	return o, nil
}

// Closing is what CheckClose prepares for CloseRound.
type Closing struct{ opening *opening }

// CheckClose does the heavy work of CloseRound, without any write. What it
// returns holds until key generation's next log entry.
func (k *KeyGen) CheckClose(r storage.Reader, session uint64, number uint32, round uint8) (Closing, error) {
	key, a, ok, err := latest(r, session)
	if err != nil || !ok || !a.closes(key, number, round) {
		return Closing{}, err
	}
	o, err := k.opening(r, key, &a, true, 0, nil)
	return Closing{o}, err
}

// closes tells whether closing a round means the one that is open.
func (a *attempt) closes(key attemptKey, number uint32, round uint8) bool {
	return !a.blind && key.attempt == number && a.phase <= responding && a.round == round
}

// CloseRound ends a round of an attempt with who has spoken: round 1 is that of
// the deals, the later ones those of responses. It is ignored unless exactly
// that round is open. CheckClose prepared it at this position of the log.
func (k *KeyGen) CloseRound(tx storage.Tx, session uint64, number uint32, round uint8, c Closing) error {
	key, a, ok, err := latest(tx, session)
	if err != nil || !ok || !a.closes(key, number, round) {
		return err
	}
	return k.advance(tx, key, &a, true, c.opening)
}

// errNoCheck is the answer to a caller that did not check first.
var errNoCheck = errors.New("keygen: a round ends whose end was not checked")

// advance stores an attempt after a change and ends its round if it is over.
func (k *KeyGen) advance(tx storage.Tx, key attemptKey, a *attempt, closed bool, o *opening) error {
	switch a.next(closed) {
	case wait:
		return attempts.Put(tx, key, *a)
	case fail:
		return k.fail(tx, key, a, closed)
	case finish:
		return k.finish(tx, key, a)
	}
	if o == nil {
		return errNoCheck
	}
	for _, dealer := range o.unproven {
		raw, err := deals.Load(tx, dealKey{key, dealer})
		if err != nil {
			return err
		}
		reason := "deal without the knowledge of its secrets: a proof does not verify"
		if err := k.config.Events.Misbehaved(tx, key.session, dealer, reason, encodeItem(itemDeal, key.attempt, raw)); err != nil {
			return err
		}
		a.standings[dealer] |= faulty | refuted
	}
	if o.result == nil {
		return k.fail(tx, key, a, closed)
	}
	return k.openRound(tx, key, a, o.result)
}

// openRound opens a round of responses to the deals that are left.
func (k *KeyGen) openRound(tx storage.Tx, key attemptKey, a *attempt, x *result) error {
	for _, dealer := range a.who(refuted, refuted) {
		if err := deals.Delete(tx, dealKey{key, dealer}); err != nil {
			return err
		}
		a.standings[dealer] &^= dealt | refuted
	}
	for i := range a.standings {
		a.standings[i] &^= approved | complained
	}
	a.phase = responding
	a.round++
	if err := attempts.Put(tx, key, *a); err != nil {
		return err
	}
	if err := results.Put(tx, key, *x); err != nil {
		return err
	}
	if err := dropMessages(tx, responses, key); err != nil {
		return err
	}
	if _, member := a.find(k.config.Self.Public()); !member {
		return nil
	}
	// Shares of the former deals are of no use, and new ones are due.
	if err := owns.Put(tx, key, own{dealt: true}); err != nil {
		return err
	}
	return open.Put(tx, key, struct{}{})
}

func (k *KeyGen) fail(tx storage.Tx, key attemptKey, a *attempt, closed bool) error {
	f := Failed{Session: key.session, Attempt: key.attempt, Faulty: a.who(faulty, faulty)}
	if closed {
		spoken := dealt
		if a.phase == responding {
			spoken = approved | complained
		}
		f.Silent = a.who(spoken|faulty, 0)
	}
	a.phase = failed
	if err := attempts.Put(tx, key, *a); err != nil {
		return err
	}
	if err := drop(tx, key); err != nil {
		return err
	}
	return k.config.Events.KeyGenFailed(tx, f)
}

func (k *KeyGen) finish(tx storage.Tx, key attemptKey, a *attempt) error {
	a.phase = finished
	if err := attempts.Put(tx, key, *a); err != nil {
		return err
	}
	x, err := results.Load(tx, key)
	if err != nil {
		return err
	}
	return k.config.Events.KeyGenerated(tx, Generated{
		Session:    key.session,
		Attempt:    key.attempt,
		BatchKey:   x.batchKey,
		NetworkKey: x.networkKey,
		Weight:     uint16(a.weight(approved|faulty, approved)),
		Transcript: x.transcript,
	})
}

// settled tells whether a finished attempt is judged no more: there was a vote,
// or a next attempt.
func settled(r storage.Reader, key attemptKey) (bool, error) {
	if done, err := confirmed.Has(r, key.session); err != nil || done {
		return done, err
	}
	last, _, _, err := latest(r, key.session)
	return last != key, err
}

// release removes the messages of a settled attempt, unless this processor
// still has to derive its shares from them.
func release(tx storage.Tx, key attemptKey) error {
	if due, err := open.Has(tx, key); err != nil || due {
		return err
	}
	if err := dropMessages(tx, responses, key); err != nil {
		return err
	}
	return dropMessages(tx, deals, key)
}
