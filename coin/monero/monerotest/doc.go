// Package monerotest is a Monero network for tests: a monerod in regtest with a
// user whose money the reference wallet keeps, and a purse of keys of our own, as
// that wallet has no words for data.
package monerotest
