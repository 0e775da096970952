package story

import (
	"fmt"
	"os"
	"strings"
	"time"
)

// screen shows people what happens.
type screen struct {
	quiet bool
	begin time.Time
}

// say prints a line.
func (s *screen) say(format string, args ...any) {
	if !s.quiet {
		fmt.Printf("%6.1fs  %s\n", time.Since(s.begin).Seconds(), fmt.Sprintf(format, args...))
	}
}

// widest is the most cells of a bar.
const widest = 40

// bar draws how many of some steps are done: over itself on a terminal, as one
// last line elsewhere.
func (s *screen) bar(what string, done, all int) {
	if s.quiet {
		return
	}
	terminal := false
	if info, err := os.Stdout.Stat(); err == nil {
		terminal = info.Mode()&os.ModeCharDevice != 0
	}
	if !terminal && done < all {
		return
	}
	cells := min(all, widest)
	full := done * cells / max(all, 1)
	line := fmt.Sprintf("%6.1fs  %s %s%s %d/%d", time.Since(s.begin).Seconds(), what,
		strings.Repeat("█", full), strings.Repeat("░", cells-full), done, all)
	if terminal && done < all {
		fmt.Print("\r", line)
	} else if terminal {
		fmt.Print("\r", line, "\n")
	} else {
		fmt.Println(line)
	}
}
