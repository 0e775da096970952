package processor

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/serai-go/processor/frost"
	"github.com/serai-go/processor/keygen"
	"github.com/serai-go/processor/signer"
	"github.com/serai-go/processor/storage"
)

// keys gives the signer the keys that keygen made. Confirmed keys never
// change, and decoding and unsealing them is costly, so they stay in memory.
type keys struct {
	keygen *keygen.KeyGen
	mu     sync.Mutex
	public map[uint64]keyPair[frost.PublicKey]
	shares map[uint64]keyPair[frost.KeyShare]
}

type keyPair[T any] struct{ batch, network *T }

func newKeys(k *keygen.KeyGen) *keys {
	return &keys{
		keygen: k,
		public: make(map[uint64]keyPair[frost.PublicKey]), shares: make(map[uint64]keyPair[frost.KeyShare]),
	}
}

// Public implements signer.Keys.
func (k *keys) Public(r storage.Reader, session uint64) (batchKey, networkKey *frost.PublicKey, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	pair, ok := k.public[session]
	if ok {
		return pair.batch, pair.network, nil
	}
	pair.batch, pair.network, err = k.keygen.Public(r, session)
	switch {
	case err == nil:
		k.public[session] = pair
	case errors.Is(err, keygen.ErrNotConfirmed), errors.Is(err, keygen.ErrNotFollowed):
		err = fmt.Errorf("%w: %w", signer.ErrNoKey, err)
	}
	return pair.batch, pair.network, err
}

// Shares implements signer.Keys.
func (k *keys) Shares(r storage.Reader, session uint64) (batchShare, networkShare *frost.KeyShare, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	pair, ok := k.shares[session]
	if ok {
		return pair.batch, pair.network, nil
	}
	if erased, err := k.keygen.Erased(r, session); err != nil || erased {
		return nil, nil, err
	}
	pair.batch, pair.network, err = k.keygen.Shares(r, session)
	switch {
	case err == nil:
		k.shares[session] = pair
	case errors.Is(err, keygen.ErrNoShare), errors.Is(err, keygen.ErrNotFollowed):
		return nil, nil, nil
	}
	return pair.batch, pair.network, err
}

// forget erases the shares of retired sessions in memory. Nobody may be using
// them.
func (k *keys) forget(ctx context.Context, store storage.Store) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.shares) == 0 {
		return nil
	}
	return store.View(ctx, func(r storage.Reader) error {
		for session, pair := range k.shares { // order-free: each is kept or erased
			erased, err := k.keygen.Erased(r, session)
			if err != nil {
				return err
			}
			if erased {
				pair.batch.Erase()
				pair.network.Erase()
				delete(k.shares, session)
			}
		}
		return nil
	})
}

// erase erases the shares in memory.
func (k *keys) erase() {
	k.mu.Lock()
	defer k.mu.Unlock()
	for session, pair := range k.shares { // order-free: all are erased
		pair.batch.Erase()
		pair.network.Erase()
		delete(k.shares, session)
	}
}
