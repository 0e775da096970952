package scan_test

import (
	_ "embed"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin/monero/block"
	"github.com/serai-go/processor/coin/monero/keys"
)

// extras are a wallet's keys, and coinbases with odd extra fields, mined on
// regtest, with what monero-wallet-rpc 0.18.5.3 found in each for the wallet:
// output, address, amount and payment ID, or nothing. 0.18.0.0 finds the same
// in such coinbases.
//
//go:embed testdata/extras.txt
var extras string

func TestOddExtraFieldsAreReadAsWalletsDo(t *testing.T) {
	lines := strings.Split(strings.TrimSpace(extras), "\n")
	secret := func(line, name string) string {
		text, ok := strings.CutPrefix(line, name+" ")
		require.True(t, ok)
		return text
	}
	var addresses []keys.Index
	for account := range uint32(5) {
		for address := range uint32(6) {
			addresses = append(addresses, keys.Index{Account: account, Address: address})
		}
	}
	w := newWallet(t, scalarOf(t, secret(lines[0], "view")), scalarOf(t, secret(lines[1], "spend")), addresses...)
	s := newScanner(t, w)
	for _, line := range lines[2:] {
		name, rest, ok := strings.Cut(line, ": ")
		require.True(t, ok)
		t.Run(name, func(t *testing.T) {
			raw, want, ok := strings.Cut(rest, " ")
			require.True(t, ok)
			tx, err := block.ParseTransaction(unhex(t, raw))
			require.NoError(t, err)
			got := "-"
			for _, o := range s.Scan(nil, []*block.Transaction{tx}, 0) {
				var id [8]byte
				if o.PaymentID != nil {
					id = *o.PaymentID
				}
				got = fmt.Sprintf("%d %d/%d %d %x", o.Index, o.Address.Account, o.Address.Address, o.Amount, id)
				_, err := o.KeyImage(w.spend)
				require.NoError(t, err)
			}
			require.Equal(t, want, got)
		})
	}
}
