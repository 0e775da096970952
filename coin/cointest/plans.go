package cointest

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/eventuality"
	"github.com/serai-go/processor/frost"
)

// plan is a plan of a group and what became of it.
type plan struct {
	coin.Plan
	group       *group
	reference   coin.BlockID
	prepared    []byte
	description coin.Description
	tx          coin.Transaction
}

// target is an output of a plan: to the group itself if it has a kind other
// than External, and then of the plan's session unless it has another one.
type target struct {
	to      coin.Address
	amount  uint64
	own     coin.Kind
	session uint64
}

// reference is the newest block, of which all outputs can be spent from now on.
func (w *world) reference(ctx context.Context, t *testing.T) uint64 {
	tip := w.tip(ctx, t)
	if w.limits.Locked > 1 {
		require.NoError(t, w.chain.Mine(ctx, w.limits.Locked-1))
	}
	return tip
}

// rate is above what any network demands on its test networks.
func (w *world) rate() uint64 { return 2 * w.coin.Parameters().FeeFloor }

func (w *world) plan(ctx context.Context, t *testing.T, g *group, inputs []coin.Output, targets []target, change coin.Kind) *plan {
	return w.planAt(ctx, t, w.rate(), g, inputs, targets, change)
}

// planAt plans and prepares at a fee rate. An own output of the kind change
// takes what is left.
func (w *world) planAt(ctx context.Context, t *testing.T, rate uint64, g *group, inputs []coin.Output, targets []target, change coin.Kind) *plan {
	p := &plan{group: g, Plan: coin.Plan{Key: g.Key, Inputs: inputs, Reference: w.reference(ctx, t)}}
	var left uint64
	for _, o := range inputs {
		left += o.Amount
	}
	for i, to := range targets {
		left -= to.amount
		if to.own != coin.External {
			session := g.Session
			if to.session != 0 {
				session = to.session
			}
			p.Own = append(p.Own, coin.OwnOutput{Kind: to.own, Session: session, Address: to.to, Amount: to.amount})
			continue
		}
		var id [8]byte
		binary.BigEndian.PutUint64(id[:], uint64(i))
		p.Payments = append(p.Payments, coin.PlannedPayment{
			Payment: coin.Payment{ID: sha256.Sum256(id[:]), Address: to.to, Amount: to.amount},
			Paid:    to.amount,
		})
	}
	p.Own = append(p.Own, coin.OwnOutput{Kind: change, Session: g.Session, Address: w.address(t, g, change)})
	fee, err := w.spender.Fee(rate, p.Inputs, p.Addresses())
	require.NoError(t, err)
	require.Less(t, fee, left, "the test's amounts are too small")
	p.Fee = fee
	p.Own[len(p.Own)-1].Amount = left - fee

	w.prepare(ctx, t, p)
	return p
}

// planAll plans one payment of all that the inputs hold but the fee, at twice the
// rate.
func (w *world) planAll(ctx context.Context, t *testing.T, g *group, inputs []coin.Output, to coin.Address) *plan {
	p := &plan{group: g, Plan: coin.Plan{Key: g.Key, Inputs: inputs, Reference: w.reference(ctx, t)}}
	fee, err := w.spender.Fee(2*w.rate(), inputs, []coin.Address{to})
	require.NoError(t, err)
	p.Fee = fee
	var sum uint64
	for _, o := range inputs {
		sum += o.Amount
	}
	p.Payments = []coin.PlannedPayment{{Payment: coin.Payment{Address: to, Amount: sum}, Paid: sum - fee}}
	w.prepare(ctx, t, p)
	return p
}

func (w *world) prepare(ctx context.Context, t *testing.T, p *plan) {
	header, err := w.coin.Header(ctx, p.Reference)
	require.NoError(t, err)
	p.reference = header.ID
	p.prepared, err = w.spender.Prepare(ctx, p.Plan, p.reference)
	require.NoError(t, err)
	read, err := w.spender.Read(p.Plan, p.prepared)
	require.NoError(t, err)
	require.NoError(t, read.Check(p.Plan))
	p.description, err = w.spender.Describe(p.Plan, p.prepared)
	require.NoError(t, err)
	require.Len(t, p.description.Own, len(p.Own))
}

// signatures has the plan signed by threshold of its group.
func (w *world) signatures(t *testing.T, p *plan) [][]byte {
	work, err := w.spender.Work(p.Plan, p.prepared)
	require.NoError(t, err)
	context := p.prepared
	nonces := make([]*frost.Nonces, threshold)
	members := make([]frost.Member, threshold)
	for i, share := range p.group.shares[:threshold] {
		var commitment []byte
		nonces[i], commitment, err = frost.Commit(w.entropy, share, work, context)
		require.NoError(t, err)
		members[i] = frost.Member{Validator: uint16(i), Commitment: commitment}
	}
	session, err := frost.NewSession(p.group.public, work, context, members)
	require.NoError(t, err)
	shares := make([][]byte, threshold)
	for i, share := range p.group.shares[:threshold] {
		shares[i], err = session.Sign(share, nonces[i])
		require.NoError(t, err)
	}
	signatures, err := session.Aggregate(shares)
	require.NoError(t, err)
	return signatures
}

func (w *world) sign(t *testing.T, p *plan) coin.Transaction {
	tx, err := w.spender.Assemble(p.Plan, p.prepared, w.signatures(t, p))
	require.NoError(t, err)
	verified, err := w.spender.Verify(p.Plan, p.prepared, tx.Raw)
	require.NoError(t, err)
	require.Equal(t, tx, verified)
	p.tx = tx
	return tx
}

func (w *world) publish(ctx context.Context, t *testing.T, tx coin.Transaction) coin.PublicationStatus {
	publication, err := w.spender.Publish(ctx, tx)
	require.NoError(t, err)
	if publication.Reason != "" {
		t.Logf("%s: %s", publication.Status, publication.Reason)
	}
	return publication.Status
}

// happen publishes and mines a signed plan and returns the groups' outputs in
// its block.
func (w *world) happen(ctx context.Context, t *testing.T, p *plan, groups ...*group) []coin.Output {
	require.Equal(t, coin.Accepted, w.publish(ctx, t, p.tx))
	header := w.mine(ctx, t)
	w.settled(ctx, t, p, header)
	return w.scan(ctx, t, header, groups...)
}

// fetched checks that the node gives out the plan's transaction.
func (w *world) fetched(ctx context.Context, t *testing.T, p *plan, tx coin.Transaction) {
	raw, err := w.spender.Transaction(ctx, tx.ID)
	require.NoError(t, err)
	verified, err := w.spender.Verify(p.Plan, p.prepared, raw)
	require.NoError(t, err)
	require.Equal(t, tx.ID, verified.ID)
}

// matchesOnly checks that the plan's eventuality matches none of the
// transactions but, if it is there, the plan's own.
func (p *plan) matchesOnly(t *testing.T, transactions []eventuality.Transaction) (found bool) {
	for _, transaction := range transactions {
		own := transaction.ID() == p.tx.ID
		require.Equal(t, own, p.description.Eventuality.Matches(transaction))
		found = found || own
	}
	return found
}

// settled checks that the block shows the plan to have happened.
func (w *world) settled(ctx context.Context, t *testing.T, p *plan, header coin.Header) {
	transactions := w.block(ctx, t, header).Transactions()
	require.True(t, p.matchesOnly(t, transactions), "the plan's transaction is in the block")
	i := slices.IndexFunc(transactions, func(tx eventuality.Transaction) bool { return tx.ID() == p.tx.ID })
	lookups := transactions[i].Lookups()
	require.Contains(t, lookups, p.description.Eventuality.Lookup())
	for _, input := range p.Inputs {
		if lookup := w.coin.SpendLookup(input); lookup != nil {
			require.Contains(t, lookups, lookup)
		}
	}
	for _, lookup := range lookups {
		require.LessOrEqual(t, len(lookup), eventuality.MaxLookup)
	}

	// Own outputs to other groups are looked for by these.
	outputs := w.scan(ctx, t, header, p.group)
	for i, own := range p.Own {
		id := coin.OutputID{Transaction: p.tx.ID, Index: p.description.Own[i]}
		at := slices.IndexFunc(outputs, func(o coin.Output) bool { return o.ID == id })
		if own.Session != p.group.Session {
			require.Negative(t, at)
			continue
		}
		require.GreaterOrEqual(t, at, 0)
		require.Equal(t, own.Kind, outputs[at].Kind)
		require.Equal(t, own.Amount, outputs[at].Amount)
	}
}
