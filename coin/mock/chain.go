package mock

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/serai-go/processor/coin"
)

// Rules of the network.
const (
	// RelayDust is the least output that relay lets pass, in atomic units.
	// A block may hold less.
	RelayDust = 5
	// RelayRate is the fee rate that relay demands unless SetRelayRate
	// changes it, in atomic units per 1000 weight units.
	RelayRate = 1
	// Subsidy is what a coinbase may claim beyond the fees of its block.
	Subsidy = 50
	// Maturity is how many blocks after its own a coinbase can be spent.
	Maturity = 4
	// BlockSeconds lie between the times of two blocks.
	BlockSeconds = 600
)

// DefaultTime is the time of the genesis block.
const DefaultTime = 1_700_000_000

// DefaultParameters suit scenarios that are read by people: amounts of 1,000
// to 100,000 units, fees of a few units.
var DefaultParameters = coin.Parameters{
	Confirmations:     2,
	Window:            3,
	TenMinutes:        1,
	Grace:             4,
	BatchesAhead:      2,
	Patience:          6,
	BumpAfter:         20,
	Dust:              10,
	FeeFloor:          5,
	FeeCap:            500,
	MaxInputs:         4,
	MaxOutputs:        4,
	Descendants:       3,
	DescendantsWeight: 10_000,
	ChangeOutputs:     1,
	OutflowWindow:     10,
	BatchLimit:        300,
	MaxData:           64,
	Withdrawals:       3,
}

// Options make a Chain. The zero value is good.
type Options struct {
	// Name is the network's name, "mock" if empty. Networks of different
	// names have different genesis blocks.
	Name string
	// Time is that of the genesis block, DefaultTime if zero.
	Time uint64
	// Parameters are the consensus parameters, DefaultParameters if zero.
	Parameters coin.Parameters
	// Rules are those of other networks that it has too.
	Rules Rules
}

// Chain is the network: what all its nodes agree on, one memory pool, the
// miners and a user. It is for concurrent use.
type Chain struct {
	name       string
	genesisID  coin.BlockID
	parameters coin.Parameters
	rules      Rules

	mu     sync.RWMutex
	blocks map[coin.BlockID]*block // of all branches
	best   []*block                // by number
	// index, spent and received describe the best branch. What is spent has the
	// mark of its output.
	index    map[coin.TransactionID]place
	spent    map[coin.OutputID]coin.TransactionID
	received map[script]uint64
	pool     pool

	user      user
	mined     uint64 // blocks made here, which tells coinbases apart
	nextTime  uint64 // of the next block, if set
	relayRate uint64
	minerRate uint64
}

// place is where a transaction is in the best branch.
type place struct {
	*transaction
	number   uint64
	position uint32
}

// New makes a network with a genesis block that gives the user plenty.
func New(o Options) *Chain {
	c := &Chain{
		name:       cmp.Or(o.Name, "mock"),
		parameters: o.Parameters,
		rules:      o.Rules,
		blocks:     make(map[coin.BlockID]*block),
		index:      make(map[coin.TransactionID]place),
		spent:      make(map[coin.OutputID]coin.TransactionID),
		received:   make(map[script]uint64),
		pool:       newPool(),
		relayRate:  RelayRate,
	}
	if c.parameters == (coin.Parameters{}) {
		c.parameters = DefaultParameters
	}
	name := sha256.Sum256([]byte(c.name))
	first := newCoinbase(0, binary.LittleEndian.Uint64(name[:]), allocation())
	genesis := newBlock(0, coin.BlockID{}, cmp.Or(o.Time, DefaultTime), []*transaction{first})
	c.user = newUser(first)
	c.genesisID = genesis.id
	c.blocks[genesis.id] = genesis
	c.apply(genesis)
	return c
}

// Clone makes an independent copy that shares what never changes: blocks and
// transactions.
func (c *Chain) Clone() *Chain {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return &Chain{
		name:       c.name,
		genesisID:  c.genesisID,
		parameters: c.parameters,
		rules:      c.rules,
		blocks:     maps.Clone(c.blocks),
		best:       slices.Clone(c.best),
		index:      maps.Clone(c.index),
		spent:      maps.Clone(c.spent),
		received:   maps.Clone(c.received),
		pool:       c.pool.clone(),
		user:       c.user.clone(),
		mined:      c.mined,
		nextTime:   c.nextTime,
		relayRate:  c.relayRate,
		minerRate:  c.minerRate,
	}
}

// Tip is the number of the newest block.
func (c *Chain) Tip() uint64 {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.tip().number
}

func (c *Chain) tip() *block { return c.best[len(c.best)-1] }

var errBlock = errors.New("mock: block breaks the rules")

// AddBlock takes in an encoded block, as from another node. It becomes the
// tip if its branch is now the longest. A block that is known already changes
// nothing.
func (c *Chain) AddBlock(raw []byte) error {
	b, err := decodeBlock(slices.Clone(raw))
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.blocks[b.id] != nil {
		return nil
	}
	parent := c.blocks[b.parent]
	switch {
	case parent == nil:
		return fmt.Errorf("%w: its parent is unknown", errBlock)
	case b.number != parent.number+1:
		return fmt.Errorf("%w: number %d on %d", errBlock, b.number, parent.number)
	case b.time < parent.time:
		return fmt.Errorf("%w: older than its parent", errBlock)
	}
	c.blocks[b.id] = b
	if b.number <= c.tip().number {
		return nil
	}
	return c.switchTo(b)
}

// Blocks returns the encoded blocks of the best branch with numbers of at
// least from, for AddBlock of another Chain.
func (c *Chain) Blocks(from uint64) [][]byte {
	c.mu.RLock()
	defer c.mu.RUnlock()
	var list [][]byte
	for number := from; number < uint64(len(c.best)); number++ {
		list = append(list, slices.Clone(c.best[number].raw))
	}
	return list
}

// switchTo makes a longer branch the best. If one of its blocks turns out to
// be invalid, all stays as it was and that block is forgotten.
func (c *Chain) switchTo(tip *block) error {
	var branch []*block
	for b := tip; b.number >= uint64(len(c.best)) || c.best[b.number] != b; {
		branch = append(branch, b)
		if b = c.blocks[b.parent]; b == nil {
			return fmt.Errorf("%w: it builds on a block that does", errBlock)
		}
	}
	slices.Reverse(branch)
	fork := branch[0].number
	replaced := slices.Clone(c.best[fork:])
	waiting := c.undo(fork)
	for _, b := range branch {
		err := c.connect(b)
		if err == nil {
			continue
		}
		c.undo(fork)
		for _, b := range replaced {
			c.apply(b)
		}
		for _, bad := range branch[slices.Index(branch, b):] {
			delete(c.blocks, bad.id)
		}
		return fmt.Errorf("block %d: %w", b.number, err)
	}
	c.refill(waiting)
	return nil
}

// undo takes all blocks from a number on off the best branch and returns
// their transactions in order, without the coinbases.
func (c *Chain) undo(from uint64) []*transaction {
	var list []*transaction
	for _, b := range slices.Backward(c.best[from:]) {
		for _, t := range slices.Backward(b.transactions) {
			c.remove(t)
		}
	}
	for _, b := range c.best[from:] {
		list = append(list, b.transactions[1:]...)
	}
	c.best = c.best[:from]
	return list
}

// apply puts a valid block on top of the best branch.
func (c *Chain) apply(b *block) {
	for i, t := range b.transactions {
		c.add(t, b.number, i)
	}
	c.best = append(c.best, b)
}

// connect is apply for a block that has to prove itself.
func (c *Chain) connect(b *block) error {
	done := 0
	undo := func() {
		for _, t := range slices.Backward(b.transactions[:done]) {
			c.remove(t)
		}
	}
	claimable := uint64(Subsidy)
	for i, t := range b.transactions {
		if i == 0 {
			if !t.isCoinbase(b.number) {
				return fmt.Errorf("%w: no coinbase in front", errBlock)
			}
		} else {
			fee, err := c.check(t, b.number, c.confirmed)
			if err != nil {
				undo()
				return fmt.Errorf("%w: transaction %d: %w", errBlock, i, err)
			}
			claimable += fee // all there is fits: amounts come from coinbases
		}
		c.add(t, b.number, i)
		done++
	}
	if claimed, ok := b.transactions[0].outputSum(); !ok || claimed > claimable {
		undo()
		return fmt.Errorf("%w: the coinbase claims too much", errBlock)
	}
	c.best = append(c.best, b)
	return nil
}

func (c *Chain) add(t *transaction, number uint64, position int) {
	c.index[t.id] = place{t, number, uint32(position)}
	for _, id := range t.spends() {
		c.spent[id] = t.id
	}
	for _, o := range t.outputs {
		c.received[o.to] += o.amount
	}
}

func (c *Chain) remove(t *transaction) {
	delete(c.index, t.id)
	for _, id := range t.spends() {
		delete(c.spent, id)
	}
	for _, o := range t.outputs {
		if c.received[o.to] -= o.amount; c.received[o.to] == 0 {
			delete(c.received, o.to)
		}
	}
}
