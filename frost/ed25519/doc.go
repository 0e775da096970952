// Package ed25519 is the group edwards25519.
package ed25519
