package processortest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/serai-go/processor"
	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/coin/cointest"
	"github.com/serai-go/processor/coin/mock"
)

// chaos makes random commands of the scenario language, and says what must hold
// behind each.
type chaos struct {
	*Player
	rng       *rand.Rand
	monero    bool
	n         uint64 // numbers that make amounts and names unique
	sessions  uint64 // confirmed
	made      []uint64
	names     []string
	lines     []string
	forked    bool
	abandoned map[uint64]bool
}

func (c *chaos) pick(list ...string) string { return list[c.rng.IntN(len(list))] }

func (c *chaos) amount() uint64 {
	c.n++
	switch c.rng.IntN(10) {
	case 0:
		return 10 + c.rng.Uint64N(10)
	case 1, 2:
		return 20 + c.rng.Uint64N(60)
	case 3, 4, 5, 6:
		return 100 + c.rng.Uint64N(900)
	case 7, 8:
		return 1000 + c.rng.Uint64N(4000)
	}
	return 5000 + c.rng.Uint64N(30000)
}

func (c *chaos) setup() []string {
	first := "validators n=2 members=0 t=1"
	if c.monero = c.rng.IntN(3) == 0; c.monero {
		first += fmt.Sprintf(" monero window=%d", 2+c.rng.IntN(3))
		first += fmt.Sprintf(" hold=%d", 4+c.rng.IntN(12))
	} else {
		if c.rng.IntN(2) == 0 {
			first += fmt.Sprintf(" hold=%d", c.rng.IntN(12))
		}
		first += fmt.Sprintf(" descendants=%d", c.rng.IntN(4))
	}
	first += fmt.Sprintf(" bumpafter=%d maxoutputs=%d maxinputs=%d grace=%d changeoutputs=%d", 2+c.rng.IntN(9), 3+c.rng.IntN(3), 2+c.rng.IntN(3), 1+c.rng.IntN(6), 1+c.rng.IntN(3))
	if c.rng.IntN(2) == 0 {
		first += fmt.Sprintf(" surcharge=%d patience=%d batchesahead=%d confirmations=%d", c.rng.IntN(30), c.rng.IntN(4), 1+c.rng.IntN(3), 2+c.rng.IntN(2))
		if !c.monero {
			first += fmt.Sprintf(" window=%d", 1+c.rng.IntN(4))
		}
	}
	if c.rng.IntN(4) == 0 {
		first += fmt.Sprintf(" outflowlimit=%d", 300+c.rng.IntN(2000))
	}
	if c.rng.IntN(4) == 0 {
		first += fmt.Sprintf(" payeelimit=%d", 300+c.rng.IntN(1000))
	}
	c.sessions = 1
	return []string{first, "keygen minok=1", "confirm", "ack", "deposit 7777 data=x", "mine 4 ack"}
}

func (c *chaos) session() uint64 { return c.rng.Uint64N(c.sessions) }

func (c *chaos) next() []string {
	r := c.rng
	switch k := r.IntN(100); {
	case k < 28:
		if r.IntN(4) == 0 {
			return []string{fmt.Sprintf("mine %d", 1+r.IntN(3))}
		}
		return []string{fmt.Sprintf("mine %d ack", 1+r.IntN(4))}
	case k < 40:
		if r.IntN(4) == 0 { // several batches, of which some are acknowledged
			line := "deposit"
			for range 4 + r.IntN(6) {
				a := c.amount()
				c.made = append(c.made, a)
				line += fmt.Sprint(" ", a)
			}
			list := []string{line + " data=" + strings.Repeat("long", 12) + c.pick("", " anonymous") + fmt.Sprintf(" session=%d", c.session()), fmt.Sprintf("mine %d", 2+r.IntN(2)), "ack" + c.pick("", " fail=0", " fail=1,2")}
			if r.IntN(2) == 0 {
				list = append(list, "ack"+c.pick("", " fail=0"))
			}
			if r.IntN(2) == 0 {
				list = append(list, fmt.Sprintf("fork %d%s", 1+r.IntN(7), c.pick("", " drop", fmt.Sprintf(" keep=%d", c.made[len(c.made)-1]))), "rewind")
			}
			return list
		}
		line := "deposit"
		for range 1 + r.IntN(2) {
			a := c.amount()
			c.made = append(c.made, a)
			line += fmt.Sprint(" ", a)
		}
		return []string{line + c.pick(" data=x", " data=y", " data=x anonymous", "", " anonymous") + fmt.Sprintf(" session=%d", c.session())}
	case k < 42:
		return []string{fmt.Sprintf("donate %d kind=%s session=%d", c.amount(), c.pick("branch", "change", "forwarded"), c.session())}
	case k < 47 && c.monero && len(c.made) > 0:
		of := c.made[r.IntN(len(c.made))]
		a := of + r.Uint64N(300)
		c.made = append(c.made, a)
		return []string{fmt.Sprintf("twin %d of=%d%s session=%d", a, of, c.pick(" data=x", "", " data=z"), c.session())}
	case k < 60:
		switch r.IntN(5) {
		case 4:
			c.n++
			if r.IntN(5) > 0 {
				return []string{fmt.Sprintf("burn h%d=%d", c.n, 1+r.IntN(12))}
			}
			return []string{fmt.Sprintf("burn h%d=%d", c.n, ^uint64(0)-r.Uint64N(3))}
		case 0:
			return []string{fmt.Sprintf("burn %d payments of %d", 1+r.IntN(20), 20+r.IntN(200))}
		case 1:
			return []string{fmt.Sprintf("burn a%d=%d to=%s session=%d", c.n, c.amount(), c.pick("change", "external", "branch"), c.session())}
		}
		name := fmt.Sprint("b", c.n)
		c.names = append(c.names, name)
		return []string{fmt.Sprintf("burn %s=%d", name, c.amount())}
	case k < 63:
		c.n++
		return []string{fmt.Sprintf("ack%s c%d=%d", c.pick("", " fail=0", " fail=0,1"), c.n, c.amount())}
	case k < 66:
		return []string{fmt.Sprintf("fee %d blocks=%d ack", []int{5, 10, 20, 50, 150}[r.IntN(5)], 1+r.IntN(6))}
	case k < 71:
		return []string{fmt.Sprintf("miners %d", []int{0, 0, 0, 8, 15, 30, 1000}[r.IntN(7)])}
	case k < 72:
		return []string{fmt.Sprintf("relay %d", []int{1, 1, 20}[r.IntN(3)])}
	case k < 78:
		n := c.plansThere()
		if n == 0 {
			return nil
		}
		line := fmt.Sprintf("replace %d", 1+max(0, n-1-r.IntN(6)))
		if len(c.named) > 0 && r.IntN(2) == 0 {
			line += " drop=" + c.dropOf(1+max(0, n-1-r.IntN(6)))
		}
		return []string{line}
	case k < 82:
		n := c.plansThere()
		if n == 0 {
			return nil
		}
		return []string{fmt.Sprintf("include %d%s", 1+max(0, n-1-r.IntN(6)), c.pick("", " ack"))}
	case k < 85 && c.sessions < 6:
		s := c.sessions
		c.sessions++
		return []string{fmt.Sprintf("keygen session=%d members=%d t=1 minok=1", s, s%2), fmt.Sprintf("confirm session=%d", s)}
	case k < 87 && c.sessions > 1 && r.IntN(3) == 0:
		return []string{fmt.Sprintf("abandon session=%d", c.session())}
	case k < 88:
		return []string{fmt.Sprintf("retire session=%d", c.session())}
	case k < 91:
		line := "rules"
		add := func(name string, values ...int) { line += fmt.Sprintf(" %s=%d", name, values[r.IntN(len(values))]) }
		for range 1 + r.IntN(3) {
			switch r.IntN(14) {
			case 10:
				add("feecap", 100, 500, 20)
			case 11:
				add("patience", 1, 6, 20)
			case 12:
				add("bumpafter", 1, 3, 20)
			case 13:
				add("grace", 1, 3, 9)
			case 0:
				add("dust", 10, 12, 20, 50, 5)
			case 1:
				add("window", 2, 3, 5)
			case 2:
				add("hold", 5, 6, 9, 14)
			case 3:
				add("confirmations", 2, 3)
			case 4:
				add("maxinputs", 2, 3, 5)
			case 5:
				add("maxoutputs", 3, 4, 6)
			case 6:
				add("outflowlimit", 0, 500, 3000)
			case 7:
				add("payeelimit", 0, 400, 3000)
			case 8:
				add("outflowwindow", 5, 10, 20)
			case 9:
				add("descendants", 0, 1, 3)
			}
		}
		return []string{line}
	case k < 95:
		c.forked = true
		how := c.pick("", " drop", " drop")
		if how == "" || len(c.made) == 0 || r.IntN(2) == 0 {
			list := []string{fmt.Sprintf("fork %d%s", 1+r.IntN(7), how)}
			if r.IntN(5) == 0 {
				list = append(list, fmt.Sprintf("fork %d%s", 1+r.IntN(9), how))
			}
			return append(list, "rewind")
		}
		return []string{fmt.Sprintf("fork %d keep=%d", 1+r.IntN(7), c.made[len(c.made)-1-r.IntN(min(4, len(c.made)))]), "rewind"}
	case k < 97:
		if len(c.made) == 0 {
			return nil
		}
		return []string{fmt.Sprintf("again %d", c.made[r.IntN(len(c.made))])}
	case k < 98 && c.lagging[1] == 0 && c.lagging[0] == 0:
		v := c.pick("0", "1")
		list := []string{"lag " + v}
		for range 1 + r.IntN(5) {
			if more := c.next(); len(more) == 1 && !strings.HasPrefix(more[0], "restart") {
				list = append(list, more...)
			}
		}
		return append(list, "catchup "+v)
	case k < 99:
		return []string{"restart " + c.pick("0", "1", "0 1")}
	}
	return []string{"mine 1 ack"}
}

func (c *chaos) plansThere() int {
	c.planNumber(coin.PlanID{})
	return len(c.book.numbered)
}

func (c *chaos) dropOf(plan int) string {
	k := c.book.numbered[plan-1].plan
	if len(k.Payments) == 0 || c.rng.IntN(4) == 0 {
		return c.payments[c.named[c.rng.IntN(len(c.named))]]
	}
	return c.payments[k.Payments[c.rng.IntN(len(k.Payments))].ID]
}

// failure is what must not be.
type failure struct{ error }

// try runs a command. One that makes no sense changes nothing.
func (c *chaos) try(ctx context.Context, line string) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = failure{fmt.Errorf("panic: %v", r)}
		}
	}()
	if strings.HasPrefix(line, "abandon") {
		return c.tryAbandon(ctx, line)
	}
	said, err := c.do(ctx, line)
	if err != nil && strings.HasPrefix(line, "fork") { // half done
		said, err = c.do(ctx, "mine 8")
		c.do(ctx, "rewind")
	}
	if os.Getenv("CHAOS_VERBOSE") != "" {
		fmt.Printf("--- %s\n%s%s", line, c.Player.lines(), said)
		if err != nil {
			fmt.Println("error:", err)
		}
		c.record = nil
	}
	if err != nil {
		text := err.Error()
		if strings.Contains(text, "validator ") && strings.Contains(text, ": ") && !strings.Contains(text, "would rewind") && !strings.Contains(text, "the next to join") && !strings.Contains(text, "cannot be in") {
			if !strings.Contains(text, "no validator has halted") {
				return failure{err}
			}
		}
		return nil
	}
	if word := strings.Fields(line)[0]; word == "rewind" {
		for n := 0; n < 5; n++ {
			if _, err := c.do(ctx, "rewind"); err != nil {
				if c.changed() {
					return failure{fmt.Errorf("rewind again: %w", err)}
				}
				break
			}
		}
	}
	if word := strings.Fields(line)[0]; word == "fork" {
		for _, v := range c.Validators {
			if v.Halted != nil && v.Halted.Changed == nil {
				return failure{fmt.Errorf("fork halts: %v", v.Halted)}
			}
		}
		return nil // unless rewound
	}
	return c.holds(ctx)
}

// tryAbandon is abandon, whose effect on the coordinator is undone if it is refused.
func (c *chaos) tryAbandon(ctx context.Context, line string) error {
	signed := maps.Clone(c.Signed)
	n, _ := parseArguments(strings.Fields(line)[1:]).number("session", 0)
	s := c.Sessions[n]
	if s == nil || s.Abandoned {
		return nil
	}
	told := len(c.Validators[0].Told)
	said, err := c.do(ctx, line)
	if os.Getenv("CHAOS_VERBOSE") != "" {
		fmt.Printf("--- %s\n%s%s", line, c.Player.lines(), said)
		c.record = nil
	}
	if err != nil {
		return failure{err}
	}
	for _, t := range c.Validators[0].Told[told:] {
		if text := c.describe(t.Body); strings.HasPrefix(text, "abandon key") {
			s.Abandoned = false
			for id, b := range signed {
				c.Signed[id] = b
			}
		}
	}
	return c.holds(ctx)
}

func (c *chaos) changed() bool {
	for _, v := range c.Validators {
		if v.Halted != nil && v.Halted.Changed != nil {
			return true
		}
	}
	return false
}

func (c *chaos) holds(ctx context.Context) error {
	for i, v := range c.Validators {
		if v.Halted != nil {
			return failure{fmt.Errorf("validator %d has halted: %v", i, v.Halted)}
		}
	}
	if len(c.lagging) > 0 {
		return nil
	}
	if _, err := c.Digests(ctx); err != nil {
		return failure{err}
	}
	return nil
}

// paidOnce checks what each user got: for one payment at most, and what is told.
func (c *chaos) paidOnce(ctx context.Context, final bool) error {
	forked := strings.Contains(strings.Join(c.lines, "\n"), "fork")
	settled := make(map[coin.PaymentID]uint64)
	last := make(map[coin.PaymentID]string)
	for _, t := range c.Validators[1].Told {
		switch e := t.Body.(type) {
		case processor.PaymentSettled:
			settled[e.ID] = e.Paid
			if last[e.ID] != "" && !forked || last[e.ID] == "dropped" || last[e.ID] == "refused" {
				return failure{fmt.Errorf("payment %s settled behind %s", c.name(e.ID), last[e.ID])}
			}
			last[e.ID] = "settled"
		case processor.PaymentDropped:
			if last[e.ID] != "" && !forked || last[e.ID] == "dropped" || last[e.ID] == "refused" {
				return failure{fmt.Errorf("payment %s dropped behind %s", c.name(e.ID), last[e.ID])}
			}
			last[e.ID] = "dropped"
		case processor.PaymentRefused:
			if last[e.ID] != "" {
				return failure{fmt.Errorf("payment %s refused behind %s", c.name(e.ID), last[e.ID])}
			}
			last[e.ID] = "refused"
		}
	}
	burnt := make(map[coin.PaymentID]coin.Payment)
	for _, e := range c.Log {
		var list []coin.Payment
		switch e := e.(type) {
		case processor.Burns:
			list = e.Payments
		case processor.AcknowledgeBatch:
			list = e.Burns
		}
		for _, p := range list {
			if _, ok := burnt[p.ID]; !ok {
				burnt[p.ID] = p
			}
		}
	}
	for _, id := range c.named {
		p, ok := burnt[id]
		if name := c.payments[id]; !ok || name[0] == 'a' {
			continue
		}
		got, err := c.Chain.Received(ctx, p.Address)
		if err != nil {
			return err
		}
		switch {
		case got > p.Amount:
			return failure{fmt.Errorf("%s has received %d of %d", c.name(id), got, p.Amount)}
		case got > 0 && final && (last[id] == "dropped" || last[id] == "refused"):
			return failure{fmt.Errorf("%s has received %d and was %s", c.name(id), got, last[id])}
		case final && !forked && got != settled[id]:
			return failure{fmt.Errorf("%s has received %d, settled %d", c.name(id), got, settled[id])}
		case final && forked && got > 0 && got != settled[id]:
			return failure{fmt.Errorf("%s has received %d, settled %d, fork", c.name(id), got, settled[id])}
		}
	}
	return nil
}

// run plays lines, or makes them up.
func (c *chaos) run(ctx context.Context, lines []string, steps int) error {
	c.Player = &Player{NewChain: func() cointest.Chain { return mock.New(mock.Options{}) }, NewMonero: func() cointest.Chain { return mock.New(mock.Monero()) }}
	p := c.Player
	p.lagging = make(map[int]uint64)
	p.deposits = make(map[uint64]coin.TransactionID)
	p.made = make(map[uint64]coin.OutputID)
	p.payees = make(map[string]coin.Address)
	p.payments = make(map[coin.PaymentID]string)
	p.named, p.many, p.book = nil, 0, newPlanBook()
	if lines != nil {
		c.lines = lines
		for _, line := range lines {
			if err := c.try(ctx, line); err != nil {
				return err
			}
		}
	} else {
		play := func(list []string) error {
			for _, line := range list {
				c.lines = append(c.lines, line)
				if err := c.try(ctx, line); err != nil {
					return err
				}
			}
			return nil
		}
		if err := play(c.setup()); err != nil {
			return err
		}
		for range steps {
			if err := play(c.next()); err != nil {
				return err
			}
		}
		if err := play([]string{"rules", "miners 0", "relay 1", "fee 5 blocks=6 ack", "mine 60 ack", fmt.Sprintf("join %d", 2)}); err != nil {
			return err
		}
	}
	return c.final(ctx)
}

func (c *chaos) final(ctx context.Context) error {
	if c.Player.Group == nil {
		return nil
	}
	if err := c.stuck(ctx); err != nil {
		return err
	}
	err := c.paidOnce(ctx, true)
	for n := 0; err != nil && n < 4; n++ {
		if err := c.try(ctx, "mine 1 ack"); err != nil {
			return err
		}
		if err := c.try(ctx, "mine 4 ack"); err != nil {
			return err
		}
		err = c.paidOnce(ctx, true)
	}
	if err != nil {
		return err
	}
	text := strings.Join(c.lines, "\n")
	if !strings.Contains(text, "fork") && !strings.Contains(text, "abandon") {
		status, err := c.Validators[1].Processor.Status(ctx)
		if err != nil {
			return err
		}
		if status.Pending.Plans != 0 {
			return failure{fmt.Errorf("%d plans never happen", status.Pending.Plans)}
		}
	}
	return nil
}

func (c *chaos) stuck(ctx context.Context) error {
	for i, v := range c.Validators {
		status, err := v.Processor.Status(ctx)
		if err != nil {
			return err
		}
		tip, _ := c.Chain.Coin().Tip(ctx)
		if os.Getenv("CHAOS_VERBOSE") != "" {
			fmt.Printf("validator %d: %+v %v tip %d\n", i, status.Frontier, status.Troubles, tip)
		}
		if status.Frontier.Settle+12 < tip {
			return failure{fmt.Errorf("validator %d is stuck: %+v, %v, tip %d", i, status.Frontier, status.Troubles, tip)}
		}
	}
	return nil
}

// TestChaos runs one random history, or CHAOS_COUNT of CHAOS_STEPS commands from the seed
// CHAOS_FROM on. What fails is written to /tmp/chaos; CHAOS_FILE plays such a file, with
// CHAOS_VERBOSE aloud, and TestShrinkFile makes CHAOS_SHRINKFILE smaller, whose error has
// CHAOS_KIND in it.
func TestChaos(t *testing.T) {
	if file := os.Getenv("CHAOS_FILE"); file != "" {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		c := &chaos{}
		lines := strings.Split(strings.TrimSpace(string(text)), "\n")
		if err := c.run(t.Context(), lines, 0); err != nil {
			t.Fatal(err)
		}
		return
	}
	from, count, steps := 1, 1, 60
	for name, to := range map[string]*int{"CHAOS_FROM": &from, "CHAOS_COUNT": &count, "CHAOS_STEPS": &steps} {
		if text := os.Getenv(name); text != "" {
			*to, _ = strconv.Atoi(text)
		}
	}
	for seed := from; seed < from+count; seed++ {
		c := &chaos{rng: rand.New(rand.NewPCG(uint64(seed), 1))}
		err := c.run(t.Context(), nil, steps)
		if err == nil {
			continue
		}
		t.Fail()
		fmt.Printf("seed %d: %v after %d lines\n", seed, err, len(c.lines))
		kind := kindOf(err)
		lines := c.lines
		if os.Getenv("CHAOS_SHRINK") != "" {
			lines = shrink(t, lines, kind)
		}
		name := fmt.Sprintf("/tmp/chaos/%d.txt", seed)
		os.MkdirAll("/tmp/chaos", 0o755)
		os.WriteFile(name, []byte(strings.Join(lines, "\n")+"\n"), 0o644)
	}
}

// kindOf is an error without its numbers.
func kindOf(err error) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r >= 'a' && r <= 'f' {
			return -1
		}
		return r
	}, err.Error())
}

func shrink(t *testing.T, lines []string, kind string) []string {
	fails := func(lines []string) bool {
		c := &chaos{}
		err := c.run(context.Background(), lines, 0)
		var f failure
		if kind := os.Getenv("CHAOS_KIND"); kind != "" {
			return err != nil && strings.Contains(err.Error(), kind)
		}
		return err != nil && errors.As(err, &f) && kindOf(err)[:min(25, len(kindOf(err)))] == kind[:min(25, len(kind))]
	}
	for size := len(lines) / 2; size > 0; size /= 2 {
		for i := 1; i+size <= len(lines); {
			less := slices.Delete(slices.Clone(lines), i, i+size)
			if fails(less) {
				lines = less
			} else {
				i += size
			}
		}
	}
	return lines
}

func TestShrinkFile(t *testing.T) {
	file := os.Getenv("CHAOS_SHRINKFILE")
	if file == "" {
		t.Skip()
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	lines := shrink(t, strings.Split(strings.TrimSpace(string(text)), "\n"), "")
	os.WriteFile(file+".small", []byte(strings.Join(lines, "\n")+"\n"), 0o644)
}
