package monero

import (
	"fmt"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/coin/monero/address"
	"github.com/serai-go/processor/coin/monero/spend"
)

// Fee implements coin.Planner. The rate is in piconero per 1000 weight units, the
// fee a multiple of 10,000 piconero. It pays for the longest encoding that rings
// can have, and for the output that is added to a single one.
func (c *Coin) Fee(rate uint64, inputs []coin.Output, outputs []coin.Address) (uint64, error) {
	to, err := c.addressesOf(outputs)
	if err != nil {
		return 0, err
	}
	fee, err := spend.Fee(rate, len(inputs), to)
	if err != nil {
		return 0, fmt.Errorf("monero: %w: fee: %w", coin.ErrInvalid, err)
	}
	return fee, nil
}

// InputCost implements coin.Planner.
func (c *Coin) InputCost(rate uint64) uint64 { return spend.InputCost(rate) }

// Unconfirmed implements coin.Planner: nil, as nothing spends an output that is
// not ten blocks old.
func (c *Coin) Unconfirmed(coin.Plan) ([]coin.Output, error) { return nil, nil }

// addressesOf parses addresses that can be paid.
func (c *Coin) addressesOf(texts []coin.Address) ([]address.Address, error) {
	list := make([]address.Address, len(texts))
	for i, text := range texts {
		if err := c.CheckAddress(text); err != nil {
			return nil, fmt.Errorf("output %d: %w", i, err)
		}
		var err error
		if list[i], err = address.Parse(string(text)); err != nil {
			return nil, fmt.Errorf("monero: output %d: %w: %w", i, coin.ErrAddress, err)
		}
	}
	return list, nil
}
