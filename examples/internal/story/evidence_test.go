package story

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor"
)

// The story fails unless exactly the faulty validators are named, by all.
func TestEvidenceIsWeighed(t *testing.T) {
	deal := processor.InvalidParticipant{Who: 6, Evidence: []byte("deal")}
	share := processor.InvalidParticipant{Who: 4, Evidence: []byte("share")}
	other := processor.InvalidParticipant{Who: 1, Evidence: []byte("other")}
	both := processor.Convictions{deal, share}
	var all []told
	for _, who := range []int{0, 1, 2, 3, 5} {
		all = append(all, told{who, deal}, told{who, share})
	}
	for name, c := range map[string]struct {
		told        []told
		convictions processor.Convictions
		fails       string
	}{
		"as it is":                       {all, both, ""},
		"a faulty one accuses":           {append(slices.Clip(all), told{4, other}), both, ""},
		"an accusation without evidence": {append(slices.Clip(all), told{0, other}), both, "without evidence"},
		"an honest one is convicted":     {all, append(slices.Clip(both), other), "is honest"},
		"one is not found out":           {all, both[:1], "without evidence"},
		"one is never named":             {nil, nil, "was not named"},
		"an honest one does not tell":    {all[1:], both, "deadline"},
	} {
		t.Run(name, func(t *testing.T) {
			s := &story{Cast: WithAdversaries(), c: newCoordinator(), screen: &screen{quiet: true}}
			s.group = make([]*validator, len(s.weights))
			s.c.told = c.told
			ctx, done := context.WithTimeout(t.Context(), 10*time.Millisecond)
			defer done()
			err := s.weigh(ctx, c.told, c.convictions)
			if c.fails == "" {
				require.NoError(t, err)
				require.Len(t, s.summary.Adversaries.Faulty, 2)
				return
			}
			require.ErrorContains(t, err, c.fails)
		})
	}
}
