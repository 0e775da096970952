package jsonrpc

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// script is a transport that plays one step after the other, the last one for
// ever, and notes when each was asked for.
type script struct {
	steps []func(*http.Request) (*http.Response, error)
	times []time.Time
}

func (s *script) RoundTrip(r *http.Request) (*http.Response, error) {
	s.times = append(s.times, time.Now())
	step := s.steps[0]
	if len(s.steps) > 1 {
		s.steps = s.steps[1:]
	}
	return step(r)
}

func answer(status int, body string) func(*http.Request) (*http.Response, error) {
	return func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: status, ContentLength: -1, Body: io.NopCloser(strings.NewReader(body))}, nil
	}
}

func refuse(*http.Request) (*http.Response, error) { return nil, errors.New("connection refused") }

func hang(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

// breakOff answers with a body that fails half way.
func breakOff(*http.Request) (*http.Response, error) {
	body := io.MultiReader(strings.NewReader(`{"id":0,`), errReader{})
	return &http.Response{StatusCode: 200, ContentLength: -1, Body: io.NopCloser(body)}, nil
}

type errReader struct{}

func (errReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

const fine = `{"id":0,"result":1}`

func scripted(t *testing.T, config Config, steps ...func(*http.Request) (*http.Response, error)) (*Client, *script) {
	s := &script{steps: steps}
	config.URL, config.Transport = "http://node", s
	c, err := New(config)
	require.NoError(t, err)
	return c, s
}

func TestOnlyWhatGotNoAnswerIsRepeated(t *testing.T) {
	for name, test := range map[string]struct {
		step     func(*http.Request) (*http.Response, error)
		repeated bool
	}{
		"refused connection": {refuse, true},
		"broken body":        {breakOff, true},
		"timeout":            {hang, true},
		"full work queue":    {answer(503, "Work queue depth exceeded"), true},
		"empty body":         {answer(200, ""), true},
		"server's error":     {answer(500, `{"id":0,"error":{"code":-1,"message":"no"}}`), false},
		"server starting":    {answer(500, `{"id":0,"error":{"code":-28,"message":"Loading block index"}}`), false},
		"refused password":   {answer(401, ""), false},
		"malformed answer":   {answer(200, "<html>"), false},
		"cut answer":         {answer(200, `{"id":0,"resu`), false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, s := scripted(t, Config{}, test.step, answer(200, fine))
				err := c.Call(t.Context(), "m", nil, nil)
				if test.repeated {
					require.NoError(t, err)
					require.Len(t, s.times, 2)
				} else {
					require.Error(t, err)
					require.Len(t, s.times, 1)
				}
			})
		})
	}
}

func TestBackoff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, s := scripted(t, Config{Attempts: 60, Backoff: time.Second, MaxBackoff: 10 * time.Second}, refuse)
		err := c.Call(t.Context(), "m", nil, nil)
		require.True(t, IsTransient(err))
		require.ErrorContains(t, err, "connection refused")
		require.Len(t, s.times, 60)

		bound, longest, total := time.Second, time.Duration(0), time.Duration(0)
		for i := 1; i < len(s.times); i++ {
			pause := s.times[i].Sub(s.times[i-1])
			require.LessOrEqual(t, pause, bound, "attempt %d", i)
			bound = min(2*bound, 10*time.Second)
			longest, total = max(longest, pause), total+pause
		}
		// Evenly drawn from 0 to 10 s, 55 times: these fail once in millions.
		require.Greater(t, longest, 7*time.Second)
		require.InDelta(t, 280, total.Seconds(), 130)
	})
}

func TestTimeoutLimitsEachAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, s := scripted(t, Config{Attempts: 3, Timeout: time.Minute, Backoff: 1, MaxBackoff: 1}, hang)
		start := time.Now()
		err := c.Call(t.Context(), "m", nil, nil)
		require.True(t, IsTransient(err))
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Len(t, s.times, 3)
		require.InDelta(t, 180, time.Since(start).Seconds(), 0.1)
	})
}

func TestContextEndsRequestAndPause(t *testing.T) {
	for name, step := range map[string]func(*http.Request) (*http.Response, error){
		"while asking": hang, "while pausing": refuse,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, _ := scripted(t, Config{Attempts: 1 << 30, Timeout: time.Hour, Backoff: 4 * time.Hour, MaxBackoff: 4 * time.Hour}, step)
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				start := time.Now()
				err := c.Call(ctx, "m", nil, nil)
				require.ErrorIs(t, err, context.DeadlineExceeded)
				require.False(t, IsTransient(err), "the caller's own end")
				require.Equal(t, time.Second, time.Since(start))
			})
		})
	}
}
