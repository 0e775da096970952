package bitcoin

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"slices"

	"github.com/btcsuite/btcd/txscript/v2"

	"github.com/serai-go/processor/coin/bitcoin/block"
)

func pubKeyHashScript(hash []byte) []byte {
	return slices.Concat([]byte{txscript.OP_DUP, txscript.OP_HASH160, hashSize}, hash,
		[]byte{txscript.OP_EQUALVERIFY, txscript.OP_CHECKSIG})
}

func pubKeyHash(script []byte) (hash []byte, ok bool) {
	if len(script) != hashSize+5 || !bytes.Equal(script, pubKeyHashScript(script[3:23])) {
		return nil, false
	}
	return script[3:23], true
}

func scriptHashScript(hash []byte) []byte {
	return slices.Concat([]byte{txscript.OP_HASH160, hashSize}, hash, []byte{txscript.OP_EQUAL})
}

func scriptHash(script []byte) (hash []byte, ok bool) {
	if len(script) != hashSize+3 || !bytes.Equal(script, scriptHashScript(script[2:22])) {
		return nil, false
	}
	return script[2:22], true
}

// witnessScript is a witness version and program (BIP-141).
func witnessScript(version int, program []byte) []byte {
	opcode := byte(txscript.OP_0)
	if version > 0 {
		opcode = byte(txscript.OP_1 - 1 + version)
	}
	return slices.Concat([]byte{opcode, byte(len(program))}, program)
}

func witnessProgram(script []byte) (version int, program []byte, ok bool) {
	if len(script) < 4 || len(script) > 42 || int(script[1]) != len(script)-2 {
		return 0, nil, false
	}
	switch opcode := script[0]; {
	case opcode == txscript.OP_0:
	case opcode >= txscript.OP_1 && opcode <= txscript.OP_16:
		version = int(opcode) - txscript.OP_1 + 1
	default:
		return 0, nil, false
	}
	return version, script[2:], true
}

// isAnchor tells whether a script is an anchor, whose output anyone may
// spend. It has an address but belongs to nobody.
func isAnchor(script []byte) bool { return string(script) == "\x51\x02\x4e\x73" }

// relayDust is the least amount that relay lets be paid to a script: what it
// costs at 3 satoshi per virtual byte to make the output and to spend it
// again, in satoshi.
func relayDust(script []byte) uint64 {
	const outpointAndSequence, witness = 41, 107
	spend := uint64(outpointAndSequence + witness)
	if _, _, ok := witnessProgram(script); ok {
		spend = outpointAndSequence + witness/4
	}
	return 3 * (outputSize(script) + spend)
}

// instructionData returns the data that a transaction carries: what its first
// OP_RETURN output pushes, or else the preimage that one of its witness
// scripts asks for. Nil means none.
func instructionData(t *block.Transaction) []byte {
	for _, o := range t.Outputs() {
		if len(o.Script) > 0 && o.Script[0] == txscript.OP_RETURN {
			if data := singlePush(o.Script[1:]); len(data) > 0 {
				return data
			}
			break
		}
	}
	for _, w := range t.Witnesses() {
		var preimage, script []byte
		for item := range w.Items() {
			preimage, script = script, item
		}
		if data := preimageOf(script, preimage); len(data) > 0 {
			return data
		}
	}
	return nil
}

// singlePush returns the data of a script that is one push and nothing else.
func singlePush(script []byte) []byte {
	if len(script) == 0 {
		return nil
	}
	opcode, rest := script[0], script[1:]
	size := 0 // of the length
	switch {
	case opcode <= txscript.OP_DATA_75:
		if int(opcode) == len(rest) {
			return rest
		}
		return nil
	case opcode == txscript.OP_PUSHDATA1:
		size = 1
	case opcode == txscript.OP_PUSHDATA2:
		size = 2
	case opcode == txscript.OP_PUSHDATA4:
		size = 4
	default:
		return nil
	}
	if len(rest) < size {
		return nil
	}
	var length [8]byte
	copy(length[:], rest[:size])
	if binary.LittleEndian.Uint64(length[:]) != uint64(len(rest)-size) {
		return nil
	}
	return rest[size:]
}

// preimageOf returns the preimage if the script begins with OP_SHA256, a push
// of its hash and OP_EQUALVERIFY.
func preimageOf(script, preimage []byte) []byte {
	const form = 2 + sha256.Size + 1
	if len(script) < form || script[0] != txscript.OP_SHA256 || script[1] != txscript.OP_DATA_32 ||
		script[form-1] != txscript.OP_EQUALVERIFY || sha256.Sum256(preimage) != [32]byte(script[2:form-1]) {
		return nil
	}
	return preimage
}
