// Package redact keeps secrets out of logs.
package redact

import (
	"fmt"
	"io"
	"log/slog"
)

const text = "[redacted]"

// Secret, embedded in a type, makes its values print as "[redacted]" with every
// verb of fmt and in structured logs.
type Secret struct{}

// String implements fmt.Stringer.
func (Secret) String() string { return text }

// GoString implements fmt.GoStringer.
func (Secret) GoString() string { return text }

// Format implements fmt.Formatter.
func (Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, text) }

// LogValue implements slog.LogValuer.
func (Secret) LogValue() slog.Value { return slog.StringValue(text) }

// MarshalText implements encoding.TextMarshaler, which covers JSON.
func (Secret) MarshalText() ([]byte, error) { return []byte(text), nil }
