package outputs

import (
	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/coin/monero/keys"
	"github.com/serai-go/processor/coin/monero/scan"
)

const (
	externalAccount = 1
	internalAccount = 2
)

// internal are the kinds in the internal account, by their address there.
var internal = [...]coin.Kind{coin.Branch, coin.Change, coin.Forwarded}

// External returns the address of a depositor.
func External(depositor uint32) keys.Index {
	return keys.Index{Account: externalAccount, Address: depositor}
}

// Address returns the address of a kind, for external outputs that of
// depositor 0.
func Address(kind coin.Kind) keys.Index {
	for i, k := range internal {
		if k == kind {
			return keys.Index{Account: internalAccount, Address: uint32(i)}
		}
	}
	return External(0)
}

// Addresses returns all addresses that a group with some depositors has:
// external ones first, in order, then branch, change, forwarded.
func Addresses(depositors uint32) []keys.Index {
	list := make([]keys.Index, 0, int(depositors)+len(internal))
	for j := range depositors {
		list = append(list, External(j))
	}
	for _, kind := range internal {
		list = append(list, Address(kind))
	}
	return list
}

// KindOf returns what an address is for, and of an external one the depositor.
// It is false for addresses that groups do not have.
func KindOf(i keys.Index) (kind coin.Kind, depositor uint32, ok bool) {
	switch {
	case i.Account == externalAccount:
		return coin.External, i.Address, true
	case i.Account == internalAccount && int64(i.Address) < int64(len(internal)):
		return internal[i.Address], 0, true
	}
	return 0, 0, false
}

// Counts tells whether an output can count at all, and as what.
func Counts(o *scan.Output) (kind coin.Kind, depositor uint32, ok bool) {
	if o.Coinbase || o.UnlockTime != 0 {
		return 0, 0, false
	}
	return KindOf(o.Address)
}
