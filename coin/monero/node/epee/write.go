package epee

import "encoding/binary"

// Writer writes a document of one section. The zero value is an empty one.
// Entries are to be added in the order of their names, each once.
type Writer struct {
	entries []byte
	count   uint64
}

func (w *Writer) name(name string, kind Type) {
	w.count++
	w.entries = append(append(w.entries, byte(len(name))), name...)
	w.entries = append(w.entries, byte(kind))
}

// Uint64 adds an integer.
func (w *Writer) Uint64(name string, v uint64) {
	w.name(name, Uint64)
	w.entries = binary.LittleEndian.AppendUint64(w.entries, v)
}

// Bool adds a boolean.
func (w *Writer) Bool(name string, v bool) {
	w.name(name, Bool)
	b := byte(0)
	if v {
		b = 1
	}
	w.entries = append(w.entries, b)
}

// String adds bytes.
func (w *Writer) String(name string, v []byte) {
	w.name(name, String)
	w.entries = append(appendVarint(w.entries, uint64(len(v))), v...)
}

// Uint64s adds an array of integers, or nothing if there are none.
func (w *Writer) Uint64s(name string, values []uint64) {
	if len(values) == 0 {
		return
	}
	w.name(name, Uint64|array)
	w.entries = appendVarint(w.entries, uint64(len(values)))
	for _, v := range values {
		w.entries = binary.LittleEndian.AppendUint64(w.entries, v)
	}
}

// Strings adds an array of strings, or nothing if there are none.
func (w *Writer) Strings(name string, values [][]byte) {
	if len(values) == 0 {
		return
	}
	w.name(name, String|array)
	w.entries = appendVarint(w.entries, uint64(len(values)))
	for _, v := range values {
		w.entries = append(appendVarint(w.entries, uint64(len(v))), v...)
	}
}

// Sections adds an array of objects, or nothing if there are none.
func (w *Writer) Sections(name string, values []*Writer) {
	if len(values) == 0 {
		return
	}
	w.name(name, Object|array)
	w.entries = appendVarint(w.entries, uint64(len(values)))
	for _, v := range values {
		w.entries = v.appendSection(w.entries)
	}
}

func (w *Writer) appendSection(b []byte) []byte {
	return append(appendVarint(b, w.count), w.entries...)
}

// Document returns the document.
func (w *Writer) Document() []byte {
	return w.appendSection(append([]byte(nil), head...))
}

// appendVarint appends a number below 2⁶² in its shortest form.
func appendVarint(b []byte, v uint64) []byte {
	switch {
	case v < 1<<6:
		return append(b, byte(v<<2))
	case v < 1<<14:
		return binary.LittleEndian.AppendUint16(b, uint16(v<<2|1))
	case v < 1<<30:
		return binary.LittleEndian.AppendUint32(b, uint32(v<<2|2))
	}
	return binary.LittleEndian.AppendUint64(b, v<<2|3)
}
