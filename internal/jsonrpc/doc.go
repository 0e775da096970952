// Package jsonrpc is the client of the nodes' HTTP interfaces: JSON-RPC with
// single calls and batches, as bitcoind, btcd and monerod speak it, and the
// plain endpoints beside it (bitcoind's REST, monerod's binary requests).
//
// Every request has a context, a timeout and a limit on the size of its
// answer. Only a request that got no answer is repeated, with exponential
// backoff and full jitter; what the server answered, even with an error, is
// final. A repeated request may reach the server twice, so a client for calls
// that must not be repeated is made with Attempts: 1.
package jsonrpc
