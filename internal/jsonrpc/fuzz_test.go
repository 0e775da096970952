package jsonrpc

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// FuzzResponse compares the envelope scanner with encoding/json on all that
// is valid JSON; on the rest it only must not panic.
func FuzzResponse(f *testing.F) {
	for _, seed := range []string{
		fine, `{}`, `{"id":0,"error":{"code":-1,"message":"m"}}`, `{"result":[{"a":"\\\"]"}],"id":"0"}`, ` { "id" : 1e3 } `,
		`{"result":"\\`, `{"result":{"a":[}]},"x":-1.5e-9}`, `{"result":true,"error":null}`, `{"a"`, "\x00", `{"a":"\\"}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		s := &scanner{data: data}
		r, err := s.response()
		if err == nil {
			err = s.end()
		}
		if err == nil {
			_ = r.failure()
			_, _ = r.number()
			var v any
			_ = r.decode(&v)
		}
		if !json.Valid(data) {
			return
		}
		var members map[string]json.RawMessage
		if json.Unmarshal(data, &members) != nil || members == nil {
			require.Error(t, err, "not an object")
			return
		}
		if strings.Contains(string(data), `\`) {
			return // names may be spelled with escapes, which encoding/json resolves
		}
		if err != nil {
			require.ErrorContains(t, err, "repeated member")
			return
		}
		require.Equal(t, string(members["id"]), string(r.id))
		require.Equal(t, string(members["result"]), string(r.result))
		require.Equal(t, string(members["error"]), string(r.err))
	})
}

// FuzzBatch checks that an accepted answer has one response to each request.
func FuzzBatch(f *testing.F) {
	f.Add([]byte(`[{"id":0,"result":1},{"id":1,"result":1}]`), 2)
	f.Add([]byte(`[{"id":1,"result":1},{"id":"0","error":{"code":1}}]`), 2)
	f.Add([]byte(`{"error":{"code":1}}`), 1)
	f.Add([]byte(`[]`), 1)
	f.Fuzz(func(t *testing.T, data []byte, n int) {
		n = 1 + int(uint(n)%100)
		all, err := match(data, n)
		if err != nil {
			return
		}
		require.Len(t, all, n)
		for i, r := range all {
			id, ok := r.number()
			require.True(t, ok)
			require.Equal(t, i, id)
		}
	})
}

// FuzzHex checks that what Hex takes is what encoding/hex takes.
func FuzzHex(f *testing.F) {
	f.Add([]byte(`"00ff"`))
	f.Add([]byte(`"0`))
	f.Add([]byte(`null`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var h Hex
		if h.UnmarshalJSON(data) != nil {
			return
		}
		var text string
		require.NoError(t, json.Unmarshal(data, &text))
		require.Equal(t, strings.ToLower(text), hex.EncodeToString(h))
		out, err := json.Marshal(h)
		require.NoError(t, err)
		require.Equal(t, strings.ToLower(string(data)), string(out))
	})
}

// BenchmarkBlock decodes a call whose result is a block of 1 MB in hex.
func BenchmarkBlock(b *testing.B) {
	body := fmt.Sprintf(`{"result":%q,"error":null,"id":0}`, strings.Repeat("0a1b", 500_000))
	c, err := New(Config{URL: "http://node", Transport: constant(body)})
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	var block Hex
	for b.Loop() {
		if err := c.Call(b.Context(), "getblock", []any{"00", 0}, &block); err != nil {
			b.Fatal(err)
		}
	}
}

type constant string

func (body constant) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := answer(http.StatusOK, string(body))(r)
	resp.ContentLength = int64(len(body))
	return resp, err
}
