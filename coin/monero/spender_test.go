package monero

import (
	"bytes"
	"context"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/coin/monero/address"
	"github.com/serai-go/processor/coin/monero/block"
	"github.com/serai-go/processor/coin/monero/outputs"
	"github.com/serai-go/processor/coin/monero/ring"
	"github.com/serai-go/processor/frost"
	"github.com/serai-go/processor/frost/ed25519"
	"github.com/serai-go/processor/frost/frosttest"
)

// signer is a group of two with two deposits of 10¹³ piconero on a chain of its own.
type signer struct {
	*sender
	node      *memoryNode
	key       coin.Key
	shares    []*frost.KeyShare
	public    *frost.PublicKey
	deposits  []coin.Output
	reference uint64
}

const deposited = 10_000_000_000_000

func newSigner(t require.TestingT) *signer {
	n := newMemoryNode(t)
	s := &signer{sender: &sender{t, newCoin(t, n), rand.New(rand.NewPCG(3, 4))}, node: n}
	var err error
	s.public, s.shares, err = frosttest.Deal(rand.NewChaCha8([32]byte{9}), ed25519.Group, 2, []uint16{1, 1})
	require.NoError(t, err)
	s.key = coin.Key{Session: 5, Key: s.public.Key().Bytes()}
	for range 40 {
		n.mine(mined{transactions: []*block.Transaction{s.encode(s.strangers(2, 1e9))}})
	}
	paid := s.strangers(3, 1e9)
	for i := range 2 {
		s.pay(paid, i, s.key, coin.Kinds[2*i], deposited)
	}
	b := n.mine(mined{transactions: []*block.Transaction{s.encode(paid)}})
	s.reference = b.Block.Height()
	header := coin.Header{Number: s.reference, ID: b.ID, Parent: b.Block.Parent()}
	parsed, err := newChainBlock(header, b)
	require.NoError(t, err)
	s.deposits, err = s.coin.Outputs(context.Background(), parsed, []coin.Key{s.key})
	require.NoError(t, err)
	require.Len(t, s.deposits, 2)
	return s
}

// plan spends both deposits for a payment to a stranger's main address.
func (s *signer) plan(paid ...uint64) coin.Plan {
	p := coin.Plan{Key: s.key, Inputs: s.deposits, Reference: s.reference, Fee: 1e9}
	left := uint64(2*deposited) - p.Fee
	for i, amount := range paid {
		p.Payments = append(p.Payments, coin.PlannedPayment{
			Payment: coin.Payment{ID: coin.PaymentID{byte(i)}, Address: stranger, Amount: amount}, Paid: amount,
		})
		left -= amount
	}
	own, err := s.coin.Address(s.key.Key, coin.Change)
	require.NoError(s.t, err)
	p.Own = []coin.OwnOutput{{Kind: coin.Change, Session: s.key.Session, Address: own, Amount: left}}
	return p
}

// prepare prepares a plan on the node's chain.
func (s *signer) prepare(ctx context.Context, plan coin.Plan) ([]byte, error) {
	header, err := s.coin.Header(ctx, plan.Reference)
	if err != nil {
		return nil, err
	}
	return s.coin.Prepare(ctx, plan, header.ID)
}

// stranger is a main address of somebody else.
var stranger = coin.Address(address.Address{Spend: [32]byte(newKey(8).Key), View: [32]byte(newKey(9).Key)}.String())

func (s *signer) sign(plan coin.Plan, prepared []byte) [][]byte {
	work, err := s.coin.Work(plan, prepared)
	require.NoError(s.t, err)
	var nonces []*frost.Nonces
	var members []frost.Member
	for i, share := range s.shares {
		own, commitment, err := frost.Commit(rand.NewChaCha8([32]byte{byte(i)}), share, work, []byte("context"))
		require.NoError(s.t, err)
		nonces = append(nonces, own)
		members = append(members, frost.Member{Validator: uint16(i), Commitment: commitment})
	}
	session, err := frost.NewSession(s.public, work, []byte("context"), members)
	require.NoError(s.t, err)
	var answers [][]byte
	for i, share := range s.shares {
		answer, err := session.Sign(share, nonces[i])
		require.NoError(s.t, err)
		answers = append(answers, answer)
	}
	signatures, err := session.Aggregate(answers)
	require.NoError(s.t, err)
	return signatures
}

func TestAPlanIsSignedAndRecognised(t *testing.T) {
	s := newSigner(t)
	plan := s.plan(2e12, 3e12)
	prepared, err := s.prepare(t.Context(), plan)
	require.NoError(t, err)
	told, err := s.coin.Read(plan, prepared)
	require.NoError(t, err)
	require.NoError(t, told.Check(plan))

	other := newCoin(t, s.node) // remembers nothing
	description, err := other.Describe(plan, prepared)
	require.NoError(t, err)
	tx, err := other.Assemble(plan, prepared, s.sign(plan, prepared))
	require.NoError(t, err)
	require.Len(t, tx.Spends, len(plan.Inputs))
	parsed, err := block.ParseTransaction(tx.Raw)
	require.NoError(t, err)
	require.True(t, description.Eventuality.Matches(transaction{parsed}))
	lookups := transaction{parsed}.Lookups()
	require.Contains(t, lookups, description.Eventuality.Lookup())
	for _, spend := range tx.Spends {
		require.Contains(t, lookups, spend)
	}

	// The same plan of another reference block has other keys, and the same images.
	s.node.mine(mined{})
	later := plan
	later.Reference++
	preparedLater, err := s.prepare(t.Context(), later)
	require.NoError(t, err)
	laterTx, err := s.coin.Assemble(later, preparedLater, s.sign(later, preparedLater))
	require.NoError(t, err)
	require.Equal(t, tx.Spends, laterTx.Spends)
	parsedLater, err := block.ParseTransaction(laterTx.Raw)
	require.NoError(t, err)
	require.NotEqual(t, parsed.Extra(), parsedLater.Extra())
	require.False(t, description.Eventuality.Matches(transaction{parsedLater}))

	// A plan that pays nobody has an output of nothing beside its change.
	merge := s.plan()
	prepared, err = s.prepare(t.Context(), merge)
	require.NoError(t, err)
	told, err = s.coin.Read(merge, prepared)
	require.NoError(t, err)
	require.NoError(t, told.Check(merge))
	tx, err = s.coin.Assemble(merge, prepared, s.sign(merge, prepared))
	require.NoError(t, err)
	parsed, err = block.ParseTransaction(tx.Raw)
	require.NoError(t, err)
	require.Equal(t, 2, parsed.OutputCount())
	b := s.node.mine(mined{transactions: []*block.Transaction{parsed}})
	_, found := read(t, s.coin, b, s.key)
	require.Len(t, found, 1)
	require.Equal(t, merge.Own[0].Amount, found[0].Amount)
}

// Each depositor has an address, which is looked for once there are as many.
func TestDepositorsHaveAddresses(t *testing.T) {
	s := newSigner(t)
	first, err := s.coin.Address(s.key.Key, coin.External)
	require.NoError(t, err)
	deposits := s.strangers(3, 1e9)
	for i := range uint32(3) {
		to, err := s.coin.DepositAddress(s.key.Key, i)
		require.NoError(t, err)
		require.Equal(t, i == 0, to == first)
		s.payTo(deposits, int(i), s.key, outputs.External(i), deposited)
	}
	b := s.node.mine(mined{transactions: []*block.Transaction{s.encode(deposits)}})
	for n, want := range map[uint32]int{0: 1, 1: 1, 2: 2, 3: 3, 4: 3} {
		key := s.key
		key.Depositors = n
		_, found := read(t, s.coin, b, key)
		require.Len(t, found, want)
		for _, o := range found {
			require.Equal(t, coin.External, o.Kind)
		}
		if n < 3 {
			continue
		}
		plan := s.plan()
		plan.Inputs, plan.Reference = found, b.Block.Height()
		plan.Own[0].Amount = 3*deposited - plan.Fee
		prepared, err := s.prepare(t.Context(), plan)
		require.NoError(t, err)
		_, err = s.coin.Assemble(plan, prepared, s.sign(plan, prepared))
		require.NoError(t, err)
	}
}

func TestPlansThatCannotBe(t *testing.T) {
	s := newSigner(t)
	for name, spoil := range map[string]func(*coin.Plan){
		"sum":                     func(p *coin.Plan) { p.Fee++ },
		"input of another group":  func(p *coin.Plan) { p.Inputs[0].Session++ },
		"input of another kind":   func(p *coin.Plan) { p.Inputs[0].Kind = coin.Branch },
		"input of another amount": func(p *coin.Plan) { p.Inputs[0].Amount++; p.Fee++ },
		"input without bytes":     func(p *coin.Plan) { p.Inputs[0].Spend = nil },
		"input without a point":   func(p *coin.Plan) { p.Inputs[0].Spend = bytes.Repeat([]byte{0xff}, spendSize) },
		"input of another index":  func(p *coin.Plan) { p.Inputs[0].ID.Index = 2 },
		"unknown transaction":     func(p *coin.Plan) { p.Inputs[0].ID.Transaction[0]++ },
		"own output elsewhere":    func(p *coin.Plan) { p.Own[0].Address = stranger },
		"integrated address":      func(p *coin.Plan) { p.Payments[0].Address = "x" },
		"no key":                  func(p *coin.Plan) { p.Key.Key = nil },
		"young reference":         func(p *coin.Plan) { p.Reference-- },
	} {
		plan := s.plan(1e12)
		plan.Inputs, plan.Own, plan.Payments = slices.Clone(plan.Inputs), slices.Clone(plan.Own), slices.Clone(plan.Payments)
		spoil(&plan)
		_, err := s.prepare(t.Context(), plan)
		require.Error(t, err, name)
	}
	plan := s.plan(1e12)
	plan.Reference--
	_, err := s.prepare(t.Context(), plan)
	require.ErrorIs(t, err, ring.ErrUnspendable)
	require.ErrorIs(t, err, coin.ErrInvalid, "the node may be wrong")
}

// leaving is a node that goes over to another chain behind so many headers.
type leaving struct {
	*memoryNode
	left int
}

func (n *leaving) Header(ctx context.Context, number uint64) (*block.Block, error) {
	if n.left--; n.left >= 0 {
		return n.memoryNode.Header(ctx, number)
	}
	was := n.best
	n.best = slices.Clone(n.best[:number])
	other := n.mine(mined{})
	n.best = was
	return other.Block, nil
}

// Rings are chosen on the chain that the plan is for, or not at all.
func TestRingsAreOfTheReferenceBlocksChain(t *testing.T) {
	s := newSigner(t)
	plan := s.plan(1e12)
	header, err := s.coin.Header(t.Context(), plan.Reference)
	require.NoError(t, err)
	for before, prepares := range map[int]bool{0: false, 1: false, 2: true} {
		_, err := newCoin(t, &leaving{s.node, before}).Prepare(t.Context(), plan, header.ID)
		if prepares {
			require.NoError(t, err)
		} else {
			require.ErrorIs(t, err, coin.ErrNotFound, "%d headers", before)
		}
	}
}

func TestFeesAreOfTheWholeTransaction(t *testing.T) {
	s := newSigner(t)
	plan := s.plan(1e12)
	fee, err := s.coin.Fee(80_000_000, plan.Inputs, plan.Addresses())
	require.NoError(t, err)
	require.Zero(t, fee%10_000)
	plan.Own[0].Amount += plan.Fee - fee
	plan.Fee = fee
	prepared, err := s.prepare(t.Context(), plan)
	require.NoError(t, err)
	tx, err := s.coin.Assemble(plan, prepared, s.sign(plan, prepared))
	require.NoError(t, err)
	parsed, err := block.ParseTransaction(tx.Raw)
	require.NoError(t, err)
	require.GreaterOrEqual(t, 1000*fee, 80_000_000*parsed.Weight())
	require.LessOrEqual(t, 1000*fee, 80_000_000*(parsed.Weight()+2*50)+1000*10_000, "offsets may be longer")

	more, err := s.coin.Fee(80_000_000, slices.Concat(plan.Inputs, plan.Inputs), plan.Addresses())
	require.NoError(t, err)
	require.InDelta(t, 2*s.coin.InputCost(80_000_000), more-fee, 80_000, "the fee may be a byte longer")
	_, err = s.coin.Fee(1, plan.Inputs, []coin.Address{"x"})
	require.ErrorIs(t, err, coin.ErrAddress)
	_, err = s.coin.Fee(1, plan.Inputs, slices.Repeat(plan.Addresses(), 9))
	require.ErrorIs(t, err, coin.ErrInvalid)
	early, err := s.coin.Unconfirmed(plan)
	require.NoError(t, err)
	require.Nil(t, early)
}

func FuzzReadEventuality(f *testing.F) {
	s := newSigner(f)
	plan := s.plan(1e12)
	prepared, err := s.prepare(f.Context(), plan)
	require.NoError(f, err)
	d, err := s.coin.Describe(plan, prepared)
	require.NoError(f, err)
	f.Add(d.Eventuality.Bytes())
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, data []byte) {
		e, err := s.coin.ReadEventuality(data)
		if err != nil {
			require.ErrorIs(t, err, coin.ErrInvalid)
			return
		}
		require.Equal(t, data, e.Bytes())
		require.Len(t, e.Lookup(), 32)
	})
}

func FuzzRead(f *testing.F) {
	s := newSigner(f)
	plan := s.plan(1e12)
	prepared, err := s.prepare(f.Context(), plan)
	require.NoError(f, err)
	f.Add(prepared)
	f.Fuzz(func(t *testing.T, data []byte) {
		read, err := s.coin.Read(plan, data)
		if err != nil {
			require.ErrorIs(t, err, coin.ErrInvalid)
			return
		}
		// Rings may be others. What is spent, where it goes and the fee may not.
		require.NoError(t, read.Check(plan))
	})
}

func FuzzVerify(f *testing.F) {
	s := newSigner(f)
	plan := s.plan(1e12)
	prepared, err := s.prepare(f.Context(), plan)
	require.NoError(f, err)
	signatures := s.sign(plan, prepared)
	tx, err := s.coin.Assemble(plan, prepared, signatures)
	require.NoError(f, err)
	f.Add(tx.Raw)
	f.Add(prepared)
	f.Add(bytes.Join(signatures, nil))
	f.Fuzz(func(t *testing.T, data []byte) {
		// Rings may be others: nobody can tell from the plan.
		if _, err := s.coin.Describe(plan, data); err != nil {
			require.ErrorIs(t, err, coin.ErrInvalid)
		} else {
			read, err := s.coin.Read(plan, data)
			require.NoError(t, err)
			require.NoError(t, read.Check(plan))
		}
		if _, err := s.coin.Work(plan, data); err != nil {
			require.ErrorIs(t, err, coin.ErrInvalid)
		}
		got, err := s.coin.Verify(plan, prepared, data)
		if err == nil {
			require.Equal(t, tx, got)
		} else {
			require.ErrorIs(t, err, coin.ErrInvalid)
		}
		_, err = s.coin.Assemble(plan, prepared, slices.Collect(slices.Chunk(data, max(1, len(data)/2))))
		if err != nil {
			require.ErrorIs(t, err, coin.ErrInvalid)
		} else {
			require.Equal(t, bytes.Join(signatures, nil), data)
		}
	})
}
