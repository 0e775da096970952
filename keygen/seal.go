package keygen

import (
	"crypto/sha512"
	"crypto/subtle"
	"fmt"

	"github.com/serai-go/processor/frost"
	"github.com/serai-go/processor/frost/ed25519"
	"github.com/serai-go/processor/internal/wire"
	"github.com/serai-go/processor/storage"
)

// The two keys of a pair, as associated data name them.
const (
	batch   = "batch"
	network = "network"
)

const sealDomain = "serai-go/processor/keygen/"

// associated is what a sealed record is bound to.
func (k *KeyGen) associated(key attemptKey, role string, groupKey []byte) []byte {
	group := ed25519.Group
	if role == network {
		group = k.config.NetworkGroup
	}
	var w wire.Writer
	w.String(sealDomain + "shares")
	w.Fixed(k.config.Genesis[:])
	w.String(k.config.Network)
	w.Uint64(key.session)
	w.Uint32(key.attempt)
	w.String(role)
	w.String(group.Name())
	w.Bytes(groupKey)
	return w.Data()
}

// seal seals a secret, which it clears, behind a hash of the associated data.
func (k *KeyGen) seal(secret, associated []byte) ([]byte, error) {
	defer clear(secret)
	hash := sha512.Sum512_256(associated)
	plaintext := append(hash[:len(hash):len(hash)], secret...)
	defer clear(plaintext)
	sealed, err := k.config.Sealer.Seal(plaintext, associated)
	if err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	if len(sealed) == 0 || len(sealed) > maxSealed {
		return nil, fmt.Errorf("seal: the sealer returned %d bytes, at most %d allowed", len(sealed), maxSealed)
	}
	return sealed, nil
}

// unseal reverses seal. If that fails, the sealed probe tells why.
func (k *KeyGen) unseal(sealed, associated, sealedProbe []byte) ([]byte, error) {
	plaintext, err := k.config.Sealer.Open(sealed, associated)
	if err != nil {
		if _, probeErr := k.checkSealer(sealedProbe); probeErr != nil {
			return nil, probeErr
		}
		return nil, fmt.Errorf("%w: %w", ErrSwapped, err)
	}
	hash := sha512.Sum512_256(associated)
	if len(plaintext) < len(hash) || subtle.ConstantTimeCompare(plaintext[:len(hash)], hash[:]) != 1 {
		clear(plaintext)
		return nil, fmt.Errorf("%w: made for other keys", ErrSwapped)
	}
	return plaintext[len(hash):], nil
}

// checkSealer tries the Sealer on the sealed probe, or makes one if there is
// none yet, and returns it.
func (k *KeyGen) checkSealer(sealed []byte) ([]byte, error) {
	associated := []byte(sealDomain + "probe")
	if sealed == nil {
		return k.seal(nil, associated)
	}
	if _, err := k.config.Sealer.Open(sealed, associated); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrSealingKey, err)
	}
	return sealed, nil
}

// Keys returns the key pair that was confirmed for a session, or
// ErrNotConfirmed.
func (k *KeyGen) Keys(r storage.Reader, session uint64) (Confirmed, error) {
	c, ok, err := confirmed.Get(r, session)
	if err == nil && !ok {
		err = fmt.Errorf("%w: session %d", ErrNotConfirmed, session)
	}
	return c, err
}

// Public returns the confirmed keys of a session with all verification shares.
// It fails with ErrNotConfirmed, or with ErrNotFollowed on a processor from
// which the making of the keys was withheld. Decoding takes milliseconds: keep
// the result.
func (k *KeyGen) Public(r storage.Reader, session uint64) (batchKey, networkKey *frost.PublicKey, err error) {
	_, _, batchKey, networkKey, err = k.public(r, session)
	return batchKey, networkKey, err
}

func (k *KeyGen) public(r storage.Reader, session uint64) (key attemptKey, x result, batchKey, networkKey *frost.PublicKey, err error) {
	c, err := k.Keys(r, session)
	if err != nil {
		return key, x, nil, nil, err
	}
	key = attemptKey{session, c.Attempt}
	x, ok, err := results.Get(r, key)
	switch {
	case err != nil:
		return key, x, nil, nil, err
	case !ok:
		return key, x, nil, nil, fmt.Errorf("%w: session %d", ErrNotFollowed, session)
	}
	batchKey, err = frost.DecodePublicKey(ed25519.Group, x.batch)
	if err == nil {
		networkKey, err = frost.DecodePublicKey(k.config.NetworkGroup, x.network)
	}
	if err != nil {
		return key, x, nil, nil, fmt.Errorf("keygen: %w: keys of session %d: %w", storage.ErrCorrupt, session, err)
	}
	return key, x, batchKey, networkKey, nil
}

// Shares returns the own shares of the confirmed keys of a session, checked
// against their verification shares. It fails as Public does, with ErrNoShare,
// with ErrSealingKey, or with ErrSwapped.
func (k *KeyGen) Shares(r storage.Reader, session uint64) (batchShare, networkShare *frost.KeyShare, err error) {
	key, x, batchKey, networkKey, err := k.public(r, session)
	if err != nil {
		return nil, nil, err
	}
	mine, err := owns.Load(r, key)
	if err != nil {
		return nil, nil, err
	}
	if mine.batch == nil {
		return nil, nil, fmt.Errorf("%w: session %d", ErrNoShare, session)
	}
	if batchShare, err = k.openShare(r, key, batch, mine.batch, batchKey, x.batchKey); err != nil {
		return nil, nil, err
	}
	if networkShare, err = k.openShare(r, key, network, mine.network, networkKey, x.networkKey); err != nil {
		batchShare.Erase()
		return nil, nil, err
	}
	return batchShare, networkShare, nil
}

func (k *KeyGen) openShare(r storage.Reader, key attemptKey, role string, sealed []byte, public *frost.PublicKey, groupKey []byte) (*frost.KeyShare, error) {
	a, err := attempts.Load(r, key)
	if err != nil {
		return nil, err
	}
	self, ok := a.find(k.config.Self.Public())
	if !ok {
		return nil, fmt.Errorf("%w: session %d has other participants", ErrNoShare, key.session)
	}
	sealedProbe, err := probe.Load(r)
	if err != nil {
		return nil, err
	}
	secret, err := k.unseal(sealed, k.associated(key, role, groupKey), sealedProbe)
	if err != nil {
		return nil, fmt.Errorf("keygen: %s shares of session %d: %w", role, key.session, err)
	}
	defer clear(secret)
	share, err := frost.DecodeKeyShare(public, self, secret)
	if err != nil {
		return nil, fmt.Errorf("keygen: %w: %s shares of session %d: %w", ErrSwapped, role, key.session, err)
	}
	return share, nil
}
