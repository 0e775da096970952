package node_test

import (
	"encoding/hex"
	"encoding/json"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin/monero/block"
	"github.com/serai-go/processor/coin/monero/keys"
	"github.com/serai-go/processor/coin/monero/node"
	"github.com/serai-go/processor/coin/monero/node/epee"
)

// made is a block of a chain that nobody mined. Its transactions have contents
// that nobody signed.
type made struct {
	raw     []byte
	id      [32]byte
	txs     [][]byte   // without the miner's
	indexes [][]uint64 // with the miner's
}

// maker makes chains.
type maker struct {
	random *rand.Rand
	next   uint64 // global index
}

func (m *maker) bytes(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(m.random.Uint32())
	}
	return b
}

func (m *maker) key() [32]byte { return [32]byte(m.bytes(32)) }

func (m *maker) take(n int) (indexes []uint64) {
	for range n {
		indexes = append(indexes, m.next)
		m.next++
	}
	return indexes
}

func (m *maker) outputs(n int) (all []block.Output) {
	for range n {
		all = append(all, block.Output{Key: m.key(), Tagged: true, ViewTag: 7})
	}
	return all
}

// transaction makes one of type 6 with one input.
func (m *maker) transaction(outputs int) []byte {
	f := &block.Fields{Version: 2, Type: block.TypeBulletproofsPlus, Extra: m.bytes(33), Fee: 1000, Outputs: m.outputs(outputs)}
	f.Inputs = []block.InputFields{{KeyImage: m.key(), Offsets: slices.Repeat([]uint64{9}, 16)}}
	for range outputs {
		f.EncryptedAmounts = append(f.EncryptedAmounts, m.bytes(8))
		f.Commitments = append(f.Commitments, m.key())
	}
	f.PseudoOuts = [][32]byte{m.key()}
	k := 7 // for 2 outputs
	proof := append([]byte{1}, m.bytes(6*32)...)
	proof = append(append(proof, byte(k)), m.bytes(32*k)...)
	f.RangeProofs = append(append(proof, byte(k)), m.bytes(32*k)...)
	f.Signatures = [][]byte{m.bytes(32*16 + 64)}
	return encode(f)
}

func encode(f *block.Fields) []byte {
	t, err := f.Encode()
	if err != nil {
		panic(err)
	}
	return t.Raw()
}

func (m *maker) block(height uint64, parent [32]byte, transactions int) made {
	miner := &block.Fields{Version: 2, Coinbase: true, Height: height, UnlockTime: height + 60, Extra: m.bytes(33), Outputs: m.outputs(1)}
	b := made{indexes: [][]uint64{m.take(1)}}
	raw := keys.AppendVarint([]byte{16, 16}, 1_700_000_000)
	raw = append(append(append(raw, parent[:]...), 1, 2, 3, 4), encode(miner)...)
	raw = keys.AppendVarint(raw, uint64(transactions))
	for range transactions {
		t := m.transaction(2)
		parsed, err := block.ParseTransaction(t)
		if err != nil {
			panic(err)
		}
		id := parsed.Hash()
		raw = append(raw, id[:]...)
		b.txs, b.indexes = append(b.txs, t), append(b.indexes, m.take(2))
	}
	parsed, err := block.Parse(raw)
	if err != nil {
		panic(err)
	}
	b.raw, b.id = raw, parsed.ID()
	return b
}

// chain makes so many blocks, with 0, 1, 2, … transactions up to 4.
func (m *maker) chain(length int) (blocks []made) {
	var parent [32]byte
	for height := range length {
		b := m.block(uint64(height), parent, height%5)
		parent, blocks = b.id, append(blocks, b)
	}
	return blocks
}

// answered is what a fake node answers to a request for many blocks.
type answered struct {
	status       string
	start        uint64
	blocks       []made
	indexes      [][][]uint64
	pruned       bool
	integerTxs   bool
	noStatus     bool
	indexObjects bool
}

func (a *answered) document() []byte {
	var w epee.Writer
	var blocks, indexes []*epee.Writer
	for _, b := range a.blocks {
		entry := new(epee.Writer)
		entry.String("block", b.raw)
		if a.pruned {
			entry.Bool("pruned", true)
		}
		if a.integerTxs {
			entry.Uint64s("txs", []uint64{1})
		} else {
			entry.Strings("txs", b.txs)
		}
		blocks = append(blocks, entry)
	}
	for _, block := range a.indexes {
		var list []*epee.Writer
		for _, t := range block {
			entry := new(epee.Writer)
			entry.Uint64s("indices", t)
			list = append(list, entry)
		}
		entry := new(epee.Writer)
		entry.Sections("indices", list)
		indexes = append(indexes, entry)
	}
	w.Sections("blocks", blocks)
	if a.indexObjects {
		w.Uint64s("output_indices", make([]uint64, len(a.blocks)))
	} else {
		w.Sections("output_indices", indexes)
	}
	w.Uint64("start_height", a.start)
	if !a.noStatus {
		w.String("status", []byte(a.status))
	}
	return w.Document()
}

// fake is a node in memory.
type fake struct {
	t      testing.TB
	blocks []made
	// greedy sends MaxSpan blocks whatever it is asked, short one less than it
	// is asked, if that are any.
	greedy, short bool

	mu sync.Mutex
	// change changes an answer of a method or path; bulk that with many blocks.
	change map[string]func(map[string]any)
	bulk   func(*answered)
	// http answers instead if it returns true.
	http  func(http.ResponseWriter, *http.Request) bool
	asked map[string]int // how often a method was called
	// ready is an answer to all requests for many blocks, made before.
	ready []byte
}

func newFake(t testing.TB, length int) *fake {
	m := &maker{random: rand.New(rand.NewPCG(1, 2))}
	return &fake{t: t, blocks: m.chain(length), asked: map[string]int{}, change: map[string]func(map[string]any){}}
}

func (f *fake) chain() node.Chain { return node.Chain{Genesis: f.blocks[0].id, Network: "fakechain"} }

func (f *fake) config() node.Config {
	return node.Config{URL: "http://node", Transport: f, Attempts: 1, Span: 4}
}

func (f *fake) dial() *node.Client {
	c, err := node.Dial(f.t.Context(), f.config(), f.chain(), false)
	require.NoError(f.t, err)
	return c
}

// RoundTrip implements http.RoundTripper.
func (f *fake) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	w := httptest.NewRecorder()
	f.ServeHTTP(w, r)
	return w.Result(), nil
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	http, count := f.http, f.asked
	count[r.URL.Path]++
	f.mu.Unlock()
	if http != nil && http(w, r) {
		return
	}
	body, err := io.ReadAll(r.Body)
	require.NoError(f.t, err)
	switch r.URL.Path {
	case "/get_blocks.bin":
		if f.ready != nil {
			w.Write(f.ready)
			return
		}
		w.Write(f.many(body))
		return
	case "/get_o_indexes.bin":
		w.Write(f.outputIndexes(body))
		return
	}
	var request struct {
		Method string
		Params map[string]any
	}
	require.NoError(f.t, json.Unmarshal(body, &request))
	if r.URL.Path != "/json_rpc" {
		request.Method = r.URL.Path
		require.NoError(f.t, json.Unmarshal(body, &request.Params))
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked[request.Method]++
	result := f.answer(request.Method, request.Params)
	if change := f.change[request.Method]; change != nil {
		change(result)
	}
	var all any = result
	if r.URL.Path == "/json_rpc" {
		if failure := result["error"]; failure != nil {
			all = map[string]any{"id": 0, "error": failure}
		} else {
			all = map[string]any{"id": 0, "result": result}
		}
	}
	require.NoError(f.t, json.NewEncoder(w).Encode(all))
}

func refusal(code int) map[string]any {
	return map[string]any{"error": map[string]any{"code": code, "message": "no"}}
}

func (f *fake) answer(method string, params map[string]any) map[string]any {
	fine := map[string]any{"status": "OK"}
	with := func(more map[string]any) map[string]any { maps.Copy(fine, more); return fine }
	switch method {
	case "get_version":
		return with(map[string]any{"version": 3<<16 | 10})
	case "get_info":
		top := f.blocks[len(f.blocks)-1]
		return with(map[string]any{
			"height": len(f.blocks), "top_block_hash": hex.EncodeToString(top.id[:]), "nettype": "fakechain", "synchronized": true,
		})
	case "get_block":
		for height, b := range f.blocks {
			if params["hash"] == hex.EncodeToString(b.id[:]) || params["height"] == float64(height) {
				return with(map[string]any{"blob": hex.EncodeToString(b.raw), "block_header": map[string]any{"hash": "of no interest"}})
			}
		}
		if params["hash"] != nil {
			return refusal(-5)
		}
		return refusal(-2)
	case "/get_transactions":
		return with(f.transactions(params["txs_hashes"].([]any)))
	case "/get_outs":
		var outs []any
		for range params["outputs"].([]any) {
			key := hex.EncodeToString(make([]byte, 32))
			outs = append(outs, map[string]any{"height": 1, "key": key, "mask": key, "txid": key, "unlocked": true})
		}
		return with(map[string]any{"outs": outs})
	case "get_output_distribution":
		first, last := params["from_height"].(float64), params["to_height"].(float64)
		var counts []uint64
		for i := range uint64(last - first + 1) {
			counts = append(counts, uint64(first)+i+1)
		}
		return with(map[string]any{"distributions": []any{
			map[string]any{"amount": 0, "start_height": first, "base": first, "distribution": counts},
		}})
	case "/is_key_image_spent":
		return with(map[string]any{"spent_status": make([]int, len(params["key_images"].([]any)))})
	}
	return fine
}

func (f *fake) transactions(ids []any) map[string]any {
	var found, missed []any
	for _, id := range ids {
		entry := f.lookUp(id.(string))
		if entry == nil {
			missed = append(missed, id)
			continue
		}
		found = append(found, entry)
	}
	slices.Reverse(found) // no order is promised
	return map[string]any{"txs": found, "missed_tx": missed}
}

func (f *fake) lookUp(id string) map[string]any {
	for height, b := range f.blocks {
		head, err := block.Parse(b.raw)
		require.NoError(f.t, err)
		entry := map[string]any{"tx_hash": "of no interest", "in_pool": false, "block_height": height}
		if miner := head.Miner().Hash(); id == hex.EncodeToString(miner[:]) {
			entry["as_hex"], entry["pruned_as_hex"] = "", hex.EncodeToString(head.Miner().Raw())
			entry["output_indices"] = b.indexes[0]
			return entry
		}
		for i := range head.Len() {
			if t := head.Transaction(i); id == hex.EncodeToString(t[:]) {
				entry["as_hex"], entry["pruned_as_hex"] = hex.EncodeToString(b.txs[i]), ""
				entry["output_indices"] = b.indexes[1+i]
				return entry
			}
		}
	}
	return nil
}

func (f *fake) many(body []byte) []byte {
	request, err := epee.Parse(body)
	require.NoError(f.t, err)
	start, ok := request.Find("start_height").Uint64()
	require.True(f.t, ok)
	count, ok := request.Find("max_block_count").Uint64()
	require.True(f.t, ok)
	prune, ok := request.Find("prune").Bool()
	require.True(f.t, ok && !prune)
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.short && count > 1 {
		count--
	}
	if f.greedy {
		count = node.MaxSpan
	}
	a := &answered{status: "OK", start: start}
	if start >= uint64(len(f.blocks)) {
		a.status, a.start = "Failed", 0
	} else {
		a.blocks = slices.Clone(f.blocks[start:min(start+count, uint64(len(f.blocks)))])
	}
	for _, b := range a.blocks {
		a.indexes = append(a.indexes, slices.Clone(b.indexes))
	}
	if f.bulk != nil {
		f.bulk(a)
	}
	return a.document()
}

func (f *fake) outputIndexes(body []byte) []byte {
	request, err := epee.Parse(body)
	require.NoError(f.t, err)
	id, ok := request.Find("txid").Bytes()
	require.True(f.t, ok)
	var w epee.Writer
	if entry := f.lookUp(hex.EncodeToString(id)); entry != nil {
		w.Uint64s("o_indexes", entry["output_indices"].([]uint64))
		w.String("status", []byte("OK"))
	} else {
		w.String("status", []byte("Failed"))
	}
	return w.Document()
}

func newRandom(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0)) }
