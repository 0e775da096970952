package spend

import (
	"bytes"
	"slices"

	"github.com/serai-go/processor/coin/monero/address"
	"github.com/serai-go/processor/coin/monero/block"
	"github.com/serai-go/processor/coin/monero/keys"
)

// A form is how a transaction says its keys in the extra field. It follows from
// the addresses of all outputs alone.
type form uint8

const (
	// plain: R = r·G is for all outputs, which go to main addresses.
	plain form = iota
	// shared: R = r·D is for all outputs, which go to one subaddress with spend
	// key D.
	shared
	// additional: every output has a key of its own, as some go to subaddresses.
	// Main addresses use R = r·G all the same.
	additional
)

// formOf returns the form for all outputs of a transaction.
func formOf(to []address.Address) form {
	isSubaddress := func(a address.Address) bool { return a.Kind == address.Subaddress }
	switch {
	case !slices.ContainsFunc(to, isSubaddress):
		return plain
	case !slices.ContainsFunc(to, func(a address.Address) bool { return a != to[0] }):
		return shared
	}
	return additional
}

// complete returns the addresses of all outputs, the added one included.
func complete(to []address.Address) []address.Address {
	if len(to) == 1 {
		return []address.Address{to[0], to[0]}
	}
	return to
}

// hasPaymentID tells whether a transaction shows an encrypted payment ID of
// zero, as other wallets' do.
func hasPaymentID(outputs int) bool { return outputs == MinOutputs }

// Sizes of parts of the extra field in bytes.
const (
	keyPart       = 1 + keys.Size
	paymentIDPart = 1 + 1 + 1 + 8
)

// extraSize returns the size in bytes of the extra field with so many bytes of
// data.
func extraSize(form form, outputs, data int) int {
	size := keyPart + dataPart(data)
	if form == additional {
		size += 1 + keys.VarintSize(uint64(outputs)) + keys.Size*outputs
	}
	if hasPaymentID(outputs) {
		size += paymentIDPart
	}
	return size
}

// maxExtra is the size of the longest extra field that is made.
var maxExtra = extraSize(additional, MaxOutputs, MaxData)

// isExtra tells whether bytes are an extra field that this package can have
// made.
func isExtra(extra block.Extra) bool {
	var c block.Content
	outputs := 0 // as far as is known
	for key := range extra.Keys() {
		c.Key = key
	}
	form := plain
	list := extra.AdditionalKeys()
	for i := range list.Len() {
		key, _ := list.At(i)
		c.AdditionalKeys = append(c.AdditionalKeys, key)
		form, outputs = additional, list.Len()
	}
	if id, ok := extra.PaymentID(); ok {
		c.PaymentID = &id
		if outputs == 0 {
			outputs = MinOutputs
		}
	}
	data := dataOf(extra)
	c.Data = parts(data)
	made, err := c.Extra()
	return err == nil && list.Len() != 1 && list.Len() <= MaxOutputs && len(extra) <= maxExtra && bytes.Equal(made, extra) &&
		len(extra) == extraSize(form, outputs, len(data))
}
