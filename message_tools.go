package processor

import "github.com/serai-go/processor/signer"

// RewriteShares returns a peer message's payload with other signature shares:
// change gets each with what it is for and returns the one to send instead,
// which must not be empty. It serves tests and tools that play a faulty
// validator; a processor never calls it.
func RewriteShares(payload []byte, change func(id signer.ID, share []byte) []byte) ([]byte, error) {
	parts, err := decodePayload(payload)
	if err != nil {
		return nil, err
	}
	for i, p := range parts {
		if p.keygen {
			continue
		}
		if parts[i].item, err = signer.RewriteShare(p.item, change); err != nil {
			return nil, err
		}
	}
	return encodePayload(parts), nil
}
