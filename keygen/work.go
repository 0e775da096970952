package keygen

import (
	"context"
	"errors"
	"fmt"

	"github.com/serai-go/processor/frost/dkg"
	"github.com/serai-go/processor/storage"
)

// job is a duty of this processor, with all it needs to be done outside of
// transactions.
type job struct {
	key     attemptKey
	attempt attempt
	decoded *decoded
	deals   []storage.Item[dealKey, []byte] // none for a deal of its own
	probe   []byte
}

// Work does one thing that is due, if any, and tells so: it deals, or derives
// the own shares and responds, with a complaint if they are bad. The computation
// is done outside of any transaction, and its effect is stored in one. It fails
// if the database or the Sealer does; with ErrSealingKey, if earlier shares were
// sealed with another key.
func (k *KeyGen) Work(ctx context.Context, store storage.Store) (did bool, err error) {
	var due *job
	err = store.View(ctx, func(r storage.Reader) (err error) {
		due, err = k.due(r)
		return err
	})
	switch {
	case err != nil || due == nil:
		return false, err
	case due.attempt.phase == dealing:
		err = k.deal(ctx, store, due)
	default:
		err = k.respond(ctx, store, due)
	}
	if err != nil {
		return false, fmt.Errorf("keygen: session %d, attempt %d: %w", due.key.session, due.key.attempt, err)
	}
	return true, nil
}

// due returns the first duty.
func (k *KeyGen) due(r storage.Reader) (*job, error) {
	for item, err := range open.All(r) {
		if err != nil {
			return nil, err
		}
		j := &job{key: item.Key}
		done, err := owns.Load(r, j.key)
		if err != nil {
			return nil, err
		}
		if j.attempt, err = attempts.Load(r, j.key); err != nil {
			return nil, err
		}
		if j.attempt.phase == dealing && done.dealt {
			continue
		}
		if j.decoded, err = k.decoded(j.key, &j.attempt); err != nil {
			return nil, fmt.Errorf("keygen: %w: request of session %d: %w", storage.ErrCorrupt, j.key.session, err)
		}
		if j.attempt.phase == dealing {
			return j, nil
		}
		if j.probe, err = probe.Load(r); err != nil {
			return nil, err
		}
		j.deals, err = messagesOf(r, deals, j.key)
		return j, err
	}
	return nil, nil
}

func (k *KeyGen) deal(ctx context.Context, store storage.Store, j *job) error {
	message, err := j.decoded.setup.Deal(k.config.Self)
	if err != nil {
		return err
	}
	return store.Update(ctx, func(tx storage.Tx) error {
		a, done, err := current(tx, j.key)
		if err != nil || a.phase != dealing || done.dealt {
			return err
		}
		done.dealt = true
		if err := owns.Put(tx, j.key, done); err != nil {
			return err
		}
		return k.config.Events.SendKeygen(tx, j.key.session, encodeItem(itemDeal, j.key.attempt, message))
	})
}

// respond derives the own shares from the deals of a round of responses and
// approves of them, or complains, as long as that is judged.
func (k *KeyGen) respond(ctx context.Context, store storage.Store, j *job) error {
	setup := j.decoded.setup
	list, err := j.decoded.decodeAll(j.deals)
	if err != nil {
		return err
	}
	combined, err := j.decoded.combine(list)
	if err != nil { // they made a key when the round was opened
		return fmt.Errorf("%w: %w", storage.ErrCorrupt, err)
	}
	batchShare, networkShare, err := setup.Shares(k.config.Self, list, combined)
	if bad, ok := errors.AsType[*dkg.BadDealsError](err); ok {
		message, err := setup.Complain(k.config.Self, j.attempt.round, list, bad.Dealers)
		if err != nil {
			return err
		}
		return store.Update(ctx, func(tx storage.Tx) error {
			due, err := k.answer(tx, j, nil, message)
			if err != nil || !due {
				return err
			}
			return k.config.Events.BadDeals(tx, j.key.session, j.key.attempt, bad.Dealers)
		})
	} else if err != nil {
		return err
	}
	defer batchShare.Erase()
	defer networkShare.Erase()

	sealedProbe, err := k.checkSealer(j.probe)
	if err != nil {
		return err
	}
	done := own{dealt: true}
	done.batch, err = k.seal(batchShare.SecretBytes(), k.associated(j.key, batch, combined.Batch.Key().Bytes()))
	if err != nil {
		return err
	}
	done.network, err = k.seal(networkShare.SecretBytes(), k.associated(j.key, network, combined.Network.Key().Bytes()))
	if err != nil {
		return err
	}
	message := setup.Respond(batchShare.Validator(), j.attempt.round, combined)
	return store.Update(ctx, func(tx storage.Tx) error {
		due, err := k.answer(tx, j, &done, message)
		if err != nil || !due {
			return err
		}
		return probe.Put(tx, sealedProbe)
	})
}

// answer ends this processor's duty in a round, with its shares if they are
// good, and sends its response if that is still judged. It returns false,
// and has done nothing, if there is no such duty any more.
func (k *KeyGen) answer(tx storage.Tx, j *job, shares *own, message []byte) (bool, error) {
	a, _, err := current(tx, j.key)
	if err != nil || a.phase != responding && a.phase != finished || a.round != j.attempt.round {
		return false, err
	}
	if shares != nil {
		if err := owns.Put(tx, j.key, *shares); err != nil {
			return false, err
		}
	}
	if err := open.Delete(tx, j.key); err != nil {
		return false, err
	}
	if a.phase == finished {
		done, err := settled(tx, j.key)
		if err != nil {
			return false, err
		}
		if done {
			return true, release(tx, j.key)
		}
	}
	return true, k.config.Events.SendKeygen(tx, j.key.session, encodeItem(itemResponse, j.key.attempt, message))
}

// current returns an attempt as it stands now; its phase is failed if this
// processor has no more duties in it.
func current(r storage.Reader, key attemptKey) (attempt, own, error) {
	a, err := attempts.Load(r, key)
	if err != nil {
		return a, own{}, err
	}
	if due, err := open.Has(r, key); err != nil || !due {
		return attempt{phase: failed}, own{}, err
	}
	done, err := owns.Load(r, key)
	return a, done, err
}
