package bitcoin

import (
	"fmt"
	"slices"

	"github.com/btcsuite/btcd/chaincfg/v2"

	"github.com/serai-go/processor/coin"
)

// Network is one of the Bitcoin networks.
type Network string

// The networks, by the names that nodes use.
const (
	Mainnet  Network = "mainnet"
	Testnet4 Network = "testnet4"
	Testnet3 Network = "testnet3"
	Signet   Network = "signet"
	Regtest  Network = "regtest"
)

// Params returns btcd's description of the network.
func (n Network) Params() (*chaincfg.Params, error) {
	for _, p := range []*chaincfg.Params{
		&chaincfg.MainNetParams, &chaincfg.TestNet4Params, &chaincfg.TestNet3Params,
		&chaincfg.SigNetParams, &chaincfg.RegressionNetParams,
	} {
		if p.Name == string(n) {
			return p, nil
		}
	}
	return nil, fmt.Errorf("bitcoin: unknown network %q", string(n))
}

// DefaultParameters are the consensus parameters of a coin whose embedder
// sets none. Rates are in satoshi per 1000 weight units: the floor is 2
// satoshi per virtual byte, twice what relay asks for, and the cap 1000.
func DefaultParameters() coin.Parameters {
	return coin.Parameters{
		Confirmations:     6,
		Window:            6,
		TenMinutes:        1,
		Grace:             36,
		BatchesAhead:      4,
		Patience:          72,
		BumpAfter:         12,
		Dust:              10_000,
		FeeFloor:          500,
		FeeCap:            250_000,
		MaxInputs:         64,
		MaxOutputs:        500,
		Descendants:       20,
		DescendantsWeight: 400_000,
		ChangeOutputs:     8,
		OutflowWindow:     144,
		BatchLimit:        25_000,
		MaxData:           512,
		Withdrawals:       3,
	}
}

// genesis is the ID of the network's block 0.
func (n Network) genesis() (coin.BlockID, error) {
	params, err := n.Params()
	if err != nil {
		return coin.BlockID{}, err
	}
	id := coin.BlockID(*params.GenesisHash)
	slices.Reverse(id[:])
	return id, nil
}
