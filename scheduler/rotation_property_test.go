package scheduler

import (
	"encoding/binary"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/storage"
)

// deposits draws deposits, with the fates that the stages of the keys allow.
func (r *rotation) deposits(t *rapid.T) (list []coin.Deposit) {
	usual := []coin.Fate{coin.Reported, coin.Refunded, coin.Accumulated}
	fates := func(session uint64) []coin.Fate {
		switch {
		case session == r.old && !r.reports, session == r.young && r.stage == before:
			return []coin.Fate{coin.Held}
		case session == r.old && r.young != 0 && r.stage == leaves:
			return append([]coin.Fate{coin.PassedOn, coin.PassedOn}, usual[1:]...)
		case session == r.old && r.young != 0 && r.stage == finishes:
			return nil
		}
		return usual
	}
	for range rapid.IntRange(0, 4).Draw(t, "deposits") {
		session := r.old
		if r.young != 0 && rapid.Bool().Draw(t, "young") {
			session = r.young
		}
		some := fates(session)
		if len(some) == 0 {
			continue
		}
		d := coin.Deposit{Output: r.outputTo(session, dust+anyAmount.Draw(t, "amount"))}
		d.Fate = rapid.SampledFrom(some).Draw(t, "fate")
		d.Credit = d.Output.Amount - rapid.Uint64Range(0, d.Output.Amount/3).Draw(t, "fee")
		if d.Fate != coin.Reported {
			d.Output.Origin = rapid.SampledFrom([]coin.Address{"user", "user-2"}).Draw(t, "origin")
		}
		list = append(list, d)
	}
	return list
}

// due takes reports that are due from the queue, and draws their fates.
func (r *rotation) due(t *rapid.T, n int) []coin.Late {
	late := slices.Clone(r.queue[:n])
	r.queue = r.queue[n:]
	for i := range late {
		late[i].Fate = coin.Fate(rapid.IntRange(1, 3).Draw(t, "fate"))
		if late[i].Fate == coin.Refunded && late[i].Origin == "" {
			late[i].Origin = "user"
		}
	}
	return late
}

// releases queues what a key held back.
func (r *rotation) releases(session uint64) {
	for _, d := range r.held[session] {
		r.queue = append(r.queue, coin.Late{Deposit: d.Output.ID, Origin: d.Output.Origin, Credit: d.Credit, Amount: d.Credit})
	}
	delete(r.held, session)
}

// advance lets the keys' stages go on.
func (r *rotation) advance() {
	switch {
	case r.shows: // the abandonment shows
		r.releases(r.young)
		r.young, r.shows, r.stage = 0, false, before
	case !r.reports:
		r.reports = true
		r.releases(r.old)
	case r.young == 0:
		r.sessions++
		r.young, r.stage = r.sessions, before
	case r.stage < finishes:
		if r.stage++; r.stage == hands {
			r.releases(r.young)
		}
	}
	r.assign()
}

// tryRetire retires the old key if it is idle.
func (r *rotation) tryRetire() bool {
	if r.young == 0 || r.shows || r.stage != finishes || !r.idle(r.old) {
		return false
	}
	for _, id := range r.open {
		require.NotEqual(r.t, r.old, r.plans[id].Key.Session)
	}
	for _, o := range r.have {
		most := max(r.rate, r.rate*weigh(int(r.rules.MaxInputs), 1)+dust-1)
		require.True(r.t, o.Session != r.old || o.Amount <= most, "worth moving")
		_, passed := r.passed[o.ID]
		require.False(r.t, passed && o.Session == r.old)
	}
	r.do(func(tx storage.Tx) error { return r.s.Retire(tx, r.old) })
	r.gone[r.old] = true
	for _, o := range r.have {
		require.NotEqual(r.t, r.old, o.Session, "left behind")
	}
	r.old, r.young, r.stage = r.young, 0, before
	r.assign()
	return true
}

// abandons abandons the old key, or the young one.
func (r *rotation) abandons(young bool) {
	session := r.old
	if young {
		session = r.young
	}
	for _, id := range r.open {
		if r.plans[id].Key.Session == session {
			r.forsaken[id] = true
		}
	}
	r.gone[session] = true
	r.do(func(tx storage.Tx) error { return r.s.Abandon(tx, session) })
	r.releases(session)
	if young {
		r.shows = true
	} else {
		r.reports = r.stage >= hands
		r.old, r.young, r.stage = r.young, 0, before
	}
	r.assign()
}

// completes draws some of the plans under way to happen.
func (r *rotation) completes(t *rapid.T, block *coin.SettledBlock) {
	for range rapid.IntRange(0, len(r.open)).Draw(t, "completions") {
		i := rapid.IntRange(0, len(r.open)-1).Draw(t, "plan")
		r.completion(block, r.open[i])
		r.open = append(r.open[:i:i], r.open[i+1:]...)
	}
}

// quiet settles blocks in which all plans happen that still can, until none is
// under way and nobody waits for a lower rate.
func (r *rotation) quiet(t *rapid.T) {
	for quiet := uint64(0); quiet <= r.rules.Patience+1; quiet++ {
		var block coin.SettledBlock
		var stay []coin.PlanID
		for _, id := range r.open {
			if r.forsaken[id] {
				stay = append(stay, id)
				continue
			}
			r.completion(&block, id)
			quiet = 0
		}
		r.open = stay
		r.step(block, r.due(t, len(r.queue)))
	}
}

// waits tells whether a deposit waits to be passed on: its key has lost its
// successor.
func (r *rotation) waits() bool {
	for id := range r.passed {
		if _, ok := r.have[id]; ok {
			return true
		}
	}
	return false
}

// underWay tells whether a deposit is passed on by an abandoned key's plan.
func (r *rotation) underWay(id coin.OutputID) bool {
	for plan := range r.forsaken {
		if r.plans[plan].Inputs[0].ID == id {
			return true
		}
	}
	return false
}

func TestRotation(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := newRotation(t)
		burns := func(t *rapid.T) (list []coin.Payment) {
			for range rapid.IntRange(1, 4).Draw(t, "payments") {
				r.taken++
				p := coin.Payment{Address: "user", Amount: dust + anyAmount.Draw(t, "amount")}
				if i := rapid.IntRange(0, 40).Draw(t, "known"); uint32(i) > r.taken {
					p.Address, _ = tabled{}.Address(r.roles[0].Key.Key, coin.Change)
				}
				binary.BigEndian.PutUint32(p.ID[:], r.taken)
				r.take(p)
				list = append(list, p)
			}
			return list
		}
		t.Repeat(map[string]func(*rapid.T){
			"settle": func(t *rapid.T) {
				block := coin.SettledBlock{Deposits: r.deposits(t)}
				r.completes(t, &block)
				r.step(block, r.due(t, rapid.IntRange(0, len(r.queue)).Draw(t, "due")))
			},
			"burn": func(t *rapid.T) {
				list := burns(t)
				r.do(func(tx storage.Tx) error { return r.s.Burn(tx, list) })
			},
			"hold": func(t *rapid.T) {
				list := burns(t)
				r.do(func(tx storage.Tx) error { return r.s.Hold(tx, list) })
			},
			"rate":    func(t *rapid.T) { r.rate = anyRate.Draw(t, "rate") },
			"advance": func(t *rapid.T) { r.advance() },
			"retire":  func(t *rapid.T) { r.tryRetire() },
			"restart": func(t *rapid.T) { r.restart() },
			"abandon": func(t *rapid.T) {
				if r.young != 0 && !r.shows && rapid.IntRange(0, 3).Draw(t, "luck") == 0 {
					r.abandons(rapid.Bool().Draw(t, "young"))
				}
			},
		})

		// All keys but the newest retire, and nothing of worth stays behind.
		r.rate = 1
		for i := 0; r.young != 0 || !r.reports || r.waits(); i++ {
			require.Less(t, i, 12, "the keys do not go on")
			r.quiet(t)
			if !r.tryRetire() {
				r.advance()
			}
		}
		r.quiet(t)
		for id := range r.passed {
			require.True(t, r.underWay(id), "a deposit has not arrived")
		}

		// There is enough: all that can carry the fee is paid.
		r.step(coin.SettledBlock{Deposits: []coin.Deposit{{
			Output: r.outputTo(r.old, 1<<30), Credit: 1 << 30, Fate: coin.Accumulated,
		}}}, nil)
		r.quiet(t)
		require.Equal(t, Pending{Outputs: len(r.have), Plans: len(r.forsaken)}, r.pending())
		for _, p := range r.payments {
			switch p.status {
			case "Planned":
				require.True(t, r.forsaken[p.plan], "a payment is not made")
			case "Queued":
				require.Fail(t, "a payment waits", "%+v", p)
			case "Dropped":
				require.Less(t, p.Amount, 2*dust+100*weigh(int(r.rules.MaxInputs), 2))
			}
		}
	})
}
