package policy

import (
	"fmt"
	"go/ast"
	"go/types"
	"regexp"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// decoderName is how functions are called that read bytes from outside.
var decoderName = regexp.MustCompile(`^(Decode|Read|Parse|UnmarshalBinary|UnmarshalJSON|UnmarshalText)`)

// trusted are functions that need no fuzz target although they take bytes, and
// why.
var trusted = map[string]string{
	"(*" + modulePath + "/eventuality.Tracker).Guard":        "hashes the bytes",
	"(*" + modulePath + "/eventuality.Tracker).Unguard":      "hashes the bytes",
	"(*" + modulePath + "/coin/nodes.Nodes).RestoreBlock":    "passes the bytes on",
	"(*" + modulePath + "/internal/jsonrpc.Client).Post":     "sends the bytes",
	"(*" + modulePath + "/coin/bitcoin/node.Client).Publish": "sends the bytes",
	"(*" + modulePath + "/coin/monero/node.Client).Publish":  "sends the bytes",
}

// decoders returns those that take bytes and are not trusted.
func decoders(u *unit) []*types.Func {
	return slices.DeleteFunc(takers(u), func(f *types.Func) bool { return trusted[key(f)] != "" })
}

// takers returns the exported functions and methods of a unit that take bytes
// and decode them, by their name, or judge them, by an error or a bool among
// their results.
func takers(u *unit) []*types.Func {
	var all []*types.Func
	for _, f := range u.files {
		for _, d := range f.Decls {
			d, ok := d.(*ast.FuncDecl)
			if !ok || !d.Name.IsExported() || !exportedReceiver(d) {
				continue
			}
			fn, ok := u.info.Defs[d.Name].(*types.Func)
			if ok && takesBytes(fn.Signature()) && (decoderName.MatchString(fn.Name()) || judges(fn.Signature())) {
				all = append(all, fn)
			}
		}
	}
	return all
}

// judges tells whether a function returns an error or a bool.
func judges(s *types.Signature) bool {
	for r := range s.Results().Variables() {
		if t := r.Type().String(); t == "error" || t == "bool" {
			return true
		}
	}
	return false
}

// takesBytes tells whether a function has a byte slice, a slice of them or a
// *wire.Reader among its parameters.
func takesBytes(s *types.Signature) bool {
	for p := range s.Params().Variables() {
		switch p.Type().String() {
		case "[]byte", "[][]byte", "*" + modulePath + "/internal/wire.Reader":
			return true
		}
	}
	return false
}

// key names an object, so that the same one is known again when it was read
// from export data.
func key(o types.Object) string {
	if o.Pkg() == nil {
		return o.Name()
	}
	if f, ok := o.(*types.Func); ok {
		return f.FullName()
	}
	return o.Pkg().Path() + "." + o.Name()
}

// reach collects what the Fuzz functions of a unit's tests get to: all
// functions they use and all named types of expressions in them, and so on
// through the functions of the unit and its tests.
type reach struct {
	bodies map[string]*body // by key
	seen   map[string]bool
}

type body struct {
	block *ast.BlockStmt
	info  *types.Info
}

func fuzzed(m *module, u *unit) map[string]bool {
	r := &reach{bodies: map[string]*body{}, seen: map[string]bool{}}
	path := modulePath + "/" + u.path
	// Test files are checked as far as their imports are known.
	inside, _ := m.check(path, slices.Concat(u.files, u.inTests))
	outside, _ := m.check(path+"_test", u.outTests)
	r.collect(inside, slices.Concat(u.files, u.inTests))
	r.collect(outside, u.outTests)
	for _, part := range []struct {
		files []*ast.File
		info  *types.Info
	}{{u.inTests, inside}, {u.outTests, outside}} {
		for _, f := range part.files {
			for _, d := range f.Decls {
				if d, ok := d.(*ast.FuncDecl); ok && d.Recv == nil && isFuzz(d) {
					r.follow(&body{d.Body, part.info})
				}
			}
		}
	}
	return r.seen
}

// isFuzz tells whether the go command takes a function for a fuzz target.
func isFuzz(d *ast.FuncDecl) bool {
	if !regexp.MustCompile(`^Fuzz([^a-z]|$)`).MatchString(d.Name.Name) || len(d.Type.Params.List) != 1 {
		return false
	}
	star, ok := d.Type.Params.List[0].Type.(*ast.StarExpr)
	if !ok {
		return false
	}
	sel, ok := star.X.(*ast.SelectorExpr)
	return ok && sel.Sel.Name == "F"
}

func (r *reach) collect(info *types.Info, files []*ast.File) {
	for _, f := range files {
		for _, d := range f.Decls {
			if d, ok := d.(*ast.FuncDecl); ok && d.Body != nil && info.Defs[d.Name] != nil {
				r.bodies[key(info.Defs[d.Name])] = &body{d.Body, info}
			}
		}
	}
}

func (r *reach) follow(b *body) {
	ast.Inspect(b.block, func(n ast.Node) bool {
		e, ok := n.(ast.Expr)
		if !ok {
			return true
		}
		if t := b.info.TypeOf(e); t != nil {
			r.types(t)
		}
		if id, ok := e.(*ast.Ident); ok {
			if f, ok := b.info.Uses[id].(*types.Func); ok {
				r.function(f.Origin())
			}
		}
		return true
	})
}

func (r *reach) function(f *types.Func) {
	k := key(f)
	if r.seen[k] {
		return
	}
	r.seen[k] = true
	if b := r.bodies[k]; b != nil {
		r.follow(b)
	}
}

// types notes the named types in a type. One that has Decode and is at hand
// is decoded by generic code that is given it, so its Decode is followed.
func (r *reach) types(t types.Type) {
	switch t := t.(type) {
	case *types.Pointer:
		r.types(t.Elem())
	case *types.Slice:
		r.types(t.Elem())
	case *types.Array:
		r.types(t.Elem())
	case *types.Map:
		r.types(t.Elem())
	case *types.Tuple:
		for v := range t.Variables() {
			r.types(v.Type())
		}
	case *types.Named:
		k := key(t.Obj())
		if r.seen[k] {
			return
		}
		r.seen[k] = true
		for a := range t.TypeArgs().Types() {
			r.types(a)
		}
		for m := range t.Methods() {
			if decoderName.MatchString(m.Name()) {
				r.function(m.Origin())
			}
		}
	}
}

// unfuzzed returns the decoders of a unit that none of its fuzz targets
// reaches.
func unfuzzed(m *module, u *unit) []string {
	all := decoders(u)
	if len(all) == 0 {
		return nil
	}
	seen := fuzzed(m, u)
	var found []string
	for _, f := range all {
		if !seen[key(f)] {
			found = append(found, fmt.Sprintf("%s: %s is in reach of no fuzz target of its package", m.at(f.Pos()), f.FullName()))
		}
	}
	return found
}

func TestDecodersAreFuzzed(t *testing.T) {
	m := loaded(t)
	for _, u := range m.units {
		none(t, unfuzzed(m, u))
	}
	// The list of exceptions does not outlive them.
	found := map[string]bool{}
	for _, u := range m.units {
		for _, f := range takers(u) {
			found[key(f)] = true
		}
	}
	for name := range trusted {
		require.True(t, found[name], name)
	}
}

const reading = `package fixture

import "github.com/serai-go/processor/internal/wire"

type A struct{ b B }

func (a *A) Decode(r *wire.Reader) { a.b.Decode(r) }

type B struct{}

func (*B) Decode(*wire.Reader) {}

type C struct{}

func (*C) Decode(*wire.Reader) {} // bad

func (*C) UnmarshalBinary([]byte) error { return nil } // bad

func ParseDirect([]byte) {}

func ParseByHelper([]byte) {}

func ParseNever([]byte) {} // bad

func ParseOnlyInATest([]byte) {} // bad

func ParseNoBytes(int) {}

func Inspect([]byte) error { return nil } // bad

func Check([][]byte) bool { return false } // bad

func Hash([]byte) [32]byte { return [32]byte{} }

func ReadGeneric[T any](r *wire.Reader) (t T) { return }

type hidden struct{}

func (*hidden) Decode(*wire.Reader) {}

type D struct{}

func (*D) Decode(*wire.Reader) {}
`

const readingTests = `package fixture

import "testing"

func FuzzAll(f *testing.F) {
	var a A
	_ = a
	f.Fuzz(func(t *testing.T, data []byte) {
		ParseDirect(data)
		helper(data)
		_ = ReadGeneric[D](nil)
	})
}

func helper(data []byte) { ParseByHelper(data) }

func TestOne(t *testing.T) { ParseOnlyInATest(nil) }

func Fuzzy(f *testing.F) { ParseNever(nil) }

func FuzzHelper(data []byte) { ParseNever(nil) }
`

func TestFuzzRuleFails(t *testing.T) {
	m := loaded(t)
	require.Equal(t, wanted(reading), lines(unfuzzed(m, m.fixture(t, "batch", reading, readingTests))))
	require.Empty(t, unfuzzed(m, m.fixture(t, "batch", "package fixture", "")))
}
