// Package keygen makes key pairs over the ordered log: it drives the protocol
// of package frost/dkg with durable state.
//
// The caller hands over, each in one storage transaction and in the order of
// the log, the requests (Generate), the items of peers (Check, then Receive),
// the closing of rounds (CloseRound) and the votes (Confirm). All of this is a
// pure function of the log, so every processor comes to the same result, and
// blames the same participants, whether it takes part or not. What only this
// processor does, its deal and its response, is made by Work: heavy, outside
// any write transaction, and due as long as its effect is not stored.
//
// # Rounds
//
// Round 1 collects deals. It ends when everybody has dealt or is convicted, or
// with CloseRound, and needs deals of at least the threshold's weight. Round 2
// collects the responses to exactly these deals. It succeeds with the OK of all
// that are not convicted, or, when closed, with OKs of the minimum weight. A
// participant is convicted by what no honest one sends, never by silence; of a
// convicted one nothing counts any more in this attempt, but a deal that was
// accepted in round 1 stays.
//
// # Durability
//
// A deal follows from the identity and the request alone, so a restart at any
// point repeats the same bytes. The own shares are sealed and stored in the
// transaction that hands out the OK: whoever relies on it can rely on them. A
// processor that missed round 2 derives its shares later.
package keygen
