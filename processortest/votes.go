package processortest

import (
	"context"
	"crypto/sha512"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"strings"

	"github.com/serai-go/processor"
	"github.com/serai-go/processor/batch"
	"github.com/serai-go/processor/coin"
)

// validators n=4 t=3 [members=0,1,2] [weights=1,2,1] [surcharge=0]
// [monero] [descendants=0 …]: a new group on a new chain. Members, by default all,
// are session 0. Every transaction of the group costs the surcharge beside what the
// chain demands. Rules are those of the coin but for these: see setRule.
func (p *Player) validators(ctx context.Context, a arguments) (string, error) {
	members, err := a.numbers("members")
	if err != nil {
		return "", err
	}
	weights, err := a.weights(len(members))
	if err != nil {
		return "", err
	}
	otherwise := uint64(4)
	if len(weights) > 0 {
		otherwise = uint64(len(weights))
	}
	n, err := a.number("n", otherwise)
	if err != nil {
		return "", err
	}
	t, err := a.number("t", 3)
	if err != nil {
		return "", err
	}
	if len(weights) == 0 {
		if weights, err = a.weights(int(n)); err != nil {
			return "", err
		}
	}
	surcharge, err := a.number("surcharge", 0)
	if err != nil {
		return "", err
	}
	newChain := p.NewChain
	if a.has("monero") {
		if newChain = p.NewMonero; newChain == nil {
			return "", errors.New("there is no network with the rules of Monero")
		}
	}
	chain := newChain()
	rules, err := otherRules(chain.Coin().Parameters(), a, "n", "t", "members", "weights", "surcharge", "monero")
	if err != nil {
		return "", err
	}
	p.Group, err = New(Options{
		Chain: chain, Coin: func(i int) coin.Coin { return node{chain.Coin(), p.lagging, i, surcharge, p.book}.archiving() },
		Validators: int(n), Members: members, Weights: weights, Threshold: uint16(t), Parameters: rules, History: p.History,
	})
	if err != nil {
		return "", err
	}
	p.OnEvent = p.note
	return "", p.Run(ctx)
}

// keygen [session=0 members=0,1,2 weights=1,2,1 t=3] [attempt=0] [minok=all]
// [close=1,2] [cheat=0 victims=1,3]: generate the key pair of a session, and close
// these rounds with who has spoken. One validator may deal bad shares. A session
// that was not named before needs members; by default they are as before.
func (p *Player) keygen(ctx context.Context, a arguments) (string, error) {
	session, err := a.number("session", 0)
	if err != nil {
		return "", err
	}
	if err := p.elect(session, a); err != nil {
		return "", err
	}
	attempt, err := a.number("attempt", 0)
	if err != nil {
		return "", err
	}
	var total uint64
	for _, w := range p.Sessions[session].Weights {
		total += uint64(w)
	}
	minOK, err := a.number("minok", total)
	if err != nil {
		return "", err
	}
	p.OnSend = nil
	if a.has("cheat") {
		dealer, err := a.number("cheat", 0)
		if err != nil {
			return "", err
		}
		victims, err := a.numbers("victims")
		if err != nil {
			return "", err
		}
		p.DealBadly(int(dealer), victims...)
	}
	p.GenerateKey(session, uint32(attempt), uint16(minOK))
	if err := p.Run(ctx); err != nil {
		return "", err
	}
	rounds, err := a.numbers("close")
	if err != nil {
		return "", err
	}
	for _, n := range rounds {
		p.Append(processor.CloseRound{Session: session, Attempt: uint32(attempt), Round: uint8(n)})
		if err := p.Run(ctx); err != nil {
			return "", err
		}
	}
	return "", nil
}

// elect says who is in a session, if a command does.
func (p *Player) elect(session uint64, a arguments) error {
	members, err := a.numbers("members")
	if err != nil {
		return err
	}
	if members == nil {
		if p.Sessions[session] == nil {
			return fmt.Errorf("session %d needs members", session)
		}
		return nil
	}
	weights, err := a.weights(len(members))
	if err != nil {
		return err
	}
	t, err := a.number("t", 3)
	if err != nil {
		return err
	}
	return p.Elect(session, members, weights, uint16(t))
}

// confirm [session=0] [attempt=newest]: vote the generated key in. The first one
// is to start at the newest block, which is buried.
func (p *Player) confirm(ctx context.Context, a arguments) (string, error) {
	session, err := a.number("session", 0)
	if err != nil {
		return "", err
	}
	var attempt *uint32
	if a.has("attempt") {
		n, err := a.number("attempt", 0)
		if err != nil {
			return "", err
		}
		number := uint32(n)
		attempt = &number
	}
	if err := p.vote(ctx, session, attempt); err != nil {
		return "", err
	}
	if session == 0 {
		c := p.Parameters.Confirmations
		if err := p.Chain.Mine(ctx, int(c)-1); err != nil {
			return "", err
		}
	}
	return "", p.Run(ctx)
}

// abandon session=0: the key of the session is given up. If that is refused, the
// coordinator still listens to the session.
func (p *Player) abandon(ctx context.Context, a arguments) (string, error) {
	session, err := a.number("session", 0)
	if err != nil {
		return "", err
	}
	if _, err := p.first(); err != nil {
		return "", err
	}
	s, signed := p.Sessions[session], maps.Clone(p.Signed)
	before := s != nil && s.Abandoned
	told := make([]int, len(p.Validators))
	for i, v := range p.Validators {
		told[i] = len(v.Told)
	}
	p.AbandonKey(session)
	if err := p.Run(ctx); err != nil {
		return "", err
	}
	for i, v := range p.Validators { // some may lag
		for _, t := range v.Told[told[i]:] {
			if c, ok := t.Body.(processor.Condition); ok && strings.HasPrefix(c.Text, "abandon key") && s != nil {
				s.Abandoned = before
				maps.Copy(p.Signed, signed)
			}
		}
	}
	return "", nil
}

// cosign N [session=0]: the settlement chain's block N is to be cosigned.
func (p *Player) cosign(ctx context.Context, a arguments) (string, error) {
	number, err := a.first()
	if err != nil {
		return "", err
	}
	session, err := a.number("session", 0)
	if err != nil {
		return "", err
	}
	hash := sha512.Sum512_256(fmt.Appendf(nil, "settlement block %d", number))
	p.Append(processor.CosignBlock{Session: session, Number: number, Hash: hash})
	return "", p.Run(ctx)
}

// slash I=POINTS… [session=0]: the slash report is to be signed.
func (p *Player) slash(ctx context.Context, a arguments) (string, error) {
	session, err := a.number("session", 0)
	if err != nil {
		return "", err
	}
	e := processor.SignSlashReport{Session: session}
	for _, name := range a.order {
		if name == "session" {
			continue
		}
		validator, err := strconv.ParseUint(name, 10, 16)
		if err != nil {
			return "", err
		}
		points, err := a.number(name, 0)
		if err != nil {
			return "", err
		}
		e.Slashes = append(e.Slashes, batch.Slash{Validator: uint16(validator), Points: uint32(points)})
	}
	p.Append(e)
	return "", p.Run(ctx)
}

// retire [session=0]: the secrets of the session are to be erased.
func (p *Player) retire(ctx context.Context, a arguments) (string, error) {
	session, err := a.number("session", 0)
	if err != nil {
		return "", err
	}
	p.Append(processor.RetireSession{Session: session})
	return "", p.Run(ctx)
}
