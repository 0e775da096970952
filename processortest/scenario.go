package processortest

import (
	"context"
	"crypto/sha512"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/serai-go/processor"
	"github.com/serai-go/processor/batch"
	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/coin/cointest"
)

// A Scenario is a run of a group, written as blocks of commands, each with
// the record of what the validators reported:
//
//	mine 3
//	burn alice=300
//	----
//	all: payment alice planned
//
// A command is a word and arguments of the form name, name=value. The record
// has a line for each report, in the order in which it was first made, with
// those who made it. Lines that begin with # are comments.
//
//	validators n=4 t=3 | weights=1,2,1 t=3    a new group on a new chain (first)
//	keygen attempt=0 minok=4 close=1,2        generate keys, close rounds
//	keygen cheat=0 victims=1,3                validator 0 deals bad shares to these
//	confirm                                   vote the key in, bury its first block
//	mine N [ack]                              make blocks, acknowledge what gets signed
//	deposit AMOUNT… data=text anonymous       a user pays the group
//	donate AMOUNT… kind=change                a user pays an internal address
//	ack fail=I,J alice=100…                   acknowledge the next batch, with burns
//	burn alice=100… to=address                payments to users of these names
//	fee RATE                                  what users pay from now on
//	offline I… / online I… / restart I…       validators go, come back, are killed
//	garble I                                  a message of a validator that is none
//	fork DEPTH [drop]                         replace the newest blocks
//	cosign N / slash I=POINTS… / retire       requests of the settlement chain
//	received alice… / ledger / pending        write what is there
type Scenario struct{ Blocks []Block }

// Block is a part of a scenario.
type Block struct {
	// Comment and Commands are lines.
	Comment, Commands []string
	// Want is the expected record.
	Want string
}

// ParseScenario reads a scenario. It does not judge commands.
func ParseScenario(text string) (Scenario, error) {
	var s Scenario
	for i, part := range strings.Split(strings.TrimSpace(text), "\n\n") {
		head, want, ok := strings.Cut(part+"\n", "----\n")
		if !ok {
			return s, fmt.Errorf("block %d has no ----", i+1)
		}
		b := Block{Want: want}
		for line := range strings.Lines(head) {
			line = strings.TrimSpace(line)
			switch {
			case line == "":
			case strings.HasPrefix(line, "#"):
				b.Comment = append(b.Comment, line)
			default:
				b.Commands = append(b.Commands, line)
			}
		}
		s.Blocks = append(s.Blocks, b)
	}
	return s, nil
}

// String writes a scenario in its one form.
func (s Scenario) String() string {
	var parts []string
	for _, b := range s.Blocks {
		lines := slices.Concat(b.Comment, b.Commands, []string{"----\n"})
		parts = append(parts, strings.Join(lines, "\n")+b.Want)
	}
	return strings.Join(parts, "\n")
}

// Player runs scenarios.
type Player struct {
	*Group
	// NewChain makes the network.
	NewChain func() cointest.Chain
	// History is the Group's.
	History bool
	// Before is called before every command, in tests that interfere.
	Before func(p *Player) error

	payees   map[string]coin.Address
	payments map[coin.PaymentID]string
	record   []reportLine
}

// reportLine is a report and who made it.
type reportLine struct {
	text string
	by   []int
}

// Play runs a scenario and returns it with the record of this run.
func (p *Player) Play(ctx context.Context, s Scenario) (Scenario, error) {
	p.payees = make(map[string]coin.Address)
	p.payments = make(map[coin.PaymentID]string)
	var played Scenario
	for _, b := range s.Blocks {
		p.record = nil
		var said strings.Builder
		for _, line := range b.Commands {
			if p.Before != nil && p.Group != nil {
				if err := p.Before(p); err != nil {
					return played, fmt.Errorf("%q: %w", line, err)
				}
			}
			text, err := p.do(ctx, line)
			if err != nil {
				return played, fmt.Errorf("%q: %w", line, err)
			}
			said.WriteString(text)
		}
		b.Want = p.lines() + said.String()
		played.Blocks = append(played.Blocks, b)
	}
	return played, nil
}

// lines writes the record.
func (p *Player) lines() string {
	var b strings.Builder
	for _, line := range p.record {
		who := "all"
		if len(line.by) < len(p.Validators) {
			var names []string
			slices.Sort(line.by)
			for _, v := range line.by {
				names = append(names, "v"+strconv.Itoa(v))
			}
			who = strings.Join(names, ",")
		}
		fmt.Fprintf(&b, "%s: %s\n", who, line.text)
	}
	return b.String()
}

// note records a report.
func (p *Player) note(validator int, e processor.EventBody) {
	text := p.describe(e)
	if text == "" {
		return
	}
	for i := range p.record {
		if p.record[i].text == text {
			if !slices.Contains(p.record[i].by, validator) {
				p.record[i].by = append(p.record[i].by, validator)
			}
			return
		}
	}
	p.record = append(p.record, reportLine{text, []int{validator}})
}

// arguments are what follows a command's word.
type arguments struct {
	order  []string
	values map[string]string
}

func parseArguments(words []string) arguments {
	a := arguments{values: make(map[string]string)}
	for _, w := range words {
		name, value, _ := strings.Cut(w, "=")
		a.order = append(a.order, name)
		a.values[name] = value
	}
	return a
}

func (a arguments) number(name string, otherwise uint64) (uint64, error) {
	text, ok := a.values[name]
	if !ok {
		return otherwise, nil
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("argument %s: %w", name, err)
	}
	return n, nil
}

// first is the number that a command begins with.
func (a arguments) first() (uint64, error) {
	if len(a.order) == 0 {
		return 0, errors.New("a number is missing")
	}
	return strconv.ParseUint(a.order[0], 10, 64)
}

// numbers returns a list of small numbers, none if it is not given.
func (a arguments) numbers(name string) ([]int, error) {
	text, ok := a.values[name]
	if !ok {
		return nil, nil
	}
	var list []int
	for _, one := range strings.Split(text, ",") {
		n, err := strconv.ParseUint(one, 10, 8)
		if err != nil {
			return nil, fmt.Errorf("argument %s: %w", name, err)
		}
		list = append(list, int(n))
	}
	return list, nil
}

func (a arguments) has(name string) bool {
	_, ok := a.values[name]
	return ok
}

// do runs a command and returns what it says itself.
func (p *Player) do(ctx context.Context, line string) (string, error) {
	words := strings.Fields(line)
	a := parseArguments(words[1:])
	if p.Group == nil && words[0] != "validators" {
		return "", fmt.Errorf("the first command must be validators")
	}
	command, ok := commands[words[0]]
	if !ok {
		return "", fmt.Errorf("unknown command; there are %s", strings.Join(slices.Sorted(maps.Keys(commands)), ", "))
	}
	return command(p, ctx, a)
}

// paymentID names a payment.
func (p *Player) paymentID(name string) coin.PaymentID {
	id := coin.PaymentID(sha512.Sum512_256([]byte("payment " + name)))
	p.payments[id] = name
	return id
}

// payee returns the address of a user by name.
func (p *Player) payee(ctx context.Context, name string) (coin.Address, error) {
	if address, ok := p.payees[name]; ok {
		return address, nil
	}
	address, err := p.Chain.Address(ctx)
	if err == nil {
		p.payees[name] = address
	}
	return address, err
}

// name returns the name of a payment.
func (p *Player) name(id coin.PaymentID) string {
	if name, ok := p.payments[id]; ok {
		return name
	}
	return id.String()
}

// describe says an event in words, or nothing for those that are noise.
func (p *Player) describe(body processor.EventBody) string {
	switch e := body.(type) {
	case processor.KeyGenerated:
		return fmt.Sprintf("session %d attempt %d generated a key, OK weight %d", e.Session, e.Attempt, e.OKWeight)
	case processor.KeyGenFailed:
		return fmt.Sprintf("session %d attempt %d failed, faulty %v, silent %v", e.Session, e.Attempt, e.Faulty, e.Silent)
	case processor.KeyStage:
		return fmt.Sprintf("key of session %d is %s at block %d", e.Session, e.Stage, e.Number)
	case processor.Update:
		var parts []string
		for _, b := range e.Batches {
			parts = append(parts, p.describeBatch(b))
		}
		return fmt.Sprintf("block %d: %s", e.Number, strings.Join(parts, ", "))
	case processor.SignedBatch:
		return fmt.Sprintf("batch %d signed", e.Batch.ID)
	case processor.CosignedBlock:
		c := batch.Cosign{Number: e.Number, Hash: e.Hash}
		if err := c.Verify(p.domain(e.Session), p.Key.BatchKey[:], e.Signature[:]); err != nil {
			return err.Error()
		}
		return fmt.Sprintf("settlement block %d cosigned", e.Number)
	case processor.SignedSlashReport:
		report := batch.SlashReport{Slashes: e.Slashes}
		if err := report.Verify(p.domain(e.Session), p.Key.BatchKey[:], e.Signature[:]); err != nil {
			return err.Error()
		}
		return fmt.Sprintf("slash report signed: %v", e.Slashes)
	case processor.PaymentPlanned:
		return fmt.Sprintf("payment %s planned", p.name(e.ID))
	case processor.Completed:
		return "transaction signed"
	case processor.PaymentSettled:
		return fmt.Sprintf("payment %s settled, %d paid, %d for costs", p.name(e.ID), e.Paid, e.Share)
	case processor.Refunded:
		return fmt.Sprintf("refund %s settled, %d paid, %d for costs", p.name(e.ID), e.Paid, e.Share)
	case processor.PaymentDropped:
		return fmt.Sprintf("payment %s dropped, %d kept: %s", p.name(e.ID), e.AmountKept, e.Reason)
	case processor.PaymentRefused:
		return fmt.Sprintf("payment %s refused: %s", p.name(e.ID), e.Reason)
	case processor.Condition:
		if e.Subject == [32]byte{} {
			return e.Text
		}
		return fmt.Sprintf("%s: %s", p.name(e.Subject), e.Text)
	case processor.InvalidParticipant:
		reason, _, _ := strings.Cut(e.Reason, ": ")
		return fmt.Sprintf("session %d validator %d is invalid: %s", e.Session, e.Who, reason)
	case processor.Divergence:
		return fmt.Sprintf("%s divergence", e.SignID.Kind)
	case processor.Halted:
		return "halted: " + e.Reason
	}
	return ""
}

// domain is that of what a session's batch key signs.
func (p *Player) domain(session uint64) batch.Domain {
	d := p.Domain()
	d.Session = session
	return d
}

func (p *Player) describeBatch(b batch.Batch) string {
	if len(b.Instructions) == 0 {
		return fmt.Sprintf("batch %d", b.ID)
	}
	var list []string
	for _, i := range b.Instructions {
		text := fmt.Sprintf("%d %q", i.Amount, i.Data)
		if i.Origin == "" {
			text += " without origin"
		}
		list = append(list, text)
	}
	return fmt.Sprintf("batch %d (%s)", b.ID, strings.Join(list, "; "))
}
