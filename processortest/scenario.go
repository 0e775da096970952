package processortest

import (
	"context"
	"crypto/sha512"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/serai-go/processor"
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
//	validators n=6 members=0,1,2,3 t=3        not all of it are in session 0
//	validators surcharge=20                   transactions cost so much more
//	validators descendants=0 bumpafter=6 …    with other rules than the coin's
//	validators monero hold=5 …                on a chain with the rules of Monero
//	keygen attempt=0 minok=4 close=1,2        generate keys, close rounds
//	keygen session=1 members=2,3,4,5 t=3      for another set, weights=1,2,1,1
//	keygen cheat=0 victims=1,3                validator 0 deals bad shares to these
//	confirm                                   vote the first key in, bury its block
//	confirm session=1 attempt=0               vote a later one in
//	abandon session=0 / retire session=0      a key is given up / secrets are erased
//	rules dust=20 window=5 … / version=2      the settlement chain changes the rules
//	mine N [ack]                              make blocks, acknowledge what gets signed
//	deposit AMOUNT… data=text|hex=ff anonymous  a user pays the group
//	donate AMOUNT… kind=change                a user pays an internal address
//	twin AMOUNT… of=400|change                … copies of an output, with as much data
//	deposit|donate … session=1                to the key of that session, not of 0
//	ack fail=I,J alice=100…                   acknowledge the next batch, with burns
//	ack other                                 with the digest of another batch
//	burn alice=100… to=address                payments to users of these names
//	burn … to=change session=1                to an address of the group
//	burn 40 payments of 50                    to users named p1, p2 and so on
//	fee RATE blocks=N ack                     what users pay from now on, in N blocks
//	miners RATE / relay RATE                  what miners and relay demand
//	plans                                     write what is under way, by number
//	replace PLAN drop=alice,bob number=2      a plan's inputs are planned again
//	include PLAN… [ack]                       a block with these transactions only
//	offline I… / online I… / restart I…       validators go, come back, are killed
//	lag I… / catchup I…                       their nodes see no new blocks, or do
//	join I                                    a validator starts, on an empty store
//	garble I / equivocate I                   a message of I that is none / an entry
//	                                          of the log that I got otherwise before
//	fork DEPTH [drop|keep=400,1000]           replace the newest blocks
//	again AMOUNT…                             deposits that a fork dropped are paid again
//	rewind [plan]                             order the rewind that validators report
//	cosign N / slash I=POINTS…                requests of the settlement chain
//	received alice… session=1                 write what users and keys were paid
//	keys / ledger / pending                   write what is there
//	explain key=0 deposit=400 payment=alice   write how far these are
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
	// NewMonero makes one with the rules of Monero, if there can be any.
	NewMonero func() cointest.Chain
	// History is the Group's.
	History bool
	// Before is called before every command, in tests that interfere.
	Before func(p *Player) error

	lagging  map[int]uint64                // the newest block that validators' nodes see
	deposits map[uint64]coin.TransactionID // by amount
	made     map[uint64]coin.OutputID      // what a copy of it copies, by amount, if the network keeps their order
	payees   map[string]coin.Address
	payments map[coin.PaymentID]string
	named    []coin.PaymentID // burns, in the order in which they were named
	many     int              // payments without names of their own
	book     *planBook
	record   []reportLine
}

// reportLine is a report and who made it.
type reportLine struct {
	text string
	by   []int
}

// empty forgets what was played before.
func (p *Player) empty() {
	p.lagging = make(map[int]uint64)
	p.deposits = make(map[uint64]coin.TransactionID)
	p.made = make(map[uint64]coin.OutputID)
	p.payees = make(map[string]coin.Address)
	p.payments = make(map[coin.PaymentID]string)
	p.named, p.many, p.book = nil, 0, newPlanBook()
}

// Play runs a scenario and returns it with the record of this run.
func (p *Player) Play(ctx context.Context, s Scenario) (Scenario, error) {
	p.empty()
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
	for _, line := range joined(p.record) {
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
	p.book.heard(e)
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
	if p.payments[id] == "" {
		p.payments[id], p.named = name, append(p.named, id)
	}
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

// name returns the name of a payment, or the number of a plan.
func (p *Player) name(id [32]byte) string {
	if name, ok := p.payments[id]; ok {
		return name
	}
	if n := p.planNumber(id); n > 0 {
		return fmt.Sprintf("plan %d", n)
	}
	return coin.PaymentID(id).String()
}
