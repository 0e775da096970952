package mock

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
	"slices"
	"sync"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/coin/cointest"
)

const (
	// Each lane starts with one output of the genesis block. A payment
	// spends the newest output of the next lane and leaves its change there,
	// so that one that is lost in a fork does not take the others with it.
	lanes      = 16
	laneAmount = 1 << 40
	userRate   = 5
)

// user is the outside world. Its keys are counted.
type user struct {
	keys uint64
	rate uint64
	// lanes hold all outputs that ever belonged there, the newest last. Only
	// the last one that still exists is unspent.
	lanes [2][lanes][]fund // by form of script
	next  [2]int
}

type fund struct {
	id     coin.OutputID
	amount uint64
	key    uint64
}

func userKey(n uint64) ed25519.PrivateKey {
	seed := sha256.Sum256(binary.LittleEndian.AppendUint64([]byte("mock user"), n))
	return ed25519.NewKeyFromSeed(seed[:])
}

func userScript(form byte, key ed25519.PrivateKey) script {
	return newScript(form, key.Public().(ed25519.PublicKey))
}

func (u *user) newKey() uint64 {
	u.keys++
	return u.keys
}

// allocation are the outputs of every genesis block, to the first keys.
var allocation = sync.OnceValue(func() []output {
	list := make([]output, 2*lanes)
	for i := range list {
		list[i] = output{amount: laneAmount, to: userScript(byte(i/lanes), userKey(uint64(i)+1))}
	}
	return list
})

// newUser owns the outputs of the genesis block's transaction.
func newUser(t *transaction) user {
	u := user{keys: uint64(len(t.outputs)), rate: userRate}
	for i := range t.outputs {
		lane := &u.lanes[i/lanes][i%lanes]
		*lane = []fund{{coin.OutputID{Transaction: t.id, Index: uint32(i)}, laneAmount, uint64(i) + 1}}
	}
	return u
}

func (u user) clone() user {
	for form := range u.lanes {
		for i, lane := range u.lanes[form] {
			u.lanes[form][i] = slices.Clip(lane)
		}
	}
	return u
}

// SetFeeRate sets the fee rate that the user pays, 5 at first, in atomic
// units per 1000 weight units.
func (c *Chain) SetFeeRate(rate uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.user.rate = rate
}

// Address returns an address of the user that was never used before.
func (c *Chain) Address(ctx context.Context) (coin.Address, error) {
	if err := ctx.Err(); err != nil {
		return "", err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return userScript(addressed, userKey(c.user.newKey())).address(c.genesisID), nil
}

// Received returns what confirmed outputs to an address hold in sum, spent or
// not.
func (c *Chain) Received(ctx context.Context, address coin.Address) (uint64, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	c.mu.RLock()
	defer c.mu.RUnlock()
	to, err := parseAddress(c.genesisID, address)
	if err != nil {
		return 0, err
	}
	return c.received[to], nil
}

// Pay makes a transaction of the user and hands it to the network, where it
// waits for a block. Its change comes behind the outputs asked for.
func (c *Chain) Pay(ctx context.Context, deposit cointest.Deposit) (coin.TransactionID, error) {
	return c.pay(ctx, deposit, nil)
}

func (c *Chain) pay(ctx context.Context, deposit cointest.Deposit, copies []coin.OutputID) (coin.TransactionID, error) {
	if err := ctx.Err(); err != nil {
		return coin.TransactionID{}, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	t, err := c.payment(deposit, copies)
	if err == nil {
		err = c.admit(t)
	}
	if err != nil {
		return coin.TransactionID{}, fmt.Errorf("mock: pay: %w", err)
	}
	return t.id, nil
}

var errFunds = errors.New("the user has too little")

func (c *Chain) payment(deposit cointest.Deposit, copies []coin.OutputID) (*transaction, error) {
	form := addressed
	if deposit.Anonymous {
		form = bare
	}
	if len(deposit.Data) > maxData {
		return nil, fmt.Errorf("%d bytes of data", len(deposit.Data))
	}
	outputs := make([]output, len(deposit.To), len(deposit.To)+1)
	needed, ok := fee(weight(1, len(deposit.To)+1, len(deposit.Data)+len(copies)*outpointSize), c.user.rate)
	if !ok {
		return nil, errFunds
	}
	for i, target := range deposit.To {
		to, err := parseAddress(c.genesisID, target.Address)
		if err != nil {
			return nil, err
		}
		outputs[i] = output{amount: target.Amount, to: to}
		if copies != nil {
			outputs[i].copies = &copies[i]
		}
		var carry uint64
		if needed, carry = bits.Add64(needed, target.Amount, 0); carry != 0 {
			return nil, errFunds
		}
	}

	u := &c.user
	number := u.next[form]
	from, err := c.newest(u.lanes[form][number])
	for range lanes - 1 { // those whose newest output is locked have to wait
		if err == nil || c.rules.Lock == 0 {
			break
		}
		number = (number + 1) % lanes
		from, err = c.newest(u.lanes[form][number])
	}
	if err != nil {
		return nil, err
	}
	lane := &u.lanes[form][number]
	if from.amount < needed || from.amount-needed < RelayDust {
		return nil, errFunds
	}
	u.next[form] = (number + 1) % lanes
	changeKey := u.newKey()
	change := from.amount - needed
	outputs = append(outputs, output{amount: change, to: userScript(form, userKey(changeKey))})
	unsigned := newTransaction([]coin.OutputID{from.id}, outputs, slices.Clone(deposit.Data))
	signature := ed25519.Sign(userKey(from.key), unsigned.message(c.genesisID, 0))
	t := unsigned.sign([][]byte{signature})
	*lane = append(*lane, fund{
		id:     coin.OutputID{Transaction: t.id, Index: uint32(len(outputs) - 1)},
		amount: change,
		key:    changeKey,
	})
	return t, nil
}

// newest finds the unspent output of a lane.
func (c *Chain) newest(lane []fund) (fund, error) {
	for _, f := range slices.Backward(lane) {
		if o, err := c.find(f.id, c.tip().number+1); err == nil && c.pool.spender[c.rules.mark(f.id, o)] == nil {
			return f, nil
		}
	}
	return fund{}, errFunds
}
