package keygen

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/serai-go/processor/frost/dkg"
	"github.com/serai-go/processor/internal/wire"
	"github.com/serai-go/processor/storage"
)

// An item is its kind, the attempt it is for, and the message of package dkg.
const (
	itemDeal     = 1
	itemResponse = 2
	itemHeader   = 5
)

func encodeItem(kind uint8, attempt uint32, message []byte) []byte {
	var w wire.Writer
	w.Uint8(kind)
	w.Uint32(attempt)
	w.Fixed(message)
	return w.Data()
}

func decodeItem(item []byte) (kind uint8, attempt uint32, message []byte, err error) {
	r := wire.NewReader(item)
	kind = r.Uint8()
	r.Check(kind == itemDeal || kind == itemResponse, "kind")
	attempt = r.Uint32()
	if err := r.Err(); err != nil {
		return 0, 0, nil, fmt.Errorf("keygen: item: %w", err)
	}
	return kind, attempt, item[itemHeader:], nil
}

// Verdict is what an item means at its position of the log. The zero Verdict
// is an item without any meaning there.
type Verdict struct {
	effect  effect
	reason  string   // of a conviction
	refuted []uint16 // dealers against whom the item's complaints hold, ascending
	opening *opening // of the round that the item brings, if it does
}

type effect uint8

const (
	ignore effect = iota
	blind
	convict
	acceptDeal
	acceptOK
	acceptComplaint
)

func fault(format string, args ...any) Verdict {
	return Verdict{effect: convict, reason: fmt.Sprintf(format, args...)}
}

// apply changes the standings as a verdict on an item says.
func (a *attempt) apply(from uint16, v *Verdict) {
	switch v.effect {
	case convict:
		if a.phase == dealing { // later its deal stays: it is as good as any
			a.standings[from] &^= dealt
		}
		a.standings[from] |= faulty
	case acceptDeal:
		a.standings[from] |= dealt
	case acceptOK:
		a.standings[from] |= approved
	case acceptComplaint:
		a.standings[from] |= complained
	}
	for _, dealer := range v.refuted {
		a.standings[dealer] |= faulty | refuted
	}
}

// Check judges an item of a participant, without any write: all the heavy work
// of a message. The participant's number is its place in the request in force,
// the last one before this position of the log. An item that was withheld from
// this processor, which is no participant, is empty: whoever orders the log must
// not let participants send empty ones.
//
// The verdict holds until key generation's next log entry. Errors are those of
// the database: an item cannot cause one.
func (k *KeyGen) Check(r storage.Reader, session uint64, from uint16, item []byte) (Verdict, error) {
	if done, err := confirmed.Has(r, session); err != nil || done {
		return Verdict{}, err // late
	}
	key, a, ok, err := latest(r, session)
	switch {
	case err != nil:
		return Verdict{}, err
	case !ok:
		return fault("no key generation in session %d", session), nil
	case a.blind || int(from) >= len(a.participants) || a.standings[from]&faulty != 0:
		return Verdict{}, nil
	case len(item) == 0:
		_, member := a.find(k.config.Self.Public())
		switch {
		case !member && a.phase > responding:
			return Verdict{}, nil // the result stands
		case !member:
			return Verdict{effect: blind}, nil
		}
	}
	v, err := k.judge(r, key, &a, from, item)
	if err != nil || v.effect == ignore || a.phase == failed {
		return v, err
	}
	after := a
	after.standings = slices.Clone(a.standings)
	after.apply(from, &v)
	var deal []byte
	if v.effect == acceptDeal {
		deal = item[itemHeader:]
	}
	v.opening, err = k.opening(r, key, &after, false, from, deal)
	return v, err
}

// judge judges an item by the latest attempt.
func (k *KeyGen) judge(r storage.Reader, key attemptKey, a *attempt, from uint16, item []byte) (Verdict, error) {
	kind, number, message, err := decodeItem(item)
	switch {
	case err != nil:
		return fault("%v", err), nil
	case number > key.attempt:
		return fault("item of attempt %d, which has not begun", number), nil
	case number < key.attempt || a.phase == failed:
		return Verdict{}, nil // late
	}
	d, err := k.decoded(key, a)
	if err != nil {
		return Verdict{}, fmt.Errorf("keygen: %w: request of session %d: %w", storage.ErrCorrupt, key.session, err)
	}
	if kind == itemDeal {
		return judgeDeal(r, key, a, d, from, message)
	}
	return judgeResponse(r, key, a, d, from, message)
}

// judgeDeal judges the form of a deal. Its proofs are checked with those of the
// others when the round ends.
func judgeDeal(r storage.Reader, key attemptKey, a *attempt, d *decoded, from uint16, message []byte) (Verdict, error) {
	if a.phase != dealing {
		return Verdict{}, nil // late
	}
	if a.standings[from]&dealt != 0 {
		first, err := deals.Load(r, dealKey{key, from})
		if err != nil || bytes.Equal(first, message) {
			return Verdict{}, err
		}
		return fault("two different deals"), nil
	}
	if _, err := d.deal(from, message); err != nil {
		return fault("%v", err), nil
	}
	return Verdict{effect: acceptDeal}, nil
}

func judgeResponse(r storage.Reader, key attemptKey, a *attempt, d *decoded, from uint16, message []byte) (Verdict, error) {
	response, err := d.setup.ReadResponse(from, message)
	switch {
	case err != nil:
		return fault("%v", err), nil
	case response.Round > a.round:
		return fault("response in round %d, which is not open", response.Round), nil
	case response.Round < a.round:
		return Verdict{}, nil // late
	}
	first, spoken, err := responses.Get(r, dealKey{key, from})
	switch {
	case err != nil:
		return Verdict{}, err
	case spoken && bytes.Equal(first, message):
		return Verdict{}, nil
	case spoken:
		return fault("two different responses"), nil
	}
	if response.OK {
		x, err := results.Load(r, key)
		switch {
		case err != nil:
			return Verdict{}, err
		case response.Transcript != x.transcript:
			return fault("approves of transcript %x, not %x", response.Transcript, x.transcript), nil
		}
		return Verdict{effect: acceptOK}, nil
	}
	list, err := messagesOf(r, deals, key)
	if err != nil {
		return Verdict{}, err
	}
	dealt, err := d.decodeAll(list)
	if err != nil {
		return Verdict{}, err
	}
	v := Verdict{effect: acceptComplaint}
	refuted, err := d.setup.Judge(response, dealt)
	if err != nil {
		v = fault("%v", err)
	}
	v.refuted = refuted
	return v, nil
}

// decodeAll decodes deals that were accepted.
func (d *decoded) decodeAll(list []storage.Item[dealKey, []byte]) ([]*dkg.Deal, error) {
	var all []*dkg.Deal
	for _, item := range list {
		if int(item.Key.dealer) >= len(d.deals) {
			return nil, fmt.Errorf("keygen: %w: deal of participant %d", storage.ErrCorrupt, item.Key.dealer)
		}
		deal, err := d.deal(item.Key.dealer, item.Value)
		if err != nil {
			return nil, fmt.Errorf("keygen: %w: %w", storage.ErrCorrupt, err)
		}
		all = append(all, deal)
	}
	return all, nil
}

// Receive applies an item with the verdict that Check gave it at this position
// of the log.
func (k *KeyGen) Receive(tx storage.Tx, session uint64, from uint16, item []byte, v Verdict) error {
	if v.effect == ignore {
		return nil
	}
	if v.effect == convict {
		if err := k.config.Events.Misbehaved(tx, session, from, v.reason, item); err != nil {
			return err
		}
	}
	key, a, ok, err := latest(tx, session)
	if err != nil || !ok || a.phase == failed {
		return err
	}
	switch v.effect {
	case blind:
		a.blind = true
		return attempts.Put(tx, key, a)
	case convict:
		if a.phase == dealing {
			err = deals.Delete(tx, dealKey{key, from})
		}
	case acceptDeal:
		err = deals.Put(tx, dealKey{key, from}, item[itemHeader:])
	case acceptOK, acceptComplaint:
		err = responses.Put(tx, dealKey{key, from}, item[itemHeader:])
	}
	if err != nil {
		return err
	}
	for _, dealer := range v.refuted {
		if a.standings[dealer]&refuted != 0 {
			continue
		}
		reason := fmt.Sprintf("dealt bad shares to participant %d, who shows them", from)
		if err := k.config.Events.Misbehaved(tx, session, dealer, reason, item); err != nil {
			return err
		}
	}
	a.apply(from, &v)
	return k.advance(tx, key, &a, false, v.opening)
}
