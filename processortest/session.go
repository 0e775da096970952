package processortest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/serai-go/processor"
	"github.com/serai-go/processor/frost/dkg"
)

// Session is a validator set of a Group.
type Session struct {
	// Members are the numbers of its validators in the group, in the order that
	// numbers them in the session.
	Members []int
	// Weights are their shares, Threshold is how many sign.
	Weights   []uint16
	Threshold uint16
	// Key is the confirmed key pair, once there is one.
	Key *processor.KeyGenerated
	// Abandoned sessions are not listened to any more.
	Abandoned bool

	// generated are the results by attempt and validator.
	generated map[uint32]map[int]processor.KeyGenerated
}

func machines(n int) []int {
	list := make([]int, n)
	for i := range list {
		list[i] = i
	}
	return list
}

// Elect decides who is in a session, for its next attempt at key generation.
func (g *Group) Elect(session uint64, members []int, weights []uint16, threshold uint16) error {
	if len(members) != len(weights) {
		return fmt.Errorf("session %d has %d members and %d weights", session, len(members), len(weights))
	}
	for i, m := range members {
		if m < 0 || m >= len(g.Validators) || slices.Contains(members[:i], m) {
			return fmt.Errorf("session %d cannot have validator %d", session, m)
		}
	}
	s := g.Sessions[session]
	if s == nil {
		s = &Session{generated: make(map[uint32]map[int]processor.KeyGenerated)}
		g.Sessions[session] = s
	}
	s.Members, s.Weights, s.Threshold = members, weights, threshold
	return nil
}

// number is the number of a validator in a session, and whether it is a member.
// A session that was not elected has all validators as members.
func (g *Group) number(session uint64, validator int) (uint16, bool) {
	s := g.Sessions[session]
	if s == nil {
		return uint16(validator), true
	}
	at := slices.Index(s.Members, validator)
	return uint16(max(at, 0)), at >= 0
}

// Key is the confirmed key pair of a session, nil if there is none.
func (g *Group) Key(session uint64) *processor.KeyGenerated {
	if s := g.Sessions[session]; s != nil {
		return s.Key
	}
	return nil
}

// GenerateKey starts an attempt of a session.
func (g *Group) GenerateKey(session uint64, attempt uint32, minOK uint16) {
	s := g.Sessions[session]
	e := processor.GenerateKey{Session: session, Attempt: attempt, Threshold: s.Threshold, MinOK: minOK}
	for i, m := range s.Members {
		e.Participants = append(e.Participants, dkg.Participant{Key: Identity(m).Public(), Weight: s.Weights[i]})
	}
	g.Append(e)
}

// add takes in a validator's result.
func (s *Session) add(validator int, key processor.KeyGenerated) {
	if s.generated[key.Attempt] == nil {
		s.generated[key.Attempt] = make(map[int]processor.KeyGenerated)
	}
	s.generated[key.Attempt][validator] = key
}

// result is what an attempt's validators generated, who must agree, by default
// the newest that has a result.
func (s *Session) result(attempt *uint32) (*processor.KeyGenerated, error) {
	if attempt == nil {
		attempts := slices.Sorted(maps.Keys(s.generated))
		if len(attempts) == 0 {
			return nil, errors.New("no key was generated")
		}
		attempt = &attempts[len(attempts)-1]
	}
	var key *processor.KeyGenerated
	results := s.generated[*attempt]
	for _, i := range slices.Sorted(maps.Keys(results)) {
		one := results[i]
		if key == nil {
			key = &one
		} else if key.BatchKey != one.BatchKey || string(key.NetworkKey) != string(one.NetworkKey) {
			return nil, fmt.Errorf("validator %d generated another key", i)
		}
	}
	if key == nil {
		return nil, fmt.Errorf("attempt %d generated no key", *attempt)
	}
	return key, nil
}

// ConfirmKey votes in what the validators of a session generated, who must
// agree. The first session's key starts at the newest block.
func (g *Group) ConfirmKey(ctx context.Context, session uint64) error {
	return g.vote(ctx, session, nil)
}

func (g *Group) vote(ctx context.Context, session uint64, attempt *uint32) error {
	s := g.Sessions[session]
	if s == nil {
		return fmt.Errorf("there is no session %d", session)
	}
	key, err := s.result(attempt)
	if err != nil {
		return err
	}
	e := processor.ConfirmKey{Session: session, Attempt: key.Attempt, BatchKey: key.BatchKey, NetworkKey: key.NetworkKey}
	if !slices.ContainsFunc(slices.Collect(maps.Values(g.Sessions)), func(s *Session) bool { return s.Key != nil }) {
		if e.Start.At, err = g.Chain.Coin().Tip(ctx); err != nil {
			return err
		}
	}
	s.Key = key
	g.Append(e)
	return nil
}

// AbandonKey orders that a session's key is abandoned. If another session's key
// can take over, what the session signs from now on is not listened to, and what
// it signed and is not acknowledged is for the other to sign anew.
func (g *Group) AbandonKey(session uint64) {
	g.Append(processor.AbandonKey{Session: session})
	s, successor := g.Sessions[session], false
	for n, other := range g.Sessions {
		successor = successor || n != session && other.Key != nil && !other.Abandoned
	}
	if s == nil || s.Key == nil || !successor {
		return
	}
	s.Abandoned = true
	maps.DeleteFunc(g.Signed, func(id uint64, b processor.SignedBatch) bool {
		return id >= g.Acknowledged && b.Session == session
	})
}
