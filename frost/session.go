package frost

import (
	"bytes"
	"fmt"
	"slices"
)

// A Member of a session is a validator with its commitment as the log has it.
type Member struct {
	Validator  uint16 // its number, from 0
	Commitment []byte // see Commit
}

// A Session makes the signatures of one work list with one set of validators.
// It does not change and is safe for concurrent use.
type Session struct {
	key     *PublicKey
	set     *set
	members []member
	items   []item
}

// member is a validator of a session.
type member struct {
	*Commitment
	first  int // position of its first share among those of the session
	public []Element
}

// item is one signature of a session.
type item struct {
	instance    Instance
	generators  []Element // G first
	coefficient Scalar
	perSigner   []Scalar  // in the place of coefficient: one for each member
	nonces      []Element // per generator, what the signature's nonce is
	images      []Element
	challenge   Challenge
}

// NewSession prepares the signatures of the work by a set of validators, who
// are listed in ascending order and hold at least the threshold together; all
// their shares take part. The context identifies the session among all sessions
// of the key, and no other one may have it: it names what is signed and which
// attempt this is.
//
// An empty context makes sessions as in BIP-445 where the algorithm knows them.
// That is for interoperation with other implementations.
//
// The error is a *Fault if a commitment is malformed.
func NewSession(key *PublicKey, work []Algorithm, context []byte, members []Member) (*Session, error) {
	g, err := NewGathering(key, work)
	if err != nil {
		return nil, err
	}
	for i, m := range members {
		if i > 0 && m.Validator <= members[i-1].Validator {
			return nil, fmt.Errorf("frost: new session: %w: not in ascending order", ErrMembers)
		}
		c, err := DecodeCommitment(key, work, m.Validator, m.Commitment)
		if err != nil {
			return nil, err
		}
		if err := g.Add(c); err != nil {
			return nil, err
		}
	}
	return g.Session(context)
}

// Session is NewSession with those whose commitments were gathered. The
// gathering may go on afterwards.
func (g *Gathering) Session(context []byte) (*Session, error) {
	s := &Session{key: g.key}
	if err := s.admit(g.commitments); err != nil {
		return nil, fmt.Errorf("frost: new session: %w", err)
	}
	s.items = make([]item, len(g.instances))
	if err := s.join(g); err != nil {
		return nil, fmt.Errorf("frost: new session: %w", err)
	}
	binding := Binding{Context: context, Signers: s.set.indices, Key: g.key.key}
	for i := range s.items {
		it := &s.items[i]
		binding.Item = uint16(i)
		if err := s.begin(it, i, binding, &g.sums[i]); err != nil {
			return nil, fmt.Errorf("frost: new session: item %d: %w", i, err)
		}
	}
	return s, nil
}

// admit checks that the members, in ascending order, are a signing set and
// takes them in.
func (s *Session) admit(commitments []*Commitment) error {
	weight := 0
	validators := make([]uint16, len(commitments))
	s.members = make([]member, len(commitments))
	for i, c := range commitments {
		validators[i] = c.validator
		w := s.key.Weight(c.validator)
		first := s.key.first[c.validator] - 1
		s.members[i] = member{Commitment: c, first: weight, public: s.key.shares[first:][:w:w]}
		weight += w
	}
	if weight < s.key.Threshold() {
		return fmt.Errorf("%w: weight %d of %d", ErrMembers, weight, s.key.Threshold())
	}
	s.set = s.key.set(validators)
	return nil
}

// join sums the images of all items and then completes the instances that
// depend on those of other items.
func (s *Session) join(g *Gathering) error {
	images := make([][]Element, len(s.items))
	var all []Element
	for i := range s.items {
		it := &s.items[i]
		it.instance, it.generators = g.instances[i], g.sums[i].generators
		s.sumImages(it, i)
		images[i] = it.images
		all = append(all, it.images...)
	}
	s.key.group.Normalize(all...)
	for i := range s.items {
		joint, ok := s.items[i].instance.(Joint)
		if !ok {
			continue
		}
		var err error
		if s.items[i].instance, err = joint.Join(images); err != nil {
			return fmt.Errorf("%w: item %d: %w", ErrWork, i, err)
		}
	}
	return nil
}

// begin derives the binding coefficient, the nonces and the challenge of an item
// from the commitments. The images are known.
func (s *Session) begin(it *item, i int, binding Binding, sum *sums) error {
	group := s.key.group
	if per, ok := it.instance.(PerSigner); ok {
		return s.beginPerSigner(it, i, per, sum)
	}
	both := make([]Element, 0, 4)
	for k := range it.generators {
		both = append(both, group.NewElement().Set(sum.hiding[k]), group.NewElement().Set(sum.binding[k]))
	}
	group.Normalize(both...)
	for k := range it.generators {
		binding.Nonces = append(binding.Nonces, [2][]byte{both[2*k].Bytes(), both[2*k+1].Bytes()})
	}
	binding.Images = it.images
	it.coefficient = it.instance.Coefficient(&binding)
	for k := range it.generators {
		nonce := both[2*k+1]
		nonce.VarTimeMultiply(it.coefficient, nonce)
		it.nonces = append(it.nonces, nonce.Add(nonce, both[2*k]))
	}
	return it.challengeNonces(group)
}

// beginPerSigner is begin where each signer has a coefficient of its own.
func (s *Session) beginPerSigner(it *item, i int, per PerSigner, sum *sums) error {
	group := s.key.group
	if len(it.generators) > 1 {
		return fmt.Errorf("%w: a coefficient for each signer, and several generators", ErrWork)
	}
	signers := make([]SignerNonces, len(s.members))
	bound := make([]Element, len(s.members))
	for j, m := range s.members {
		if len(m.public) != 1 {
			return fmt.Errorf("%w: a coefficient for each signer, and validator %d has weight %d", ErrMembers, m.validator, len(m.public))
		}
		c := &m.items[i]
		signers[j] = SignerNonces{s.set.indices[m.first], c.hiding[0].Bytes(), c.binding[0].Bytes()}
		bound[j] = c.binding[0]
	}
	it.perSigner = per.Coefficients(signers)
	nonce := group.VarTimeMultiScalarMult(nil, it.perSigner, bound)
	it.nonces = []Element{nonce.Add(nonce, sum.hiding[0])}
	return it.challengeNonces(group)
}

// challengeNonces derives the challenge from the nonces.
func (it *item) challengeNonces(group Group) error {
	for k, nonce := range it.nonces {
		// Only a member that chose its commitment last can cause this. The
		// session goes on with another nonce, as in BIP-445, and that member's
		// share convicts it.
		if nonce.IsIdentity() {
			nonce.Set(it.generators[k])
		}
	}
	group.Normalize(it.nonces...)
	var err error
	it.challenge, err = it.instance.Challenge(it.nonces, it.images)
	return err
}

// bind returns the binding coefficient of the member at a position.
func (it *item) bind(position int) Scalar {
	if it.perSigner != nil {
		return it.perSigner[position]
	}
	return it.coefficient
}

// sumImages interpolates the images of the key for an item.
func (s *Session) sumImages(it *item, i int) {
	for k := range it.generators[1:] {
		var elements []Element
		for _, m := range s.members {
			for _, images := range m.items[i].images {
				elements = append(elements, images[k])
			}
		}
		it.images = append(it.images, s.key.group.VarTimeMultiScalarMult(nil, s.set.all(s.key.group), elements))
	}
}

// position returns the position of a validator among the members.
func (s *Session) position(validator uint16) (int, error) {
	i, found := slices.BinarySearchFunc(s.members, validator, func(m member, v uint16) int {
		return int(m.validator) - int(v)
	})
	if !found {
		return 0, fmt.Errorf("%w: %d", ErrNotMember, validator)
	}
	return i, nil
}

// Sign returns the validator's share of the signatures: one scalar per item. It
// consumes the nonces, unless it refuses because they are not the ones that the
// session has the validator's commitment to. The share is checked before it is
// returned.
func (s *Session) Sign(share *KeyShare, nonces *Nonces) ([]byte, error) {
	i, err := s.position(share.validator)
	if err != nil {
		return nil, fmt.Errorf("frost: sign: %w", err)
	}
	m := &s.members[i]
	switch {
	case len(share.secrets) != len(m.public) || !share.key.key.Equal(s.key.key):
		return nil, fmt.Errorf("frost: sign: %w", ErrShare)
	case nonces.validator != share.validator || nonces.items != len(s.items) ||
		!bytes.Equal(nonces.commitment, m.encoded):
		return nil, fmt.Errorf("frost: sign: %w", ErrNonces)
	}
	pairs, err := nonces.take()
	if err != nil {
		return nil, fmt.Errorf("frost: sign: %w", err)
	}
	defer nonces.erase()

	group := s.key.group
	secret, term := group.NewScalar(), group.NewScalar()
	defer secret.Erase()
	defer term.Erase()
	for j, lambda := range s.set.coefficients(group, m.first, len(m.public)) {
		secret.Add(secret, term.Multiply(lambda, share.secrets[j]))
	}
	answers := make([]Scalar, len(s.items))
	var encoded []byte
	for j := range s.items {
		answers[j] = s.items[j].answer(group, i, pairs[j], secret)
		encoded = append(encoded, answers[j].Bytes()...)
	}
	if !s.hold([]int{i}, [][]Scalar{answers}) {
		return nil, fmt.Errorf("frost: sign: %w", ErrOwnShare)
	}
	return encoded, nil
}

// answer returns ±(d + b·e) + c·x for the member at a position.
func (it *item) answer(group Group, position int, pair noncePair, x Scalar) Scalar {
	z, term := group.NewScalar(), group.NewScalar()
	defer term.Erase()
	z.Add(z.Multiply(it.bind(position), pair.binding), pair.hiding)
	if it.challenge.Negate {
		z.Negate(z)
	}
	return z.Add(z, term.Multiply(it.challenge.Factor, x))
}

// Aggregate completes the signatures from the shares of all members, in their
// order. Every signature is verified before it is returned. If one fails, the
// error is the Faults of those whose shares are at fault. A share that is
// missing, nil, is nobody's fault and reported as ErrMembers.
func (s *Session) Aggregate(shares [][]byte) ([][]byte, error) {
	if len(shares) != len(s.members) {
		return nil, fmt.Errorf("frost: aggregate: %w: %d shares of %d members", ErrMembers, len(shares), len(s.members))
	}
	for i, share := range shares {
		if share == nil {
			return nil, fmt.Errorf("frost: aggregate: %w: no share of validator %d", ErrMembers, s.members[i].validator)
		}
	}
	group := s.key.group
	sums := make([]Scalar, len(s.items))
	for i := range sums {
		sums[i] = group.NewScalar()
	}
	for _, share := range shares {
		answers, err := s.decodeShare(share)
		if err != nil {
			return nil, s.blame(shares, nil)
		}
		for i, answer := range answers {
			sums[i].Add(sums[i], answer)
		}
	}
	signatures := make([][]byte, len(s.items))
	for i, it := range s.items {
		var err error
		if signatures[i], err = it.instance.Signature(it.nonces, it.images, sums[i]); err != nil {
			return nil, s.blame(shares, fmt.Errorf("item %d: %w", i, err))
		}
	}
	return signatures, nil
}

// blame explains why the shares do not make the signatures.
func (s *Session) blame(shares [][]byte, cause error) error {
	if faults := s.verifyAll(shares, cause != nil); len(faults) > 0 {
		return faults
	}
	return fmt.Errorf("frost: aggregate: %w: %w", ErrInconsistent, cause)
}
