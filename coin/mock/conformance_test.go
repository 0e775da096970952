package mock

import (
	"testing"

	"github.com/serai-go/processor/coin/cointest"
)

func newTestChain(*testing.T) cointest.Chain { return New(Options{}) }

func TestReading(t *testing.T) { cointest.Reading(t, newTestChain) }

func TestSpending(t *testing.T) { cointest.Spending(t, newTestChain) }

func TestReadingWithTheRulesOfMonero(t *testing.T) {
	cointest.Reading(t, func(*testing.T) cointest.Chain { return New(Monero()) })
}
