// Package secp256k1 is the group secp256k1.
package secp256k1
