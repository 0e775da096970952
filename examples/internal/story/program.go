package story

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"time"
)

// Program tells the story on one network, as its flags say.
type Program struct {
	// Name is the program's, and the network's.
	Name string
	// NodeHelp says what the flag -node takes.
	NodeHelp string
	// MostPeople is how many people the user's coins are enough for.
	MostPeople int
	// Connect connects to the given node, or starts one if it is empty, and
	// returns what closes it. It may tell people what takes time.
	Connect func(ctx context.Context, node string, say func(format string, args ...any)) (*Network, func(), error)
}

// patience is how long a story may take.
const patience = 5 * time.Minute

// Main reads the flags, tells the story and exits.
func (p Program) Main() {
	given := flag.String("node", "", p.NodeHelp)
	asJSON := flag.Bool("json", false, "print one JSON object and nothing else")
	rotates := flag.Bool("rotate", false, "three sets of validators, one taking over from the other")
	lies := flag.Bool("adversaries", false, "seven validators of unequal weights, two of them faulty")
	people := flag.Int("payout", 0, "pay so many people at once, by a tree of transactions")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)

	cast := AllHonest()
	switch {
	case *lies && *rotates || *people != 0 && (*lies || *rotates):
		fmt.Fprintf(os.Stderr, "%s: either -adversaries or -rotate or -payout\n", p.Name)
		os.Exit(2)
	case *people < 0 || *people > p.MostPeople:
		fmt.Fprintf(os.Stderr, "%s: -payout is for 1 to %d people\n", p.Name, p.MostPeople)
		os.Exit(2)
	case *lies:
		cast = WithAdversaries()
	case *rotates:
		cast = InTurns()
	case *people > 0:
		cast = PayingMany(*people)
	}
	summary, err := p.tell(ctx, *given, cast, &screen{quiet: *asJSON, begin: time.Now()})
	if err == nil && *asJSON {
		err = json.NewEncoder(os.Stdout).Encode(summary)
	}
	stop()
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", p.Name, err)
		os.Exit(1)
	}
}

// Tell tells the story of a cast on the given node, or on one of its own, to
// nobody but the caller.
func (p Program) Tell(ctx context.Context, node string, cast Cast) (*Summary, error) {
	return p.tell(ctx, node, cast, &screen{quiet: true, begin: time.Now()})
}

func (p Program) tell(ctx context.Context, node string, cast Cast, screen *screen) (*Summary, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	dir, err := os.MkdirTemp("", "processor-"+p.Name+"-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	net, closeNode, err := p.Connect(ctx, node, screen.say)
	if err != nil {
		return nil, err
	}
	defer closeNode()
	s := &story{Cast: cast, rotation: newRotation(), screen: screen, dir: dir, net: net}
	s.summary.Node = net.Node
	if err := s.tell(ctx); err != nil {
		return nil, err
	}
	s.summary.Seconds = time.Since(screen.begin).Round(10 * time.Millisecond).Seconds()
	screen.say("done in %.1f s: every payment arrived and every ledger balances", s.summary.Seconds)
	return &s.summary, nil
}
