package scanner

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/internal/wire"
	"github.com/serai-go/processor/storage"
)

// Start says when the first key activates: at the first finalised block at or
// after a number or, with ByTime, after a time of the network's monotone
// clock in seconds since 1970.
type Start struct {
	ByTime bool
	At     uint64 // a block number, or seconds
}

func (s Start) reached(h coin.Header) bool {
	if s.ByTime {
		return h.Time >= s.At
	}
	return h.Number >= s.At
}

// Key is a voted-in key pair of a validator set.
type Key struct {
	// Session is the validator set.
	Session uint64
	// BatchKey is the Ed25519 public key that signs batches.
	BatchKey [32]byte
	// NetworkKey is the encoded key that owns outputs.
	NetworkKey []byte
	// Start is when the first key activates; later keys have no use for it.
	Start Start
	// First marks the network's first key.
	First bool
	// Waiting keys are voted in, but two older ones live: they count as confirmed
	// once one of those has retired or is abandoned.
	Waiting bool
	// Activation is the block at which the key becomes active, once Active is
	// set.
	Activation uint64
	Active     bool
	// Retirement is the block at which the key retires, once Retiring is set.
	Retirement uint64
	Retiring   bool
	// Abandoned keys have lost their holders. One that is not active was removed
	// before anything could be sent to it.
	Abandoned bool
	// Watched keys are abandoned ones whose plans may still happen, and those
	// that were active at a rewind: what belongs to their plans, and what comes
	// back, is looked for beyond the retirement too.
	Watched bool
	// Early keys were active at a rewind: what comes back is looked for before the
	// activation too.
	Early bool
	// Over is set for a key that is done with its duties but watched.
	Over bool
	// Closed keys take no new deposits: at a rewind, it was decided that they
	// retire, as they had nothing left to do.
	Closed bool
}

// Encode writes the key.
func (k Key) Encode(w *wire.Writer) {
	w.Uint64(k.Session)
	w.Fixed(k.BatchKey[:])
	w.Bytes(k.NetworkKey)
	w.Bool(k.Start.ByTime)
	w.Uint64(k.Start.At)
	w.Bool(k.First)
	w.Bool(k.Waiting)
	w.Uint64(k.Activation)
	w.Bool(k.Active)
	w.Uint64(k.Retirement)
	w.Bool(k.Retiring)
	w.Bool(k.Abandoned)
	w.Bool(k.Watched)
	w.Bool(k.Early)
	w.Bool(k.Over)
	w.Bool(k.Closed)
}

// Decode reads the key.
func (k *Key) Decode(r *wire.Reader) {
	k.Session = r.Uint64()
	r.Fixed(k.BatchKey[:])
	k.NetworkKey = r.Bytes(64)
	k.Start.ByTime = r.Bool()
	k.Start.At = r.Uint64()
	k.First = r.Bool()
	k.Waiting = r.Bool()
	k.Activation = r.Uint64()
	k.Active = r.Bool()
	k.Retirement = r.Uint64()
	k.Retiring = r.Bool()
	k.Abandoned = r.Bool()
	k.Watched = r.Bool()
	k.Early = r.Bool()
	k.Over = r.Bool()
	k.Closed = r.Bool()
}

func (k Key) coin() coin.Key { return coin.Key{Session: k.Session, Key: k.NetworkKey} }

// ErrSession refuses a key of a session that is confirmed with another key, or
// older than one that is confirmed.
var ErrSession = errors.New("scanner: session is out of order")

// Confirm implements Scanner.
func (s *scanner) Confirm(tx storage.Tx, key Key) error {
	all, err := s.Keys(tx)
	if err != nil {
		return err
	}
	for _, k := range all {
		switch {
		case k.Session < key.Session:
			continue
		case k.Session == key.Session && k.BatchKey == key.BatchKey && bytes.Equal(k.NetworkKey, key.NetworkKey):
			return nil // a vote that is repeated changes nothing
		}
		return fmt.Errorf("confirm session %d: %w", key.Session, ErrSession)
	}
	keys, err := s.ring(tx)
	if err != nil {
		return err
	}
	return s.putKey(tx, Key{
		Session: key.Session, BatchKey: key.BatchKey, NetworkKey: key.NetworkKey, Start: key.Start,
		First: len(all) == 0, Waiting: len(keys.live()) >= mostLive,
	})
}

// Keys implements Scanner.
func (s *scanner) Keys(r storage.Reader) ([]Key, error) {
	past, err := s.load(r, s.past)
	if err != nil {
		return nil, err
	}
	keys, err := s.load(r, s.keys)
	if err != nil {
		return nil, err
	}
	all := append(past, keys...)
	slices.SortFunc(all, func(a, b Key) int { return cmp.Compare(a.Session, b.Session) })
	return all, nil
}

// load reads a list of keys.
func (s *scanner) load(r storage.Reader, from storage.Map[uint64, Key]) (keys []Key, err error) {
	for item, err := range from.All(r) {
		if err != nil {
			return nil, err
		}
		k := item.Value
		if k.First {
			if k.Activation, k.Active, err = s.start.Get(r); err != nil {
				return nil, err
			}
		}
		keys = append(keys, k)
	}
	return keys, nil
}

// putKey stores a key that has duties. The first key's activation stands in a
// place of its own, as it does not come from the log: no record of a key
// depends on how far the chain is indexed.
func (s *scanner) putKey(tx storage.Tx, key Key) error {
	if key.First {
		key.Activation, key.Active = 0, false
	}
	return s.keys.Put(tx, key.Session, key)
}

// pass moves a key without duties to those of the past, which no block needs.
func (s *scanner) pass(tx storage.Tx, key Key) error {
	if err := s.keys.Delete(tx, key.Session); err != nil {
		return err
	}
	if key.First {
		key.Activation, key.Active = 0, false
	}
	return s.past.Put(tx, key.Session, key)
}

// ring reads the keys that have duties or are watched.
func (s *scanner) ring(r storage.Reader) (keyring, error) {
	keys, err := s.load(r, s.keys)
	if err != nil {
		return keyring{}, err
	}
	book, err := s.rulebook(r)
	return keyring{book, keys}, err
}

// keyring is the list of keys of a moment, in the order of their sessions.
// What it tells about a block depends on nothing that is decided later than a
// window before that block.
type keyring struct {
	rulebook
	keys []Key
}

// mostLive is how many keys live at a time.
const mostLive = 2

// live returns which keys are confirmed, and neither done nor abandoned.
func (k keyring) live() (list []int) {
	for i := range k.keys {
		if !k.keys[i].Waiting && !k.keys[i].Abandoned && !k.keys[i].Over {
			list = append(list, i)
		}
	}
	return list
}

// find returns which key is that of a session, -1 if none is.
func (k keyring) find(session uint64) int {
	return slices.IndexFunc(k.keys, func(key Key) bool { return key.Session == session })
}

// stage is the stage of a key at a block.
func (k keyring) stage(i int, number uint64) Stage {
	key := &k.keys[i]
	if !key.Active {
		return Confirmed
	}
	life := Lifetime{Activation: key.Activation, First: key.First}
	if key.Retiring {
		life.Retirement = &key.Retirement
	}
	// An abandoned successor counts until its retirement: earlier blocks may
	// have been scanned already.
	for j := i + 1; j < len(k.keys); j++ {
		if next := &k.keys[j]; !next.Abandoned || !next.Retiring || number < next.Retirement {
			if next.Active {
				life.Successor = &next.Activation
			}
			break
		}
	}
	// Each rotation keeps the parameters of its activation.
	if life.Successor != nil {
		if at := StageAt(k.at(*life.Successor), number, life); at > Reporting {
			return at
		}
		life.Successor = nil
	}
	return StageAt(k.at(key.Activation), number, life)
}

// duty is the session that signs the batches of a block: that of the oldest
// key up to and including its retirement, then its successor's.
func (k keyring) duty(number uint64) (uint64, error) {
	for _, i := range k.live() {
		if key := &k.keys[i]; !key.Retiring || number <= key.Retirement {
			return key.Session, nil
		}
	}
	return 0, fmt.Errorf("%w: no key signs the batches of block %d", storage.ErrCorrupt, number)
}

// takes tells whether a key's own outputs count at a stage. Watching begins with
// a stage that nobody has scanned for, or with a rewind.
func takes(k Key, at Stage) bool {
	switch at {
	case Confirmed:
		return k.Early
	case Retired:
		return k.Watched
	}
	return true
}

// wanted returns the keys whose outputs are looked for in a block.
func (k keyring) wanted(number uint64) (list []coin.Key) {
	for i := range k.keys {
		if takes(k.keys[i], k.stage(i, number)) {
			key := k.keys[i].coin()
			key.Depositors = k.at(number).Depositors
			list = append(list, key)
		}
	}
	return list
}

// promote confirms waiting keys while there is room.
func (s *scanner) promote(tx storage.Tx) error {
	keys, err := s.ring(tx)
	if err != nil {
		return err
	}
	room := mostLive - len(keys.live())
	for _, key := range keys.keys {
		if room > 0 && key.Waiting {
			key.Waiting = false
			if err := s.putKey(tx, key); err != nil {
				return err
			}
			room--
		}
	}
	return nil
}

// decide sets what is decided a window ahead by the acknowledgement of a batch
// of a block: when confirmed keys activate, abandoned ones end, and new rules
// are in force. No validator can have scanned that block yet, as this one is not
// settled.
func (s *scanner) decide(tx storage.Tx, number uint64) error {
	keys, err := s.ring(tx)
	if err != nil {
		return err
	}
	effective := keys.effective(number)
	for _, key := range keys.keys {
		switch {
		case !key.Active && !key.Waiting:
			key.Activation, key.Active = effective, true
		case key.Abandoned && !key.Retiring:
			key.Retirement, key.Retiring, key.Watched = effective, true, true
		default:
			continue
		}
		if err := s.putKey(tx, key); err != nil {
			return err
		}
	}
	return s.enact(tx, effective)
}
