package bitcoin

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/btcsuite/btcd/btcec/v2"
	"github.com/btcsuite/btcd/btcec/v2/schnorr"
	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/txscript/v2"
	"github.com/btcsuite/btcd/wire/v2"
	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/frost/secp256k1"
)

// conformanceFile reads a file of the conformance data, or skips.
func conformanceFile(t testing.TB, name string) []byte {
	root := os.Getenv("CONFORMANCE_DATA")
	if root == "" {
		root = filepath.Join("..", "..", "..", "shared")
	}
	data, err := os.ReadFile(filepath.Join(root, name))
	if err != nil && os.Getenv("CONFORMANCE_REQUIRED") == "1" {
		t.Fatalf("conformance data: %v", err)
	}
	if err != nil {
		t.Skipf("no conformance data: %v", err)
	}
	return data
}

func unhex(t testing.TB, s string) []byte {
	b, err := hex.DecodeString(s)
	require.NoError(t, err)
	return b
}

func TestConformanceKeyPath(t *testing.T) {
	var file struct {
		Cases []struct {
			ID, Kind string
			In       struct {
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
			Want struct {
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
		}
	}
	require.NoError(t, json.Unmarshal(conformanceFile(t, "vectors/frost/bip341_key_path.json"), &file))
	for _, test := range file.Cases {
		t.Run(test.ID, func(t *testing.T) {
			var root []byte
			if test.In.MerkleRoot != nil {
				root = unhex(t, *test.In.MerkleRoot)
			}
			switch test.Kind {
			case "output_key":
				internal, err := secp256k1.Group.DecodeElement(unhex(t, "02"+test.In.InternalPublic))
				require.NoError(t, err)
				output, err := secp256k1.TweakedKey(internal, secp256k1.TaprootTweak(root))
				require.NoError(t, err)
				x := secp256k1.XOnly(output)
				require.Equal(t, test.Want.OutputKey, hex.EncodeToString(x[:]))
				script := witnessScript(1, x[:])
				require.Equal(t, test.Want.ScriptPubKey, hex.EncodeToString(script))
				address, ok := scriptAddress(&chaincfg.MainNetParams, script)
				require.True(t, ok)
				require.Equal(t, test.Want.Address, string(address))

			case "key_path":
				tx := new(wire.MsgTx)
				require.NoError(t, tx.Deserialize(bytes.NewReader(unhex(t, test.In.UnsignedTx))))
				spent := txscript.NewMultiPrevOutFetcher(nil)
				for i, utxo := range test.In.UTXOs {
					spent.AddPrevOut(tx.TxIn[i].PreviousOutPoint, wire.NewTxOut(utxo.AmountSats, unhex(t, utxo.ScriptPubKey)))
				}
				hash, err := txscript.CalcTaprootSignatureHash(
					txscript.NewTxSigHashes(tx, spent), test.In.HashType, tx, test.In.Input, spent)
				require.NoError(t, err)
				if test.In.HashType == txscript.SigHashDefault {
					hashes, err := (&unsigned{tx: tx, spent: spent}).signatureHashes()
					require.NoError(t, err)
					require.Equal(t, hash, hashes[test.In.Input])
				}
				require.Equal(t, test.Want.Sighash, hex.EncodeToString(hash))
				tag := sha256.Sum256([]byte("TapSighash"))
				message := sha256.Sum256(bytes.Join([][]byte{tag[:], tag[:], unhex(t, test.Want.SighashMessage)}, nil))
				require.Equal(t, message[:], hash)

				secret, public := btcec.PrivKeyFromBytes(unhex(t, test.In.InternalSecret))
				require.Equal(t, test.Want.InternalPublic, hex.EncodeToString(schnorr.SerializePubKey(public)))
				tweaked := txscript.TweakTaprootPrivKey(*secret, root)
				require.Equal(t, test.Want.TweakedSecret, hex.EncodeToString(tweaked.Serialize()))
				signature, err := schnorr.Sign(tweaked, hash, schnorr.CustomNonce([32]byte(unhex(t, test.In.Aux))))
				require.NoError(t, err)
				witness := signature.Serialize()
				output, err := secp256k1.TweakedKey(
					secp256k1.NewElement(public), secp256k1.TaprootTweak(root))
				require.NoError(t, err)
				require.True(t, secp256k1.Verify(secp256k1.XOnly(output), hash, witness))
				if test.In.HashType != txscript.SigHashDefault {
					witness = append(witness, byte(test.In.HashType))
				}
				require.Equal(t, test.Want.Witness, []string{hex.EncodeToString(witness)})

			default:
				t.Fatalf("unknown kind %q", test.Kind)
			}
		})
	}
	t.Logf("%s: %d cases", "bip341_key_path.json", len(file.Cases))
}
