package node_test

import (
	"errors"
	"net/http"
	"testing"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/coin/monero/node"
)

// isTyped tells whether an error says what to do.
func isTyped(err error) bool {
	for _, target := range []error{coin.ErrInvalid, coin.ErrTransient, coin.ErrNotFound, node.ErrUnsuitable} {
		if errors.Is(err, target) {
			return true
		}
	}
	return false
}

// FuzzManyBlocks lets a node answer anything to a request for many blocks.
func FuzzManyBlocks(f *testing.F) {
	fake := newFake(f, 12)
	c := fake.dial()
	var answer []byte
	fake.bulk = func(a *answered) { answer = a.document() }
	for _, err := range c.Blocks(f.Context(), 6, 6) {
		if err != nil {
			f.Fatal(err)
		}
	}
	f.Add(answer)
	f.Add(answer[:len(answer)/2])
	var data []byte
	fake.http = func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path == "/get_blocks.bin" {
			w.Write(data)
		} else {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		return true
	}
	f.Fuzz(func(t *testing.T, answer []byte) {
		data = answer
		number := uint64(6)
		for b, err := range c.Blocks(t.Context(), 6, 6) {
			if err != nil {
				if !isTyped(err) {
					t.Fatalf("%v", err)
				}
				return
			}
			if b.Block.Height() != number || b.Block.ID() != b.ID || len(b.Transactions) != 1+b.Block.Len() {
				t.Fatal("a block that is not what was asked for")
			}
			for i := range b.Block.Len() {
				if b.Transactions[1+i].Hash() != b.Block.Transaction(i) {
					t.Fatal("a transaction that the block does not name")
				}
			}
			number++
		}
	})
}

// FuzzAnswers lets a node answer anything to all other requests.
func FuzzAnswers(f *testing.F) {
	fake := newFake(f, 12)
	c := fake.dial()
	f.Add([]byte(`{"status":"OK","txs":[{"as_hex":"00","output_indices":[1, 2]}],"missed_tx":[]}`))
	f.Add([]byte(`{"status":"OK","outs":[{"height":1,"key":"00","mask":"","txid":""}]}`))
	f.Add([]byte(`{"id":0,"result":{"status":"OK","distributions":[{"amount":0,"start_height":1,"base":0,"distribution":[1,2]}]}}`))
	f.Add([]byte(`{"id":0,"result":{"status":"OK","height":3,"top_block_hash":"","blob":"00"}}`))
	f.Add([]byte(`{"status":"Failed","reason":"","spent_status":[1]}`))
	f.Add([]byte("\x01\x11\x01\x01\x01\x01\x02\x01\x01\x08\x09o_indexes\x85\x04\x01\x00\x00\x00\x00\x00\x00\x00\x06status\x0a\x08OK"))
	var data []byte
	fake.http = func(w http.ResponseWriter, _ *http.Request) bool {
		w.Write(data)
		return true
	}
	raw := fake.blocks[3].txs[0]
	f.Fuzz(func(t *testing.T, answer []byte) {
		data = answer
		ctx := t.Context()
		found, err := c.Transactions(ctx, []coin.TransactionID{{1}, {2}})
		if err == nil && (len(found) != 2 || found[0].Transaction != nil) {
			t.Fatal("a transaction with a hash that nobody knows")
		}
		outs, err2 := c.Outs(ctx, []uint64{1})
		d, err3 := c.OutputDistribution(ctx, 1, 2)
		images, err4 := c.KeyImages(ctx, make([][32]byte, 2))
		if err2 == nil && len(outs) != 1 || err3 == nil && len(d.Counts) == 0 || err4 == nil && len(images) != 2 {
			t.Fatal("not what was asked for")
		}
		for _, err := range []error{
			err, err2, err3, err4,
			second(c.Info(ctx)), second(c.HardFork(ctx)), second(c.Header(ctx, 3)), second(c.Block(ctx, coin.BlockID{})),
			second(c.OutputIndexes(ctx, coin.TransactionID{})), second(c.Publish(ctx, raw)),
		} {
			if err != nil && !isTyped(err) {
				t.Fatalf("%v", err)
			}
		}
	})
}
