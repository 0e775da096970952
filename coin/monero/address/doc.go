// Package address is the text form of Monero's addresses, of all networks.
//
// An address is a byte that says network and kind, the public spend key and the
// public view key of 32 bytes each, in an integrated address 8 bytes of payment
// ID, and the first 4 bytes of the Keccak-256 hash of all that, in Monero's own
// base58: 95 characters, 106 for an integrated address.
//
//	           standard  integrated  subaddress
//	mainnet    18 (4…)   19 (4…)     42 (8…)
//	stagenet   24 (5…)   25 (5…)     36 (7…)
//	testnet    53 (9…)   54 (A…)     63 (B…)
//
// An address has one text, and Parse reads no other. Sources:
// monero/src/common/base58.cpp, cryptonote_basic/cryptonote_basic_impl.cpp and
// cryptonote_config.h of release 0.18.
package address
