package node

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/internal/jsonrpc"
)

// answering is a client whose node answers as a function says: with a status
// and the members of the response.
func answering(t *testing.T, limit int64, answer func(method string, params []any) (status int, members string)) *Client {
	rpc, err := jsonrpc.New(jsonrpc.Config{
		URL: "http://node", Attempts: 1, MaxResponse: limit,
		Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			type call struct {
				ID     int
				Method string
				Params []any
			}
			data, err := io.ReadAll(r.Body)
			if err != nil {
				return nil, err
			}
			var calls []call
			single := data[0] == '{'
			if single {
				data = bytes.Join([][]byte{{'['}, data, {']'}}, nil)
			}
			if err := json.Unmarshal(data, &calls); err != nil {
				return nil, err
			}
			status, body := 0, []byte("[")
			for i, c := range calls {
				var members string
				if status, members = answer(c.Method, c.Params); status == 0 {
					return nil, errors.New("no connection")
				}
				if i > 0 {
					body = append(body, ',')
				}
				body = fmt.Appendf(body, `{"id":%d,%s}`, c.ID, members)
			}
			body = append(body, ']')
			if single {
				body = body[1 : len(body)-1]
			}
			return &http.Response{
				StatusCode: status, Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body)),
			}, nil
		}),
	})
	require.NoError(t, err)
	return &Client{rpc: rpc}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func failure(code int) string {
	return fmt.Sprintf(`"result":null,"error":{"code":%d,"message":"no"}`, code)
}

func TestClassify(t *testing.T) {
	for _, test := range []struct {
		name    string
		status  int
		members string
		want    error
	}{
		{"bitcoind has no such number", 500, failure(-8), coin.ErrNotFound},
		{"btcd has no such number", 200, failure(-1), coin.ErrNotFound},
		{"starting", 500, failure(-28), coin.ErrTransient},
		{"in trouble", 200, failure(-32603), coin.ErrTransient},
		{"busy", 503, `"result":null`, coin.ErrTransient},
		{"no connection", 0, "", coin.ErrTransient},
		{"no JSON", 200, `"result":`, coin.ErrInvalid},
		{"no result", 200, `"x":1`, coin.ErrInvalid},
		{"null", 200, `"result":null`, coin.ErrInvalid},
		{"no string", 200, `"result":7`, coin.ErrInvalid},
		{"no hexadecimal", 200, `"result":"xy"`, coin.ErrInvalid},
		{"too short", 200, `"result":"00"`, coin.ErrInvalid},
		{"too large", 200, `"result":"` + string(bytes.Repeat([]byte("00"), 1000)) + `"`, coin.ErrInvalid},
		{"refused", 401, `"result":null`, jsonrpc.ErrUnauthorized},
	} {
		c := answering(t, 1000, func(string, []any) (int, string) { return test.status, test.members })
		_, err := c.BlockID(t.Context(), 5)
		require.ErrorIs(t, err, test.want, test.name)
		for _, other := range []error{coin.ErrNotFound, coin.ErrTransient, coin.ErrInvalid} {
			require.Equal(t, other == test.want, errors.Is(err, other), "%s: %v", test.name, err)
		}
	}
}

// TestTransactionsSplit: what is too large for one answer comes in several.
func TestTransactionsSplit(t *testing.T) {
	asked := 0
	c := answering(t, 5000, func(method string, params []any) (int, string) {
		asked++
		require.Equal(t, "getrawtransaction", method)
		id, ok := params[0].(string)
		require.True(t, ok)
		return 200, fmt.Sprintf(`"result":"%s%0400x"`, id[:2], 0)
	})
	var ids []coin.TransactionID
	for i := range 100 {
		ids = append(ids, coin.TransactionID{byte(i)})
	}
	raws, err := c.Transactions(t.Context(), ids)
	require.NoError(t, err)
	require.Len(t, raws, len(ids))
	for i, raw := range raws {
		require.Len(t, raw, 201)
		require.Equal(t, byte(i), raw[0])
	}
	require.Greater(t, asked, len(ids))

	c = answering(t, 5000, func(_ string, params []any) (int, string) {
		if params[0] == ids[7].String() {
			return 200, failure(-5)
		}
		return 200, `"result":"00"`
	})
	_, err = c.Transactions(t.Context(), ids[:20])
	require.ErrorIs(t, err, coin.ErrNotFound)
	require.ErrorContains(t, err, ids[7].String())
}

func TestSatoshi(t *testing.T) {
	for bitcoin, want := range map[float64]uint64{
		0: 0, 0.00000001: 1, 0.1: 10_000_000, 1.00000001: 100_000_001, 20_999_999.99999999: 2_099_999_999_999_999,
		21_000_000: 2_100_000_000_000_000, 1e-05: 1000,
	} {
		got, err := satoshi(bitcoin)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	for _, bad := range []float64{-1, 21_000_001, 1e300} {
		_, err := satoshi(bad)
		require.ErrorIs(t, err, coin.ErrInvalid)
	}
}
