package bitcointest

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"

	"github.com/btcsuite/btcd/address/v2"
	"github.com/btcsuite/btcd/btcec/v2"
	"github.com/btcsuite/btcd/btcec/v2/schnorr"
	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/txscript/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"github.com/serai-go/processor/coin"
)

var params = &chaincfg.RegressionNetParams

// Origin is a form of output that the user can hold and pay from.
type Origin int

// Origins. All but P2PK have an address.
const (
	P2WPKH Origin = iota
	P2TR
	P2PKH
	P2SH // of P2WPKH
	P2WSH
	P2PK
	origins
)

// addressed is the number of origins that have an address.
const addressed = int(P2PK)

// owner can spend outputs of one script.
type owner struct {
	key    *btcec.PrivateKey
	origin Origin
	script []byte
	// inner is the script behind the hash of a P2SH or P2WSH script.
	inner   []byte
	address coin.Address // empty for P2PK
}

// newOwner derives the user's key of the given number.
func newOwner(seed string, number uint64, origin Origin) (*owner, error) {
	secret := sha256.Sum256(binary.BigEndian.AppendUint64([]byte("bitcointest "+seed), number))
	key, _ := btcec.PrivKeyFromBytes(secret[:])
	o := &owner{key: key, origin: origin}
	public := key.PubKey().SerializeCompressed()
	hash := address.Hash160(public)
	var at address.Address
	var err error
	switch origin {
	case P2WPKH:
		at, err = address.NewAddressWitnessPubKeyHash(hash, params)
	case P2TR:
		output := txscript.ComputeTaprootKeyNoScript(key.PubKey())
		at, err = address.NewAddressTaproot(schnorr.SerializePubKey(output), params)
	case P2PKH:
		at, err = address.NewAddressPubKeyHash(hash, params)
	case P2SH:
		o.inner = append([]byte{txscript.OP_0, txscript.OP_DATA_20}, hash...)
		at, err = address.NewAddressScriptHash(o.inner, params)
	case P2WSH:
		o.inner = pubKeyScript(public)
		program := sha256.Sum256(o.inner)
		at, err = address.NewAddressWitnessScriptHash(program[:], params)
	case P2PK:
		o.script = pubKeyScript(public)
		return o, nil
	default:
		return nil, fmt.Errorf("bitcointest: unknown origin %d", origin)
	}
	if err != nil {
		return nil, fmt.Errorf("bitcointest: address: %w", err)
	}
	o.address = coin.Address(at.EncodeAddress())
	if o.script, err = txscript.PayToAddrScript(at); err != nil {
		return nil, fmt.Errorf("bitcointest: script: %w", err)
	}
	return o, nil
}

func pubKeyScript(public []byte) []byte {
	script := append([]byte{byte(len(public))}, public...)
	return append(script, txscript.OP_CHECKSIG)
}

// sign signs one input that spends an output of value to the owner.
func (o *owner) sign(tx *wire.MsgTx, spent txscript.PrevOutputFetcher, index int, value int64) error {
	const all = txscript.SigHashAll
	in := tx.TxIn[index]
	hashes := txscript.NewTxSigHashes(tx, spent)
	var err error
	switch o.origin {
	case P2WPKH:
		in.Witness, err = txscript.WitnessSignature(tx, hashes, index, value, o.script, all, o.key, true)
	case P2TR:
		in.Witness, err = txscript.TaprootWitnessSignature(tx, hashes, index, value, o.script, txscript.SigHashDefault, o.key)
	case P2PKH:
		in.SignatureScript, err = txscript.SignatureScript(tx, index, o.script, all, o.key, true)
	case P2SH:
		in.SignatureScript = append([]byte{byte(len(o.inner))}, o.inner...)
		in.Witness, err = txscript.WitnessSignature(tx, hashes, index, value, o.inner, all, o.key, true)
	case P2WSH:
		var signature []byte
		signature, err = txscript.RawTxInWitnessSignature(tx, hashes, index, value, o.inner, all, o.key)
		in.Witness = wire.TxWitness{signature, o.inner}
	case P2PK:
		var signature []byte
		signature, err = txscript.RawTxInSignature(tx, index, o.script, all, o.key)
		in.SignatureScript = append([]byte{byte(len(signature))}, signature...)
	}
	if err != nil {
		return fmt.Errorf("bitcointest: sign: %w", err)
	}
	return nil
}
