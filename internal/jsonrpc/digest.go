package jsonrpc

import (
	"context"
	"crypto/md5"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"net/http"
	"strings"
	"sync"
)

// maxLanes is how many idle connections are kept.
const maxLanes = 16

// lane is a connection that one request uses at a time, and what the server
// asked there. monerod has a nonce for each connection and wants each request
// counted, without gaps, so a pool that picks any connection would not do.
type lane struct {
	http      *http.Client
	challenge challenge // zero until the server has sent one
	count     uint32    // of requests that answered the challenge
}

// lanes are those that no request uses.
type lanes struct {
	make func() *http.Client

	mu   sync.Mutex
	free []*lane
}

func (l *lanes) take() *lane {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := len(l.free)
	if n == 0 {
		return &lane{http: l.make()}
	}
	last := l.free[n-1]
	l.free = l.free[:n-1]
	return last
}

func (l *lanes) put(lane *lane) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.free) < maxLanes {
		l.free = append(l.free, lane)
		return
	}
	lane.http.CloseIdleConnections()
}

func (l *lanes) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, lane := range l.free {
		lane.http.CloseIdleConnections()
	}
	l.free = nil
}

// digested sends a message and answers what the server asks for. A challenge
// of before may have ended with its connection, so the first refusal says
// nothing; a second one does, unless the server calls the nonce stale.
func (c *Client) digested(ctx context.Context, m message) ([]byte, error) {
	l := c.lanes.take()
	defer c.lanes.put(l)
	for try := 1; ; try++ {
		var authorization string
		if l.challenge.nonce != "" {
			l.count++
			var err error
			authorization, err = l.challenge.authorize(c.auth.user, c.auth.password, m.method, m.url.RequestURI(), rand.Text(), l.count)
			if err != nil {
				return nil, err
			}
		}
		data, refused, err := c.send(ctx, l.http, m, authorization)
		if !errors.Is(err, ErrUnauthorized) {
			return data, err
		}
		next, ok := pick(refused)
		l.challenge, l.count = next, 0
		if !ok || try == 3 || try == 2 && !next.stale {
			return nil, err
		}
	}
}

// challenge is what a server asks for (RFC 7616). Of its forms only the one
// that counts requests and leaves bodies alone is taken, qop "auth", which all
// servers of today offer.
type challenge struct {
	realm, nonce, opaque string
	algorithm            string // as sent, empty for MD5
	stale                bool
}

// hash returns a new hash of the algorithm, or nil if it is not known.
func (c challenge) hash() hash.Hash {
	switch strings.ToUpper(c.algorithm) {
	case "", "MD5":
		return md5.New() // which monerod speaks
	case "SHA-256":
		return sha256.New()
	}
	return nil
}

// pick returns the first challenge among the headers that can be answered.
func pick(headers []string) (challenge, bool) {
	for _, header := range headers {
		if c, ok := parseChallenge(header); ok {
			return c, true
		}
	}
	return challenge{}, false
}

// parseChallenge reads one challenge, which fills the header.
func parseChallenge(header string) (c challenge, ok bool) {
	scheme, rest, _ := strings.Cut(header, " ")
	if !strings.EqualFold(scheme, "digest") {
		return c, false
	}
	auth := false
	for rest = strings.TrimLeft(rest, " ,"); rest != ""; rest = strings.TrimLeft(rest, " ,") {
		name, value, ok := "", "", false
		if name, value, rest, ok = parameter(rest); !ok {
			return c, false
		}
		switch strings.ToLower(name) {
		case "realm":
			c.realm = value
		case "nonce":
			c.nonce = value
		case "opaque":
			c.opaque = value
		case "algorithm":
			c.algorithm = value
		case "stale":
			c.stale = strings.EqualFold(value, "true")
		case "qop":
			for option := range strings.SplitSeq(value, ",") {
				auth = auth || strings.EqualFold(strings.TrimSpace(option), "auth")
			}
		}
	}
	return c, auth && c.nonce != "" && c.hash() != nil
}

// parameter cuts name=value or name="value" off. Values with escapes are
// refused, so that they can be sent back as they are.
func parameter(text string) (name, value, rest string, ok bool) {
	name, rest, ok = strings.Cut(text, "=")
	if !ok {
		return "", "", "", false
	}
	if quoted, isQuoted := strings.CutPrefix(rest, `"`); isQuoted {
		value, rest, ok = strings.Cut(quoted, `"`)
	} else {
		at := strings.IndexAny(rest, " ,")
		if at < 0 {
			at = len(rest)
		}
		value, rest = rest[:at], rest[at:]
	}
	return strings.TrimSpace(name), value, rest, ok && isPlain(value)
}

// isPlain tells whether a text can stand between quotes as it is.
func isPlain(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r < 0x20 || r == 0x7f || r == '"' || r == '\\' })
}

// authorize returns the header that answers the challenge, in the request
// with the given count.
func (c challenge) authorize(user, password, method, uri, cnonce string, count uint32) (string, error) {
	h := c.hash()
	if h == nil {
		return "", fmt.Errorf("%w: unknown algorithm %.20q", ErrUnauthorized, c.algorithm)
	}
	digest := func(parts ...string) string {
		h.Reset()
		h.Write([]byte(strings.Join(parts, ":")))
		return hex.EncodeToString(h.Sum(nil))
	}
	nc := fmt.Sprintf("%08x", count)
	response := digest(digest(user, c.realm, password), c.nonce, nc, cnonce, "auth", digest(method, uri))
	header := fmt.Sprintf(`Digest username="%s", realm="%s", nonce="%s", uri="%s", cnonce="%s", nc=%s, qop=auth, response="%s"`,
		user, c.realm, c.nonce, uri, cnonce, nc, response)
	if c.algorithm != "" {
		header += ", algorithm=" + c.algorithm
	}
	if c.opaque != "" {
		header += fmt.Sprintf(`, opaque="%s"`, c.opaque)
	}
	return header, nil
}
