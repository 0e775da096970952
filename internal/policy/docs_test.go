package policy

import (
	"fmt"
	"go/ast"
	"go/token"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// undocumented returns the exported names of a unit that have no comment, and
// the package itself if it has none. Names of one declaration in parentheses
// may share the comment above it; String and Error mean the same everywhere.
func undocumented(m *module, u *unit) []string {
	var found []string
	missing := func(n ast.Node, name string) {
		found = append(found, fmt.Sprintf("%s: %s has no comment", m.at(n.Pos()), name))
	}
	described := false
	for _, f := range u.files {
		described = described || f.Doc.Text() != ""
		for _, d := range f.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if d.Name.IsExported() && exportedReceiver(d) && d.Doc.Text() == "" && !selfEvident(d) {
					missing(d, d.Name.Name)
				}
			case *ast.GenDecl:
				for _, s := range d.Specs {
					documentSpec(d, s, missing)
				}
			}
		}
	}
	if !described && len(u.files) > 0 {
		missing(u.files[0], "package "+u.files[0].Name.Name)
	}
	return found
}

func documentSpec(d *ast.GenDecl, s ast.Spec, missing func(ast.Node, string)) {
	shared := d.Doc.Text() != ""
	switch s := s.(type) {
	case *ast.TypeSpec:
		if s.Name.IsExported() && !(shared && !d.Lparen.IsValid()) && s.Doc.Text() == "" {
			missing(s, s.Name.Name)
		}
	case *ast.ValueSpec:
		if shared && (d.Lparen.IsValid() || d.Tok == token.CONST || d.Tok == token.VAR) {
			return
		}
		for _, name := range s.Names {
			if name.IsExported() && s.Doc.Text() == "" && s.Comment.Text() == "" {
				missing(s, name.Name)
			}
		}
	}
}

// selfEvident tells whether a function is the method of fmt.Stringer or error.
func selfEvident(d *ast.FuncDecl) bool {
	return d.Recv != nil && (d.Name.Name == "String" || d.Name.Name == "Error") && d.Type.Params.NumFields() == 0
}

// exportedReceiver tells whether a function is none of an unexported type.
func exportedReceiver(d *ast.FuncDecl) bool {
	if d.Recv == nil || len(d.Recv.List) == 0 {
		return true
	}
	e := d.Recv.List[0].Type
	for {
		switch t := e.(type) {
		case *ast.StarExpr:
			e = t.X
		case *ast.IndexExpr:
			e = t.X
		case *ast.IndexListExpr:
			e = t.X
		case *ast.Ident:
			return t.IsExported()
		default:
			return true
		}
	}
}

// described are the packages whose exported types are described down to their
// fields and methods.
var described = []string{
	".", "batch", "coin", "coin/mock", "coin/nodes", "coin/bitcoin/...", "coin/monero/...", "eventuality", "frost/...", "keygen", "scanner", "signer",
	"storage/...",
}

// undescribed returns the exported fields of exported structs and the methods
// of exported interfaces that nothing is said about. They have a comment above
// or behind them, or the comment above their group or their type names them.
func undescribed(m *module, u *unit) []string {
	var found []string
	for _, f := range u.files {
		for _, d := range f.Decls {
			d, ok := d.(*ast.GenDecl)
			if !ok {
				continue
			}
			for _, s := range d.Specs {
				s, ok := s.(*ast.TypeSpec)
				if !ok || !s.Name.IsExported() {
					continue
				}
				for _, name := range silentMembers(m, s.Type, d.Doc.Text()+s.Doc.Text()) {
					found = append(found, fmt.Sprintf("%s: %s.%s has no comment", m.at(name.Pos()), s.Name.Name, name.Name))
				}
			}
		}
	}
	return found
}

func silentMembers(m *module, t ast.Expr, about string) []*ast.Ident {
	var list []*ast.Field
	switch t := t.(type) {
	case *ast.StructType:
		list = t.Fields.List
	case *ast.InterfaceType:
		list = t.Methods.List
	}
	var found []*ast.Ident
	group, end := "", 0 // the comment above, until an empty line
	for _, e := range list {
		if e.Doc.Text() != "" || m.fset.Position(e.Pos()).Line > end+1 {
			group = e.Doc.Text()
		}
		end = m.fset.Position(e.End()).Line
		if e.Doc.Text() != "" || e.Comment.Text() != "" {
			continue
		}
		for _, name := range e.Names {
			if name.IsExported() && !mentions(about, name.Name) && !mentions(group, name.Name) {
				found = append(found, name)
			}
		}
	}
	return found
}

var word = regexp.MustCompile(`[A-Z]+[a-z0-9]*`)

// mentions tells whether a comment has a name, or the words it is made of.
func mentions(comment, name string) bool {
	words := strings.Join(word.FindAllString(name, -1), `\s*`)
	return regexp.MustCompile(`(?i)\b` + words + `s?\b`).MatchString(comment)
}

func TestExportedNamesAreDocumented(t *testing.T) {
	m := loaded(t)
	for _, u := range m.units {
		none(t, undocumented(m, u))
		if slices.ContainsFunc(described, func(p string) bool { return matches(p, u.path) }) {
			none(t, undescribed(m, u))
		}
	}
}

const silent = `package fixture // bad

type T struct{} // bad

func (T) Method() {} // bad

func (t *G[A]) Method() {} // bad

func Function() {} // bad

func private() {}

type hidden struct{}

func (hidden) Method() {}

func (T) String() string { return "" }

func (T) Error(int) {} // bad

var Variable = 1 // a comment behind is enough

const (
	// Documented is.
	Documented = iota
	Other
	private2
)

// Group has one comment.
const (
	One = iota
	Two
)

// G has one.
type G[A any] struct{}

// H has one.
func (G[A]) H() {}

type (
	// Grouped has one.
	Grouped int
	Bare    int // bad
)
`

func TestDocumentationRuleFails(t *testing.T) {
	m := loaded(t)
	found := undocumented(m, m.fixture(t, "batch", silent, ""))
	// Other cannot be marked by a comment, which would be its own.
	other := 1 + strings.Count(silent[:strings.Index(silent, "\tOther")], "\n")
	require.ElementsMatch(t, append(wanted(silent), fmt.Sprintf("fixture.go:%d", other)), lines(found))
}

const terse = `package fixture

// Pair is a key and its value.
type Pair struct {
	Key, Value []byte
	hidden     int
}

// T is a type.
type T struct {
	// A is described.
	A int
	B int // so is this
	// BatchKey and the values are a group.
	BatchKey int
	Values   int
	Other    int
	hidden   int

	Values2 int
	Pair
}

// KeyPair has a batch key.
type KeyPair struct{ BatchKey, NetworkKey []byte }

// I is an interface.
type I interface {
	Silent()
	// Loud is described.
	Loud()
	hidden()
	Pairer
}

// Pairer can Pair.
type Pairer interface{ Pair() }

type private struct{ Field int }
`

func TestDescriptionRuleFails(t *testing.T) {
	m := loaded(t)
	var names []string
	for _, f := range undescribed(m, m.fixture(t, "batch", terse, "")) {
		_, name, _ := strings.Cut(strings.TrimSuffix(f, " has no comment"), ": ")
		names = append(names, name)
	}
	require.Equal(t, []string{"T.Other", "T.Values2", "KeyPair.NetworkKey", "I.Silent"}, names)
}
