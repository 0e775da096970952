package processortest

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin"
)

func TestWhatIsToldOfPaymentsInARowIsOneLine(t *testing.T) {
	all, one := []int{0, 1}, []int{0}
	var got []string
	for _, line := range joined([]reportLine{
		{"payment p9 planned", all}, {"payment p10 planned", all}, {"payment p11 planned", all},
		{"payment p12 planned", one}, {"payment p13 planned", one},
		{"payment p13 settled, 5 paid, 1 for costs", one}, {"payment p14 settled, 5 paid, 1 for costs", one},
		{"payment p15 settled, 6 paid, 0 for costs", one},
		{"payment p17 settled, 6 paid, 0 for costs", one},
		{"payment paula planned", one}, {"block 3: batch 1", one}, {"block 4: batch 2", one},
	}) {
		got = append(got, line.text)
	}
	require.Equal(t, []string{
		"payments p9 to p11 planned", "payments p12 to p13 planned",
		"payments p13 to p14 settled, 5 paid, 1 for costs",
		"payment p15 settled, 6 paid, 0 for costs", "payment p17 settled, 6 paid, 0 for costs",
		"payment paula planned", "block 3: batch 1", "block 4: batch 2",
	}, got)
}

func TestTextsNamePlansAndPayments(t *testing.T) {
	p := Player{payments: map[coin.PaymentID]string{{1}: "alice"}, book: newPlanBook()}
	p.book.numbered = []knownPlan{{id: coin.PlanID{2}}}
	require.Equal(t, "replace plan 1: payment alice is none of the plan's, or comes twice",
		p.withNames("replace plan "+coin.PlanID{2}.String()+": payment "+coin.PaymentID{1}.String()+" is none of the plan's, or comes twice"))
	unknown := coin.PlanID{3}.String()
	require.Equal(t, "by "+unknown+", which", p.withNames("by "+unknown+", which"))
}
