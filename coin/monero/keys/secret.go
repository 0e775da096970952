package keys

import (
	"fmt"
	"io"
	"log/slog"
)

const redacted = "[redacted]"

// secret, embedded in a type, makes its values print as "[redacted]" with every
// verb of fmt, in structured logs and in JSON.
type secret struct{}

func (secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

func (secret) LogValue() slog.Value { return slog.StringValue(redacted) }

func (secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }
