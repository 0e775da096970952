package spend

import (
	"fmt"
	"io"
	"log/slog"
)

const redacted = "[redacted]"

// Format implements fmt.Formatter and hides the secret.
func (Seed) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// LogValue implements slog.LogValuer and hides the secret.
func (Seed) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText implements encoding.TextMarshaler and hides the secret.
func (Seed) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// Format implements fmt.Formatter and hides the secrets.
func (Input) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// LogValue implements slog.LogValuer and hides the secrets.
func (Input) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText implements encoding.TextMarshaler and hides the secrets.
func (Input) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// Format implements fmt.Formatter and hides the secrets.
func (Draft) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// LogValue implements slog.LogValuer and hides the secrets.
func (Draft) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText implements encoding.TextMarshaler and hides the secrets.
func (Draft) MarshalText() ([]byte, error) { return []byte(redacted), nil }
