package spend_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin/monero/block"
	"github.com/serai-go/processor/coin/monero/spend"
	"github.com/serai-go/processor/frost"
)

// sign makes all signatures by the first and the last share.
func (m *maker) sign(t require.TestingT, work []frost.Algorithm) [][]byte {
	g := theGroup()
	signers := []*frost.KeyShare{g.shares[0], g.shares[2]}
	context := []byte("a context")
	nonces := make([]*frost.Nonces, len(signers))
	members := make([]frost.Member, len(signers))
	for i, share := range signers {
		var err error
		members[i].Validator = share.Validator()
		nonces[i], members[i].Commitment, err = frost.Commit(m, share, work, context)
		require.NoError(t, err)
	}
	session, err := frost.NewSession(g.key, work, context, members)
	require.NoError(t, err)
	answers := make([][]byte, len(signers))
	for i, share := range signers {
		answers[i], err = session.Sign(share, nonces[i])
		require.NoError(t, err)
	}
	signatures, err := session.Aggregate(answers)
	require.NoError(t, err)
	return signatures
}

// complete makes, signs and assembles a draft's transaction.
func (m *maker) complete(t require.TestingT, d spend.Draft) (*spend.Unsigned, *block.Transaction) {
	u := newUnsigned(t, d)
	work, err := u.Work(d)
	require.NoError(t, err)
	tx, err := u.Assemble(d, m.sign(t, work))
	require.NoError(t, err)
	return u, tx
}

// chain knows the members of a draft's rings.
func chain(d spend.Draft) func([]uint64) ([]spend.Member, error) {
	known := map[uint64]spend.Member{}
	for _, in := range d.Inputs {
		for _, member := range in.Ring {
			known[member.Index] = member
		}
	}
	return func(indices []uint64) ([]spend.Member, error) {
		var list []spend.Member
		for _, index := range indices {
			member, ok := known[index]
			if !ok {
				return nil, fmt.Errorf("no output %d", index)
			}
			list = append(list, member)
		}
		return list, nil
	}
}

func TestAGroupSpends(t *testing.T) {
	for _, c := range []struct{ inputs, outputs int }{{1, 1}, {1, 2}, {1, 16}, {2, 1}, {2, 2}, {2, 3}, {2, 16}, {16, 1}, {16, 2}, {16, 16}} {
		t.Run(fmt.Sprintf("%d inputs and %d outputs", c.inputs, c.outputs), func(t *testing.T) {
			m := newMaker(uint64(100*c.inputs + c.outputs))
			wallets := []wallet{m.wallet(), m.wallet()}
			d := m.draft(t, c.inputs, m.outputs(c.outputs, wallets...))
			u, tx := m.complete(t, d)
			require.NoError(t, spend.Verify(tx, chain(d)))
			require.NoError(t, u.Verify(d, tx))
			require.NoError(t, u.Check(d.Seed))
			requireFound(t, u, tx, d.Outputs, wallets...)

			again, err := block.ParseTransaction(tx.Raw())
			require.NoError(t, err)
			require.Equal(t, tx.Raw(), again.Raw())
			require.Equal(t, d.Fee, tx.Fee())
			require.True(t, u.Expectation().Matches(tx))

			require.LessOrEqual(t, tx.Weight(), u.MaxWeight())
			require.Equal(t, u.MaxWeight(), spend.Weight(c.inputs, addressesOf(d.Outputs), d.Fee))
			require.Equal(t, u.MaxWeight()-unusedOffsets(tx), tx.Weight())
			require.GreaterOrEqual(t, tx.Fee(), tx.Weight()*rate/1000)
		})
	}
}

// unusedOffsets returns how much smaller the offsets of rings are than they may
// be.
func unusedOffsets(tx *block.Transaction) (n uint64) {
	for _, in := range tx.Inputs() {
		n += spend.MaxOffsetsSize
		for offset := range in.Offsets() {
			for n--; offset >= 0x80; offset >>= 7 {
				n--
			}
		}
	}
	return n
}

func TestTheGreatestTransaction(t *testing.T) {
	m := newMaker(1)
	w := m.wallet()
	outputs := m.outputs(spend.MaxOutputs, w, m.wallet())
	d := m.draft(t, spend.MaxInputs, outputs)
	u, tx := m.complete(t, d)
	require.NoError(t, spend.Verify(tx, chain(d)))
	require.LessOrEqual(t, tx.Weight(), u.MaxWeight())
	t.Logf("weight %d of at most %d", tx.Weight(), u.MaxWeight())
}
