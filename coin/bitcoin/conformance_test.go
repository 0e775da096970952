package bitcoin

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"testing"

	"github.com/btcsuite/btcd/btcec/v2"
	"github.com/btcsuite/btcd/btcec/v2/schnorr"
	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/txscript/v2"
	"github.com/btcsuite/btcd/wire/v2"
	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/frost/secp256k1"
	"github.com/serai-go/processor/internal/conformance"
)

func unhex(t testing.TB, s string) []byte {
	b, err := hex.DecodeString(s)
	require.NoError(t, err)
	return b
}

func TestConformanceKeyPath(t *testing.T) {
	conformance.Vectors(t, "*bip341_key_path*.json", func(t *testing.T, v conformance.Vector) {
		var in struct {
			InternalPublic string  `json:"internal_public"`
			InternalSecret string  `json:"internal_secret"`
			MerkleRoot     *string `json:"merkle_root"`
			UnsignedTx     string  `json:"unsigned_tx"`
			UTXOs          []struct {
				ScriptPubKey string
				AmountSats   int64
			}
			Input    int
			HashType txscript.SigHashType `json:"hash_type"`
			Aux      string
		}
		var want struct {
			Tweak          string
			OutputKey      string `json:"output_key"`
			ScriptPubKey   string `json:"script_pubkey"`
			Address        string
			InternalPublic string `json:"internal_public"`
			TweakedSecret  string `json:"tweaked_secret"`
			SighashMessage string `json:"sighash_message"`
			Sighash        string
			Witness        []string
		}
		require.NoError(t, json.Unmarshal(v.In, &in))
		require.NoError(t, json.Unmarshal(v.Want, &want))
		var root []byte
		if in.MerkleRoot != nil {
			root = unhex(t, *in.MerkleRoot)
		}
		switch v.Kind {
		case "output_key":
			internal, err := secp256k1.Group.DecodeElement(unhex(t, "02"+in.InternalPublic))
			require.NoError(t, err)
			output, err := secp256k1.TweakedKey(internal, secp256k1.TaprootTweak(root))
			require.NoError(t, err)
			x := secp256k1.XOnly(output)
			require.Equal(t, want.OutputKey, hex.EncodeToString(x[:]))
			script := witnessScript(1, x[:])
			require.Equal(t, want.ScriptPubKey, hex.EncodeToString(script))
			address, ok := scriptAddress(&chaincfg.MainNetParams, script)
			require.True(t, ok)
			require.Equal(t, want.Address, string(address))

		case "key_path":
			tx := new(wire.MsgTx)
			require.NoError(t, tx.Deserialize(bytes.NewReader(unhex(t, in.UnsignedTx))))
			spent := txscript.NewMultiPrevOutFetcher(nil)
			for i, utxo := range in.UTXOs {
				spent.AddPrevOut(tx.TxIn[i].PreviousOutPoint, wire.NewTxOut(utxo.AmountSats, unhex(t, utxo.ScriptPubKey)))
			}
			hash, err := txscript.CalcTaprootSignatureHash(
				txscript.NewTxSigHashes(tx, spent), in.HashType, tx, in.Input, spent)
			require.NoError(t, err)
			if in.HashType == txscript.SigHashDefault {
				hashes, err := (&unsigned{tx: tx, spent: spent}).signatureHashes()
				require.NoError(t, err)
				require.Equal(t, hash, hashes[in.Input])
			}
			require.Equal(t, want.Sighash, hex.EncodeToString(hash))
			tag := sha256.Sum256([]byte("TapSighash"))
			message := sha256.Sum256(bytes.Join([][]byte{tag[:], tag[:], unhex(t, want.SighashMessage)}, nil))
			require.Equal(t, message[:], hash)

			secret, public := btcec.PrivKeyFromBytes(unhex(t, in.InternalSecret))
			require.Equal(t, want.InternalPublic, hex.EncodeToString(schnorr.SerializePubKey(public)))
			tweaked := txscript.TweakTaprootPrivKey(*secret, root)
			require.Equal(t, want.TweakedSecret, hex.EncodeToString(tweaked.Serialize()))
			signature, err := schnorr.Sign(tweaked, hash, schnorr.CustomNonce([32]byte(unhex(t, in.Aux))))
			require.NoError(t, err)
			witness := signature.Serialize()
			internal, err := secp256k1.Group.DecodeElement(public.SerializeCompressed())
			require.NoError(t, err)
			output, err := secp256k1.TweakedKey(internal, secp256k1.TaprootTweak(root))
			require.NoError(t, err)
			require.True(t, secp256k1.Verify(secp256k1.XOnly(output), hash, witness))
			if in.HashType != txscript.SigHashDefault {
				witness = append(witness, byte(in.HashType))
			}
			require.Equal(t, want.Witness, []string{hex.EncodeToString(witness)})

		default:
			t.Fatalf("unknown kind %q", v.Kind)
		}
	})
}
