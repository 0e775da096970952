package signer

import (
	"errors"
	"fmt"

	"github.com/serai-go/processor/frost"
	"github.com/serai-go/processor/internal/wire"
	"github.com/serai-go/processor/storage"
)

// Verdict is what an item means at its position of the log. The zero Verdict
// is an item without any meaning there.
type Verdict struct {
	item       *item
	blame      []blame
	doubted    bool     // the signer's Doubts are judged
	sound      bool     // and its shares there are valid
	faulty     []uint16 // whom the share convicts: they are removed
	signatures [][]byte // if the share is the last of its set, and all are sound
}

// blame names a validator whose item breaks the protocol.
type blame struct {
	who      uint16
	reason   string
	evidence []byte
}

// judgement is an item with all that it takes to judge it.
type judgement struct {
	from    uint16
	item    item
	key     *frost.PublicKey
	work    []frost.Algorithm
	gather  bool         // the commitment is to the work
	pending bool         // the share counts
	last    *answeredSet // the share completes it
	doubts  []doubt      // to be judged before the commitment counts
}

// Check judges the items of one message of a validator, each on another sign
// ID, without any write: all the heavy work of the message. Errors are those
// of the database, or ErrNotReady, or reasons to halt: an item cannot cause
// another.
func (s *Signer) Check(r storage.Reader, session uint64, from uint16, items [][]byte) ([]Verdict, error) {
	verdicts := make([]Verdict, len(items))
	judgements := make([]*judgement, len(items))
	for i, data := range items {
		var err error
		if verdicts[i], judgements[i], err = s.look(r, session, from, data); err != nil {
			return nil, err
		}
	}
	errs := make([]error, len(items))
	s.Parallel(len(items), func(i int) {
		if judgements[i] != nil {
			verdicts[i], errs[i] = s.judge(judgements[i])
		}
	})
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return verdicts, nil
}

// look reads what it takes to judge an item, nil if there is nothing to judge.
func (s *Signer) look(r storage.Reader, session uint64, from uint16, data []byte) (Verdict, *judgement, error) {
	fault := func(reason string) (Verdict, *judgement, error) {
		return Verdict{blame: []blame{{from, reason, data}}}, nil, nil
	}
	i, err := wire.Unmarshal[item](data)
	if err != nil {
		return fault(fmt.Sprintf("malformed signing item: %s", err))
	}
	if i.ID.Session != session {
		return fault("signing item of another session")
	}
	if open, err := s.counts(r, i.ID); err != nil || !open {
		return Verdict{}, nil, err
	}
	roast, err := s.sets.Load(r, i.ID)
	if err != nil || roast.Done() { // and it needs nothing more
		return Verdict{}, nil, err
	}
	key, err := s.key(r, i.ID)
	if errors.Is(err, ErrNoKey) {
		return Verdict{}, nil, nil
	}
	if err != nil {
		return Verdict{}, nil, err
	}
	if key.Weight(from) == 0 {
		return fault("signing item of a stranger")
	}
	d, err := s.duties.Load(r, i.ID)
	if err != nil {
		return Verdict{}, nil, err
	}
	work, foreign, err := s.work(r, i.ID, d.Digest)
	if err != nil {
		return Verdict{}, nil, err
	}
	if work == nil && i.ID.Kind == Plan {
		return Verdict{}, nil, ErrNotReady
	}
	j := &judgement{from: from, item: i, key: key, work: work}
	if err := s.lookAtShare(r, &roast, j, d, foreign); err != nil {
		return Verdict{}, nil, err
	}
	if err := s.lookAtDoubts(r, &roast, j, d, foreign); err != nil {
		return Verdict{}, nil, err
	}
	j.gather = work != nil && i.Next != nil && i.Next.Digest == d.Digest
	if j.work == nil {
		j.work = form
	}
	return Verdict{}, j, nil
}

// own returns a *DigestError if a set signs something else than this validator
// would. As long as that is not known, it does not.
func (j *judgement) own(d duty, set frost.SigningSet) error {
	if j.work != nil && set.Digest != d.Digest {
		return &DigestError{ID: j.item.ID, SigningSetNo: set.Number, Own: d.Digest, Theirs: set.Digest}
	}
	return nil
}

// lookAtDoubts reads what it takes to judge a signer's earlier shares, if that
// is due before its commitment counts.
func (s *Signer) lookAtDoubts(r storage.Reader, roast *frost.Roast, j *judgement, d duty, foreign bool) error {
	if j.item.Next == nil {
		return nil
	}
	sets := roast.Doubts(j.from)
	switch {
	case len(sets) == 0:
		return nil
	case foreign: // nobody can tell, as with its share
		j.item.Next = nil
		return nil
	case j.work == nil:
		return ErrNotReady
	}
	for _, set := range sets {
		if err := j.own(d, set); err != nil {
			return err
		}
		bound, err := s.bind(r, j.item.ID, set)
		if err != nil {
			return err
		}
		share, err := s.answer(r, j.item.ID, set.Number, j.from)
		if err != nil {
			return err
		}
		j.doubts = append(j.doubts, doubt{bound, share})
	}
	return nil
}

// lookAtShare reads what it takes to judge a share. A share of a set that is
// dead, finished or not to sign this is not judged.
func (s *Signer) lookAtShare(r storage.Reader, roast *frost.Roast, j *judgement, d duty, foreign bool) error {
	if j.item.Share == nil || !roast.Pending(j.from, j.item.Set) {
		return nil
	}
	set, _ := roast.Set(j.item.Set)
	if err := j.own(d, set); err != nil {
		return err
	}
	j.pending = true
	_, last := roast.LastAnswer(j.from, j.item.Set)
	switch {
	case !last:
		return nil
	case foreign:
		// Nobody can tell what it should sign. The set stays until the batch is
		// acknowledged.
		j.pending, j.item.Share = false, nil
		return nil
	case j.work == nil:
		return ErrNotReady
	}
	var err error
	j.last, err = s.completed(r, j.item.ID, set, j.from, j.item.Share)
	return err
}

// judge tells what an item means. It reads nothing but what it is given.
func (s *Signer) judge(j *judgement) (Verdict, error) {
	v := Verdict{item: &j.item}
	id := j.item.ID
	if j.pending {
		if err := frost.CheckShare(j.key, j.work, j.item.Share); err != nil {
			v.convict(id, j.item.Set, &frost.Fault{Validator: j.from, Err: err}, j.item.Share)
			return v, nil
		}
	}
	if len(j.doubts) > 0 {
		if err := s.settle(j, &v); err != nil || !v.sound {
			return v, err
		}
	}
	if j.last != nil {
		if err := s.complete(j, &v); err != nil {
			return Verdict{}, err
		}
	}
	if c := j.item.Next; c != nil && v.signatures == nil {
		decoded, err := s.memory.commitment(id, j.key, j.work, j.from, c.Nonces)
		switch {
		case err != nil:
			reason := fmt.Sprintf("malformed commitment: %s", err)
			v.blame = append(v.blame, blame{j.from, reason, wire.Marshal(item{ID: id, Next: c})})
			j.item.Next = nil
		case j.gather:
			s.memory.gather(id, j.key, j.work, c.Digest, len(c.Nonces)/j.key.Group().ElementSize(), decoded)
		}
	}
	if j.item.Share == nil && j.item.Next == nil {
		v.item = nil
	}
	return v, nil
}

// settle judges the earlier shares of the signer.
func (s *Signer) settle(j *judgement, v *Verdict) error {
	v.doubted = true
	for _, doubt := range j.doubts {
		session, err := s.session(j.key, j.work, j.item.ID, doubt.boundSet)
		if err != nil {
			return err
		}
		err = session.Verify(j.from, doubt.share)
		if fault, ok := errors.AsType[*frost.Fault](err); ok {
			v.accuse(j.item.ID, doubt.Number, fault, doubt.share)
			return nil
		}
		if err != nil {
			return fmt.Errorf("signer: set %d of %s: %w", doubt.Number, j.item.ID, err)
		}
	}
	v.sound = true
	return nil
}

// complete makes the signatures of a set, or finds who is at fault.
func (s *Signer) complete(j *judgement, v *Verdict) error {
	session, err := s.session(j.key, j.work, j.item.ID, j.last.boundSet)
	if err != nil {
		return err
	}
	v.signatures, err = session.Aggregate(j.last.shares)
	if faults, ok := errors.AsType[frost.Faults](err); ok {
		for _, fault := range faults {
			for m, member := range j.last.Members {
				if member.Validator == fault.Validator {
					v.convict(j.item.ID, j.last.Number, fault, j.last.shares[m])
				}
			}
		}
		return nil
	}
	if err != nil {
		return fmt.Errorf("signer: set %d of %s: %w", j.last.Number, j.item.ID, err)
	}
	return nil
}

// convict names the sender of a share, which is removed for it.
func (v *Verdict) convict(id ID, set uint32, fault *frost.Fault, share []byte) {
	v.accuse(id, set, fault, share)
	v.faulty = append(v.faulty, fault.Validator)
}

// accuse names the sender of a share. The evidence is its item without the
// commitment beside the share.
func (v *Verdict) accuse(id ID, set uint32, fault *frost.Fault, share []byte) {
	reason := fmt.Sprintf("invalid signature share: %s", fault.Err)
	v.blame = append(v.blame, blame{fault.Validator, reason, wire.Marshal(item{ID: id, Share: share, Set: set})})
}

// Receive takes an item with its verdict in.
func (s *Signer) Receive(tx storage.Tx, session uint64, from uint16, v Verdict) error {
	for _, b := range v.blame {
		if err := s.Events.Misbehaved(tx, session, b.who, b.reason, b.evidence); err != nil {
			return err
		}
	}
	if v.item == nil {
		return nil
	}
	roast, err := s.roast(tx, v.item.ID)
	if err != nil {
		return err
	}
	var next *frost.SignerCommitment
	if c := v.item.Next; c != nil {
		next = &frost.SignerCommitment{Counter: c.Counter, Digest: c.Digest}
	}
	held := roast.Held(from)
	var p frost.Progress
	if v.doubted {
		p = roast.Judged(from, v.sound)
	}
	switch {
	case v.doubted && !v.sound:
	case v.item.Share != nil:
		p = both(p, roast.Answer(from, v.item.Set, v.faulty, next))
	default:
		p = both(p, roast.Commit(from, *next))
	}
	if !held && roast.Held(from) {
		if err := s.Events.Held(tx, v.item.ID, from); err != nil {
			return err
		}
	}
	if err := s.keep(tx, from, v.item, p); err != nil {
		return err
	}
	return s.progress(tx, v.item.ID, roast, p, v.signatures)
}
