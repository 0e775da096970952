package signer

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/serai-go/processor/coin"
)

// handover is a signed transaction that the node is to have.
type handover struct {
	id          coin.PlanID
	plan        coin.Plan // without inputs if it is not known any more
	transaction coin.Transaction
	// due is set if it has to be handed over at this tip yet.
	due bool
}

// arrange returns transactions in the order in which a node that has none of them
// takes them all: each behind those whose outputs it spends, and directly behind
// each its bump, the one that spends its change, as a node may take what pays too
// little only together with that. The rest of what spends it follows, each with
// its own behind it. Of transactions that exclude one another, and otherwise for
// the sake of an order, those with the higher fee come first.
//
// What spends a transaction that is due is due with it: without that the node may
// have refused it before.
func arrange(list []handover) []handover {
	slices.SortFunc(list, func(a, b handover) int {
		return cmp.Or(cmp.Compare(b.plan.Fee, a.plan.Fee), bytes.Compare(a.id[:], b.id[:]))
	})
	at := make(map[coin.TransactionID]int, len(list))
	for i, h := range list {
		at[h.transaction.ID] = i
	}
	bumps, others := make([][]int, len(list)), make([][]int, len(list)) // that spend it
	missing := make([]int, len(list))                                   // transactions that it spends
	for i, h := range list {
		parents := make(map[int]bool) // and whether it spends their change
		for _, input := range h.plan.Inputs {
			if parent, ok := at[input.ID.Transaction]; ok {
				parents[parent] = parents[parent] || input.Kind == coin.Change || input.Kind == coin.Forwarded
			}
		}
		for parent, bump := range parents { // order-free: each has lists of its own
			if bump {
				bumps[parent] = append(bumps[parent], i)
			} else {
				others[parent] = append(others[parent], i)
			}
		}
		missing[i] = len(parents)
	}
	var next []int // the last one comes first
	for i := range slices.Backward(list) {
		if missing[i] == 0 {
			next = append(next, i)
		}
	}
	arranged := make([]handover, 0, len(list))
	for len(next) > 0 {
		i := next[len(next)-1]
		next = next[:len(next)-1]
		arranged = append(arranged, list[i])
		for _, child := range slices.Backward(append(bumps[i], others[i]...)) {
			list[child].due = list[child].due || list[i].due
			if missing[child]--; missing[child] == 0 {
				next = append(next, child)
			}
		}
	}
	return arranged
}
