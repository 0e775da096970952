package bitcoin

import (
	"bytes"
	"crypto/sha256"
	"testing"

	"github.com/btcsuite/btcd/wire/v2"
	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin/bitcoin/block"
)

func parsed(t testing.TB, tx *wire.MsgTx) *block.Transaction {
	var raw bytes.Buffer
	require.NoError(t, tx.Serialize(&raw))
	b, err := block.ParseTransaction(raw.Bytes())
	require.NoError(t, err)
	return b
}

func TestInstructionData(t *testing.T) {
	preimage := bytes.Repeat([]byte{7}, 300)
	hash := sha256.Sum256(preimage)
	asks := append([]byte{0xa8, 0x20}, hash[:]...)
	lock := append(bytes.Clone(asks), 0x88, 0x51) // and OP_TRUE
	long := bytes.Repeat([]byte{9}, 0x1234)
	opReturn := func(push ...byte) []byte { return append([]byte{0x6a}, push...) }

	for _, test := range []struct {
		name    string
		outputs [][]byte
		inputs  []wire.TxWitness
		want    []byte
	}{
		{"none", [][]byte{{0x51}}, nil, nil},
		{"direct push", [][]byte{opReturn(3, 1, 2, 3)}, nil, []byte{1, 2, 3}},
		{"75 bytes", [][]byte{append(opReturn(75), long[:75]...)}, nil, long[:75]},
		{"PUSHDATA1", [][]byte{append(opReturn(0x4c, 200), long[:200]...)}, nil, long[:200]},
		{"PUSHDATA1 of few", [][]byte{opReturn(0x4c, 1, 5)}, nil, []byte{5}},
		{"PUSHDATA2", [][]byte{append(opReturn(0x4d, 0x34, 0x12), long...)}, nil, long},
		{"PUSHDATA4", [][]byte{append(opReturn(0x4e, 0x34, 0x12, 0, 0), long...)}, nil, long},
		{"PUSHDATA4, huge", [][]byte{opReturn(0x4e, 0xff, 0xff, 0xff, 0xff, 1)}, nil, nil},
		{"behind others", [][]byte{{0x51}, opReturn(1, 5), {0x51}}, nil, []byte{5}},
		{"the first counts", [][]byte{opReturn(1, 5), opReturn(1, 6)}, nil, []byte{5}},
		{"only the first counts", [][]byte{opReturn(), opReturn(1, 6)}, nil, nil},
		{"bare", [][]byte{opReturn()}, nil, nil},
		{"empty push", [][]byte{opReturn(0)}, nil, nil},
		{"number", [][]byte{opReturn(0x51)}, nil, nil},
		{"two pushes", [][]byte{opReturn(1, 5, 1, 6)}, nil, nil},
		{"push too short", [][]byte{opReturn(3, 1, 2)}, nil, nil},
		{"length too short", [][]byte{opReturn(0x4d, 1)}, nil, nil},
		{"opcode behind", [][]byte{opReturn(1, 5, 0x61)}, nil, nil},
		{"not first opcode", [][]byte{{0x51, 0x6a, 1, 5}}, nil, nil},

		{"witness", [][]byte{{0x51}}, []wire.TxWitness{{{1}, preimage, lock}}, preimage},
		{"second input", [][]byte{{0x51}}, []wire.TxWitness{{{1}, {2}}, {preimage, lock}}, preimage},
		{"output before witness", [][]byte{opReturn(1, 5)}, []wire.TxWitness{{preimage, lock}}, []byte{5}},
		{"bad output, then witness", [][]byte{opReturn(1)}, []wire.TxWitness{{preimage, lock}}, preimage},
		{"wrong preimage", [][]byte{{0x51}}, []wire.TxWitness{{{1}, lock}}, nil},
		{"not on top", [][]byte{{0x51}}, []wire.TxWitness{{preimage, {1}, lock}}, nil},
		{"script is not last", [][]byte{{0x51}}, []wire.TxWitness{{preimage, lock, {1}}}, nil},
		{"script alone", [][]byte{{0x51}}, []wire.TxWitness{{lock}}, nil},
		{"no EQUALVERIFY", [][]byte{{0x51}}, []wire.TxWitness{{preimage, append(bytes.Clone(asks), 0x87)}}, nil},
		{"script too short", [][]byte{{0x51}}, []wire.TxWitness{{preimage, asks}}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			tx := wire.NewMsgTx(2)
			for _, witness := range test.inputs {
				tx.AddTxIn(&wire.TxIn{Witness: witness})
			}
			if len(test.inputs) == 0 {
				tx.AddTxIn(new(wire.TxIn))
			}
			for _, script := range test.outputs {
				tx.AddTxOut(wire.NewTxOut(0, script))
			}
			require.Equal(t, test.want, instructionData(parsed(t, tx)))
		})
	}
}
