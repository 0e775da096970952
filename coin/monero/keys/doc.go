// Package keys is the arithmetic of Monero's keys and outputs: the hash
// functions and encodings below everything else.
package keys
