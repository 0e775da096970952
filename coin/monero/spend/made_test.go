package spend_test

import (
	"encoding/binary"
	"math/rand/v2"
	"sync"

	"filippo.io/edwards25519"
	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin/monero/address"
	"github.com/serai-go/processor/coin/monero/block"
	"github.com/serai-go/processor/coin/monero/keys"
	"github.com/serai-go/processor/coin/monero/scan"
	"github.com/serai-go/processor/coin/monero/spend"
	"github.com/serai-go/processor/frost"
	"github.com/serai-go/processor/frost/ed25519"
	"github.com/serai-go/processor/frost/frosttest"
)

// maker makes drafts of transactions whose rings are invented.
type maker struct {
	*rand.ChaCha8
	random *rand.Rand
}

func newMaker(seed uint64) *maker {
	var b [32]byte
	binary.LittleEndian.PutUint64(b[:], seed)
	source := rand.NewChaCha8(b)
	return &maker{source, rand.New(source)}
}

func (m *maker) scalar() *edwards25519.Scalar {
	var wide [64]byte
	_, _ = m.Read(wide[:])
	k, err := new(edwards25519.Scalar).SetUniformBytes(wide[:])
	if err != nil {
		panic(err)
	}
	return k
}

func (m *maker) seed() (s spend.Seed) {
	_, _ = m.Read(s[:])
	return s
}

// point returns the encoding of some point of prime order.
func (m *maker) point() [32]byte {
	return [32]byte(new(edwards25519.Point).ScalarBaseMult(m.scalar()).Bytes())
}

// A group is a threshold key with all its shares.
type group struct {
	key    *frost.PublicKey
	shares []*frost.KeyShare
	point  *edwards25519.Point
}

// theGroup is 2 of 3.
var theGroup = sync.OnceValue(func() group {
	key, shares, err := frosttest.Deal(newMaker(0), ed25519.Group, 2, []uint16{1, 1, 1})
	if err != nil {
		panic(err)
	}
	point, err := keys.DecodePoint(key.Key().Bytes())
	if err != nil {
		panic(err)
	}
	return group{key, shares, point}
})

// input makes an output of the group and a ring for it.
func (m *maker) input(amount uint64) spend.Input {
	in := spend.Input{Amount: amount, Mask: m.scalar(), Offset: m.scalar(), Real: m.random.IntN(spend.RingSize)}
	key := new(edwards25519.Point).ScalarBaseMult(in.Offset)
	in.Key = [32]byte(key.Add(key, theGroup().point).Bytes())
	in.Commitment = [32]byte(keys.Commit(in.Mask, amount).Bytes())
	index := m.random.Uint64N(1 << 34)
	for i := range spend.RingSize {
		index += 1 + m.random.Uint64N(1<<m.random.IntN(28))
		member := spend.Member{Index: index, Key: m.point(), Commitment: m.point()}
		if i == in.Real {
			member.Key, member.Commitment = in.Key, in.Commitment
		}
		in.Ring = append(in.Ring, member)
	}
	return in
}

const rate = 20_000_000 // piconero for 1000 units of weight

func addressesOf(outputs []spend.Output) []address.Address {
	list := make([]address.Address, len(outputs))
	for i, o := range outputs {
		list[i] = o.Address
	}
	return list
}

// draft makes one that spends some inputs.
func (m *maker) draft(t require.TestingT, inputs int, outputs []spend.Output) spend.Draft {
	d := spend.Draft{Seed: m.seed(), Outputs: outputs}
	var err error
	d.Fee, err = spend.Fee(rate, inputs, addressesOf(outputs))
	require.NoError(t, err)
	rest := d.Fee
	for _, o := range outputs {
		rest += o.Amount
	}
	for i := range inputs {
		amount := rest
		if i < inputs-1 {
			amount = m.random.Uint64N(rest/2 + 1)
		}
		rest -= amount
		d.Inputs = append(d.Inputs, m.input(amount))
	}
	return d
}

// wallet is somebody who is paid.
type wallet struct {
	pair  *keys.ViewPair
	spend *edwards25519.Scalar
}

func (m *maker) wallet() wallet {
	view, err := keys.NewViewKey(m.scalar().Bytes())
	if err != nil {
		panic(err)
	}
	w := wallet{spend: m.scalar()}
	w.pair, err = keys.NewViewPair(view, new(edwards25519.Point).ScalarBaseMult(w.spend).Bytes())
	if err != nil {
		panic(err)
	}
	return w
}

func (w wallet) address(account, minor uint32) address.Address {
	a, err := address.Of(address.Mainnet, w.pair, keys.Index{Account: account, Address: minor})
	if err != nil {
		panic(err)
	}
	return a
}

var indices = []keys.Index{{}, {Account: 1}, {Account: 2}, {Account: 2, Address: 1}, {Address: 7}}

// scanner finds what goes to any of the indices of some wallets.
func scanner(t require.TestingT, wallets ...wallet) *scan.Scanner {
	var recipients []scan.Recipient
	for _, w := range wallets {
		recipients = append(recipients, scan.Recipient{Pair: w.pair, Addresses: indices})
	}
	s, err := scan.New(recipients)
	require.NoError(t, err)
	return s
}

// outputs pays some amounts to addresses of some wallets.
func (m *maker) outputs(n int, wallets ...wallet) []spend.Output {
	list := make([]spend.Output, n)
	for i := range list {
		w, index := wallets[m.random.IntN(len(wallets))], indices[m.random.IntN(len(indices))]
		list[i] = spend.Output{Address: w.address(index.Account, index.Address), Amount: 1 + m.random.Uint64N(1e15)}
	}
	return list
}

// images are key images that nobody has.
func (m *maker) images(n int) [][32]byte {
	list := make([][32]byte, n)
	for i := range list {
		list[i] = m.point()
	}
	return list
}

// pretend makes the transaction without signatures.
func (m *maker) pretend(t require.TestingT, u *spend.Unsigned) *block.Transaction {
	tx, err := u.Pretend(m.images(len(u.Spent())))
	require.NoError(t, err)
	return tx
}

func newUnsigned(t require.TestingT, d spend.Draft) *spend.Unsigned {
	u, err := spend.New(d)
	require.NoError(t, err)
	return u
}

// unproven is newUnsigned without a range proof that holds.
func unproven(t require.TestingT, d spend.Draft) *spend.Unsigned {
	u, err := spend.Unproven(d)
	require.NoError(t, err)
	return u
}
