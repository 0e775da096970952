// Package scanner turns finalised blocks into reports and, once reports are
// acknowledged, into settlements.
//
// A block passes through four small steps, each one transaction: it is
// indexed (Index), looked through for the group's outputs and, if notable,
// reported (Scan), compared with what the group's plans expect (PutResolution),
// and settled when its last batch is acknowledged (Acknowledge). At most a
// window of blocks is between scanning and settling. Scanning decides nothing
// that spends: everything validators must agree on happens at the position of
// an acknowledgement in the log.
//
// Each validator set has a key of its own. Keys follow one another (Stage): of
// at most two that live, the older hands over to the younger, block by block, as
// decided at least a window before, so that all validators know when they scan
// a block what each key does there.
//
// The package reads no network. A step that lacks something only the network
// has says so with a typed error (RateMissing, Unresolved, ErrNotScanned);
// its driver supplies it in a transaction of its own and tries again.
package scanner

import (
	"github.com/serai-go/processor/batch"
	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/eventuality"
	"github.com/serai-go/processor/internal/wire"
	"github.com/serai-go/processor/storage"
)

// Scanner is the part of a processor that watches the chain. Its methods run
// inside the caller's transaction and, arguments and database being equal,
// always do the same.
type Scanner interface {
	// Confirm takes a voted-in key into the list of keys. Sessions are confirmed
	// in ascending order; another order is ErrSession.
	Confirm(tx storage.Tx, key Key) error
	// Abandon takes the key of a session, whose holders are gone, out of
	// service. It returns why not if it has no effect.
	Abandon(tx storage.Tx, session uint64) (refusal string, err error)
	// Keys returns all keys ever confirmed, in the order of their sessions.
	Keys(r storage.Reader) ([]Key, error)
	// Roles returns what the live keys do at a reference block, the oldest
	// first.
	Roles(r storage.Reader, number uint64) ([]coin.Role, error)
	// Retired tells whether a confirmed session has no duties any more: its key
	// is retired and all batches up to its retirement block are acknowledged, or
	// it was abandoned before it was active.
	Retired(r storage.Reader, session uint64) (bool, error)

	// SetRules changes the rules from a block on that is a window behind that of
	// the next acknowledged batch. It returns why not if it has no effect.
	// Before a block with rules of a version that is not known here, Due returns
	// an *UpgradeNeeded.
	SetRules(tx storage.Tx, version uint32, content []byte) (refusal string, err error)
	// Rules returns the parameters in force at a block.
	Rules(r storage.Reader, number uint64) (coin.Parameters, error)

	// Frontier says how far the chain is indexed, scanned and settled.
	Frontier(r storage.Reader) (Frontier, error)
	// Header returns an indexed header.
	Header(r storage.Reader, number uint64) (coin.Header, bool, error)
	// Index appends the next finalised headers.
	Index(tx storage.Tx, headers ...coin.Header) error

	// Due returns the next blocks to scan, at most so many, and the keys to look
	// for. There are none if they are not indexed yet or outside the window.
	Due(r storage.Reader, most int) ([]Task, error)
	// Scan takes in what a due block holds.
	Scan(tx storage.Tx, header coin.Header, outputs []coin.Output) error
	// PutRate stores the fee rate of a block that RateMissing named.
	PutRate(tx storage.Tx, number, rate uint64) error
	// Rate is the reference fee rate at a block.
	Rate(r storage.Reader, number uint64) (uint64, error)

	// Acknowledge takes in the acknowledgement of the next batch. It returns
	// the settlement if this was its block's last batch, else nil.
	Acknowledge(tx storage.Tx, id uint64, digest [32]byte, results []bool) (*coin.Settlement, error)
	// Settled ends a settlement, when the scheduler is done with it: deposits
	// that have arrived at a successor are going to be reported, and a key that
	// is finishing and has nothing left to do, which idle tells of a session as
	// far as the scheduler knows, is going to retire. It returns that session.
	Settled(tx storage.Tx, arrivals []coin.Arrival, idle func(storage.Reader, uint64) (bool, error)) (retiring *uint64, err error)
	// Rewind carries out the decision that blocks behind a fork are void. If the
	// node has shown the change, changed is set. It returns what is void of what
	// was settled; what has become of that, Undone has to be told in the same
	// transaction. Errors are ErrUnchanged and *BadRewind.
	Rewind(tx storage.Tx, rewind Rewind, changed bool) (*coin.Rewind, error)
	// Undone takes in what has become of what is void.
	Undone(tx storage.Tx, undone coin.Undone) error
	// Reported is the number of batches so far, which counts those that rewinds
	// left out, and so the ID of the next one.
	Reported(r storage.Reader) (uint64, error)
	// Rewound returns the last rewind, or zero.
	Rewound(r storage.Reader) (Rewind, error)
	// Guard watches for whatever spends an output, by lookup bytes that
	// coin.Recognizer did not know.
	Guard(tx storage.Tx, o coin.Output, lookup []byte) error
	// Resolve compares a block that Unresolved named with the plans.
	Resolve(r storage.Reader, block coin.Block) (Resolution, error)
	// PutResolution stores what Resolve found.
	PutResolution(tx storage.Tx, resolution Resolution) error

	Explainer
}

// Events receives what a scanner has to tell, inside the same transaction.
type Events interface {
	// Reported is called for every notable block, and again with those batches
	// that another session has to sign than before.
	Reported(tx storage.Tx, session uint64, update batch.Update) error
	// KeyStage is called when a key enters a stage at a block.
	KeyStage(tx storage.Tx, session uint64, stage Stage, number uint64) error
	// Departed is called when an output of a key that is abandoned or retired was
	// spent in a block by a transaction of no plan.
	Departed(tx storage.Tx, spend Foreign, number uint64) error
}

// Coin is what a scanner asks of the coin: pure functions.
type Coin interface {
	// InputCost is that of coin.Planner.
	InputCost(rate uint64) uint64
	// SpendLookup is that of coin.Recognizer.
	SpendLookup(coin.Output) []byte
	// Twin is that of coin.Recognizer.
	Twin(coin.Output) []byte
	// CheckParameters is that of coin.Network.
	CheckParameters(coin.Parameters) error
}

// Config is what a scanner is made of. All fields are required.
type Config struct {
	Network    string               // the external network
	Genesis    coin.BlockID         // its first block
	Parameters coin.Parameters      // validated, those of the beginning
	Coin       Coin                 // of that network
	Tracker    *eventuality.Tracker // of the plans that the scheduler makes
	Events     Events               // takes what is emitted
}

// Frontier is how far a scanner is. Each field is the number of the first
// block that has not passed the step yet.
type Frontier struct {
	Index, Scan, Settle uint64 // block numbers
	// Started tells whether any header is indexed; before, Index is
	// meaningless.
	Started bool
	// Active tells whether the first key is active; before, Scan and Settle
	// are meaningless.
	Active bool
	// Acknowledged is the number of acknowledged batches, and so the ID of
	// the next one.
	Acknowledged uint64
}

// Encode writes the frontier.
func (f Frontier) Encode(w *wire.Writer) {
	w.Uint64(f.Index)
	w.Uint64(f.Scan)
	w.Uint64(f.Settle)
	w.Bool(f.Started)
	w.Bool(f.Active)
	w.Uint64(f.Acknowledged)
}

// Decode reads the frontier.
func (f *Frontier) Decode(r *wire.Reader) {
	f.Index = r.Uint64()
	f.Scan = r.Uint64()
	f.Settle = r.Uint64()
	f.Started = r.Bool()
	f.Active = r.Bool()
	f.Acknowledged = r.Uint64()
}

// Task is a block to scan.
type Task struct {
	Header coin.Header // of the block
	Keys   []coin.Key  // those whose outputs are wanted
}

type scanner struct {
	Config
	frontier    storage.Value[Frontier]
	start       storage.Value[uint64]    // the first key's activation
	keys        storage.Map[uint64, Key] // those that blocks to come need
	past        storage.Map[uint64, Key] // the others
	headers     storage.Map[uint64, coin.Header]
	rates       storage.Map[uint64, uint64]
	buffers     storage.Map[uint64, buffer]
	reports     storage.Value[reports]
	batches     storage.Map[uint64, report]
	results     storage.Map[uint64, []byte]
	resolutions storage.Map[uint64, Resolution]
	held        storage.Map[place, late]             // by session
	forwards    storage.Map[coin.OutputID, late]     // passed on, not arrived yet
	queue       storage.Map[place, late]             // arrived, by the block that reports it
	rules       storage.Map[uint64, rules]           // later ones, by the block from which they are in force
	proposed    storage.Value[rules]                 // to be in force from a block that is not known yet
	dust        storage.Value[uint64]                // the smallest limit known at a rewind
	settled     storage.Map[uint64, settledBlock]    // those that can be taken back
	voided      storage.Map[coin.OutputID, voided]   // credited in blocks that are void, not found again
	twins       storage.Map[twinKey, twins]          // of keys that are looked for
	told        storage.Map[coin.OutputID, struct{}] // passed on and reported, not arrived again
	rewound     storage.Value[Rewind]                // the last one
	kept        storage.Value[uint64]                // the first block of which settled ones are kept
}

// New returns the scanner of a database.
func New(config Config) Scanner {
	number := storage.NumberKey[uint64]()
	return &scanner{
		Config:      config,
		frontier:    storage.NewValue("scanner/frontier", storage.Record[Frontier]()),
		start:       storage.NewValue("scanner/start", storage.Number),
		keys:        storage.NewMap("scanner/keys", number, storage.Record[Key]()),
		past:        storage.NewMap("scanner/keys/past", number, storage.Record[Key]()),
		headers:     storage.NewMap("scanner/headers", number, storage.Record[coin.Header]()),
		rates:       storage.NewMap("scanner/rates", number, storage.Number),
		buffers:     storage.NewMap("scanner/buffers", number, storage.Record[buffer]()),
		reports:     storage.NewValue("scanner/reports", storage.Record[reports]()),
		batches:     storage.NewMap("scanner/batches", number, storage.Record[report]()),
		results:     storage.NewMap("scanner/results", number, storage.Blob),
		resolutions: storage.NewMap("scanner/resolutions", number, storage.Record[Resolution]()),
		held:        storage.NewMap("scanner/held", placeKey, storage.Record[late]()),
		forwards:    storage.NewMap("scanner/forwards", coin.OutputKey, storage.Record[late]()),
		queue:       storage.NewMap("scanner/queue", placeKey, storage.Record[late]()),
		rules:       storage.NewMap("scanner/rules", number, storage.Record[rules]()),
		proposed:    storage.NewValue("scanner/rules/proposed", storage.Record[rules]()),
		dust:        storage.NewValue("scanner/rules/dust", storage.Number),
		settled:     storage.NewMap("scanner/settled", number, storage.Record[settledBlock]()),
		voided:      storage.NewMap("scanner/voided", coin.OutputKey, storage.Record[voided]()),
		twins:       storage.NewMap("scanner/twins", twinKeyOf, storage.Record[twins]()),
		told:        storage.NewMap("scanner/told", coin.OutputKey, storage.Flag),
		kept:        storage.NewValue("scanner/kept", storage.Number),
		rewound:     storage.NewValue("scanner/rewound", storage.Record[Rewind]()),
	}
}

// Frontier implements Scanner.
func (s *scanner) Frontier(r storage.Reader) (Frontier, error) { return s.frontier.Load(r) }

// Header implements Scanner.
func (s *scanner) Header(r storage.Reader, number uint64) (coin.Header, bool, error) {
	return s.headers.Get(r, number)
}
