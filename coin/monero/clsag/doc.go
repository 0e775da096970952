// Package clsag makes and verifies the ring signatures of Monero's inputs, CLSAG
// ("Concise Linkable Ring Signatures and Forgery Against Adversarial Keys",
// eprint 2019/654), as transactions of type 6 have them.
//
// An input names a ring of outputs with keys P_i and commitments C_i, one of
// which, at π, is spent; a key image I = x·Hp(P_π), which is the same whenever
// that output is spent; and a pseudo-output C', a commitment to the same amount
// as C_π with another mask. With z the difference of the masks, D = z·Hp(P_π) and
// D' = D/8:
//
//	μP = Hs("CLSAG_agg_0" ‖ P_0 … ‖ C_0 … ‖ I ‖ D' ‖ C')
//	μC = Hs("CLSAG_agg_1" ‖ the same)
//	L_i = s_i·G + c_i·(μP·P_i + μC·(C_i − C'))
//	R_i = s_i·Hp(P_i) + c_i·(μP·I + μC·D)
//	c_(i+1) = Hs("CLSAG_round" ‖ P_0 … ‖ C_0 … ‖ C' ‖ message ‖ L_i ‖ R_i)
//
// with tags filled up with zeros to 32 bytes. A signature is all s_i, c_0 (which
// is called c1) and D'. It is valid if c_n is c_0. Who knows x and z chooses all
// s_i but s_π, begins at π with L = r·G and R = r·Hp(P_π), and closes the ring
// with s_π = r − c_π·(μP·x + μC·z).
//
// # Signing by a threshold
//
// Work makes the signatures of a transaction's inputs by a key that no one has.
// The part of s_π that x has a part in is r − c_π·μP·x, an answer as those of
// Schnorr signatures, with nonces under G and under Hp(P_π). One-time keys are
// offsets of the key that signs. The offset is known to all signers, as are the
// masks, and is applied when the signature is assembled, so that no signer
// answers for more than its shares.
//
// The message covers the key images of all inputs. They are sums of what the
// signers commit to, together with their nonces, so it is known only then: the
// binding coefficients cover it and all that it depends on. A wrong image of one
// signer makes the message wrong for all. The signer's share convicts it: the
// equation under Hp(P_π) has the image that it sent.
//
// The responses of the decoys come from a hash of everything the session has,
// so that all signers have the same.
//
// # What an observer learns
//
// Nothing tells the spent member from the decoys for those who do not know the
// offset and the masks. Whoever knows the view key knows both. Whoever sees what
// the signers of a threshold send one another can tell too: only one L of the
// ring is a sum of their nonces.
//
// Sources: monero/src/ringct/rctSigs.cpp (CLSAG_Gen, verRctCLSAGSimple) of
// release 0.18; the form with several signers is that of FROSTLASS.
package clsag
