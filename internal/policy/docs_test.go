package policy

import (
	"fmt"
	"go/ast"
	"go/token"
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

func TestExportedNamesAreDocumented(t *testing.T) {
	m := loaded(t)
	for _, u := range m.units {
		none(t, undocumented(m, u))
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
