package epee_test

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/serai-go/processor/coin/monero/node/epee"
	"github.com/serai-go/processor/internal/conformance"
)

// document is the head of all documents and what follows.
func document(entries string) []byte {
	b, err := hex.DecodeString("011101010101020101" + strings.ReplaceAll(entries, " ", ""))
	if err != nil {
		panic(err)
	}
	return b
}

func TestDaemonsRequestAndReply(t *testing.T) {
	conformance.Monero(t, "epee*.json", func(t *testing.T, v struct {
		Request, Response, Status string
		Indexes                   []uint64 `json:"o_indexes"`
	}) {
		request, err := hex.DecodeString(v.Request)
		require.NoError(t, err)
		s, err := epee.Parse(request)
		require.NoError(t, err)
		id, ok := s.Find("txid").Bytes()
		require.True(t, ok)
		var w epee.Writer
		w.String("txid", id)
		require.Equal(t, request, w.Document())

		response, err := hex.DecodeString(v.Response)
		require.NoError(t, err)
		s, err = epee.Parse(response)
		require.NoError(t, err)
		require.Equal(t, v.Indexes, slices.Collect(s.Find("o_indexes").Uint64s()))
		status, ok := s.Find("status").Bytes()
		require.True(t, ok)
		require.Equal(t, v.Status, string(status))
		untrusted, ok := s.Find("untrusted").Bool()
		require.True(t, ok)
		require.False(t, untrusted)
		require.Equal(t, response, write(s).Document(), "written as the daemon does")
	})
}

func TestMalformedDocumentsAreRefused(t *testing.T) {
	deep := strings.Repeat("04 0161 0c ", epee.MaxDepth)
	for name, test := range map[string]struct {
		data []byte
		want string
	}{
		"empty":                  {nil, "does not begin"},
		"head only":              {document(""), "unexpected end"},
		"another version":        {append([]byte{1, 0x11, 1, 1, 1, 1, 2, 1, 2}, 0), "does not begin"},
		"trailing":               {document("00 00"), "trailing bytes"},
		"too many entries":       {document("fc" + strings.Repeat("00", 300)), "too many entries"},
		"count beyond":           {document("08 0161 08 00"), "count beyond"},
		"long varint of 2":       {document("1100 0161 08 00"), "longer than needed"},
		"long varint of 4":       {document("12000000"), "longer than needed"},
		"long varint of 8":       {document("1300000000000000"), "longer than needed"},
		"cut varint":             {document("1300"), "unexpected end"},
		"empty name":             {document("04 00 08 00 00"), "empty name"},
		"name that ends":         {document("04 09 6162 08"), "unexpected end"},
		"type 0":                 {document("04 0161 00 00"), "unknown type"},
		"type 13":                {document("04 0161 0d 00"), "unknown type"},
		"array of arrays":        {document("04 0161 8d 00"), "unknown type"},
		"type with a flag":       {document("04 0161 48 00"), "unknown type"},
		"integer that ends":      {document("04 0161 05 00"), "unexpected end"},
		"boolean 2":              {document("04 0161 0b 02"), "boolean"},
		"boolean 2 in an array":  {document("04 0161 8b 08 01 02"), "boolean"},
		"string beyond":          {document("04 0161 0a 08 00"), "count beyond"},
		"second string beyond":   {document("04 0161 8a 08 00 04"), "count beyond"},
		"integers beyond":        {document("04 0161 85 08" + strings.Repeat("00", 15)), "count beyond"},
		"integers without end":   {document("04 0161 85 ffffffffffffffff"), "count beyond"},
		"objects beyond":         {document("04 0161 8c 08 00"), "count beyond"},
		"repeated name":          {document("08 0161 08 00 0161 08 00"), "repeated name"},
		"repeated, out of order": {document("0c 0161 08 00 0162 08 00 0161 08 00"), "repeated name"},
		"repeated inside":        {document("04 0178 8c 04 08 0162 08 00 0162 08 00"), "repeated name"},
		"too deep":               {document(deep + "00"), "in one another"},
	} {
		_, err := epee.Parse(test.data)
		require.ErrorIs(t, err, epee.ErrMalformed, name)
		require.ErrorContains(t, err, test.want, name)
	}
	for name, data := range map[string][]byte{
		"no entries":   document("00"),
		"out of order": document("08 0162 08 00 0161 08 00"),
		"deep":         document(deep[:len(deep)-11] + "00"),
		"empty arrays": document("08 0161 85 00 0162 8c 00"),
	} {
		_, err := epee.Parse(data)
		require.NoError(t, err, name)
	}
}

func TestValuesOfOtherTypesAreRefused(t *testing.T) {
	var object, w epee.Writer
	object.Bool("in", true)
	w.Uint64("number", 1<<63)
	w.Bool("off", false)
	w.Bool("on", true)
	w.String("text", []byte("abc"))
	w.Uint64s("numbers", []uint64{1, 2})
	w.Strings("texts", [][]byte{nil, []byte("x")})
	w.Sections("objects", []*epee.Writer{&object, {}})
	w.Uint64s("nothing", nil)
	w.Strings("nothing", nil)
	w.Sections("nothing", nil)
	s, err := epee.Parse(w.Document())
	require.NoError(t, err)

	number, ok := s.Find("number").Uint64()
	require.True(t, ok)
	require.Equal(t, uint64(1<<63), number)
	on, ok := s.Find("on").Bool()
	require.True(t, ok && on)
	text, ok := s.Find("text").Bytes()
	require.True(t, ok)
	require.Equal(t, "abc", string(text))
	require.Equal(t, []uint64{1, 2}, slices.Collect(s.Find("numbers").Uint64s()))
	require.Equal(t, 2, s.Find("texts").Len())
	sections := slices.Collect(s.Find("objects").Sections())
	require.Len(t, sections, 2)
	in, ok := sections[0].Find("in").Bool()
	require.True(t, ok && in)
	require.Zero(t, sections[1].Find("in"))
	require.Zero(t, s.Find("nothing"))
	require.Zero(t, epee.Section{}.Find("x"))

	for name, v := range s.Entries() {
		_, isNumber := v.Uint64()
		_, isBool := v.Bool()
		_, isBytes := v.Bytes()
		_, isSection := v.Section()
		is := fmt.Sprint(isNumber, isBool, isBytes, isSection)
		switch string(name) {
		case "number":
			require.Equal(t, "true false false false", is)
		case "on", "off":
			require.Equal(t, "false true false false", is)
		case "text":
			require.Equal(t, "false false true false", is)
		default:
			require.Equal(t, "false false false false", is, "%s", name)
		}
	}
	require.Empty(t, slices.Collect(s.Find("text").Uint64s()))
	require.Empty(t, slices.Collect(s.Find("number").Strings()))
	require.Empty(t, slices.Collect(s.Find("number").Sections()))

	small, err := epee.Parse(document("08 0161 06 01020304 0162 07 0201"))
	require.NoError(t, err)
	a, _ := small.Find("a").Uint64()
	b, _ := small.Find("b").Uint64()
	require.EqualValues(t, 0x04030201, a)
	require.EqualValues(t, 0x0102, b)
	object1, err := epee.Parse(document("04 0161 0c 04 0162 08 07"))
	require.NoError(t, err)
	inner, ok := object1.Find("a").Section()
	require.True(t, ok)
	seven, ok := inner.Find("b").Uint64()
	require.True(t, ok)
	require.EqualValues(t, 7, seven)
}

// write writes what was read, as far as a writer can.
func write(s epee.Section) *epee.Writer {
	w := new(epee.Writer)
	for name, v := range s.Entries() {
		switch name := string(name); {
		case v.Array && v.Type == epee.Uint64:
			w.Uint64s(name, slices.Collect(v.Uint64s()))
		case v.Array && v.Type == epee.String:
			w.Strings(name, slices.Collect(v.Strings()))
		case v.Array && v.Type == epee.Object:
			var list []*epee.Writer
			for s := range v.Sections() {
				list = append(list, write(s))
			}
			w.Sections(name, list)
		case v.Type == epee.Uint64:
			n, _ := v.Uint64()
			w.Uint64(name, n)
		case v.Type == epee.Bool:
			b, _ := v.Bool()
			w.Bool(name, b)
		case v.Type == epee.String:
			b, _ := v.Bytes()
			w.String(name, b)
		}
	}
	return w
}

func drawWriter(t *rapid.T, depth int) *epee.Writer {
	w := new(epee.Writer)
	for i := range rapid.IntRange(0, 5).Draw(t, "entries") {
		name := fmt.Sprintf("%c", 'a'+i)
		blob := rapid.SliceOfN(rapid.Byte(), 0, 100)
		switch rapid.IntRange(0, 5).Draw(t, "type") {
		case 0:
			w.Uint64(name, rapid.Uint64().Draw(t, "number"))
		case 1:
			w.Bool(name, rapid.Bool().Draw(t, "bool"))
		case 2:
			size := rapid.SampledFrom([]int{0, 63, 64, 16383, 16384, 70000}).Draw(t, "size")
			w.String(name, bytes.Repeat([]byte{1}, size))
		case 3:
			w.Uint64s(name, rapid.SliceOf(rapid.Uint64()).Draw(t, "numbers"))
		case 4:
			w.Strings(name, rapid.SliceOf(blob).Draw(t, "strings"))
		default:
			if depth < epee.MaxDepth-1 {
				w.Sections(name, []*epee.Writer{drawWriter(t, depth+1), drawWriter(t, depth+1)})
			}
		}
	}
	return w
}

func TestWhatIsWrittenIsRead(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		document := drawWriter(t, 0).Document()
		s, err := epee.Parse(document)
		require.NoError(t, err)
		require.Equal(t, document, write(s).Document())
		for cut := range min(len(document), 200) {
			_, err := epee.Parse(document[:cut])
			require.ErrorIs(t, err, epee.ErrMalformed)
		}
	})
}

func TestParsingAllocatesNothing(t *testing.T) {
	var object, w epee.Writer
	object.Strings("txs", [][]byte{make([]byte, 1000)})
	w.Sections("blocks", slices.Repeat([]*epee.Writer{&object}, 100))
	document := w.Document()
	require.Less(t, testing.AllocsPerRun(10, func() {
		if _, err := epee.Parse(document); err != nil {
			t.Fatal(err)
		}
	}), 2.0)
}

func FuzzParse(f *testing.F) {
	f.Add(document("00"))
	f.Add(document("0c 0161 05 0102030405060708 0162 8a 08 04 ff 00 0163 8c 04 04 0164 0b 01"))
	f.Add(document("14 0161 06 01020304 0162 07 0102 0163 89 04 0102030405060708 0164 8b 08 00 01 0165 0c 00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := epee.Parse(data)
		if err != nil {
			return
		}
		walk(t, s)
		document := write(s).Document()
		again, err := epee.Parse(document)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(document, write(again).Document()) {
			t.Fatal("writing is not stable")
		}
	})
}

// walk goes through all values; each counts as many as it yields.
func walk(t *testing.T, s epee.Section) {
	for name, v := range s.Entries() {
		if len(name) == 0 || s.Find(string(name)).Type != v.Type {
			t.Fatalf("%q is not found", name)
		}
		n := 0
		for range v.Uint64s() {
			n++
		}
		for range v.Strings() {
			n++
		}
		for s := range v.Sections() {
			walk(t, s)
			n++
		}
		integer := v.Type >= epee.Uint64 && v.Type <= epee.Uint8
		if (integer || v.Type == epee.String || v.Type == epee.Object) && n != v.Len() {
			t.Fatalf("%q yields %d of %d", name, n, v.Len())
		}
	}
}
