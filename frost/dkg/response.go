package dkg

import (
	"errors"
	"fmt"

	"github.com/serai-go/processor/internal/wire"
)

// Kinds of responses.
const (
	responseOK        = 1
	responseComplaint = 2
)

// FirstResponses is the number of the first round of responses. Round 1 is that
// of the deals; each round of responses is to the deals that are left then.
const FirstResponses = 2

// ErrResponse is wrapped by the errors about a response that breaks the rules,
// which convicts its sender.
var ErrResponse = errors.New("dkg: invalid response")

// Response is a decoded response: OK, or complaints. Its layout is
//
//	version 1 | setup hash 32 | sender 2 | round 1 | kind 1
//	OK:         transcript hash 32
//	complaints: count 4, each of them: dealer 2 | S 32 | c 32 | s 32
type Response struct {
	// From is the participant that sent it.
	From uint16
	// Round is the one that it is for, at least FirstResponses.
	Round uint8
	// OK tells that it approves of Transcript.
	OK         bool
	Transcript [32]byte

	complaints []complaint
}

func (s *Setup) encodeResponse(from uint16, round uint8, kind uint8, content func(*wire.Writer)) []byte {
	var w wire.Writer
	w.Uint8(version)
	w.Fixed(s.hash[:])
	w.Uint16(from)
	w.Uint8(round)
	w.Uint8(kind)
	content(&w)
	return w.Data()
}

// Respond returns the response of a participant whose shares are good and
// stored: OK, in a round, to the deals and keys of the result.
func (s *Setup) Respond(from uint16, round uint8, result *Result) []byte {
	return s.encodeResponse(from, round, responseOK, func(w *wire.Writer) { w.Fixed(result.Transcript[:]) })
}

// ReadResponse decodes what a participant broadcast in a round of responses. It
// fails alike for everybody, always with ErrResponse, and convicts its sender
// then. An OK convicts its sender too if it is for the present round and not of
// the transcript of the Result; complaints are for Judge.
func (s *Setup) ReadResponse(from uint16, raw []byte) (*Response, error) {
	if int(from) >= len(s.identities) {
		return nil, fmt.Errorf("%w: no participant %d", ErrResponse, from)
	}
	response := &Response{From: from}
	var hash [32]byte
	r := wire.NewReader(raw)
	r.Check(r.Uint8() == version, "version")
	r.Fixed(hash[:])
	r.Check(hash == s.hash, "setup hash")
	r.Check(r.Uint16() == from, "sender")
	response.Round = r.Uint8()
	r.Check(response.Round >= FirstResponses, "round")
	switch kind := r.Uint8(); kind {
	case responseOK:
		response.OK = true
		r.Fixed(response.Transcript[:])
	case responseComplaint:
		response.complaints = s.readComplaints(r)
	default:
		r.Check(false, "kind")
	}
	if err := r.Done(); err != nil {
		return nil, fmt.Errorf("%w of participant %d: %w", ErrResponse, from, err)
	}
	return response, nil
}
