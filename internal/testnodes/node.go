// Package testnodes runs real nodes on private regression test networks, for
// tests and examples: btcd, built from the tools module, and bitcoind, monerod
// and monero-wallet-rpc where they are installed.
//
// Each node has a directory of its own, listens on free ports of 127.0.0.1
// only, has no peers, and ends with the process that started it.
package testnodes

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/serai-go/processor/internal/jsonrpc"
)

// ErrNotInstalled is wrapped when there is no program to run.
var ErrNotInstalled = errors.New("node is not installed")

const (
	startLimit = time.Minute      // to answer the first request
	stopLimit  = 30 * time.Second // to end when asked to
	callLimit  = 5 * time.Minute  // for one request: mining many blocks takes long
	startTries = 3                // a port that was free can be taken when the node wants it
)

// Options of a node. The zero value is fine.
type Options struct {
	// MiningAddress is where btcd's blocks pay to. Empty is an address that
	// belongs to nobody.
	MiningAddress string
	// Login makes monerod ask for a user and password; the others always do.
	Login bool
	// Daemon is the URL of the monerod that monero-wallet-rpc works with.
	Daemon string
	// Args are appended to the node's arguments.
	Args []string
}

// Node is a running node.
type Node struct {
	// Name is the program: btcd, bitcoind, monerod, monero-wallet-rpc.
	Name string
	// URL is the JSON-RPC endpoint, without credentials.
	URL string
	// User and Password are for basic authentication, monerod's for digests.
	// It has none without Options.Login.
	User, Password string
	// CookieFile is what bitcoind accepts besides User and Password.
	CookieFile string
	// Dir is the node's directory. It goes when the node is closed.
	Dir string

	kind    kind
	program string
	args    []string
	miner   string        // btcd's mining address
	blocks  []jsonrpc.Hex // of a stopped btcd
	rpc     *jsonrpc.Client
	process *process
}

// kind is what differs between nodes.
type kind struct {
	name     string
	ping     string // a method that a node answers once it is up
	digest   bool   // that is how it asks for a password
	program  func(context.Context) (string, error)
	prepare  func(*Node, Options) error // sets the URL, credentials and arguments
	generate func(context.Context, *Node, int, string) error
	// save and load carry the chain over a restart, for a node that does not
	// keep it. They may be nil.
	save, load func(context.Context, *Node) error
}

func start(ctx context.Context, k kind, o Options) (*Node, error) {
	program, err := k.program(ctx)
	if err != nil {
		return nil, fmt.Errorf("testnodes: find %s: %w", k.name, err)
	}
	for try := 1; ; try++ {
		n, err := startOnce(ctx, k, program, o)
		if err == nil {
			return n, nil
		}
		if try == startTries || ctx.Err() != nil {
			return nil, fmt.Errorf("testnodes: start %s: %w", k.name, err)
		}
	}
}

func startOnce(ctx context.Context, k kind, program string, o Options) (_ *Node, err error) {
	dir, err := os.MkdirTemp("", "testnode-"+k.name+"-")
	if err != nil {
		return nil, err
	}
	n := &Node{Name: k.name, Dir: dir, kind: k, program: program}
	defer func() {
		if err != nil {
			n.Close()
		}
	}()
	if err := k.prepare(n, o); err != nil {
		return nil, err
	}
	n.args = append(n.args, o.Args...)
	if err := n.connect(); err != nil {
		return nil, err
	}
	return n, n.run(ctx)
}

// connect makes the node's client.
func (n *Node) connect() (err error) {
	n.rpc, err = jsonrpc.New(jsonrpc.Config{
		URL: n.URL, User: n.User, Password: n.Password, Digest: n.kind.digest && n.User != "", Timeout: callLimit,
		Attempts: 1, // mining is not to be repeated
	})
	return err
}

// run starts the program and waits until it answers.
func (n *Node) run(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, startLimit, fmt.Errorf("no answer within %v", startLimit))
	defer cancel()
	p, err := startProcess(n.program, n.args, n.Dir)
	if err != nil {
		return err
	}
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	for {
		err := n.rpc.Call(ctx, n.kind.ping, nil, nil)
		if err == nil {
			n.process = p
			return nil
		}
		select {
		case <-p.done:
			return fmt.Errorf("it ended: %w\n%s", p.err, p.tail())
		case <-ctx.Done():
			p.kill()
			return fmt.Errorf("%w (%v)\n%s", context.Cause(ctx), err, p.tail())
		case <-ticker.C:
		}
	}
}

// Call calls a method of the node, once.
func (n *Node) Call(ctx context.Context, method string, params, result any) error {
	return n.rpc.Call(ctx, method, params, result)
}

// Post calls one of monerod's methods that have a path of their own, such as
// "/pop_blocks", once. A nil result is not looked at.
func (n *Node) Post(ctx context.Context, path string, params, result any) error {
	body, err := json.Marshal(params)
	if err != nil {
		return err
	}
	data, err := n.rpc.Post(ctx, path, "application/json", body)
	if err != nil || result == nil {
		return err
	}
	return json.Unmarshal(data, result)
}

// Generate mines blocks. Bitcoind and monerod pay to address, the former to
// nobody's if it is empty. Btcd always pays to Options.MiningAddress: another
// address is refused.
func (n *Node) Generate(ctx context.Context, blocks int, address string) error {
	if err := n.kind.generate(ctx, n, blocks, address); err != nil {
		return fmt.Errorf("testnodes: mine %d blocks: %w", blocks, err)
	}
	return nil
}

// Stop lets the node write what it knows and end. Restart starts it again.
func (n *Node) Stop() error {
	p, err := n.release()
	if p == nil {
		return err
	}
	if !p.stop(stopLimit) {
		p.kill()
		return fmt.Errorf("testnodes: %s did not stop within %v\n%s", n.Name, stopLimit, p.tail())
	}
	return err
}

// Kill ends the node at once, as a crash would. Restart starts it again.
func (n *Node) Kill() error {
	p, err := n.release()
	if p != nil {
		p.kill()
	}
	return err
}

// release saves what the node would lose and gives its process away, if it
// has one.
func (n *Node) release() (*process, error) {
	p := n.process
	if p == nil {
		return nil, nil
	}
	n.process = nil
	defer n.rpc.Close()
	if n.kind.save == nil {
		return p, nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), stopLimit)
	defer cancel()
	if err := n.kind.save(ctx, n); err != nil {
		return p, fmt.Errorf("testnodes: save the chain of %s: %w", n.Name, err)
	}
	return p, nil
}

// Restart stops the node if it runs, and starts it under the same URL with
// the same chain. (btcd forgets blocks off the best chain and all unconfirmed
// transactions, monerod and bitcoind nothing.)
func (n *Node) Restart(ctx context.Context) error {
	if err := n.Stop(); err != nil {
		return err
	}
	err := n.run(ctx)
	if err == nil && n.kind.load != nil {
		err = n.kind.load(ctx, n)
	}
	if err != nil {
		return fmt.Errorf("testnodes: restart %s: %w", n.Name, err)
	}
	return nil
}

// Close kills the node and removes its directory.
func (n *Node) Close() error {
	if n.process != nil {
		n.process.kill()
		n.process = nil
	}
	if n.rpc != nil {
		n.rpc.Close()
	}
	return os.RemoveAll(n.Dir)
}

// Log returns the last lines of the node's output.
func (n *Node) Log() string { return tail(filepath.Join(n.Dir, logName)) }

// listen sets the URL to a free port and makes up credentials.
func (n *Node) listen(path string) (port int, err error) {
	if port, err = freePort(); err != nil {
		return 0, err
	}
	n.URL = fmt.Sprintf("http://127.0.0.1:%d%s", port, path)
	return port, nil
}

func (n *Node) credentials() { n.User, n.Password = "test", rand.Text() }

func freePort() (int, error) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}
