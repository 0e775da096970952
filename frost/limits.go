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
	// signature takes two elements of up to 33 bytes. The rest is for images and
	// nonces under generators of an algorithm's own, which may leave room for
	// fewer signatures.
	MaxCommitmentSize = 256 * MaxWork
)
