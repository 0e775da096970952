package clsag_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin/monero/clsag"
	"github.com/serai-go/processor/coin/monero/keys"
)

// What parses, encodes to the same bytes.
func FuzzParse(f *testing.F) {
	sound := newSigned(f, 2, 1)
	encoded := sound.signature.Append(nil)
	f.Add(encoded, 2)
	f.Add(encoded, 3)
	f.Add(encoded[:96], 1)
	f.Add([]byte{}, -2)
	f.Add(append(sound.image[:], encoded...), 2)
	f.Fuzz(func(t *testing.T, data []byte, ring int) {
		if s, err := clsag.Parse(data, ring); err == nil {
			require.Len(t, s.S, ring)
			require.Equal(t, data, s.Append(nil))
		} else {
			require.ErrorIs(t, err, clsag.ErrEncoding)
		}
		if image, s, err := clsag.ParseSigned(data, ring); err == nil {
			require.Equal(t, data, s.Append(image[:]))
		} else {
			require.ErrorIs(t, err, clsag.ErrEncoding)
		}
	})
}

// Nothing but what was signed verifies: not with any part of it replaced, and no
// bytes cause a panic.
func FuzzVerify(f *testing.F) {
	sound := newSigned(f, 2, 1)
	fixed := sound.parts()
	f.Add(fixed)
	for i := range len(fixed) / 32 {
		for _, part := range [][]byte{make([]byte, 32), {31: 0xff}, {0: 1, 31: 0x80}, {0: 0xec, 31: 0x7f}, fixed[:32]} {
			changed := bytes.Clone(fixed)
			copy(changed[32*i:], part)
			f.Add(changed)
		}
	}
	for _, p := range torsion(f) {
		f.Add(append(bytes.Clone(fixed[:len(fixed)-64]), append(p.Bytes(), sound.pseudoOut[:]...)...))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		v := sound.clone()
		if !v.set(data) {
			return
		}
		err := v.verify()
		require.Equal(t, bytes.Equal(v.parts(), fixed), err == nil, "%v", err)
		if _, imageErr := keys.DecodePrimeOrder(v.image[:]); imageErr != nil {
			require.Error(t, err)
		}
	})
}

// parts returns all parts, one after the other.
func (v signed) parts() []byte {
	b := v.signature.Append(nil)
	for _, m := range v.ring {
		b = append(append(b, m.Key[:]...), m.Commitment[:]...)
	}
	for _, part := range [][32]byte{v.message, v.image, v.pseudoOut} {
		b = append(b, part[:]...)
	}
	return b
}

// set sets all parts to what parts may have returned.
func (v *signed) set(b []byte) bool {
	if len(b) != len(v.parts()) {
		return false
	}
	size := clsag.Size(len(v.ring))
	s, err := clsag.Parse(b[:size], len(v.ring))
	if err != nil {
		return false
	}
	v.signature = *s
	fields := []*[32]byte{}
	for i := range v.ring {
		fields = append(fields, &v.ring[i].Key, &v.ring[i].Commitment)
	}
	for i, field := range append(fields, &v.message, &v.image, &v.pseudoOut) {
		*field = [32]byte(b[size+32*i:])
	}
	return true
}
