package processor_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor"
	"github.com/serai-go/processor/batch"
	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/frost/dkg"
	"github.com/serai-go/processor/internal/wire"
	"github.com/serai-go/processor/processortest"
	"github.com/serai-go/processor/scanner"
	"github.com/serai-go/processor/signer"
)

// entries are one of each kind, with every field set.
func entries() []processor.Entry {
	payment := coin.Payment{ID: coin.PaymentID{7}, Address: "address", Amount: 1 << 60}
	return []processor.Entry{
		processor.GenerateKey{
			Session: 1, Attempt: 2, Threshold: 3, MinOK: 4,
			Participants: []dkg.Participant{{Key: processortest.Identity(0).Public(), Weight: 5}},
		},
		processor.PeerMessage{Session: 1, From: 2, Payload: []byte("payload")},
		processor.CloseRound{Session: 1, Attempt: 2, Round: 1},
		processor.ConfirmKey{
			Session: 1, Attempt: 2, Start: scanner.Start{ByTime: true, At: 3}, BatchKey: [32]byte{4}, NetworkKey: []byte{5},
		},
		processor.AcknowledgeBatch{ID: 1, Digest: [32]byte{2}, Results: []bool{true, false}, Burns: []coin.Payment{payment}},
		processor.Burns{Payments: []coin.Payment{payment}},
		processor.Reattempt{SignID: signer.BatchID(1, 2), Number: 3},
		processor.CosignBlock{Session: 1, Number: 2, Hash: [32]byte{3}},
		processor.SignSlashReport{Session: 1, Slashes: []batch.Slash{{Validator: 2, Points: 3}, {Validator: 4, Points: 5}}},
		processor.RetireSession{Session: 1},
		processor.AbandonKey{Session: 1},
		processor.SetParameters{Version: 2, Content: []byte{3}},
		processor.Rewind{Number: 1, Fork: 2, Block: coin.BlockID{3}, Next: coin.BlockID{4}},
		processor.ReplacePlan{Plan: coin.PlanID{1}, Number: 2, Drop: []coin.PaymentID{{3}, {4}}},
	}
}

// changed is a chain that has changed.
func changed() *scanner.ChainChanged {
	return &scanner.ChainChanged{
		Indexed: coin.Header{Number: 1, ID: coin.BlockID{2}, Parent: coin.BlockID{3}, Time: 4},
		Found:   coin.Header{Number: 1, ID: coin.BlockID{5}, Parent: coin.BlockID{3}, Time: 6}, Fork: 7,
	}
}

// eventBodies are one of each kind, with every field set.
func eventBodies() []processor.EventBody {
	b := batch.Batch{ID: 1, Number: 2, Block: [32]byte{3}, Instructions: []batch.Instruction{{Origin: "o", Amount: 4, Data: []byte("d")}}}
	return []processor.EventBody{
		processor.Broadcast{Session: 1, Payload: []byte("payload")},
		processor.KeyGenerated{Session: 1, Attempt: 2, BatchKey: [32]byte{3}, NetworkKey: []byte{4}, OKWeight: 5, Transcript: [32]byte{6}},
		processor.KeyGenFailed{Session: 1, Attempt: 2, Faulty: []uint16{3}, Silent: []uint16{4, 5}},
		processor.Update{Session: 1, Update: batch.Update{Number: 2, Block: [32]byte{3}, Batches: []batch.Batch{b}}},
		processor.SignedBatch{Session: 1, Batch: b, Digest: [32]byte{2}, Signature: [64]byte{3}},
		processor.PaymentPlanned{ID: coin.PaymentID{1}, Plan: coin.PlanID{2}},
		processor.PaymentSettled{ID: coin.PaymentID{1}, Transaction: coin.TransactionID{2}, Paid: 3, Share: 4},
		processor.Refunded{ID: coin.PaymentID{1}, Transaction: coin.TransactionID{2}, Paid: 3, Share: 4},
		processor.PaymentDropped{ID: coin.PaymentID{1}, AmountKept: 2, Reason: "reason"},
		processor.PaymentRefused{ID: coin.PaymentID{1}, Reason: "reason"},
		processor.WrittenOff{Output: coin.OutputID{Transaction: coin.TransactionID{1}, Index: 2}, Amount: 3, Reason: "reason"},
		processor.VoidedCredit{Output: coin.OutputID{Transaction: coin.TransactionID{1}, Index: 2}, Session: 3, Amount: 4},
		processor.Completed{SignID: signer.PlanID(1, coin.PlanID{2}), Transaction: coin.TransactionID{3}},
		processor.InvalidParticipant{Session: 1, Who: 2, Reason: "reason", Evidence: []byte("evidence")},
		processor.KeyStage{Session: 1, Stage: 2, Number: 3},
		processor.Divergence{SignID: signer.BatchID(1, 2), Digests: [][32]byte{{3}, {4}}},
		processor.Condition{Subject: [32]byte{1}, Text: "text"},
		processor.Halted{Cause: processor.ChainChanged, Reason: "reason", Changed: changed()},
		processor.CosignedBlock{Session: 1, Number: 2, Hash: [32]byte{3}, Digest: [32]byte{4}, Signature: [64]byte{5}},
		processor.SignedSlashReport{
			Session: 1, Slashes: []batch.Slash{{Validator: 2, Points: 3}}, Digest: [32]byte{4}, Signature: [64]byte{5},
		},
	}
}

func TestEntriesHaveOneEncoding(t *testing.T) {
	kinds := make(map[byte]bool)
	for _, e := range entries() {
		require.False(t, zeroField(e), "%T is not filled in", e)
		data := processor.EncodeEntry(e)
		back, err := processor.DecodeEntry(data)
		require.NoError(t, err)
		require.Equal(t, e, back)
		refusesOtherLengths(t, data, func(data []byte) error { _, err := processor.DecodeEntry(data); return err })
		kinds[data[0]] = true
	}
	require.Len(t, kinds, 14)
	for _, data := range [][]byte{nil, {0}, {byte(len(kinds) + 1)}, {0xff}} {
		_, err := processor.DecodeEntry(data)
		require.Error(t, err)
	}
}

func TestEventsHaveOneEncoding(t *testing.T) {
	kinds := make(map[byte]bool)
	for _, e := range eventBodies() {
		require.False(t, zeroField(e), "%T is not filled in", e)
		data := processor.EncodeEvent(e)
		back, err := processor.DecodeEvent(data)
		require.NoError(t, err)
		require.Equal(t, e, back)
		refusesOtherLengths(t, data, func(data []byte) error { _, err := processor.DecodeEvent(data); return err })
		kinds[data[0]] = true
	}
	require.Len(t, kinds, 20)
	for _, data := range [][]byte{nil, {0}, {byte(len(kinds) + 1)}, {0xff}} {
		_, err := processor.DecodeEvent(data)
		require.Error(t, err)
	}
}

var rewrite = flag.Bool("update", false, "write the golden files of testdata anew")

// TestGoldenEncodings compares what is stored and exchanged with files that
// have a line for each kind: what it is, and its bytes.
func TestGoldenEncodings(t *testing.T) {
	var b strings.Builder
	for _, e := range entries() {
		fmt.Fprintf(&b, "%T %x\n", e, processor.EncodeEntry(e))
	}
	golden(t, "testdata/entries.txt", b.String())
	b.Reset()
	for _, e := range eventBodies() {
		fmt.Fprintf(&b, "%T %x\n", e, processor.EncodeEvent(e))
	}
	golden(t, "testdata/events.txt", b.String())
	golden(t, "testdata/certificate.txt", fmt.Sprintf("%x\n", processor.EncodeCertificate(aCertificate())))
	golden(t, "testdata/archive.txt", fmt.Sprintf("%x\n", processor.EncodeArchive(anArchive())))
}

// anArchive is one of two blocks and two plans.
func anArchive() processor.Archive {
	return processor.Archive{
		Rewind: processor.Rewind{Number: 1, Fork: 2, Block: coin.BlockID{3}, Next: coin.BlockID{4}},
		Blocks: []processor.ArchivedBlock{
			{Header: coin.Header{Number: 3, ID: coin.BlockID{5}, Parent: coin.BlockID{3}, Time: 6}, Data: []byte("data")},
			{Header: coin.Header{Number: 4, ID: coin.BlockID{7}, Parent: coin.BlockID{5}, Time: 8}, Data: []byte("more")},
		},
		Plans: []processor.ArchivedPlan{{Plan: coin.PlanID{9}, Transaction: []byte("one")}, {Plan: coin.PlanID{10}, Transaction: []byte("two")}},
	}
}

func TestArchivesAreExact(t *testing.T) {
	data := processor.EncodeArchive(anArchive())
	a, err := processor.DecodeArchive(data)
	require.NoError(t, err)
	require.Equal(t, anArchive(), a)
	refusesOtherLengths(t, data, func(data []byte) error {
		_, err := processor.DecodeArchive(data)
		return err
	})
	for what, change := range map[string]func(*processor.Archive){
		"no number":           func(a *processor.Archive) { a.Rewind.Number = 0 },
		"no block has number": func(a *processor.Archive) { a.Rewind.Fork = 1<<64 - 1 },
		"another fork":        func(a *processor.Archive) { a.Rewind.Fork++ },
		"another fork block":  func(a *processor.Archive) { a.Rewind.Block[0]++ },
		"what counts":         func(a *processor.Archive) { a.Rewind.Next = a.Blocks[0].Header.ID },
		"empty":               func(a *processor.Archive) { a.Blocks = nil },
		"a gap":               func(a *processor.Archive) { a.Blocks = a.Blocks[1:] },
		"another parent":      func(a *processor.Archive) { a.Blocks[1].Header.Parent[0]++ },
		"another number":      func(a *processor.Archive) { a.Blocks[1].Header.Number++ },
		"a plan twice":        func(a *processor.Archive) { a.Plans[1].Plan = a.Plans[0].Plan },
		"an empty plan":       func(a *processor.Archive) { a.Plans[0].Transaction = nil },
	} {
		a := anArchive()
		change(&a)
		_, err := processor.DecodeArchive(processor.EncodeArchive(a))
		require.ErrorIs(t, err, processor.ErrArchive, what)
	}
}

func FuzzDecodeArchive(f *testing.F) {
	f.Add(processor.EncodeArchive(anArchive()))
	f.Fuzz(func(t *testing.T, data []byte) {
		if a, err := processor.DecodeArchive(data); err == nil {
			require.Equal(t, data, processor.EncodeArchive(a))
		} else {
			require.ErrorIs(t, err, processor.ErrArchive)
		}
	})
}

func golden(t *testing.T, path, got string) {
	t.Helper()
	if *rewrite {
		require.NoError(t, os.WriteFile(path, []byte(got), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), got)
}

func refusesOtherLengths(t *testing.T, data []byte, decode func([]byte) error) {
	t.Helper()
	for n := range data {
		require.Error(t, decode(data[:n]))
	}
	require.Error(t, decode(append(bytes.Clone(data), 0)))
}

// zeroField tells whether a field of a struct is zero.
func zeroField(v any) bool {
	s := reflect.ValueOf(v)
	for i := range s.NumField() {
		if s.Field(i).IsZero() {
			return true
		}
	}
	return false
}

func FuzzDecodeEntry(f *testing.F) {
	for _, e := range entries() {
		f.Add(processor.EncodeEntry(e))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if e, err := processor.DecodeEntry(data); err == nil {
			require.Equal(t, data, processor.EncodeEntry(e))
		}
	})
}

func FuzzDecodeEvent(f *testing.F) {
	for _, e := range eventBodies() {
		f.Add(processor.EncodeEvent(e))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if e, err := processor.DecodeEvent(data); err == nil {
			require.Equal(t, data, processor.EncodeEvent(e))
		}
	})
}

func FuzzDecodeHalt(f *testing.F) {
	f.Add(wire.Marshal(processor.Halt{Cause: processor.ChainChanged, Reason: "reason", Changed: changed()}))
	f.Add(wire.Marshal(processor.Halt{Cause: processor.Compromised, Reason: "reason"}))
	f.Fuzz(func(t *testing.T, data []byte) {
		if halt, err := wire.Unmarshal[processor.Halt](data); err == nil {
			require.Equal(t, data, wire.Marshal(halt))
			require.NotContains(t, halt.Cause.String(), "cause ")
		}
	})
}

func FuzzSigningContents(f *testing.F) {
	for _, payload := range payloads(f) {
		f.Add(payload)
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		contents, err := processor.SigningContents(payload)
		if err != nil {
			require.Empty(t, contents)
		}
		for _, c := range contents {
			require.True(t, c.Share || c.Commitment)
		}
	})
}

func TestSigningContents(t *testing.T) {
	var seen []string
	for _, payload := range payloads(t) {
		contents, err := processor.SigningContents(payload)
		require.NoError(t, err)
		for _, c := range contents {
			text := fmt.Sprintf("%s share %t commitment %t", c.ID.Kind, c.Share, c.Commitment)
			if !strings.Contains(strings.Join(seen, "\n"), text) {
				seen = append(seen, text)
			}
		}
	}
	require.ElementsMatch(t, []string{
		"batch share false commitment true", "batch share true commitment true",
		"plan share false commitment true", "plan share true commitment true",
	}, seen)
	_, err := processor.SigningContents([]byte("nonsense"))
	require.Error(t, err)
}
