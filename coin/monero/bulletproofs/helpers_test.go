package bulletproofs_test

import (
	"encoding/binary"
	"encoding/hex"
	"io"
	"testing"

	"filippo.io/edwards25519"
	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/sha3"

	"github.com/serai-go/processor/coin/monero/bulletproofs"
	"github.com/serai-go/processor/coin/monero/keys"
)

// stream returns endless bytes that follow from a seed.
func stream(seed uint64) io.Reader {
	h := sha3.NewShake128()
	h.Write(binary.LittleEndian.AppendUint64(nil, seed))
	return h
}

// scalars returns n scalars that follow from a seed.
func scalars(t testing.TB, seed uint64, n int) []*edwards25519.Scalar {
	t.Helper()
	random := stream(seed)
	list := make([]*edwards25519.Scalar, n)
	for i := range list {
		var wide [64]byte
		_, err := io.ReadFull(random, wide[:])
		require.NoError(t, err)
		list[i], err = new(edwards25519.Scalar).SetUniformBytes(wide[:])
		require.NoError(t, err)
	}
	return list
}

func commit(masks []*edwards25519.Scalar, amounts []uint64) [][keys.Size]byte {
	list := make([][keys.Size]byte, len(amounts))
	for i := range amounts {
		list[i] = [keys.Size]byte(keys.Commit(masks[i], amounts[i]).Bytes())
	}
	return list
}

// made returns a proof for amounts of many sizes and its commitments.
func made(t testing.TB, seed uint64, outputs int) (*bulletproofs.Proof, [][keys.Size]byte) {
	t.Helper()
	masks := scalars(t, seed, outputs)
	amounts := make([]uint64, outputs)
	for i := range amounts {
		amounts[i] = (seed + 12345) << (4 * i)
	}
	p, err := bulletproofs.Prove(stream(^seed), amounts, masks)
	require.NoError(t, err)
	return p, commit(masks, amounts)
}

func fromHex(t testing.TB, text string) (b [keys.Size]byte) {
	t.Helper()
	list, err := hex.DecodeString(text)
	require.NoError(t, err)
	require.Len(t, list, keys.Size)
	return [keys.Size]byte(list)
}
