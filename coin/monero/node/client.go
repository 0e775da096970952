package node

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"sync/atomic"
	"time"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/internal/jsonrpc"
)

// Codes of a node's errors.
const (
	codeTooBig   = -2 // no such block number
	codeInternal = -5 // no such block ID, no such output
)

// Limits of answers, in bytes.
const (
	maxSmall = 1 << 20
	maxLarge = 64 << 20
	// maxBulk is more than the 100 MiB, and one block, at which nodes end an
	// answer of many blocks.
	maxBulk = 160 << 20
)

// Config says how to reach a node.
type Config struct {
	// URL is where the node is, http or https, without a path.
	URL string
	// User and Password are for digest authentication (--rpc-login).
	User, Password string
	// TLS is the configuration for https. Nil trusts the system's roots.
	TLS *tls.Config
	// Transport replaces the HTTP transport, and with it TLS.
	Transport http.RoundTripper
	// Timeout limits one attempt, its answer included. Zero is 30 seconds.
	// Requests for many blocks have four times as much.
	Timeout time.Duration
	// Attempts is how often a request is sent before its transient failure is
	// returned. Zero is 4.
	Attempts int
	// Parallel is how many requests for many blocks are sent at once. Zero is
	// 3.
	Parallel int
	// Span is how many blocks are asked for with one request, at most
	// MaxSpan. Nodes before 0.18.4.3 send MaxSpan whatever they are asked.
	// Zero is 100.
	Span int
}

// MaxSpan is how many blocks nodes send with one answer at most.
const MaxSpan = 1000

const (
	defaultTimeout  = 30 * time.Second
	defaultParallel = 3
	defaultSpan     = 100
)

// Client is a connection to a node. It is for concurrent use.
type Client struct {
	small, large, bulk *jsonrpc.Client
	parallel           int
	// span is how many blocks come with one request.
	span atomic.Int64
	// single tells that the node takes no requests for many blocks.
	single bool
}

func newClient(config Config) (*Client, error) {
	base, err := url.Parse(config.URL)
	if err != nil {
		return nil, errors.New("node: the URL does not parse") // its error would show a password
	}
	if base.Path != "" && base.Path != "/" || base.RawQuery != "" || base.User != nil {
		return nil, fmt.Errorf("node: %q has more than a host", base.Redacted())
	}
	base.Path = "/json_rpc"
	if config.Timeout <= 0 {
		config.Timeout = defaultTimeout
	}
	rpc, err := jsonrpc.New(jsonrpc.Config{
		URL: base.String(), User: config.User, Password: config.Password, Digest: config.User != "",
		TLS: config.TLS, Transport: config.Transport, Timeout: config.Timeout, Attempts: config.Attempts, MaxResponse: maxLarge,
	})
	if err != nil {
		return nil, fmt.Errorf("node: %w", err)
	}
	c := &Client{
		small: rpc.Limited(maxSmall, 0), large: rpc, bulk: rpc.Limited(maxBulk, 4*config.Timeout),
		parallel: defaultParallel,
	}
	if config.Parallel > 0 {
		c.parallel = config.Parallel
	}
	c.span.Store(defaultSpan)
	if config.Span > 0 {
		c.span.Store(int64(min(config.Span, MaxSpan)))
	}
	return c, nil
}

// Close closes idle connections.
func (c *Client) Close() { c.large.Close() }

// state is what every answer has.
type state struct {
	Status string `json:"status"`
}

// The states of answers.
const (
	stateFine = "OK"
	stateBusy = "BUSY"
)

// errFailed says that the node answered that it could not do what was asked.
var errFailed = errors.New("the node says")

// check returns an error if the answer is that there is none.
func (s state) check() error {
	switch s.Status {
	case stateFine:
		return nil
	case stateBusy:
		return fmt.Errorf("%w: the node is busy", coin.ErrTransient)
	case "":
		return lie("status", "is missing")
	}
	return fmt.Errorf("%w: %w %.100q", coin.ErrTransient, errFailed, s.Status)
}

func (s state) current() state { return s }

// answer is a pointer to what a node answers.
type answer interface{ current() state }

// call calls a method of JSON-RPC.
func call(ctx context.Context, rpc *jsonrpc.Client, method string, params any, result answer, notFound ...int64) error {
	err := classify(rpc.Call(ctx, method, params, result), notFound...)
	if err == nil {
		err = result.current().check()
	}
	if err != nil {
		return fmt.Errorf("%s: %w", method, err)
	}
	return nil
}

// post calls one of the methods with a path of their own that speak JSON.
func post(ctx context.Context, rpc *jsonrpc.Client, path string, params any, result answer) error {
	body, err := json.Marshal(params)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	data, err := rpc.Post(ctx, path, "application/json", body)
	if err != nil {
		return classify(err)
	}
	if err := json.Unmarshal(data, result); err != nil {
		return fmt.Errorf("%s: %w: %w", path, coin.ErrInvalid, err)
	}
	if err := result.current().check(); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// lie says that a field of an answer cannot be true.
func lie(field, format string, args ...any) error {
	return fmt.Errorf("%w: %s %w", coin.ErrInvalid, field, fmt.Errorf(format, args...))
}

// classify says what an error of a call means: coin.ErrNotFound if the node
// answered with one of the codes given; coin.ErrTransient if it could not be
// asked, is not ready or in trouble of its own; coin.ErrInvalid if the answer
// made no sense. What has to do with the configuration (refused credentials,
// a wrong path) stays as it is.
func classify(err error, notFound ...int64) error {
	if err == nil {
		return nil
	}
	answer, answered := errors.AsType[*jsonrpc.Error](err)
	_, status := errors.AsType[*jsonrpc.StatusError](err)
	switch {
	case answered && slices.Contains(notFound, answer.Code):
		return fmt.Errorf("%w: %w", coin.ErrNotFound, err)
	case answered || jsonrpc.IsTransient(err) || status:
		return fmt.Errorf("%w: %w", coin.ErrTransient, err)
	case errors.Is(err, jsonrpc.ErrMalformed), errors.Is(err, jsonrpc.ErrTooLarge):
		return fmt.Errorf("%w: %w", coin.ErrInvalid, err)
	}
	return err
}
