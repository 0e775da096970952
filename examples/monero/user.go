package main

import (
	"context"
	"fmt"

	"github.com/serai-go/processor/coin/cointest"
	"github.com/serai-go/processor/coin/monero/address"
	"github.com/serai-go/processor/coin/monero/monerotest"
	"github.com/serai-go/processor/coin/monero/outputs"
	"github.com/serai-go/processor/examples/internal/story"
)

// user is the network's user.
type user struct{ *monerotest.Chain }

var _ story.User = user{}

// PayIn implements story.User. A deposit that is to be given back names an address
// before what else its data says.
func (u user) PayIn(ctx context.Context, fate story.Fate, deposit cointest.Deposit) (paid story.Paid, err error) {
	if fate == story.Refused {
		if paid.Origin, err = u.Address(ctx); err != nil {
			return paid, err
		}
		back, err := address.Parse(string(paid.Origin))
		if err != nil {
			return paid, err
		}
		data, ok := outputs.AppendRefund(nil, back)
		if !ok {
			return paid, fmt.Errorf("nothing is refunded to %s", back)
		}
		deposit.Data = append(data, deposit.Data...)
	}
	paid.Data = deposit.Data
	paid.Transaction, err = u.Pay(ctx, deposit)
	return paid, err
}
