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
var smallPool = []string{"-maxmempool=5", "-incrementalrelayfee=0.000001"}

const (
	fillings       = 80
	fillingOutputs = 2200 // almost as much as relay lets a transaction have
	fillingValue   = 330
	fillingMoney   = 1_200_000
)

// pressure fills the memory pool with other people's transactions.
type pressure struct {
	*payers
	to   coin.Address // whose outputs anybody can spend
	from coin.TransactionID
	used int
}

// anybody is OP_TRUE.
var anybody = []byte{txscript.OP_TRUE}

// newPressure gives other people money.
func (w *payers) newPressure() *pressure {
	hash := sha256.Sum256(anybody)
	at, err := address.NewAddressWitnessScriptHash(hash[:], &chaincfg.RegressionNetParams)
	require.NoError(w, err)
	p := &pressure{payers: w}
	p.to = coin.Address(at.EncodeAddress())
	to := cointest.Target{Address: p.to, Amount: fillingMoney}
	p.from, err = w.chain.Pay(w.ctx, cointest.Deposit{To: slices.Repeat([]cointest.Target{to}, fillings)})
	require.NoError(w, err)
	return p
}

// send sends a transaction of so many outputs at a rate in satoshi per 1000 virtual
// bytes, and tells whether there was room.
func (p *pressure) send(rate int64, outputs int) bool {
	require.Less(p, p.used, fillings)
	id, err := chainhash.NewHashFromStr(p.from.String())
	require.NoError(p, err)
	tx := wire.NewMsgTx(2)
	tx.AddTxIn(wire.NewTxIn(wire.NewOutPoint(id, uint32(p.used)), nil, wire.TxWitness{anybody}))
	to := []byte(script(p, p.to))
	for range outputs {
		tx.AddTxOut(wire.NewTxOut(fillingValue, to))
	}
	p.used++
	size := (3*tx.SerializeSizeStripped() + tx.SerializeSize() + 3) / 4
	tx.TxOut[0].Value = fillingMoney - int64(outputs-1)*fillingValue - (int64(size)*rate+999)/1000
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
	for p.send(rate, fillingOutputs) {
	}
	least := p.least()
	p.Logf("full with %d transactions, it demands %d", p.used, least)
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
