package signer

import (
	"bytes"
	"crypto/sha512"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/serai-go/processor/coin"
)

// grown is a tree of signed transactions by name.
type grown struct {
	names map[coin.PlanID]string
	list  []handover
}

func transactionOf(name string) coin.TransactionID {
	return sha512.Sum512_256([]byte("transaction " + name))
}

// add adds a transaction that spends outputs of a kind of others.
func (g *grown) add(name string, fee uint64, kind coin.Kind, parents ...string) {
	plan := coin.Plan{Fee: fee}
	for i, parent := range parents {
		plan.Inputs = append(plan.Inputs, coin.Output{
			ID: coin.OutputID{Transaction: transactionOf(parent), Index: uint32(i)}, Kind: kind,
		})
	}
	id := coin.PlanID(sha512.Sum512_256([]byte("plan " + name)))
	if g.names == nil {
		g.names = make(map[coin.PlanID]string)
	}
	g.names[id] = name
	g.list = append(g.list, handover{id: id, plan: plan, transaction: coin.Transaction{ID: transactionOf(name)}, due: true})
}

func (g *grown) order() (names []string) {
	for _, h := range arrange(slices.Clone(g.list)) {
		names = append(names, g.names[h.id])
	}
	return names
}

func TestABumpComesDirectlyBehindItsRoot(t *testing.T) {
	var g grown
	g.add("branch 1", 50, coin.Branch, "root")
	g.add("branch 2", 40, coin.Branch, "settled", "root", "root") // two of its outputs
	g.add("bump", 1, coin.Change, "root")
	g.add("better bump", 2, coin.Change, "root")
	g.add("leaf", 60, coin.Branch, "branch 1")
	g.add("root", 10, coin.Change, "older")
	g.add("other root", 9, coin.External, "oldest")
	g.add("forwarded", 3, coin.Forwarded, "other root")
	g.add("branch of the other", 4, coin.Branch, "other root")
	order := g.order()
	require.Len(t, order, 9)
	at := func(name string) int { return slices.Index(order, name) }
	require.Equal(t, at("root")+1, at("better bump"))
	require.Equal(t, at("root")+2, at("bump"))
	require.Equal(t, at("branch 1")+1, at("leaf"))
	require.Less(t, at("bump"), at("branch 1"))
	require.Less(t, at("bump"), at("branch 2"))
	require.Equal(t, at("other root")+1, at("forwarded"))
	require.Equal(t, at("other root")+2, at("branch of the other"))
}

// Versions of a root come by their fees, whatever their IDs, and unrelated
// transactions by these.
func TestTheBestVersionIsPublishedFirst(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var g grown
		for i, fee := range rapid.Permutation([]uint64{1, 2, 3, 4}).Draw(t, "fees") {
			g.add(fmt.Sprint("version ", i), fee, coin.Change, "settled")
		}
		for i := range 3 {
			g.add(fmt.Sprint("root ", i), 5, coin.Change, fmt.Sprint("settled ", i))
		}
		arranged := arrange(rapid.Permutation(g.list).Draw(t, "list"))
		var fees []uint64
		var roots []coin.PlanID
		for _, h := range arranged {
			if h.plan.Fee < 5 {
				fees = append(fees, h.plan.Fee)
			} else {
				roots = append(roots, h.id)
			}
		}
		require.Equal(t, []uint64{4, 3, 2, 1}, fees)
		require.True(t, slices.IsSortedFunc(roots, func(a, b coin.PlanID) int { return bytes.Compare(a[:], b[:]) }))
	})
}

// Whatever spends whatever, each comes once, behind all that it spends, and the
// order depends on nothing else.
func TestNothingComesBeforeWhatItSpends(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var g grown
		spends := make(map[string][]string)
		for i := range rapid.IntRange(1, 40).Draw(t, "transactions") {
			name := fmt.Sprint(i)
			if i > 0 {
				parents := rapid.SliceOfNDistinct(rapid.IntRange(0, i-1), 0, 3, rapid.ID).Draw(t, "parents")
				for _, p := range parents {
					spends[name] = append(spends[name], fmt.Sprint(p))
				}
			}
			g.add(name, rapid.Uint64Range(0, 3).Draw(t, "fee"), rapid.SampledFrom(coin.Kinds[:]).Draw(t, "kind"), spends[name]...)
		}
		order := g.order()
		require.Len(t, order, len(g.list))
		at := make(map[string]int)
		for i, name := range order {
			at[name] = i
		}
		require.Len(t, at, len(g.list))
		for name, parents := range spends {
			for _, parent := range parents {
				require.Less(t, at[parent], at[name])
			}
		}
		g.list = rapid.Permutation(g.list).Draw(t, "list")
		require.Equal(t, order, g.order())
	})
}

func TestWhatSpendsSomethingDueIsDueWithIt(t *testing.T) {
	var g grown
	g.add("root", 1, coin.External)
	g.add("child", 1, coin.Branch, "root")
	g.add("leaf", 1, coin.Branch, "child")
	g.add("alone", 1, coin.Branch, "settled")
	for i := range g.list {
		g.list[i].due = g.names[g.list[i].id] == "child"
	}
	due := make(map[string]bool)
	for _, h := range arrange(g.list) {
		if h.due {
			due[g.names[h.id]] = true
		}
	}
	require.Equal(t, map[string]bool{"child": true, "leaf": true}, due)
}

func BenchmarkArrange(b *testing.B) {
	var g grown
	for i := range 1000 {
		g.add(fmt.Sprint(i), 1, coin.Branch, fmt.Sprint((i-1)/4))
	}
	for b.Loop() {
		arrange(slices.Clone(g.list))
	}
}
