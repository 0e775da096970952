// Monero runs the main job on a real Monero node in regtest: four validators
// generate a key, take three kinds of deposits in, report them in a signed batch,
// refund one that the settlement chain refuses, and pay three users out, while one
// of the validators is killed in the middle of a signature and comes back.
//
//	go run ./examples/monero                        # starts monerod
//	go run ./examples/monero -node http://host:18081    # one that runs in regtest
//	go run ./examples/monero -adversaries           # two of seven validators lie
//	go run ./examples/monero -rotate                # three sets take turns
//	go run ./examples/monero -payout 200            # so many people are paid at once
//
// monerod is the one named by $MONEROD or found on the path. One that is given must
// run with --regtest and --fixed-difficulty=1, not prune, and nobody else mines on
// it. If there is a monero-wallet-rpc beside it (or the one named by
// $MONERO_WALLET_RPC or found on the path), the users' money is in its wallet, and
// it says what arrived; else what arrived is read from the chain with the users'
// view keys. With -json, standard output holds one object and standard error nothing
// unless something fails.
//
// What is different from Bitcoin: nobody sees where a deposit comes from. One without
// data is accumulated, and one that is refused goes back to the address that its data
// names. Nor does anybody see what is spent. So what the keys own in the end of
// -rotate follows from what the chain shows to those who know the view keys, and from
// the plans that the validators signed; that it is true shows when every piconero is
// accounted for.
//
// Outputs can be spent after ten blocks, so that with -payout the children of a tree's
// root wait until its branches are final.
package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/coin/monero"
	"github.com/serai-go/processor/coin/monero/monerotest"
	"github.com/serai-go/processor/examples/internal/story"
	"github.com/serai-go/processor/internal/testnodes"
)

var program = story.Program{
	Name:       "monero",
	NodeHelp:   "URL of a regtest node, http://user:password@host:port; default: an own monerod",
	MostPeople: 2000,
	Connect:    connect,
}

func main() { program.Main() }

// connect returns the network of the given node, or of an own monerod.
func connect(ctx context.Context, given string, say func(string, ...any)) (_ *story.Network, _ func(), err error) {
	var closers []func() error
	closeAll := func() {
		for _, c := range closers {
			_ = c() // nothing of theirs is kept
		}
	}
	defer func() {
		if err != nil {
			closeAll()
		}
	}()
	daemon, err := reach(ctx, given, say)
	if err != nil {
		return nil, nil, err
	}
	closers = append(closers, daemon.Close)
	name, err := software(ctx, daemon)
	if err != nil {
		return nil, nil, err
	}
	wallet, err := openWallet(ctx, daemon)
	if err != nil {
		return nil, nil, err
	}
	if wallet != nil {
		closers = append(closers, wallet.Close)
		say("the users' wallet is monero-wallet-rpc")
	} else {
		say("there is no monero-wallet-rpc: what users receive is read with their view keys")
	}
	net, err := network(daemon, wallet, name)
	return net, closeAll, err
}

// install says how to come by what is not there.
const install = `there is no monerod. Install it:
  - .ci/real-nodes DIRECTORY fetches and checks the one that this project is tested with; it is in DIRECTORY/bin then; or
  - take your distribution's package, which is called monero nearly everywhere
and set MONEROD or PATH, or start one in regtest and name it with -node`

// reach returns the node.
func reach(ctx context.Context, given string, say func(string, ...any)) (*testnodes.Node, error) {
	if given == "" {
		say("starting monerod")
		n, err := testnodes.Monerod(ctx, testnodes.Options{})
		if errors.Is(err, testnodes.ErrNotInstalled) {
			return nil, errors.New(install)
		}
		return n, err
	}
	u, err := url.Parse(given)
	if err != nil {
		return nil, fmt.Errorf("-node: %w", err)
	}
	password, _ := u.User.Password()
	user := u.User.Username()
	u.User = nil
	return testnodes.MonerodAt(u.String(), user, password)
}

// software asks a node what it is.
func software(ctx context.Context, n *testnodes.Node) (string, error) {
	var info struct {
		Version string `json:"version"`
		Network string `json:"nettype"`
	}
	if err := n.Call(ctx, "get_info", nil, &info); err != nil {
		return "", fmt.Errorf("ask the node what it is: %w", err)
	}
	if info.Network != "fakechain" {
		return "", fmt.Errorf("the node is on %q, not in regtest", info.Network)
	}
	return "monerod " + info.Version, nil
}

// openWallet starts the reference wallet, nil if it is not installed.
func openWallet(ctx context.Context, daemon *testnodes.Node) (*testnodes.Node, error) {
	o := testnodes.Options{Daemon: daemon.URL}
	if daemon.User != "" {
		o.Args = []string{"--daemon-login=" + daemon.User + ":" + daemon.Password}
	}
	wallet, err := testnodes.MoneroWallet(ctx, o)
	if errors.Is(err, testnodes.ErrNotInstalled) {
		return nil, nil
	}
	return wallet, err
}

// rules are the default ones, but that people need not wait so long for a rotation.
func rules() (coin.Parameters, error) {
	p, err := monero.DefaultParameters(monero.Regtest)
	p.Window, p.Hold, p.TenMinutes, p.Grace = 5, 5, 1, 42
	return p, err
}

// unit is what the story's amounts are multiples of, in piconero: deposits are of some
// XMR, and many people ask for 0.02 XMR each.
const unit = 1_000_000

// network says what is Monero's about the story.
func network(daemon, wallet *testnodes.Node, name string) (*story.Network, error) {
	parameters, err := rules()
	if err != nil {
		return nil, err
	}
	config := monero.Config{Network: monero.Regtest, Parameters: parameters, Node: monerotest.NodeConfig(daemon)}
	return &story.Network{
		Node:  name,
		Money: story.Money{Name: "XMR", Atom: "piconero", Decimals: 12},
		Unit:  unit,
		Deposits: []story.Deposit{
			{Fate: story.Reported, Why: "reported: it has data"},
			{Fate: story.Refused, Why: "reported, refused, and refunded to the address that its data names"},
			{Fate: story.Accumulated, Why: "accumulated: no data"},
		},
		Dial: func(ctx context.Context) (coin.Coin, error) { return monero.Dial(ctx, config) },
		User: func(ctx context.Context) (story.User, error) {
			seed := fmt.Sprintf("example %d", time.Now().UnixNano())
			chain, err := monerotest.New(ctx, monerotest.Config{Daemon: daemon, Wallet: wallet, Seed: seed, Coin: config})
			if err != nil {
				return nil, err
			}
			return user{chain}, nil
		},
		Display: coin.TransactionID.String,
	}, nil
}
