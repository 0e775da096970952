// Package processor manages coins that a group of validators holds on another
// network, such as Bitcoin, in a threshold multisig, for a settlement chain of
// the group's own.
//
// Every validator runs one Processor for each external network. It generates
// the group's keys with its peers, scans finalised blocks for deposits,
// reports them in signed batches, pays what the settlement chain burns, and
// keeps the books. Two things move it: the external chain, which it reads
// itself, and an ordered log, which its embedder (the coordinator) gives it.
// Processors with the same chain and the same log decide the same, to the
// byte.
//
// # The embedder's part
//
// The embedder orders all entries of the log, the same for all validators of
// all sessions, and hands them over with Handle, at positions without gaps
// from 0 (Status().Next says where to go on). It authenticates the sender of
// every PeerMessage. It takes events from the channel Events, in order, and
// acknowledges each with Ack once it is sure to be sent: until then the event
// comes again, over restarts too. Every Broadcast event goes back into the log
// as a PeerMessage, to all validators including the sender. A processor gets
// the whole log; a peer message of a session that it is not in may be handed
// over empty.
//
// What all validators tell becomes one entry: of KeyGenerated the ConfirmKey that
// the settlement chain votes for, of each SignedBatch one AcknowledgeBatch, in the
// order of their IDs and also if it has no instructions: such a batch comes now and
// then where nothing else does, and behind one that is not acknowledged nothing
// settles. In key generation no clock decides: CloseRound ends a round in which
// somebody is silent, and after a KeyGenFailed comes GenerateKey with the next
// attempt. Validators count from 0 in the order of GenerateKey. Users pay to
// DepositAddress; how a payment carries data for the settlement chain is the
// coin's to say (packages coin/bitcoin and coin/monero).
//
// All of a processor's state is in the database of its Config. When Handle
// returns nil, or an event has arrived, what caused it is durable. A crash at
// any point loses nothing; the next process goes on. One thing must never
// happen: two processes of one validator on copies of one memory, which would
// answer with the same nonces. Restoring an old database is safe.
//
// Signing costs few messages: what a validator has to say on many transactions
// at once shares Broadcasts of up to Config.MaxMessage bytes. A share is taken
// in as it comes and judged with all others of its set, when the last one is in
// the log: then everybody has the signatures, or names everyone whose share was
// wrong. A signer that restarts again and again while others wait for it is
// held back, which a Condition tells, until the embedder orders a Reattempt.
//
// # What the batch key signs
//
// Batches are signed as they are reported. On request the same key signs, for a
// confirmed session, that a block of the settlement chain is final
// (CosignBlock), and its slash report (SignSlashReport): see package batch.
// What counts are the entries' positions in the log. RetireSession erases the
// shares of a session, in memory and in the database, and its nonces; before
// the session's duties end it is refused. From then on the processor follows
// the session as if it had never had a share.
//
// # What a validator does not sign
//
// Before a plan is signed its prepared transaction is decoded, and has to do what
// the plan says, or the processor halts. Then Config.Policy sees it, if there is
// one: limits, delays, lists of one's own or a second opinion are the embedder's to
// add there. It may only refuse, which a Condition and Status.Refused show, and is
// asked again at each new block. Others that accept go on without this validator.
//
// A Completed event may be told to peers directly. Whoever is given one by Hint
// looks for the transaction at its own node, checks it, and publishes it as well: a
// validator that was away, or that refused, need not sign what is signed.
//
// Transactions that nobody has mined are published again with every new block, each
// behind those that it spends: a payment tree that nodes have dropped comes back
// from its root on.
//
// # How payments are made
//
// Burns wait in one queue. All that the free outputs cover, from its head, is
// planned as one tree of transactions: see package scheduler. PaymentPlanned tells
// by which plan, PaymentSettled what arrived and what the payment bore of the fees.
// A payment that waits for means, for a lower fee rate or for the limits of
// Parameters is told of by a Condition; one that cannot carry its fee for
// Parameters.Patience blocks is a PaymentDropped. Transactions that nobody mines are
// lifted by children that pay for them. What that cannot help is told, and the
// settlement chain may order ReplacePlan.
//
// # Keys change hands
//
// A later session takes over once ConfirmKey names its key: from a block on that
// no validator has scanned, deposits to both keys count, then change goes to the
// new one, then everything moves there, and when nothing is left the old key
// retires. KeyStage tells each step, and package scanner's StageAt is the whole
// rule. Two keys live at a time; a third waits. AbandonKey takes a key out of
// service whose holders are gone: what it has is written off. SetParameters
// changes the rules, likewise from a block that nobody has scanned; a processor
// that does not know their version halts before it and goes on as newer software.
//
// # What happens to whom
//
// Explain tells of any deposit, payment, plan, output or key how far it is and what
// it waits for now: confirmations, signers by their numbers, an acknowledgement,
// money that is free, the node. Of a key it tells why it is not retired. Behind each
// settlement the books balance or the processor halts, and there is a Certificate of
// what the group has and owes, which whoever has the chain and the log comes to as
// well.
//
// A new session need not believe its predecessors: Audit reads the log with a
// node of one's own and tells what they hold and owe, and which of their claims
// are wrong.
//
// # What can happen
//
// A node that is away, behind or lying is waited out and shows in Status. Several
// nodes can share the work (package coin/nodes): they stand in for one another,
// and blocks count only as far as they agree. While this validator does not see
// the chain (its node fails, hangs or has gone back, its nodes disagree, which a
// Condition tells, or the log is about blocks that it has not scanned), it signs
// neither batches nor plans and publishes nothing new, and goes on when that is
// over. A peer that breaks the protocol is named by an InvalidParticipant event, with
// evidence that anyone with the log can check. What must never happen (a
// finalised block that changes, books that do not balance, a spend that nobody
// planned, others deciding otherwise) halts the processor for good: Run
// returns a *Halt, a Halted event tells the reason, and nothing is signed any
// more.
//
// Only a chain that has changed can be mended, where one sees the change or the
// others do (the causes ChainChanged and OtherBatch): Halt.Changed tells the fork, and
// PlanRewind, which changes nothing, what a Rewind from there on would do. If the
// settlement chain orders it, hand the log on up to that entry; a new processor
// over the same database then goes on. Deposits that are there again are not
// credited again, those that are not are told by VoidedCredit, batches have
// other IDs, and plans stay as they were and are published again. If the node comes
// back to the chain that it left, as one does that was deceived for a while, nothing
// has changed: then Step and a next Run go on as well.
//
// The log is about the void blocks all the same, and a processor that joins later
// has a node that never had them. Archives of any processor that went through the
// Rewind hold them, and the transactions that were prepared with them: give them to the new one as Config.Archives, and to Replay and
// Audit. Nobody need be trusted for that. Broken archives are refused or waited
// out, which Status tells; with other void blocks than those of the log the
// processor halts.
//
// # Inside
//
// Package scanner watches, scheduler plans, keygen makes keys, signer signs;
// they decide inside one database transaction for each block or log entry and
// do not import one another. This package joins them, and drives them: its
// goroutines fetch, compute, publish and deliver, and talk to the deciding
// part through the database only.
package processor
