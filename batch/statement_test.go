package batch_test

import (
	"bytes"
	"crypto/ed25519"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/batch"
	"github.com/serai-go/processor/internal/wire"
)

var (
	cosign = batch.Cosign{Number: 1000, Hash: [32]byte{9, 8, 7}}
	report = batch.SlashReport{Slashes: []batch.Slash{{Validator: 2, Points: 5}, {Validator: 300, Points: 1 << 31}}}
)

func TestGoldenStatements(t *testing.T) {
	golden(t, "cosign", wire.Marshal(cosign))
	golden(t, "slash_report", wire.Marshal(report))
	digest := cosign.Digest(domain)
	golden(t, "cosign_digest", digest[:])
	digest = report.Digest(domain)
	golden(t, "slash_report_digest", digest[:])
}

// statement is what a batch key signs.
type statement interface {
	Digest(batch.Domain) [32]byte
	Verify(d batch.Domain, key, signature []byte) error
}

func TestStatementsVerifyInTheirDomainOnly(t *testing.T) {
	private := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{5}, 32))
	public := private.Public().(ed25519.PublicKey)
	statements := []statement{
		one, cosign, batch.Cosign{Number: cosign.Number}, batch.Cosign{Hash: cosign.Hash},
		report, batch.SlashReport{}, batch.SlashReport{Slashes: report.Slashes[1:]},
	}
	others := []batch.Domain{
		{Network: "mocl", Genesis: domain.Genesis, Session: domain.Session},
		{Network: domain.Network, Session: domain.Session},
		{Network: domain.Network, Genesis: domain.Genesis, Session: domain.Session + 1},
	}
	for i, s := range statements {
		digest := s.Digest(domain)
		signature := ed25519.Sign(private, digest[:])
		for j, other := range statements {
			if i == j {
				require.NoError(t, other.Verify(domain, public, signature))
			} else {
				require.ErrorIs(t, other.Verify(domain, public, signature), batch.ErrSignature)
			}
		}
		for _, d := range others {
			require.ErrorIs(t, s.Verify(d, public, signature), batch.ErrSignature)
		}
		require.ErrorIs(t, s.Verify(domain, public, signature[:63]), batch.ErrSignature)
		require.ErrorContains(t, s.Verify(domain, public[:31], signature), "key of 31 bytes")
	}
}

func TestSlashReportsHaveOneOrder(t *testing.T) {
	for name, slashes := range map[string][]batch.Slash{
		"descending": {report.Slashes[1], report.Slashes[0]},
		"twice":      {report.Slashes[0], report.Slashes[0]},
		"no points":  {{Validator: 1}},
	} {
		_, err := wire.Unmarshal[batch.SlashReport](wire.Marshal(batch.SlashReport{Slashes: slashes}))
		require.Error(t, err, name)
	}
}

func FuzzStatement(f *testing.F) {
	f.Add(wire.Marshal(cosign))
	f.Add(wire.Marshal(report))
	f.Add(wire.Marshal(batch.SlashReport{}))
	f.Fuzz(func(t *testing.T, data []byte) {
		roundTrip[batch.Cosign](t, data)
		roundTrip[batch.Slash](t, data)
		roundTrip[batch.SlashReport](t, data)
	})
}
