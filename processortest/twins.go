package processortest

import (
	"context"
	"crypto/sha512"
	"errors"
	"fmt"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/coin/cointest"
)

func init() {
	commands["twin"] = (*Player).twin
}

// twin AMOUNT… of=400|NAME|kind [session=0] [data=text]: a user's payment whose
// outputs are copies of one: of the deposit of an amount, of one of a name that
// there never was, or of the newest output of a kind to the session's key. They
// go to the address of that kind.
func (p *Player) twin(ctx context.Context, a arguments) (string, error) {
	chain, ok := p.Chain.(interface {
		PayCopies(context.Context, cointest.Deposit, []coin.OutputID) (coin.TransactionID, error)
		Newest(coin.Address) (coin.OutputID, error)
	})
	if !ok {
		return "", errors.New("the chain has no copies of outputs")
	}
	kind := coin.External
	var of coin.OutputID
	name := a.values["of"]
	for _, k := range coin.Kinds[1:] {
		if k.String() != name {
			continue
		}
		kind = k
		address, err := p.address(a, k)
		if err != nil {
			return "", err
		}
		if of, err = chain.Newest(address); err != nil {
			return "", err
		}
	}
	if kind == coin.External {
		if amount, err := a.number("of", 0); err != nil {
			of.Transaction = sha512.Sum512_256([]byte("twin " + name))
		} else if of, ok = p.made[amount]; !ok {
			return "", fmt.Errorf("nobody has paid %d", amount)
		}
	}
	var paid []cointest.Target
	err := p.payBy(ctx, a, kind, func(d cointest.Deposit) (coin.TransactionID, error) {
		copies := make([]coin.OutputID, len(d.To))
		for i := range copies {
			copies[i] = of
		}
		paid = d.To
		return chain.PayCopies(ctx, d, copies)
	})
	for _, to := range paid {
		p.made[to.Amount] = of // a copy of a copy is one of the original
	}
	return "", err
}
