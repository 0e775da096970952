package processortest_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"

	"github.com/btcsuite/btcd/address/v2"
	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/txscript/v2"
	"github.com/btcsuite/btcd/wire/v2"
	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/coin/cointest"
)

// smallPool makes bitcoind's memory pool as small as can be, and each rise of
// the rate that it demands small as well, as newer nodes have it.
var smallPool = []string{"maxmempool=5", "incrementalrelayfee=0.000001"}

const (
	fillings      = 900    // outputs that other people have
	fillingMoney  = 25_000 // in each
	fillingInputs = 47     // with which a transaction is almost as large as relay lets it be
	fillingItems  = 98     // of a witness, as many as relay lets it have
)

// pressure fills the memory pool with other people's transactions.
type pressure struct {
	*payers
	to   coin.Address // whose outputs anybody can spend, with large witnesses
	from coin.TransactionID
	used int
}

// dropping is a script that drops all items and is content.
var dropping = append(bytes.Repeat([]byte{txscript.OP_2DROP}, fillingItems/2), txscript.OP_TRUE)

// newPressure gives other people money.
func (w *payers) newPressure() *pressure {
	hash := sha256.Sum256(dropping)
	at, err := address.NewAddressWitnessScriptHash(hash[:], &chaincfg.RegressionNetParams)
	require.NoError(w, err)
	p := &pressure{payers: w, to: coin.Address(at.EncodeAddress())}
	to := cointest.Target{Address: p.to, Amount: fillingMoney}
	p.from, err = w.chain.Pay(w.ctx, cointest.Deposit{To: slices.Repeat([]cointest.Target{to}, fillings)})
	require.NoError(w, err)
	return p
}

// send sends a transaction of so many inputs at a rate in satoshi per 1000 virtual
// bytes, and tells whether there was room.
func (p *pressure) send(rate int64, inputs int) bool {
	require.LessOrEqual(p, p.used+inputs, fillings)
	id, err := chainhash.NewHashFromStr(p.from.String())
	require.NoError(p, err)
	witness := append(slices.Repeat([][]byte{make([]byte, 80)}, fillingItems), dropping)
	tx := wire.NewMsgTx(2)
	for range inputs {
		tx.AddTxIn(wire.NewTxIn(wire.NewOutPoint(id, uint32(p.used)), nil, witness))
		p.used++
	}
	tx.AddTxOut(wire.NewTxOut(0, []byte(script(p, p.to))))
	size := (3*tx.SerializeSizeStripped() + tx.SerializeSize() + 3) / 4
	tx.TxOut[0].Value = int64(inputs)*fillingMoney - (int64(size)*rate+999)/1000
	var raw bytes.Buffer
	require.NoError(p, tx.Serialize(&raw))
	err = p.call(nil, "sendrawtransaction", hex.EncodeToString(raw.Bytes()), 0)
	if err != nil {
		require.ErrorContains(p, err, "mempool full")
	}
	return err == nil
}

// fill sends transactions at a rate until the memory pool is full of them, and
// returns the rate that it demands then.
func (p *pressure) fill(rate int64) uint64 {
	for p.send(rate, fillingInputs) {
	}
	least := p.least()
	p.Logf("full with %d inputs, it demands %d", p.used, least)
	require.Greater(p, least, uint64(rate))
	return least
}

// least is the rate that the memory pool demands, in satoshi per 1000 virtual
// bytes.
func (w *payers) least() uint64 {
	var info struct {
		Least json.Number `json:"mempoolminfee"`
	}
	require.NoError(w, w.call(&info, "getmempoolinfo"))
	least, err := satoshi(info.Least)
	require.NoError(w, err)
	return least
}
