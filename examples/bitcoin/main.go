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
	"fmt"
	"net/url"
	"slices"
	"time"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/coin/bitcoin"
	"github.com/serai-go/processor/coin/bitcoin/bitcointest"
	"github.com/serai-go/processor/coin/bitcoin/node"
	"github.com/serai-go/processor/examples/internal/story"
	"github.com/serai-go/processor/internal/testnodes"
)

var program = story.Program{
	Name:       "bitcoin",
	NodeHelp:   "URL of a regtest node, http://user:password@host:port; default: an own btcd",
	MostPeople: 100_000,
	Connect:    connect,
}

func main() { program.Main() }

// connect returns the network of the given node, or of an own btcd.
func connect(ctx context.Context, given string, say func(string, ...any)) (*story.Network, func(), error) {
	at, closeNode, err := reach(ctx, given, say)
	if err != nil {
		return nil, nil, err
	}
	name, err := software(ctx, at)
	if err != nil {
		closeNode()
		return nil, nil, err
	}
	return network(at, name), closeNode, nil
}

// reach returns how to reach the node.
func reach(ctx context.Context, given string, say func(string, ...any)) (node.Config, func(), error) {
	if given != "" {
		u, err := url.Parse(given)
		if err != nil {
			return node.Config{}, nil, fmt.Errorf("-node: %w", err)
		}
		password, _ := u.User.Password()
		at := node.Config{User: u.User.Username(), Password: password}
		u.User = nil
		at.URL = u.String()
		return at, func() {}, nil
	}
	say("starting btcd (its first build takes a while)")
	own, err := testnodes.Btcd(ctx, testnodes.Options{})
	if err != nil {
		return node.Config{}, nil, err
	}
	return node.Config{URL: own.URL, User: own.User, Password: own.Password}, func() { own.Close() }, nil
}

// network says what is Bitcoin's about the story.
func network(at node.Config, name string) *story.Network {
	return &story.Network{
		Node:  name,
		Money: story.Money{Name: "satoshi", Atom: "satoshi"},
		Unit:  1,
		Deposits: []story.Deposit{
			{Fate: story.Reported, Why: "reported: it has data"},
			{Fate: story.Refunded, Why: "refunded: it has no data"},
			{Fate: story.Accumulated, Why: "accumulated: no data, no address to refund"},
		},
		Dial: func(ctx context.Context) (coin.Coin, error) {
			return bitcoin.Dial(ctx, bitcoin.Config{Network: bitcoin.Regtest, Node: at})
		},
		User: func(ctx context.Context) (story.User, error) {
			seed := fmt.Sprintf("example %d", time.Now().UnixNano())
			chain, err := bitcointest.Dial(ctx, bitcointest.Config{Node: at, Seed: seed})
			return user{chain}, err
		},
		Display: displayed,
	}
}

// displayed writes a transaction ID as Bitcoin does, bytes reversed.
func displayed(id coin.TransactionID) string {
	slices.Reverse(id[:])
	return id.String()
}
