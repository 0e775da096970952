package processor

import (
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
	// batchLane makes signing sets for batches.
	batchLane
	// settleLane settles, plans, and makes signing sets for plans.
	settleLane
	lanes = 3
)

func (l lane) String() string { return [...]string{"keygen", "batch", "settle"}[l] }

// part is one item of a peer message and the lane it is for.
type part struct {
	keygen bool
	item   []byte
}

// lane tells which lane the part is for.
func (p part) lane() lane {
	switch {
	case p.keygen:
		return keygenLane
	case signer.Lane(p.item) == signer.Plan:
		return settleLane
	}
	return batchLane // also judges what does not decode
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

// parts returns the items of a message. An empty one was withheld from this
// validator, which is not in the session: to key generation that matters.
func (e PeerMessage) parts() ([]part, error) {
	if len(e.Payload) == 0 {
		return []part{{keygen: true}}, nil
	}
	return decodePayload(e.Payload)
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
