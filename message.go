package processor

import (
	"errors"
	"fmt"

	"github.com/serai-go/processor/internal/wire"
	"github.com/serai-go/processor/signer"
	"github.com/serai-go/processor/storage"
)

// lane is one of the cursors that read the log. Each reads all of it and acts
// on what concerns it, so that none waits for another's network or blocks.
type lane uint8

const (
	// keygenLane makes keys. It depends on nothing but the log.
	keygenLane lane = iota
	// batchLane makes signing sets for batches, cosigns and slash reports.
	batchLane
	// settleLane settles, plans, and makes signing sets for plans.
	settleLane
	lanes = 3
)

func (l lane) String() string { return [...]string{"keygen", "batch", "settle"}[l] }

// part is one item of a peer message.
type part struct {
	keygen bool
	item   []byte
	// subject of a signing item is what it is about, once that is read.
	subject signer.ID
}

// lane tells which lane the part is for.
func (p part) lane() lane {
	if p.keygen {
		return keygenLane
	}
	return laneOf(p.subject)
}

// laneOf tells in which lane something is signed.
func laneOf(id signer.ID) lane {
	if id.Kind == signer.Plan {
		return settleLane
	}
	return batchLane
}

// encodePayload packs items into the payload of a peer message.
func encodePayload(parts []part) []byte {
	var w wire.Writer
	w.Count(len(parts))
	for _, p := range parts {
		w.Bool(p.keygen)
		w.Bytes(p.item)
	}
	return w.Data()
}

const maxParts = 1 << 16

// What the encoding of a payload takes in bytes beside its items.
const (
	payloadOverhead = 4
	partOverhead    = 1 + 4
)

// decodePayload unpacks a peer message.
func decodePayload(data []byte) ([]part, error) {
	r := wire.NewReader(data)
	parts := make([]part, r.Count(maxParts, 5))
	for i := range parts {
		parts[i] = part{keygen: r.Bool(), item: r.Bytes(maxMessage)}
	}
	if err := r.Done(); err != nil {
		return nil, fmt.Errorf("decode peer message: %w", err)
	}
	return parts, nil
}

// parts returns the items of a message, at most one on each subject, so that
// all can be judged by the state before the message. An empty message was
// withheld from this validator, which is not in the session: to key generation
// that matters.
func (e PeerMessage) parts() ([]part, error) {
	if len(e.Payload) == 0 {
		return []part{{keygen: true}}, nil
	}
	parts, err := decodePayload(e.Payload)
	if err != nil {
		return nil, err
	}
	seen := make(map[signer.ID]bool, len(parts))
	for i, p := range parts {
		if p.keygen && len(p.item) == 0 {
			return nil, errors.New("peer message with an empty item") // it would look withheld
		}
		if !p.keygen {
			content, err := signer.Inspect(p.item)
			if err != nil {
				return nil, err
			}
			parts[i].subject = content.ID
		}
		if seen[parts[i].subject] {
			return nil, errors.New("peer message with two items on one subject")
		}
		seen[parts[i].subject] = true
	}
	return parts, nil
}

// withoutCommitments takes the signing commitments out of a broadcast that
// was not acknowledged before a restart: their nonces are gone. It reports
// whether anything is left.
func (e Broadcast) withoutCommitments() (Broadcast, bool, error) {
	parts, err := decodePayload(e.Payload)
	if err != nil {
		return e, false, fmt.Errorf("%w: outbox: %w", storage.ErrCorrupt, err)
	}
	kept := parts[:0]
	for _, p := range parts {
		if !p.keygen {
			if p.item, err = signer.Strip(p.item); err != nil {
				return e, false, fmt.Errorf("%w: outbox: %w", storage.ErrCorrupt, err)
			}
		}
		if p.item != nil {
			kept = append(kept, p)
		}
	}
	e.Payload = encodePayload(kept)
	return e, len(kept) > 0, nil
}

// SigningContents tells what of a peer message's payload is about signing, for
// people and tools.
func SigningContents(payload []byte) ([]signer.Content, error) {
	parts, err := decodePayload(payload)
	if err != nil {
		return nil, err
	}
	var list []signer.Content
	for _, p := range parts {
		if p.keygen {
			continue
		}
		c, err := signer.Inspect(p.item)
		if err != nil {
			return nil, err
		}
		list = append(list, c)
	}
	return list, nil
}
