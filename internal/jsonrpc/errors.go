package jsonrpc

import (
	"errors"
	"fmt"
	"net/http"
)

var (
	// ErrUnauthorized is wrapped when the server refuses our credentials.
	ErrUnauthorized = errors.New("jsonrpc: credentials refused")
	// ErrTooLarge is wrapped when an answer exceeds Config.MaxResponse.
	ErrTooLarge = errors.New("jsonrpc: response too large")
	// ErrMalformed is wrapped when an answer is no JSON-RPC response, or not
	// one to what was asked.
	ErrMalformed = errors.New("jsonrpc: malformed response")
)

// Error is the server's own answer that a call failed. Its codes are the
// server's: for bitcoind and btcd see rpcprotocol.h, where -28 says that the
// node is still starting.
type Error struct {
	Code    int64
	Message string
}

// Error implements error.
func (e *Error) Error() string { return fmt.Sprintf("server error %d: %s", e.Code, e.Message) }

// StatusError is an HTTP answer other than 200 that carries no JSON-RPC
// response. Body is the beginning of its text.
type StatusError struct {
	Status int
	Body   string
}

// Error implements error.
func (e *StatusError) Error() string {
	return fmt.Sprintf("HTTP status %d %s: %q", e.Status, http.StatusText(e.Status), e.Body)
}

// TransientError marks a failure that may pass by itself: the same request
// can succeed later.
type TransientError struct{ Err error }

// Error implements error.
func (e *TransientError) Error() string { return e.Err.Error() }

// Unwrap returns the failure itself.
func (e *TransientError) Unwrap() error { return e.Err }

// IsTransient tells whether err is marked by a TransientError. An ended
// context is not transient.
func IsTransient(err error) bool {
	_, ok := errors.AsType[*TransientError](err)
	return ok
}
