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

// rank sorts versions together and by their fees.
func rank(list []handover) {
	slices.SortFunc(list, func(a, b handover) int { return bytes.Compare(a.id[:], b.id[:]) })
	versions := make(map[coin.OutputID]coin.PlanID) // by the input that they share, the lowest ID
	for _, h := range slices.Backward(list) {
		if len(h.plan.Inputs) > 0 {
			versions[h.plan.Inputs[0].ID] = h.id
		}
	}
	lowest := func(h handover) coin.PlanID {
		if len(h.plan.Inputs) == 0 {
			return h.id
		}
		return versions[h.plan.Inputs[0].ID]
	}
	slices.SortStableFunc(list, func(a, b handover) int {
		x, y := lowest(a), lowest(b)
		return cmp.Or(bytes.Compare(x[:], y[:]), cmp.Compare(b.plan.Fee, a.plan.Fee))
	})
}

// arrange returns transactions in the order in which a node that has none of them
// takes them all: each behind those whose outputs it spends, and directly behind
// each its bump, the one that spends its change, as a node may take what pays too
// little only together with that. The rest of what spends it follows, each with
// its own behind it. Of versions of a plan, which have the same inputs and exclude
// one another, the one with the highest fee comes first. Otherwise the order is that
// of the plans' IDs.
//
// What spends a transaction that is due is due with it: without that the node may
// have refused it before.
func arrange(list []handover) []handover {
	rank(list)
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
