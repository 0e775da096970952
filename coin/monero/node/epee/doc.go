// Package epee reads and writes the portable storage format of Monero's
// binary requests, as far as they need it.
//
// # Form
//
// A document is a head of nine bytes, 01 11 01 01 01 01 02 01 01, and a
// section. Numbers are little-endian.
//
//	section  varint count, entries
//	entry    length of the name (1 byte, not zero), name, type (1 byte), value
//	value    integer of 1, 2, 4 or 8 bytes, float of 8, bool of 1,
//	         string: varint length, bytes
//	         object: section
//	array    type | 80, varint count, values without types
//	varint   the low 2 bits are 0, 1, 2, 3 for a size of 1, 2, 4, 8 bytes; the
//	         rest is the number
//
// Types are 1 int64, 2 int32, 3 int16, 4 int8, 5 uint64, 6 uint32, 7 uint16,
// 8 uint8, 9 float64, 10 string, 11 bool and 12 object. Empty arrays are left
// out by writers.
//
// # Limits
//
// Parse goes over all of a document once, copies nothing and allocates nothing:
// counts are checked against the bytes that are there, objects lie MaxDepth
// deep at most, a section has MaxEntries entries at most. Refused are varints
// that are longer than needed, names that repeat, booleans other than 0 and 1,
// unknown types, arrays of arrays, and bytes that are left over.
//
// Source: monero's contrib/epee/include/storages.
package epee
