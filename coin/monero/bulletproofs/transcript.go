package bulletproofs

import (
	"filippo.io/edwards25519"

	"github.com/serai-go/processor/coin/monero/keys"
)

// transcript is the last challenge, or before the first one what Monero's
// proofs begin with. Each challenge is the hash of it and of what the prover
// said since.
type transcript [keys.Size]byte

// newTranscript begins the proof for the commitments, each divided by 8.
func newTranscript(eighths [][keys.Size]byte) (*transcript, error) {
	t := transcript(keys.ProofTranscript())
	parts := make([][]byte, len(eighths))
	for i := range eighths {
		parts[i] = eighths[i][:]
	}
	h, err := keys.HashToScalar(parts...)
	if err != nil {
		return nil, err
	}
	_, err = t.next(h.Bytes())
	return &t, err
}

// next returns the next challenge. None is zero.
func (t *transcript) next(parts ...[]byte) (*edwards25519.Scalar, error) {
	e, err := keys.HashToScalar(append([][]byte{t[:]}, parts...)...)
	if err != nil {
		return nil, err
	}
	*t = transcript(e.Bytes())
	return e, nil
}
