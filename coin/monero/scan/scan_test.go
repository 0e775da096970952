package scan_test

import (
	"slices"
	"strings"
	"testing"

	"filippo.io/edwards25519"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/serai-go/processor/coin/monero/block"
	"github.com/serai-go/processor/coin/monero/keys"
	"github.com/serai-go/processor/coin/monero/scan"
)

// someWallets makes three, of which the first and the last share a view key.
func (b *builder) someWallets(t require.TestingT) []wallet {
	views := []*edwards25519.Scalar{b.scalar(), b.scalar()}
	addresses := []keys.Index{{}, {Account: 1}, {Account: 1, Address: 1}, {Account: 2, Address: 2}}
	return []wallet{
		newWallet(t, views[0], b.scalar(), addresses...),
		newWallet(t, views[1], b.scalar(), addresses[1:]...),
		newWallet(t, views[0], b.scalar(), addresses[:2]...),
	}
}

// story makes a transaction of any shape and says what is to be found in it.
type story struct {
	*builder
	t       require.TestingT
	wallets []wallet
	f       *block.Fields
	want    []scan.Output

	keys       [][32]byte
	secrets    []*edwards25519.Scalar // of keys that are multiples of G, else nil
	additional [][32]byte
}

// transaction makes a transaction at a position with a first global index.
func (s *story) transaction(position int, first uint64) *block.Transaction {
	n := 2 + s.random.IntN(15)
	s.f = s.builder.transaction(n)
	if s.random.IntN(8) == 0 {
		s.f = &block.Fields{Version: 2, Coinbase: true, Height: 77, UnlockTime: 137, Outputs: s.f.Outputs}
	} else if s.random.IntN(8) == 0 {
		s.f.UnlockTime = s.random.Uint64()
	}
	s.keys, s.secrets, s.additional = nil, nil, nil
	for range s.random.IntN(4) {
		s.strangeKey()
	}
	if s.random.IntN(3) == 0 {
		for range s.random.IntN(n + 3) {
			s.additional = append(s.additional, s.point())
		}
	}
	from := len(s.want)
	for i := range n {
		s.output(i)
	}
	if len(s.keys) == 0 {
		s.want = s.want[:from] // without a transaction key there is nothing
	}
	id := s.extra()
	tx := s.encode(s.t, s.f)
	for i := range s.want[from:] {
		o := &s.want[from+i]
		o.Transaction, o.Global = position, first+uint64(o.Index)
		o.Coinbase, o.UnlockTime = tx.Coinbase(), tx.UnlockTime()
		o.Data = slices.Collect(tx.Extra().Data())
		if id != nil {
			o.PaymentID = s.decrypt(o, *id)
		}
	}
	return tx
}

// strangeKey adds a key that pays nobody.
func (s *story) strangeKey() {
	switch s.random.IntN(4) {
	case 0:
		s.keys, s.secrets = append(s.keys, [32]byte{2}), append(s.secrets, nil) // no point
	case 1:
		if n := len(s.keys); n > 0 { // one that is there already
			s.keys, s.secrets = append(s.keys, s.keys[0]), append(s.secrets, s.secrets[0])
		}
	default:
		s.keys, s.secrets = append(s.keys, s.point()), append(s.secrets, nil)
	}
}

// output makes output i a stranger's or one of many kinds for a wallet.
func (s *story) output(i int) {
	o := &s.f.Outputs[i]
	o.Tagged = s.random.IntN(5) > 0
	if s.random.IntN(2) == 0 {
		return
	}
	recipient := s.random.IntN(len(s.wallets))
	w := s.wallets[recipient]
	p := payment{w, w.Addresses[s.random.IntN(len(w.Addresses))], 1 + s.random.Uint64()>>s.random.IntN(64)}
	registered := s.random.IntN(8) > 0
	if !registered {
		p.address = keys.Index{Account: 5, Address: uint32(i)}
	}
	d := s.channel(i, p)
	pay(s.t, s.f, i, p, d)

	spoilt := true
	switch s.random.IntN(12) {
	case 0:
		pay(s.t, s.f, i, payment{p.wallet, p.address, 0}, d)
	case 1:
		spoilt = o.Tagged
		o.ViewTag ^= 1
	case 2:
		key, err := keys.DecodePoint(o.Key[:])
		require.NoError(s.t, err)
		o.Key = [32]byte(key.Add(key, torsion()).Bytes())
	case 3:
		o.Key = [32]byte{2}
	case 4:
		if spoilt = !s.f.Coinbase; spoilt {
			s.f.Commitments[i] = s.point()
		}
	case 5:
		if spoilt = !s.f.Coinbase; spoilt {
			s.f.EncryptedAmounts[i][s.random.IntN(8)] ^= 1
		}
	default:
		spoilt = false
	}
	if !o.Tagged {
		o.ViewTag = 0
	}
	if spoilt || !registered {
		return
	}
	s.want = append(s.want, s.expected(i, recipient, p, d))
}

// channel adds a transaction key by which output i is found, or takes one that
// is there, and returns what it shares with the recipient.
func (s *story) channel(i int, p payment) keys.Derivation {
	if i < len(s.additional) && s.random.IntN(2) == 0 {
		r := s.scalar()
		s.additional[i] = publicKey(s.t, p, r)
		return derivation(s.t, p, r)
	}
	if p.address.IsMain() {
		for j, r := range s.secrets {
			if r != nil && s.random.IntN(2) == 0 {
				_ = j
				return derivation(s.t, p, r)
			}
		}
	}
	r := s.scalar()
	key := publicKey(s.t, p, r)
	if s.random.IntN(4) == 0 { // its torsion is cleared
		point, err := keys.DecodePoint(key[:])
		require.NoError(s.t, err)
		key = [32]byte(point.Add(point, torsion()).Bytes())
	}
	s.keys = append(s.keys, key)
	s.secrets = append(s.secrets, nil)
	if p.address.IsMain() {
		s.secrets[len(s.secrets)-1] = r
	}
	return derivation(s.t, p, r)
}

// expected is what the recipient learns, computed from the sender's side.
func (s *story) expected(i, recipient int, p payment, d keys.Derivation) scan.Output {
	shared, err := d.SharedKey(uint64(i))
	require.NoError(s.t, err)
	m, err := p.wallet.Pair.View().SubaddressScalar(p.address)
	require.NoError(s.t, err)
	mask, err := shared.CommitmentMask()
	require.NoError(s.t, err)
	if s.f.Coinbase {
		mask = scalarOf(s.t, "01"+strings.Repeat("00", 31))
	}
	return scan.Output{
		Index: uint32(i), Recipient: recipient, Address: p.address, Key: s.f.Outputs[i].Key,
		Offset: scan.Secret(m.Add(m, shared.Scalar()).Bytes()), Amount: p.amount, Mask: scan.Secret(mask.Bytes()),
		Commitment: [32]byte(keys.Commit(mask, p.amount).Bytes()),
	}
}

// extra writes the extra field, its parts in any order but for transaction keys
// among themselves, and returns the payment ID if there is one.
func (s *story) extra() (id *[8]byte) {
	var parts []block.Part
	for _, key := range s.keys {
		parts = append(parts, block.Part{Tag: block.TagKey, Data: key[:]})
	}
	insert := func(p block.Part) { parts = slices.Insert(parts, s.random.IntN(len(parts)+1), p) }
	if s.additional != nil {
		var list []byte
		for _, key := range s.additional {
			list = append(list, key[:]...)
		}
		insert(block.Part{Tag: block.TagAdditionalKeys, Data: list})
	}
	if s.random.IntN(3) == 0 {
		id = (*[8]byte)(s.bytes(8))
		insert(block.Part{Tag: block.TagNonce, Data: append([]byte{1}, id[:]...)})
	}
	for range s.random.IntN(3) { // behind the payment ID, which is in the first nonce
		parts = append(parts, block.Part{Tag: block.TagNonce, Data: append([]byte{0x7f}, s.bytes(s.random.IntN(255))...)})
	}
	for _, p := range parts {
		var err error
		s.f.Extra, err = s.f.Extra.AppendPart(p)
		require.NoError(s.t, err)
	}
	if s.random.IntN(4) == 0 {
		s.f.Extra = append(s.f.Extra, 0x33, 1, 2, 3) // nothing known
	}
	return id
}

// decrypt does it with the last key, as the reference wallet does.
func (s *story) decrypt(o *scan.Output, id [8]byte) *[8]byte {
	key := s.keys[len(s.keys)-1]
	r, err := keys.DecodePoint(key[:])
	if err != nil {
		return nil
	}
	d := s.wallets[o.Recipient].Pair.View().Derive(r)
	id = d.PaymentID(id)
	return &id
}

func TestEveryShapeOfPaymentIsFoundAndNothingElse(t *testing.T) {
	shapes := func(t *rapid.T) {
		b := newBuilder(rapid.Uint64().Draw(t, "seed"))
		s := &story{builder: b, t: t, wallets: b.someWallets(t)}
		var transactions []*block.Transaction
		first := b.random.Uint64N(1 << 40)
		next := first
		for i := range 1 + b.random.IntN(12) {
			tx := s.transaction(i, next)
			transactions = append(transactions, tx)
			next += uint64(tx.OutputCount())
		}
		before := []scan.Output{{Amount: 1}}
		found := newScanner(t, s.wallets...).Scan(before, transactions, first)
		require.Equal(t, before, found[:1])
		require.Equal(t, len(s.want), len(found)-1)
		for i := range s.want {
			o := found[1+i]
			pair := s.wallets[o.Recipient].Pair
			r, err := keys.DecodePoint(o.TransactionKey[:])
			require.NoError(t, err)
			d := pair.View().Derive(r)
			shared, err := d.SharedKey(uint64(o.Index))
			require.NoError(t, err)
			spend, err := pair.SpendKey(o.Address)
			require.NoError(t, err)
			require.Equal(t, o.Key[:], shared.OutputKey(spend).Bytes(), "found again")
			o.TransactionKey = [32]byte{}
			require.Equal(t, s.want[i], o)
			_, err = found[1+i].PrivateKey(s.wallets[s.want[i].Recipient].spend)
			require.NoError(t, err)
		}
		require.Equal(t, next, first+scan.Outputs(transactions))
	}
	rapid.Check(t, shapes)
}
