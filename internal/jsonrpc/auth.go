package jsonrpc

import (
	"encoding/base64"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
)

// maxCookie limits what is read of a cookie file; bitcoind writes 75 bytes.
const maxCookie = 4096

type credentials struct{ user, password string }

// basic returns the header of basic authentication, empty without a user.
func (c credentials) basic() string {
	if c.user == "" {
		return ""
	}
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(c.user+":"+c.password))
}

// auth holds what a server is told, fixed or from a cookie file.
type auth struct {
	user, password string
	file           string

	mu     sync.Mutex
	cookie credentials // last read from file
}

// current returns the credentials to send.
func (a *auth) current() (credentials, error) {
	if a.file == "" {
		return credentials{a.user, a.password}, nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.cookie == (credentials{}) {
		if err := a.load(); err != nil {
			return credentials{}, err
		}
	}
	return a.cookie, nil
}

// refresh returns the credentials to send after the given ones were refused,
// and whether they differ.
func (a *auth) refresh(refused credentials) (credentials, bool, error) {
	if a.file == "" {
		return refused, false, nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.cookie == refused { // else another call has read it already
		if err := a.load(); err != nil {
			return refused, false, err
		}
	}
	return a.cookie, a.cookie != refused, nil
}

// load reads the cookie file. A node that is not running has none, or half of
// one while it starts, so failures are transient.
func (a *auth) load() error {
	f, err := os.Open(a.file)
	if err != nil {
		return &TransientError{fmt.Errorf("cookie file: %w", err)}
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxCookie))
	if err != nil {
		return &TransientError{fmt.Errorf("cookie file: %w", err)}
	}
	user, password, ok := strings.Cut(strings.TrimRight(string(data), "\r\n"), ":")
	if !ok || user == "" {
		return &TransientError{fmt.Errorf("cookie file %s holds no user and password", a.file)}
	}
	a.cookie = credentials{user, password}
	return nil
}
