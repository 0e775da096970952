package frost

// Limits of a session. What is longer counts nowhere, so nothing longer is ever
// made.
const (
	// MaxWork is the greatest number of signatures in one session.
	MaxWork = 256
	// MaxAnswerSize is the length in bytes of the longest signature share: a
	// scalar of 32 bytes for each signature.
	MaxAnswerSize = 32 * MaxWork
	// MaxCommitmentSize is the length in bytes of the longest commitment. Each
	// signature takes two elements of up to 33 bytes. The rest is for nonces under
	// generators of an algorithm's own and, for each share of the signer, an image
	// of it, which leaves room for fewer signatures: for 33 of ring signatures by a
	// signer with all shares that there can be.
	MaxCommitmentSize = 640 * MaxWork
)
