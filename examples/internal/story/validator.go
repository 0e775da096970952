package story

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/serai-go/processor"
	"github.com/serai-go/processor/frost/dkg"
	"github.com/serai-go/processor/keygen"
	"github.com/serai-go/processor/storage/bbolt"
)

// validator is one validator: a connection to the node, a database file, and
// the process that runs on them.
type validator struct {
	number int
	net    *Network
	self   *dkg.Identity
	sealer keygen.Sealer

	mu        sync.Mutex
	file      string
	processor *processor.Processor
	stop      context.CancelFunc
	ended     chan struct{}
}

// newValidator makes a validator with fresh secrets.
func newValidator(number int, dir string, net *Network) (*validator, error) {
	var seed, key [32]byte
	rand.Read(seed[:])
	rand.Read(key[:])
	self, err := dkg.NewIdentity(seed)
	if err != nil {
		return nil, err
	}
	sealer, err := processor.NewSealer(key)
	if err != nil {
		return nil, err
	}
	return &validator{
		number: number, net: net, self: self, sealer: sealer,
		file: filepath.Join(dir, fmt.Sprintf("validator-%d.db", number)),
	}, nil
}

// start opens the database and runs the processor and its exchange with the
// coordinator.
func (v *validator) start(ctx context.Context, c *coordinator) error {
	coin, err := v.net.Dial(ctx)
	if err != nil {
		return err
	}
	store, err := bbolt.Open(v.file, bbolt.Options{})
	if err != nil {
		return err
	}
	p, err := processor.New(processor.Config{
		Coin: coin, Store: store, Self: v.self, Sealer: v.sealer,
		Current: c.length(), Poll: 50 * time.Millisecond,
	})
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return p.Run(ctx) })
	group.Go(func() error { return c.feed(ctx, v.number, p) })
	group.Go(func() error { return c.listen(ctx, v.number, p) })
	ended := make(chan struct{})
	go func() {
		err := group.Wait()
		if err != nil {
			c.fail(fmt.Errorf("validator %d: %w", v.number, err))
		}
		close(ended)
	}()
	v.mu.Lock()
	defer v.mu.Unlock()
	v.processor, v.stop, v.ended = p, stop, ended
	return nil
}

// kill drops the process as it is: nothing is closed, nothing written. What
// the file holds at that moment is what the next start finds.
func (v *validator) kill() error {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.stop()
	<-v.ended
	v.ended = nil
	image, err := os.ReadFile(v.file)
	if err != nil {
		return err
	}
	v.file += ".restarted" // the dead process still holds the lock of the old one
	return os.WriteFile(v.file, image, 0o600)
}

// wait waits until the process has ended.
func (v *validator) wait() {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.ended != nil {
		<-v.ended
		v.ended = nil
	}
}

// running returns the present processor.
func (v *validator) running() *processor.Processor {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.processor
}
