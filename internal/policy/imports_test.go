package policy

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// rule says what a package may import of this module and of others. A name
// that ends with /... stands for everything below it too; "*" for everything.
type rule struct {
	pkg   string
	allow []string
}

// edges are all import rules, the first that names a package counts. The
// standard library is free here; purity has its own test.
var edges = []rule{
	{"internal/wire", nil},
	{"internal/cache", nil},
	{"internal/conformance", nil},
	{"internal/jsonrpc", nil},
	{"internal/testnodes", []string{"internal/jsonrpc"}},
	{"internal/testnodes/busychain", []string{"coin/bitcoin/bitcointest", "coin/bitcoin/node", "internal/testnodes"}},
	{"internal/testnodes/busymonero", []string{
		"batch", "coin", "coin/monero/...", "eventuality", "internal/testnodes", "scanner", "storage", "storage/bbolt",
		"golang.org/x/sync/errgroup", "github.com/stretchr/testify/...",
	}},
	{"internal/policy", nil},
	{"internal/mutation", nil},

	{"storage", []string{"internal/wire", "github.com/google/btree"}},
	{"storage/bbolt", []string{"storage", "go.etcd.io/bbolt/..."}},
	{"storage/storagetest", []string{"storage", "github.com/stretchr/testify/...", "pgregory.net/rapid"}},

	{"frost", []string{"internal/wire", "frost/internal/..."}},
	{"frost/internal/...", nil},
	{"frost/ed25519", []string{"frost", "frost/internal/...", "filippo.io/edwards25519/..."}},
	{"frost/secp256k1", []string{"frost", "frost/internal/...", "github.com/decred/dcrd/dcrec/secp256k1/v4"}},
	{"frost/dkg", []string{"internal/wire", "frost", "frost/ed25519", "frost/internal/..."}},
	{"frost/dkg/dkgtest", []string{"internal/wire", "frost", "frost/ed25519"}},
	{"frost/frosttest", []string{"frost", "frost/ed25519", "frost/secp256k1", "internal/wire"}},

	{"eventuality", []string{"internal/wire", "storage"}},
	{"batch", []string{"internal/wire", "frost"}},
	{"coin", []string{"internal/wire", "storage", "eventuality", "frost"}},

	{"coin/cointest", []string{"coin", "eventuality", "frost/...", "internal/wire", "storage", "github.com/stretchr/testify/...", "pgregory.net/rapid"}},
	{"coin/nodes", []string{"coin"}},
	{"coin/mock", []string{"coin", "coin/cointest", "eventuality", "frost", "frost/ed25519", "internal/wire", "storage"}},
	{"coin/bitcoin/bitcointest", []string{
		"coin", "coin/cointest", "coin/bitcoin/...", "eventuality", "frost", "internal/wire", "internal/jsonrpc", "internal/testnodes",
		"github.com/btcsuite/btcd/...", "github.com/stretchr/testify/...",
	}},
	{"coin/bitcoin/...", []string{
		"coin", "coin/bitcoin/...", "eventuality", "frost", "frost/secp256k1", "internal/cache", "internal/wire", "internal/jsonrpc", "storage",
		"github.com/btcsuite/btcd/...", "github.com/decred/dcrd/dcrec/secp256k1/v4",
	}},
	{"coin/monero/monerotest", []string{
		"coin", "coin/cointest", "coin/monero/...", "eventuality", "frost", "frost/ed25519", "internal/wire", "internal/jsonrpc", "internal/testnodes",
		"filippo.io/edwards25519/...", "golang.org/x/crypto/...", "github.com/stretchr/testify/...",
	}},
	{"coin/monero/...", []string{
		"coin", "coin/monero/...", "eventuality", "frost", "frost/ed25519", "internal/cache", "internal/wire", "internal/jsonrpc", "storage",
		"filippo.io/edwards25519/...", "golang.org/x/crypto/...",
	}},

	// These four do not know of one another.
	{"keygen", []string{"batch", "coin", "eventuality", "frost/...", "internal/wire", "storage"}},
	{"scanner", []string{"batch", "coin", "eventuality", "frost", "internal/wire", "storage"}},
	{"scheduler/...", []string{"batch", "coin", "eventuality", "frost", "internal/wire", "storage", "scheduler/..."}},
	{"signer", []string{"batch", "coin", "eventuality", "frost", "frost/ed25519", "internal/wire", "storage"}},

	{".", []string{
		"batch", "coin", "eventuality", "frost", "frost/dkg", "frost/ed25519", "internal/wire", "keygen", "scanner", "scheduler/...", "signer", "storage",
		"golang.org/x/sync/errgroup",
	}},
	{"processortest/...", []string{
		".", "batch", "coin", "coin/cointest", "coin/mock", "eventuality", "frost/...", "internal/wire", "keygen", "processortest/...", "scanner",
		"scheduler/...", "signer", "storage/...", "github.com/stretchr/testify/...", "pgregory.net/rapid",
	}},
	{"examples/...", []string{"*"}},
}

func matches(pattern, path string) bool {
	base, tree := strings.CutSuffix(pattern, "/...")
	return pattern == "*" || path == base || tree && strings.HasPrefix(path, base+"/")
}

// forbiddenImports returns the imports of a unit that no rule allows.
func forbiddenImports(u *unit) []string {
	i := slices.IndexFunc(edges, func(r rule) bool { return matches(r.pkg, u.path) })
	if i < 0 {
		return []string{fmt.Sprintf("%s: no rule says what it may import", u.path)}
	}
	var found []string
	for _, path := range u.imports {
		first, _, _ := strings.Cut(path, "/")
		if !strings.Contains(first, ".") { // the standard library
			continue
		}
		if !slices.ContainsFunc(edges[i].allow, func(p string) bool { return matches(p, within(path)) }) {
			found = append(found, fmt.Sprintf("%s imports %s", u.path, within(path)))
		}
	}
	return found
}

// current is the form of import paths of btcd's present modules. Those of the
// generation before have types that do not fit with them.
var current = regexp.MustCompile(`^github\.com/btcsuite/btcd/[a-z0-9]+/v2(/|$)`)

// oldImports returns imports, of tests too, that are of btcd's old modules.
func oldImports(u *unit) []string {
	var found []string
	for _, path := range slices.Concat(u.imports, u.tests) {
		if strings.HasPrefix(path, "github.com/btcsuite/btc") && !current.MatchString(path) {
			found = append(found, fmt.Sprintf("%s imports %s", u.path, path))
		}
	}
	return found
}

func TestImports(t *testing.T) {
	for _, u := range loaded(t).units {
		none(t, forbiddenImports(u))
		none(t, oldImports(u))
	}
}

func TestImportRulesFail(t *testing.T) {
	for _, bad := range []struct{ pkg, imports string }{
		{"keygen", modulePath + "/signer"},
		{"scanner", modulePath + "/scheduler"},
		{"scheduler/chained", modulePath + "/scanner"},
		{"signer", modulePath},
		{"coin", modulePath + "/coin/bitcoin"},
		{"coin", modulePath + "/coin/nodes"},
		{"coin/nodes", modulePath + "/coin/bitcoin"},
		{".", modulePath + "/coin/mock"},
		{".", modulePath + "/internal/jsonrpc"},
		{"eventuality", modulePath + "/coin"},
		{"frost", modulePath + "/frost/secp256k1"},
		{"frost", "github.com/stretchr/testify/require"},
		{"storage", "go.etcd.io/bbolt"},
		{"coin/bitcoin", modulePath + "/coin/monero"},
		{"coin/bitcoin/block", modulePath + "/coin/mock"},
		{"novelty", "fmt"},
	} {
		require.NotEmpty(t, forbiddenImports(&unit{path: bad.pkg, imports: []string{bad.imports}}), "%s imports %s", bad.pkg, bad.imports)
	}
	for _, good := range []struct{ pkg, imports string }{
		{"keygen", modulePath + "/frost/dkg"}, {"keygen", "fmt"}, {"scheduler/chained", modulePath + "/scheduler"}, {"examples/bitcoin", modulePath},
	} {
		require.Empty(t, forbiddenImports(&unit{path: good.pkg, imports: []string{good.imports}}), "%s imports %s", good.pkg, good.imports)
	}
	for path, old := range map[string]bool{
		"github.com/btcsuite/btcutil":            true,
		"github.com/btcsuite/btcd/wire":          true,
		"github.com/btcsuite/btcd/btcutil/psbt":  true,
		"github.com/btcsuite/btcd/chaincfg":      true,
		"github.com/btcsuite/btcd/rpcclient":     true,
		"github.com/btcsuite/btcd/wire/v2":       false,
		"github.com/btcsuite/btcd/address/v2/x":  false,
		"github.com/btcsuite/btcd/wire/v20":      true,
		"github.com/btcsuite/btclog":             true,
		"github.com/decred/dcrd/dcrec/secp256k1": false,
	} {
		require.Equal(t, old, len(oldImports(&unit{path: "p", imports: []string{path}})) > 0, path)
		require.Equal(t, old, len(oldImports(&unit{path: "p", tests: []string{path}})) > 0, path)
	}
}
