package scheduler

import (
	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/storage"
)

// Replace implements Scheduler.
func (s *scheduler) Replace(storage.Tx, coin.PlanID, uint64, []coin.PaymentID) (string, error) {
	return "plans cannot be replaced yet", nil
}
