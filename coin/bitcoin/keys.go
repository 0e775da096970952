package bitcoin

import (
	"crypto/sha512"
	"fmt"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/frost/secp256k1"
	"github.com/serai-go/processor/internal/wire"
)

// outputKey is where outputs of one kind for one network key go.
type outputKey struct {
	// tweaks turn the network key into the output key.
	tweaks []secp256k1.Tweak
	// x is the output key as BIP-340 writes it.
	x [32]byte
	// script is OP_1 and a push of x.
	script []byte
}

// kindKeys are the output keys of a network key, by kind.
type kindKeys [len(coin.Kinds)]outputKey

// deriveKeys computes a network key's output keys. That of kind k is the
// BIP-341 output key without scripts for the internal key P + o·G, where o is
// a hash of the network and the kind, and zero for external outputs.
func deriveKeys(genesis coin.BlockID, key []byte) (*kindKeys, error) {
	group, err := secp256k1.Group.DecodeElement(key)
	if err != nil {
		return nil, fmt.Errorf("bitcoin: network key: %w", err)
	}
	keys := new(kindKeys)
	for i, kind := range coin.Kinds {
		k := &keys[i]
		if kind != coin.External {
			k.tweaks = append(k.tweaks, secp256k1.PlainTweak(kindOffset(genesis, kind)))
		}
		k.tweaks = append(k.tweaks, secp256k1.TaprootTweak(nil))
		output, err := secp256k1.TweakedKey(group, k.tweaks...)
		if err != nil {
			return nil, fmt.Errorf("bitcoin: %s key: %w", kind, err)
		}
		k.x = secp256k1.XOnly(output)
		k.script = witnessScript(1, k.x[:])
	}
	return keys, nil
}

// kindOffset is o, a scalar that nobody chose.
func kindOffset(genesis coin.BlockID, kind coin.Kind) [32]byte {
	var w wire.Writer
	w.String("serai-go/processor bitcoin output kind v1")
	w.Fixed(genesis[:])
	w.Uint8(uint8(kind))
	wide := sha512.Sum512(w.Data())
	return [32]byte(secp256k1.Group.ScalarFromUniform(&wide).Bytes())
}

// kindKeys returns the output keys of a network key.
func (c *Coin) kindKeys(key []byte) (*kindKeys, error) {
	if keys, ok := c.keys.Get(string(key)); ok {
		return keys, nil
	}
	keys, err := deriveKeys(c.genesis, key)
	if err != nil {
		return nil, err
	}
	c.keys.Put(string(key), keys)
	return keys, nil
}

// outputKey returns the output key of one kind for a network key.
func (c *Coin) outputKey(key []byte, kind coin.Kind) (*outputKey, error) {
	if int(kind) >= len(coin.Kinds) {
		return nil, fmt.Errorf("bitcoin: unknown output %s", kind)
	}
	keys, err := c.kindKeys(key)
	if err != nil {
		return nil, err
	}
	return &keys[kind], nil
}
