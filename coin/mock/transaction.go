package mock

import (
	"crypto/sha256"
	"fmt"
	"math"
	"math/bits"
	"sync/atomic"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/internal/wire"
)

// Limits of one transaction.
const (
	maxInputs  = 1024
	maxOutputs = 4096
	maxData    = 4096
)

const (
	signatureSize = 64
	outpointSize  = 36
	outputSize    = 8 + scriptSize
	inputSize     = outpointSize + signatureSize
	emptySize     = 3 * 4 // two counts and the length of the data
	weightPerByte = 4
	inputWeight   = inputSize * weightPerByte
)

type output struct {
	amount uint64
	to     script
	copies *coin.OutputID // what it is a copy of, if it is one
}

// transaction is immutable once made.
//
// Encoding: the list of spent outputs, the list of outputs (amount, script, and
// what a copied one copies) and the data; behind them a signature for each input.
// The ID is the hash of all but the signatures, so it is known before anyone signs.
type transaction struct {
	inputs     []coin.OutputID
	outputs    []output
	data       []byte
	signatures [][]byte

	id       coin.TransactionID
	unsigned []byte
	raw      []byte // nil without signatures

	// verified remembers that the signatures are right. What they have to
	// sign and by which keys follows from the transaction's own bytes, as
	// the spent outputs are named by hashes, so the answer never changes.
	verified atomic.Bool
	// marks are those of what it spends, once it was checked where there are twins:
	// they never change either.
	marks atomic.Pointer[[]coin.OutputID]
}

// newTransaction makes a transaction without signatures.
func newTransaction(inputs []coin.OutputID, outputs []output, data []byte) *transaction {
	t := &transaction{inputs: inputs, outputs: outputs, data: data}
	var w wire.Writer
	wire.List(&w, inputs)
	w.Count(len(outputs))
	for _, o := range outputs {
		w.Uint64(o.amount)
		if o.copies == nil {
			w.Fixed(o.to[:])
			continue
		}
		form := o.to
		form[0] = copied
		w.Fixed(form[:])
		o.copies.Encode(&w)
	}
	w.Bytes(data)
	t.unsigned = w.Data()
	t.id = transactionID(t.unsigned)
	return t
}

func transactionID(unsigned []byte) coin.TransactionID {
	h := sha256.New()
	h.Write([]byte("mock transaction"))
	h.Write(unsigned)
	return coin.TransactionID(h.Sum(nil))
}

// sign returns the transaction with signatures, one for each input.
func (t *transaction) sign(signatures [][]byte) *transaction {
	signed := &transaction{
		inputs: t.inputs, outputs: t.outputs, data: t.data, signatures: signatures,
		id: t.id,
	}
	raw := make([]byte, 0, len(t.unsigned)+len(signatures)*signatureSize)
	raw = append(raw, t.unsigned...)
	for _, s := range signatures {
		raw = append(raw, s...)
	}
	signed.raw = raw
	signed.unsigned = raw[:len(t.unsigned):len(t.unsigned)]
	return signed
}

// readTransaction reads a signed transaction. All of the reader's input is
// passed along, and the transaction keeps its part of it.
func readTransaction(all []byte, r *wire.Reader) *transaction {
	t := new(transaction)
	start := len(all) - r.Remaining()
	t.read(r)
	middle := len(all) - r.Remaining()
	if len(t.inputs) > 0 {
		t.signatures = make([][]byte, len(t.inputs))
	}
	for i := range t.signatures {
		t.signatures[i] = make([]byte, signatureSize)
		r.Fixed(t.signatures[i])
	}
	if r.Err() != nil {
		return t
	}
	end := len(all) - r.Remaining()
	t.unsigned = all[start:middle:middle]
	t.raw = all[start:end:end]
	t.id = transactionID(t.unsigned)
	return t
}

// read reads all but the signatures.
func (t *transaction) read(r *wire.Reader) {
	t.inputs = wire.ReadList[coin.OutputID](r, maxInputs, outpointSize)
	if n := r.Count(maxOutputs, outputSize); n > 0 {
		t.outputs = make([]output, n)
		for i := range t.outputs {
			t.outputs[i].amount = r.Uint64()
			r.Fixed(t.outputs[i].to[:])
			r.Check(t.outputs[i].to.known(), "kind of script")
			if t.outputs[i].to[0] == copied {
				t.outputs[i].to[0] = addressed
				t.outputs[i].copies = new(coin.OutputID)
				t.outputs[i].copies.Decode(r)
			}
		}
	}
	t.data = r.Bytes(maxData)
}

// decodeUnsigned reads a transaction without its signatures.
func decodeUnsigned(raw []byte) (*transaction, error) {
	r := wire.NewReader(raw)
	t := &transaction{unsigned: raw, id: transactionID(raw)}
	t.read(r)
	if err := r.Done(); err != nil {
		return nil, fmt.Errorf("mock: transaction: %w", err)
	}
	return t, nil
}

func decodeTransaction(raw []byte) (*transaction, error) {
	r := wire.NewReader(raw)
	t := readTransaction(raw, r)
	if err := r.Done(); err != nil {
		return nil, fmt.Errorf("mock: transaction: %w", err)
	}
	return t, nil
}

// weight of a transaction with signatures.
func (t *transaction) weight() uint64 {
	outputs, copies := 0, 0
	for _, o := range t.outputs {
		if o.to[0] != ring {
			outputs++
		}
		if o.copies != nil {
			copies++
		}
	}
	return weight(len(t.inputs), outputs, len(t.data)+copies*outpointSize)
}

func weight(inputs, outputs, data int) uint64 {
	return uint64(emptySize+inputs*inputSize+outputs*outputSize+data) * weightPerByte
}

// fee at a rate, rounded up; ok is false if it does not fit.
func fee(weight, rate uint64) (f uint64, ok bool) {
	hi, lo := bits.Mul64(weight, rate)
	lo, carry := bits.Add64(lo, 999, 0)
	if hi += carry; hi >= 1000 {
		return 0, false
	}
	f, _ = bits.Div64(hi, lo, 1000)
	return f, true
}

// rate is the lowest at which a weight would have cost the fee. (The highest
// one would let rates creep up, block by block, by what fees are rounded up.)
func rate(fee, weight uint64) uint64 {
	if fee == 0 {
		return 0
	}
	hi, lo := bits.Mul64(fee-1, 1000)
	if hi >= weight {
		return math.MaxUint64
	}
	r, _ := bits.Div64(hi, lo, weight)
	return r + 1
}

// outputSum adds up the outputs.
func (t *transaction) outputSum() (sum uint64, ok bool) {
	for _, o := range t.outputs {
		var carry uint64
		if sum, carry = bits.Add64(sum, o.amount, 0); carry != 0 {
			return 0, false
		}
	}
	return sum, true
}

// message is what the signature of an input signs.
func (t *transaction) message(genesis coin.BlockID, input int) []byte {
	var w wire.Writer
	w.String("mock input")
	w.Fixed(genesis[:])
	w.Fixed(t.id[:])
	w.Uint32(uint32(input))
	sum := sha256.Sum256(w.Data())
	return sum[:]
}

// ID implements eventuality.Transaction.
func (t *transaction) ID() [32]byte { return t.id }

// Lookups implements eventuality.Transaction: the spent outputs.
func (t *transaction) Lookups() [][]byte {
	list := make([][]byte, len(t.inputs))
	for i, id := range t.inputs {
		list[i] = wire.Marshal(id)
	}
	return list
}
