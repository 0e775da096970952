package processortest

import (
	"fmt"
	"strings"

	"github.com/serai-go/processor"
	"github.com/serai-go/processor/batch"
)

// describe says an event in words, or nothing for those that are noise.
func (p *Player) describe(body processor.EventBody) string {
	switch e := body.(type) {
	case processor.KeyGenerated:
		return fmt.Sprintf("session %d attempt %d generated a key, OK weight %d", e.Session, e.Attempt, e.OKWeight)
	case processor.KeyGenFailed:
		return fmt.Sprintf("session %d attempt %d failed, faulty %v, silent %v", e.Session, e.Attempt, e.Faulty, e.Silent)
	case processor.KeyStage:
		return fmt.Sprintf("key of session %d is %s at block %d", e.Session, e.Stage, e.Number)
	case processor.Update:
		var parts []string
		for _, b := range e.Batches {
			parts = append(parts, describeBatch(e.Session, b))
		}
		return fmt.Sprintf("block %d: %s", e.Number, strings.Join(parts, ", "))
	case processor.SignedBatch:
		return fmt.Sprintf("%s signed", batchName(e.Session, e.Batch.ID))
	case processor.CosignedBlock:
		c := batch.Cosign{Number: e.Number, Hash: e.Hash}
		if err := c.Verify(p.Domain(e.Session), p.Key(e.Session).BatchKey[:], e.Signature[:]); err != nil {
			return err.Error()
		}
		return fmt.Sprintf("settlement block %d cosigned", e.Number)
	case processor.SignedSlashReport:
		report := batch.SlashReport{Slashes: e.Slashes}
		if err := report.Verify(p.Domain(e.Session), p.Key(e.Session).BatchKey[:], e.Signature[:]); err != nil {
			return err.Error()
		}
		return fmt.Sprintf("slash report signed: %v", e.Slashes)
	case processor.PaymentPlanned:
		return fmt.Sprintf("payment %s planned", p.name(e.ID))
	case processor.Completed:
		return "transaction signed"
	case processor.PaymentSettled:
		return fmt.Sprintf("payment %s settled, %d paid, %d for costs", p.name(e.ID), e.Paid, e.Share)
	case processor.Refunded:
		return fmt.Sprintf("refund %s settled, %d paid, %d for costs", p.name(e.ID), e.Paid, e.Share)
	case processor.PaymentDropped:
		return fmt.Sprintf("payment %s dropped, %d kept: %s", p.name(e.ID), e.AmountKept, e.Reason)
	case processor.PaymentRefused:
		return fmt.Sprintf("payment %s refused: %s", p.name(e.ID), e.Reason)
	case processor.WrittenOff:
		return fmt.Sprintf("output of %d written off: %s", e.Amount, e.Reason)
	case processor.VoidedCredit:
		return fmt.Sprintf("deposit %s to session %d is void, %d credited", p.deposited(e.Output), e.Session, e.Amount)
	case processor.Condition:
		if e.Subject == [32]byte{} {
			return p.withNames(e.Text)
		}
		return fmt.Sprintf("%s: %s", p.name(e.Subject), e.Text)
	case processor.InvalidParticipant:
		reason, _, _ := strings.Cut(e.Reason, ": ")
		return fmt.Sprintf("session %d validator %d is invalid: %s", e.Session, e.Who, reason)
	case processor.Divergence:
		return fmt.Sprintf("%s divergence", e.SignID.Kind)
	case processor.Halted:
		if e.Changed != nil { // the IDs of blocks differ from run to run
			return fmt.Sprintf("halted: chain changed behind block %d", e.Changed.Fork)
		}
		return "halted: " + e.Reason
	}
	return ""
}

// batchName names a batch, and the session that signs it if that is not the
// first.
func batchName(session, id uint64) string {
	if session == 0 {
		return fmt.Sprintf("batch %d", id)
	}
	return fmt.Sprintf("batch %d of session %d", id, session)
}

func describeBatch(session uint64, b batch.Batch) string {
	if len(b.Instructions) == 0 {
		return batchName(session, b.ID)
	}
	var list []string
	for _, i := range b.Instructions {
		text := fmt.Sprintf("%d %q", i.Amount, i.Data)
		if i.Origin == "" {
			text += " without origin"
		}
		list = append(list, text)
	}
	return fmt.Sprintf("%s (%s)", batchName(session, b.ID), strings.Join(list, "; "))
}
