package scanner

import (
	"crypto/sha256"
	"fmt"
	"strings"

	"pgregory.net/rapid"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/internal/wire"
)

// The rules of a whole group that these tests run scanners by: how
// instructions turn out, which outputs the group spends, what becomes of
// deposits that are passed on. All follow from the arguments alone.

// chance is a number that looks random, below n.
func chance(n uint64, of ...any) uint64 {
	h := sha256.Sum256(fmt.Append(nil, of...))
	return (uint64(h[0])<<8 | uint64(h[1])) % n
}

// succeeds decides results, as a settlement chain would.
func succeeds(id uint64, i int) bool { return chance(3, "result", id, i) > 0 }

// planFor is the plan that spends an output, made when the output settles, and
// the transaction that fulfils it.
func planFor(id coin.OutputID) (coin.PlanID, [32]byte) {
	var w wire.Writer
	id.Encode(&w)
	plan := sha256.Sum256(w.Data())
	return plan, sha256.Sum256(plan[:])
}

// sessions are those whose keys may be confirmed; the first is that of the
// first key.
var sessions = []uint64{5, 6, 7, 8, 9}

// history is a chain in which users and the group move. Each output's data is
// unlike all others'.
func history(t *rapid.T) (blocks []*block) {
	var outputs [][]coin.OutputID // unspent, by block
	kinds := rapid.SampledFrom([]coin.Kind{coin.External, coin.External, coin.External, coin.Change, coin.Branch, coin.Forwarded})
	amounts := rapid.OneOf(rapid.Uint64Range(1, 200), rapid.Uint64Range(10, 1<<40), rapid.Just[uint64](1<<64-1))
	data := rapid.SampledFrom([]int{0, 0, 12, 30, 64, 65, 1000})
	rates := rapid.OneOf(rapid.Uint64Max(60), rapid.Just[uint64](0))
	busy := rapid.IntRange(1, 6).Draw(t, "one block of so many is busy")
	for n := range rapid.IntRange(3, 90).Draw(t, "blocks") {
		b := &block{rate: rates.Draw(t, "rate")}
		blocks = append(blocks, b)
		outputs = append(outputs, nil)
		if rapid.IntRange(1, busy).Draw(t, "busy") > 1 {
			continue
		}
		// Nobody spends what has not settled yet.
		if settled := n - int(testParameters.Window); settled > 0 {
			at := rapid.IntRange(0, settled-1).Draw(t, "spent")
			for i, spent := range outputs[at] {
				_, id := planFor(spent)
				b.transactions = append(b.transactions, spend{id, []coin.OutputID{{Index: uint32(i)}, spent}})
			}
			outputs[at] = nil
		}
		for i := range rapid.IntRange(0, 7).Draw(t, "outputs") {
			o := coin.Output{
				ID:      coin.OutputID{Transaction: coin.TransactionID(blockID(uint64(n))), Index: uint32(i)},
				Session: rapid.SampledFrom(sessions).Draw(t, "session"),
				Kind:    kinds.Draw(t, "kind"), Amount: amounts.Draw(t, "amount"), Position: uint32(i / 3),
			}
			if size := data.Draw(t, "data"); size > 0 {
				name := fmt.Sprintf("%d.%d", n, i)
				o.Data = []byte(name + strings.Repeat("x", size-len(name)))
			}
			if rapid.Bool().Draw(t, "has origin") {
				o.Origin = "origin"
			}
			b.outputs = append(b.outputs, o)
			outputs[n] = append(outputs[n], o.ID)
		}
	}
	return blocks
}

// decision is one of the settlement chain's about keys, in the log before the
// acknowledgement of a batch.
type decision struct {
	before  uint64 // the batch's ID
	session uint64
	abandon bool // otherwise its key is confirmed
}

// decisions are in the order of the log.
func decisions(t *rapid.T) (list []decision) {
	confirmed := 1
	at := uint64(0)
	for range rapid.IntRange(0, 8).Draw(t, "decisions") {
		at += rapid.OneOf(rapid.Uint64Max(2), rapid.Uint64Max(16)).Draw(t, "acknowledgements")
		d := decision{before: at}
		if d.abandon = rapid.IntRange(0, 3).Draw(t, "abandon") == 0; d.abandon {
			d.session = rapid.SampledFrom(sessions).Draw(t, "session")
		} else if confirmed < len(sessions) {
			d.session = sessions[confirmed]
			confirmed++
		} else {
			continue
		}
		list = append(list, d)
	}
	return list
}
