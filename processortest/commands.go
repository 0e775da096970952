package processortest

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/serai-go/processor"
	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/coin/cointest"
)

// commands are the words of the scenario language.
var commands map[string]func(*Player, context.Context, arguments) (string, error)

func init() {
	commands = map[string]func(*Player, context.Context, arguments) (string, error){
		"validators": (*Player).validators,
		"keygen":     (*Player).keygen,
		"confirm":    (*Player).confirm,
		"abandon":    (*Player).abandon,
		"mine":       (*Player).mine,
		"deposit":    (*Player).deposit,
		"donate":     (*Player).donate,
		"ack":        (*Player).ack,
		"burn":       (*Player).burn,
		"fee":        (*Player).fee,
		"miners":     (*Player).miners,
		"relay":      (*Player).relay,
		"offline":    (*Player).offline,
		"online":     (*Player).online,
		"restart":    (*Player).restart,
		"lag":        (*Player).lag,
		"catchup":    (*Player).catchup,
		"join":       (*Player).join,
		"garble":     (*Player).garble,
		"equivocate": (*Player).equivocate,
		"fork":       (*Player).fork,
		"received":   (*Player).received,
		"keys":       (*Player).keys,
		"ledger":     (*Player).ledger,
		"pending":    (*Player).pending,
		"cosign":     (*Player).cosign,
		"slash":      (*Player).slash,
		"retire":     (*Player).retire,
		"rules":      (*Player).rules,
		"explain":    (*Player).explain,
	}
}

// mine N [ack]: make blocks, one by one, and with ack acknowledge all that
// gets signed.
func (p *Player) mine(ctx context.Context, a arguments) (string, error) {
	n, err := a.first()
	if err != nil {
		return "", err
	}
	for range n {
		if err := p.mineOne(ctx, a); err != nil {
			return "", err
		}
	}
	return "", nil
}

// mineOne makes a block, and with ack acknowledges all that gets signed.
func (p *Player) mineOne(ctx context.Context, a arguments) error {
	if err := p.Chain.Mine(ctx, 1); err != nil {
		return err
	}
	return p.proceed(ctx, a)
}

// proceed lets the validators run after a block.
func (p *Player) proceed(ctx context.Context, a arguments) error {
	if a.has("ack") {
		return p.AcknowledgeAll(ctx)
	}
	return p.Run(ctx)
}

// deposit AMOUNT… [data=text|hex=bytes] [anonymous] [session=0]: one transaction
// of a user, with an output for each amount.
func (p *Player) deposit(ctx context.Context, a arguments) (string, error) {
	return "", p.pay(ctx, a, coin.External)
}

// donate AMOUNT… kind=branch|change|forwarded [session=0]: a payment to an
// internal address.
func (p *Player) donate(ctx context.Context, a arguments) (string, error) {
	for _, kind := range coin.Kinds {
		if kind.String() == a.values["kind"] {
			return "", p.pay(ctx, a, kind)
		}
	}
	return "", fmt.Errorf("unknown kind %q", a.values["kind"])
}

// address is the group's own: that of the key of session=0, which need not be
// confirmed.
func (p *Player) address(a arguments, kind coin.Kind) (coin.Address, error) {
	session, err := a.number("session", 0)
	if err != nil {
		return "", err
	}
	s := p.Sessions[session]
	if s == nil {
		return "", fmt.Errorf("there is no session %d", session)
	}
	key := s.Key
	if key == nil {
		if key, err = s.result(nil); err != nil {
			return "", err
		}
	}
	return p.Chain.Coin().Address(key.NetworkKey, kind)
}

func (p *Player) pay(ctx context.Context, a arguments, kind coin.Kind) error {
	return p.payBy(ctx, a, kind, func(d cointest.Deposit) (coin.TransactionID, error) { return p.Chain.Pay(ctx, d) })
}

// payBy lets a user pay an address of the group by a transaction.
func (p *Player) payBy(ctx context.Context, a arguments, kind coin.Kind, by func(cointest.Deposit) (coin.TransactionID, error)) error {
	address, err := p.address(a, kind)
	if err != nil {
		return err
	}
	d := cointest.Deposit{Anonymous: a.has("anonymous")}
	if text, ok := a.values["data"]; ok {
		d.Data = []byte(strings.ReplaceAll(text, "_", " "))
	}
	if text, ok := a.values["hex"]; ok {
		if d.Data, err = hex.DecodeString(text); err != nil {
			return err
		}
	}
	for _, word := range a.order {
		if amount, err := strconv.ParseUint(word, 10, 64); err == nil {
			d.To = append(d.To, cointest.Target{Address: address, Amount: amount})
		}
	}
	id, err := by(d)
	if err != nil {
		return err
	}
	for i := range d.To { // the network may put change before them
		p.deposits[d.To[i].Amount] = id
		p.made[d.To[i].Amount] = coin.OutputID{Transaction: id, Index: uint32(i)}
		for shift := range uint32(3) {
			refund := coin.RefundID(coin.OutputID{Transaction: id, Index: uint32(i) + shift})
			if p.payments[refund] == "" {
				p.payments[refund] = fmt.Sprintf("of %d", d.To[i].Amount)
			}
		}
	}
	return p.Run(ctx)
}

// ack [fail=I,J] [name=amount…] [other]: acknowledge the next batch, with failed
// instructions and with burns, or with another digest.
func (p *Player) ack(ctx context.Context, a arguments) (string, error) {
	fail := make(map[int]bool)
	if text, ok := a.values["fail"]; ok {
		for _, one := range strings.Split(text, ",") {
			i, err := strconv.Atoi(one)
			if err != nil {
				return "", err
			}
			fail[i] = true
		}
	}
	burns, err := p.burns(ctx, a, "fail", "other")
	if err != nil {
		return "", err
	}
	e, err := p.acknowledgement(fail, burns)
	if err != nil {
		return "", err
	}
	if a.has("other") {
		e.Digest[0] ^= 1
	}
	p.Append(e)
	p.Acknowledged++
	return "", p.Run(ctx)
}

// burn name=amount… | N payments of AMOUNT [to=address] [session=0]: payments to users of these names, or
// to an address, which may be a kind of the session's own.
func (p *Player) burn(ctx context.Context, a arguments) (string, error) {
	burns, err := p.burns(ctx, a, "to", "session")
	if err != nil {
		return "", err
	}
	if to, ok := a.values["to"]; ok {
		for i := range burns {
			burns[i].Address = coin.Address(to)
			for _, kind := range coin.Kinds {
				if to == kind.String() {
					if burns[i].Address, err = p.address(a, kind); err != nil {
						return "", err
					}
				}
			}
		}
	}
	p.Append(processor.Burns{Payments: burns})
	return "", p.Run(ctx)
}

func (p *Player) burns(ctx context.Context, a arguments, not ...string) ([]coin.Payment, error) {
	if a.has("payments") {
		return p.manyBurns(ctx, a)
	}
	var burns []coin.Payment
	for _, name := range a.order {
		if slices.Contains(not, name) {
			continue
		}
		amount, err := a.number(name, 0)
		if err != nil {
			return nil, err
		}
		address, err := p.payee(ctx, name)
		if err != nil {
			return nil, err
		}
		burns = append(burns, coin.Payment{ID: p.paymentID(name), Address: address, Amount: amount})
	}
	return burns, nil
}

// manyBurns reads "40 payments of 50": payments named p1, p2 and so on.
func (p *Player) manyBurns(ctx context.Context, a arguments) ([]coin.Payment, error) {
	if len(a.order) < 4 || a.order[1] != "payments" || a.order[2] != "of" {
		return nil, errors.New("not of the form: 40 payments of 50")
	}
	n, err := strconv.ParseUint(a.order[0], 10, 16)
	if err != nil {
		return nil, err
	}
	amount, err := strconv.ParseUint(a.order[3], 10, 64)
	if err != nil {
		return nil, err
	}
	var burns []coin.Payment
	for range n {
		p.many++
		name := fmt.Sprintf("p%d", p.many)
		address, err := p.payee(ctx, name)
		if err != nil {
			return nil, err
		}
		burns = append(burns, coin.Payment{ID: p.paymentID(name), Address: address, Amount: amount})
	}
	return burns, nil
}

// fee RATE [blocks=N [ack]]: what users pay from now on, per 1000 units of weight,
// and blocks in each of which one pays another.
func (p *Player) fee(ctx context.Context, a arguments) (string, error) {
	chain, ok := p.Chain.(interface{ SetFeeRate(uint64) })
	if !ok {
		return "", errors.New("the chain has no SetFeeRate")
	}
	if err := a.rate(chain.SetFeeRate); err != nil {
		return "", err
	}
	n, err := a.number("blocks", 0)
	if err != nil {
		return "", err
	}
	for range n {
		to, err := p.Chain.Address(ctx)
		if err != nil {
			return "", err
		}
		if _, err := p.Chain.Pay(ctx, cointest.Deposit{To: []cointest.Target{{Address: to, Amount: 1000}}}); err != nil {
			return "", err
		}
		if err := p.mineOne(ctx, a); err != nil {
			return "", err
		}
	}
	return "", nil
}

// miners RATE: blocks take what pays this with what it builds on.
func (p *Player) miners(_ context.Context, a arguments) (string, error) {
	chain, ok := p.Chain.(interface{ SetMinerRate(uint64) })
	if !ok {
		return "", errors.New("the chain has no SetMinerRate")
	}
	return "", a.rate(chain.SetMinerRate)
}

// relay RATE: nodes forget, and do not take, what pays less.
func (p *Player) relay(_ context.Context, a arguments) (string, error) {
	chain, ok := p.Chain.(interface{ SetRelayRate(uint64) })
	if !ok {
		return "", errors.New("the chain has no SetRelayRate")
	}
	return "", a.rate(chain.SetRelayRate)
}

// fork DEPTH [drop|keep=AMOUNT,…]: replace the newest blocks, whose transactions
// wait for a block again, or are dropped but for some deposits.
func (p *Player) fork(ctx context.Context, a arguments) (string, error) {
	depth, err := a.first()
	if err != nil {
		return "", err
	}
	if amounts, ok := a.values["keep"]; ok {
		err = p.forkKeeping(ctx, int(depth), amounts)
	} else {
		err = p.Chain.Fork(ctx, int(depth), a.has("drop"))
	}
	if err != nil {
		return "", err
	}
	return "", p.Run(ctx)
}
