package processor

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/serai-go/processor/batch"
	"github.com/serai-go/processor/scanner"
	"github.com/serai-go/processor/signer"
)

// Claims are what validators say that happened, for Audit to compare. Each
// part may be empty.
type Claims struct {
	// Digests are state digests behind settled blocks, by the blocks' numbers:
	// see Processor.SettledDigest.
	Digests map[uint64][32]byte
	// Certificates are those of settled blocks: see Processor.Certificate.
	Certificates []Certificate
	// Batches are batches and their signatures, as told by SignedBatch.
	Batches []SignedBatch
	// Transactions are those that fulfil plans, as told by Completed.
	Transactions []Completed
}

// AuditReport is what chain and log say that happened.
type AuditReport struct {
	// Status is that of a processor at the end of the log: keys, stages, books,
	// what is pending.
	Status Status
	// Reported is the newest report of every batch, by ID. Those whose shares
	// are not in the log have no signature but zeros.
	Reported map[uint64]SignedBatch
	// Transactions are those that the log's shares sign, by sign ID.
	Transactions map[signer.ID]Completed
	// Convictions are the validators that the log convicts: see Replay.
	Convictions Convictions

	// reports are all reports: a batch of a key that is abandoned is reported
	// again, and may have been signed before.
	reports map[batchReport]SignedBatch
}

// batchReport is a report of a batch for a session to sign.
type batchReport struct{ session, id uint64 }

// Discrepancy is a claim that chain and log contradict.
type Discrepancy struct{ Claim string }

func (e *Discrepancy) Error() string { return "processor: audit: " + e.Claim }

// Audit reads a log from its first entry on with a node of the caller's own,
// and compares what follows from both with what validators claim. It needs no
// share and trusts no validator, so a validator set can check what it is to
// take over from its predecessors: every batch that they reported and signed,
// every transaction that their keys signed, what they hold and owe. Config and
// waiting are those of Replay.
//
// The report is of all of the log. The error joins a *Discrepancy for every
// claim that is wrong, in the order of Claims. Acknowledged batches are
// compared, outputs accounted for and the books checked without any claim: a
// *Halt says that chain and log contradict each other.
func Audit(ctx context.Context, config Config, log []Entry, claims Claims) (*AuditReport, error) {
	p, err := watcher(config, log)
	if err != nil {
		return nil, fmt.Errorf("audit: %w", err)
	}
	defer p.Close()
	report := AuditReport{
		Reported: make(map[uint64]SignedBatch), Transactions: make(map[signer.ID]Completed),
		reports: make(map[batchReport]SignedBatch),
	}
	domain := batch.Domain{Network: config.Coin.Name(), Genesis: config.Coin.Genesis()}
	// Entry by entry, so that all that their shares sign gets its signature before
	// a later entry settles it.
	if err := p.replay(ctx, log, 1, func(e EventBody) { report.take(domain, e) }); err != nil {
		return nil, fmt.Errorf("audit: %w", err)
	}
	if report.Status, err = p.Status(ctx); err == nil {
		err = p.Audit(ctx)
	}
	if err != nil {
		return nil, fmt.Errorf("audit: %w", err)
	}
	var wrong []error
	for _, number := range slices.Sorted(maps.Keys(claims.Digests)) {
		digest, settled, err := p.SettledDigest(ctx, number)
		if err != nil {
			return nil, fmt.Errorf("audit: %w", err)
		}
		if claim := claims.Digests[number]; !settled || digest != claim {
			wrong = append(wrong, &Discrepancy{fmt.Sprintf("state digest %x behind block %d, it is %x", claim, number, digest)})
		}
	}
	for _, c := range claims.Certificates {
		own, settled, err := p.Certificate(ctx, c.Number)
		if err != nil {
			return nil, fmt.Errorf("audit: %w", err)
		}
		if part := own.differs(c); !settled {
			wrong = append(wrong, &Discrepancy{fmt.Sprintf("certificate behind block %d, which ends no settlement", c.Number)})
		} else if part != "" {
			wrong = append(wrong, &Discrepancy{fmt.Sprintf("certificate behind block %d: its %s is not what follows from chain and log", c.Number, part)})
		}
	}
	for _, b := range claims.Batches {
		if reason := report.contradicts(domain, b); reason != "" {
			wrong = append(wrong, &Discrepancy{fmt.Sprintf("batch %d of session %d: %s", b.Batch.ID, b.Session, reason)})
		}
	}
	for _, t := range claims.Transactions {
		if own, ok := report.Transactions[t.SignID]; !ok || own != t {
			wrong = append(wrong, &Discrepancy{fmt.Sprintf("%s is fulfilled by %s, which the log does not sign", t.SignID, t.Transaction)})
		}
	}
	return &report, errors.Join(wrong...)
}

// take notes an event.
func (a *AuditReport) take(domain batch.Domain, body EventBody) {
	switch e := body.(type) {
	case Update:
		domain.Session = e.Session
		for _, b := range e.Batches {
			a.report(SignedBatch{Session: e.Session, Batch: b, Digest: b.Digest(domain)})
		}
	case SignedBatch:
		a.report(e)
	case Completed:
		a.Transactions[e.SignID] = e
	case InvalidParticipant:
		a.Convictions = append(a.Convictions, e)
	}
}

// report notes the newest report of a batch.
func (a *AuditReport) report(b SignedBatch) {
	a.Reported[b.Batch.ID] = b
	a.reports[batchReport{b.Session, b.Batch.ID}] = b
}

// contradicts returns what is wrong with a claimed batch, or nothing.
func (a *AuditReport) contradicts(domain batch.Domain, claim SignedBatch) string {
	domain.Session = claim.Session
	newest, any := a.Reported[claim.Batch.ID]
	own, ok := a.reports[batchReport{claim.Session, claim.Batch.ID}]
	i := slices.IndexFunc(a.Status.Keys, func(k scanner.Key) bool { return k.Session == claim.Session })
	switch {
	case !any:
		return "there is none"
	case !ok:
		return fmt.Sprintf("it is for session %d to sign", newest.Session)
	case own.Digest != claim.Digest || own.Digest != claim.Batch.Digest(domain):
		return "the chain says something else"
	case i < 0 || claim.Batch.Verify(domain, a.Status.Keys[i].BatchKey[:], claim.Signature[:]) != nil:
		return "the signature is not that of the session's batch key"
	case own.Signature != [64]byte{} && !bytes.Equal(own.Signature[:], claim.Signature[:]):
		return "the log signs it otherwise"
	}
	return ""
}
