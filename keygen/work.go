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
	setup   *dkg.Setup
	deals   []storage.Item[dealKey, []byte] // none for a deal of its own
	probe   []byte
}

// Work does one thing that is due, if any, and tells so: it deals, or derives
// the own shares and responds. The computation is done outside of any
// transaction, and its effect is stored in one. It fails if the database or
// the Sealer does; with ErrSealingKey, if earlier shares were sealed with
// another key.
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
		if j.setup, err = k.setup(j.key, &j.attempt); err != nil {
			return nil, fmt.Errorf("keygen: %w: request of session %d: %w", storage.ErrCorrupt, j.key.session, err)
		}
		if j.attempt.phase == dealing {
			return j, nil
		}
		if j.probe, err = probe.Load(r); err != nil {
			return nil, err
		}
		j.deals, err = dealsOf(r, j.key)
		return j, err
	}
	return nil, nil
}

func (k *KeyGen) deal(ctx context.Context, store storage.Store, j *job) error {
	message, err := j.setup.Deal(k.config.Self)
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

// respond derives the own shares from the deals of a closed round and approves
// of them, unless the attempt has come to its end without this processor.
func (k *KeyGen) respond(ctx context.Context, store storage.Store, j *job) error {
	accepted, err := decodeDeals(j.deals, j.setup)
	if err != nil {
		return err
	}
	combined, err := j.setup.Combine(accepted)
	if errors.Is(err, dkg.ErrDeals) {
		return k.refuse(ctx, store, j, nil)
	} else if err != nil {
		return err
	}
	batchShare, networkShare, err := j.setup.Shares(k.config.Self, accepted, combined)
	if bad, ok := errors.AsType[*dkg.BadDealsError](err); ok {
		return k.refuse(ctx, store, j, bad.Dealers)
	} else if err != nil {
		return err
	}
	defer batchShare.Erase()
	defer networkShare.Erase()

	x := newResult(combined)
	sealedProbe, err := k.checkSealer(j.probe)
	if err != nil {
		return err
	}
	sealedBatch, err := k.seal(batchShare.SecretBytes(), k.associated(j.key, batch, x.batchKey))
	if err != nil {
		return err
	}
	sealedNetwork, err := k.seal(networkShare.SecretBytes(), k.associated(j.key, network, x.networkKey))
	if err != nil {
		return err
	}
	message := j.setup.Respond(batchShare.Validator(), combined)

	return store.Update(ctx, func(tx storage.Tx) error {
		a, done, err := current(tx, j.key)
		if err != nil || a.phase != responding && a.phase != finished {
			return err
		}
		done.batch, done.network = sealedBatch, sealedNetwork
		if err := owns.Put(tx, j.key, done); err != nil {
			return err
		}
		if err := probe.Put(tx, sealedProbe); err != nil {
			return err
		}
		if err := results.Put(tx, j.key, x); err != nil {
			return err
		}
		if err := closeWork(tx, j.key, &a); err != nil || a.phase == finished {
			return err
		}
		return k.config.Events.SendKeygen(tx, j.key.session, encodeItem(itemResponse, j.key.attempt, message))
	})
}

// refuse gives up on an attempt that has no good shares for this processor.
func (k *KeyGen) refuse(ctx context.Context, store storage.Store, j *job, dealers []uint16) error {
	return store.Update(ctx, func(tx storage.Tx) error {
		a, done, err := current(tx, j.key)
		if err != nil || a.phase != responding && a.phase != finished {
			return err
		}
		done.refused = true
		if err := owns.Put(tx, j.key, done); err != nil {
			return err
		}
		if err := closeWork(tx, j.key, &a); err != nil {
			return err
		}
		return k.config.Events.BadDeals(tx, j.key.session, j.key.attempt, dealers)
	})
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

// closeWork ends this processor's duties in an attempt.
func closeWork(tx storage.Tx, key attemptKey, a *attempt) error {
	if err := open.Delete(tx, key); err != nil {
		return err
	}
	return release(tx, key, a)
}
