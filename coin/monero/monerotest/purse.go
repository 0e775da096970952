package monerotest

import (
	"context"
	"fmt"
	"slices"

	"filippo.io/edwards25519"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/coin/monero/address"
	"github.com/serai-go/processor/coin/monero/keys"
	"github.com/serai-go/processor/coin/monero/node"
	"github.com/serai-go/processor/coin/monero/scan"
	"github.com/serai-go/processor/frost"
	"github.com/serai-go/processor/frost/ed25519"
)

// purse is a wallet made of this module's packages: it can say data. Its keys
// everybody knows.
type purse struct {
	client *node.Client
	rate   uint64 // that it pays, in piconero per 1000 units of weight

	spendKey *edwards25519.Scalar
	share    *frost.KeyShare
	pair     *keys.ViewPair
	main     address.Address
	// handed are the addresses that were handed out, main the first.
	handed []keys.Index

	// blocks are the IDs of those that were read, from block 0 on, coins what
	// is in them.
	blocks []coin.BlockID
	coins  []ownCoin
}

// ownCoin is an output of the purse.
type ownCoin struct {
	scan.Output
	transaction coin.TransactionID
	number      uint64 // of the block
	image       [keys.Size]byte
}

// scalarOf is a scalar that a name gives.
func scalarOf(name string) (*edwards25519.Scalar, error) {
	return keys.HashToScalar([]byte("serai-go/processor monerotest "), []byte(name))
}

func newPurse(client *node.Client, rules coin.Parameters, seed string) (*purse, error) {
	view, err := scalarOf(seed + " view key")
	if err != nil {
		return nil, err
	}
	p := &purse{client: client, rate: rules.FeeFloor, handed: []keys.Index{{}}}
	if p.spendKey, err = scalarOf(seed + " spend key"); err != nil {
		return nil, err
	}
	secret := ed25519.ScalarOf(p.spendKey)
	public := ed25519.Group.NewElement().MultiplyBase(secret)
	group, err := frost.NewPublicKey(ed25519.Group, 1, []uint16{1}, public, []frost.Element{public})
	if err != nil {
		return nil, err
	}
	if p.share, err = frost.NewKeyShare(group, 0, []frost.Scalar{secret}); err != nil {
		return nil, err
	}
	viewKey, err := keys.NewViewKey(view.Bytes())
	if err != nil {
		return nil, err
	}
	if p.pair, err = keys.NewViewPair(viewKey, public.Bytes()); err != nil {
		return nil, err
	}
	p.main, err = address.Of(address.Mainnet, p.pair, keys.Index{})
	return p, err
}

// address hands out a subaddress.
func (p *purse) address() (coin.Address, error) {
	index := keys.Index{Address: uint32(len(p.handed))}
	a, err := address.Of(address.Mainnet, p.pair, index)
	p.handed = append(p.handed, index)
	return coin.Address(a.String()), err
}

// received is what an address that was handed out holds, spent or not.
func (p *purse) received(ctx context.Context, to coin.Address) (sum uint64, err error) {
	if err := p.follow(ctx); err != nil {
		return 0, err
	}
	index := -1
	for i, handed := range p.handed {
		a, err := address.Of(address.Mainnet, p.pair, handed)
		if err != nil {
			return 0, err
		}
		if coin.Address(a.String()) == to {
			index = i
		}
	}
	if index < 0 {
		return 0, fmt.Errorf("monerotest: whose address is %s", to)
	}
	for _, c := range p.coins {
		if c.Address == p.handed[index] {
			sum += c.Amount
		}
	}
	return sum, nil
}

// follow reads the blocks that are new, and forgets those that are gone.
func (p *purse) follow(ctx context.Context) error {
	tip, err := p.client.Tip(ctx)
	if err != nil {
		return err
	}
	p.blocks = p.blocks[:min(uint64(len(p.blocks)), tip+1)]
	for n := len(p.blocks); n > 0; n-- {
		header, err := p.client.Header(ctx, uint64(n-1))
		if err != nil {
			return err
		}
		if coin.BlockID(header.ID()) == p.blocks[n-1] {
			break
		}
		p.blocks = p.blocks[:n-1]
	}
	first := uint64(len(p.blocks))
	p.coins = slices.DeleteFunc(p.coins, func(c ownCoin) bool { return c.number >= first })
	scanner, err := scan.New([]scan.Recipient{{Pair: p.pair, Addresses: p.handed}})
	if err != nil || first > tip {
		return err
	}
	for b, err := range p.client.Blocks(ctx, first, tip) {
		if err != nil {
			return err
		}
		if err := p.read(scanner, b); err != nil {
			return err
		}
	}
	return nil
}

// read takes in a block.
func (p *purse) read(scanner *scan.Scanner, b *node.Block) error {
	number := uint64(len(p.blocks))
	p.blocks = append(p.blocks, b.ID)
	if number == 0 { // its coinbase is of another kind
		return nil
	}
	for _, o := range scanner.Scan(nil, b.Transactions, b.Indexes[0][0]) {
		if o.UnlockTime != 0 && !o.Coinbase {
			continue
		}
		image, err := o.KeyImage(p.spendKey)
		if err != nil {
			return err
		}
		p.coins = append(p.coins, ownCoin{o, b.Transactions[o.Transaction].Hash(), number, image})
	}
	return nil
}

// Ages of outputs in blocks, when they can be spent in the next one.
const (
	spendableAge = 10
	coinbaseAge  = 60
)

// free are outputs that can be spent in the next block, the oldest first.
func (p *purse) free(ctx context.Context) (free []ownCoin, err error) {
	if err := p.follow(ctx); err != nil {
		return nil, err
	}
	next := uint64(len(p.blocks))
	var images [][keys.Size]byte
	for _, c := range p.coins {
		if c.number+spendableAge <= next && (!c.Coinbase || c.number+coinbaseAge <= next) {
			free, images = append(free, c), append(images, c.image)
		}
	}
	spent := make(map[[keys.Size]byte]bool)
	for part := range slices.Chunk(images, node.MaxKeyImages) {
		seen, err := p.client.KeyImages(ctx, part)
		if err != nil {
			return nil, err
		}
		for i, where := range seen {
			spent[part[i]] = where != node.Unspent
		}
	}
	return slices.DeleteFunc(free, func(c ownCoin) bool { return spent[c.image] }), nil
}
