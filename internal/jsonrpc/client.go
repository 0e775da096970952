package jsonrpc

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Config says where a node is and how to reach it.
type Config struct {
	// URL is the JSON-RPC endpoint, http or https, with its path:
	// "http://127.0.0.1:8332", "http://127.0.0.1:18081/json_rpc". A user and
	// password in it count as User and Password.
	URL string
	// User and Password are sent as basic authentication if User is set.
	User, Password string
	// Digest makes the password stay here: the server gets hashes of it and of
	// the request (RFC 7616), as monerod wants it, and never the password.
	Digest bool
	// CookieFile is bitcoind's .cookie file. It is used instead of User and
	// Password, and read again when the server refuses what it said before.
	CookieFile string
	// TLS is the configuration for https. Nil trusts the system's roots.
	TLS *tls.Config
	// Transport replaces the HTTP transport, and with it TLS. The default one
	// goes straight to the node: proxies of the environment are not used.
	Transport http.RoundTripper
	// Timeout limits one attempt, its answer included. Zero is 30 seconds.
	Timeout time.Duration
	// MaxResponse limits an answer, in bytes. Zero is 64 MiB.
	MaxResponse int64
	// Attempts is how often a request is sent before its transient failure is
	// returned. Zero is 4.
	Attempts int
	// Backoff is the longest first pause between attempts; it doubles with
	// each further one up to MaxBackoff. Pauses are drawn evenly from zero to
	// these bounds. Zero is 100 milliseconds and 5 seconds.
	Backoff, MaxBackoff time.Duration
}

// Client sends requests to one node. It is safe for concurrent use.
type Client struct {
	base   *url.URL
	http   *http.Client
	auth   *auth
	lanes  *lanes // for digest authentication, or nil
	config Config
}

// New returns a client. It does not connect yet.
func New(config Config) (*Client, error) {
	base, err := url.Parse(config.URL)
	if err != nil {
		return nil, errors.New("jsonrpc: the URL does not parse") // its error would show a password
	}
	if base.Scheme != "http" && base.Scheme != "https" || base.Host == "" {
		return nil, fmt.Errorf("jsonrpc: %q is no http or https URL", base.Redacted())
	}
	if base.User != nil && config.User == "" {
		config.User = base.User.Username()
		config.Password, _ = base.User.Password()
	}
	base.User = nil
	if config.Digest && (config.User == "" || strings.Contains(config.User, ":") || !isPlain(config.User)) {
		return nil, errors.New("jsonrpc: the user's name does not do for digest authentication")
	}
	setDefault(&config.Timeout, 30*time.Second)
	setDefault(&config.MaxResponse, 64<<20)
	setDefault(&config.Attempts, 4)
	setDefault(&config.Backoff, 100*time.Millisecond)
	setDefault(&config.MaxBackoff, 5*time.Second)
	c := &Client{
		base:   base,
		http:   newHTTP(config),
		auth:   &auth{user: config.User, password: config.Password, file: config.CookieFile},
		config: config,
	}
	if config.Digest {
		c.lanes = &lanes{make: func() *http.Client { return newHTTP(config) }}
	}
	return c, nil
}

// newHTTP returns a client with connections of its own, unless the transport
// is given.
func newHTTP(config Config) *http.Client {
	transport := config.Transport
	if transport == nil {
		own := &http.Transport{
			TLSClientConfig:     config.TLS,
			DisableCompression:  true,
			MaxIdleConnsPerHost: 16,
			IdleConnTimeout:     20 * time.Second, // bitcoind drops idle connections after 30
		}
		if config.Digest {
			own.MaxConnsPerHost = 1 // the lane's
		}
		transport = own
	}
	return &http.Client{
		Transport: transport,
		// A redirect would send the credentials elsewhere.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

func setDefault[T ~int | ~int64](v *T, value T) {
	if *v <= 0 {
		*v = value
	}
}

// Limited returns a client for the same server, over the same connections,
// with another limit on the size of an answer, in bytes, and on the time for
// it. Zero leaves a limit as it is.
func (c *Client) Limited(maxResponse int64, timeout time.Duration) *Client {
	limited := *c
	if maxResponse > 0 {
		limited.config.MaxResponse = maxResponse
	}
	if timeout > 0 {
		limited.config.Timeout = timeout
	}
	return &limited
}

// Close closes idle connections.
func (c *Client) Close() {
	c.http.CloseIdleConnections()
	if c.lanes != nil {
		c.lanes.close()
	}
}

// request is a JSON-RPC request. Without parameters the member is left out,
// which every node takes.
type request struct {
	Version string `json:"jsonrpc"`
	ID      int    `json:"id"`
	Method  string `json:"method"`
	Params  any    `json:"params,omitempty"`
}

// Call calls a method and decodes its result into the pointer result, which
// may be nil. Params is a slice, a struct or map, or nil for none. If the
// server answered with an error it is an *Error.
func (c *Client) Call(ctx context.Context, method string, params, result any) error {
	if err := c.call(ctx, method, params, result); err != nil {
		return fmt.Errorf("jsonrpc: %s: %w", method, err)
	}
	return nil
}

func (c *Client) call(ctx context.Context, method string, params, result any) error {
	body, err := json.Marshal(request{Version: "2.0", Method: method, Params: params})
	if err != nil {
		return fmt.Errorf("encode request: %w", err)
	}
	data, err := c.exchange(ctx, message{method: http.MethodPost, url: c.base, contentType: "application/json", body: body, rpc: true})
	if err != nil {
		return err
	}
	s := &scanner{data: data}
	r, err := s.response()
	if err != nil {
		return err
	}
	if err := s.end(); err != nil {
		return err
	}
	// A server that could not read the request answers without its id.
	if err := r.failure(); err != nil {
		return err
	}
	if id, ok := r.number(); !ok || id != 0 {
		return fmt.Errorf("%w: id %.20q is not the request's", ErrMalformed, r.id)
	}
	return r.decode(result)
}

// number returns the id of a response to one of our requests.
func (r response) number() (int, bool) {
	id, err := strconv.Atoi(string(bytes.Trim(r.id, `"`)))
	return id, err == nil
}

// Request is one call of a batch. Batch fills in Err and what Result points
// to.
type Request struct {
	Method string
	Params any // as for Call
	Result any // as for Call
	Err    error
}

// Batch sends all requests at once. Its error says that the batch as a whole
// failed; otherwise each request has its own outcome in Err. (monerod takes no
// batches.)
func (c *Client) Batch(ctx context.Context, requests []Request) error {
	if len(requests) == 0 {
		return nil
	}
	if err := c.batch(ctx, requests); err != nil {
		return fmt.Errorf("jsonrpc: batch of %d, first %s: %w", len(requests), requests[0].Method, err)
	}
	return nil
}

func (c *Client) batch(ctx context.Context, requests []Request) error {
	calls := make([]request, len(requests))
	for i, r := range requests {
		calls[i] = request{Version: "2.0", ID: i, Method: r.Method, Params: r.Params}
	}
	body, err := json.Marshal(calls)
	if err != nil {
		return fmt.Errorf("encode requests: %w", err)
	}
	data, err := c.exchange(ctx, message{method: http.MethodPost, url: c.base, contentType: "application/json", body: body, rpc: true})
	if err != nil {
		return err
	}
	answers, err := match(data, len(requests))
	if err != nil {
		return err
	}
	for i := range requests {
		r := &requests[i]
		if r.Err = answers[i].failure(); r.Err == nil {
			r.Err = answers[i].decode(r.Result)
		}
		if r.Err != nil {
			r.Err = fmt.Errorf("jsonrpc: %s: %w", r.Method, r.Err)
		}
	}
	return nil
}

// match takes the answer to a batch of n apart and orders the responses by
// the requests, each of which has exactly one.
func match(data []byte, n int) ([]response, error) {
	s := &scanner{data: data}
	if s.next() == '{' { // the batch was refused as a whole
		r, err := s.response()
		if err != nil {
			return nil, err
		}
		if err := r.failure(); err != nil {
			return nil, err
		}
		return nil, fmt.Errorf("%w: one response to a batch", ErrMalformed)
	}
	all, err := s.responses(n)
	if err != nil {
		return nil, err
	}
	if err := s.end(); err != nil {
		return nil, err
	}
	if len(all) != n {
		return nil, fmt.Errorf("%w: %d responses to %d requests", ErrMalformed, len(all), n)
	}
	ordered := make([]response, n)
	for _, r := range all {
		id, ok := r.number()
		if !ok || id < 0 || id >= n || ordered[id].id != nil {
			return nil, fmt.Errorf("%w: id %.20q is not a request's or repeated", ErrMalformed, r.id)
		}
		ordered[id] = r
	}
	return ordered, nil
}

// Get fetches a path of the server, such as "/rest/chaininfo.json". An answer
// other than 200 is a *StatusError.
func (c *Client) Get(ctx context.Context, path string) ([]byte, error) {
	return c.plain(ctx, message{method: http.MethodGet}, path)
}

// Post sends a body to a path of the server, such as "/get_transactions". An
// answer other than 200 is a *StatusError.
func (c *Client) Post(ctx context.Context, path, contentType string, body []byte) ([]byte, error) {
	return c.plain(ctx, message{method: http.MethodPost, contentType: contentType, body: body}, path)
}

func (c *Client) plain(ctx context.Context, m message, path string) ([]byte, error) {
	ref, err := url.Parse(path)
	if err != nil || ref.Host != "" || ref.Scheme != "" {
		return nil, fmt.Errorf("jsonrpc: %q is no path", path)
	}
	m.url = c.base.ResolveReference(ref)
	data, err := c.exchange(ctx, m)
	if err != nil {
		return nil, fmt.Errorf("jsonrpc: %s: %w", path, err)
	}
	return data, nil
}
