package frost_test

import (
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/internal/conformance"
)

// vectorFiles are all files of vectors about threshold keys and signatures:
// the test file that goes through those of a pattern, or why none does.
var vectorFiles = []struct{ pattern, test, reason string }{
	{"*lagrange*.json", "lagrange_test.go", ""},
	{"*bip340*.json", "secp256k1/conformance_test.go", ""},
	{"*bip445*.json", "secp256k1/conformance_test.go", ""},
	{"*bip341_key_path*.json", "../coin/bitcoin/conformance_test.go", ""},
	{"*point_decode*.json", "ed25519/conformance_test.go", ""},
	{"*rfc8032*.json", "ed25519/conformance_test.go", ""},
	{"*ed25519_cctv*.json", "ed25519/conformance_test.go", ""},
	{"*ed25519_speccheck*.json", "ed25519/conformance_test.go", ""},
	{"*feldman_dkg*.json", "dkg/conformance_test.go", ""},
	{"*cocktail_dkg*.json", "dkg/conformance_test.go", ""},
	{"*chilldkg*.json", "dkg/conformance_test.go", ""},
	{"*rfc9591*.json", "rfc9591_test.go", ""},
	{"*zf_frost*.json", "rfc9591_test.go", ""},
}

// TestConformanceFilesAreKnown fails for a file that no test goes through.
func TestConformanceFilesAreKnown(t *testing.T) {
	for _, file := range conformance.Files(t, "vectors/frost/*.json") {
		known := false
		for _, f := range vectorFiles {
			match, err := filepath.Match(f.pattern, filepath.Base(file))
			require.NoError(t, err)
			if known = known || match; match && f.reason != "" {
				conformance.Counted(t, file, len(conformance.ReadVectors(t, file)))
				t.Logf("%s does not apply: %s", filepath.Base(file), f.reason)
			}
		}
		if !known {
			t.Errorf("no test knows %s", filepath.Base(file))
		}
	}
}

// TestConformanceTestsReadTheirFiles keeps the list above from being a mere
// claim.
func TestConformanceTestsReadTheirFiles(t *testing.T) {
	for _, f := range vectorFiles {
		if f.test == "" {
			continue
		}
		source, err := os.ReadFile(f.test)
		require.NoError(t, err)
		require.Contains(t, string(source), strconv.Quote(f.pattern), "%s", f.test)
	}
}
