package node_test

import (
	"encoding/hex"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/coin/monero/block"
	"github.com/serai-go/processor/coin/monero/node"
)

// entries changes the list in a field of an answer, a copy of it.
func entries(field string, change func([]any) []any) func(map[string]any) {
	return func(result map[string]any) {
		list, _ := result[field].([]any)
		copies := make([]any, len(list))
		for i := range list {
			copies[i] = list[i]
			if m, ok := list[i].(map[string]any); ok {
				copies[i] = maps.Clone(m)
			}
		}
		result[field] = change(copies)
	}
}

// entry changes a field of the first element of a list.
func entry(list, field string, value any) func(map[string]any) {
	return entries(list, func(all []any) []any {
		all[0].(map[string]any)[field] = value
		return all
	})
}

func TestLiesAboutOneBlock(t *testing.T) {
	f := newFake(t, 30)
	c := f.dial()
	b, other := f.blocks[18], f.blocks[17] // with 3 and 2 transactions
	set := func(value any) func(map[string]any) {
		return func(result map[string]any) { result["blob"] = value }
	}
	for name, test := range map[string]struct {
		method string
		change func(map[string]any)
		want   string
	}{
		"another block":         {"get_block", set(hex.EncodeToString(other.raw)), "blob is that of block"},
		"block of this number":  {"get_block", set(hex.EncodeToString(flipped(b.raw, 10))), "blob is that of block"},
		"transaction's hash":    {"get_block", set(hex.EncodeToString(flipped(b.raw, -3))), "blob is that of block"},
		"cut":                   {"get_block", set(hex.EncodeToString(b.raw[:60])), "blob is malformed"},
		"longer":                {"get_block", set(hex.EncodeToString(b.raw) + "00"), "blob is malformed"},
		"empty":                 {"get_block", set(""), "blob is malformed"},
		"a number":              {"get_block", set(7), "get_block"},
		"transaction's bit":     {"/get_transactions", entry("txs", "as_hex", hex.EncodeToString(flipped(b.txs[2], -9))), "txs hold"},
		"another transaction":   {"/get_transactions", entry("txs", "as_hex", hex.EncodeToString(other.txs[0])), "txs hold"},
		"cut transaction":       {"/get_transactions", entry("txs", "as_hex", hex.EncodeToString(b.txs[2][:100])), "as_hex is malformed"},
		"no transaction":        {"/get_transactions", entry("txs", "as_hex", ""), "as_hex is missing"},
		"digits":                {"/get_transactions", entry("txs", "as_hex", "0g"), "/get_transactions"},
		"index missing":         {"/get_transactions", entry("txs", "output_indices", []int{5}), "output_indices are 1 for 2"},
		"no indices":            {"/get_transactions", entry("txs", "output_indices", nil), "output_indices are 0 for 2"},
		"negative index":        {"/get_transactions", entry("txs", "output_indices", []int{-1, 2}), "/get_transactions"},
		"gap in the indices":    {"/get_transactions", entry("txs", "output_indices", []int{5, 9}), "output_indices go on"},
		"one twice":             {"/get_transactions", entries("txs", func(l []any) []any { l[1] = l[0]; return l }), "txs hold"},
		"one more":              {"/get_transactions", entries("txs", func(l []any) []any { return append(l, l[0]) }), "more elements"},
		"one less":              {"/get_transactions", entries("txs", func(l []any) []any { return l[1:] }), "txs lack"},
		"missed what is there":  {"/get_transactions", entries("missed_tx", func([]any) []any { return []any{hex.EncodeToString(b.id[:])} }), "missed_tx"},
		"missed more than that": {"/get_transactions", entries("missed_tx", func([]any) []any { return slices.Repeat([]any{hex.EncodeToString(b.id[:])}, 5) }), "more elements"},
		"null":                  {"/get_transactions", func(result map[string]any) { result["txs"] = nil }, "txs lack"},
	} {
		f.change = map[string]func(map[string]any){test.method: test.change}
		_, err := c.Block(t.Context(), b.id)
		require.ErrorIs(t, err, coin.ErrInvalid, name)
		require.NotErrorIs(t, err, coin.ErrTransient, name)
		require.ErrorContains(t, err, test.want, name)
		if test.method == "get_block" && name != "block of this number" && name != "transaction's hash" {
			_, err = c.Header(t.Context(), 18)
			require.ErrorIs(t, err, coin.ErrInvalid, name)
		}
	}
	f.change = nil
	got, err := c.Block(t.Context(), b.id)
	require.NoError(t, err)
	same(t, b, got)

	// A transaction that is gone is no lie, nor is one that is elsewhere.
	f.change = map[string]func(map[string]any){"/get_transactions": func(result map[string]any) {
		all := result["txs"].([]any)
		t, err := block.ParseTransaction(b.txs[2])
		if err == nil {
			id := t.Hash()
			result["txs"], result["missed_tx"] = all[1:], []string{hex.EncodeToString(id[:])}
		}
	}}
	_, err = c.Block(t.Context(), b.id)
	require.ErrorIs(t, err, coin.ErrNotFound)
	f.change["/get_transactions"] = entry("txs", "in_pool", true)
	got, err = c.Block(t.Context(), b.id)
	require.NoError(t, err)
	require.Nil(t, got.Indexes)
	f.change["/get_transactions"] = entry("txs", "block_height", 3)
	got, err = c.Block(t.Context(), b.id)
	require.NoError(t, err)
	require.Nil(t, got.Indexes)

	// A node that prunes.
	parsed, err := block.ParseTransaction(b.txs[2])
	require.NoError(t, err)
	f.change["/get_transactions"] = entries("txs", func(all []any) []any {
		first := all[0].(map[string]any)
		first["as_hex"], first["pruned_as_hex"] = "", hex.EncodeToString(b.txs[2][:parsed.PrunedLen()])
		return all
	})
	_, err = c.Block(t.Context(), b.id)
	require.ErrorIs(t, err, node.ErrUnsuitable)
	require.ErrorContains(t, err, "prunes")

	// A block that leaves the best chain while it is fetched by its number.
	single := newFake(t, 30)
	single.http = func(w http.ResponseWriter, r *http.Request) bool {
		none := r.URL.Path == "/get_blocks.bin"
		if none {
			w.WriteHeader(http.StatusNotFound)
		}
		return none
	}
	s := single.dial()
	single.change["/get_transactions"] = entry("txs", "in_pool", true)
	for _, err = range s.Blocks(t.Context(), 18, 18) {
	}
	require.ErrorIs(t, err, coin.ErrTransient)
}

func TestTransactionsAreAskedForInParts(t *testing.T) {
	f := newFake(t, 130)
	c := f.dial()
	var ids []coin.TransactionID
	var want [][]byte
	for _, b := range f.blocks {
		head, err := block.Parse(b.raw)
		require.NoError(t, err)
		ids, want = append(ids, head.Miner().Hash()), append(want, head.Miner().Raw())
		for i, raw := range b.txs {
			ids, want = append(ids, head.Transaction(i)), append(want, raw)
		}
	}
	before := f.asked["/get_transactions"]
	found, err := c.Transactions(t.Context(), ids)
	require.NoError(t, err)
	for i := range found {
		require.Equal(t, want[i], found[i].Transaction.Raw())
	}
	f.mu.Lock()
	require.Equal(t, (len(ids)+99)/100*2, f.asked["/get_transactions"]-before, "100 at once (each is counted twice)")
	f.mu.Unlock()

	// An answer that is too large is asked for in halves.
	large := strings.Repeat(" ", 65<<20)
	f.http = func(w http.ResponseWriter, r *http.Request) bool {
		if r.ContentLength > 3000 && r.URL.Path == "/get_transactions" {
			w.Write([]byte(large))
			return true
		}
		return false
	}
	found, err = c.Transactions(t.Context(), ids[:100])
	require.NoError(t, err)
	for i := range found {
		require.Equal(t, want[i], found[i].Transaction.Raw())
	}
	_, err = c.Transactions(t.Context(), []coin.TransactionID{ids[0], ids[0]})
	require.ErrorIs(t, err, coin.ErrInvalid)
	found, err = c.Transactions(t.Context(), nil)
	require.NoError(t, err)
	require.Empty(t, found)
}

func TestLiesAboutOutputs(t *testing.T) {
	f := newFake(t, 30)
	c := f.dial()
	outs := func() error { return second(c.Outs(t.Context(), []uint64{4, 2})) }
	distribution := func() error { return second(c.OutputDistribution(t.Context(), 4, 9)) }
	images := func() error { return second(c.KeyImages(t.Context(), make([][32]byte, 3))) }
	require.NoError(t, outs())
	require.NoError(t, distribution())
	require.NoError(t, images())
	spent := func(values ...int) func(map[string]any) {
		return func(result map[string]any) { result["spent_status"] = values }
	}
	for name, test := range map[string]struct {
		ask    func() error
		method string
		change func(map[string]any)
		want   string
	}{
		"one less":            {outs, "/get_outs", entries("outs", func(l []any) []any { return l[1:] }), "outs are 1, not 2"},
		"one more":            {outs, "/get_outs", entries("outs", func(l []any) []any { return append(l, l[0]) }), "more elements"},
		"none":                {outs, "/get_outs", func(result map[string]any) { delete(result, "outs") }, "outs are 0, not 2"},
		"no key":              {outs, "/get_outs", entry("outs", "key", nil), "outs lack a field of output 4"},
		"no mask":             {outs, "/get_outs", entry("outs", "mask", nil), "outs lack a field of output 4"},
		"no transaction":      {outs, "/get_outs", entry("outs", "txid", nil), "outs lack a field of output 4"},
		"no height":           {outs, "/get_outs", entry("outs", "height", nil), "outs lack a field of output 4"},
		"short key":           {outs, "/get_outs", entry("outs", "key", "00"), "/get_outs"},
		"number for a key":    {outs, "/get_outs", entry("outs", "key", 1), "/get_outs"},
		"negative height":     {outs, "/get_outs", entry("outs", "height", -1), "/get_outs"},
		"no distribution":     {distribution, "get_output_distribution", entries("distributions", func([]any) []any { return nil }), "distributions are not one"},
		"two distributions":   {distribution, "get_output_distribution", entries("distributions", func(l []any) []any { return append(l, l[0]) }), "more elements"},
		"another amount":      {distribution, "get_output_distribution", entry("distributions", "amount", 1), "amount is 1"},
		"an earlier start":    {distribution, "get_output_distribution", entry("distributions", "start_height", 3), "start_height is 3"},
		"a start beyond":      {distribution, "get_output_distribution", entry("distributions", "start_height", 10), "start_height is 10"},
		"a later start":       {distribution, "get_output_distribution", entry("distributions", "start_height", 5), "distribution has 6 counts for blocks 5 to 9"},
		"counts missing":      {distribution, "get_output_distribution", entry("distributions", "distribution", nil), "distribution has 0 counts"},
		"a falling count":     {distribution, "get_output_distribution", entry("distributions", "distribution", []int{5, 6, 5, 8, 9, 10}), "distribution falls"},
		"below the base":      {distribution, "get_output_distribution", entry("distributions", "base", 6), "distribution falls"},
		"a negative count":    {distribution, "get_output_distribution", entry("distributions", "distribution", []int{-5, 6, 5, 8, 9, 10}), "get_output_distribution"},
		"text for counts":     {distribution, "get_output_distribution", entry("distributions", "distribution", "AAAA"), "get_output_distribution"},
		"images: one less":    {images, "/is_key_image_spent", spent(0, 1), "spent_status is of 2, not 3"},
		"images: one more":    {images, "/is_key_image_spent", spent(0, 1, 2, 0), "more elements"},
		"images: other state": {images, "/is_key_image_spent", spent(0, 1, 3), "spent_status is 3"},
	} {
		f.change = map[string]func(map[string]any){test.method: test.change}
		err := test.ask()
		require.ErrorIs(t, err, coin.ErrInvalid, name)
		require.NotErrorIs(t, err, coin.ErrTransient, name)
		require.ErrorContains(t, err, test.want, name)
	}

	// RingCT begins later than the chain.
	f.change = map[string]func(map[string]any){"get_output_distribution": func(result map[string]any) {
		result["distributions"] = []any{map[string]any{"amount": 0, "start_height": 7, "base": 0, "distribution": []int{0, 1, 2}}}
	}}
	d, err := c.OutputDistribution(t.Context(), 4, 9)
	require.NoError(t, err)
	require.Equal(t, node.Distribution{First: 7, Counts: []uint64{0, 1, 2}}, d)
	f.change["get_output_distribution"] = entries("distributions", func([]any) []any {
		return []any{map[string]any{"amount": 0, "start_height": 1, "distribution": []int{3}}}
	})
	d, err = c.OutputDistribution(t.Context(), 0, 0)
	require.NoError(t, err)
	require.Zero(t, d)
	f.change["/get_outs"] = func(result map[string]any) { result["status"] = "Failed" }
	require.ErrorIs(t, outs(), coin.ErrNotFound)
	f.change["/get_outs"] = func(result map[string]any) { result["status"] = "BUSY" }
	require.ErrorIs(t, outs(), coin.ErrTransient)
}

// What a node answers to a transaction is explained by what it has.
func TestPublicationsAreExplained(t *testing.T) {
	f := newFake(t, 30)
	c := f.dial()
	known, unknown := f.blocks[18].txs[0], (&maker{random: newRandom(8)}).transaction(2)
	type answers map[string]func(map[string]any)
	say := func(more map[string]any) func(map[string]any) {
		return func(result map[string]any) { maps.Copy(result, more) }
	}
	failed := func(flags ...string) func(map[string]any) {
		return func(result map[string]any) {
			result["status"], result["reason"] = "Failed", "because"
			for _, flag := range flags {
				result[flag] = true
			}
		}
	}
	spent := func(state int) func(map[string]any) { return say(map[string]any{"spent_status": []int{state}}) }
	const send, images, txs = "/send_raw_transaction", "/is_key_image_spent", "/get_transactions"
	for name, test := range map[string]struct {
		raw     []byte
		answers answers
		status  coin.PublicationStatus
		is      error
	}{
		"taken":                     {unknown, answers{}, coin.Accepted, nil},
		"known":                     {unknown, answers{send: say(map[string]any{"not_relayed": true})}, coin.Accepted, nil},
		"known and mined":           {known, answers{send: say(map[string]any{"not_relayed": true})}, coin.Mined, nil},
		"refused although in pool":  {known, answers{send: failed("double_spend"), txs: entry("txs", "in_pool", true)}, coin.Accepted, nil},
		"refused as it is mined":    {known, answers{send: failed("double_spend", "invalid_input")}, coin.Mined, nil},
		"double spend":              {unknown, answers{send: failed("double_spend")}, coin.Conflict, nil},
		"spent in the chain":        {unknown, answers{send: failed("invalid_input"), images: spent(1)}, coin.Conflict, nil},
		"spent in the pool":         {unknown, answers{send: failed(), images: spent(2)}, coin.Conflict, nil},
		"spent, and too low a fee":  {unknown, answers{send: failed("fee_too_low"), images: spent(2)}, coin.Conflict, nil},
		"fee too low":               {unknown, answers{send: failed("fee_too_low")}, coin.FeeTooLow, nil},
		"anything else":             {unknown, answers{send: failed("invalid_input")}, coin.Rejected, nil},
		"no reason":                 {unknown, answers{send: say(map[string]any{"status": "Failed"})}, coin.Rejected, nil},
		"busy":                      {unknown, answers{send: say(map[string]any{"status": "BUSY"})}, 0, coin.ErrTransient},
		"busy afterwards":           {unknown, answers{send: failed(), images: say(map[string]any{"status": "BUSY"})}, 0, coin.ErrTransient},
		"mined in another block":    {known, answers{send: failed(), txs: entry("txs", "block_height", 3)}, 0, coin.ErrInvalid},
		"mined in a block to come":  {known, answers{send: failed(), txs: entry("txs", "block_height", 99)}, 0, coin.ErrTransient},
		"lies about the key images": {unknown, answers{send: failed(), images: spent(9)}, 0, coin.ErrInvalid},
		"no status":                 {unknown, answers{send: say(map[string]any{"status": ""})}, 0, coin.ErrInvalid},
	} {
		f.change = test.answers
		p, err := c.Publish(t.Context(), test.raw)
		if test.is != nil {
			require.ErrorIs(t, err, test.is, name)
			continue
		}
		require.NoError(t, err, name)
		require.Equal(t, test.status, p.Status, name)
		refused := slices.Contains([]coin.PublicationStatus{coin.Conflict, coin.FeeTooLow, coin.Rejected}, p.Status)
		require.Equal(t, refused, p.Reason != "", name)
		if name == "anything else" {
			require.Contains(t, p.Reason, "invalid_input", "the node's flag")
		}
	}
	for _, bad := range [][]byte{nil, {2}, known[:len(known)-1]} {
		_, err := c.Publish(t.Context(), bad)
		require.ErrorIs(t, err, coin.ErrInvalid)
	}
}
