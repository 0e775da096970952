package nodes

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/serai-go/processor/coin"
)

// maxPause is how many times Config.Pause a node is left aside at most.
const maxPause = 300

// record is what a node has done so far.
type record struct {
	failures  int       // in a row
	last      string    // what was wrong
	aside     time.Time // until when it is not asked first
	slow      time.Time // until when it is not for what one node can give
	disagrees bool
	// distrusted is set once it contradicted itself or the majority.
	distrusted bool

	tip   uint64
	best  uint64    // the highest tip it had
	moved time.Time // when it got there
	fell  bool      // the tip is a final block's depth below it
	short bool      // the tip is below that of the majority
	late  bool      // the tip is below another's, and has not moved for long
	stale bool      // and as many are ahead as are not
}

// counts tells whether what the node says of the best chain has weight.
func (r *record) counts() bool { return !r.distrusted && !r.fell && !r.stale }

// Health implements coin.Watched.
func (n *Nodes) Health() []coin.NodeHealth {
	n.mu.Lock()
	defer n.mu.Unlock()
	list := make([]coin.NodeHealth, len(n.members))
	for i, m := range n.members {
		h := coin.NodeHealth{Name: m.Name, Tip: m.tip, Failures: m.failures, LastError: m.last}
		switch {
		case m.distrusted:
			h.State = coin.NodeDistrusted
		case m.failures > 0:
			h.State = coin.NodeFailing
		case m.disagrees:
			h.State = coin.NodeDisagrees
		case m.fell || m.late || m.short:
			h.State = coin.NodeBehind
		}
		list[i] = h
	}
	return list
}

// fail leaves a node aside for what it did.
func (n *Nodes) fail(m *member, cause error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.failed(m, cause)
}

func (n *Nodes) failed(m *member, cause error) {
	m.last = clip(cause.Error())
	if time.Now().Before(m.aside) {
		return // one of several questions at the same time
	}
	pause := n.config.Pause
	for i := 0; i < m.failures && pause < maxPause*n.config.Pause; i++ {
		pause *= 2
	}
	m.failures++
	m.aside = time.Now().Add(min(pause, maxPause*n.config.Pause))
}

// distrust is fail for a node that contradicted itself or the majority.
func (n *Nodes) distrust(m *member, cause error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	m.distrusted, m.disagrees = true, false
	n.failed(m, cause)
}

// maxError bounds the text that is kept of a node's error, in bytes.
const maxError = 500

func clip(text string) string { return text[:min(len(text), maxError)] }

// answered notes how a question to a node went. That it does not know, or that
// the caller gave up, speaks neither for nor against it.
func (n *Nodes) answered(ctx context.Context, m *member, err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	switch {
	case ctx.Err() != nil || errors.Is(err, coin.ErrNotFound):
	case err != nil:
		n.failed(m, err)
	case !m.distrusted:
		m.failures, m.aside = 0, time.Time{}
	}
}

// said notes a node's tip.
func (n *Nodes) said(m *member, tip uint64) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if tip > m.best || m.moved.IsZero() {
		m.best, m.moved = tip, time.Now()
	}
	m.tip = tip
	// A reorganisation makes the best chain longer, or hardly shorter.
	m.fell = m.best >= tip && m.best-tip >= n.final
}

// owes tells whether a node that does not know a block must have it by what it
// says of its own tip, and counts that as a failure.
func (n *Nodes) owes(m *member, number uint64) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if m.tip < n.final || number > m.tip-n.final {
		return false
	}
	n.failed(m, fmt.Errorf("%w: its chain ends with block %d, and it does not know block %d", coin.ErrInvalid, m.tip, number))
	return true
}

// behind notes who is behind the tip that most nodes have, or behind others. Of
// those that answer, nobody is believed who is distrusted, and one that is ahead
// of most does not make these stale.
func (n *Nodes) behind(agreed uint64, answered []*member) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, m := range n.members {
		ahead, others := 0, 0
		for _, a := range answered {
			switch {
			case a.distrusted:
			case a.tip > m.tip:
				ahead++
			default:
				others++
			}
		}
		known := !m.moved.IsZero()
		m.short = known && m.tip < agreed
		m.late = known && ahead > 0 && time.Since(m.moved) >= n.config.Stale
		m.stale = m.late && ahead >= others
	}
}

// waitFactor is for how many times as long as a node let a caller wait in vain
// others are asked before it.
const waitFactor = 10

// waited notes for how long a caller waited for a node, in vain if there was an
// error. What it answers beside that does not count.
func (n *Nodes) waited(ctx context.Context, m *member, since time.Time, err error) {
	if ctx.Err() != nil {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if m.slow = (time.Time{}); err != nil {
		m.slow = time.Now().Add(waitFactor * time.Since(since))
	}
}

// agree notes that nodes agree on a header: those that were distrusted are
// believed again, if there is more than one.
func (n *Nodes) agree(list []*member) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, m := range list {
		m.disagrees = false
		if m.distrusted && len(list) > 1 {
			m.distrusted, m.failures, m.aside = false, 0, time.Time{}
		}
	}
}

// disagree notes that nodes disagree.
func (n *Nodes) disagree(list []*member) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, m := range list {
		m.disagrees = true
	}
}

// sorted returns the nodes to ask, those left aside last.
func (n *Nodes) sorted() (first, aside []*member) {
	n.mu.Lock()
	defer n.mu.Unlock()
	now := time.Now()
	for _, m := range n.members {
		if now.Before(m.aside) || now.Before(m.slow) || m.distrusted {
			aside = append(aside, m)
		} else {
			first = append(first, m)
		}
	}
	return first, aside
}

// due divides the nodes into those to compare and those left aside.
func (n *Nodes) due() (now, aside []*member) {
	n.mu.Lock()
	defer n.mu.Unlock()
	at := time.Now()
	for _, m := range n.members {
		if at.Before(m.aside) {
			aside = append(aside, m)
		} else {
			now = append(now, m)
		}
	}
	return now, aside
}

// believed returns those of the nodes that are not distrusted.
func (n *Nodes) believed(list []*member) []*member {
	return n.only(list, func(r *record) bool { return !r.distrusted })
}

// counting returns those of the nodes that have weight, or all if none has.
func (n *Nodes) counting(list []*member) []*member {
	if some := n.only(list, (*record).counts); len(some) > 0 {
		return some
	}
	return list
}

func (n *Nodes) only(list []*member, is func(*record) bool) (some []*member) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, m := range list {
		if is(&m.record) {
			some = append(some, m)
		}
	}
	return some
}
