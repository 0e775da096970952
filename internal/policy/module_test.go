package policy

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

const modulePath = "github.com/serai-go/processor"

// unit is a package of this module, parsed.
type unit struct {
	path    string // within the module; the root package is "."
	imports []string
	tests   []string // imports of test files

	files, inTests, outTests []*ast.File // outTests are of package …_test
	info                     *types.Info // of files
}

// module is all packages of this module.
type module struct {
	fset     *token.FileSet
	importer types.Importer
	units    []*unit
}

// listed is what the go command says of a package.
type listed struct {
	ImportPath, Dir, Export            string
	Module                             *struct{ Main bool }
	GoFiles, TestGoFiles, XTestGoFiles []string
	Imports, TestImports, XTestImports []string
}

// load is done once for all tests: it takes seconds.
var load = sync.OnceValues(func() (*module, error) {
	cmd := exec.Command("go", "list", "-export", "-deps", "-json", "-buildvcs=false", "./...")
	cmd.Dir = filepath.Join("..", "..")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w\n%s", err, stderr.Bytes())
	}
	m := &module{fset: token.NewFileSet()}
	exports := map[string]string{}
	var own []listed
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var l listed
		if err := d.Decode(&l); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, err
		}
		exports[l.ImportPath] = l.Export
		if l.Module != nil && l.Module.Main {
			own = append(own, l)
		}
	}
	m.importer = importer.ForCompiler(m.fset, "gc", func(path string) (io.ReadCloser, error) {
		if exports[path] == "" {
			return nil, fmt.Errorf("no export data of %s", path)
		}
		return os.Open(exports[path])
	})
	for _, l := range own {
		u := &unit{
			path:    within(l.ImportPath),
			imports: l.Imports,
			tests:   append(l.TestImports, l.XTestImports...),
		}
		for _, set := range []struct {
			names []string
			files *[]*ast.File
		}{{l.GoFiles, &u.files}, {l.TestGoFiles, &u.inTests}, {l.XTestGoFiles, &u.outTests}} {
			for _, name := range set.names {
				f, err := parser.ParseFile(m.fset, filepath.Join(l.Dir, name), nil, parser.ParseComments|parser.SkipObjectResolution)
				if err != nil {
					return nil, err
				}
				*set.files = append(*set.files, f)
			}
		}
		if u.info, err = m.check(l.ImportPath, u.files); err != nil {
			return nil, err
		}
		m.units = append(m.units, u)
	}
	return m, nil
})

func loaded(t *testing.T) *module {
	t.Helper()
	m, err := load()
	require.NoError(t, err)
	return m
}

// check type-checks files of one package. What it found stays valid as far as
// it goes if there is an error.
func (m *module) check(path string, files []*ast.File) (*types.Info, error) {
	info := &types.Info{
		Types: map[ast.Expr]types.TypeAndValue{},
		Defs:  map[*ast.Ident]types.Object{},
		Uses:  map[*ast.Ident]types.Object{},
	}
	var first error
	config := types.Config{Importer: m.importer, Error: func(err error) {
		if first == nil {
			first = err
		}
	}}
	config.Check(path, m.fset, files, info)
	return info, first
}

// within is an import path of this module without the module's own.
func within(path string) string {
	if path == modulePath {
		return "."
	}
	return strings.TrimPrefix(path, modulePath+"/")
}

// at says where something is, from the root of the module.
func (m *module) at(p token.Pos) string {
	pos := m.fset.Position(p)
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err == nil {
		if rel, err := filepath.Rel(root, pos.Filename); err == nil && !strings.HasPrefix(rel, "..") {
			pos.Filename = rel
		}
	}
	return fmt.Sprintf("%s:%d", pos.Filename, pos.Line)
}

// none fails a test for each thing found.
func none(t *testing.T, found []string) {
	t.Helper()
	for _, f := range found {
		t.Error(f)
	}
}

// fixture makes a unit of one file of bad source, and of one file of tests if
// that is not empty.
func (m *module) fixture(t *testing.T, path, source, tests string) *unit {
	t.Helper()
	u := &unit{path: path}
	for _, part := range []struct {
		name, source string
		files        *[]*ast.File
	}{{"fixture.go", source, &u.files}, {"fixture_test.go", tests, &u.inTests}} {
		if part.source == "" {
			continue
		}
		f, err := parser.ParseFile(m.fset, part.name, part.source, parser.ParseComments|parser.SkipObjectResolution)
		require.NoError(t, err)
		*part.files = append(*part.files, f)
	}
	var err error
	u.info, err = m.check(modulePath+"/"+path, u.files)
	require.NoError(t, err)
	return u
}

// wanted returns the lines of a fixture that end with the comment "// bad".
func wanted(source string) []string {
	var at []string
	for i, line := range strings.Split(source, "\n") {
		if strings.HasSuffix(line, "// bad") {
			at = append(at, fmt.Sprintf("fixture.go:%d", i+1))
		}
	}
	return at
}

// lines cuts what was found down to where it was found.
func lines(found []string) []string {
	var at []string
	for _, f := range found {
		where, _, _ := strings.Cut(f, ": ")
		if len(at) == 0 || at[len(at)-1] != where {
			at = append(at, where)
		}
	}
	return at
}
