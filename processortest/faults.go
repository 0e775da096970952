package processortest

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/serai-go/processor"
	"github.com/serai-go/processor/coin"
)

// each does something for the validators that a command begins with.
func (p *Player) each(a arguments, do func(int) error) error {
	for _, word := range a.order {
		if word == "session" {
			continue
		}
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

// lag I…: the nodes of these validators see no new blocks.
func (p *Player) lag(ctx context.Context, a arguments) (string, error) {
	tip, err := p.Chain.Coin().Tip(ctx)
	if err != nil {
		return "", err
	}
	return "", p.each(a, func(i int) error { p.lagging[i] = tip; return nil })
}

// catchup I…: they see all again.
func (p *Player) catchup(ctx context.Context, a arguments) (string, error) {
	if err := p.each(a, func(i int) error { delete(p.lagging, i); return nil }); err != nil {
		return "", err
	}
	return "", p.Run(ctx)
}

// node is the coin of a validator, whose node may lag and whose transactions cost
// a surcharge.
type node struct {
	coin.Coin
	lagging   map[int]uint64
	validator int
	surcharge uint64
	book      *planBook
}

// archiver is a node whose coin is a coin.Archiver.
type archiver struct {
	node
	coin.Archiver
}

// archiving returns the node, with the coin's archives if it has any.
func (n node) archiving() coin.Coin {
	if a, ok := n.Coin.(coin.Archiver); ok {
		return archiver{n, a}
	}
	return n
}

// Fee implements coin.Planner.
func (n node) Fee(rate uint64, inputs []coin.Output, outputs []coin.Address) (uint64, error) {
	fee, err := n.Coin.Fee(rate, inputs, outputs)
	return fee + n.surcharge, err
}

// Tip implements coin.Reader.
func (n node) Tip(ctx context.Context) (uint64, error) {
	tip, err := n.Coin.Tip(ctx)
	if at, ok := n.lagging[n.validator]; ok {
		tip = min(tip, at)
	}
	return tip, err
}

// join I: validator I, whose number is the next one, starts with an empty
// database and gets the whole log, and the others' archives.
func (p *Player) join(ctx context.Context, a arguments) (string, error) {
	i, err := a.first()
	if err != nil {
		return "", err
	}
	if i != uint64(len(p.Validators)) {
		return "", fmt.Errorf("validator %d is the next to join", len(p.Validators))
	}
	if p.Imported, err = p.Archives(ctx); err != nil {
		return "", err
	}
	if err := p.Join(); err != nil {
		return "", err
	}
	return "", p.Run(ctx)
}

// garble I [session=0]: a message of validator I that is no message.
func (p *Player) garble(ctx context.Context, a arguments) (string, error) {
	session, err := a.number("session", 0)
	if err != nil {
		return "", err
	}
	err = p.each(a, func(i int) error {
		from, member := p.number(session, i)
		if !member {
			return fmt.Errorf("validator %d is not in session %d", i, session)
		}
		p.Append(processor.PeerMessage{Session: session, From: from, Payload: []byte("nonsense")})
		return nil
	})
	if err != nil {
		return "", err
	}
	return "", p.Run(ctx)
}

// equivocate I…: these validators are given, for the last position of the log,
// another entry than before.
func (p *Player) equivocate(ctx context.Context, a arguments) (string, error) {
	err := p.each(a, func(i int) error {
		v := p.Validators[i]
		if v.next == 0 {
			return fmt.Errorf("validator %d has read nothing yet", i)
		}
		err := v.Processor.Handle(ctx, v.next-1, processor.CosignBlock{Session: 1 << 32})
		if !errors.Is(err, processor.ErrEquivocation) {
			return fmt.Errorf("validator %d takes two entries for one position: %v", i, err)
		}
		return nil
	})
	if err != nil {
		return "", err
	}
	return "", p.Run(ctx)
}
