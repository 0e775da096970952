package processortest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor"
	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/coin/monero/monerotest"
	"github.com/serai-go/processor/coin/monero/node"
)

// liar stands between a validator and its monerod, and changes what that says.
type liar struct {
	*httptest.Server
	t *testing.T
	// lie changes an answer, given what was asked for.
	lie func(what string, request, answer map[string]any)
	// outs are the indices that each request for outputs named.
	outs [][]uint64
}

func newLiar(w *moneros) *liar {
	l := &liar{t: w.T}
	to, err := url.Parse(monerotest.NodeConfig(w.daemon).URL)
	require.NoError(w, err)
	proxy := httputil.NewSingleHostReverseProxy(to)
	proxy.ModifyResponse = l.answer
	l.Server = httptest.NewServer(proxy)
	w.Cleanup(l.Close)
	inner := l.Config.Handler
	l.Config.Handler = http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(rw, err.Error(), http.StatusBadGateway)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		r = r.WithContext(withBody(r.Context(), body))
		l.hear(r.URL.Path, body)
		inner.ServeHTTP(rw, r)
	})
	return l
}

// hear takes notice of a request.
func (l *liar) hear(path string, body []byte) {
	if path == "/get_o_indexes.bin" {
		l.t.Error("asked for the indices of one transaction: that of an output to be spent")
	}
	if path != "/get_outs" {
		return
	}
	var list []uint64
	for _, o := range decodeJSON(l.t, body)["outputs"].([]any) {
		list = append(list, number(l.t, o.(map[string]any)["index"]))
	}
	l.outs = append(l.outs, list)
}

// answer changes an answer of the node.
func (l *liar) answer(r *http.Response) error {
	said, err := io.ReadAll(r.Body)
	if err != nil {
		return err
	}
	said = l.change(r.Request.URL.Path, bodyOf(r.Request.Context()), said)
	r.Body = io.NopCloser(bytes.NewReader(said))
	r.ContentLength = int64(len(said))
	r.Header.Set("Content-Length", strconv.Itoa(len(said)))
	return nil
}

func (l *liar) change(path string, question, said []byte) []byte {
	if l.lie == nil || strings.HasSuffix(path, ".bin") {
		return said
	}
	request, answer := decodeJSON(l.t, question), decodeJSON(l.t, said)
	what := path
	if path == "/json_rpc" {
		what = request["method"].(string)
		request, _ = request["params"].(map[string]any)
		result, ok := answer["result"].(map[string]any)
		if !ok {
			return said
		}
		l.lie(what, request, result)
	} else {
		l.lie(what, request, answer)
	}
	changed, err := json.Marshal(answer)
	require.NoError(l.t, err)
	return changed
}

// asked is what the context of a request has its body under.
type asked struct{}

func withBody(ctx context.Context, body []byte) context.Context {
	return context.WithValue(ctx, asked{}, body)
}

func bodyOf(ctx context.Context) []byte {
	body, _ := ctx.Value(asked{}).([]byte)
	return body
}

func decodeJSON(t *testing.T, b []byte) (m map[string]any) {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	require.NoError(t, d.Decode(&m))
	return m
}

func number(t *testing.T, v any) uint64 {
	n, err := strconv.ParseUint(v.(json.Number).String(), 10, 64)
	require.NoError(t, err)
	return n
}

// counts returns the cumulative numbers of outputs in an answer.
func counts(answer map[string]any) []any {
	return answer["distributions"].([]any)[0].(map[string]any)["distribution"].([]any)
}

// TestNodeMoneroLiar lets one of three validators have a node that lies while a
// payment is planned. The others make it. The one with the liar signs nothing
// else, tells what is wrong, and goes on when the node does not lie any more.
func TestNodeMoneroLiar(t *testing.T) {
	withoutRaces(t)
	const victim = 2
	var l *liar
	w := newMoneros(t, 1, func(w *moneros, validator int) *node.Client {
		if validator != victim {
			return w.client
		}
		l = newLiar(w)
		return w.dial(node.Config{URL: l.URL})
	})
	w.appoint(0, 0, 1, 2)
	w.mine(int(w.rules.Confirmations))
	deposits := []coin.TransactionID{w.payIn(0, "mint", 9_000*xmr, 9_001*xmr, 9_002*xmr, 9_003*xmr, 9_004*xmr, 9_005*xmr, 9_006*xmr, 9_007*xmr)}
	w.until("outputs settle", 60, func() bool { return w.status().Pending.Outputs >= 8 })
	own := make(map[uint64]bool) // global indices of the group's outputs
	for _, id := range deposits {
		indexes, err := w.client.OutputIndexes(w.ctx, id)
		require.NoError(t, err)
		for _, index := range indexes {
			own[index] = true
		}
	}
	real := func(request map[string]any, answer map[string]any) map[string]any {
		for i, o := range request["outputs"].([]any) {
			if own[number(t, o.(map[string]any)["index"])] {
				return answer["outs"].([]any)[i].(map[string]any)
			}
		}
		return nil
	}
	outs := func(change func(request, answer map[string]any)) func(string, map[string]any, map[string]any) {
		return func(what string, request, answer map[string]any) {
			if what == "/get_outs" {
				change(request, answer)
			}
		}
	}
	distribution := func(change func(request, answer map[string]any)) func(string, map[string]any, map[string]any) {
		return func(what string, request, answer map[string]any) {
			if what == "get_output_distribution" {
				change(request, answer)
			}
		}
	}
	for _, c := range []struct {
		name    string
		lie     func(what string, request, answer map[string]any)
		trouble string // none if the lie makes no difference
	}{
		{name: "locked outputs", lie: outs(func(_, answer map[string]any) {
			for _, o := range answer["outs"].([]any) {
				o.(map[string]any)["unlocked"] = false
			}
		})},
		{name: "the tip for the reference block", lie: distribution(func(_, answer map[string]any) {
			d := answer["distributions"].([]any)[0].(map[string]any)
			d["distribution"] = append(counts(answer), counts(answer)[len(counts(answer))-1])
		}), trouble: "distribution"},
		{name: "counts that fall", lie: distribution(func(_, answer map[string]any) {
			list := counts(answer)
			if len(list) > 1 {
				list[len(list)-1] = json.Number(strconv.FormatUint(number(t, list[len(list)-2])-1, 10))
			}
		}), trouble: "distribution"},
		{name: "fewer outputs than there are", lie: distribution(func(_, answer map[string]any) {
			list := counts(answer)
			for i := range list {
				list[i] = json.Number(strconv.FormatUint(min(number(t, list[i]), 60), 10))
			}
		}), trouble: "ring of input 0"},
		{name: "a decoy with another key", lie: outs(func(request, answer map[string]any) {
			list := answer["outs"].([]any)
			list[0].(map[string]any)["key"] = list[1].(map[string]any)["key"]
		}), trouble: "key"},
		{name: "the output to be spent with another key", lie: outs(func(request, answer map[string]any) {
			if o := real(request, answer); o != nil {
				o["key"] = strings.Repeat("01", 32)
			}
		}), trouble: "key"},
		{name: "the output to be spent missing", lie: outs(func(request, answer map[string]any) {
			list := answer["outs"].([]any)
			answer["outs"] = list[:len(list)-1]
		}), trouble: "outs"},
		{name: "the output to be spent elsewhere", lie: distribution(func(_, answer map[string]any) {
			list := counts(answer)
			for i := 5; i < len(list); i++ {
				list[i] = json.Number(strconv.FormatUint(number(t, list[i])+1, 10))
			}
		}), trouble: "ring of input 0"},
	} {
		l.lie = c.lie
		ids := w.burn(100 * xmr)
		status := func() (trouble string) {
			s, err := w.group.Validators[victim].Processor.Status(w.ctx)
			require.NoError(t, err)
			require.Nil(t, s.Halted)
			for _, text := range s.Troubles {
				trouble += text
			}
			return trouble
		}
		if c.trouble == "" {
			require.Empty(t, status(), c.name)
			w.settle(ids)
			require.Empty(t, status(), c.name)
			continue
		}
		t.Logf("%s: %s", c.name, status())
		require.Contains(t, status(), c.trouble, c.name)
		w.until("the others make the payment", 30, func() bool { return len(w.settled[ids[0]]) == 2 })
		require.Contains(t, status(), c.trouble, c.name)
		l.lie = nil
		w.run()
		require.Empty(t, status(), c.name)
		w.settle(ids)
		_, err := w.group.Digests(w.ctx)
		require.NoError(t, err)
		for _, tx := range w.raws { // change is spent too
			indexes, err := w.client.OutputIndexes(w.ctx, tx.Hash())
			require.NoError(t, err)
			for _, index := range indexes {
				own[index] = true
			}
		}
	}
	require.Empty(t, w.writtenOff)
	w.check()
	require.Empty(t, w.conditions)
	require.NotEmpty(t, l.outs)
	singled := 0 // requests that have one of ours
	for _, list := range l.outs {
		others := 0
		for _, index := range list {
			if !own[index] {
				others++
			}
		}
		if others < len(list) {
			singled++
		}
		require.GreaterOrEqual(t, others, 15, "a request for %v", list)
	}
	require.NotZero(t, singled)

	// Nothing proves in which block a transaction is. Who is told another one
	// chooses other decoys, and the others outvote him.
	moved, err := w.client.Transaction(w.ctx, deposits[0])
	require.NoError(t, err)
	l.lie = moves(t, moved)
	w.halts = make(map[int]processor.Halted)
	for i := 0; len(w.halts) == 0; i++ {
		require.Less(t, i, 5, "the lie makes no difference")
		ids := w.burn(100 * xmr)
		w.until("the others make the payment", 30, func() bool { return len(w.settled[ids[0]]) >= 2 })
	}
	require.NotZero(t, w.diverged)
	require.Len(t, w.halts, 1)
	t.Log(w.halts[victim].Reason)
	require.Equal(t, processor.OthersDecided, w.halts[victim].Cause)
	_, err = w.group.Digests(w.ctx)
	require.NoError(t, err)
}

// moves is the lie that a transaction, the last one of its block, is in the next
// block, wherever that shows.
func moves(t *testing.T, tx node.Found) func(what string, request, answer map[string]any) {
	to := json.Number(strconv.FormatUint(tx.Number+1, 10))
	return func(what string, request, answer map[string]any) {
		switch what {
		case "get_output_distribution":
			first := number(t, answer["distributions"].([]any)[0].(map[string]any)["start_height"])
			if list := counts(answer); tx.Number >= first && tx.Number-first < uint64(len(list)) {
				have := number(t, list[tx.Number-first])
				list[tx.Number-first] = json.Number(strconv.FormatUint(have-uint64(len(tx.Indexes)), 10))
			}
		case "/get_outs":
			for _, o := range answer["outs"].([]any) {
				if o.(map[string]any)["txid"] == coin.TransactionID(tx.Transaction.Hash()).String() {
					o.(map[string]any)["height"] = to
				}
			}
		case "/get_transactions":
			list, _ := answer["txs"].([]any)
			for _, one := range list {
				if one.(map[string]any)["tx_hash"] == coin.TransactionID(tx.Transaction.Hash()).String() {
					one.(map[string]any)["block_height"] = to
				}
			}
		}
	}
}
