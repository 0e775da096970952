package scanner

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/internal/wire"
	"github.com/serai-go/processor/storage"
)

// verdict is what a record comes to about an output.
type verdict struct {
	counts       bool
	credit, gain uint64
	why          Loss
}

// observed is what the rules make of an output of a block, given the cost of a
// deposit there.
func observed(t *twins, p coin.Parameters, number uint64, o coin.Output, cost uint64) verdict {
	if o.Amount < cost || o.Amount-cost < p.Dust {
		return verdict{}
	}
	raises, why := t.place(o, number, p.Window)
	if why > 0 {
		return verdict{why: why}
	}
	d := coin.Deposit{Output: o, Raises: raises}
	return verdict{true, t.credit(o.Amount-cost, p.Dust), d.Gain(), 0}
}

func TestTwinsAreCreditedByTheLargest(t *testing.T) {
	type step struct {
		block, amount, cost uint64
		want                verdict
	}
	var ignored verdict
	lost := func(why Loss) verdict { return verdict{why: why} }
	counts := func(credit, gain uint64) verdict { return verdict{true, credit, gain, 0} }
	for name, steps := range map[string][]step{
		"one":                           {{5, 1000, 10, counts(990, 1000)}},
		"of dust":                       {{5, 110, 10, counts(100, 110)}},
		"under dust":                    {{5, 109, 10, ignored}},
		"less than it costs":            {{5, 9, 10, ignored}},
		"dust before leaves no trace":   {{5, 109, 10, ignored}, {500, 1000, 10, counts(990, 1000)}, {510, 2000, 10, counts(1000, 1000)}},
		"smaller after":                 {{5, 1000, 10, counts(990, 1000)}, {6, 999, 10, lost(NotLarger)}},
		"equal after":                   {{5, 1000, 10, counts(990, 1000)}, {5, 1000, 10, lost(NotLarger)}},
		"dust after":                    {{5, 1000, 10, counts(990, 1000)}, {6, 50, 10, ignored}},
		"smaller before":                {{5, 200, 10, counts(190, 200)}, {6, 1000, 10, counts(800, 800)}},
		"in the last block that counts": {{5, 200, 10, counts(190, 200)}, {15, 1000, 10, counts(800, 800)}},
		"one block later":               {{5, 200, 10, counts(190, 200)}, {16, 1000, 10, lost(TooLate)}},
		"the window is that of the first": {
			{5, 200, 10, counts(190, 200)}, {14, 400, 10, counts(200, 200)}, {16, 1000, 10, lost(TooLate)},
		},
		"a little larger": {
			{5, 1000, 10, counts(990, 1000)}, {6, 1099, 10, counts(0, 99)}, {7, 1098, 10, lost(NotLarger)},
			{8, 1100, 10, counts(100, 1)},
		},
		"cost went up":   {{5, 1000, 10, counts(990, 1000)}, {6, 1200, 300, counts(0, 200)}, {7, 1300, 10, counts(300, 100)}},
		"cost went down": {{5, 1000, 500, counts(500, 1000)}, {6, 1001, 10, counts(491, 1)}},
	} {
		t.Run(name, func(t *testing.T) {
			p := coin.Parameters{Window: 10, Dust: 100}
			var known twins
			for i, s := range steps {
				o := coin.Output{ID: coin.OutputID{Index: uint32(i)}, Amount: s.amount, Origin: "origin", Data: []byte("data"), Spend: []byte{1}}
				before := known
				got := observed(&known, p, s.block, o, s.cost)
				require.Equal(t, s.want, got, "output %d", i)
				if !got.counts {
					require.Equal(t, before, known)
				} else {
					require.Equal(t, coin.Output{ID: o.ID, Amount: s.amount, Spend: []byte{1}}, known.Output)
				}
			}
		})
	}
}

// TestTwinsCreditNoMoreThanCanBeSpent compares with the rules said for all twins at
// once.
func TestTwinsCreditNoMoreThanCanBeSpent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := coin.Parameters{
			Window: rapid.Uint64Range(0, 5).Draw(t, "window"), Dust: rapid.Uint64Range(1, 20).Draw(t, "dust"),
		}
		var known twins
		var block, credits, gains, first, largest uint64
		any := false
		for i := range rapid.IntRange(1, 12).Draw(t, "outputs") {
			block += rapid.Uint64Range(0, 2).Draw(t, "blocks later")
			amount := rapid.Uint64Range(0, 100).Draw(t, "amount")
			cost := rapid.Uint64Range(0, 10).Draw(t, "cost")
			got := observed(&known, p, block, coin.Output{ID: coin.OutputID{Index: uint32(i)}, Amount: amount}, cost)
			credits += got.credit
			gains += got.gain
			if amount >= cost+p.Dust {
				if !any {
					first, any = block, true
				}
				if block <= first+p.Window {
					largest = max(largest, amount)
				}
			}
			require.Equal(t, largest, gains)
			require.LessOrEqual(t, credits, gains)
			require.Equal(t, credits, known.Credited)
			require.Equal(t, largest, known.Output.Amount)
			if got.credit > 0 {
				require.GreaterOrEqual(t, got.credit, p.Dust)
				require.Equal(t, amount-cost, credits)
			}
		}
		if any {
			read, err := wire.Unmarshal[twins](wire.Marshal(known))
			require.NoError(t, err)
			require.Equal(t, known, read)
		}
	})
}

func TestRecordsOfNoTwinsAreRefused(t *testing.T) {
	_, err := wire.Unmarshal[twins](wire.Marshal(twins{}))
	require.ErrorIs(t, err, wire.ErrValue)
	_, err = wire.Unmarshal[lost](wire.Marshal(lost{}))
	require.ErrorIs(t, err, wire.ErrValue)
	for _, t2 := range []twins{{Fixed: true}, {Credited: 1}, {Output: coin.Output{Amount: 1}}} {
		_, err := wire.Unmarshal[twins](wire.Marshal(t2))
		require.NoError(t, err)
	}
}

// twinned makes a world in which outputs with equal Spend are twins.
func twinned(t *testing.T) *world {
	config := testConfig()
	config.Coin = testCoin{factor: 1, twins: true}
	config.Parameters.Hold = config.Parameters.Window
	w := newWorld(t, config, storage.NewMemory())
	w.confirm(Start{At: 0})
	w.mine(1)
	return w
}

// copyOf is one of the twins that share a byte.
func copyOf(shared byte, amount uint64, data string) coin.Output {
	o := deposit(amount, data)
	o.Spend = []byte{shared}
	return o
}

// deposits are those of settlements, as text.
func deposits(all []*coin.Settlement) (list []string) {
	for _, s := range all {
		for _, b := range s.Blocks {
			for _, d := range b.Deposits {
				text := fmt.Sprintf("block %d: %d of %d %s", b.Number, d.Credit, d.Output.Amount, d.Fate)
				if d.Raises != nil {
					text += fmt.Sprintf(", raises %d", d.Raises.Amount)
				}
				list = append(list, text)
			}
		}
	}
	return list
}

func TestTwinsOfOneBlockRaiseInItsOrder(t *testing.T) {
	w := twinned(t) // cost is 4, dust 10
	w.pay(copyOf(1, 100, "a"), copyOf(1, 300, "b"), copyOf(2, 100, "c"), copyOf(1, 200, "d"), copyOf(1, 305, "e"))
	got := deposits(w.settleAll())
	require.Equal(t, []string{
		"block 1: 96 of 100 reported", "block 1: 200 of 300 reported, raises 100", "block 1: 96 of 100 reported",
		"block 1: 0 of 305 accumulated, raises 300",
	}, got)
	var reported []uint64
	for _, u := range w.updates() {
		for _, b := range u.Batches {
			for _, i := range b.Instructions {
				reported = append(reported, i.Amount)
			}
		}
	}
	require.Equal(t, []uint64{96, 200, 96}, reported)
}

func TestTwinsBeyondTheWindowAreWrittenOff(t *testing.T) {
	w := twinned(t)
	w.pay(copyOf(1, 100, "first")) // block 1
	w.mine(2)
	w.pay(copyOf(1, 200, "in time")) // block 4
	late := w.pay(copyOf(1, 400, "late"))
	require.Equal(t, []string{"block 1: 96 of 100 reported", "block 4: 100 of 200 reported, raises 100"}, deposits(w.settleAll()))
	w.mine(3)
	w.settleAll()
	w.view(func(r storage.Reader) error {
		x, err := w.scanner.Sight(r, w.chain[late].outputs[0].ID)
		require.NoError(t, err)
		require.Equal(t, TooLate, x.Lost)
		require.Equal(t, late, x.Block)
		x, err = w.scanner.Sight(r, w.chain[1].outputs[0].ID)
		require.NoError(t, err)
		require.Equal(t, w.chain[4].outputs[0].ID, *x.OvertakenBy)
		return nil
	})
}

func TestTwinsOfInternalKindsCountAsBefore(t *testing.T) {
	w := twinned(t)
	change := coin.Output{Amount: 500, Kind: coin.Change, Spend: []byte{1}}
	w.pay(change, change)
	settled := w.settleAll()
	require.Len(t, settled[len(settled)-1].Blocks[0].Internal, 2)
}

func TestTwinsFollowARewind(t *testing.T) {
	w := twinned(t)
	w.pay(copyOf(1, 100, "first")) // block 1
	w.settleAll()
	w.pay(copyOf(1, 200, "void")) // block 2
	w.settleAll()
	first, void := w.chain[1].outputs[0], w.chain[2].outputs[0]
	back := w.rewind(1)
	require.Equal(t, []string{"block 2: 100 of 200 reported, raises 100"}, deposits([]*coin.Settlement{{Blocks: back.Blocks}}))
	w.undone(coin.Undone{Voided: back.Blocks[0].Deposits})
	require.Equal(t, twins{Output: bare(first), Until: 4, Credited: 196}, w.twins(1))
	// What comes instead is not credited once more.
	w.pay(copyOf(1, 250, "instead"))
	again := w.add(&block{outputs: []coin.Output{void}}) // smaller by now
	got := deposits(w.settleAll())
	require.Equal(t, []string{"block 2: 50 of 250 reported, raises 100"}, got)
	w.view(func(r storage.Reader) error {
		x, err := w.scanner.Sight(r, void.ID)
		require.NoError(t, err)
		require.Equal(t, NotLarger, x.Lost)
		require.Equal(t, again.header.Number, x.Block)
		return nil
	})
}

func TestATwinThatAPlanSpendsKeepsItsPlace(t *testing.T) {
	w := twinned(t)
	w.pay(copyOf(1, 100, "spent")) // block 1
	w.settleAll()
	spent := w.chain[1].outputs[0]
	back := w.rewind(0)
	w.undone(coin.Undone{Voided: back.Blocks[0].Deposits, Fixed: []coin.Output{spent}})
	// From here on it does not matter which blocks of which chain somebody saw.
	fixed := twins{Credited: 96, Fixed: true}
	require.Equal(t, fixed, w.twins(1))
	w.pay(copyOf(1, 250, "larger"))
	w.add(&block{outputs: []coin.Output{spent}})
	require.Equal(t, []string{"block 2: 96 of 100 returned"}, deposits(w.settleAll()))
	require.Equal(t, fixed, w.twins(1))
}

// bare is an output as a record has it.
func bare(o coin.Output) coin.Output {
	o.Origin, o.Data = "", nil
	return o
}

// twins returns the record of a byte.
func (w *world) twins(shared byte) (t twins) {
	w.view(func(r storage.Reader) (err error) {
		t, _, err = w.scanner.(*scanner).twins.Get(r, twinKey{5, string([]byte{shared})})
		return err
	})
	return t
}

func TestTwinsAreForgottenWithTheirKey(t *testing.T) {
	w := twinned(t)
	s := w.scanner.(*scanner)
	const many = forgets + 10
	require.NoError(t, w.update(func(tx storage.Tx) error {
		for i := range many {
			key := twinKey{4, fmt.Sprintf("%04d", i)}
			if err := s.twins.Put(tx, key, twins{Credited: 1}); err != nil {
				return err
			}
		}
		return s.twins.Put(tx, twinKey{5, "live"}, twins{Credited: 1})
	}))
	left := func() (n int) {
		w.view(func(r storage.Reader) error {
			for _, err := range s.twins.All(r) {
				require.NoError(t, err)
				n++
			}
			return nil
		})
		return n
	}
	require.NoError(t, w.update(s.forgetTwins))
	require.Equal(t, many-forgets+1, left())
	require.NoError(t, w.update(s.forgetTwins))
	require.Equal(t, 1, left(), "that of the key in use")
	require.NoError(t, w.update(s.forgetTwins))
	require.Equal(t, 1, left())
}

func TestRulesThatTheNetworkDoesNotAllowAreRefused(t *testing.T) {
	w := twinned(t)
	next := w.config.Parameters
	next.Window = next.Hold + 1
	require.NoError(t, w.update(func(tx storage.Tx) error {
		refusal, err := w.scanner.SetRules(tx, RulesVersion, wire.Marshal(next))
		require.Contains(t, refusal, "the network does not allow them")
		return err
	}))
}

func TestLossesHaveNames(t *testing.T) {
	names := make(map[string]bool)
	for l := range Taken + 1 {
		names[l.String()] = true
	}
	require.Len(t, names, int(Taken)+1)
}
