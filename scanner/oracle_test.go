package scanner

import (
	"fmt"
	"slices"
	"strings"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/storage"
)

// expectedRate is the reference rate at a block by its rule.
func (w *tested) expectedRate(number uint64) uint64 {
	var rates []uint64
	for i := range uint64(RateBlocks) {
		rate := testParameters.FeeFloor
		if i <= number {
			rate = max(rate, w.chain[number-i].rate)
		}
		rates = append(rates, rate)
	}
	slices.Sort(rates)
	return min(rates[2], testParameters.FeeCap)
}

// expectedStage is the stage of a key at a block by the table of stages.
func expectedStage(keys []Key, i int, n uint64) Stage {
	p := testParameters
	k := keys[i]
	switch {
	case !k.Active || n < k.Activation:
		return Confirmed
	case k.Retiring && n >= k.Retirement:
		return Retired
	}
	for _, next := range keys[i+1:] {
		removed := next.Abandoned && !next.Active
		if removed || next.Watched && n >= next.Retirement {
			continue
		}
		if !next.Active {
			break
		}
		reports := next.Activation + p.Confirmations + p.TenMinutes
		switch {
		case n >= reports+p.Confirmations+p.Grace:
			return Finishing
		case n >= reports+p.Confirmations:
			return Forwarding
		case n >= reports:
			return HandingOver
		}
		break
	}
	if !k.First && n < k.Activation+p.Confirmations+p.TenMinutes {
		return Holding
	}
	return Reporting
}

// lives is what a world knows of its keys in the end.
func (w *tested) lives() (keys []Key) {
	w.view(func(r storage.Reader) (err error) {
		keys, err = w.scanner.Keys(r)
		return err
	})
	return keys
}

// check compares what a finished world told with its chain.
func check(t *rapid.T, activation uint64, w *tested) {
	f := w.frontier()
	require.Equal(t, f.Scan, min(f.Settle+testParameters.Window, f.Index))
	checkKeys(t, activation, w)
	checkOutputs(t, activation, w)
	checkReports(t, w)
	checkStored(t, w)

	// Quiet stretches are never longer than a window, and blocks are reported in
	// order, each once but for batches that change hands.
	var notable []uint64
	for _, u := range w.updates() {
		if n := len(notable); n == 0 || u.Number > notable[n-1] {
			notable = append(notable, u.Number)
		}
	}
	last := activation
	for i, n := range notable {
		require.Equal(t, i == 0, n == activation)
		require.LessOrEqual(t, n, last+testParameters.Window)
		last = n
		if i < len(w.settlements) {
			require.Equal(t, n, w.settlements[i].Reference)
		}
	}
	require.Len(t, w.settlements, len(notable))
}

// checkKeys looks at what was told of keys, and at who signs.
func checkKeys(t *rapid.T, activation uint64, w *tested) {
	f := w.frontier()
	keys := w.lives()
	var want []stageEvent
	reverts := false // a successor is abandoned, and its predecessor stays
	for _, k := range keys {
		reverts = reverts || k.Abandoned
	}
	for n := activation; n < f.Scan; n++ {
		for i, k := range keys {
			now, before := expectedStage(keys, i, n), Confirmed
			if n > 0 {
				before = expectedStage(keys, i, n-1)
			}
			if now != before {
				want = append(want, stageEvent{k.Session, now, n})
				require.True(t, reverts || now > before, "stages only rise")
			}
		}
	}
	require.Equal(t, want, w.stages())

	// Keys retire in order, when they were finishing.
	var retired []uint64
	last := uint64(0)
	for i, k := range keys {
		if !k.Retiring || k.Watched {
			continue
		}
		retired = append(retired, k.Session)
		require.GreaterOrEqual(t, k.Retirement, last)
		last = k.Retirement
		require.Equal(t, Finishing, expectedStage(keys, i, k.Retirement-1))
		require.Equal(t, Finishing, expectedStage(keys, i, k.Retirement-testParameters.Window))
	}
	require.Equal(t, w.retiring, retired)

	for id := uint64(0); w.batch(id) != nil; id++ {
		n := w.batch(id).Number
		signer := slices.IndexFunc(keys, func(k Key) bool { return k.Session == w.signer(id) })
		require.True(t, !keys[signer].Retiring || n <= keys[signer].Retirement || keys[signer].Watched)
		for _, k := range keys[:signer] { // none of the older ones could
			require.True(t, k.Abandoned || k.Retiring && n > k.Retirement, "batch of block %d signed by %d", n, w.signer(id))
		}
	}
}

// checkOutputs requires that everything that counts settles exactly once, in
// the order of the chain, with the fate that the key's stage gives it.
func checkOutputs(t *rapid.T, activation uint64, w *tested) {
	f := w.frontier()
	keys := w.lives()
	var want, wantCompletions []string
	counted := make(map[coin.OutputID]bool)
	for _, b := range w.chain[activation:f.Settle] {
		n := b.header.Number
		rate := w.expectedRate(n)
		for _, o := range b.outputs {
			at := slices.IndexFunc(keys, func(k Key) bool { return k.Session == o.Session })
			if at < 0 || o.Amount < testParameters.Dust {
				continue
			}
			stage := expectedStage(keys, at, n)
			if o.Kind != coin.External {
				if stage != Confirmed && (stage != Retired || keys[at].Watched) {
					counted[o.ID] = true
				}
				continue
			}
			if stage == Confirmed || stage >= Finishing || o.Amount < 2*rate+testParameters.Dust {
				continue
			}
			counted[o.ID] = true
			fate := "failed or reported"
			hasData := len(o.Data) > 0 && len(o.Data) <= int(testParameters.MaxData)
			switch {
			case stage == Holding:
				fate = coin.Held.String()
			case hasData && stage == Forwarding:
				fate = coin.PassedOn.String()
			case !hasData && o.Origin != "":
				fate = coin.Refunded.String()
			case !hasData:
				fate = coin.Accumulated.String()
			}
			want = append(want, fmt.Sprint(o.ID, o.Amount-2*rate, fate))
		}
		for _, t := range b.transactions {
			if counted[t.(spend).inputs[1]] {
				wantCompletions = append(wantCompletions, fmt.Sprintf("%x", t.ID()))
			}
		}
	}
	var got, completions []string
	internal := 0
	next := activation
	for _, s := range w.settlements {
		for _, b := range s.Blocks {
			require.Equal(t, next, b.Number, "blocks settle in order")
			next++
			for _, d := range b.Deposits {
				fate := d.Fate.String()
				if len(d.Output.Data) > 0 && d.Fate <= coin.Accumulated {
					fate = "failed or reported"
				}
				got = append(got, fmt.Sprint(d.Output.ID, d.Credit, fate))
				require.True(t, counted[d.Output.ID])
			}
			for _, o := range b.Internal {
				require.True(t, counted[o.ID])
				require.NotEqual(t, coin.External, o.Kind)
				internal++
			}
			for _, c := range b.Completions {
				completions = append(completions, c.Transaction.String())
			}
		}
		require.Equal(t, s.Reference+1, next)
	}
	require.Equal(t, want, got)
	require.Equal(t, len(counted), len(got)+internal)
	require.Equal(t, wantCompletions, completions)
}

// checkReports follows each deposit through its life: it is reported, refunded,
// accumulated or given up at most once, and at the block where it has to be.
func checkReports(t *rapid.T, w *tested) {
	f := w.frontier()
	keys := w.lives()
	instructions := make(map[string]uint64) // their blocks, by data
	for id := range f.Acknowledged {
		for _, i := range w.batch(id).Instructions {
			_, twice := instructions[string(i.Data)]
			require.False(t, twice, "%s is reported twice", i.Data)
			instructions[string(i.Data)] = w.batch(id).Number
		}
	}
	arrivals := make(map[coin.OutputID]coin.Arrival)
	for _, a := range w.ended {
		arrivals[a.Deposit] = a
	}
	late := make(map[coin.OutputID]coin.Late)
	lateAt := make(map[coin.OutputID]uint64)
	for _, s := range w.settlements {
		for _, l := range s.Late {
			require.NotContains(t, late, l.Deposit)
			late[l.Deposit], lateAt[l.Deposit] = l, s.Reference
		}
	}
	reports := 0
	for _, s := range w.settlements {
		for _, b := range s.Blocks {
			for _, d := range b.Deposits {
				data := string(d.Output.Data)
				at := slices.IndexFunc(keys, func(k Key) bool { return k.Session == d.Output.Session })
				l, isLate := late[d.Output.ID]
				number, reported := instructions[data]
				reported = reported && data != ""
				if reported {
					reports++
				}
				switch d.Fate {
				case coin.Held:
					due := b.Number // where the key does not hold back any more
					for expectedStage(keys, at, due) == Holding {
						due++
					}
					lost := expectedStage(keys, at, due) == Retired
					require.Equal(t, due < f.Settle, isLate)
					require.Equal(t, isLate && data != "" && !lost, reported)
					if isLate {
						require.Equal(t, due, lateAt[d.Output.ID])
						require.Equal(t, d.Credit, l.Amount)
						require.True(t, !lost || l.Fate == coin.Accumulated)
					}
				case coin.PassedOn:
					a, ended := arrivals[d.Output.ID]
					if !ended || a.Amount == 0 {
						require.False(t, isLate || reported)
						continue
					}
					require.Equal(t, isLate, reported)
					if isLate {
						require.Equal(t, min(a.Amount, d.Credit), l.Amount)
					}
				default:
					require.False(t, isLate)
					require.Equal(t, data != "", reported)
					require.True(t, !reported || number == b.Number)
				}
				if isLate {
					require.Equal(t, d.Credit, l.Credit)
					require.Equal(t, d.Output.Origin, l.Origin)
					require.True(t, !reported || number == lateAt[d.Output.ID])
				}
			}
		}
	}
	require.Equal(t, len(instructions), reports, "nothing is reported that did not settle")
}

// checkStored requires that nothing that settled stays behind: only headers,
// what spends, and what it takes to rewind.
func checkStored(t *rapid.T, w *tested) {
	f := w.frontier()
	unsettled := int(f.Scan - f.Settle)
	keys := w.lives()
	most := map[string]int{
		"scanner/buffers": unsettled, "scanner/resolutions": unsettled, "scanner/batches": 0, "scanner/results": 0,
		"scanner/rates": unsettled + RateBlocks + int(f.Index-f.Scan), "scanner/headers": len(w.chain),
		"scanner/keys": len(keys), "scanner/keys/past": len(keys), "scanner/start": 1, "scanner/frontier": 1, "scanner/reports": 1,
		"scanner/forwards": len(w.forwards), "scanner/settled": len(w.chain),
	}
	stored := make(map[string]int)
	for key := range w.dump() {
		name, rest, _ := strings.Cut(key, "\x00")
		stored[name]++
		switch name {
		case "scanner/queue": // what a block to come reports
			p, ok := readPlace([]byte(rest))
			require.True(t, ok && p.Group >= f.Settle)
		case "scanner/held": // by keys that hold back still
			p, ok := readPlace([]byte(rest))
			require.True(t, ok)
			at := slices.IndexFunc(keys, func(k Key) bool { return k.Session == p.Group })
			require.Equal(t, Holding, expectedStage(keys, at, f.Scan-1))
		default:
			if strings.HasPrefix(name, "scanner/") {
				require.Contains(t, most, name)
				require.LessOrEqual(t, stored[name], most[name], name)
			}
		}
	}
}
