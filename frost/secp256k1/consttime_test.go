package secp256k1

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strings"
	"testing"

	dcr "github.com/decred/dcrd/dcrec/secp256k1/v4"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// drawScalar draws scalars, often ones near the edges of their range.
func drawScalar(t *rapid.T, label string) *Scalar {
	s := new(Scalar)
	if rapid.Bool().Draw(t, label+" edge") {
		s.SetUint64(rapid.Uint64Range(0, 20).Draw(t, label+" small"))
		if rapid.Bool().Draw(t, label+" negative") {
			s.Negate(s)
		}
		return s
	}
	s.s.SetByteSlice(rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, label))
	return s
}

// edgeScalars are where recodings and carries could go wrong.
func edgeScalars() []*Scalar {
	var scalars []*Scalar
	add := func(k *dcr.ModNScalar) {
		scalars = append(scalars, &Scalar{s: *k}, &Scalar{s: *new(dcr.ModNScalar).NegateVal(k)})
	}
	plus := func(k *dcr.ModNScalar, n uint32) *dcr.ModNScalar {
		return new(dcr.ModNScalar).SetInt(n).Add(k)
	}
	power := func(n int) *dcr.ModNScalar {
		k := new(dcr.ModNScalar).SetInt(1)
		for range n {
			k.Add(k)
		}
		return k
	}
	minusOne := new(dcr.ModNScalar).SetInt(1).Negate()
	for i := range uint32(70) { // negated: n − 1, n − 2 and so on
		add(new(dcr.ModNScalar).SetInt(i))
	}
	add(power(128))
	add(plus(power(128), 1))
	add(power(128).Add(minusOne))
	add(oneHalf) // half the order, rounded up, and negated: down
	add(lambda)
	add(plus(lambda, 1))
	for _, width := range []int{baseWidth, variableWidth} {
		// Every digit alone at its position, and all digits the same.
		for d := range uint32(1) << width {
			all := new(dcr.ModNScalar)
			for i := 0; i*width < 256; i++ {
				alone := power(width * i).Mul(new(dcr.ModNScalar).SetInt(d))
				all.Add(alone)
				if d == 1 || d == 1<<width-1 || d == 1<<(width-1) {
					add(alone)
				}
			}
			add(all)
		}
	}
	// Scalars whose recoded digits are all the lowest, and all the highest.
	for _, r := range []*recoding{baseRecoding, variableRecoding} {
		add(&r.shift)
		add(new(dcr.ModNScalar).NegateVal(&r.shift))
	}
	return scalars
}

func TestConstantTimeMultiplyOfEdges(t *testing.T) {
	scaled := Group.NewElement().VarTimeMultiplyBase(new(Scalar).SetUint64(0x0505)).(*Element) // Z is not 1
	require.False(t, scaled.p.Z.IsOne())
	points := []*Element{scaled, new(Element)}
	hash := taggedHash("point")
	for _, k := range []*Scalar{new(Scalar).SetUint64(1).(*Scalar), {s: *lambda}, {s: *new(dcr.ModNScalar).SquareVal(lambda)}, {s: *oneHalf}, reduce(&hash)} {
		p := Group.NewElement().VarTimeMultiplyBase(k)
		points = append(points, p.(*Element), Group.NewElement().Negate(p).(*Element))
	}
	var got, want Element
	for i, k := range edgeScalars() {
		want.VarTimeMultiplyBase(k)
		got.MultiplyBase(k)
		require.True(t, want.Equal(&got), "%x", k.Bytes())
		// All points with all scalars take long.
		p := points[(i+i/len(points))%len(points)]
		want := naive(k, p)
		require.True(t, want.Equal(got.Multiply(k, p)), "%x times %x", k.Bytes(), p.Bytes())
		require.True(t, want.Equal(got.VarTimeMultiply(k, p)), "%x times %x", k.Bytes(), p.Bytes())
	}
}

// The digits of a recoding give the scalar back.
func TestRecoding(t *testing.T) {
	for _, width := range []int{4, variableWidth, baseWidth, 8} {
		r := newRecoding(width)
		for _, k := range edgeScalars() {
			d := r.recode(&k.s)
			sum := new(dcr.ModNScalar)
			for i := r.count - 1; i >= 0; i-- {
				for range width {
					sum.Add(sum)
				}
				index, negative := r.digit(&d, i)
				require.Less(t, index, uint64(1)<<(width-1))
				odd := new(dcr.ModNScalar).SetInt(uint32(2*index + 1))
				if negative != 0 {
					require.Equal(t, ^uint64(0), negative)
					odd.Negate()
				}
				sum.Add(odd)
			}
			require.True(t, sum.Equals(&k.s), "%x", k.Bytes())
		}
	}
}

// constantCalls are what functions on secrets may call: operations of dcrd that
// take constant time, loads and stores, and one another.
var constantCalls = strings.Fields(`
	Add Add2 Bytes Mul Mul2 MulInt NegateVal Normalize Set SetBytes SetInt SquareVal Zero
	PutUint64 Sub64 Uint64 clear int64 new uint64
	add addAffine base digit double finish fromJacobian identity jacobian mask negate or pack recode times21 unpack`)

// What multiplies with secrets has no branch, and indexes by its loops only.
func TestSourceOfConstantTimeHasNoBranches(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "consttime.go", nil, 0)
	require.NoError(t, err)
	var names []string
	for _, declaration := range file.Decls {
		function, ok := declaration.(*ast.FuncDecl)
		if !ok || function.Name.Name == "newRecoding" {
			continue // tables of public values
		}
		name := function.Name.Name
		names = append(names, name)
		ast.Inspect(function.Body, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.ReturnStmt:
				require.True(t, name == "fromJacobian" || n == function.Body.List[len(function.Body.List)-1], "%s returns early", name)
			case *ast.IfStmt:
				// Whether the point is the identity is public.
				require.Equal(t, "fromJacobian", name, "branch in %s", name)
				return false
			case *ast.SwitchStmt, *ast.TypeSwitchStmt, *ast.SelectStmt, *ast.BranchStmt, *ast.FuncLit, *ast.DeferStmt, *ast.GoStmt, *ast.MapType:
				t.Errorf("%T in %s", n, name)
			case *ast.BinaryExpr:
				require.NotContains(t, []token.Token{token.LAND, token.LOR}, n.Op, name)
				if n.Op == token.QUO || n.Op == token.REM {
					publicNumber(t, name, n)
				}
			case *ast.ForStmt:
				publicNumber(t, name, n.Cond)
			case *ast.RangeStmt:
				publicNumber(t, name, n.X, "table", "multiples", "w") // arrays
			case *ast.IndexExpr:
				publicNumber(t, name, n.Index)
			case *ast.SliceExpr:
				for _, bound := range []ast.Expr{n.Low, n.High, n.Max} {
					if bound != nil {
						publicNumber(t, name, bound)
					}
				}
			case *ast.AssignStmt:
				for i, left := range n.Lhs {
					if id, ok := left.(*ast.Ident); ok && slices.Contains(publicNames, id.Name) {
						require.Len(t, n.Rhs, len(n.Lhs), name)
						publicNumber(t, name, n.Rhs[i])
					}
				}
			case *ast.CallExpr:
				called := ""
				switch f := n.Fun.(type) {
				case *ast.Ident:
					called = f.Name
				case *ast.SelectorExpr:
					called = f.Sel.Name
				}
				require.Contains(t, constantCalls, called, "%s calls %s", name, called)
			}
			return true
		})
	}
	for _, name := range []string{"multiplyBase", "multiply", "add", "addAffine", "finish", "double", "jacobian", "mask", "or", "negate", "recode", "digit", "unpack"} {
		require.Contains(t, names, name)
	}
}

// publicNames are the counters of loops and what follows from them.
var publicNames = strings.Fields("at bit count i j r width variableRecoding variableWidth")

func publicNumber(t *testing.T, function string, e ast.Expr, also ...string) {
	t.Helper()
	ast.Inspect(e, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok {
			require.Contains(t, slices.Concat(publicNames, also), id.Name, "in %s", function)
		}
		return true
	})
}

func TestConstantTimeMultiplyMatchesVariableTime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k, l := drawScalar(t, "k"), drawScalar(t, "l")
		var want, got Element
		want.VarTimeMultiplyBase(k)
		got.MultiplyBase(k)
		require.Equal(t, want.Bytes(), got.Bytes())

		var p Element
		p.VarTimeMultiplyBase(l)
		want = *naive(k, &p)
		got.Multiply(k, &p)
		require.Equal(t, want.Bytes(), got.Bytes())
	})
}

func TestCompleteAddition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var p, q, want, got Element
		p.VarTimeMultiplyBase(drawScalar(t, "p"))
		q.VarTimeMultiplyBase(drawScalar(t, "q"))

		var a, b, sum point
		a.fromJacobian(&p.p)
		b.fromJacobian(&q.p)
		sum.add(&a, &b)
		sum.jacobian(&got.p)
		want.Add(&p, &q)
		require.Equal(t, want.Bytes(), got.Bytes())

		sum.double(&a)
		sum.jacobian(&got.p)
		want.Add(&p, &p)
		require.Equal(t, want.Bytes(), got.Bytes())

		if !q.IsIdentity() {
			affine := q.affine()
			sum.addAffine(&a, &affine.X, &affine.Y)
			sum.jacobian(&got.p)
			want.Add(&p, &q)
			require.Equal(t, want.Bytes(), got.Bytes())
		}
	})
}
