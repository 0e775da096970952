package dkg

import (
	"errors"
	"fmt"

	"github.com/serai-go/processor/internal/wire"
)

// responseOK is the only kind of response: whoever was dealt bad values does
// not respond.
const responseOK = 1

// ErrResponse is wrapped by the errors about a response that breaks the rules,
// which convicts its sender.
var ErrResponse = errors.New("dkg: invalid response")

// Respond returns the response of a participant whose shares are good and
// stored: OK to these deals and keys.
func (s *Setup) Respond(from uint16, result *Result) []byte {
	var w wire.Writer
	w.Uint8(version)
	w.Fixed(s.hash[:])
	w.Uint16(from)
	w.Uint8(responseOK)
	w.Fixed(result.Transcript[:])
	return w.Data()
}

// ReadResponse decodes what a participant broadcast in the second round and
// returns the transcript hash that it approves of. Its sender is convicted if
// that is not the hash of the Result, or if ReadResponse fails, which it always
// does with ErrResponse and alike for everybody.
func (s *Setup) ReadResponse(from uint16, raw []byte) (transcript [32]byte, err error) {
	if int(from) >= len(s.identities) {
		return transcript, fmt.Errorf("%w: no participant %d", ErrResponse, from)
	}
	var hash [32]byte
	r := wire.NewReader(raw)
	r.Check(r.Uint8() == version, "version")
	r.Fixed(hash[:])
	r.Check(hash == s.hash, "setup hash")
	r.Check(r.Uint16() == from, "sender")
	r.Check(r.Uint8() == responseOK, "kind")
	r.Fixed(transcript[:])
	if err := r.Done(); err != nil {
		return [32]byte{}, fmt.Errorf("%w of participant %d: %w", ErrResponse, from, err)
	}
	return transcript, nil
}
