package processor

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/frost/dkg"
	"github.com/serai-go/processor/internal/wire"
	"github.com/serai-go/processor/keygen"
	"github.com/serai-go/processor/scanner"
	"github.com/serai-go/processor/scheduler"
	"github.com/serai-go/processor/signer"
	"github.com/serai-go/processor/storage"
)

// Config is what a processor is made of. Fields without a default are
// required.
type Config struct {
	// Coin is the external network.
	Coin coin.Coin
	// Settlement names the settlement chain, such as the hash of its genesis
	// block. Keys are made for it: validators that serve several with one
	// identity must tell them apart. Zero is a name too.
	Settlement [32]byte
	// Store is the validator's own database for this network. The embedder
	// closes it after the processor.
	Store storage.Store
	// Self is the validator's long-term identity. Whoever has it and the log
	// can recover the shares.
	Self *dkg.Identity
	// Sealer encrypts shares in the database with a key that is not in it.
	Sealer keygen.Sealer
	// Parameters are the consensus parameters, the coin's own by default. A
	// database keeps those of its first use and refuses others, also once
	// SetParameters has changed the rules.
	Parameters *coin.Parameters
	// Current is the number of log entries that exist when the processor
	// starts. Until it has read them it sends no commitments: a restored
	// database may not know what was sent before.
	Current uint64
	// Poll is how often Run looks for a new block, a second by default.
	Poll time.Duration
	// Logger receives what operators may want to know; nothing by default.
	// Secrets are never logged.
	Logger *slog.Logger
	// Archives are those of Rewinds in the log that the node has not seen the
	// blocks of, from Processor.Archives of a processor that has, as long as the
	// log has not been read beyond them. They are needed by a processor that
	// begins with an empty database. Where such a Rewind is ahead, the blocks that
	// it makes void, and what was prepared with them, are taken from the archive,
	// and the node's blocks only from its fork down.
	Archives []Archive
	// Policy, if it is set, is this validator's own say in what is signed: it sees
	// each plan that this validator is about to sign, with the transaction as it is
	// read from the very bytes that signatures are for, and may refuse it. An error
	// means that this validator neither commits to the plan nor answers for it now:
	// a Condition with the plan's ID tells the reason, once for each, and
	// Status.Refused shows it. It is asked again at every new tip of the node, so it
	// can delay, until it returns nil. That stands while this processor lasts; after
	// a restart it is asked anew, so it has to recognise a SignID.
	//
	// It can refuse and nothing else. Others sign without this validator if they
	// have the threshold's weight, and what they complete is published here too; with
	// too few of them nothing is signed, nobody is blamed, and the settlement chain
	// sees a plan that does not happen. Nothing that validators must agree on depends
	// on it.
	//
	// It is called by one goroutine at a time, of a driver of its own under Run, with
	// no transaction open, and only while the chain is seen as it is. It should end
	// when its context does. One that takes long keeps other plans waiting for it,
	// and nothing else; under Step it keeps everything.
	Policy func(ctx context.Context, p Proposal) error
	// Scanner and Scheduler replace or wrap the parts that watch and plan.
	Scanner   func(scanner.Config) scanner.Scanner
	Scheduler func(scheduler.Config) scheduler.Scheduler
	// MaxMessage is the length in bytes of the longest payload of a Broadcast,
	// 256 KiB by default. Many items share a message, but none is split, so it
	// is at least MinMessage.
	MaxMessage int
	// Random is the source of nonces, the operating system's by default.
	// Only tests set it.
	Random io.Reader

	silent bool // publishes nothing, and keeps all certificates
}

// MinMessage is the least Config.MaxMessage: the longest item of all fits.
const MinMessage = payloadOverhead + partOverhead + signer.MaxItem

const defaultMessage = 256 << 10

// complete checks the config and fills in defaults.
func (c *Config) complete() error {
	switch {
	case c.Coin == nil:
		return errors.New("processor: config without Coin")
	case c.Store == nil:
		return errors.New("processor: config without Store")
	case c.Self == nil:
		return errors.New("processor: config without Self")
	case c.Sealer == nil:
		return errors.New("processor: config without Sealer")
	}
	if c.Parameters == nil {
		parameters := c.Coin.Parameters()
		c.Parameters = &parameters
	}
	if err := c.Parameters.Validate(); err != nil {
		return fmt.Errorf("processor: config: %w", err)
	}
	if err := c.Coin.CheckParameters(*c.Parameters); err != nil {
		return fmt.Errorf("processor: config: %w", err)
	}
	if c.Poll <= 0 {
		c.Poll = time.Second
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Scanner == nil {
		c.Scanner = scanner.New
	}
	if c.Scheduler == nil {
		c.Scheduler = scheduler.New
	}
	if c.MaxMessage == 0 {
		c.MaxMessage = defaultMessage
	}
	if c.MaxMessage < MinMessage || c.MaxMessage > maxMessage {
		return fmt.Errorf("processor: config: MaxMessage is %d, not between %d and %d", c.MaxMessage, MinMessage, maxMessage)
	}
	archives, err := sortArchives(c.Coin, c.Archives)
	if err != nil {
		return err
	}
	c.Archives = archives
	if c.Random == nil {
		c.Random = rand.Reader
	}
	return nil
}

// ErrOtherDatabase is returned by New for a database that belongs to another
// network, settlement chain, identity or set of parameters, or to a coin that makes
// other addresses of a key.
var ErrOtherDatabase = errors.New("processor: the database belongs to another configuration")

var ownership = storage.NewValue("processor/ownership", storage.Hash[[32]byte]())

// claim ties the database to the configuration at first use and checks it
// afterwards.
func (c *Config) claim(ctx context.Context) error {
	want := c.fingerprint()
	return c.Store.Update(ctx, func(tx storage.Tx) error {
		have, ok, err := ownership.Get(tx)
		switch {
		case err != nil:
			return err
		case !ok:
			return ownership.Put(tx, want)
		case have != want:
			return ErrOtherDatabase
		}
		return nil
	})
}

// fingerprint is of everything that must not change over a database's life.
func (c *Config) fingerprint() [32]byte {
	hash := c.Parameters.Hash()
	var w wire.Writer
	w.String(c.Coin.Name())
	genesis := c.Coin.Genesis()
	w.Fixed(genesis[:])
	w.Fixed(c.Settlement[:])
	identity := c.Self.Public()
	w.Fixed(identity[:])
	w.Fixed(hash[:])
	// Of what a coin derives addresses from besides keys, as a view seed.
	if address, err := c.Coin.Address(c.Coin.Group().Generator().Bytes(), coin.External); err == nil {
		w.String(string(address))
	}
	return digestOf("ownership", w.Data())
}
