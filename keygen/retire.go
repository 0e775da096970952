package keygen

import (
	"github.com/serai-go/processor/storage"
)

// over are the sessions whose key generation has ended for good, without
// confirmed keys.
var over = storage.NewMap("keygen/over", storage.NumberKey[uint64](), storage.Flag)

// Retire ends the key generation of a session without confirmed keys for good
// and erases the shares of all its attempts. If the session has its keys it
// does nothing: see Erase.
func (k *KeyGen) Retire(tx storage.Tx, session uint64) error {
	if done, err := confirmed.Has(tx, session); err != nil || done {
		return err
	}
	if err := over.Put(tx, session, struct{}{}); err != nil {
		return err
	}
	list, err := history(tx, session)
	if err != nil {
		return err
	}
	for _, item := range list {
		// What was public stays, so that a late item still is just late.
		item.Value.phase = failed
		if err := attempts.Put(tx, item.Key, item.Value); err != nil {
			return err
		}
		if err := drop(tx, item.Key); err != nil {
			return err
		}
	}
	return nil
}

// Over tells whether Retire ended a session's key generation. Neither Generate
// nor Confirm may be called for it then.
func (k *KeyGen) Over(r storage.Reader, session uint64) (bool, error) { return over.Has(r, session) }

// Erase erases the shares of a session's confirmed keys, and all that they
// could be made from again. What anyone needs to follow the session stays.
func (k *KeyGen) Erase(tx storage.Tx, session uint64) error {
	vote, err := k.Keys(tx, session)
	if err != nil {
		return err
	}
	key := attemptKey{session, vote.Attempt}
	public, followed, err := results.Get(tx, key)
	if err != nil {
		return err
	}
	if err := drop(tx, key); err != nil || !followed {
		return err
	}
	return results.Put(tx, key, public)
}

// Shareless tells whether this processor has no shares of a session's confirmed
// keys and never will: it is no participant, its shares were bad, or they are
// erased. It costs much less than Shares.
func (k *KeyGen) Shareless(r storage.Reader, session uint64) (bool, error) {
	vote, ok, err := confirmed.Get(r, session)
	if err != nil || !ok {
		return false, err
	}
	key := attemptKey{session, vote.Attempt}
	if due, err := open.Has(r, key); err != nil || due {
		return false, err
	}
	mine, err := owns.Load(r, key)
	return mine.batch == nil, err
}
