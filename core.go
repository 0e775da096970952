package processor

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/serai-go/processor/batch"
	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/eventuality"
	"github.com/serai-go/processor/keygen"
	"github.com/serai-go/processor/scanner"
	"github.com/serai-go/processor/scheduler"
	"github.com/serai-go/processor/signer"
	"github.com/serai-go/processor/storage"
)

// core joins the parts that decide. It has no goroutine, clock or socket.
type core struct {
	outbox    *outbox
	state     *state
	keygen    *keygen.KeyGen
	scanner   scanner.Scanner
	scheduler scheduler.Scheduler
	signer    *signer.Signer
	keys      *keys
	archives  []Archive // by rewind
	answers   *answers
}

// newCore joins the parts. For parallel and prepare see signer.Config.
func newCore(c *Config, parallel func(int, func(int)), prepare func(context.Context, coin.PlanID, coin.Plan) ([]byte, error)) *core {
	k := &core{outbox: newOutbox(c.MaxMessage), state: newState(), archives: c.Archives, answers: newAnswers()}
	k.state.all = c.silent
	tracker := eventuality.NewTracker(c.Coin.ReadEventuality)
	k.keygen = keygen.New(keygen.Config{
		Genesis: c.Settlement, Network: c.Coin.Name(), NetworkGroup: c.Coin.Group(),
		Self: c.Self, Sealer: c.Sealer, Events: k.outbox,
	})
	k.keys = newKeys(k.keygen)
	spender := coin.Spender(c.Coin)
	if c.silent {
		spender = mute{spender}
	}
	spender = listening{spender, k.answers}
	k.signer = signer.New(signer.Config{
		Network: c.Coin.Name(), Genesis: c.Coin.Genesis(), Parameters: *c.Parameters,
		Coin: spender, PreparePlan: prepare, SpendLookup: c.Coin.SpendLookup, Tracker: tracker,
		Guard: func(tx storage.Tx, o coin.Output, lookup []byte) error { return k.scanner.Guard(tx, o, lookup) },
		Keys:  k.keys, Plans: plans{k}, Events: k.outbox, Policy: c.policy(), Random: c.Random, Parallel: parallel,
	})
	k.scanner = c.Scanner(scanner.Config{
		Network: c.Coin.Name(), Genesis: c.Coin.Genesis(), Parameters: *c.Parameters,
		Coin: c.Coin, Tracker: tracker, Events: reports{k.outbox, k.signer},
	})
	k.scheduler = c.Scheduler(scheduler.Config{
		Genesis: c.Coin.Genesis(), Coin: c.Coin,
		Chain: k.scanner, Plans: k.signer, Events: k.outbox,
	})
	return k
}

// confirmations is that of the newest rules that are known: it decides how soon a
// block is seen, and nothing else.
func (k *core) confirmations(r storage.Reader) (uint64, error) {
	newest, err := k.scanner.Rules(r, math.MaxUint64)
	return newest.Confirmations, err
}

// openShares opens the shares of all keys, so that they are known to be there.
func (k *core) openShares(r storage.Reader) error {
	list, err := k.scanner.Keys(r)
	if err != nil {
		return err
	}
	for _, key := range list {
		if _, _, err := k.keys.Shares(r, key.Session); err != nil {
			return err
		}
	}
	return nil
}

// reports passes reports on to the outbox and to signing.
type reports struct {
	*outbox
	signer *signer.Signer
}

// Reported implements scanner.Events.
func (r reports) Reported(tx storage.Tx, session uint64, update batch.Update) error {
	if err := r.update(tx, session, update); err != nil {
		return err
	}
	return r.signer.Reported(tx, session, update)
}

// plans gives the signer the scheduler's plans.
type plans struct{ *core }

// Plan implements signer.Plans.
func (p plans) Plan(r storage.Reader, id coin.PlanID) (coin.Plan, bool, error) {
	return p.scheduler.Plan(r, id)
}

// verdict is what a part of a peer message means, or what the end of a key
// generation's round takes.
type verdict struct {
	part    part
	keygen  keygen.Verdict
	signing signer.Verdict
	closing keygen.Closing
}

// check does the heavy work of an entry for a lane, without any write.
func (k *core) check(r storage.Reader, l lane, e Entry) ([]verdict, error) {
	if c, ok := e.(CloseRound); ok {
		closing, err := k.keygen.CheckClose(r, c.Session, c.Attempt, c.Round)
		return []verdict{{closing: closing}}, err
	}
	m, ok := e.(PeerMessage)
	if !ok {
		return nil, nil
	}
	parts, err := m.parts()
	if err != nil {
		return nil, nil // apply names the sender
	}
	var verdicts []verdict
	var items [][]byte
	for _, p := range parts {
		if p.lane() != l {
			continue
		}
		v := verdict{part: p}
		if p.keygen {
			if v.keygen, err = k.keygen.Check(r, m.Session, m.From, p.item); err != nil {
				return nil, err
			}
		} else {
			items = append(items, p.item)
		}
		verdicts = append(verdicts, v)
	}
	if len(items) == 0 {
		return verdicts, nil
	}
	judged, err := k.signer.Check(r, m.Session, m.From, items)
	if err != nil {
		return nil, err
	}
	for i := range verdicts { // all are of this lane, which has no others
		verdicts[i].signing = judged[i]
	}
	return verdicts, nil
}

// apply carries an entry out for a lane: the pure function of the log.
func (k *core) apply(tx storage.Tx, l lane, position uint64, e Entry, verdicts []verdict) error {
	switch l {
	case keygenLane:
		return k.applyKeygen(tx, e, verdicts)
	case batchLane:
		return k.applyBatch(tx, position, e, verdicts)
	}
	t, err := k.state.trace(tx)
	if err != nil {
		return err
	}
	if ack, ok := e.(AcknowledgeBatch); ok {
		t.add(ack.Digest[:])
	}
	settled, err := k.applySettle(t, position, e, verdicts)
	if err != nil {
		return err
	}
	if err := k.solvent(t); err != nil {
		return err
	}
	if settled == nil {
		return k.state.finish(t, nil)
	}
	return k.state.finish(t, func(digest [32]byte) (Certificate, error) { return k.certify(t, *settled, digest) })
}

// solvent checks the books behind an entry, whoever changed them.
func (k *core) solvent(t *trace) error {
	if !t.changed {
		return nil
	}
	books, err := k.scheduler.Ledger(t)
	if err != nil {
		return err
	}
	return books.Check()
}

func (k *core) applyKeygen(tx storage.Tx, e Entry, verdicts []verdict) error {
	switch e := e.(type) {
	case GenerateKey:
		err := k.live(tx, e.Session)
		if err == nil {
			err = k.keygen.Generate(tx, keygen.Request(e))
		}
		if errors.Is(err, keygen.ErrRequest) {
			return k.outbox.put(tx, Condition{Text: clip(err.Error())})
		}
		return err
	case CloseRound:
		return k.keygen.CloseRound(tx, e.Session, e.Attempt, e.Round, verdicts[0].closing)
	case ConfirmKey:
		if err := k.live(tx, e.Session); err != nil {
			return err
		}
		return k.keygen.Confirm(tx, e.Session, e.Attempt, e.BatchKey[:], e.NetworkKey)
	case RetireSession:
		return k.keygen.Retire(tx, e.Session)
	case PeerMessage:
		if _, err := e.parts(); err != nil {
			return k.outbox.Misbehaved(tx, e.Session, e.From, err.Error(), e.Payload)
		}
		for _, v := range verdicts {
			if err := k.keygen.Receive(tx, e.Session, e.From, v.part.item, v.keygen); err != nil {
				return err
			}
		}
	}
	return nil
}

// live returns keygen.ErrRequest for a session whose key generation has ended
// for good.
func (k *core) live(r storage.Reader, session uint64) error {
	over, err := k.keygen.Over(r, session)
	if err == nil && over {
		err = fmt.Errorf("%w: session %d is retired", keygen.ErrRequest, session)
	}
	return err
}

func (k *core) applyBatch(tx storage.Tx, position uint64, e Entry, verdicts []verdict) error {
	switch e := e.(type) {
	case ConfirmKey:
		return k.signer.Confirmed(tx, e.Session, position)
	case AcknowledgeBatch:
		return k.signer.Acknowledged(tx, e.ID)
	case Reattempt:
		return k.signer.Reattempt(tx, e.SignID, e.Number)
	case CosignBlock:
		return k.signer.RequestCosign(tx, e.Session, e.cosign())
	case SignSlashReport:
		return k.signer.RequestSlashReport(tx, e.Session, e.report())
	case RetireSession:
		return k.signer.Retired(tx, e.Session, position)
	case Rewind:
		return k.signer.Rewound(tx, position)
	case PeerMessage:
		return k.receive(tx, e, verdicts)
	}
	return nil
}

func (k *core) receive(tx storage.Tx, m PeerMessage, verdicts []verdict) error {
	for _, v := range verdicts {
		if err := k.signer.Receive(tx, m.Session, m.From, v.signing); err != nil {
			return err
		}
	}
	return nil
}

// applySettle returns the block that the entry settled, if it did.
func (k *core) applySettle(tx storage.Tx, position uint64, e Entry, verdicts []verdict) (*uint64, error) {
	switch e := e.(type) {
	case ConfirmKey:
		return nil, k.scanner.Confirm(tx, scanner.Key{
			Session: e.Session, BatchKey: e.BatchKey, NetworkKey: e.NetworkKey, Start: e.Start,
		})
	case AcknowledgeBatch:
		return k.acknowledge(tx, e)
	case AbandonKey:
		return nil, k.abandon(tx, e.Session)
	case SetParameters:
		refusal, err := k.scanner.SetRules(tx, e.Version, e.Content)
		return nil, k.refuse(tx, "set parameters", refusal, err)
	case Rewind:
		return nil, k.rewind(tx, position, e)
	case Burns:
		return nil, k.scheduler.Burn(tx, e.Payments)
	case ReplacePlan:
		refusal, err := k.scheduler.Replace(tx, e.Plan, e.Number, e.Drop)
		return nil, k.refuse(tx, "replace plan "+e.Plan.String(), refusal, err)
	case Reattempt:
		return nil, k.signer.Reattempt(tx, e.SignID, e.Number)
	case RetireSession:
		return nil, k.retire(tx, position, e.Session)
	case PeerMessage:
		return nil, k.receive(tx, e, verdicts)
	}
	return nil, nil
}

// acknowledge returns the block that the acknowledgement settled, if it did.
func (k *core) acknowledge(tx storage.Tx, e AcknowledgeBatch) (*uint64, error) {
	settlement, err := k.scanner.Acknowledge(tx, e.ID, e.Digest, e.Results)
	if err != nil {
		return nil, err
	}
	if err := k.scheduler.Hold(tx, e.Burns); err != nil || settlement == nil {
		return nil, err
	}
	arrivals, err := k.scheduler.Settle(tx, settlement)
	if err != nil {
		return nil, err
	}
	retiring, err := k.scanner.Settled(tx, arrivals, k.scheduler.Idle)
	if err != nil {
		return nil, err
	}
	if retiring != nil {
		err = k.scheduler.Retire(tx, *retiring)
	}
	return &settlement.Reference, err
}

// abandon takes a key out of service.
func (k *core) abandon(tx storage.Tx, session uint64) error {
	refusal, err := k.scanner.Abandon(tx, session)
	if err != nil || refusal != "" {
		return k.refuse(tx, "abandon key", refusal, err)
	}
	return k.scheduler.Abandon(tx, session)
}

// refuse tells why an entry has no effect, unless it has.
func (k *core) refuse(tx storage.Tx, what, refusal string, err error) error {
	if err != nil || refusal == "" {
		return err
	}
	return k.outbox.put(tx, Condition{Text: clip(what + ": " + refusal)})
}

// retire erases the secrets of a confirmed session, if it has no duties any
// more. One that is not confirmed is key generation's.
func (k *core) retire(tx storage.Tx, position, session uint64) error {
	if over, err := k.keygen.Over(tx, session); err != nil || over {
		return err
	}
	retired, err := k.scanner.Retired(tx, session)
	if err != nil {
		return err
	}
	if !retired {
		text := fmt.Sprintf("session %d has duties and is not retired", session)
		return k.outbox.put(tx, Condition{Text: text})
	}
	if err := k.keygen.Erase(tx, session); err != nil {
		return err
	}
	return k.signer.Retire(tx, session, position)
}

func (e GenerateKey) concerns(l lane) bool      { return l == keygenLane }
func (e CloseRound) concerns(l lane) bool       { return l == keygenLane }
func (e ConfirmKey) concerns(lane) bool         { return true }
func (e AcknowledgeBatch) concerns(l lane) bool { return l != keygenLane }
func (e Burns) concerns(l lane) bool            { return l == settleLane }
func (e CosignBlock) concerns(l lane) bool      { return l == batchLane }
func (e SignSlashReport) concerns(l lane) bool  { return l == batchLane }
func (e RetireSession) concerns(lane) bool      { return true }
func (e AbandonKey) concerns(l lane) bool       { return l != keygenLane }
func (e SetParameters) concerns(l lane) bool    { return l == settleLane }

func (e Rewind) concerns(l lane) bool { return l != keygenLane }

func (e ReplacePlan) concerns(l lane) bool { return l == settleLane }

func (e Reattempt) concerns(l lane) bool { return l == laneOf(e.SignID) }

func (e PeerMessage) concerns(l lane) bool {
	parts, err := e.parts()
	if err != nil {
		return l == keygenLane
	}
	for _, p := range parts {
		if p.lane() == l {
			return true
		}
	}
	return false
}
