package jsonrpc

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// The envelope around a result is taken apart by hand: a block is megabytes
// of hex in one string, and encoding/json would look at each byte of it four
// times. The scanner below only finds where values end. The values themselves
// are checked by whoever decodes them.

type scanner struct {
	data []byte
	pos  int
}

// malformed reports what is wrong here. An answer that just ends was cut off
// on its way (btcd sends no length), which may not happen again.
func (s *scanner) malformed(what string) error {
	err := fmt.Errorf("%w: %s at byte %d of %d", ErrMalformed, what, s.pos, len(s.data))
	if s.pos >= len(s.data) {
		return &TransientError{err}
	}
	return err
}

// next skips white space and returns the byte there, or 0 at the end.
func (s *scanner) next() byte {
	for ; s.pos < len(s.data); s.pos++ {
		switch c := s.data[s.pos]; c {
		case ' ', '\t', '\r', '\n':
		default:
			return c
		}
	}
	return 0
}

// take skips white space and the given byte, if it is there.
func (s *scanner) take(c byte) bool {
	if s.next() != c {
		return false
	}
	s.pos++
	return true
}

// str skips the string that begins here, and returns it with its quotes.
func (s *scanner) str() ([]byte, error) {
	start := s.pos
	for s.pos++; ; s.pos++ {
		n := bytes.IndexByte(s.data[s.pos:], '"')
		if n < 0 {
			s.pos = len(s.data)
			return nil, s.malformed("unterminated string")
		}
		s.pos += n
		escapes := 0
		for s.data[s.pos-1-escapes] == '\\' {
			escapes++
		}
		if escapes%2 == 0 {
			s.pos++
			return s.data[start:s.pos], nil
		}
	}
}

// value skips a value and returns its bytes.
func (s *scanner) value() ([]byte, error) {
	s.next()
	start, depth := s.pos, 0
	for {
		switch c := s.next(); c {
		case '"':
			if _, err := s.str(); err != nil {
				return nil, err
			}
		case '{', '[':
			depth++
			s.pos++
			continue
		case '}', ']':
			if depth == 0 {
				return nil, s.malformed("no value")
			}
			depth--
			s.pos++
		case ',', ':':
			if depth == 0 {
				return nil, s.malformed("no value")
			}
			s.pos++
			continue
		case 0:
			return nil, s.malformed("unterminated value")
		default:
			n := bytes.IndexAny(s.data[s.pos:], " \t\r\n,:]}[{\"")
			if n < 0 {
				n = len(s.data) - s.pos
			}
			s.pos += n
		}
		if depth == 0 {
			return s.data[start:s.pos], nil
		}
	}
}

// response is one JSON-RPC response, its members unparsed. Absent members are
// nil.
type response struct{ id, result, err []byte }

// response reads an object and picks the members of a response.
func (s *scanner) response() (response, error) {
	var r response
	if !s.take('{') {
		return r, s.malformed("no object")
	}
	if s.take('}') {
		return r, nil
	}
	for {
		if s.next() != '"' {
			return r, s.malformed("no member name")
		}
		name, err := s.str()
		if err != nil {
			return r, err
		}
		if !s.take(':') {
			return r, s.malformed("no colon")
		}
		value, err := s.value()
		if err != nil {
			return r, err
		}
		var member *[]byte
		switch string(name) {
		case `"id"`:
			member = &r.id
		case `"result"`:
			member = &r.result
		case `"error"`:
			member = &r.err
		}
		if member != nil {
			if *member != nil {
				return r, s.malformed("repeated member")
			}
			*member = value
		}
		if s.take('}') {
			return r, nil
		}
		if !s.take(',') {
			return r, s.malformed("no comma")
		}
	}
}

// responses reads an array of responses, at most limit of them.
func (s *scanner) responses(limit int) ([]response, error) {
	if !s.take('[') {
		return nil, s.malformed("no array")
	}
	if s.take(']') {
		return nil, nil
	}
	var all []response
	for {
		if len(all) == limit {
			return nil, s.malformed("more responses than requests")
		}
		r, err := s.response()
		if err != nil {
			return nil, err
		}
		all = append(all, r)
		if s.take(']') {
			return all, nil
		}
		if !s.take(',') {
			return nil, s.malformed("no comma")
		}
	}
}

// end refuses anything but white space in the rest.
func (s *scanner) end() error {
	s.next()
	if s.pos < len(s.data) {
		return s.malformed("trailing bytes")
	}
	return nil
}

// failure returns the server's error, or nil if the response has none.
func (r response) failure() error {
	if r.err == nil || string(r.err) == "null" {
		return nil
	}
	var e struct {
		Code    *int64  `json:"code"`
		Message *string `json:"message"`
	}
	if err := json.Unmarshal(r.err, &e); err != nil {
		return fmt.Errorf("%w: error member: %w", ErrMalformed, err)
	}
	if e.Code == nil {
		return fmt.Errorf("%w: error without a code", ErrMalformed)
	}
	answer := &Error{Code: *e.Code}
	if e.Message != nil {
		answer.Message = *e.Message
	}
	return answer
}

// decode parses the result into a pointer. A nil pointer only checks that
// there is a result.
func (r response) decode(result any) error {
	if r.result == nil {
		return fmt.Errorf("%w: neither result nor error", ErrMalformed)
	}
	var err error
	switch result := result.(type) {
	case nil:
		if !json.Valid(r.result) {
			err = fmt.Errorf("invalid JSON")
		}
	case *Hex:
		err = result.UnmarshalJSON(r.result)
	default:
		err = json.Unmarshal(r.result, result)
	}
	if err != nil {
		return fmt.Errorf("%w: result: %w", ErrMalformed, err)
	}
	return nil
}
