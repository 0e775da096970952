package keygen

import (
	"bytes"
	"errors"
	"fmt"

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
	effect effect
	reason string  // of a conviction
	result *result // if Check had to make it
}

type effect uint8

const (
	ignore effect = iota
	blind
	convict
	acceptDeal
	acceptOK
)

func fault(format string, args ...any) Verdict {
	return Verdict{effect: convict, reason: fmt.Sprintf(format, args...)}
}

// Check judges an item of a participant, without any write: all the heavy work
// of a message. The participant's number is its place in the request in force,
// the last one before this position of the log. An item that was withheld from
// this processor, which is no participant, is empty.
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
		if _, member := a.find(k.config.Self.Public()); !member {
			return Verdict{effect: blind}, nil
		}
	}
	kind, number, message, err := decodeItem(item)
	switch {
	case err != nil:
		return fault("%v", err), nil
	case number > key.attempt:
		return fault("item of attempt %d, which has not begun", number), nil
	case number < key.attempt || a.phase > responding:
		return Verdict{}, nil // late
	}
	setup, err := k.setup(key, &a)
	if err != nil {
		return Verdict{}, fmt.Errorf("keygen: %w: request of session %d: %w", storage.ErrCorrupt, session, err)
	}
	if kind == itemDeal {
		return checkDeal(r, key, &a, setup, from, message)
	}
	return checkResponse(r, key, &a, setup, from, message)
}

func checkDeal(r storage.Reader, key attemptKey, a *attempt, setup *dkg.Setup, from uint16, message []byte) (Verdict, error) {
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
	if _, err := setup.ReadDeal(from, message); err != nil {
		return fault("%v", err), nil
	}
	return Verdict{effect: acceptDeal}, nil
}

func checkResponse(r storage.Reader, key attemptKey, a *attempt, setup *dkg.Setup, from uint16, message []byte) (Verdict, error) {
	transcript, err := setup.ReadResponse(from, message)
	switch {
	case err != nil:
		return fault("%v", err), nil
	case a.phase != responding:
		return fault("response to deals that are not closed"), nil
	}
	verdict := Verdict{effect: acceptOK}
	x, ok, err := results.Get(r, key)
	if err != nil {
		return Verdict{}, err
	}
	if !ok {
		accepted, err := readDeals(r, key, setup)
		if err != nil {
			return Verdict{}, err
		}
		combined, err := setup.Combine(accepted)
		if errors.Is(err, dkg.ErrDeals) {
			return fault("approves of deals without a key: %v", err), nil
		} else if err != nil {
			return Verdict{}, err
		}
		x = newResult(combined)
		verdict.result = &x
	}
	switch {
	case transcript != x.transcript:
		return fault("approves of transcript %x, not %x", transcript, x.transcript), nil
	case a.standings[from]&approved != 0:
		return Verdict{}, nil
	}
	return verdict, nil
}

// readDeals decodes the accepted deals of an attempt.
func readDeals(r storage.Reader, key attemptKey, setup *dkg.Setup) ([]*dkg.Deal, error) {
	list, err := dealsOf(r, key)
	if err != nil {
		return nil, err
	}
	return decodeDeals(list, setup)
}

func decodeDeals(list []storage.Item[dealKey, []byte], setup *dkg.Setup) ([]*dkg.Deal, error) {
	var decoded []*dkg.Deal
	for _, item := range list {
		d, err := setup.ReadDeal(item.Key.dealer, item.Value)
		if err != nil {
			return nil, fmt.Errorf("keygen: %w: %w", storage.ErrCorrupt, err)
		}
		decoded = append(decoded, d)
	}
	return decoded, nil
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
	if err != nil || !ok || a.phase > responding {
		return err
	}
	switch v.effect {
	case blind:
		a.blind = true
		return attempts.Put(tx, key, a)
	case convict:
		a.standings[from] |= faulty
		if a.phase == dealing {
			err = deals.Delete(tx, dealKey{key, from})
		}
	case acceptDeal:
		a.standings[from] |= dealt
		err = deals.Put(tx, dealKey{key, from}, item[itemHeader:])
	case acceptOK:
		a.standings[from] |= approved
		if v.result != nil {
			err = results.Put(tx, key, *v.result)
		}
	}
	if err != nil {
		return err
	}
	return k.advance(tx, key, &a, false)
}
