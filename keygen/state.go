package keygen

import (
	"encoding/binary"
	"slices"

	"github.com/serai-go/processor/frost"
	"github.com/serai-go/processor/frost/dkg"
	"github.com/serai-go/processor/internal/wire"
	"github.com/serai-go/processor/storage"
)

// attemptKey names an attempt; attempts are ordered within their session.
type attemptKey struct {
	session uint64
	attempt uint32
}

func (k attemptKey) append(b []byte) []byte {
	return binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint64(b, k.session), k.attempt)
}

func parseAttemptKey(b []byte) (attemptKey, bool) {
	if len(b) != 12 {
		return attemptKey{}, false
	}
	return attemptKey{binary.BigEndian.Uint64(b), binary.BigEndian.Uint32(b[8:])}, true
}

// dealKey names what one participant sent in an attempt.
type dealKey struct {
	attemptKey
	dealer uint16
}

func (k dealKey) append(b []byte) []byte {
	return binary.BigEndian.AppendUint16(k.attemptKey.append(b), k.dealer)
}

func parseDealKey(b []byte) (dealKey, bool) {
	if len(b) != 14 {
		return dealKey{}, false
	}
	key, _ := parseAttemptKey(b[:12])
	return dealKey{key, binary.BigEndian.Uint16(b[12:])}, true
}

var (
	byAttempt = storage.FixedKey(func(b []byte, k attemptKey) []byte { return k.append(b) }, parseAttemptKey)
	byDealer  = storage.FixedKey(func(b []byte, k dealKey) []byte { return k.append(b) }, parseDealKey)

	attempts = storage.NewMap("keygen/attempts", byAttempt, storage.Record[attempt]())
	// deals are those of the last round, messages of package dkg.
	deals = storage.NewMap("keygen/deals", byDealer, storage.Blob)
	// responses are the messages of the last round.
	responses = storage.NewMap("keygen/responses", byDealer, storage.Blob)
	results   = storage.NewMap("keygen/results", byAttempt, storage.Record[result]())
	confirmed = storage.NewMap("keygen/confirmed", storage.NumberKey[uint64](), storage.Record[Confirmed]())

	// What only concerns this processor: attempts in which it may have
	// something to do, and what it has done.
	open = storage.NewMap("keygen/open", byAttempt, storage.Flag)
	owns = storage.NewMap("keygen/own", byAttempt, storage.Record[own]())
	// probe is a constant, sealed: it tells a wrong sealing key from a record
	// that was tampered with.
	probe = storage.NewValue("keygen/probe", storage.Blob)
)

// phase is how far an attempt is.
type phase uint8

const (
	dealing    phase = iota + 1 // round 1
	responding                  // all rounds from 2 on
	finished
	failed // or ended by a greater attempt
)

// standing is what is known of a participant in one attempt: bits.
type standing uint8

const (
	dealt      standing = 1 << iota // its deal makes the keys
	approved                        // its response of this round is OK
	complained                      // its response of this round is a complaint, which holds
	faulty                          // convicted in this attempt
	refuted                         // a complaint of this round holds against its deal, which goes when the round ends
	standings                       // one behind the greatest value
)

// attempt is the public state of an attempt, a function of the log.
type attempt struct {
	threshold, minOK uint16
	participants     []dkg.Participant
	standings        []standing
	phase            phase
	round            uint8 // number of the last round that was opened, from 1
	// blind: the items were withheld from this processor, which is no
	// participant, so it has no opinion.
	blind bool
}

// Encode implements wire.Encoder.
func (a *attempt) Encode(w *wire.Writer) {
	w.Uint16(a.threshold)
	w.Uint16(a.minOK)
	w.Uint8(uint8(a.phase))
	w.Uint8(a.round)
	w.Bool(a.blind)
	w.Count(len(a.participants))
	for i, p := range a.participants {
		w.Fixed(p.Key[:])
		w.Uint16(p.Weight)
		w.Uint8(uint8(a.standings[i]))
	}
}

// Decode implements wire.Decoder.
func (a *attempt) Decode(r *wire.Reader) {
	a.threshold = r.Uint16()
	a.minOK = r.Uint16()
	a.phase = phase(r.Uint8())
	r.Check(a.phase >= dealing && a.phase <= failed, "phase")
	a.round = r.Uint8()
	a.blind = r.Bool()
	a.participants = make([]dkg.Participant, r.Count(frost.MaxShares, 35))
	a.standings = make([]standing, len(a.participants))
	for i := range a.participants {
		r.Fixed(a.participants[i].Key[:])
		a.participants[i].Weight = r.Uint16()
		a.standings[i] = standing(r.Uint8())
		r.Check(a.standings[i] < standings, "standing")
	}
}

// weight returns the weight of those whose standing, looked at through the
// mask, is the given one.
func (a *attempt) weight(mask, want standing) int {
	sum := 0
	for i, s := range a.standings {
		if s&mask == want {
			sum += int(a.participants[i].Weight)
		}
	}
	return sum
}

// who returns those whose standing, looked at through the mask, is the given
// one.
func (a *attempt) who(mask, want standing) []uint16 {
	var list []uint16
	for i, s := range a.standings {
		if s&mask == want {
			list = append(list, uint16(i))
		}
	}
	return list
}

func (a *attempt) sameRequest(b *attempt) bool {
	return a.threshold == b.threshold && a.minOK == b.minOK && slices.Equal(a.participants, b.participants)
}

// find returns the number of a participant.
func (a *attempt) find(key [32]byte) (uint16, bool) {
	i := slices.IndexFunc(a.participants, func(p dkg.Participant) bool { return p.Key == key })
	return uint16(i), i >= 0
}

// result is what the deals of an attempt's last round make, a function of the
// log.
type result struct {
	transcript           [32]byte
	batchKey, networkKey []byte // encoded elements
	batch, network       []byte // encoded frost.PublicKeys, which hold them too
}

// maxPublicKey bounds the encoding of a frost.PublicKey.
const maxPublicKey = 64 + frost.MaxShares*64

// Encode implements wire.Encoder.
func (x *result) Encode(w *wire.Writer) {
	w.Fixed(x.transcript[:])
	w.Bytes(x.batchKey)
	w.Bytes(x.networkKey)
	w.Bytes(x.batch)
	w.Bytes(x.network)
}

// Decode implements wire.Decoder.
func (x *result) Decode(r *wire.Reader) {
	r.Fixed(x.transcript[:])
	x.batchKey = r.Bytes(maxPublicKey)
	x.networkKey = r.Bytes(maxPublicKey)
	x.batch = r.Bytes(maxPublicKey)
	x.network = r.Bytes(maxPublicKey)
}

func newResult(x *dkg.Result) result {
	return result{
		transcript: x.Transcript,
		batchKey:   x.Batch.Key().Bytes(),
		networkKey: x.Network.Key().Bytes(),
		batch:      x.Batch.Bytes(),
		network:    x.Network.Bytes(),
	}
}

// own is what this processor has done in an attempt.
type own struct {
	dealt          bool
	batch, network []byte // its sealed shares of the keys in results
}

// maxSealed bounds the sealed shares of one key.
const maxSealed = 1 << 20

// Encode implements wire.Encoder.
func (o *own) Encode(w *wire.Writer) {
	w.Bool(o.dealt)
	w.Bytes(o.batch)
	w.Bytes(o.network)
}

// Decode implements wire.Decoder.
func (o *own) Decode(r *wire.Reader) {
	o.dealt = r.Bool()
	o.batch = r.Bytes(maxSealed)
	o.network = r.Bytes(maxSealed)
}

// Confirmed is the key pair that was voted in for a session.
type Confirmed struct {
	// Attempt is the one that made the keys.
	Attempt uint32
	// BatchKey and NetworkKey are the encoded group keys.
	BatchKey, NetworkKey []byte
}

// Encode implements wire.Encoder.
func (c *Confirmed) Encode(w *wire.Writer) {
	w.Uint32(c.Attempt)
	w.Bytes(c.BatchKey)
	w.Bytes(c.NetworkKey)
}

// Decode implements wire.Decoder.
func (c *Confirmed) Decode(r *wire.Reader) {
	c.Attempt = r.Uint32()
	c.BatchKey = r.Bytes(maxPublicKey)
	c.NetworkKey = r.Bytes(maxPublicKey)
}

// history returns the attempts of a session, oldest first.
func history(r storage.Reader, session uint64) ([]storage.Item[attemptKey, attempt], error) {
	var list []storage.Item[attemptKey, attempt]
	for item, err := range attempts.From(r, attemptKey{session: session}) {
		if err != nil {
			return nil, err
		}
		if item.Key.session != session {
			break
		}
		list = append(list, item)
	}
	return list, nil
}

// latest returns the newest attempt of a session, and whether there is one.
func latest(r storage.Reader, session uint64) (attemptKey, attempt, bool, error) {
	list, err := history(r, session)
	if err != nil || len(list) == 0 {
		return attemptKey{}, attempt{}, false, err
	}
	last := list[len(list)-1]
	return last.Key, last.Value, true, nil
}

// messagesOf returns the deals or responses of an attempt, by participant.
func messagesOf(r storage.Reader, of storage.Map[dealKey, []byte], key attemptKey) ([]storage.Item[dealKey, []byte], error) {
	var list []storage.Item[dealKey, []byte]
	for item, err := range of.From(r, dealKey{attemptKey: key}) {
		if err != nil {
			return nil, err
		}
		if item.Key.attemptKey != key {
			break
		}
		list = append(list, item)
	}
	return list, nil
}

// dropMessages removes an attempt's deals or responses.
func dropMessages(tx storage.Tx, of storage.Map[dealKey, []byte], key attemptKey) error {
	list, err := messagesOf(tx, of, key)
	if err != nil {
		return err
	}
	for _, item := range list {
		if err := of.Delete(tx, item.Key); err != nil {
			return err
		}
	}
	return nil
}

// drop removes everything of an attempt but its public state.
func drop(tx storage.Tx, key attemptKey) error {
	for _, of := range []storage.Map[dealKey, []byte]{deals, responses} {
		if err := dropMessages(tx, of, key); err != nil {
			return err
		}
	}
	if err := results.Delete(tx, key); err != nil {
		return err
	}
	if err := open.Delete(tx, key); err != nil {
		return err
	}
	return owns.Delete(tx, key)
}
