package signer

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/storage"
)

// signedPlans brings a node to where it holds so many signed transactions.
func signedPlans(t *testing.T, count int) (*world, *node, []coin.PlanID) {
	w := newWorld(t, 1, 1)
	var ids []coin.PlanID
	for range count {
		ids = append(ids, w.plan(1))
	}
	w.run()
	n := w.nodes[0]
	n.update(func(tx storage.Tx) error {
		for item, err := range told.All(tx) {
			if err != nil {
				return err
			}
			if err := told.Delete(tx, item.Key); err != nil {
				return err
			}
		}
		return nil
	})
	return w, n, ids
}

func (n *node) publishAt(t *testing.T, tip uint64) int {
	before := len(n.coin.published)
	_, err := n.Publish(t.Context(), n.store, tip, true)
	require.NoError(t, err)
	return len(n.coin.published) - before
}

func TestPublicationOncePerTipUntilSettled(t *testing.T) {
	w, n, ids := signedPlans(t, 2)
	require.Equal(t, 2, n.publishAt(t, 5))
	require.Equal(t, 0, n.publishAt(t, 5))
	require.Equal(t, 2, n.publishAt(t, 6))
	require.Equal(t, 2, n.publishAt(t, 4), "another chain, or another node")
	w.resolve(ids[0])
	require.NoError(t, n.read())
	require.Equal(t, 1, n.publishAt(t, 7))
	require.Len(t, n.published, 1, "what is settled is forgotten")
	n.restart(n.store)
	require.Equal(t, 1, n.publishAt(t, 7), "after a restart too")
}

func TestAnswersToPublication(t *testing.T) {
	for _, status := range []coin.PublicationStatus{coin.Accepted, coin.Mined, coin.Conflict, coin.FeeTooLow, coin.Rejected, 77} {
		t.Run(status.String(), func(t *testing.T) {
			_, n, ids := signedPlans(t, 1)
			say := status
			n.coin.publish = func(coin.Transaction) (coin.Publication, error) { return coin.Publication{Status: say}, nil }
			for tip := range uint64(3) {
				require.Equal(t, 1, n.publishAt(t, tip))
			}
			say = coin.Accepted
			n.publishAt(t, 4)
			say = status
			n.publishAt(t, 5)
			if status == coin.Accepted || status == coin.Mined {
				require.Empty(t, n.told())
			} else {
				require.Equal(t, []string{fmt.Sprintf("plan %x: %s", ids[0][:1], status)}, n.told(), "once")
			}
		})
	}
}

// What it spends may come to the node a little later.
func TestAConflictIsToldIfItLasts(t *testing.T) {
	_, n, _ := signedPlans(t, 2)
	n.coin.publish = func(tx coin.Transaction) (coin.Publication, error) {
		return coin.Publication{Status: coin.Conflict}, nil
	}
	require.Equal(t, 2, n.publishAt(t, 1))
	require.Equal(t, 0, n.publishAt(t, 1))
	require.Empty(t, n.told())
	require.Equal(t, 2, n.publishAt(t, 2))
	require.Len(t, n.told(), 2)
}

func TestOneTransactionKeepsNoOtherBack(t *testing.T) {
	_, n, _ := signedPlans(t, 3)
	bad := n.coin.published
	trouble := fmt.Errorf("%w: no answer", coin.ErrTransient)
	var first coin.TransactionID
	n.coin.publish = func(tx coin.Transaction) (coin.Publication, error) {
		if first == (coin.TransactionID{}) {
			first = tx.ID
		}
		if tx.ID == first {
			return coin.Publication{}, trouble
		}
		return coin.Publication{Status: coin.Accepted}, nil
	}
	did, err := n.Publish(t.Context(), n.store, 1, true)
	require.ErrorIs(t, err, coin.ErrTransient)
	require.False(t, did)
	require.Len(t, n.coin.published, len(bad)+3)

	trouble = nil
	did, err = n.Publish(t.Context(), n.store, 1, true)
	require.NoError(t, err)
	require.True(t, did)
	require.Len(t, n.coin.published, len(bad)+4, "only what failed is due again")
}

func TestPublicationEndsWithItsContext(t *testing.T) {
	_, n, _ := signedPlans(t, 3)
	ctx, cancel := context.WithCancel(t.Context())
	n.coin.publish = func(coin.Transaction) (coin.Publication, error) {
		cancel()
		return coin.Publication{}, errors.Join(coin.ErrTransient, ctx.Err())
	}
	_, err := n.Publish(ctx, n.store, 1, true)
	require.ErrorIs(t, err, context.Canceled)
	require.Len(t, n.coin.published, 1)
}
