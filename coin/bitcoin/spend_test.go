package bitcoin

import (
	"bytes"
	"crypto/sha256"
	"math/big"
	"slices"
	"testing"

	"github.com/btcsuite/btcd/btcec/v2"
	"github.com/btcsuite/btcd/btcec/v2/schnorr"
	"github.com/btcsuite/btcd/txscript/v2"
	"github.com/btcsuite/btcd/wire/v2"
	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/coin/bitcoin/block"
)

// signer holds a network key on its own.
type signer struct {
	coin    *Coin
	secret  *btcec.PrivateKey
	key     coin.Key
	outputs byte
}

func newSigner(t testing.TB) *signer {
	secret, public := btcec.PrivKeyFromBytes(bytes.Repeat([]byte{7}, 32))
	return &signer{coin: offline(t, Regtest), secret: secret, key: coin.Key{Session: 2, Key: public.SerializeCompressed()}}
}

// output is an output to the key that nobody made.
func (s *signer) output(kind coin.Kind, amount uint64) coin.Output {
	o := coin.Output{Session: s.key.Session, Kind: kind, Amount: amount}
	s.outputs++
	o.ID.Transaction = sha256.Sum256([]byte{s.outputs})
	return o
}

// sign signs the way a single owner of the key would.
func (s *signer) sign(t testing.TB, plan coin.Plan) [][]byte {
	u, err := s.coin.build(plan)
	require.NoError(t, err)
	hashes, err := u.signatureHashes()
	require.NoError(t, err)
	var signatures [][]byte
	for i, hash := range hashes {
		offset := new(big.Int)
		if kind := plan.Inputs[i].Kind; kind != coin.External {
			o := kindOffset(s.coin.genesis, kind)
			offset.SetBytes(o[:])
		}
		sum := new(big.Int).Add(new(big.Int).SetBytes(s.secret.Serialize()), offset)
		secret, _ := btcec.PrivKeyFromBytes(sum.Mod(sum, btcec.S256().N).FillBytes(make([]byte, 32)))
		signature, err := schnorr.Sign(txscript.TweakTaprootPrivKey(*secret, nil), hash)
		require.NoError(t, err)
		signatures = append(signatures, signature.Serialize())
	}
	return signatures
}

// plan spends an output of each kind and pays the rest to a change output.
func (s *signer) plan(t testing.TB, payments ...coin.PlannedPayment) coin.Plan {
	plan := coin.Plan{Key: s.key, Payments: payments, Fee: 5_000}
	left := -plan.Fee
	for i, kind := range coin.Kinds {
		o := s.output(kind, 100_000+uint64(i))
		plan.Inputs = append(plan.Inputs, o)
		left += o.Amount
	}
	for _, p := range payments {
		left -= p.Paid
	}
	address, err := s.coin.Address(s.key.Key, coin.Change)
	require.NoError(t, err)
	plan.Own = []coin.OwnOutput{{Kind: coin.Change, Session: s.key.Session, Address: address, Amount: left}}
	return plan
}

func payment(address coin.Address, amount uint64) coin.PlannedPayment {
	return coin.PlannedPayment{Payment: coin.Payment{Address: address, Amount: amount}, Paid: amount}
}

const payee = "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080"

func TestSpend(t *testing.T) {
	s := newSigner(t)
	plan := s.plan(t, payment(payee, 20_000), payment("mipcBbFg9gMiCh81Kj8tqqdgoZub1ZJRfn", 30_000))
	prepared, err := s.coin.Prepare(t.Context(), plan, coin.BlockID{})
	require.NoError(t, err)
	tx, err := s.coin.Assemble(plan, prepared, s.sign(t, plan))
	require.NoError(t, err)

	msg := new(wire.MsgTx)
	require.NoError(t, msg.Deserialize(bytes.NewReader(tx.Raw)))
	require.Equal(t, int32(2), msg.Version)
	require.Zero(t, msg.LockTime)
	spent := txscript.NewMultiPrevOutFetcher(nil)
	for i, input := range plan.Inputs {
		require.Equal(t, uint32(0xfffffffd), msg.TxIn[i].Sequence)
		address, err := s.coin.Address(s.key.Key, input.Kind)
		require.NoError(t, err)
		script, err := addressScript(s.coin.params, address)
		require.NoError(t, err)
		spent.AddPrevOut(msg.TxIn[i].PreviousOutPoint, wire.NewTxOut(int64(input.Amount), script))
	}
	// The network's own judge.
	for i, input := range plan.Inputs {
		previous := spent.FetchPrevOutput(msg.TxIn[i].PreviousOutPoint)
		engine, err := txscript.NewEngine(previous.PkScript, msg, i, txscript.StandardVerifyFlags, nil,
			txscript.NewTxSigHashes(msg, spent), int64(input.Amount), spent)
		require.NoError(t, err)
		require.NoError(t, engine.Execute())
	}
	parsed, err := block.ParseTransaction(tx.Raw)
	require.NoError(t, err)
	require.Equal(t, [32]byte(tx.ID), parsed.ID())
	require.Equal(t, prepared, parsed.Stripped())
	fee, err := s.coin.Fee(1000, plan.Inputs, plan.Addresses())
	require.NoError(t, err)
	require.Equal(t, parsed.Weight(), fee)

	verified, err := s.coin.Verify(plan, prepared, tx.Raw)
	require.NoError(t, err)
	require.Equal(t, tx, verified)

	d, err := s.coin.Describe(plan, prepared)
	require.NoError(t, err)
	require.Equal(t, []uint32{2}, d.Own)
	require.True(t, d.Eventuality.Matches(parsed))
	require.Equal(t, s.coin.SpendLookup(plan.Inputs[0]), d.Eventuality.Lookup())
	require.Equal(t, d.Eventuality.Lookup(), parsed.Lookups()[0])
	require.Equal(t, [32]byte(tx.ID), d.Eventuality.ID())
	again, err := s.coin.ReadEventuality(d.Eventuality.Bytes())
	require.NoError(t, err)
	require.Equal(t, d.Eventuality, again)

	work, err := s.coin.Work(plan, prepared)
	require.NoError(t, err)
	require.Len(t, work, len(plan.Inputs))
	for _, algorithm := range work {
		require.Equal(t, s.coin.Group(), algorithm.Group())
	}
}

// TestVerifyRefuses: of what others send, only the very transaction counts.
func TestVerifyRefuses(t *testing.T) {
	s := newSigner(t)
	plan := s.plan(t, payment(payee, 20_000))
	prepared, err := s.coin.Prepare(t.Context(), plan, coin.BlockID{})
	require.NoError(t, err)
	signatures := s.sign(t, plan)
	tx, err := s.coin.Assemble(plan, prepared, signatures)
	require.NoError(t, err)
	for i := range tx.Raw {
		raw := slices.Clone(tx.Raw)
		raw[i] ^= 1
		_, err := s.coin.Verify(plan, prepared, raw)
		require.ErrorIs(t, err, coin.ErrInvalid, "byte %d", i)
	}
	for name, change := range map[string]func(*wire.MsgTx){
		"annex":         func(tx *wire.MsgTx) { tx.TxIn[0].Witness = append(tx.TxIn[0].Witness, []byte{0x50}) },
		"empty witness": func(tx *wire.MsgTx) { tx.TxIn[1].Witness = nil },
		"no witnesses": func(tx *wire.MsgTx) {
			for _, in := range tx.TxIn {
				in.Witness = nil
			}
		},
		"hash type": func(tx *wire.MsgTx) { tx.TxIn[0].Witness[0] = append(tx.TxIn[0].Witness[0], 1) },
		"swapped": func(tx *wire.MsgTx) {
			tx.TxIn[0].Witness, tx.TxIn[1].Witness = tx.TxIn[1].Witness, tx.TxIn[0].Witness
		},
		"script": func(tx *wire.MsgTx) { tx.TxIn[0].SignatureScript = []byte{0} },
	} {
		msg := new(wire.MsgTx)
		require.NoError(t, msg.Deserialize(bytes.NewReader(tx.Raw)))
		change(msg)
		var raw bytes.Buffer
		require.NoError(t, msg.Serialize(&raw))
		_, err := s.coin.Verify(plan, prepared, raw.Bytes())
		require.ErrorIs(t, err, coin.ErrInvalid, name)
	}
	_, err = s.coin.Assemble(plan, prepared, signatures[1:])
	require.ErrorIs(t, err, coin.ErrInvalid)
	_, err = s.coin.Assemble(plan, prepared[1:], signatures)
	require.ErrorIs(t, err, coin.ErrInvalid)
	_, err = s.coin.Publish(t.Context(), coin.Transaction{ID: coin.TransactionID{1}, Raw: tx.Raw})
	require.ErrorIs(t, err, coin.ErrInvalid)
}

func TestUnconfirmedOutputsAreBehindThePayments(t *testing.T) {
	s := newSigner(t)
	plan := s.plan(t, payment(payee, 20_000), payment(payee, 30_000))
	branch, err := s.coin.Address(s.key.Key, coin.Branch)
	require.NoError(t, err)
	plan.Own = append(plan.Own,
		coin.OwnOutput{Kind: coin.Branch, Session: s.key.Session, Address: branch, Amount: 10_000},
		coin.OwnOutput{Kind: coin.Forwarded, Session: 9, Address: payee, Amount: 11_000}) // the successor's
	plan.Own[0].Amount -= 21_000
	outputs, err := s.coin.Unconfirmed(plan)
	require.NoError(t, err)
	prepared, err := s.coin.Prepare(t.Context(), plan, coin.BlockID{})
	require.NoError(t, err)
	tx, err := s.coin.Assemble(plan, prepared, s.sign(t, plan))
	require.NoError(t, err)
	require.Equal(t, []coin.Output{
		{ID: coin.OutputID{Transaction: tx.ID, Index: 2}, Session: 2, Kind: coin.Change, Amount: plan.Own[0].Amount},
		{ID: coin.OutputID{Transaction: tx.ID, Index: 3}, Session: 2, Kind: coin.Branch, Amount: 10_000},
		{ID: coin.OutputID{Transaction: tx.ID, Index: 4}, Session: 9, Kind: coin.Forwarded, Amount: 11_000},
	}, outputs)
	plan.Own = nil
	plan.Fee = 400_006 - 50_000
	outputs, err = s.coin.Unconfirmed(plan)
	require.NoError(t, err)
	require.NotNil(t, outputs, "nil is for coins that cannot tell")
	require.Empty(t, outputs)
	plan.Fee++
	_, err = s.coin.Unconfirmed(plan)
	require.ErrorIs(t, err, coin.ErrInvalid)
}

func TestPrepareRefuses(t *testing.T) {
	s := newSigner(t)
	for _, test := range []struct {
		name, why string
		change    func(*coin.Plan)
	}{
		{"no inputs", "no inputs", func(p *coin.Plan) { p.Inputs = nil }},
		{"no outputs", "no outputs", func(p *coin.Plan) { p.Own = nil }},
		{"input twice", "comes twice", func(p *coin.Plan) { p.Inputs = append(p.Inputs, p.Inputs[0]) }},
		{"other session", "of session 9", func(p *coin.Plan) { p.Inputs[1].Session = 9 }},
		{"unknown kind", "unknown output", func(p *coin.Plan) { p.Inputs[1].Kind = 4 }},
		{"bad key", "network key", func(p *coin.Plan) { p.Key.Key = p.Key.Key[1:] }},
		{"fee", "and a fee of", func(p *coin.Plan) { p.Fee++ }},
		{"too much in", "more than exists", func(p *coin.Plan) { p.Inputs[1].Amount = block.MaxMoney }},
		{"too much out", "outputs hold more than exists", func(p *coin.Plan) { p.Own[0].Amount = 1 << 62 }},
		{"more out than in", "and a fee of", func(p *coin.Plan) { p.Own[0].Amount += 2 * p.Fee }},
		{"own output elsewhere", "goes elsewhere", func(p *coin.Plan) { p.Own[0].Address = payee }},
		{"own output of another kind", "goes elsewhere", func(p *coin.Plan) { p.Own[0].Kind = coin.Branch }},
		{"address", "cannot be paid", func(p *coin.Plan) { p.Own[0].Address = "x" }},
		{"dust", "relay asks for 294", func(p *coin.Plan) {
			p.Payments = append(p.Payments, payment(payee, 293))
			p.Own[0].Amount -= 293
		}},
		{"weight", "relay allows 400000", func(p *coin.Plan) {
			p.Payments = slices.Repeat([]coin.PlannedPayment{payment(payee, 294)}, 3300)
			p.Inputs[0].Amount += 3300 * 294
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			plan := s.plan(t)
			test.change(&plan)
			_, err := s.coin.Prepare(t.Context(), plan, coin.BlockID{})
			require.ErrorContains(t, err, test.why)
		})
	}
}

func FuzzReadEventuality(f *testing.F) {
	f.Add(make([]byte, 68))
	f.Add(bytes.Repeat([]byte{7}, 67))
	c := offline(f, Mainnet)
	f.Fuzz(func(t *testing.T, data []byte) {
		e, err := c.ReadEventuality(data)
		if err != nil {
			require.ErrorIs(t, err, coin.ErrInvalid)
			return
		}
		require.Equal(t, data, e.Bytes())
		require.Equal(t, data[:lookupSize], e.Lookup())
	})
}

// What a transaction does is told by its own bytes, whatever the plan.
func TestReadTellsWhatTheBytesDo(t *testing.T) {
	s := newSigner(t)
	plan := s.plan(t, payment(payee, 20_000), payment("mipcBbFg9gMiCh81Kj8tqqdgoZub1ZJRfn", 30_000))
	prepared, err := s.coin.Prepare(t.Context(), plan, coin.BlockID{})
	require.NoError(t, err)
	read, err := s.coin.Read(plan, prepared)
	require.NoError(t, err)
	require.NoError(t, read.Check(plan))
	want := coin.UnsignedTransaction{
		Outputs: []coin.PaidOutput{
			{Address: payee, Amount: 20_000}, {Address: "mipcBbFg9gMiCh81Kj8tqqdgoZub1ZJRfn", Amount: 30_000},
			{Address: plan.Own[0].Address, Amount: plan.Own[0].Amount},
		},
		Fee: 5_000,
	}
	for _, input := range plan.Inputs {
		want.Inputs = append(want.Inputs, input.ID)
	}
	require.Equal(t, want, read)

	change := func(spoil func(*wire.MsgTx)) (coin.UnsignedTransaction, error) {
		msg := new(wire.MsgTx)
		require.NoError(t, msg.Deserialize(bytes.NewReader(prepared)))
		spoil(msg)
		var b bytes.Buffer
		require.NoError(t, msg.Serialize(&b))
		return s.coin.Read(plan, b.Bytes())
	}
	read, err = change(func(m *wire.MsgTx) { m.TxOut[0].Value -= 7 })
	require.NoError(t, err)
	require.Equal(t, uint64(19_993), read.Outputs[0].Amount)
	require.Equal(t, uint64(5_007), read.Fee)
	require.ErrorIs(t, read.Check(plan), coin.ErrInvalid)
	read, err = change(func(m *wire.MsgTx) { m.TxOut[0].PkScript = []byte{txscript.OP_RETURN, 1, 0xab} })
	require.NoError(t, err)
	require.Equal(t, coin.Address("raw:6a01ab"), read.Outputs[0].Address)
	require.ErrorIs(t, read.Check(plan), coin.ErrInvalid)
	for name, spoil := range map[string]func(*wire.MsgTx){
		"lock time":       func(m *wire.MsgTx) { m.LockTime = 1 },
		"witness":         func(m *wire.MsgTx) { m.TxIn[0].Witness = wire.TxWitness{{1}} },
		"a foreign input": func(m *wire.MsgTx) { m.TxIn[0].PreviousOutPoint.Index++ },
		"an input less":   func(m *wire.MsgTx) { m.TxIn = m.TxIn[1:] },
		"an input twice":  func(m *wire.MsgTx) { m.TxIn[0] = m.TxIn[1] },
		"more paid":       func(m *wire.MsgTx) { m.TxOut[0].Value += 5_001 },
		"no outputs":      func(m *wire.MsgTx) { m.TxOut = nil },
	} {
		_, err := change(spoil)
		require.ErrorIs(t, err, coin.ErrInvalid, name)
	}
}

func FuzzRead(f *testing.F) {
	s := newSigner(f)
	plan := s.plan(f, payment(payee, 20_000))
	prepared, err := s.coin.Prepare(f.Context(), plan, coin.BlockID{})
	require.NoError(f, err)
	f.Add(prepared)
	f.Fuzz(func(t *testing.T, raw []byte) {
		if read, err := s.coin.Read(plan, raw); err != nil {
			require.ErrorIs(t, err, coin.ErrInvalid)
		} else if bytes.Equal(raw, prepared) {
			require.NoError(t, read.Check(plan))
		}
	})
}

func FuzzVerify(f *testing.F) {
	s := newSigner(f)
	plan := s.plan(f, payment(payee, 20_000))
	prepared, err := s.coin.Prepare(f.Context(), plan, coin.BlockID{})
	require.NoError(f, err)
	tx, err := s.coin.Assemble(plan, prepared, s.sign(f, plan))
	require.NoError(f, err)
	f.Add(tx.Raw)
	f.Add(prepared)
	f.Fuzz(func(t *testing.T, raw []byte) {
		// Only one form of a prepared plan counts.
		_, err := s.coin.Describe(plan, raw)
		require.Equal(t, bytes.Equal(raw, prepared), err == nil)
		_, err = s.coin.Work(plan, raw)
		require.Equal(t, bytes.Equal(raw, prepared), err == nil)

		got, err := s.coin.Verify(plan, prepared, raw)
		if err != nil {
			return
		}
		require.Equal(t, raw, got.Raw)
		require.Equal(t, tx.ID, got.ID)
	})
}

func BenchmarkAssemble(b *testing.B) {
	s := newSigner(b)
	plan := s.plan(b)
	for range 60 {
		o := s.output(coin.Change, 1000)
		plan.Inputs, plan.Own[0].Amount = append(plan.Inputs, o), plan.Own[0].Amount+o.Amount
	}
	prepared, err := s.coin.Prepare(b.Context(), plan, coin.BlockID{})
	require.NoError(b, err)
	signatures := s.sign(b, plan)
	for b.Loop() {
		if _, err := s.coin.Assemble(plan, prepared, signatures); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*len(signatures)), "µs/signature")
}
