package nodes_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin"
)

// preparing is a coin that prepares what it likes.
type preparing struct {
	coin.Coin
	prepare func(context.Context) ([]byte, error)
}

// Prepare implements coin.Spender.
func (p preparing) Prepare(ctx context.Context, _ coin.Plan, _ coin.BlockID) ([]byte, error) {
	return p.prepare(ctx)
}

// preparing lets the nodes prepare such things: nothing stands for an error, and a
// question mark for no answer.
func (w *world) preparing(answers ...string) {
	for i, answer := range answers {
		w.puppets[i].Coin = preparing{w.chain.Coin(), func(ctx context.Context) ([]byte, error) {
			switch answer {
			case "":
				return nil, errAway
			case "?":
				<-ctx.Done()
				return nil, ctx.Err()
			}
			return []byte(answer), nil
		}}
	}
}

// No single node decides what is signed.
func TestNodesAgreeOnWhatIsPrepared(t *testing.T) {
	for name, test := range map[string]struct {
		answers []string
		want    string // nothing for trouble
	}{
		"all":                {[]string{"a", "a", "a"}, "a"},
		"a lie":              {[]string{"b", "a", "a"}, "a"},
		"the other lies":     {[]string{"a", "a", "b"}, "a"},
		"one is away":        {[]string{"a", "", "a"}, "a"},
		"two are away":       {[]string{"", "", "a"}, "a"},
		"one hangs":          {[]string{"?", "a", "a"}, "a"},
		"two hang":           {[]string{"?", "?", "a"}, "a"},
		"all differ":         {[]string{"a", "b", "c"}, ""},
		"two differ":         {[]string{"a", "b"}, ""},
		"two and none away":  {[]string{"a", "b", ""}, ""},
		"a lie and one away": {[]string{"b", "", "a"}, ""},
		"nobody":             {[]string{"", "", ""}, ""},
		"alone":              {[]string{"a"}, "a"},
	} {
		t.Run(name, func(t *testing.T) {
			in(t, len(test.answers), func(w *world) {
				w.preparing(test.answers...)
				for range 3 {
					got, err := w.Prepare(w.Context(), coin.Plan{}, coin.BlockID{})
					if test.want == "" {
						require.ErrorIs(w, err, coin.ErrTransient)
					} else {
						require.NoError(w, err)
						require.Equal(w, test.want, string(got))
					}
					time.Sleep(time.Minute)
				}
			})
		})
	}
}

// Who is outvoted is distrusted, and not asked any more before it agrees again.
func TestWhoPreparesAnotherTransactionIsDistrusted(t *testing.T) {
	in(t, 3, func(w *world) {
		w.header(5)
		w.preparing("b", "a", "a")
		lies := w.puppets[0].Coin
		w.puppets[1].Coin = preparing{w.chain.Coin(), func(ctx context.Context) ([]byte, error) {
			time.Sleep(time.Second) // behind the lie
			return []byte("a"), nil
		}}
		w.puppets[2].Coin = w.puppets[1].Coin
		_, err := w.Prepare(w.Context(), coin.Plan{}, coin.BlockID{})
		require.NoError(w, err)
		w.requireStates(coin.NodeDistrusted, coin.NodeWell, coin.NodeWell)
		w.preparing("b", "a", "")
		w.puppets[0].Coin = lies
		got, err := w.Prepare(w.Context(), coin.Plan{}, coin.BlockID{})
		require.NoError(w, err)
		require.Equal(w, "a", string(got))
	})
}

// An answer that is wrong counts against a node if another can answer.
func TestWhoCannotPrepareWhatOthersCanHasFailed(t *testing.T) {
	in(t, 3, func(w *world) {
		w.header(5)
		w.puppets[0].Coin = preparing{w.chain.Coin(), func(context.Context) ([]byte, error) { return nil, coin.ErrInvalid }}
		_, err := w.Prepare(w.Context(), coin.Plan{}, coin.BlockID{})
		require.ErrorIs(w, err, coin.ErrInvalid)
		w.requireStates(coin.NodeWell, coin.NodeWell, coin.NodeWell)
		for _, p := range w.puppets[1:] {
			p.Coin = preparing{w.chain.Coin(), func(context.Context) ([]byte, error) {
				time.Sleep(time.Second)
				return []byte("a"), nil
			}}
		}
		_, err = w.Prepare(w.Context(), coin.Plan{}, coin.BlockID{})
		require.NoError(w, err)
		w.requireStates(coin.NodeFailing, coin.NodeWell, coin.NodeWell)
	})
}
