package block_test

import (
	"bytes"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/serai-go/processor/coin/monero/block"
	"github.com/serai-go/processor/coin/monero/keys"
)

func TestExtraIsReadUpToTheFirstMalformedPart(t *testing.T) {
	key := bytes.Repeat([]byte{7}, 32)
	first := append([]byte{block.TagKey}, key...)
	after := func(b ...byte) block.Extra { return slices.Concat(first, b, first) }
	for _, test := range []struct {
		name  string
		extra block.Extra
		parts int
	}{
		{"nothing", nil, 0},
		{"an unknown tag", after(5), 1},
		{"a key that ends early", block.Extra(first[:32]), 0},
		{"a key and a key that ends early", slices.Concat(first, first[:32]), 1},
		{"an empty nonce", after(block.TagNonce, 0), 3},
		{"a nonce that ends early", slices.Concat(first, []byte{block.TagNonce, 2, 1}), 1},
		{"a nonce without size", slices.Concat(first, []byte{block.TagNonce}), 1},
		{"the longest nonce", slices.Concat([]byte{block.TagNonce, 0xff, 1}, make([]byte, 255), first), 2},
		{"a nonce too long", slices.Concat([]byte{block.TagNonce, 0x80, 2}, make([]byte, 256), first), 0},
		{"a size that is not canonical", after(block.TagNonce, 0x81, 0, 9), 1},
		{"no additional keys", after(block.TagAdditionalKeys, 0), 3},
		{"additional keys that end early", slices.Concat([]byte{block.TagAdditionalKeys, 2}, key, key[:31]), 0},
		{"a huge number of additional keys", after(block.TagAdditionalKeys, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1), 1},
		{"more than 2^59 additional keys", after(block.TagAdditionalKeys, 0x81, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x08), 1},
		{"a merge mining part of another form", after(block.TagMergeMining, 2, 1, 1), 3},
		{"padding", slices.Concat(first, []byte{0, 0, 0}), 2},
		{"padding with something behind it", after(0, 0), 1},
		{"the longest padding", slices.Concat(first, make([]byte, 255)), 2},
		{"padding too long", slices.Concat(first, make([]byte, 256)), 1},
		{"minergate", after(block.TagMinergate, 1, 1), 3},
		{"minergate that ends early", slices.Concat(first, []byte{block.TagMinergate, 0xff, 1, 0}), 1},
	} {
		require.Len(t, slices.Collect(test.extra.Parts()), test.parts, test.name)
	}
}

func TestContentOfExtra(t *testing.T) {
	m := seededMaker(8)
	id := [8]byte(m.bytes(8))
	c := block.Content{Key: m.key(), AdditionalKeys: m.keys(3), PaymentID: &id, Data: [][]byte{{1, 2}, {}}}
	e, err := c.Extra()
	require.NoError(t, err)
	want := append([]byte{1}, c.Key[:]...)
	want = append(want, 4, 3)
	for _, key := range c.AdditionalKeys {
		want = append(want, key[:]...)
	}
	want = append(append(want, 2, 9, 1), id[:]...)
	want = append(want, 2, 3, 0x7f, 1, 2, 2, 1, 0x7f)
	require.EqualValues(t, want, e)
	require.Equal(t, c.AdditionalKeys[2], func() [32]byte { k, _ := e.AdditionalKeys().At(2); return k }())
	_, ok := e.AdditionalKeys().At(3)
	require.False(t, ok)

	// Only the first nonce is looked at for a payment ID.
	c = block.Content{Data: [][]byte{{5}}}
	e, err = c.Extra()
	require.NoError(t, err)
	e, err = e.AppendPart(block.Part{Tag: block.TagNonce, Data: append([]byte{1}, id[:]...)})
	require.NoError(t, err)
	_, ok = e.PaymentID()
	require.False(t, ok)
	for _, nonce := range [][]byte{nil, {1}, make([]byte, 9), append([]byte{1}, make([]byte, 9)...)} {
		e, err := block.Extra(nil).AppendPart(block.Part{Tag: block.TagNonce, Data: nonce})
		require.NoError(t, err)
		_, ok := e.PaymentID()
		require.False(t, ok)
		require.Empty(t, slices.Collect(e.Data()))
	}
	_, err = block.Content{Data: [][]byte{make([]byte, block.MaxData+1)}}.Extra()
	require.Error(t, err)
}

func TestMergeMining(t *testing.T) {
	m := seededMaker(9)
	root := m.key()
	old, err := block.Extra(nil).AppendPart(block.Part{Tag: block.TagMergeMining, Data: root[:]})
	require.NoError(t, err)
	_, _, ok := old.MergeMining()
	require.False(t, ok)
	e, err := old.AppendPart(block.Part{Tag: block.TagMergeMining, Data: append(keys.AppendVarint(nil, 300), root[:]...)})
	require.NoError(t, err)
	depth, got, ok := e.MergeMining()
	require.True(t, ok)
	require.EqualValues(t, 300, depth)
	require.Equal(t, root, got)
}

func TestPartsThatHaveNoFormAreNotWritten(t *testing.T) {
	for _, p := range []block.Part{
		{Tag: block.TagPadding},
		{Tag: block.TagPadding, Data: make([]byte, 256)},
		{Tag: block.TagPadding, Data: []byte{0, 1}},
		{Tag: block.TagKey, Data: make([]byte, 31)},
		{Tag: block.TagNonce, Data: make([]byte, 256)},
		{Tag: block.TagAdditionalKeys, Data: make([]byte, 33)},
		{Tag: 5},
	} {
		_, err := block.Extra(nil).AppendPart(p)
		require.Error(t, err, "%v", p)
	}
}

func TestExtraIsReadAsItIsWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := drawMaker(t)
		var c block.Content
		c.Key = m.key()
		c.AdditionalKeys = m.keys(rapid.IntRange(0, 20).Draw(t, "additional keys"))
		if rapid.Bool().Draw(t, "payment ID") {
			id := [8]byte(m.bytes(8))
			c.PaymentID = &id
		}
		for range rapid.IntRange(0, 3).Draw(t, "data") {
			c.Data = append(c.Data, m.bytes(m.random.IntN(block.MaxData+1)))
		}
		e, err := c.Extra()
		require.NoError(t, err)
		checkExtra(t, e, len(e))
		require.Equal(t, [][32]byte{c.Key}, slices.Collect(e.Keys()))
		require.Equal(t, len(c.AdditionalKeys), e.AdditionalKeys().Len())
		for i, want := range c.AdditionalKeys {
			got, ok := e.AdditionalKeys().At(i)
			require.True(t, ok)
			require.Equal(t, want, got)
		}
		id, ok := e.PaymentID()
		require.Equal(t, c.PaymentID != nil, ok)
		if ok {
			require.Equal(t, *c.PaymentID, id)
		}
		i := 0
		for data := range e.Data() {
			require.True(t, bytes.Equal(c.Data[i], data))
			i++
		}
		require.Equal(t, len(c.Data), i)
	})
}

// checkExtra checks that the parts are written as they were read, and that
// they take at least some bytes.
func checkExtra(t require.TestingT, e block.Extra, least int) {
	var again block.Extra
	for p := range e.Parts() {
		var err error
		again, err = again.AppendPart(p)
		require.NoError(t, err)
	}
	require.GreaterOrEqual(t, len(again), least)
	require.True(t, bytes.HasPrefix(e, again))
}
