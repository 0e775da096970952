package node_test

import (
	"context"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/coin/monero/block"
	"github.com/serai-go/processor/coin/monero/node"
	"github.com/serai-go/processor/internal/jsonrpc"
)

// same checks that a block is one that was made.
func same(t *testing.T, want made, got *node.Block) {
	t.Helper()
	require.Equal(t, coin.BlockID(want.id), got.ID)
	require.Equal(t, want.raw, got.Block.Raw())
	require.Equal(t, want.indexes, got.Indexes)
	require.Len(t, got.Transactions, 1+len(want.txs))
	for i, raw := range want.txs {
		require.Equal(t, raw, got.Transactions[1+i].Raw())
	}
}

func TestBlocksComeInOrderHoweverTheNodeSendsThem(t *testing.T) {
	const length = 60
	for name, prepare := range map[string]func(*fake){
		"as asked":              func(*fake) {},
		"more than asked":       func(f *fake) { f.greedy = true },
		"fewer than asked":      func(f *fake) { f.short = true },
		"transactions shuffled": func(f *fake) { f.bulk = shuffle },
		"none at all": func(f *fake) {
			f.http = func(w http.ResponseWriter, r *http.Request) bool {
				none := r.URL.Path == "/get_blocks.bin"
				if none {
					w.WriteHeader(http.StatusNotFound)
				}
				return none
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t, length)
			prepare(f)
			c := f.dial()
			for _, span := range [][2]int{{0, length - 1}, {1, 1}, {0, 0}, {5, 4}, {7, 23}, {length - 1, length - 1}} {
				blocks := collect(t, c, uint64(span[0]), uint64(span[1]))
				require.Len(t, blocks, span[1]-span[0]+1)
				for i, b := range blocks {
					same(t, f.blocks[span[0]+i], b)
				}
			}
			// The chain ends before what was asked for.
			count := 0
			for b, err := range c.Blocks(t.Context(), length-6, length+20) {
				if count == 6 {
					require.ErrorIs(t, err, coin.ErrNotFound)
					break
				}
				require.NoError(t, err)
				same(t, f.blocks[length-6+count], b)
				count++
			}
			require.Equal(t, 6, count)
		})
	}
}

func shuffle(a *answered) {
	for i := range a.blocks {
		a.blocks[i].txs = slices.Clone(a.blocks[i].txs)
		slices.Reverse(a.blocks[i].txs)
	}
}

func TestNodesThatSendMoreAreAskedForMore(t *testing.T) {
	f := newFake(t, 60)
	f.greedy = true
	c := f.dial()
	before := f.asked["/get_blocks.bin"]
	collect(t, c, 1, 59)
	require.Equal(t, before+1, f.asked["/get_blocks.bin"])
}

// What is not taken is not asked for.
func TestNotMoreIsFetchedThanTheLimit(t *testing.T) {
	f := newFake(t, 200)
	config := f.config()
	config.Parallel, config.Span = 3, 5
	c, err := node.Dial(t.Context(), config, f.chain(), false)
	require.NoError(t, err)
	asked := func() int {
		f.mu.Lock()
		defer f.mu.Unlock()
		return f.asked["/get_blocks.bin"]
	}
	before, goroutines := asked(), runtime.NumGoroutine()
	taken := 0
	for _, err := range c.Blocks(t.Context(), 1, 199) {
		require.NoError(t, err)
		if taken++; taken%20 == 0 {
			time.Sleep(20 * time.Millisecond)
			require.LessOrEqual(t, asked()-before, (taken-1)/5+3)
		}
		if taken == 100 {
			break
		}
	}
	time.Sleep(10 * time.Millisecond)
	require.LessOrEqual(t, asked()-before, 23)
	require.LessOrEqual(t, runtime.NumGoroutine(), goroutines, "nothing runs on")
}

func TestBlocksEndWithTheContext(t *testing.T) {
	f := newFake(t, 40)
	c := f.dial()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var last error
	count := 0
	for _, err := range c.Blocks(ctx, 1, 39) {
		if last = err; err != nil {
			break
		}
		if count++; count == 6 {
			cancel()
		}
	}
	require.ErrorIs(t, last, context.Canceled)
	require.NotErrorIs(t, last, coin.ErrTransient)
	_, err := c.Tip(ctx)
	require.ErrorIs(t, err, context.Canceled)
	require.NotErrorIs(t, err, coin.ErrTransient)
}

// Between two answers the best chain changes.
func TestReorganisationBetweenAnswersIsTransient(t *testing.T) {
	f := newFake(t, 40)
	c := f.dial()
	other := newFake(t, 41).blocks // the first ones are the same
	m := &maker{random: newRandom(9)}
	parent := other[7].id
	for i := 8; i < 40; i++ {
		other[i] = m.block(uint64(i), parent, 1)
		parent = other[i].id
	}
	f.bulk = func(a *answered) {
		if a.start > 8 {
			for i := range a.blocks {
				a.blocks[i] = other[a.start+uint64(i)]
				a.indexes[i] = other[a.start+uint64(i)].indexes
			}
		}
	}
	var last error
	count := 0
	for b, err := range c.Blocks(t.Context(), 1, 39) {
		if last = err; err == nil {
			count++
			same(t, f.blocks[count], b)
		}
	}
	require.ErrorIs(t, last, coin.ErrTransient)
	require.ErrorContains(t, last, "best chain has changed")
	require.Equal(t, 8, count)
}

func flipped(raw []byte, at int) []byte {
	raw = slices.Clone(raw)
	raw[(at+len(raw))%len(raw)] ^= 1
	return raw
}

// Each lie in an answer with many blocks is an error that names the field, and
// no block of the answer is taken.
func TestLiesInManyBlocks(t *testing.T) {
	f := newFake(t, 30)
	c := f.dial()
	m := &maker{random: newRandom(5)}
	stranger := m.block(13, f.blocks[12].id, 3) // the one after has another parent
	type change = func(a *answered)             // of the blocks 12 to 15, with 2, 3, 4 and 0 transactions
	txs := func(which int, change func(txs [][]byte) [][]byte) change {
		return func(a *answered) { a.blocks[which].txs = change(slices.Clone(a.blocks[which].txs)) }
	}
	for name, test := range map[string]struct {
		change change
		want   string
	}{
		"start":                {func(a *answered) { a.start-- }, "start_height"},
		"no blocks":            {func(a *answered) { a.blocks, a.indexes = nil, nil }, "blocks are none"},
		"older blocks":         {func(a *answered) { copy(a.blocks, f.blocks[2:6]); a.indexes = indexesOf(a.blocks) }, "block has number 2"},
		"a block left out":     {func(a *answered) { a.blocks, a.indexes = a.blocks[1:], a.indexes[1:] }, "block has number 13"},
		"a block twice":        {func(a *answered) { a.blocks[1], a.indexes[1] = a.blocks[0], a.indexes[0] }, "block has number 12"},
		"another block":        {func(a *answered) { a.blocks[1] = stranger; a.indexes[1] = f.blocks[13].indexes }, "block has another parent"},
		"another parent":       {func(a *answered) { a.blocks[1].raw = flipped(a.blocks[1].raw, 10) }, "block has another parent"},
		"nonce":                {func(a *answered) { a.blocks[1].raw = flipped(a.blocks[1].raw, 7+32+1) }, "block has another parent"},
		"miner's transaction":  {func(a *answered) { a.blocks[1].raw = flipped(a.blocks[1].raw, 7+32+4+12) }, "block has another parent"},
		"a hash in the block":  {func(a *answered) { a.blocks[1].raw = flipped(a.blocks[1].raw, -1) }, "txs hold"},
		"block cut":            {func(a *answered) { a.blocks[3].raw = a.blocks[3].raw[:50] }, "block is malformed"},
		"block longer":         {func(a *answered) { a.blocks[3].raw = append(slices.Clone(a.blocks[3].raw), 0) }, "block is malformed"},
		"block empty":          {func(a *answered) { a.blocks[3].raw = nil }, "block is malformed"},
		"transaction bit":      {txs(1, func(txs [][]byte) [][]byte { txs[1] = flipped(txs[1], -5); return txs }), "txs hold"},
		"transaction's output": {txs(1, func(txs [][]byte) [][]byte { txs[1] = flipped(txs[1], 120); return txs }), "txs hold"},
		"transaction cut":      {txs(1, func(txs [][]byte) [][]byte { txs[1] = txs[1][:9]; return txs }), "txs hold a malformed one"},
		"transaction missing":  {txs(1, func(txs [][]byte) [][]byte { return txs[1:] }), "txs lack"},
		"all missing":          {txs(1, func([][]byte) [][]byte { return nil }), "txs lack"},
		"transaction twice":    {txs(1, func(txs [][]byte) [][]byte { txs[1] = txs[0]; return txs }), "txs hold"},
		"one more":             {txs(3, func([][]byte) [][]byte { return f.blocks[4].txs }), "txs hold"},
		"pruned":               {func(a *answered) { a.pruned = true }, "prunes"},
		"integers for blobs":   {func(a *answered) { a.integerTxs = true }, "txs are no strings"},
		"indices of a block":   {func(a *answered) { a.indexes = a.indexes[1:] }, "output_indices are of 3 blocks, not 4"},
		"indices are integers": {func(a *answered) { a.indexObjects = true }, "output_indices"},
		"indices of one less":  {func(a *answered) { a.indexes[1] = a.indexes[1][1:] }, "output_indices are of 3 transactions, not 4"},
		"an index less":        {func(a *answered) { a.indexes[1][2] = a.indexes[1][2][1:] }, "output_indices are 1 for 2 outputs"},
		"an index more":        {func(a *answered) { a.indexes[1][2] = []uint64{1, 2, 3} }, "output_indices are 3 for 2 outputs"},
		"a gap":                {func(a *answered) { a.indexes[1][2] = []uint64{a.indexes[1][2][0], a.indexes[1][2][1] + 1} }, "output_indices go on"},
		"a gap between blocks": {func(a *answered) { a.indexes[3][0] = []uint64{a.indexes[3][0][0] + 1} }, "output_indices go on"},
		"no status":            {func(a *answered) { a.noStatus = true }, "status is missing"},
	} {
		t.Run(name, func(t *testing.T) {
			f.bulk = func(a *answered) {
				if a.start == 12 {
					test.change(a)
				}
			}
			count := 0
			var last error
			for _, err := range c.Blocks(t.Context(), 8, 23) {
				if last = err; err == nil {
					count++
				}
			}
			require.Equal(t, 4, count)
			if name == "pruned" {
				require.ErrorIs(t, last, node.ErrUnsuitable)
			} else {
				require.ErrorIs(t, last, coin.ErrInvalid)
			}
			require.NotErrorIs(t, last, coin.ErrTransient)
			require.ErrorContains(t, last, test.want)
		})
	}
}

func indexesOf(blocks []made) (all [][][]uint64) {
	for _, b := range blocks {
		all = append(all, b.indexes)
	}
	return all
}

// Blocks that the others of the answer do not contradict.
func TestBlockThatNamesATransactionTwice(t *testing.T) {
	f := newFake(t, 30)
	c := f.dial()
	f.bulk = func(a *answered) {
		for i := range a.blocks {
			if parsed, err := block.Parse(a.blocks[i].raw); err == nil && parsed.Len() == 4 {
				raw := slices.Clone(a.blocks[i].raw)
				copy(raw[len(raw)-32:], raw[len(raw)-64:])
				a.blocks[i].raw = raw
			}
		}
	}
	var last error
	for _, last = range c.Blocks(t.Context(), 4, 4) {
	}
	require.ErrorIs(t, last, coin.ErrInvalid)
	require.ErrorContains(t, last, "names a transaction twice")
}

func TestStatesOfAnswers(t *testing.T) {
	f := newFake(t, 30)
	c := f.dial()
	for status, want := range map[string]error{"BUSY": coin.ErrTransient, "Failed": coin.ErrTransient, "PAYMENT REQUIRED": coin.ErrTransient, "": coin.ErrInvalid} {
		f.bulk = func(a *answered) { a.status = status }
		var last error
		for _, last = range c.Blocks(t.Context(), 5, 6) {
		}
		require.ErrorIs(t, last, want, status)
		f.change["get_info"] = func(result map[string]any) { result["status"] = status }
		_, err := c.Tip(t.Context())
		require.ErrorIs(t, err, want, status)
		f.change["/get_transactions"] = f.change["get_info"]
		_, err = c.Transaction(t.Context(), coin.TransactionID{})
		require.ErrorIs(t, err, want, status)
	}
}

func TestDialRefuses(t *testing.T) {
	set := func(field string, value any) func(map[string]any) {
		return func(result map[string]any) { result[field] = value }
	}
	for name, test := range map[string]struct {
		method string
		change func(map[string]any)
		fresh  bool
		is     []error
		not    []error
		want   string
	}{
		"interface":     {"get_version", set("version", 4<<16), false, []error{node.ErrUnsuitable}, []error{coin.ErrTransient}, "version 4 of the interface"},
		"network":       {"get_info", set("nettype", "stagenet"), false, []error{node.ErrUnsuitable}, []error{coin.ErrTransient}, `its network is "stagenet"`},
		"no blocks":     {"get_info", set("height", 0), false, []error{coin.ErrInvalid}, nil, "get_info: coin: invalid data: height"},
		"no height":     {"get_info", set("height", "x"), false, []error{coin.ErrInvalid}, nil, "get_info"},
		"negative":      {"get_info", set("height", -1), false, []error{coin.ErrInvalid}, nil, "get_info"},
		"short top":     {"get_info", set("top_block_hash", "00"), false, []error{coin.ErrInvalid}, nil, "a hash of 1 bytes"},
		"busy":          {"get_info", set("status", "BUSY"), false, []error{coin.ErrTransient}, []error{node.ErrUnsuitable}, "busy"},
		"downloading":   {"get_info", set("synchronized", false), true, []error{node.ErrUnsuitable, coin.ErrTransient}, nil, "downloading the chain"},
		"busy syncing":  {"get_info", set("busy_syncing", true), true, []error{node.ErrUnsuitable, coin.ErrTransient}, nil, "downloading the chain"},
		"another's":     {"get_info", set("untrusted", true), true, []error{node.ErrUnsuitable, coin.ErrTransient}, nil, "another node"},
		"tip height":    {"get_info", set("height", 29), true, []error{coin.ErrInvalid}, nil, "height is 29"},
		"no such tip":   {"get_info", set("top_block_hash", strings.Repeat("ab", 32)), true, []error{coin.ErrNotFound}, nil, "newest block"},
		"stale":         {"get_info", set("x", 0), true, []error{node.ErrUnsuitable, coin.ErrTransient}, nil, "its newest block 29 is"},
		"genesis":       {"get_block", set("blob", hex.EncodeToString(newFake(t, 2).blocks[1].raw)), false, []error{coin.ErrInvalid}, nil, "blob is that of block 1"},
		"other genesis": {"get_block", set("blob", hex.EncodeToString((&maker{random: newRandom(4)}).block(0, [32]byte{}, 0).raw)), false, []error{node.ErrUnsuitable}, []error{coin.ErrTransient}, "its genesis block is"},
		"no blob":       {"get_block", set("blob", nil), false, []error{coin.ErrInvalid}, nil, "get_block"},
		"bad blob":      {"get_block", set("blob", "0"), false, []error{coin.ErrInvalid}, nil, "get_block"},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t, 30)
			f.change[test.method] = test.change
			_, err := node.Dial(t.Context(), f.config(), f.chain(), test.fresh)
			for _, is := range test.is {
				require.ErrorIs(t, err, is)
			}
			for _, not := range test.not {
				require.NotErrorIs(t, err, not)
			}
			require.ErrorContains(t, err, test.want)
		})
	}
}

// Failures on the way to the node are told apart from what it says.
func TestFailuresOnTheWay(t *testing.T) {
	status := func(code int) func(http.ResponseWriter, *http.Request) bool {
		return func(w http.ResponseWriter, _ *http.Request) bool {
			w.WriteHeader(code)
			io.WriteString(w, "<html>")
			return true
		}
	}
	text := func(text string) func(http.ResponseWriter, *http.Request) bool {
		return func(w http.ResponseWriter, _ *http.Request) bool {
			io.WriteString(w, text)
			return true
		}
	}
	long := strings.Repeat("x", 2<<20)
	for name, test := range map[string]struct {
		http func(http.ResponseWriter, *http.Request) bool
		want error
	}{
		"unavailable":  {status(503), coin.ErrTransient},
		"gateway":      {status(502), coin.ErrTransient},
		"in trouble":   {status(500), coin.ErrTransient},
		"not found":    {status(404), coin.ErrTransient},
		"unauthorised": {status(401), jsonrpc.ErrUnauthorized},
		"no JSON":      {text("hello"), coin.ErrInvalid},
		"too long":     {text(long), coin.ErrInvalid},
		"core is busy": {text(`{"id":0,"error":{"code":-9,"message":"Core is busy"}}`), coin.ErrTransient},
		"wrong shape":  {text(`{"id":0,"result":[]}`), coin.ErrInvalid},
		"array":        {text(`[]`), coin.ErrInvalid},
	} {
		f := newFake(t, 30)
		c := f.dial()
		f.http = test.http
		for call, err := range map[string]error{
			"Tip": second(c.Tip(t.Context())), "KeyImages": second(c.KeyImages(t.Context(), make([][32]byte, 1))),
			"OutputIndexes": second(c.OutputIndexes(t.Context(), coin.TransactionID{})),
		} {
			if call != "Tip" && (name == "core is busy" || name == "wrong shape") {
				continue // not of these methods
			}
			require.ErrorIs(t, err, test.want, "%s: %s", name, call)
			require.Equal(t, test.want == coin.ErrTransient, errors.Is(err, coin.ErrTransient), "%s: %s: %v", name, call, err)
		}
		if name == "in trouble" || name == "unavailable" {
			_, err := node.Dial(t.Context(), f.config(), f.chain(), false)
			require.ErrorIs(t, err, coin.ErrTransient, "Dial")
		}
	}
}

// claimer claims that an answer is longer than any may be.
type claimer struct{ *fake }

func (c claimer) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := c.fake.RoundTrip(r)
	if err == nil && r.URL.Path == "/get_blocks.bin" {
		answer.ContentLength = 1 << 40
	}
	return answer, err
}

func TestAnswersThatAreTooLongAreNotRead(t *testing.T) {
	f := newFake(t, 10)
	config := f.config()
	config.Transport = claimer{f}
	_, err := node.Dial(t.Context(), config, f.chain(), false)
	require.ErrorIs(t, err, coin.ErrInvalid)
	require.ErrorIs(t, err, jsonrpc.ErrTooLarge)
}

// A node that is busy for a moment is asked again.
func TestTransientFailuresAreRepeated(t *testing.T) {
	f := newFake(t, 10)
	config := f.config()
	config.Attempts = 3
	c, err := node.Dial(t.Context(), config, f.chain(), false)
	require.NoError(t, err)
	failures := 2
	f.http = func(w http.ResponseWriter, _ *http.Request) bool {
		f.mu.Lock()
		defer f.mu.Unlock()
		if failures--; failures >= 0 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		return failures >= 0
	}
	require.Len(t, collect(t, c, 1, 3), 3)
	failures = 3
	_, err = c.Tip(t.Context())
	require.ErrorIs(t, err, coin.ErrTransient)
}

func second[T any](_ T, err error) error { return err }
