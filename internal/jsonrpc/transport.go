package jsonrpc

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"time"
)

// message is one HTTP request.
type message struct {
	method      string
	url         *url.URL
	contentType string
	body        []byte
	rpc         bool // an answer of any status that is a JSON-RPC error counts
}

// exchange sends a message until there is an answer or a failure that is not
// transient, or the attempts are used up.
func (c *Client) exchange(ctx context.Context, m message) ([]byte, error) {
	for attempt := 1; ; attempt++ {
		data, err := c.authorised(ctx, m)
		if err == nil {
			return data, nil
		}
		if ctx.Err() != nil {
			return nil, fmt.Errorf("%w (last: %v)", context.Cause(ctx), err)
		}
		if attempt >= c.config.Attempts || !IsTransient(err) {
			return nil, err
		}
		timer := time.NewTimer(c.pause(attempt))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return nil, fmt.Errorf("%w (last: %v)", context.Cause(ctx), err)
		}
	}
}

// pause draws the time to wait after the given attempt, the first being 1.
func (c *Client) pause(attempt int) time.Duration {
	bound := c.config.Backoff
	for ; attempt > 1 && bound < c.config.MaxBackoff; attempt-- {
		bound *= 2
	}
	return rand.N(min(bound, c.config.MaxBackoff) + 1)
}

// authorised sends a message once, and once more if the server refused a
// cookie that has changed since.
func (c *Client) authorised(ctx context.Context, m message) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, c.config.Timeout)
	defer cancel()
	if c.lanes != nil {
		return c.digested(ctx, m)
	}
	credentials, err := c.auth.current()
	if err != nil {
		return nil, err
	}
	data, _, err := c.send(ctx, c.http, m, credentials.basic())
	if !errors.Is(err, ErrUnauthorized) {
		return data, err
	}
	again, changed, rerr := c.auth.refresh(credentials)
	if rerr != nil {
		return nil, rerr
	}
	if !changed {
		return nil, err
	}
	data, _, err = c.send(ctx, c.http, m, again.basic())
	return data, err
}

// send sends a message once, with the header for its authorization if that is
// not empty. With ErrUnauthorized come the headers that say what the server
// wants.
func (c *Client) send(ctx context.Context, client *http.Client, m message, authorization string) (_ []byte, wanted []string, err error) {
	r, err := http.NewRequestWithContext(ctx, m.method, m.url.String(), bytes.NewReader(m.body))
	if err != nil {
		return nil, nil, fmt.Errorf("make request: %w", err)
	}
	if m.contentType != "" {
		r.Header.Set("Content-Type", m.contentType)
	}
	if authorization != "" {
		r.Header.Set("Authorization", authorization)
	}
	resp, err := client.Do(r)
	if err != nil {
		if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
			return nil, nil, err
		}
		return nil, nil, &TransientError{err}
	}
	defer resp.Body.Close()
	data, err := c.read(resp)
	if err != nil {
		return nil, nil, err
	}
	return data, resp.Header.Values("WWW-Authenticate"), m.judge(resp.StatusCode, data)
}

// read reads the whole body of an answer.
func (c *Client) read(resp *http.Response) ([]byte, error) {
	limit := c.config.MaxResponse
	if resp.ContentLength > limit {
		return nil, fmt.Errorf("%w: %d bytes, limit %d", ErrTooLarge, resp.ContentLength, limit)
	}
	var buffer bytes.Buffer
	if resp.ContentLength > 0 {
		// One read beyond the end must fit, or the buffer would grow for it.
		buffer.Grow(int(resp.ContentLength) + bytes.MinRead)
	}
	n, err := buffer.ReadFrom(io.LimitReader(resp.Body, limit+1))
	if err != nil {
		return nil, &TransientError{fmt.Errorf("read response: %w", err)}
	}
	if n > limit {
		return nil, fmt.Errorf("%w: limit %d bytes", ErrTooLarge, limit)
	}
	return buffer.Bytes(), nil
}

// judge decides whether an answer counts as one.
func (m message) judge(status int, data []byte) error {
	switch status {
	case http.StatusOK:
		if m.rpc && len(bytes.TrimSpace(data)) == 0 {
			// btcd answers so while it shuts down.
			return &TransientError{fmt.Errorf("%w: empty", ErrMalformed)}
		}
		return nil
	case http.StatusUnauthorized, http.StatusForbidden:
		return fmt.Errorf("%w (HTTP status %d)", ErrUnauthorized, status)
	}
	err := &StatusError{Status: status, Body: string(data[:min(len(data), 200)])}
	switch status {
	case http.StatusRequestTimeout, http.StatusTooManyRequests,
		http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		// 503 is bitcoind's full work queue: the call was not executed.
		return &TransientError{err}
	}
	if m.rpc {
		// bitcoind gives a failed call a status too: 404 for an unknown
		// method, 400 for a bad request, else 500.
		s := &scanner{data: data}
		if r, e := s.response(); e == nil {
			if answer, ok := errors.AsType[*Error](r.failure()); ok {
				return answer
			}
		}
	}
	if status == http.StatusInternalServerError {
		return &TransientError{err}
	}
	return err
}
