package main

import (
	"context"

	"github.com/serai-go/processor/coin/bitcoin/bitcointest"
	"github.com/serai-go/processor/coin/cointest"
	"github.com/serai-go/processor/examples/internal/story"
)

// user is the network's user. The node says what any address holds.
type user struct{ *bitcointest.Chain }

var (
	_ story.User   = user{}
	_ story.Lister = user{}
)

// PayIn implements story.User: what the deposit comes from decides what becomes of
// it.
func (u user) PayIn(ctx context.Context, fate story.Fate, deposit cointest.Deposit) (story.Paid, error) {
	origin := bitcointest.P2WPKH
	switch fate {
	case story.Refunded:
		origin = bitcointest.P2TR
	case story.Accumulated:
		origin = bitcointest.P2PK
	}
	id, from, err := u.PayFrom(ctx, origin, deposit)
	return story.Paid{Transaction: id, Origin: from, Data: deposit.Data}, err
}
