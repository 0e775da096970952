package processor

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
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
	if none, err := k.keygen.Shareless(r, session); err != nil || none {
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
	var gone []uint64
	k.mu.Lock()
	sessions := slices.Sorted(maps.Keys(k.shares))
	k.mu.Unlock() // a transaction that is open may wait for it
	if len(sessions) == 0 {
		return nil
	}
	err := store.View(ctx, func(r storage.Reader) error {
		for _, session := range sessions {
			none, err := k.keygen.Shareless(r, session)
			if err != nil {
				return err
			}
			if none {
				gone = append(gone, session)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, session := range gone {
		if pair, ok := k.shares[session]; ok {
			pair.batch.Erase()
			pair.network.Erase()
			delete(k.shares, session)
		}
	}
	return nil
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
