package processortest

import (
	"context"
	"crypto/sha512"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/serai-go/processor"
	"github.com/serai-go/processor/batch"
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
		"mine":       (*Player).mine,
		"deposit":    (*Player).deposit,
		"donate":     (*Player).donate,
		"ack":        (*Player).ack,
		"burn":       (*Player).burn,
		"fee":        (*Player).fee,
		"offline":    (*Player).offline,
		"online":     (*Player).online,
		"restart":    (*Player).restart,
		"garble":     (*Player).garble,
		"fork":       (*Player).fork,
		"received":   (*Player).received,
		"ledger":     (*Player).ledger,
		"pending":    (*Player).pending,
		"cosign":     (*Player).cosign,
		"slash":      (*Player).slash,
		"retire":     (*Player).retire,
	}
}

// validators n=4 t=3 [weights=1,2,1]: a new group on a new chain.
func (p *Player) validators(ctx context.Context, a arguments) (string, error) {
	n, err := a.number("n", 4)
	if err != nil {
		return "", err
	}
	t, err := a.number("t", 3)
	if err != nil {
		return "", err
	}
	weights := slices.Repeat([]uint16{1}, int(n))
	if list := a.values["weights"]; list != "" {
		weights = nil
		for _, text := range strings.Split(list, ",") {
			w, err := strconv.ParseUint(text, 10, 16)
			if err != nil {
				return "", err
			}
			weights = append(weights, uint16(w))
		}
	}
	p.Group, err = New(Options{Chain: p.NewChain(), Weights: weights, Threshold: uint16(t), History: p.History})
	if err != nil {
		return "", err
	}
	p.OnEvent = p.note
	return "", p.Run(ctx)
}

// keygen [attempt=0] [minok=all] [close=1,2] [cheat=0 victims=1,3]: generate the
// key pair of session 0, and close these rounds with who has spoken. One
// validator may deal bad shares.
func (p *Player) keygen(ctx context.Context, a arguments) (string, error) {
	attempt, err := a.number("attempt", 0)
	if err != nil {
		return "", err
	}
	var total uint64
	for _, w := range p.Weights {
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
	p.GenerateKey(uint32(attempt), uint16(minOK))
	if err := p.Run(ctx); err != nil {
		return "", err
	}
	rounds, err := a.numbers("close")
	if err != nil {
		return "", err
	}
	for _, n := range rounds {
		p.Append(processor.CloseRound{Attempt: uint32(attempt), Round: uint8(n)})
		if err := p.Run(ctx); err != nil {
			return "", err
		}
	}
	return "", nil
}

// confirm: vote the generated key in, to start at the newest block, and bury
// that.
func (p *Player) confirm(ctx context.Context, _ arguments) (string, error) {
	if err := p.ConfirmKey(ctx); err != nil {
		return "", err
	}
	c := p.Chain.Coin().Parameters().Confirmations
	if err := p.Chain.Mine(ctx, int(c)-1); err != nil {
		return "", err
	}
	return "", p.Run(ctx)
}

// mine N [ack]: make blocks, one by one, and with ack acknowledge all that
// gets signed.
func (p *Player) mine(ctx context.Context, a arguments) (string, error) {
	n, err := a.first()
	if err != nil {
		return "", err
	}
	for range n {
		if err := p.Chain.Mine(ctx, 1); err != nil {
			return "", err
		}
		run := p.Run
		if a.has("ack") {
			run = p.AcknowledgeAll
		}
		if err := run(ctx); err != nil {
			return "", err
		}
	}
	return "", nil
}

// deposit AMOUNT… [data=text] [anonymous]: one transaction of a user, with an
// output for each amount.
func (p *Player) deposit(ctx context.Context, a arguments) (string, error) {
	return "", p.pay(ctx, a, coin.External)
}

// donate AMOUNT… kind=branch|change|forwarded: a payment to an internal
// address.
func (p *Player) donate(ctx context.Context, a arguments) (string, error) {
	for _, kind := range coin.Kinds {
		if kind.String() == a.values["kind"] {
			return "", p.pay(ctx, a, kind)
		}
	}
	return "", fmt.Errorf("unknown kind %q", a.values["kind"])
}

func (p *Player) pay(ctx context.Context, a arguments, kind coin.Kind) error {
	address, err := p.Chain.Coin().Address(p.Key.NetworkKey, kind)
	if err != nil {
		return err
	}
	d := cointest.Deposit{Anonymous: a.has("anonymous")}
	if text, ok := a.values["data"]; ok {
		d.Data = []byte(strings.ReplaceAll(text, "_", " "))
	}
	for _, word := range a.order {
		if amount, err := strconv.ParseUint(word, 10, 64); err == nil {
			d.To = append(d.To, cointest.Target{Address: address, Amount: amount})
		}
	}
	id, err := p.Chain.Pay(ctx, d)
	if err != nil {
		return err
	}
	for i := range d.To { // the network may put change before them
		for shift := range uint32(3) {
			refund := coin.RefundID(coin.OutputID{Transaction: id, Index: uint32(i) + shift})
			if p.payments[refund] == "" {
				p.payments[refund] = fmt.Sprintf("of %d", d.To[i].Amount)
			}
		}
	}
	return p.Run(ctx)
}

// ack [fail=I,J] [name=amount…]: acknowledge the next batch, with failed
// instructions and with burns.
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
	burns, err := p.burns(ctx, a, "fail")
	if err != nil {
		return "", err
	}
	if err := p.Acknowledge(fail, burns); err != nil {
		return "", err
	}
	return "", p.Run(ctx)
}

// burn name=amount… [to=address]: payments to users of these names.
func (p *Player) burn(ctx context.Context, a arguments) (string, error) {
	burns, err := p.burns(ctx, a, "to")
	if err != nil {
		return "", err
	}
	if to, ok := a.values["to"]; ok {
		for i := range burns {
			burns[i].Address = coin.Address(to)
			for _, kind := range coin.Kinds {
				if to == kind.String() {
					if burns[i].Address, err = p.Chain.Coin().Address(p.Key.NetworkKey, kind); err != nil {
						return "", err
					}
				}
			}
		}
	}
	p.Append(processor.Burns{Payments: burns})
	return "", p.Run(ctx)
}

func (p *Player) burns(ctx context.Context, a arguments, not string) ([]coin.Payment, error) {
	var burns []coin.Payment
	for _, name := range a.order {
		if name == not {
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

// fee RATE: what users pay from now on, per 1000 units of weight.
func (p *Player) fee(_ context.Context, a arguments) (string, error) {
	chain, ok := p.Chain.(interface{ SetFeeRate(uint64) })
	if !ok {
		return "", errors.New("the chain has no SetFeeRate")
	}
	rate, err := a.first()
	if err == nil {
		chain.SetFeeRate(rate)
	}
	return "", err
}

func (p *Player) each(a arguments, do func(int) error) error {
	for _, word := range a.order {
		i, err := strconv.Atoi(word)
		if err != nil || i >= len(p.Validators) {
			return fmt.Errorf("no validator %s", word)
		}
		if err := do(i); err != nil {
			return err
		}
	}
	return nil
}

// offline I…: these validators neither read nor send.
func (p *Player) offline(_ context.Context, a arguments) (string, error) {
	return "", p.each(a, func(i int) error { p.Validators[i].Offline = true; return nil })
}

// online I…: they are back.
func (p *Player) online(ctx context.Context, a arguments) (string, error) {
	err := p.each(a, func(i int) error { p.Validators[i].Offline = false; return nil })
	if err != nil {
		return "", err
	}
	return "", p.Run(ctx)
}

// restart I…: their processes are killed and start again on what they stored.
func (p *Player) restart(ctx context.Context, a arguments) (string, error) {
	err := p.each(a, func(i int) error { return p.Start(i, p.Validators[i].Store.Clone()) })
	if err != nil {
		return "", err
	}
	return "", p.Run(ctx)
}

// garble I: a message of validator I that is no message.
func (p *Player) garble(ctx context.Context, a arguments) (string, error) {
	err := p.each(a, func(i int) error {
		p.Append(processor.PeerMessage{From: uint16(i), Payload: []byte("nonsense")})
		return nil
	})
	if err != nil {
		return "", err
	}
	return "", p.Run(ctx)
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

// fork DEPTH [drop]: replace the newest blocks.
func (p *Player) fork(ctx context.Context, a arguments) (string, error) {
	depth, err := a.first()
	if err != nil {
		return "", err
	}
	if err := p.Chain.Fork(ctx, int(depth), a.has("drop")); err != nil {
		return "", err
	}
	return "", p.Run(ctx)
}

// received NAME…: what these users hold.
func (p *Player) received(ctx context.Context, a arguments) (string, error) {
	var b strings.Builder
	for _, name := range a.order {
		address, err := p.payee(ctx, name)
		if err != nil {
			return "", err
		}
		amount, err := p.Chain.Received(ctx, address)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(&b, "%s has received %d\n", name, amount)
	}
	return b.String(), nil
}

// first returns the first validator that is there.
func (p *Player) first() (*Validator, error) {
	for _, v := range p.Validators {
		if !v.Offline && v.Halted == nil {
			return v, nil
		}
	}
	return nil, errors.New("nobody is online")
}

// ledger: the books, on which all must agree.
func (p *Player) ledger(ctx context.Context, _ arguments) (string, error) {
	if _, err := p.Digests(ctx); err != nil {
		return "", err
	}
	v, err := p.first()
	if err != nil {
		return "", err
	}
	status, err := v.Processor.Status(ctx)
	if err != nil {
		return "", err
	}
	l := status.Ledger
	return fmt.Sprintf("assets %s = credited %s + owed %s + returned %s + refunds due %s + fees %s + gifts %s + costs charged %s - network fees %s\n",
		l.Assets, l.Credited, l.Owed, l.Returned, l.RefundsDue, l.FeesCharged, l.Gifts, l.CostsCharged, l.NetworkFees), nil
}

// pending: what waits.
func (p *Player) pending(ctx context.Context, _ arguments) (string, error) {
	v, err := p.first()
	if err != nil {
		return "", err
	}
	status, err := v.Processor.Status(ctx)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%d payments queued, %d outputs free, %d plans unresolved\n",
		status.Pending.Payments, status.Pending.Outputs, status.Pending.Plans), nil
}
