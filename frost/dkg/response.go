package dkg

import (
	"errors"
	"fmt"

	"github.com/serai-go/processor/internal/wire"
)

// Kinds of responses. A complaint names the dealers whose values were bad and
// proves it; nobody sends one yet, and it is refused.
const (
	responseOK        = 1
	responseComplaint = 2
)

var (
	// ErrResponse is wrapped by the errors about a response that breaks the
	// rules, which convicts its sender.
	ErrResponse = errors.New("dkg: invalid response")
	// ErrComplaint is wrapped, beside ErrResponse, for a complaint.
	ErrComplaint = errors.New("dkg: complaints are not supported")
)

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
	switch kind := r.Uint8(); kind {
	case responseOK:
		r.Fixed(transcript[:])
	case responseComplaint:
		r.Fail(ErrComplaint)
	default:
		r.Check(false, "kind")
	}
	if err := r.Done(); err != nil {
		return [32]byte{}, fmt.Errorf("%w of participant %d: %w", ErrResponse, from, err)
	}
	return transcript, nil
}
