package processortest

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// withNames replaces the IDs of plans and payments in a text.
func (p *Player) withNames(text string) string {
	words := strings.Split(text, " ")
	for i, word := range words {
		id := strings.TrimRight(word, ":,")
		raw, err := hex.DecodeString(id)
		if len(raw) == 32 && err == nil {
			words[i] = strings.TrimPrefix(p.name([32]byte(raw)), words[max(i-1, 0)]+" ") + word[len(id):]
		}
	}
	return strings.Join(words, " ")
}

// joined returns a record in which what the same validators tell of payments p1,
// p2 and so on in the same words is one line.
func joined(record []reportLine) []reportLine {
	var list []reportLine
	var from, last int // payments of the last line, if it has any
	var said string    // of them
	for _, line := range record {
		number, text := numberedPayment(line.text)
		if n := len(list) - 1; n >= 0 && number > 0 && number == last+1 && text == said && slices.Equal(line.by, list[n].by) {
			list[n].text = fmt.Sprintf("payments p%d to p%d %s", from, number, text)
			last = number
			continue
		}
		list = append(list, line)
		from, last, said = number, number, text
	}
	return list
}

// numberedPayment returns the number of the payment that a line is about, 0 if
// there is none, and what it says of it.
func numberedPayment(line string) (number int, text string) {
	line, ok := strings.CutPrefix(line, "payment p")
	digits, text, _ := strings.Cut(line, " ")
	number, err := strconv.Atoi(digits)
	if !ok || err != nil {
		return 0, ""
	}
	return number, text
}
