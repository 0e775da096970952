// Package secp256k1 is the group secp256k1 for threshold keys, and threshold
// signatures over it as in BIP-340, with the key tweaks of BIP-341 and BIP-32
// as BIP-445 treats them.
//
// Field and scalar arithmetic, and point arithmetic on public values, is that
// of dcrd. Its point multiplication takes variable time, so the multiplication
// of elements by secrets is this package's, as is the multi-scalar
// multiplication.
package secp256k1
