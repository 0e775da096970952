package keygen

import (
	"bytes"
	"slices"
	"sync"

	"github.com/serai-go/processor/frost/dkg"
)

// cache keeps what the messages of one attempt decode to, so that no deal is
// decoded twice. It only saves time: what it returns is a pure function of what
// it is asked for. It holds the attempt that was last asked for and no other,
// so its size is bounded.
type cache struct {
	mu      sync.Mutex
	key     attemptKey
	request attempt
	kept    *decoded
}

// decoded is what belongs to one setup. Its fields are guarded by the mutex.
type decoded struct {
	mu    sync.Mutex
	setup *dkg.Setup
	deals []cachedDeal // by dealer
	// combined is the result of the deals in of.
	combined *dkg.Result
	of       []*dkg.Deal
}

type cachedDeal struct {
	raw  []byte
	deal *dkg.Deal
}

// get returns what is kept of an attempt, new if that is nothing.
func (c *cache) get(key attemptKey, a *attempt, newSetup func() (*dkg.Setup, error)) (*decoded, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.kept != nil && c.key == key && c.request.sameRequest(a) {
		return c.kept, nil
	}
	setup, err := newSetup()
	if err != nil {
		return nil, err
	}
	c.key, c.request = key, *a
	c.request.participants = slices.Clone(a.participants)
	c.kept = &decoded{setup: setup, deals: make([]cachedDeal, len(a.participants))}
	return c.kept, nil
}

// deal is dkg.Setup.DecodeDeal. The dealer is a participant.
func (d *decoded) deal(dealer uint16, raw []byte) (*dkg.Deal, error) {
	d.mu.Lock()
	kept := d.deals[dealer]
	d.mu.Unlock()
	if kept.deal != nil && bytes.Equal(kept.raw, raw) {
		return kept.deal, nil
	}
	kept.raw = bytes.Clone(raw)
	var err error
	if kept.deal, err = d.setup.DecodeDeal(dealer, kept.raw); err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.deals[dealer] = kept
	return kept.deal, nil
}

// combine is dkg.Setup.Combine.
func (d *decoded) combine(deals []*dkg.Deal) (*dkg.Result, error) {
	d.mu.Lock()
	combined, of := d.combined, d.of
	d.mu.Unlock()
	if combined != nil && slices.Equal(of, deals) {
		return combined, nil
	}
	combined, err := d.setup.Combine(deals)
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.combined, d.of = combined, slices.Clone(deals)
	return combined, nil
}
