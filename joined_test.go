package processor

import (
	"encoding/binary"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/serai-go/processor/batch"
	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/scanner"
	"github.com/serai-go/processor/scheduler"
	"github.com/serai-go/processor/storage"
)

// story draws what happens, and writes it as a chain and a log.
type story struct {
	*joined
	rt      *rapid.T
	log     []Entry
	blocks  []*joinedBlock
	session uint64 // the newest
	made    uint32
	burnt   uint32
	mined   map[coin.PlanID]bool
	spent   map[coin.OutputID]bool // by holders of abandoned keys, for themselves
	calm    bool                   // nothing new comes up
	gift    bool                   // the next block has a large one

	coin    joinedCoin
	copied  []coin.Output // that may be copied
	forks   bool
	chains  [][]*joinedBlock       // those that are void, as they were
	lost    []coin.Output          // of void blocks, not on the chain
	allBack bool                   // they come back in the end
	there   map[coin.OutputID]bool // outputs on the chain
	acked   []joinedBatch
	success []bool // of their instructions, in order
}

// payer is the session that pays.
func (s *story) payer() (session uint64) {
	s.view(func(r storage.Reader) error {
		roles, err := s.core.scanner.Roles(r, s.frontier().Settle-1)
		for _, role := range roles {
			if role.Pays {
				session = role.Key.Session
			}
		}
		return err
	})
	return session
}

func (s *story) number(lo, hi uint64, what string) uint64 {
	return rapid.Uint64Range(lo, hi).Draw(s.rt, what)
}

func joinedKey(session uint64) ConfirmKey {
	return ConfirmKey{Session: session, BatchKey: [32]byte{byte(session) + 1}, NetworkKey: []byte{byte(session) + 1}, Start: scanner.Start{At: 3}}
}

// write applies an entry and adds it to the log.
func (s *story) write(e Entry) bool {
	if !s.apply(e) {
		return false
	}
	s.log = append(s.log, e)
	if s.coin.twins {
		s.different()
	}
	return true
}

// mine adds a block: of the plans that are not on the chain some happen, and some
// of those of abandoned keys never will.
func (s *story) mine() {
	n := uint64(len(s.blocks))
	b := &joinedBlock{header: coin.Header{Number: n, Time: n * 100}, rate: 1}
	binary.BigEndian.PutUint64(b.header.ID[:], n+1)
	b.header.ID[31] = byte(len(s.chains))
	if n > 0 {
		b.header.Parent = s.blocks[n-1].header.ID
	}
	position := uint32(0)
	add := func(o coin.Output, by coin.TransactionID, index uint32) {
		o.ID, o.Position = coin.OutputID{Transaction: by, Index: index}, position
		b.outputs = append(b.outputs, o)
		s.there[o.ID] = true
	}
	s.lost = slices.DeleteFunc(s.lost, func(o coin.Output) bool {
		back := s.calm && s.allBack || !s.calm && s.number(0, 3, "back") == 0
		if back {
			add(o, o.ID.Transaction, o.ID.Index)
			position++
		}
		return back
	})
	lost := map[uint64]bool{}
	for _, k := range s.keys() {
		lost[k.Session] = k.Abandoned
	}
	for _, id := range s.order {
		plan := s.plans[id]
		if s.mined[id] || slices.ContainsFunc(plan.Inputs, func(o coin.Output) bool { return s.spent[o.ID] || !s.there[o.ID] }) {
			continue
		}
		tx := spendOf(id, plan)
		if s.calm {
			if lost[plan.Key.Session] {
				continue
			}
		} else {
			luck := s.number(0, 5, "mined")
			if luck < 3 {
				continue
			}
			if luck == 3 && lost[plan.Key.Session] {
				tx.id[0] ^= 1 // the holders take it
				for _, o := range plan.Inputs {
					s.spent[o.ID] = true
				}
				b.transactions = append(b.transactions, tx)
				position++
				continue
			}
		}
		s.mined[id] = true
		b.transactions = append(b.transactions, tx)
		for i, own := range plan.Own {
			add(coin.Output{Session: own.Session, Kind: own.Kind, Amount: own.Amount}, tx.id, uint32(len(plan.Payments)+i))
		}
		position++
	}
	if s.gift { // from nobody, to whoever pays
		s.gift = false
		s.made++
		var id coin.TransactionID
		binary.BigEndian.PutUint32(id[8:], s.made)
		add(coin.Output{Session: s.payer(), Amount: 1 << 40}, id, 0)
	}
	if !s.calm {
		b.rate = s.number(0, 3, "rate")
		if b.rate == 3 {
			b.rate = s.number(3, 60, "high rate")
		}
		many := s.number(0, 3, "outputs")
		if s.number(0, 15, "flood") == 0 {
			many += 12
		}
		for range many {
			s.made++
			o := coin.Output{Session: s.number(0, s.session, "to"), Amount: s.number(5, 300, "amount")}
			switch s.number(0, 6, "what") {
			case 0:
				o.Kind = coin.Change
			case 1:
				o.Kind = coin.Forwarded
			case 2:
			case 3:
				o.Origin = "origin"
			default:
				o.Origin, o.Data = "origin", fmt.Appendf(nil, "d%d", s.made)
			}
			var id coin.TransactionID
			binary.BigEndian.PutUint32(id[8:], s.made)
			if s.coin.twins {
				s.copy(&o)
			}
			add(o, id, 0)
			position++
		}
	}
	s.blocks = append(s.blocks, b)
}

func (s *story) burns(what string) (list []coin.Payment) {
	for range s.number(0, 2, what) {
		s.burnt++
		p := coin.Payment{Address: "user", Amount: s.number(10, 400, "burnt")}
		binary.BigEndian.PutUint32(p.ID[:], s.burnt)
		list = append(list, p)
	}
	return list
}

// acknowledge acknowledges the next batch, if it is reported.
func (s *story) acknowledge() bool {
	next := s.frontier().Acknowledged
	b, ok := s.batches[next]
	if !ok {
		return false
	}
	e := AcknowledgeBatch{ID: next, Digest: b.batch.Digest(batch.Domain{Network: "joined", Genesis: coin.BlockID{1}, Session: b.session})}
	for range b.batch.Instructions {
		e.Results = append(e.Results, s.calm || s.number(0, 4, "result") > 0)
	}
	if !s.calm {
		e.Burns = s.burns("burns with it")
	}
	s.acked = append(s.acked, b)
	s.success = append(s.success, e.Results...)
	require.True(s.t, s.write(e))
	return true
}

func (s *story) rules() SetParameters {
	p := s.coin.rules()
	p.Window = s.number(1, 9, "W")
	if s.coin.twins {
		p.Hold = p.Window - 1 + s.number(0, 5, "H") // one below is refused
	}
	p.Confirmations = s.number(1, 3, "C")
	p.TenMinutes = s.number(0, 2, "T")
	p.Grace = s.number(0, 5, "G")
	p.Patience = s.number(0, 20, "D")
	p.Dust = s.number(1, 40, "dust")
	p.FeeFloor = s.number(0, 2, "floor")
	p.FeeCap = s.number(2, 50, "cap")
	p.MaxInputs = uint32(s.number(2, 6, "inputs"))
	p.MaxOutputs = uint32(s.number(2, 6, "outputs"))
	p.MaxData = uint32(s.number(0, 3, "data"))
	return NewParameters(p)
}

func (s *story) step() {
	if s.forks && s.number(0, 24, "fork") == 0 {
		s.fork()
		return
	}
	switch what := s.number(0, 39, "step"); {
	case what < 14:
		s.mine()
	case what < 20:
		s.scan()
	case what < 32:
		for s.scan() {
		}
		for range s.number(1, 3, "acknowledgements") {
			s.acknowledge()
		}
	case what < 34:
		s.write(Burns{Payments: s.burns("burns")})
	case what < 36:
		s.session++
		s.write(joinedKey(s.session))
	case what < 37:
		s.write(joinedKey(s.number(0, s.session, "again")))
	case what < 38:
		s.write(AbandonKey{Session: s.number(0, s.session, "abandon")})
	case what < 39:
		s.write(s.rules())
	default:
		for range 4 {
			s.mine()
		}
	}
}

// rest lets everything come to an end.
func (s *story) rest(blocks int) {
	s.calm = true
	for range blocks {
		s.mine()
		for s.scan() {
		}
		for s.acknowledge() {
			for s.scan() {
			}
		}
	}
}

// TestAnyHistoryOfKeysAndRules: whatever the chain and the log bring, nothing
// halts, the books balance, all ends well, and another processor that reads the
// same log late ends alike.
func TestAnyHistoryOfKeysAndRules(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) { anyHistory(rt, false, joinedCoin{}) })
}

// anyHistory lets anything happen, and compares what comes of it with what late
// readers of the log get: one has seen all there was, the other no more than it
// had to.
func anyHistory(rt *rapid.T, forks bool, c joinedCoin) {
	s := &story{rt: rt, forks: forks, coin: c, mined: map[coin.PlanID]bool{}, spent: map[coin.OutputID]bool{}, there: map[coin.OutputID]bool{}}
	s.joined = newJoined(rt, &s.blocks, c)
	s.allBack = rapid.Bool().Draw(rt, "all come back")
	s.mine()
	s.write(joinedKey(0))
	for range rapid.IntRange(0, 150).Draw(rt, "steps") {
		s.step()
	}
	s.write(NewParameters(c.rules()))
	s.rest(30)
	for range s.session {
		s.rest(30)
	}
	s.gift = true
	for s.rest(30); s.forks && s.waits() && len(s.blocks) < 2000; {
		s.rest(30) // what did not come back may have let many wait
	}
	s.check()

	chains := append(slices.Clone(s.chains), s.blocks)
	for _, lazy := range []bool{false, true} {
		late := newJoined(rt, &chains[0], c)
		late.lazy = lazy
		for _, e := range s.log {
			for range rapid.IntRange(0, 2).Draw(rt, "scans") {
				late.scan()
			}
			if e, ok := e.(Rewind); ok {
				if !lazy {
					late.scan()
				}
				late.change(&chains[e.Number], e)
				if f := late.frontier(); !f.Started || f.Index <= e.Fork+1 { // it has never seen the other
					for range rapid.IntRange(0, 5).Draw(rt, "scans of the new chain") {
						late.scan()
					}
				}
			}
			for !late.apply(e) {
				require.True(rt, late.scan())
			}
		}
		for late.scan() {
		}
		require.Equal(rt, s.dump(), late.dump())
	}
}

// check requires what must hold when all has come to an end.
func (s *story) check() {
	// No instruction comes twice.
	seen := map[string]bool{}
	var credited, burnt uint64
	success := s.success
	for _, b := range s.acked {
		for _, i := range b.batch.Instructions {
			require.False(s.t, seen[string(i.Data)], "%q is credited twice", i.Data)
			seen[string(i.Data)] = true
			if success[0] {
				credited += i.Amount
			}
			success = success[1:]
		}
	}
	for _, e := range s.log {
		var burns []coin.Payment
		switch e := e.(type) {
		case AcknowledgeBatch:
			burns = e.Burns
		case Burns:
			burns = e.Payments
		}
		for _, p := range burns {
			burnt += p.Amount
		}
	}
	for i, id := range s.voided {
		require.NotContains(s.t, s.voided[:i], id, "told twice")
	}
	abandoned := false
	lost := map[uint64]bool{}
	for _, k := range s.keys() {
		abandoned = abandoned || k.Abandoned
		lost[k.Session] = k.Abandoned
	}
	stuck := false // there are plans whose inputs are not there any more
	for _, id := range s.order {
		stuck = stuck || !s.mined[id] && slices.ContainsFunc(s.plans[id].Inputs, func(o coin.Output) bool { return !s.there[o.ID] })
	}
	s.view(func(r storage.Reader) error {
		books, err := s.core.scheduler.Ledger(r)
		if err != nil {
			return err
		}
		if !abandoned && !stuck {
			require.Equal(s.t, "0", books.Accepted.String(), "a deposit is never reported")
			require.Equal(s.t, "0", books.Owed.String(), "a burn is never paid")
			require.Equal(s.t, "0", books.RefundsDue.String(), "a refund is never made")
		}
		require.Equal(s.t, scheduler.Balance{}.Add(credited).Sub(burnt), books.Credited)
		if err := s.onChain(r); err != nil {
			return err
		}
		pending, err := s.core.scheduler.Pending(r)
		if err != nil {
			return err
		}
		if !stuck { // else its branches may never fund what they are for
			require.Zero(s.t, pending.Payments, "a payment is never made")
		}
		roles, err := s.core.scanner.Roles(r, s.frontier().Settle-1)
		if stuck {
			return err
		}
		require.Len(s.t, roles, 1, "a key never retires, or none is left")
		require.True(s.t, roles[0].Pays)
		return err
	})
	for _, id := range s.order {
		if plan := s.plans[id]; !s.mined[id] {
			there := !slices.ContainsFunc(plan.Inputs, func(o coin.Output) bool { return !s.there[o.ID] })
			require.True(s.t, lost[plan.Key.Session] || !there, "a plan is open")
		}
	}
	if s.allBack {
		require.Empty(s.t, s.lost)
	}
}
