package processortest

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// arguments are what follows a command's word.
type arguments struct {
	order  []string
	values map[string]string
}

func parseArguments(words []string) arguments {
	a := arguments{values: make(map[string]string)}
	for _, w := range words {
		name, value, _ := strings.Cut(w, "=")
		a.order = append(a.order, name)
		a.values[name] = value
	}
	return a
}

func (a arguments) number(name string, otherwise uint64) (uint64, error) {
	text, ok := a.values[name]
	if !ok {
		return otherwise, nil
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("argument %s: %w", name, err)
	}
	return n, nil
}

// first is the number that a command begins with.
func (a arguments) first() (uint64, error) {
	if len(a.order) == 0 {
		return 0, errors.New("a number is missing")
	}
	return strconv.ParseUint(a.order[0], 10, 64)
}

// rate hands the number that a command begins with to a setter.
func (a arguments) rate(set func(uint64)) error {
	rate, err := a.first()
	if err == nil {
		set(rate)
	}
	return err
}

// numbers returns a list of small numbers, none if it is not given.
func (a arguments) numbers(name string) ([]int, error) {
	text, ok := a.values[name]
	if !ok {
		return nil, nil
	}
	var list []int
	for _, one := range strings.Split(text, ",") {
		n, err := strconv.ParseUint(one, 10, 8)
		if err != nil {
			return nil, fmt.Errorf("argument %s: %w", name, err)
		}
		list = append(list, int(n))
	}
	return list, nil
}

func (a arguments) has(name string) bool {
	_, ok := a.values[name]
	return ok
}

// weights is a list of shares, 1 for each of n if it is not given.
func (a arguments) weights(n int) ([]uint16, error) {
	text, ok := a.values["weights"]
	if !ok {
		return slices.Repeat([]uint16{1}, n), nil
	}
	var list []uint16
	for _, one := range strings.Split(text, ",") {
		w, err := strconv.ParseUint(one, 10, 16)
		if err != nil {
			return nil, fmt.Errorf("argument weights: %w", err)
		}
		list = append(list, uint16(w))
	}
	return list, nil
}
