// Package mutation holds tests of the tests: each breaks one rule of the core,
// one that would lose coins, let validators diverge or leak a key, and requires
// that the test named for it fails.
//
//	go test ./internal/mutation -mutate -timeout 30m
//
// The source is left alone: the go command is given the mutated file as an
// overlay. Without the flag it is only checked that every mutation still fits
// the source.
package mutation
