// Package monerotest is a Monero network for tests: a monerod in regtest with a
// user whose money the reference wallet keeps.
package monerotest
