// Bitcoin runs the main job on a real Bitcoin node in regtest mode: four
// validators generate a key, take three kinds of deposits in, report them in a
// signed batch, refund one, and pay three users out, while one of the
// validators is killed in the middle of a signature and comes back.
//
//	go run ./examples/bitcoin                        # builds and starts btcd
//	go run ./examples/bitcoin -node http://u:p@host:18443   # btcd or bitcoind
//	go run ./examples/bitcoin -adversaries           # two of seven validators lie
//	go run ./examples/bitcoin -rotate                # three sets take turns
//	go run ./examples/bitcoin -payout 2000           # so many people are paid at once
//
// A node that is given must be a regtest node with an index of transactions
// that nobody else mines on. With -json, standard output holds one object and
// standard error nothing unless something fails.
//
// With -adversaries the same happens in a group of seven validators of unequal
// weights. One of them corrupts its deal in key generation, another one answers
// with signature shares that are wrong. Both are named by all the others, and a
// third party with nothing but the log and a connection to a node of its own
// confirms the evidence.
//
// With -rotate a second set of validators takes over from the first, and a third
// one from that. All stages of the keys are seen as they come, while users pay
// in, early, in time and late, and are paid. In the end the node says that the
// old keys own nothing, and every satoshi is accounted for.
//
// With -payout N users withdraw to N people at once, whom a tree of transactions
// pays: its root, and the children that spend its branches, some of them before
// the root is confirmed. In the end the chain is asked what everybody received.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net/url"
	"os"
	"os/signal"
	"time"

	"github.com/serai-go/processor/coin/bitcoin/node"
	"github.com/serai-go/processor/internal/testnodes"
)

func main() {
	given := flag.String("node", "", "URL of a regtest node, http://user:password@host:port; default: an own btcd")
	asJSON := flag.Bool("json", false, "print one JSON object and nothing else")
	rotates := flag.Bool("rotate", false, "three sets of validators, one taking over from the other")
	lies := flag.Bool("adversaries", false, "seven validators of unequal weights, two of them faulty")
	people := flag.Int("payout", 0, "pay so many people at once, by a tree of transactions")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()

	begin := time.Now()
	screen := &screen{quiet: *asJSON, begin: begin}
	cast := allHonest()
	switch {
	case *lies && *rotates || *people != 0 && (*lies || *rotates):
		fmt.Fprintln(os.Stderr, "bitcoin: either -adversaries or -rotate or -payout")
		os.Exit(2)
	case *people < 0 || *people > mostPeople:
		fmt.Fprintln(os.Stderr, "bitcoin: -payout is for 1 to", mostPeople, "people")
		os.Exit(2)
	case *lies:
		cast = withAdversaries()
	case *rotates:
		cast = inTurns()
	case *people > 0:
		cast = payingMany(*people)
	}
	summary, err := run(ctx, *given, cast, screen)
	if err != nil {
		fmt.Fprintln(os.Stderr, "bitcoin:", err)
		os.Exit(1)
	}
	summary.Seconds = time.Since(begin).Round(10 * time.Millisecond).Seconds()
	if *asJSON {
		if err := json.NewEncoder(os.Stdout).Encode(summary); err != nil {
			fmt.Fprintln(os.Stderr, "bitcoin:", err)
			os.Exit(1)
		}
	}
	screen.say("done in %.1f s: every payment arrived and every ledger balances", summary.Seconds)
}

// run tells the story of a cast on the given node, or on one of its own.
func run(ctx context.Context, given string, cast cast, screen *screen) (*summary, error) {
	dir, err := os.MkdirTemp("", "processor-bitcoin-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	at, name, closeNode, err := connect(ctx, given, screen)
	if err != nil {
		return nil, err
	}
	defer closeNode()
	s := &story{cast: cast, rotation: newRotation(), screen: screen, dir: dir, node: at}
	s.summary.Node = name
	if err := s.tell(ctx); err != nil {
		return nil, err
	}
	return &s.summary, nil
}

// connect returns how to reach the node and what it is.
func connect(ctx context.Context, given string, screen *screen) (node.Config, string, func(), error) {
	if given != "" {
		u, err := url.Parse(given)
		if err != nil {
			return node.Config{}, "", nil, fmt.Errorf("-node: %w", err)
		}
		password, _ := u.User.Password()
		at := node.Config{User: u.User.Username(), Password: password}
		u.User = nil
		at.URL = u.String()
		name, err := software(ctx, at)
		return at, name, func() {}, err
	}
	screen.say("starting btcd (its first build takes a while)")
	own, err := testnodes.Btcd(ctx, testnodes.Options{})
	if err != nil {
		return node.Config{}, "", nil, err
	}
	at := node.Config{URL: own.URL, User: own.User, Password: own.Password}
	name, err := software(ctx, at)
	if err != nil {
		own.Close()
		return node.Config{}, "", nil, err
	}
	return at, name, func() { own.Close() }, nil
}
