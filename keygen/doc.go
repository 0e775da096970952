// Package keygen makes key pairs over the ordered log: it drives the protocol
// of package frost/dkg with durable state.
//
// The caller hands over, each in one storage transaction and in the order of
// the log, the requests (Generate), the items of peers (Check, then Receive),
// the closing of rounds (CheckClose, then CloseRound) and the votes (Confirm).
// All of this is a pure function of the log, so every processor comes to the
// same result, and blames the same participants, whether it takes part or not;
// one from which the items were withheld has no opinion. What only this
// processor does, its deal and its responses, is made by Work: heavy, outside
// any write transaction, and due as long as its effect is not stored. All else
// that is heavy is in Check and CheckClose, which write nothing.
//
// # Rounds
//
// Round 1 collects deals. A deal's form is judged when it arrives, the proofs of
// all in one batch when the round ends: when everybody has dealt or is
// convicted, or with CloseRound. Whoever lacks a proof is convicted then. The
// rest must have at least the threshold's weight and make a key.
//
// Round 2 collects the responses to exactly these deals: OK, or a complaint of
// dealers. A complaint convicts the dealer or the accuser at its position of
// the log. The round ends when all that are not convicted have spoken, or when
// it is closed. If complaints convicted dealers, their deals are taken out, and
// if those left have at least the threshold's weight, round 3 collects
// responses to them, and so on: each further round costs the faulty a dealer.
// Everybody derives its shares again, nobody deals again. In a round without
// such a conviction the attempt succeeds with the OK of all that are not
// convicted, or, when closed, with OKs of the minimum weight.
//
// A finished attempt goes on being judged until there is a vote or a next
// attempt: who was away and finds its shares bad still convicts their dealer,
// which the vote may heed. The keys do not change, and the accuser has no shares
// of them. After the vote it only tells its operator (BadDeals): judging it
// then would oblige everybody to keep the deals for the life of the key.
//
// A participant is convicted by what no honest one sends, never by silence, and
// never for coming late: items of earlier rounds and attempts are ignored. Of a
// convicted one nothing counts any more in this attempt, but it gets shares like
// everybody, and its deal stays unless that is what it was convicted for. If the
// faulty have at most the weight that is not needed to sign, and the honest at
// least the minimum weight and all of them respond, then the attempt ends with a
// key, after as many rounds as the faulty sacrifice dealers, and the honest can
// sign with it.
//
// # Durability
//
// A deal follows from the identity and the request alone, a response from these
// and the deals, so a restart at any point repeats the same bytes. The own
// shares are sealed and stored in the transaction that hands out the OK: whoever
// relies on it can rely on them. When deals are taken out, the shares of them
// are removed and new ones due. A processor that missed the responses derives
// its shares later.
//
// Recovery: an empty database, the log and the identity are enough. Reading the
// log again comes to the same shares, whatever the processor had said then;
// what it sends again is what stands in the log already, or too late to count.
//
// # What an embedder must never do
//
//   - Order items differently for different processors, or let participants
//     send empty ones: those stand for items that were withheld.
//   - Repeat or lower the attempt of a session (Generate refuses it), or change
//     genesis or network name of a database.
//   - Delete the identity's seed, or the log if there is no other copy of the
//     database, before the key is retired.
//   - Give the sealing key a place in the database.
//   - Take KeyGenerated for a vote: a key is used only once it is confirmed.
package keygen
