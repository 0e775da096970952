package processor

import (
	"bytes"
	"context"
	"crypto/sha512"
	"errors"
	"fmt"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/frost/dkg"
	"github.com/serai-go/processor/storage"
)

// Convictions are the validators that a log convicts, as Replay finds them.
type Convictions []InvalidParticipant

// Confirm tells whether an accusation is right: whether the same validator of
// the same session is convicted by the same evidence. The words of the reason
// do not count.
func (c Convictions) Confirm(accusation InvalidParticipant) bool {
	for _, e := range c {
		if e.Session == accusation.Session && e.Who == accusation.Who && bytes.Equal(e.Evidence, accusation.Evidence) {
			return true
		}
	}
	return false
}

// Replay reads a log from its first entry on and returns whom it convicts of
// what. So anybody who has the log and a node of the coin re-checks evidence,
// and trusts no validator: an accusation, which is an InvalidParticipant event
// of any validator, is right if the convictions of a log that holds the
// evidence Confirm it, and refuted if they do not.
//
// The config says which network, settlement chain and parameters the log is
// about: Coin, Settlement, Parameters, Scanner and Scheduler must be those of
// the validators, but with a node of the caller's own, and Archives those of the
// log's Rewinds, of any validator. Poll and Logger are the caller's. The other
// fields are not used: the replay keeps its state in memory and has no identity in
// any session, so it has no shares, signs nothing, and what the log's signatures
// complete it does not publish.
//
// Replay returns once all of the log has taken effect, for which the node must
// have the blocks that the log settles. It asks the node again until ctx ends;
// then the error wraps that of ctx. A *Halt says that the log and the node's
// chain do not belong together, or that the log breaks off its validators'
// work for good. With an error, the convictions so far stand, but others may be
// missing.
//
// The convictions are in the order of the log within key generation, within
// the signing of batches and within that of plans.
func Replay(ctx context.Context, config Config, log []Entry) (Convictions, error) {
	var found Convictions
	p, err := watcher(config, log)
	if err == nil {
		defer p.Close()
		err = p.replay(ctx, log, len(log), func(body EventBody) {
			if one, ok := body.(InvalidParticipant); ok {
				found = append(found, one)
			}
		})
	}
	if err != nil {
		return found, fmt.Errorf("replay: %w", err)
	}
	return found, nil
}

// replay reads a log to its end, so many entries at a time, and shows the events
// to take.
func (p *Processor) replay(ctx context.Context, log []Entry, most int, take func(EventBody)) error {
	for position, e := range log {
		if err := p.Handle(ctx, uint64(position), e); err != nil {
			return err
		}
		if (position+1)%most != 0 {
			continue
		}
		if _, err := p.Step(ctx); err != nil {
			return errors.Join(err, p.takeEvents(context.WithoutCancel(ctx), take))
		}
	}
	for {
		_, stopped := p.Step(ctx)
		if err := p.takeEvents(context.WithoutCancel(ctx), take); err != nil {
			return err
		}
		switch {
		case stopped != nil:
			return stopped
		case p.log.reached(uint64(len(log))):
			return nil
		case !sleep(ctx, p.config.Poll):
			return fmt.Errorf("the node lacks what the rest of the log is about: %w", ctx.Err())
		}
	}
}

// watcher returns a processor that only watches. Its identity is derived from
// the log, so nobody can have named it in there.
func watcher(config Config, log []Entry) (*Processor, error) {
	hash := sha512.New512_256()
	for _, e := range log {
		if e != nil { // else Handle says so
			one := sha512.Sum512_256(EncodeEntry(e))
			hash.Write(one[:])
		}
	}
	seed := digestOf("replay", hash.Sum(nil))
	var err error
	if config.Self, err = dkg.NewIdentity(seed); err != nil {
		return nil, err
	}
	if config.Sealer, err = NewSealer(seed); err != nil {
		return nil, err
	}
	config.silent = true
	config.Store, config.Current, config.Random, config.Policy = storage.NewMemory(), 0, nil, nil
	return New(config)
}

// mute publishes nothing.
type mute struct{ coin.Spender }

// Publish implements coin.Spender.
func (mute) Publish(context.Context, coin.Transaction) (coin.Publication, error) {
	return coin.Publication{Status: coin.Accepted}, nil
}

// takeEvents shows all events to take and acknowledges them.
func (p *Processor) takeEvents(ctx context.Context, take func(EventBody)) error {
	for {
		events, err := p.Pending(ctx, 0, 256)
		if err != nil || len(events) == 0 {
			return err
		}
		ids := make([]uint64, len(events))
		for i, e := range events {
			ids[i] = e.ID
			take(e.Body)
		}
		if err := p.Ack(ids...); err != nil {
			return err
		}
	}
}
