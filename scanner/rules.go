package scanner

import (
	"fmt"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/internal/wire"
	"github.com/serai-go/processor/storage"
)

// RulesVersion is the version of the rules that this scanner knows: those of
// coin.Parameters.
const RulesVersion = 1

// UpgradeNeeded reports that rules of a version that is not known here are in
// force at a block. It halts the processor before that block is scanned.
type UpgradeNeeded struct {
	Version uint32
	Number  uint64 // of the block
}

func (e *UpgradeNeeded) Error() string {
	return fmt.Sprintf("scanner: upgrade needed: block %d has rules of version %d, this software knows %d",
		e.Number, e.Version, RulesVersion)
}

// rules are rules of any version.
type rules struct {
	Version uint32
	Content []byte // coin.Parameters, of the known version
}

// maxRules bounds the content of rules, in bytes.
const maxRules = 1 << 16

// Encode writes the rules.
func (x rules) Encode(w *wire.Writer) {
	w.Uint32(x.Version)
	w.Bytes(x.Content)
}

// Decode reads the rules.
func (x *rules) Decode(r *wire.Reader) {
	x.Version = r.Uint32()
	x.Content = r.Bytes(maxRules)
}

// rulebook is all rules of the past and the near future.
type rulebook struct {
	first coin.Parameters
	later []amendment // by ascending block
	// dust is the smallest dust limit that was decided before a rewind, even if for
	// blocks to come.
	dust uint64
}

// amendment is rules that are in force from a block on.
type amendment struct {
	from       uint64
	parameters coin.Parameters // those in force before, if the version is unknown
	unknown    uint32          // the version, if it is
}

// rulebook reads all rules.
func (s *scanner) rulebook(r storage.Reader) (rulebook, error) {
	book := rulebook{first: s.Parameters}
	for item, err := range s.rules.All(r) {
		if err != nil {
			return book, err
		}
		a := amendment{from: item.Key, parameters: book.at(item.Key)}
		if item.Value.Version == RulesVersion {
			if a.parameters, err = wire.Unmarshal[coin.Parameters](item.Value.Content); err != nil {
				return book, fmt.Errorf("%w: rules from block %d on: %w", storage.ErrCorrupt, item.Key, err)
			}
		} else {
			a.unknown = item.Value.Version
		}
		book.later = append(book.later, a)
	}
	dust, ok, err := s.dust.Get(r)
	if book.dust = dust; !ok {
		book.dust = book.first.Dust
	}
	return book, err
}

// at returns the parameters in force at a block.
func (b rulebook) at(number uint64) coin.Parameters {
	p := b.first
	for _, a := range b.later {
		if a.from <= number {
			p = a.parameters
		}
	}
	return p
}

// leastDust is the smallest dust limit that was ever in force up to a block, or
// known at a rewind: the group's own outputs are not below it, whenever they were
// planned.
func (b rulebook) leastDust(number uint64) uint64 {
	dust := min(b.first.Dust, b.dust)
	for _, a := range b.later {
		if a.from <= number {
			dust = min(dust, a.parameters.Dust)
		}
	}
	return dust
}

// known returns an *UpgradeNeeded if the rules at a block are not known.
func (b rulebook) known(number uint64) error {
	for _, a := range b.later {
		if a.unknown > 0 && a.from <= number {
			return &UpgradeNeeded{a.unknown, number}
		}
	}
	return nil
}

// effective is the block for which the acknowledgement of a batch of a block
// decides: a window behind it.
func (b rulebook) effective(number uint64) uint64 { return number + b.at(number).Window }

// horizon is the end of the window in which blocks may be scanned if those from
// a block on are not settled: no block is scanned for which the acknowledgement
// of one of them may still decide. Windows can shrink.
func (b rulebook) horizon(from uint64) uint64 {
	end := b.effective(from)
	for _, a := range b.later { // between two of them it only grows
		if a.from > from && a.from < end {
			end = min(end, b.effective(a.from))
		}
	}
	return end
}

// SetRules implements Scanner.
func (s *scanner) SetRules(tx storage.Tx, version uint32, content []byte) (string, error) {
	if version == RulesVersion {
		next, err := wire.Unmarshal[coin.Parameters](content)
		if err != nil {
			return fmt.Sprintf("parameters cannot be read: %s", err), nil
		}
		if next.BatchesAhead != s.Parameters.BatchesAhead || next.Withdrawals != s.Parameters.Withdrawals {
			return "BatchesAhead and Withdrawals cannot change", nil
		}
		if err := s.Coin.CheckParameters(next); err != nil {
			return fmt.Sprintf("the network does not allow them: %s", err), nil
		}
	}
	return "", s.proposed.Put(tx, rules{version, content})
}

// enact puts proposed rules in force from a block on, but not before others that
// were proposed earlier: those would replace them later. Windows can shrink.
func (s *scanner) enact(tx storage.Tx, number uint64) error {
	next, ok, err := s.proposed.Get(tx)
	if err != nil || !ok {
		return err
	}
	if err := s.proposed.Delete(tx); err != nil {
		return err
	}
	book, err := s.rulebook(tx)
	if err != nil {
		return err
	}
	for _, a := range book.later {
		number = max(number, a.from)
	}
	return s.rules.Put(tx, number, next)
}

// Rules implements Scanner.
func (s *scanner) Rules(r storage.Reader, number uint64) (coin.Parameters, error) {
	book, err := s.rulebook(r)
	return book.at(number), err
}
