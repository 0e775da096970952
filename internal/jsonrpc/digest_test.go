package jsonrpc

import (
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The example of RFC 7616, section 3.9.1.
func TestDigestOfTheStandard(t *testing.T) {
	for algorithm, response := range map[string]string{
		"MD5":     "8ca523f5e9506fed4657c9700eebdbec",
		"SHA-256": "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1",
	} {
		c, ok := parseChallenge(`Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=` + algorithm +
			`, nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"`)
		require.True(t, ok)
		header, err := c.authorize("Mufasa", "Circle of Life", "GET", "/dir/index.html", "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ", 1)
		require.NoError(t, err)
		require.Equal(t, `Digest username="Mufasa", realm="http-auth@example.org", nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", `+
			`uri="/dir/index.html", cnonce="f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ", nc=00000001, qop=auth, response="`+response+`", `+
			`algorithm=`+algorithm+`, opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"`, header)
	}
}

func TestChallengesThatCannotBeAnswered(t *testing.T) {
	for name, header := range map[string]string{
		"empty":                 "",
		"basic":                 `Basic realm="x"`,
		"no nonce":              `Digest qop="auth", realm="x"`,
		"no qop":                `Digest nonce="n", realm="x"`,
		"other qop":             `Digest nonce="n", qop="auth-int"`,
		"other algorithm":       `Digest nonce="n", qop="auth", algorithm=MD5-sess`,
		"open quote":            `Digest nonce="n, qop=auth`,
		"no value":              `Digest nonce="n", qop="auth", stale`,
		"an escape":             `Digest nonce="n\"", qop="auth"`,
		"a line break in realm": "Digest nonce=\"n\", qop=\"auth\", realm=\"a\r\nb\"",
	} {
		_, ok := parseChallenge(header)
		require.False(t, ok, name)
	}
	_, ok := pick([]string{`Basic realm="x"`, `Digest nonce="n",qop=auth,stale=TRUE`})
	require.True(t, ok)
}

// daemon asks for digests as monerod does: the nonce is a connection's, and
// its requests are counted without gaps.
type daemon struct {
	t        *testing.T
	mu       sync.Mutex
	nonces   int
	sessions map[string]*session // by the client's address
	refused  int
	password string
}

type session struct {
	nonce string
	count int
}

func (d *daemon) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_, err := io.Copy(io.Discard, r.Body)
	require.NoError(d.t, err)
	d.mu.Lock()
	s := d.sessions[r.RemoteAddr]
	authorization := r.Header.Get("Authorization")
	require.NotContains(d.t, authorization, "Basic")
	if s != nil {
		s.count++
		want, err := challenge{realm: "monero-rpc", nonce: s.nonce, algorithm: "MD5"}.authorize("u", d.password, r.Method, r.RequestURI, cnonceOf(authorization), uint32(s.count))
		require.NoError(d.t, err)
		if authorization == want {
			d.mu.Unlock()
			time.Sleep(time.Millisecond) // so that requests overlap
			io.WriteString(w, "fine")
			return
		}
	}
	defer d.mu.Unlock()
	d.refused++
	d.nonces++
	d.sessions[r.RemoteAddr] = &session{nonce: "nonce" + strconv.Itoa(d.nonces)}
	for _, algorithm := range []string{"MD5", "MD5-sess"} {
		w.Header().Add("WWW-authenticate", fmt.Sprintf(`Digest qop="auth",algorithm=%s,realm="monero-rpc",nonce="nonce%d",stale=%v`, algorithm, d.nonces, s != nil && d.password == "p"))
	}
	w.WriteHeader(http.StatusUnauthorized)
	io.WriteString(w, "<html>401</html>")
}

func cnonceOf(authorization string) string {
	_, rest, _ := strings.Cut(authorization, `cnonce="`)
	cnonce, _, _ := strings.Cut(rest, `"`)
	return cnonce
}

func TestDigestCountsTheRequestsOfEachConnection(t *testing.T) {
	d := &daemon{t: t, sessions: map[string]*session{}, password: "p"}
	c := serveFunc(t, Config{User: "u", Password: "p", Digest: true, Attempts: 1}, d.ServeHTTP)
	const workers = 8
	var group sync.WaitGroup
	for range workers {
		group.Go(func() {
			for range 20 {
				data, err := c.Post(t.Context(), "/x?y=z", "", []byte("body"))
				if err != nil || string(data) != "fine" {
					t.Errorf("%q, %v", data, err)
				}
			}
		})
	}
	group.Wait()
	require.LessOrEqual(t, d.refused, workers, "one challenge for each connection")

	// The server forgets its connections, as at a restart.
	refused := d.refused
	d.sessions = map[string]*session{}
	_, err := c.Get(t.Context(), "/")
	require.NoError(t, err)
	require.Equal(t, refused+1, d.refused)

	// A connection ends.
	c.Close()
	_, err = c.Get(t.Context(), "/")
	require.NoError(t, err)
}

func TestDigestGivesUpOnRefusal(t *testing.T) {
	d := &daemon{t: t, sessions: map[string]*session{}, password: "other"}
	c := serveFunc(t, Config{User: "u", Password: "p", Digest: true}, d.ServeHTTP)
	_, err := c.Get(t.Context(), "/")
	require.ErrorIs(t, err, ErrUnauthorized)
	require.Equal(t, 2, d.refused, "the second refusal is final")

	always := 0
	stale := serveFunc(t, Config{User: "u", Password: "p", Digest: true}, func(w http.ResponseWriter, _ *http.Request) {
		always++
		w.Header().Set("WWW-Authenticate", `Digest qop="auth",realm="r",nonce="n",stale=true`)
		w.WriteHeader(http.StatusUnauthorized)
	})
	_, err = stale.Get(t.Context(), "/")
	require.ErrorIs(t, err, ErrUnauthorized)
	require.Equal(t, 3, always)

	// A server that wants the password itself does not get it.
	asked := 0
	basic := serveFunc(t, Config{User: "u", Password: "p", Digest: true}, func(w http.ResponseWriter, r *http.Request) {
		asked++
		require.Empty(t, r.Header.Get("Authorization"))
		w.Header().Set("WWW-Authenticate", `Basic realm="r"`)
		w.WriteHeader(http.StatusUnauthorized)
	})
	_, err = basic.Get(t.Context(), "/")
	require.ErrorIs(t, err, ErrUnauthorized)
	require.Equal(t, 1, asked)

	for _, user := range []string{"", "a:b", `a"b`, `a\b`, "a\nb"} {
		_, err := New(Config{URL: "http://x", User: user, Digest: true})
		require.Error(t, err, "%q", user)
	}
}

func TestLimitedClients(t *testing.T) {
	c := serveFunc(t, Config{MaxResponse: 10, Attempts: 1}, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			<-r.Context().Done()
		}
		io.WriteString(w, strings.Repeat("x", 20))
	})
	_, err := c.Get(t.Context(), "/")
	require.ErrorIs(t, err, ErrTooLarge)
	data, err := c.Limited(20, 0).Get(t.Context(), "/")
	require.NoError(t, err)
	require.Len(t, data, 20)
	_, err = c.Limited(0, 0).Get(t.Context(), "/")
	require.ErrorIs(t, err, ErrTooLarge, "zero leaves the limit")
	_, err = c.Limited(0, 10*time.Millisecond).Get(t.Context(), "/slow")
	require.True(t, IsTransient(err))
}

func FuzzChallenge(f *testing.F) {
	f.Add(`Digest qop="auth",algorithm=MD5,realm="monero-rpc",nonce="ibNio6NC9EHsJED88K5kLQ==",stale=false`)
	f.Add(`Digest qop=auth, nonce=x, opaque="a=,b"`)
	f.Fuzz(func(t *testing.T, header string) {
		c, ok := parseChallenge(header)
		if !ok {
			return
		}
		answer, err := c.authorize("u", "p", "POST", "/json_rpc", "cnonce", 7)
		if err != nil {
			t.Fatal(err)
		}
		// What is answered reads as it was asked.
		again, ok := parseChallenge(strings.Replace(answer, "qop=auth", `qop="auth"`, 1))
		if c.stale = false; !ok || c != again {
			t.Fatalf("%+v became %+v", c, again)
		}
	})
}
