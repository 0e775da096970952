package scanner

import (
	"cmp"
	"slices"

	"github.com/serai-go/processor/storage"
)

// Life is where a key is in its life.
type Life struct {
	// Key is the key as decided so far.
	Key Key
	// Settled is the last settled block, and Stage the key's stage there.
	Settled uint64
	Stage   Stage
	// Stages are those that it has come to, with the block at which each began,
	// and then those that are decided.
	Stages []StageStart
	// Past tells that the key is done with its duties, which include all batches up
	// to its retirement block.
	Past bool
	// Older is how many keys have to retire before it. Successor is the session of
	// the key that counts as its successor, active or not, if there is one.
	Older     int
	Successor *uint64
	// Held, Forwards and Queued are how many deposits to it are held back, passed on
	// and not arrived, and arrived but not reported.
	Held, Forwards, Queued int
}

// StageStart is the block at which a stage of a key begins.
type StageStart struct {
	Stage  Stage
	Number uint64 // of the block
}

// Next returns the next stage that is decided, or nil.
func (l *Life) Next() *StageStart {
	for i := range l.Stages {
		if l.Stages[i].Number > l.Settled {
			return &l.Stages[i]
		}
	}
	return nil
}

// Life implements Explainer.
func (s *scanner) Life(r storage.Reader, session uint64) (*Life, error) {
	keys, err := s.ring(r)
	if err != nil {
		return nil, err
	}
	f, err := s.frontier.Load(r)
	if err != nil {
		return nil, err
	}
	life := &Life{Settled: f.Settle - min(f.Settle, 1)}
	i := keys.find(session)
	if i < 0 {
		past, err := s.load(r, s.past)
		if err != nil {
			return nil, err
		}
		for _, key := range past {
			if key.Session == session {
				life.Key, life.Past, life.Stage = key, true, Retired
				keys.keys = append(past, keys.keys...)
				slices.SortFunc(keys.keys, func(a, b Key) int { return cmp.Compare(a.Session, b.Session) })
				life.Stages = keys.starts(keys.find(session))
				return life, nil
			}
		}
		return nil, nil
	}
	life.Key = keys.keys[i]
	life.Past = life.Key.Over
	if f.Active {
		life.Stage = keys.stage(i, life.Settled)
		life.Stages = keys.starts(i)
	}
	for _, j := range keys.live() {
		switch other := keys.keys[j].Session; {
		case other < session:
			life.Older++
		case other > session && life.Successor == nil:
			life.Successor = &other
		}
	}
	count := func(m storage.Map[place, late], n *int) error {
		for item, err := range m.All(r) {
			if err != nil {
				return err
			}
			if item.Value.Session == session {
				*n++
			}
		}
		return nil
	}
	if err := count(s.held, &life.Held); err != nil {
		return nil, err
	}
	if err := count(s.queue, &life.Queued); err != nil {
		return nil, err
	}
	for item, err := range s.forwards.All(r) {
		if err != nil {
			return nil, err
		}
		if item.Value.Session == session {
			life.Forwards++
		}
	}
	return life, nil
}

// starts returns where the stages of a key begin, as far as that is decided.
func (k keyring) starts(i int) (list []StageStart) {
	key := &k.keys[i]
	if !key.Active {
		return nil
	}
	p := k.at(key.Activation)
	candidates := []uint64{key.Activation, key.Activation + p.Confirmations + p.TenMinutes}
	if key.Retiring {
		candidates = append(candidates, key.Retirement)
	}
	for _, other := range k.keys[i+1:] {
		if !other.Active {
			continue
		}
		p := k.at(other.Activation)
		buried := other.Activation + p.Confirmations + p.TenMinutes
		candidates = append(candidates, buried, buried+p.Confirmations, buried+p.Confirmations+p.Grace)
		if other.Retiring {
			candidates = append(candidates, other.Retirement) // where an abandoned one counts no more
		}
	}
	slices.Sort(candidates)
	before := Confirmed
	for _, n := range candidates {
		if now := k.stage(i, n); now != before {
			list = append(list, StageStart{now, n})
			before = now
		}
	}
	return list
}

// next returns the first block from a number on at which a stage of a key begins,
// as far as that is decided.
func (k keyring) next(i int, number uint64) *uint64 {
	for _, s := range k.starts(i) {
		if s.Number >= number {
			return &s.Number
		}
	}
	return nil
}
