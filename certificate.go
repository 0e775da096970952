package processor

import (
	"context"
	"crypto/sha512"
	"fmt"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/internal/wire"
	"github.com/serai-go/processor/scheduler"
	"github.com/serai-go/processor/storage"
)

// Certificate is what the group had and owed behind a settled block, as all that
// have read the same log of the same chain come to it: see Audit. Amounts are in
// atomic units.
type Certificate struct {
	// Number and Block identify the block: the reference block of a settlement,
	// with the burns that its acknowledgements brought planned.
	Number uint64
	Block  coin.BlockID
	// Books are the group's. Their equation held.
	Books scheduler.Ledger
	// Outputs is how many outputs were free. Those that plans spend count among
	// the assets of the books too, until the plans happen.
	Outputs uint64
	// Plans is how many plans had not happened yet.
	Plans uint64
	// Payments is how many payments were queued for a plan.
	Payments uint64
	// State is the state digest: see Processor.SettledDigest.
	State [32]byte
}

// Liabilities are what the group owes: to the settlement chain, and to those
// whose deposits go back.
func (c Certificate) Liabilities() scheduler.Balance {
	b := c.Books
	return b.Accepted.Plus(b.Credited).Plus(b.Owed).Plus(b.Returned).Plus(b.RefundsDue)
}

// Surplus is what the group has beyond its liabilities. If it is negative, fees
// were paid or outputs lost that later payments have to make up for.
func (c Certificate) Surplus() scheduler.Balance { return c.Books.Assets.Minus(c.Liabilities()) }

// Solvent tells whether the group has what it owes.
func (c Certificate) Solvent() bool { return !c.Surplus().Negative() }

// Encode writes 288 bytes.
func (c Certificate) Encode(w *wire.Writer) {
	w.Uint64(c.Number)
	w.Fixed(c.Block[:])
	c.Books.Encode(w)
	w.Uint64(c.Outputs)
	w.Uint64(c.Plans)
	w.Uint64(c.Payments)
	w.Fixed(c.State[:])
}

// Decode reads 288 bytes.
func (c *Certificate) Decode(r *wire.Reader) {
	c.Number = r.Uint64()
	r.Fixed(c.Block[:])
	c.Books.Decode(r)
	c.Outputs = r.Uint64()
	c.Plans = r.Uint64()
	c.Payments = r.Uint64()
	r.Fixed(c.State[:])
}

// EncodeCertificate returns the one encoding of a certificate.
func EncodeCertificate(c Certificate) []byte { return wire.Marshal(c) }

// DecodeCertificate reads a certificate back. It refuses everything that
// EncodeCertificate does not write.
func DecodeCertificate(data []byte) (Certificate, error) {
	c, err := wire.Unmarshal[Certificate](data)
	if err != nil {
		return c, fmt.Errorf("decode certificate: %w", err)
	}
	return c, nil
}

// Digest identifies a certificate of a network, which is named by the coin's
// Name and Genesis, for a settlement chain: see Config.Settlement.
func (c Certificate) Digest(network string, genesis coin.BlockID, settlement [32]byte) [32]byte {
	var w wire.Writer
	w.String("serai-go/processor certificate v1")
	w.String(network)
	w.Fixed(genesis[:])
	w.Fixed(settlement[:])
	c.Encode(&w)
	return sha512.Sum512_256(w.Data())
}

// differs names the first part in which another certificate differs, or nothing.
func (c Certificate) differs(other Certificate) string {
	switch {
	case c.Number != other.Number:
		return "number"
	case c.Block != other.Block:
		return "block"
	case c.Books != other.Books:
		return "books"
	case c.Outputs != other.Outputs:
		return "outputs"
	case c.Plans != other.Plans:
		return "plans"
	case c.Payments != other.Payments:
		return "payments"
	case c.State != other.State:
		return "state digest"
	}
	return ""
}

// certify makes the certificate of a settlement that has just ended.
func (k *core) certify(t *trace, number uint64, state [32]byte) (Certificate, error) {
	c := Certificate{Number: number, State: state}
	header, ok, err := k.scanner.Header(t, number)
	if err == nil && !ok {
		err = fmt.Errorf("%w: header %d is missing", storage.ErrCorrupt, number)
	}
	if err != nil {
		return c, err
	}
	c.Block = header.ID
	c.Books, err = k.scheduler.Ledger(t)
	c.Outputs, c.Plans, c.Payments = t.counts[countOutputs], t.counts[countPlans], t.counts[countPayments]
	return c, err
}

// Certificate returns the certificate behind a settled block, if that block ended
// a settlement. Behind the newest coin.RewindDepth blocks there are all, before
// that the first in each span of as many blocks. A Rewind removes those behind
// its fork.
func (p *Processor) Certificate(ctx context.Context, number uint64) (c Certificate, ok bool, err error) {
	err = p.config.Store.View(ctx, func(r storage.Reader) (err error) {
		c, ok, err = p.core.state.certificates.Get(r, number)
		return err
	})
	if err != nil {
		return c, false, fmt.Errorf("read certificate %d: %w", number, err)
	}
	return c, ok, nil
}
