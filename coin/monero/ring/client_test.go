package ring

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/coin/monero/block"
	"github.com/serai-go/processor/coin/monero/keys"
	"github.com/serai-go/processor/coin/monero/node"
)

// web is a node that a client asks over HTTP.
type web struct {
	*fake
	t       *testing.T
	genesis *block.Block
	// unlocked is the node's opinion of an output.
	unlocked func(index uint64) bool
}

func newWeb(t *testing.T, f *fake) *web {
	raw := keys.AppendVarint([]byte{16, 16}, 1_700_000_000)
	raw = append(raw, make([]byte, 32+4)...)
	raw = append(append(raw, f.coinbase(0).Raw()...), 0)
	genesis, err := block.Parse(raw)
	require.NoError(t, err)
	return &web{fake: f, t: t, genesis: genesis, unlocked: func(uint64) bool { return true }}
}

func (w *web) dial() *node.Client {
	config := node.Config{URL: "http://node", Transport: w, Attempts: 1}
	c, err := node.Dial(w.t.Context(), config, node.Chain{Genesis: w.genesis.ID(), Network: "fakechain"}, false)
	require.NoError(w.t, err)
	w.t.Cleanup(c.Close)
	return c
}

// RoundTrip implements http.RoundTripper.
func (w *web) RoundTrip(r *http.Request) (*http.Response, error) {
	recorder := httptest.NewRecorder()
	if r.URL.Path == "/get_blocks.bin" {
		recorder.WriteHeader(http.StatusNotFound)
		return recorder.Result(), nil
	}
	body, err := io.ReadAll(r.Body)
	require.NoError(w.t, err)
	var request struct {
		Method string `json:"method"`
		Params struct {
			From uint64 `json:"from_height"`
			To   uint64 `json:"to_height"`
		} `json:"params"`
		Outputs []struct{ Index uint64 } `json:"outputs"`
		IDs     []string                 `json:"txs_hashes"`
	}
	require.NoError(w.t, json.Unmarshal(body, &request))
	result := map[string]any{"status": "OK"}
	switch r.URL.Path + request.Method {
	case "/json_rpcget_version":
		result["version"] = 3 << 16
	case "/json_rpcget_info":
		result["height"], result["nettype"], result["synchronized"] = w.tip+1, "fakechain", true
		result["top_block_hash"] = hex.EncodeToString(make([]byte, 32))
	case "/json_rpcget_block":
		result["blob"] = hex.EncodeToString(w.genesis.Raw())
	case "/json_rpcget_output_distribution":
		d, err := w.OutputDistribution(r.Context(), request.Params.From, request.Params.To)
		if errors.Is(err, coin.ErrNotFound) {
			json.NewEncoder(recorder).Encode(map[string]any{"id": 0, "error": map[string]any{"code": -5, "message": "no"}})
			return recorder.Result(), nil
		}
		result["distributions"] = []any{map[string]any{"amount": 0, "start_height": d.First, "base": 0, "distribution": d.Counts}}
	case "/get_outs":
		var indexes []uint64
		for _, o := range request.Outputs {
			indexes = append(indexes, o.Index)
		}
		outs, err := w.Outs(r.Context(), indexes)
		require.NoError(w.t, err)
		var list []any
		for _, o := range outs {
			list = append(list, map[string]any{
				"height": o.Height, "key": hex.EncodeToString(o.Key[:]), "mask": hex.EncodeToString(o.Commitment[:]),
				"txid": o.Transaction.String(), "unlocked": w.unlocked(o.Index),
			})
		}
		result["outs"] = list
	case "/get_transactions":
		var list []any
		for _, text := range request.IDs {
			id, err := hex.DecodeString(text)
			require.NoError(w.t, err)
			f := w.found[coin.TransactionID(id)]
			field := "as_hex"
			if f.Transaction.Coinbase() {
				field = "pruned_as_hex"
			}
			list = append(list, map[string]any{
				field: hex.EncodeToString(f.Transaction.Raw()), "block_height": f.Number, "output_indices": f.Indexes,
			})
		}
		result["txs"] = list
	default:
		require.Fail(w.t, "what is asked for", "%s %s", r.URL.Path, request.Method)
	}
	var answer any = result
	if r.URL.Path == "/json_rpc" {
		answer = map[string]any{"id": 0, "result": result}
	}
	require.NoError(w.t, json.NewEncoder(recorder).Encode(answer))
	return recorder.Result(), nil
}

// What nodes think of outputs depends on their tips, or is a lie, and makes no
// difference.
func TestANodesOpinionOfLocksDoesNotCount(t *testing.T) {
	world := newChain(21, 200, 5)
	const reference = 150
	real := world.real(reference, 3)
	want := world.ring(reference, [32]byte{1}, real)
	for name, unlocked := range map[string]func(uint64) bool{
		"all":     func(uint64) bool { return true },
		"none":    func(uint64) bool { return false },
		"some":    func(index uint64) bool { return index%2 == 0 },
		"flipped": func(index uint64) bool { return !world.usable(index, reference) },
	} {
		for _, tip := range []uint64{reference, 200} {
			w := newWeb(t, &fake{chain: world, tip: tip, late: tip == 200})
			w.unlocked = unlocked
			c := New(w.dial())
			members, position, err := c.Choose(t.Context(), reference-9, [32]byte{1}, real)
			require.NoError(t, err, name)
			require.Equal(t, want, world.indexesOf(t, members, position, real), name)
			_, _, err = c.Choose(t.Context(), 201, [32]byte{1}, real)
			require.ErrorIs(t, err, coin.ErrTransient, "it does not have the block")
		}
	}
}
