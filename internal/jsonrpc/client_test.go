package jsonrpc

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// serve starts a server that answers every request with status and body, and
// a client of it.
func serve(t *testing.T, status int, body string) *Client {
	return serveFunc(t, Config{Attempts: 1}, func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(status)
		io.WriteString(w, body)
	})
}

func serveFunc(t *testing.T, config Config, handler http.HandlerFunc) *Client {
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	config.URL = server.URL
	c, err := New(config)
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

func TestCallSendsOneRequest(t *testing.T) {
	c := serveFunc(t, Config{User: "u", Password: "p:w"}, func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		body, _ := io.ReadAll(r.Body)
		var text string
		if r.Method == http.MethodPost && r.Header.Get("Content-Type") == "application/json" {
			text = user + "|" + password + "|" + string(body)
		}
		json.NewEncoder(w).Encode(map[string]any{"result": text, "error": nil, "id": 0})
	})
	var got string
	require.NoError(t, c.Call(t.Context(), "getblock", []any{"00ff", 0}, &got))
	require.Equal(t, `u|p:w|{"jsonrpc":"2.0","id":0,"method":"getblock","params":["00ff",0]}`, got)
	require.NoError(t, c.Call(t.Context(), "stop", nil, &got))
	require.Equal(t, `u|p:w|{"jsonrpc":"2.0","id":0,"method":"stop"}`, got, "no parameters, no member")
}

func TestCallOutcomes(t *testing.T) {
	for name, test := range map[string]struct {
		status    int
		body      string
		want      string // result
		target    error
		code      int64
		httpError int
		transient bool
	}{
		"result":              {status: 200, body: `{"result":"x","error":null,"id":0}`, want: "x"},
		"version 2":           {status: 200, body: ` {"jsonrpc":"2.0", "id" : 0 , "result" : "x"} ` + "\n", want: "x"},
		"string id":           {status: 200, body: `{"result":"x","id":"0"}`, want: "x"},
		"other members":       {status: 200, body: `{"z":[{"a":"]}"},1],"result":"x","id":0,"q":"\\\""}`, want: "x"},
		"null result":         {status: 200, body: `{"result":null,"error":null,"id":0}`},
		"error, status 200":   {status: 200, body: `{"error":{"code":-5,"message":"m"},"id":0}`, code: -5},
		"error, status 500":   {status: 500, body: `{"result":null,"error":{"code":-8,"message":"m"},"id":0}`, code: -8},
		"error, status 404":   {status: 404, body: `{"result":null,"error":{"code":-32601,"message":"m"},"id":0}`, code: -32601},
		"error, no id":        {status: 500, body: `{"result":null,"error":{"code":-32700,"message":"m"},"id":null}`, code: -32700},
		"error, no message":   {status: 200, body: `{"error":{"code":-1},"id":0}`, code: -1},
		"error, no code":      {status: 200, body: `{"error":{"message":"m"},"id":0}`, target: ErrMalformed},
		"error, a string":     {status: 200, body: `{"error":"m","id":0}`, target: ErrMalformed},
		"status 401":          {status: 401, body: ``, target: ErrUnauthorized},
		"status 403":          {status: 403, body: ``, target: ErrUnauthorized},
		"status 500, text":    {status: 500, body: `oops`, httpError: 500, transient: true},
		"status 503":          {status: 503, body: "Work queue depth exceeded\n", httpError: 503, transient: true},
		"status 429":          {status: 429, httpError: 429, transient: true},
		"status 404, text":    {status: 404, body: `not here`, httpError: 404},
		"redirect":            {status: 302, body: ``, httpError: 302},
		"empty":               {status: 200, body: "", target: ErrMalformed, transient: true},
		"cut in the envelope": {status: 200, body: `{"result":"x","id"`, target: ErrMalformed, transient: true},
		"cut in the result":   {status: 200, body: `{"result":"x`, target: ErrMalformed, transient: true},
		"no object":           {status: 200, body: `<html>`, target: ErrMalformed},
		"an array":            {status: 200, body: `[{"result":"x","id":0}]`, target: ErrMalformed},
		"trailing bytes":      {status: 200, body: `{"result":"x","id":0}{}`, target: ErrMalformed},
		"repeated member":     {status: 200, body: `{"result":"x","result":"y","id":0}`, target: ErrMalformed},
		"nothing":             {status: 200, body: `{"id":0}`, target: ErrMalformed},
		"empty object":        {status: 200, body: `{}`, target: ErrMalformed},
		"no id":               {status: 200, body: `{"result":"x"}`, target: ErrMalformed},
		"other id":            {status: 200, body: `{"result":"x","id":1}`, target: ErrMalformed},
		"wrong type":          {status: 200, body: `{"result":1,"id":0}`, target: ErrMalformed},
		"broken result":       {status: 200, body: `{"result":{"a"]},"id":0}`, target: ErrMalformed},
		"missing value":       {status: 200, body: `{"result":,"id":0}`, target: ErrMalformed},
		"missing comma":       {status: 200, body: `{"result":"x" "id":0}`, target: ErrMalformed},
		"missing colon":       {status: 200, body: `{"result" "x"}`, target: ErrMalformed},
		"nameless":            {status: 200, body: `{1:2}`, target: ErrMalformed},
		"closed":              {status: 200, body: `{"result":]`, target: ErrMalformed},
	} {
		t.Run(name, func(t *testing.T) {
			c := serve(t, test.status, test.body)
			var got string
			err := c.Call(t.Context(), "m", nil, &got)
			require.Equal(t, test.transient, IsTransient(err), "%v", err)
			switch {
			case test.target != nil:
				require.ErrorIs(t, err, test.target)
			case test.code != 0:
				answer, ok := errors.AsType[*Error](err)
				require.True(t, ok, "%v", err)
				require.Equal(t, test.code, answer.Code)
			case test.httpError != 0:
				status, ok := errors.AsType[*StatusError](err)
				require.True(t, ok, "%v", err)
				require.Equal(t, test.httpError, status.Status)
				require.Equal(t, test.body, status.Body)
			default:
				require.NoError(t, err)
				require.Equal(t, test.want, got)
			}
		})
	}
}

func TestErrorTexts(t *testing.T) {
	err := serve(t, 200, `{"error":{"code":-5,"message":"No such block"},"id":0}`).Call(t.Context(), "getblock", nil, nil)
	require.EqualError(t, err, "jsonrpc: getblock: server error -5: No such block")
	err = serve(t, 503, "busy").Call(t.Context(), "getblock", nil, nil)
	require.EqualError(t, err, `jsonrpc: getblock: HTTP status 503 Service Unavailable: "busy"`)
}

func TestResultMayBeIgnoredButMustBeJSON(t *testing.T) {
	require.NoError(t, serve(t, 200, `{"result":{"a":1},"id":0}`).Call(t.Context(), "m", nil, nil))
	err := serve(t, 200, `{"result":tru,"id":0}`).Call(t.Context(), "m", nil, nil)
	require.ErrorIs(t, err, ErrMalformed)
}

func TestHex(t *testing.T) {
	var h Hex
	require.NoError(t, serve(t, 200, `{"result":"00FFab","id":0}`).Call(t.Context(), "m", nil, &h))
	require.Equal(t, Hex{0, 0xff, 0xab}, h)
	out, err := json.Marshal(map[string]Hex{"h": h})
	require.NoError(t, err)
	require.JSONEq(t, `{"h":"00ffab"}`, string(out))
	for _, bad := range []string{`null`, `"0"`, `"0g"`, `12`, `["00"]`, `"\u0030\u0030"`} {
		err := serve(t, 200, `{"result":`+bad+`,"id":0}`).Call(t.Context(), "m", nil, &h)
		require.ErrorIs(t, err, ErrMalformed, bad)
	}
}

func TestBatchMatchesAnswersByID(t *testing.T) {
	c := serveFunc(t, Config{}, func(w http.ResponseWriter, r *http.Request) {
		var requests []struct {
			ID     int
			Method string
			Params []int
		}
		if json.NewDecoder(r.Body).Decode(&requests) != nil {
			return
		}
		var answers []map[string]any
		for _, r := range requests {
			answer := map[string]any{"id": r.ID, "result": r.Params[0] * 2}
			if r.Method == "fail" {
				answer = map[string]any{"id": r.ID, "error": map[string]any{"code": r.Params[0], "message": "no"}}
			}
			answers = append(answers, answer)
		}
		slices.Reverse(answers)
		json.NewEncoder(w).Encode(answers)
	})
	var results [3]int
	var text string
	batch := []Request{
		{Method: "double", Params: []int{1}, Result: &results[0]},
		{Method: "fail", Params: []int{-7}},
		{Method: "double", Params: []int{4}, Result: &results[2]},
		{Method: "double", Params: []int{4}, Result: &text},
	}
	require.NoError(t, c.Batch(t.Context(), batch))
	require.Equal(t, [3]int{2, 0, 8}, results)
	require.NoError(t, batch[0].Err)
	answer, ok := errors.AsType[*Error](batch[1].Err)
	require.True(t, ok)
	require.EqualValues(t, -7, answer.Code)
	require.ErrorIs(t, batch[3].Err, ErrMalformed, "a number is no text")
	require.NoError(t, c.Batch(t.Context(), nil), "nothing to ask")
}

func TestBatchRefusesAnswersToSomethingElse(t *testing.T) {
	for name, body := range map[string]string{
		"one missing":   `[{"id":0,"result":1}]`,
		"one too many":  `[{"id":0,"result":1},{"id":1,"result":1},{"id":2,"result":1}]`,
		"repeated":      `[{"id":0,"result":1},{"id":0,"result":1}]`,
		"unknown id":    `[{"id":0,"result":1},{"id":2,"result":1}]`,
		"negative id":   `[{"id":0,"result":1},{"id":-1,"result":1}]`,
		"no id":         `[{"id":0,"result":1},{"result":1}]`,
		"none":          `[]`,
		"single result": `{"id":0,"result":1}`,
		"no array":      `"x"`,
		"no comma":      `[{"id":0,"result":1} {"id":1,"result":1}]`,
		"trailing":      `[{"id":0,"result":1},{"id":1,"result":1}]]`,
	} {
		t.Run(name, func(t *testing.T) {
			err := serve(t, 200, body).Batch(t.Context(), []Request{{Method: "a"}, {Method: "b"}})
			require.ErrorIs(t, err, ErrMalformed)
		})
	}
	err := serve(t, 200, `{"id":null,"error":{"code":-32700,"message":"Parse error"}}`).Batch(t.Context(), []Request{{Method: "a"}})
	_, ok := errors.AsType[*Error](err)
	require.True(t, ok, "%v", err)
}

func TestResponseLimit(t *testing.T) {
	body := `{"id":0,"result":"` + strings.Repeat("x", 100) + `"}`
	for name, handler := range map[string]http.HandlerFunc{
		"with length": func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, body) },
		"without": func(w http.ResponseWriter, r *http.Request) {
			io.WriteString(w, body[:10])
			w.(http.Flusher).Flush()
			io.WriteString(w, body[10:])
		},
	} {
		t.Run(name, func(t *testing.T) {
			require.NoError(t, serveFunc(t, Config{MaxResponse: int64(len(body))}, handler).Call(t.Context(), "m", nil, nil))
			err := serveFunc(t, Config{MaxResponse: int64(len(body)) - 1}, handler).Call(t.Context(), "m", nil, nil)
			require.ErrorIs(t, err, ErrTooLarge)
			require.False(t, IsTransient(err))
		})
	}
}

func TestCookieIsReadAgainWhenRefused(t *testing.T) {
	file := filepath.Join(t.TempDir(), ".cookie")
	var valid atomic.Value
	valid.Store("one")
	var requests atomic.Int32
	c := serveFunc(t, Config{CookieFile: file, Attempts: 1}, func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		if user, password, _ := r.BasicAuth(); user != "__cookie__" || password != valid.Load() {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		io.WriteString(w, `{"id":0,"result":1}`)
	})
	call := func() error { return c.Call(t.Context(), "m", nil, nil) }

	require.True(t, IsTransient(call()), "no file: the node is not up")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	require.True(t, IsTransient(call()), "empty file: the node is starting")
	require.Zero(t, requests.Load())
	require.NoError(t, os.WriteFile(file, []byte("__cookie__:one\n"), 0o600))
	require.NoError(t, call())

	valid.Store("two")
	requests.Store(0)
	err := call()
	require.ErrorIs(t, err, ErrUnauthorized)
	require.False(t, IsTransient(err))
	require.EqualValues(t, 1, requests.Load(), "an unchanged cookie is not tried again")
	require.NoError(t, os.WriteFile(file, []byte("__cookie__:two"), 0o600))
	requests.Store(0)
	require.NoError(t, call())
	require.EqualValues(t, 2, requests.Load())

	valid.Store("three")
	require.NoError(t, os.Remove(file))
	require.True(t, IsTransient(call()), "the node is restarting")
}

func TestPlainRequests(t *testing.T) {
	c := serveFunc(t, Config{Attempts: 1}, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if r.URL.Path == "/missing" {
			http.NotFound(w, r)
			return
		}
		fmt.Fprintf(w, "%s %s %s %s", r.Method, r.URL, r.Header.Get("Content-Type"), body)
	})
	got, err := c.Get(t.Context(), "/rest/block/00.bin?x=1")
	require.NoError(t, err)
	require.Equal(t, "GET /rest/block/00.bin?x=1  ", string(got))
	got, err = c.Post(t.Context(), "/get_blocks.bin", "application/octet-stream", []byte("b"))
	require.NoError(t, err)
	require.Equal(t, "POST /get_blocks.bin application/octet-stream b", string(got))
	got, err = c.Post(t.Context(), "/empty", "", nil)
	require.NoError(t, err)
	require.Equal(t, "POST /empty  ", string(got))
	_, err = c.Get(t.Context(), "/missing")
	status, ok := errors.AsType[*StatusError](err)
	require.True(t, ok)
	require.Equal(t, 404, status.Status)
	_, err = c.Get(t.Context(), "http://example.org/")
	require.ErrorContains(t, err, "no path")
}

func TestTLS(t *testing.T) {
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, `{"id":0,"result":1}`)
	}))
	defer server.Close()
	server.Config.ErrorLog = nil
	trusting, err := New(Config{URL: server.URL, TLS: server.Client().Transport.(*http.Transport).TLSClientConfig})
	require.NoError(t, err)
	defer trusting.Close()
	require.NoError(t, trusting.Call(t.Context(), "m", nil, nil))

	strict, err := New(Config{URL: server.URL})
	require.NoError(t, err)
	defer strict.Close()
	err = strict.Call(t.Context(), "m", nil, nil)
	require.Error(t, err)
	require.False(t, IsTransient(err), "an unknown certificate stays unknown")
}

func TestNewRefusesBadURLs(t *testing.T) {
	for _, bad := range []string{"", "127.0.0.1:8332", "ftp://a", "http://", "http://u:secret@a:b:c"} {
		_, err := New(Config{URL: bad})
		require.Error(t, err, bad)
		require.NotContains(t, err.Error(), "secret")
	}
	c, err := New(Config{URL: "http://u:p@127.0.0.1:1"})
	require.NoError(t, err)
	a, err := c.auth.current()
	require.NoError(t, err)
	require.Equal(t, credentials{"u", "p"}, a)
	require.Equal(t, "http://127.0.0.1:1", c.base.String())
}

func TestEndedContextIsNotTransient(t *testing.T) {
	held := make(chan struct{})
	c := serveFunc(t, Config{}, func(w http.ResponseWriter, r *http.Request) { <-held })
	t.Cleanup(func() { close(held) })
	ctx, cancel := context.WithCancel(t.Context())
	stop := time.AfterFunc(0, cancel)
	defer stop.Stop()
	err := c.Call(ctx, "m", nil, nil)
	require.ErrorIs(t, err, context.Canceled)
	require.False(t, IsTransient(err))
}
