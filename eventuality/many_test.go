package eventuality_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

// What is found does not depend on how much else is watched: a block may have
// fewer inputs than there are plans and outputs.
func TestMorePlansAndOutputsThanInputs(t *testing.T) {
	w := newWorld(t)
	for i := byte(1); i <= 50; i++ {
		w.expect(i, happens(100+i, fmt.Sprintf("plan %d", i)))
		w.guard(fmt.Sprintf("output %d", i), fmt.Sprint(i))
	}
	for i := byte(1); i <= 50; i++ {
		completed, foreign := w.find(spends(100+i, fmt.Sprintf("plan %d", i)), spends(200, fmt.Sprintf("output %d", i)))
		require.Equal(t, []string{fmt.Sprintf("%d by %d", i, 100+i)}, completed)
		require.Equal(t, []string{fmt.Sprintf("%d by 200", i)}, foreign)
	}
}
