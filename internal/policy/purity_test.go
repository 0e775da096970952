package policy

import (
	"fmt"
	"go/ast"
	"go/types"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// core are the packages whose results may depend on nothing but their inputs.
var core = []string{
	".", "batch", "coin", "coin/bitcoin", "coin/bitcoin/block", "coin/monero", "coin/monero/address", "coin/monero/block",
	"coin/monero/bulletproofs", "coin/monero/clsag", "coin/monero/fee", "coin/monero/keys", "coin/monero/outputs",
	"coin/monero/ring", "coin/monero/scan", "coin/monero/spend", "eventuality",
	"frost", "frost/dkg", "frost/ed25519", "frost/secp256k1", "frost/internal/...",
	"internal/wire", "keygen", "scanner", "scheduler/...", "signer", "storage",
}

// drivers are the files of core packages that have clocks, randomness and
// goroutines. Other files that drive, such as follow.go, get theirs from these
// and are held to the same rules as the core.
var drivers = []string{"config.go", "run.go", "workers.go"}

// bannedImports may not be imported, nor may anything below them.
var bannedImports = []string{
	"crypto/rand", "math/rand", "net", "os", "syscall", "unsafe", "runtime", "log", "golang.org/x/sync",
}

// bannedNames are functions that may not even be mentioned.
var bannedNames = []string{
	"time.Now", "time.Since", "time.Until", "time.After", "time.AfterFunc", "time.Tick", "time.NewTicker", "time.NewTimer", "time.Sleep",
	"log/slog.Default", "log/slog.Info", "log/slog.Warn", "log/slog.Error", "log/slog.Debug",
	"fmt.Print", "fmt.Println", "fmt.Printf",
	"context.WithTimeout", "context.WithTimeoutCause", "context.WithDeadline", "context.WithDeadlineCause", "context.AfterFunc",
	"(*sync.WaitGroup).Go", "(*sync.Map).Range",
}

// unordered are the functions that walk a map in any order. They are fine as
// the only argument of one that sorts.
var (
	unordered = []string{"maps.All", "maps.Keys", "maps.Values"}
	sorting   = []string{"slices.Sorted", "slices.SortedFunc", "slices.SortedStableFunc"}
)

// orderFree on a line says why the order of a map does not matter there.
const orderFree = "// order-free: "

// purity looks for what a pure function cannot have.
type purity struct {
	m     *module
	info  *types.Info
	fine  map[int]bool      // lines with an orderFree comment
	taken map[ast.Expr]bool // arguments of sorting functions
	found []string
}

// isDriver tells whether a file is listed as a driver.
func isDriver(m *module, u *unit, f *ast.File) bool {
	return slices.Contains(drivers, path.Join(u.path, filepath.Base(m.fset.Position(f.Pos()).Filename)))
}

// impurities returns what is impure in some files of a unit.
func impurities(m *module, u *unit, files []*ast.File) []string {
	var found []string
	for _, f := range files {
		p := &purity{m: m, info: u.info, fine: map[int]bool{}, taken: map[ast.Expr]bool{}}
		for _, group := range f.Comments {
			for _, c := range group.List {
				if reason, ok := strings.CutPrefix(c.Text, orderFree); ok && strings.TrimSpace(reason) != "" {
					p.fine[m.fset.Position(c.Pos()).Line] = true
				}
			}
		}
		ast.Inspect(f, p.visit)
		found = append(found, p.found...)
	}
	return found
}

func (p *purity) report(n ast.Node, format string, args ...any) {
	p.found = append(p.found, p.m.at(n.Pos())+": "+fmt.Sprintf(format, args...))
}

func (p *purity) visit(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.ImportSpec:
		name, _ := strconv.Unquote(n.Path.Value)
		if slices.ContainsFunc(bannedImports, func(b string) bool { return name == b || strings.HasPrefix(name, b+"/") && name != "log/slog" }) {
			p.report(n, "imports %s", name)
		}
		return false
	case *ast.GoStmt:
		p.report(n, "starts a goroutine")
	case *ast.SelectStmt:
		p.report(n, "selects")
	case *ast.RangeStmt:
		if t := p.info.TypeOf(n.X); t != nil && isMap(t) {
			p.unordered(n, "walks a map")
		}
	case *ast.CallExpr:
		if slices.Contains(sorting, p.name(n.Fun)) && len(n.Args) > 0 {
			p.taken[ast.Unparen(n.Args[0])] = true
		}
		if name := p.name(n.Fun); slices.Contains(unordered, name) && !p.taken[n] {
			p.unordered(n, "calls "+name)
		}
	case *ast.Ident:
		if name := qualified(p.info.Uses[n]); slices.Contains(bannedNames, name) {
			p.report(n, "uses %s", name)
		}
	}
	if e, ok := n.(ast.Expr); ok && p.isFloat(e) {
		p.report(n, "uses floating point")
	}
	return true
}

func (p *purity) unordered(n ast.Node, what string) {
	if !p.fine[p.m.fset.Position(n.Pos()).Line] {
		p.report(n, "%s without %q on the line", what, orderFree+"reason")
	}
}

// isMap tells whether ranging over a type walks a map, whichever one a type
// parameter stands for.
func isMap(t types.Type) bool {
	switch u := t.Underlying().(type) {
	case *types.Map:
		return true
	case *types.Interface: // a constraint
		for i := range u.NumEmbeddeds() {
			if union, ok := u.EmbeddedType(i).(*types.Union); ok {
				for j := range union.Len() {
					if isMap(union.Term(j).Type()) {
						return true
					}
				}
			} else if isMap(u.EmbeddedType(i)) {
				return true
			}
		}
	}
	return false
}

// isFloat tells whether an expression has, or is, a type of floating point.
// Constants without a type are exact.
func (p *purity) isFloat(e ast.Expr) bool {
	t := p.info.TypeOf(e)
	if t == nil {
		return false
	}
	basic, ok := t.Underlying().(*types.Basic)
	return ok && basic.Info()&(types.IsFloat|types.IsComplex) != 0 && basic.Info()&types.IsUntyped == 0
}

// name returns the qualified name of a called function, or "".
func (p *purity) name(fun ast.Expr) string {
	switch fun := ast.Unparen(fun).(type) {
	case *ast.SelectorExpr:
		return qualified(p.info.Uses[fun.Sel])
	case *ast.Ident:
		return qualified(p.info.Uses[fun])
	case *ast.IndexExpr:
		return p.name(fun.X)
	case *ast.IndexListExpr:
		return p.name(fun.X)
	}
	return ""
}

// qualified returns the name of a function or method of a package, or "".
func qualified(o types.Object) string {
	if f, ok := o.(*types.Func); ok && f.Pkg() != nil {
		return f.FullName()
	}
	return ""
}

func TestCoreIsPure(t *testing.T) {
	m := loaded(t)
	for _, u := range m.units {
		if slices.ContainsFunc(core, func(p string) bool { return matches(p, u.path) }) {
			none(t, impurities(m, u, slices.DeleteFunc(slices.Clone(u.files), func(f *ast.File) bool { return isDriver(m, u, f) })))
		}
	}
}

const impure = `package fixture

import (
	"context"
	"crypto/rand" // bad
	"maps"
	random "math/rand/v2" // bad
	"net/http" // bad
	"os" // bad
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup" // bad
)

var (
	_ = rand.Reader
	_ = random.Int
	_ http.Handler
	_ os.File
)

type ratio float64 // bad

func clock(d time.Duration, at time.Time) time.Time {
	if d > time.Second {
		return at.Add(d)
	}
	time.Sleep(d) // bad
	now := time.Now // bad
	return now()
}

func threads(c chan int) {
	go clock(0, time.Time{}) // bad
	select { // bad
	case <-c:
	}
	var group sync.WaitGroup
	group.Go(func() {}) // bad
	group.Wait()
	var m sync.Map
	m.Range(nil) // bad
	_, _ = context.WithTimeout(context.Background(), 1) // bad
	errgroup.WithContext(context.TODO())
}

func numbers(n int) int {
	const exact = 2.5 * 2
	half := float64(n) // bad
	_ = half // bad
	return n * exact
}

type set map[string]int

func walks[M ~map[string]int](m set, generic M, list []int) int {
	n := 0
	for range list {
		n++
	}
	for range m { // bad
		n++
	}
	for range generic { // bad
		n++
	}
	for _, v := range m { // order-free: a sum
		n += v
	}
	for _, v := range m { // order-free:
		n += v
	}
	for k := range maps.Keys(m) { // bad
		n += len(k)
	}
	for _, k := range slices.Sorted(maps.Keys(m)) {
		n += len(k)
	}
	_ = slices.Collect(maps.Values(m)) // order-free: not used
	return n + len(slices.Collect(maps.Keys(m))) // bad
}
`

func TestPurityRuleFails(t *testing.T) {
	m := loaded(t)
	// A comment without a reason does not count: gofmt strips the space that
	// is left of it.
	want := wanted(strings.Replace(impure, "{ // order-free:\n", "{ // bad\n", 1))
	u := m.fixture(t, "batch", impure, "")
	got := lines(impurities(m, u, u.files))
	slices.SortFunc(got, func(a, b string) int { return lineOf(a) - lineOf(b) })
	require.Equal(t, want, slices.Compact(got))
}

func lineOf(at string) int {
	_, n, _ := strings.Cut(at, ":")
	line, _ := strconv.Atoi(n)
	return line
}

// TestDriversAreNotPure keeps the list of exempt files as short as it can be.
func TestDriversAreNotPure(t *testing.T) {
	m := loaded(t)
	needed := 0
	for _, u := range m.units {
		for _, f := range u.files {
			if isDriver(m, u, f) {
				needed++
				require.NotEmpty(t, impurities(m, u, []*ast.File{f}), m.at(f.Pos()))
			}
		}
	}
	require.Len(t, drivers, needed, "all are files")
}
