// Package bitcointest is a user of Bitcoin for tests and examples: on a
// regression test network of a btcd or bitcoind it mines, pays and is paid.
//
// It uses nothing of a node that not both have. It makes its blocks itself
// and hands them in, so that it also mines what nodes do not relay, and it
// keeps its own keys and coins. The keys are known to everybody.
package bitcointest
