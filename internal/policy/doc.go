// Package policy holds no code, only tests over the source of this module:
// who imports whom, what keeps the core a pure function, that exported names
// are documented and that decoders are fuzzed. Each rule is also tried on
// source that breaks it.
package policy
