package signer

import (
	"container/list"
	"fmt"
	"slices"
	"sync"

	"github.com/serai-go/processor/frost"
)

// memory keeps what is costly to compute anew: for each sign ID its work, the
// decoded commitments and the sessions of its sets. A commitment is decoded
// when it arrives and needed when its set forms; a session is needed when a
// member answers and again with the last share. Nothing but speed depends on
// it.
//
// It is bounded by the group elements it holds. When it is full, new things are
// not taken in: those that are there will be done with first, and are forgotten
// then. Only what was not used for long, which should not happen, makes room.
type memory struct {
	mu     sync.Mutex
	limit  int // elements
	held   int
	clock  uint64 // counts uses
	ids    map[ID]*list.Element
	recent list.List // of *remembered, the latest used first
}

const (
	// elementBytes is about what an element takes in memory.
	elementBytes = 150
	// memoryElements is how many elements are remembered, 20 MB: enough for 200
	// sign IDs of one signature each among 150 validators, or 500 of ten
	// signatures among four.
	memoryElements = 1 << 17
	// memoryAge is how many uses of others later something is old.
	memoryAge = 1 << 16
	// perSigner is how many commitments of one signer to one sign ID are kept:
	// one that is in a set, and the next.
	perSigner = 2
)

// remembered is what there is on one sign ID.
type remembered struct {
	id          ID
	used        uint64
	size        int // elements
	digest      [32]byte
	work        []frost.Algorithm
	commitments []*frost.Commitment // in order of arrival
	sizes       []int               // of the commitments
	sessions    []numberedSession
	next        *gathering // of what came since the last set formed
	formed      *gathering // of what came before
	sums        int        // the size of the two
}

// gathering is of commitments to one digest, of which the work is known.
type gathering struct {
	*frost.Gathering
	digest [32]byte
}

type numberedSession struct {
	number  uint32
	size    int
	session *frost.Session
}

func newMemory(limit int) *memory { return &memory{limit: limit, ids: make(map[ID]*list.Element)} }

// get returns what there is on a sign ID, or nil. The caller holds the lock.
func (m *memory) get(id ID) *remembered {
	e := m.ids[id]
	if e == nil {
		return nil
	}
	m.recent.MoveToFront(e)
	r := e.Value.(*remembered)
	m.clock++
	r.used = m.clock
	return r
}

// room returns the place for more on a sign ID, or nil if there is none. The
// caller holds the lock.
func (m *memory) room(id ID, size int) *remembered {
	r := m.get(id)
	for m.held+size > m.limit {
		last := m.recent.Back()
		if last == nil {
			return nil
		}
		if old := last.Value.(*remembered); old == r || m.clock-old.used < memoryAge {
			return nil
		}
		m.remove(last)
	}
	if r == nil {
		m.clock++
		r = &remembered{id: id, used: m.clock}
		m.ids[id] = m.recent.PushFront(r)
	}
	r.size += size
	m.held += size
	return r
}

func (m *memory) remove(e *list.Element) {
	r := m.recent.Remove(e).(*remembered)
	m.held -= r.size
	delete(m.ids, r.id)
}

// forget removes all on a sign ID.
func (m *memory) forget(id ID) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if e := m.ids[id]; e != nil {
		m.remove(e)
	}
}

// work returns the work of a sign ID with a digest, made by make unless it is
// remembered.
func (m *memory) work(id ID, digest [32]byte, make func() ([]frost.Algorithm, error)) ([]frost.Algorithm, error) {
	m.mu.Lock()
	if r := m.get(id); r != nil && r.work != nil && r.digest == digest {
		defer m.mu.Unlock()
		return r.work, nil
	}
	m.mu.Unlock()
	work, err := make()
	if err != nil || work == nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if r := m.room(id, len(work)); r != nil {
		r.digest, r.work = digest, work
	}
	return work, nil
}

// commitment decodes a commitment, unless it is remembered.
func (m *memory) commitment(id ID, key *frost.PublicKey, work []frost.Algorithm, validator uint16, nonces []byte) (*frost.Commitment, error) {
	m.mu.Lock()
	if r := m.get(id); r != nil {
		for _, c := range r.commitments {
			if c.Validator() == validator && c.Encodes(nonces) {
				m.mu.Unlock()
				return c, nil
			}
		}
	}
	m.mu.Unlock()
	c, err := frost.DecodeCommitment(key, work, validator, nonces)
	if err != nil {
		return nil, err
	}
	size := len(nonces) / key.Group().ElementSize()
	m.mu.Lock()
	defer m.mu.Unlock()
	if r := m.get(id); r != nil {
		m.crowd(r, validator)
	}
	if r := m.room(id, size); r != nil {
		r.commitments, r.sizes = append(r.commitments, c), append(r.sizes, size)
	}
	return c, nil
}

// crowd removes the oldest commitment of a validator that has its number of
// them.
func (m *memory) crowd(r *remembered, validator uint16) {
	oldest, count := 0, 0
	for i := len(r.commitments) - 1; i >= 0; i-- {
		if r.commitments[i].Validator() == validator {
			oldest, count = i, count+1
		}
	}
	if count >= perSigner {
		m.held -= r.sizes[oldest]
		r.size -= r.sizes[oldest]
		r.commitments = slices.Delete(r.commitments, oldest, oldest+1)
		r.sizes = slices.Delete(r.sizes, oldest, oldest+1)
	}
}

// gather adds a commitment to those that may form the next set. A commitment
// that gets into no set spoils what is gathered: then the session is made anew.
// Size is that of a commitment, and of the sums.
func (m *memory) gather(id ID, key *frost.PublicKey, work []frost.Algorithm, digest [32]byte, size int, c *frost.Commitment) {
	m.mu.Lock()
	r := m.get(id)
	begin := r != nil && (r.next == nil || r.next.digest != digest)
	m.mu.Unlock()
	var fresh *frost.Gathering
	if begin {
		var err error
		if fresh, err = frost.NewGathering(key, work); err != nil {
			return
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if r = m.get(id); r == nil {
		return
	}
	if r.sums == 0 {
		if m.room(id, 2*size) == nil {
			return
		}
		r.sums = 2 * size
	}
	if begin {
		r.next = &gathering{fresh, digest}
	}
	if r.next != nil && r.next.Add(c) != nil {
		r.next = nil // it replaces another
	}
}

// progress forgets the sessions of sets that are not live any more. If a set has
// formed, what is gathered is for it, and for the next one from nothing.
func (m *memory) progress(id ID, formed bool, live func(number uint32) bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r := m.get(id)
	if r == nil {
		return
	}
	if formed {
		r.formed, r.next = r.next, nil
	}
	r.sessions = slices.DeleteFunc(r.sessions, func(s numberedSession) bool {
		if live(s.number) {
			return false
		}
		m.held -= s.size
		r.size -= s.size
		return true
	})
}

// session returns the FROST session of a set of a sign ID, made by make unless
// it is remembered: the number of a set never stands for another set of the
// sign ID. What make gets is the gathering of the set's commitments, or nil.
func (m *memory) session(id ID, set *boundSet, size int, make func(*frost.Gathering) (*frost.Session, error)) (*frost.Session, error) {
	var gathered *frost.Gathering
	m.mu.Lock()
	if r := m.get(id); r != nil {
		for _, s := range r.sessions {
			if s.number == set.Number {
				m.mu.Unlock()
				return s.session, nil
			}
		}
		if g := r.formed; g != nil && g.digest == set.Digest && g.Is(set.members) {
			gathered, r.formed = g.Gathering, nil // for one goroutine
		}
	}
	m.mu.Unlock()
	session, err := make(gathered)
	if err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if r := m.room(id, size); r != nil {
		r.sessions = append(r.sessions, numberedSession{set.Number, size, session})
	}
	return session, nil
}

// session returns the FROST session of a set. Its context is unique for the
// sign ID and the set.
func (s *Signer) session(key *frost.PublicKey, work []frost.Algorithm, id ID, set boundSet) (*frost.Session, error) {
	size := len(set.Members) * (2*len(work) + 1) // as much as if it shared nothing
	session, err := s.memory.session(id, &set, size, func(gathered *frost.Gathering) (*frost.Session, error) {
		if gathered != nil {
			return gathered.Session(s.context(id, uint64(set.Number)))
		}
		gathering, err := frost.NewGathering(key, work)
		if err != nil {
			return nil, err
		}
		for _, m := range set.members {
			c, err := s.memory.commitment(id, key, work, m.Validator, m.Commitment)
			if err != nil {
				return nil, err
			}
			if err := gathering.Add(c); err != nil {
				return nil, err
			}
		}
		return gathering.Session(s.context(id, uint64(set.Number)))
	})
	if err != nil {
		return nil, fmt.Errorf("set %d of %s: %w", set.Number, id, err)
	}
	return session, nil
}
