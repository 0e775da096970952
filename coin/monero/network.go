package monero

import (
	"encoding/hex"
	"fmt"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/coin/monero/address"
	"github.com/serai-go/processor/coin/monero/fee"
)

// Network is one of the Monero networks.
type Network string

// The networks.
const (
	Mainnet  Network = "mainnet"
	Stagenet Network = "stagenet"
	Testnet  Network = "testnet"
	// Regtest is a network of one's own. Its genesis block and the form of its
	// addresses are those of Mainnet.
	Regtest Network = "regtest"
)

// description is what is fixed about a network.
type description struct {
	genesis string // in hexadecimal
	// node is what nodes call it.
	node    string
	address address.Network
	// reward of a block without fees, in piconero: of the tail emission, and on
	// a network of one's own at the beginning.
	reward uint64
}

const (
	tailReward  = 600_000_000_000
	firstReward = 35_184_372_088_831
)

// describe returns what is fixed about the network.
func (n Network) describe() (description, error) {
	switch n {
	case Mainnet:
		return description{"418015bb9ae982a1975da7d79277c2705727a56894ba0fb246adaabb1f4632e3", "mainnet", address.Mainnet, tailReward}, nil
	case Stagenet:
		return description{"76ee3cc98646292206cd3e86f74d88b4dcc1d937088645e9b0cbca84b7ce74eb", "stagenet", address.Stagenet, tailReward}, nil
	case Testnet:
		return description{"48ca7cd3c8de5b6a4d53d2861fbdaedca141553559f9be9520068053cda8430b", "testnet", address.Testnet, tailReward}, nil
	case Regtest:
		return description{"418015bb9ae982a1975da7d79277c2705727a56894ba0fb246adaabb1f4632e3", "fakechain", address.Mainnet, firstReward}, nil
	}
	return description{}, fmt.Errorf("monero: unknown network %q", string(n))
}

// id is the ID of the network's block 0.
func (d description) id() coin.BlockID {
	b, err := hex.DecodeString(d.genesis)
	if err != nil {
		panic(err)
	}
	return coin.BlockID(b)
}

// DefaultParameters are the consensus parameters of a coin whose embedder sets
// none. Rates are in piconero per 1000 weight units: the floor is the least that
// the network relays with the smallest blocks, the cap what it recommends for
// those in a hurry, 200 times as much. Both follow from the reward of a block:
// on Regtest, where it is the first there was, they are 60 times those of
// Mainnet. A test network that has not come to the tail of its emission needs a
// higher floor than this.
func DefaultParameters(network Network) (coin.Parameters, error) {
	d, err := network.describe()
	if err != nil {
		return coin.Parameters{}, err
	}
	rates := fee.Rates(d.reward, fee.Zone, fee.Zone)
	return coin.Parameters{
		Confirmations: 10,
		Window:        10,
		Hold:          10,
		TenMinutes:    5,
		Grace:         180,
		BatchesAhead:  4,
		Patience:      360,
		BumpAfter:     60,
		Dust:          10_000_000_000,
		FeeFloor:      1000 * rates[0],
		FeeCap:        1000 * rates[len(rates)-1],
		MaxInputs:     32,
		MaxOutputs:    16,
		ChangeOutputs: 8,
		Depositors:    1,
		OutflowWindow: 720,
		BatchLimit:    25_000,
		MaxData:       512,
		Withdrawals:   3,
	}, nil
}
