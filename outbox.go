package processor

import (
	"fmt"
	"strings"

	"github.com/serai-go/processor/batch"
	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/keygen"
	"github.com/serai-go/processor/scanner"
	"github.com/serai-go/processor/signer"
	"github.com/serai-go/processor/storage"
)

// outbox is the durable queue of events. It is what the parts of the core
// emit into, each event in the transaction that causes it.
type outbox struct {
	events storage.Queue[[]byte]
	// limit is the length in bytes of the longest payload of signing items.
	limit int
}

func newOutbox(limit int) *outbox {
	return &outbox{storage.NewQueue("processor/outbox", storage.Blob), limit}
}

func (o *outbox) put(tx storage.Tx, e EventBody) error {
	_, err := o.events.Push(tx, EncodeEvent(e))
	return err
}

// restart removes what a former process has not delivered and this one cannot
// stand by.
func (o *outbox) restart(tx storage.Tx) error {
	type change struct {
		id   uint64
		body Broadcast
		keep bool
	}
	var changes []change
	for item, err := range o.events.All(tx) {
		if err != nil {
			return err
		}
		body, err := DecodeEvent(item.Value)
		if err != nil {
			return fmt.Errorf("%w: outbox: %w", storage.ErrCorrupt, err)
		}
		if b, ok := body.(Broadcast); ok {
			b, keep, err := b.withoutCommitments()
			if err != nil {
				return err
			}
			changes = append(changes, change{item.Key, b, keep})
		}
	}
	for _, c := range changes {
		var err error
		if c.keep {
			err = o.events.Put(tx, c.id, EncodeEvent(c.body))
		} else {
			err = o.events.Delete(tx, c.id)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// clip shortens a reason to what an event holds, and to what is text: part of
// it may come from a node or a peer.
func clip(reason string) string {
	return strings.ToValidUTF8(reason[:min(len(reason), maxReason)], "")
}

// SendKeygen implements keygen.Events.
func (o *outbox) SendKeygen(tx storage.Tx, session uint64, item []byte) error {
	return o.put(tx, Broadcast{session, encodePayload([]part{{keygen: true, item: item}})})
}

// SendSigning implements signer.Events. It fills messages with as many items as
// fit.
func (o *outbox) SendSigning(tx storage.Tx, session uint64, items [][]byte) error {
	var parts []part
	size := payloadOverhead
	for i, item := range items {
		parts = append(parts, part{item: item})
		size += partOverhead + len(item)
		if i+1 < len(items) && size+partOverhead+len(items[i+1]) <= o.limit {
			continue
		}
		if err := o.put(tx, Broadcast{session, encodePayload(parts)}); err != nil {
			return err
		}
		parts, size = nil, payloadOverhead
	}
	return nil
}

// KeyGenerated implements keygen.Events.
func (o *outbox) KeyGenerated(tx storage.Tx, g keygen.Generated) error {
	return o.put(tx, KeyGenerated{
		Session: g.Session, Attempt: g.Attempt, BatchKey: [32]byte(g.BatchKey), NetworkKey: g.NetworkKey,
		OKWeight: g.Weight, Transcript: g.Transcript,
	})
}

// KeyGenFailed implements keygen.Events.
func (o *outbox) KeyGenFailed(tx storage.Tx, f keygen.Failed) error {
	return o.put(tx, KeyGenFailed{Session: f.Session, Attempt: f.Attempt, Faulty: f.Faulty, Silent: f.Silent})
}

// Misbehaved implements keygen.Events and signer.Events.
func (o *outbox) Misbehaved(tx storage.Tx, session uint64, who uint16, reason string, evidence []byte) error {
	return o.put(tx, InvalidParticipant{session, who, clip(reason), evidence})
}

// BadDeals implements keygen.Events.
func (o *outbox) BadDeals(tx storage.Tx, session uint64, attempt uint32, dealers []uint16) error {
	text := fmt.Sprintf("key generation of session %d, attempt %d: bad shares from participants %v", session, attempt, dealers)
	return o.put(tx, Condition{Text: clip(text)})
}

// SignedBatch implements signer.Events.
func (o *outbox) SignedBatch(tx storage.Tx, b signer.SignedBatch) error {
	return o.put(tx, SignedBatch(b))
}

// SignedCosign implements signer.Events.
func (o *outbox) SignedCosign(tx storage.Tx, c signer.SignedCosign) error {
	return o.put(tx, CosignedBlock{c.Session, c.Cosign.Number, c.Cosign.Hash, c.Digest, c.Signature})
}

// SignedSlashReport implements signer.Events.
func (o *outbox) SignedSlashReport(tx storage.Tx, p signer.SignedSlashReport) error {
	return o.put(tx, SignedSlashReport{p.Session, p.Report.Slashes, p.Digest, p.Signature})
}

// Held implements signer.Events.
func (o *outbox) Held(tx storage.Tx, id signer.ID, who uint16) error {
	text := fmt.Sprintf("validator %d has withdrawn too often from %s and waits for a Reattempt", who, id)
	return o.put(tx, Condition{Subject: id.Subject, Text: text})
}

// Refused implements signer.Events.
func (o *outbox) Refused(tx storage.Tx, reason string) error {
	return o.put(tx, Condition{Text: clip(reason)})
}

// Completed implements signer.Events.
func (o *outbox) Completed(tx storage.Tx, id signer.ID, transaction coin.TransactionID) error {
	return o.put(tx, Completed{id, transaction})
}

// Diverged implements signer.Events.
func (o *outbox) Diverged(tx storage.Tx, id signer.ID, digests [2][32]byte) error {
	return o.put(tx, Divergence{id, digests[:]})
}

// Declined implements signer.Events.
func (o *outbox) Declined(tx storage.Tx, plan coin.PlanID, reason string) error {
	return o.put(tx, Condition{Subject: plan, Text: clip("the policy refuses the plan: " + reason)})
}

// Unpublished implements signer.Events.
func (o *outbox) Unpublished(tx storage.Tx, plan coin.PlanID, answer coin.Publication) error {
	text := fmt.Sprintf("the node does not take the plan's transaction: %s: %s", answer.Status, answer.Reason)
	return o.put(tx, Condition{Subject: plan, Text: clip(text)})
}

// KeyStage implements scanner.Events.
func (o *outbox) KeyStage(tx storage.Tx, session uint64, stage scanner.Stage, number uint64) error {
	return o.put(tx, KeyStage{session, stage, number})
}

// Departed implements scanner.Events.
func (o *outbox) Departed(tx storage.Tx, spend scanner.Foreign, number uint64) error {
	return o.put(tx, Condition{Text: clip(fmt.Sprintf("output %s of the former key of session %d was spent by %s in block %d, which is no plan's",
		spend.Output, spend.Session, spend.Transaction, number))})
}

// update tells of a report.
func (o *outbox) update(tx storage.Tx, session uint64, update batch.Update) error {
	return o.put(tx, Update{session, update})
}

// PaymentPlanned implements scheduler.Events.
func (o *outbox) PaymentPlanned(tx storage.Tx, id coin.PaymentID, plan coin.PlanID) error {
	return o.put(tx, PaymentPlanned{id, plan})
}

// PaymentSettled implements scheduler.Events.
func (o *outbox) PaymentSettled(tx storage.Tx, id coin.PaymentID, by coin.TransactionID, paid, share uint64, refund bool) error {
	if refund {
		return o.put(tx, Refunded{id, by, paid, share})
	}
	return o.put(tx, PaymentSettled{id, by, paid, share})
}

// PaymentDropped implements scheduler.Events.
func (o *outbox) PaymentDropped(tx storage.Tx, id coin.PaymentID, kept uint64, reason string) error {
	return o.put(tx, PaymentDropped{id, kept, clip(reason)})
}

// PaymentRefused implements scheduler.Events.
func (o *outbox) PaymentRefused(tx storage.Tx, id coin.PaymentID, reason string) error {
	return o.put(tx, PaymentRefused{id, clip(reason)})
}

// WrittenOff implements scheduler.Events.
func (o *outbox) WrittenOff(tx storage.Tx, id coin.OutputID, amount uint64, reason string) error {
	return o.put(tx, WrittenOff{id, amount, clip(reason)})
}

// VoidedCredit implements scheduler.Events.
func (o *outbox) VoidedCredit(tx storage.Tx, id coin.OutputID, session, credit uint64) error {
	return o.put(tx, VoidedCredit{id, session, credit})
}

// Condition implements scheduler.Events.
func (o *outbox) Condition(tx storage.Tx, id coin.PaymentID, text string) error {
	return o.put(tx, Condition{id, clip(text)})
}

// PlanCondition implements scheduler.Events.
func (o *outbox) PlanCondition(tx storage.Tx, id coin.PlanID, text string) error {
	return o.put(tx, Condition{id, clip(text)})
}
