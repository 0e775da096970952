// Package secp256k1 is the group secp256k1 for threshold keys, and threshold
// signatures over it as in BIP-340, with the key tweaks of BIP-341 and BIP-32
// as BIP-445 treats them.
//
// Scalar arithmetic is that of dcrd and takes constant time. The arithmetic of
// the field and of points is this package's: dcrd multiplies points by scalars
// in variable time only, which does not do for secrets, and its field, made for
// 32-bit words, takes about three times as long. Elements are multiplied by
// secrets with complete formulas and masked tables (consttime.go); everything
// else treats public points and has special cases (jacobian.go, msm.go). The
// tests compare all of it with dcrd.
package secp256k1
