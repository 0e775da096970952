package outputs

import (
	"github.com/serai-go/processor/coin/monero/address"
	"github.com/serai-go/processor/coin/monero/keys"
	"github.com/serai-go/processor/coin/monero/scan"
)

// Data returns the data of a deposit, nil if it has none.
func Data(o *scan.Output) []byte {
	if len(o.Data) == 0 {
		return nil
	}
	return o.Data[0]
}

const (
	refundTag        = 0x01
	refundMain       = 0x00
	refundSubaddress = 0x20
	refundSize       = 1 + 1 + 2*keys.Size
)

// Refund returns the address that data names to send the deposit back to,
// false if it names none that can be paid. Anything else that data says does
// not matter.
func Refund(network address.Network, data []byte) (a address.Address, ok bool) {
	if len(data) < refundSize || data[0] != refundTag {
		return a, false
	}
	a.Network = network
	switch data[1] {
	case refundMain:
		a.Kind = address.Standard
	case refundSubaddress:
		a.Kind = address.Subaddress
	default:
		return address.Address{}, false
	}
	a.Spend = [keys.Size]byte(data[2:])
	a.View = [keys.Size]byte(data[2+keys.Size:])
	for _, key := range [][keys.Size]byte{a.Spend, a.View} {
		if _, err := keys.DecodePrimeOrder(key[:]); err != nil {
			return address.Address{}, false
		}
	}
	return a, true
}

// AppendRefund appends what names an address to send a deposit back to. It is
// false for integrated addresses, which have no form here.
func AppendRefund(data []byte, a address.Address) ([]byte, bool) {
	kind := byte(refundMain)
	switch a.Kind {
	case address.Standard:
	case address.Subaddress:
		kind = refundSubaddress
	default:
		return nil, false
	}
	data = append(data, refundTag, kind)
	data = append(data, a.Spend[:]...)
	return append(data, a.View[:]...), true
}
