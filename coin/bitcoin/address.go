package bitcoin

import (
	"fmt"

	"github.com/btcsuite/btcd/address/v2/base58"
	"github.com/btcsuite/btcd/address/v2/bech32"
	"github.com/btcsuite/btcd/chaincfg/v2"

	"github.com/serai-go/processor/coin"
)

const (
	maxWitnessVersion = 16
	// maxProgram is the longest witness program that all nodes relay. BIP-141
	// has room for 40 bytes, but scripts above 34 are not for all.
	maxProgram = 32
	hashSize   = 20 // of a public key or script in the old addresses
)

// addressScript is the function of this name, remembered: a payment's address
// is needed at each step from its first price to its last signature.
func (c *Coin) addressScript(address coin.Address) ([]byte, error) {
	if script, ok := c.scripts.Get(address); ok {
		return script, nil
	}
	script, err := addressScript(c.params, address)
	if err != nil {
		return nil, err
	}
	c.scripts.Put(address, script)
	return script, nil
}

// addressScript returns the script that an address stands for. Every address
// has one text: bech32 and bech32m in lower case (BIP-173, BIP-350), base58
// with checksum for P2PKH and P2SH.
func addressScript(params *chaincfg.Params, address coin.Address) ([]byte, error) {
	script, err := decodeAddress(params, string(address))
	if err != nil {
		return nil, fmt.Errorf("%w: %q: %w", coin.ErrAddress, string(address), err)
	}
	if canonical, ok := scriptAddress(params, script); !ok || canonical != address {
		return nil, fmt.Errorf("%w: %q is not the address's usual text", coin.ErrAddress, string(address))
	}
	return script, nil
}

func decodeAddress(params *chaincfg.Params, address string) ([]byte, error) {
	if len(address) > coin.MaxAddress {
		return nil, fmt.Errorf("%d bytes long", len(address))
	}
	if payload, version, err := base58.CheckDecode(address); err == nil {
		switch {
		case len(payload) != hashSize:
			return nil, fmt.Errorf("a hash of %d bytes", len(payload))
		case version == params.PubKeyHashAddrID:
			return pubKeyHashScript(payload), nil
		case version == params.ScriptHashAddrID:
			return scriptHashScript(payload), nil
		}
		return nil, fmt.Errorf("version %d is not of %s", version, params.Name)
	}
	prefix, data, encoding, err := bech32.DecodeGeneric(address)
	if err != nil {
		return nil, fmt.Errorf("neither base58 nor bech32: %w", err)
	}
	if prefix != params.Bech32HRPSegwit {
		return nil, fmt.Errorf("prefix %q is not that of %s", prefix, params.Name)
	}
	if len(data) == 0 || data[0] > maxWitnessVersion {
		return nil, fmt.Errorf("no witness version")
	}
	version := int(data[0])
	if (version == 0) != (encoding == bech32.Version0) {
		return nil, fmt.Errorf("the checksum is not that of witness version %d", version)
	}
	program, err := bech32.ConvertBits(data[1:], 5, 8, false)
	if err != nil {
		return nil, fmt.Errorf("witness program: %w", err)
	}
	switch n := len(program); {
	case n < 2 || n > maxProgram:
		return nil, fmt.Errorf("a witness program of %d bytes is not relayed", n)
	case version == 0 && n != 20 && n != 32:
		return nil, fmt.Errorf("a witness program of %d bytes in version 0", n)
	}
	return witnessScript(version, program), nil
}

// scriptAddress returns the address of a script. Of the scripts that relay
// lets be paid, bare keys, bare multisignatures and data have none.
func scriptAddress(params *chaincfg.Params, script []byte) (coin.Address, bool) {
	if hash, ok := pubKeyHash(script); ok {
		return coin.Address(base58.CheckEncode(hash, params.PubKeyHashAddrID)), true
	}
	if hash, ok := scriptHash(script); ok {
		return coin.Address(base58.CheckEncode(hash, params.ScriptHashAddrID)), true
	}
	version, program, ok := witnessProgram(script)
	if !ok || len(program) > maxProgram || version == 0 && len(program) != 20 && len(program) != 32 {
		return "", false
	}
	data, err := bech32.ConvertBits(program, 8, 5, true)
	if err != nil {
		return "", false
	}
	encode := bech32.EncodeM
	if version == 0 {
		encode = bech32.Encode
	}
	text, err := encode(params.Bech32HRPSegwit, append([]byte{byte(version)}, data...))
	return coin.Address(text), err == nil
}
