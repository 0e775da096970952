package secp256k1

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/frost"
	"github.com/serai-go/processor/internal/conformance"
)

// hexBytes is a JSON string of hexadecimal digits. nil stands for null and for
// a missing field.
type hexBytes []byte

func (h *hexBytes) UnmarshalJSON(data []byte) error {
	var text *string
	if err := json.Unmarshal(data, &text); err != nil || text == nil {
		return err
	}
	decoded, err := hex.DecodeString(*text)
	*h = append(hexBytes{}, decoded...)
	return err
}

func TestConformanceBIP340(t *testing.T) {
	conformance.Vectors(t, "*bip340*.json", func(t *testing.T, v conformance.Vector) {
		var in struct{ Secret, Public, Aux, Message, Signature hexBytes }
		var want struct{ Valid bool }
		require.NoError(t, json.Unmarshal(v.In, &in))
		require.NoError(t, json.Unmarshal(v.Want, &want))
		require.Len(t, in.Public, 32)
		valid := Verify([32]byte(in.Public), in.Message, in.Signature)
		require.Equal(t, want.Valid, valid)
		switch v.Kind {
		case "verify_ok", "verify_bad":
		case "sign":
			require.Equal(t, []byte(in.Signature), signBIP340(t, in.Secret, in.Aux, in.Message))
		default:
			t.Fatalf("unknown kind %q", v.Kind)
		}
	})
}

// signBIP340 makes the signature of a whole key, with the nonce of BIP-340's
// default signing algorithm.
func signBIP340(t *testing.T, secret, aux, message []byte) []byte {
	x, err := Group.DecodeScalar(secret)
	require.NoError(t, err)
	public := Group.NewElement().MultiplyBase(x)
	algorithm, err := NewBIP340(message).ForKey(public)
	require.NoError(t, err)

	even := Group.NewScalar().Set(x)
	if public.(*Element).affine().Y.IsOdd() {
		even.Negate(even)
	}
	masked, hash := even.Bytes(), taggedHash("BIP0340/aux", aux)
	for i := range masked {
		masked[i] ^= hash[i]
	}
	key := XOnly(public)
	hash = taggedHash("BIP0340/nonce", masked, key[:], message)
	nonce := reduce(&hash)
	nonces := []frost.Element{Group.NewElement().MultiplyBase(nonce)}
	c, err := algorithm.Challenge(nonces, nil)
	require.NoError(t, err)
	if c.Negate {
		nonce.Negate(nonce)
	}
	answer := Group.NewScalar().Multiply(c.Factor, x)
	signature, err := algorithm.Signature(nonces, nil, answer.Add(answer, nonce))
	require.NoError(t, err)
	return signature
}

// bip445 is the input of a case of BIP-445. Validator i of the tests is the
// signer with identifier i, of weight 1.
type bip445 struct {
	T, N        uint16
	ThreshPK    hexBytes `json:"thresh_pk"`
	MyID        *uint16  `json:"my_id"`
	SignerIndex int      `json:"signer_index"`
	IDs         []uint16
	AggNonce    hexBytes
	PubNonces   []hexBytes
	PubShares   []hexBytes
	SecNonce    hexBytes
	SecShare    hexBytes
	Msg         hexBytes
	PSig        hexBytes
	PSigs       []hexBytes
	Tweaks      []hexBytes
	IsXOnly     []bool `json:"is_xonly"`
}

// contribution is a malformed input that BIP-445 blames on somebody: on the
// signer at a position, or on nobody in particular.
type contribution struct {
	signer int // −1 for nobody
	kind   string
}

func (c contribution) Error() string { return fmt.Sprintf("%s of %d", c.kind, c.signer) }

func TestConformanceBIP445(t *testing.T) {
	conformance.Vectors(t, "*bip445*.json", func(t *testing.T, v conformance.Vector) {
		var in bip445
		var want struct {
			Result json.RawMessage
			Error  *struct {
				Type        string
				SignerIndex *int `json:"signer_index"`
				Contrib     string
			}
			Valid    *bool
			AggNonce hexBytes
		}
		if v.Kind == "nonce_gen" {
			conformNonceGen(t, v)
			return
		}
		require.NoError(t, json.Unmarshal(v.In, &in))
		require.NoError(t, json.Unmarshal(v.Want, &want))
		var result []byte
		var err error
		switch kind, _, _ := strings.Cut(v.Kind, ":"); kind {
		case "nonce_agg", "nonce_agg_bad":
			result, err = in.aggregateNonces()
			want.Result, _ = json.Marshal(hex.EncodeToString(want.AggNonce))
		case "sign_verify", "tweak":
			if in.MyID == nil && in.PSig != nil {
				err = in.verify()
				if want.Valid != nil {
					require.False(t, *want.Valid)
					require.ErrorIs(t, err, frost.ErrEquation)
					return
				}
			} else {
				result, err = in.sign()
			}
		case "sig_agg":
			result, err = in.aggregate()
		case "det_sign":
			// Deterministic signing is not built: with nonces that are a
			// function of the inputs, a signer that is rolled back or asked
			// twice can be made to reveal its share.
			t.Skip("there is no deterministic signing")
		default:
			t.Fatalf("unknown kind %q", v.Kind)
		}
		if want.Error == nil {
			require.NoError(t, err)
			var text string
			require.NoError(t, json.Unmarshal(want.Result, &text))
			require.Equal(t, text, hex.EncodeToString(result))
			return
		}
		require.Error(t, err, v.Note)
		if want.Error.Type == "InvalidContributionError" {
			blamed := contribution{-1, want.Error.Contrib}
			if want.Error.SignerIndex != nil {
				blamed.signer = *want.Error.SignerIndex
			}
			require.Equal(t, blamed, in.blamed(err), "%v", err)
		}
	})
}

func conformNonceGen(t *testing.T, v conformance.Vector) {
	var in struct {
		Rand, SecShare, PubShare, Msg hexBytes
		ThreshPK                      hexBytes `json:"thresh_pk"`
		ExtraIn                       hexBytes `json:"extra_in"`
	}
	var want struct{ SecNonce, PubNonce hexBytes }
	require.NoError(t, json.Unmarshal(v.In, &in))
	require.NoError(t, json.Unmarshal(v.Want, &want))
	nonces := deriveNonces((*[32]byte)(in.Rand), nonceInputs{
		secret: in.SecShare, public: in.PubShare, key: in.ThreshPK,
		message: in.Msg, hasMessage: in.Msg != nil, extra: in.ExtraIn,
	})
	var element Element
	require.Equal(t, []byte(want.SecNonce), slices.Concat(nonces[0].Bytes(), nonces[1].Bytes()))
	require.Equal(t, []byte(want.PubNonce), slices.Concat(
		element.MultiplyBase(nonces[0]).Bytes(), element.MultiplyBase(nonces[1]).Bytes()))
}

// blamed returns what an error of a session means in the terms of BIP-445.
func (in *bip445) blamed(err error) contribution {
	if c, ok := err.(contribution); ok {
		return c
	}
	position := func(f *frost.Fault) int { return slices.Index(in.IDs, f.Validator) }
	switch f := err.(type) {
	case *frost.Fault:
		return contribution{position(f), "pubnonce"}
	case frost.Faults:
		// Where the nonces of the signers are made up, none of the shares
		// verifies. The malformed one is the one that is meant.
		for _, fault := range f {
			if errors.Is(fault, frost.ErrAnswer) {
				return contribution{position(fault), "psig"}
			}
		}
	}
	return contribution{-1, "nothing"}
}

// decodeSum decodes a sum of nonces, which may be the identity.
func decodeSum(b []byte) (frost.Element, error) {
	if len(b) == elementSize && !slices.ContainsFunc(b, func(c byte) bool { return c != 0 }) {
		return Group.NewElement(), nil
	}
	return Group.DecodeElement(b)
}

func (in *bip445) aggregateNonces() ([]byte, error) {
	var sums [2]Element
	for i, encoded := range in.PubNonces {
		if len(encoded) != len(sums)*elementSize {
			return nil, contribution{i, "pubnonce"}
		}
		for k := range sums {
			e, err := Group.DecodeCleared(encoded[elementSize*k:][:elementSize])
			if err != nil {
				return nil, contribution{i, "pubnonce"}
			}
			sums[k].Add(&sums[k], e)
		}
	}
	return slices.Concat(sums[0].Bytes(), sums[1].Bytes()), nil
}

// key builds the public key. Cases have the shares of the signers only; the
// others follow from them.
func (in *bip445) key() (*frost.PublicKey, error) {
	if in.T == 0 || in.T > in.N || len(in.PubShares) != len(in.IDs) {
		return nil, frost.ErrKey
	}
	key, err := Group.DecodeElement(in.ThreshPK)
	if err != nil {
		return nil, err
	}
	points := map[uint16]frost.Element{0: key}
	var known []uint16
	for i, id := range in.IDs {
		if i >= len(in.PubShares) {
			break
		}
		share, err := Group.DecodeElement(in.PubShares[i])
		if err != nil {
			return nil, err
		}
		if id < in.N && points[id+1] == nil {
			points[id+1] = share
			known = append(known, id+1)
		}
	}
	// With fewer points than fix the polynomial, the key is one more, and
	// others are free.
	known = append(known, 0)
	for x := uint16(1); len(known) < int(in.T); x++ {
		if points[x] == nil {
			points[x] = Group.Generator()
			known = append(known, x)
		}
	}
	known = known[:in.T]
	shares := make([]frost.Element, in.N)
	for i := range shares {
		x := uint16(i + 1)
		if shares[i] = points[x]; shares[i] == nil {
			shares[i] = interpolate(known, points, x)
		}
	}
	return frost.NewPublicKey(Group, in.T, slices.Repeat([]uint16{1}, int(in.N)), key, shares)
}

func interpolate(known []uint16, points map[uint16]frost.Element, x uint16) frost.Element {
	sum := Group.NewElement()
	at := Group.NewScalar().SetUint64(uint64(x))
	for _, i := range known {
		factor, step := Group.NewScalar().SetUint64(1), Group.NewScalar()
		xi := Group.NewScalar().SetUint64(uint64(i))
		for _, j := range known {
			if j != i {
				xj := Group.NewScalar().SetUint64(uint64(j))
				factor.Multiply(factor, step.Subtract(at, xj))
				factor.Multiply(factor, step.VarTimeInvert(step.Subtract(xi, xj)))
			}
		}
		sum.Add(sum, Group.NewElement().VarTimeMultiply(factor, points[i]))
	}
	return sum
}

func (in *bip445) algorithm() (*BIP340, error) {
	if len(in.Tweaks) != len(in.IsXOnly) {
		return nil, ErrTweak
	}
	var tweaks []Tweak
	for i, value := range in.Tweaks {
		if len(value) != 32 {
			return nil, ErrTweak
		}
		if in.IsXOnly[i] {
			tweaks = append(tweaks, XOnlyTweak([32]byte(value)))
		} else {
			tweaks = append(tweaks, PlainTweak([32]byte(value)))
		}
	}
	return NewBIP340(in.Msg, tweaks...), nil
}

// session builds the session of a case. Where the case gives only the sum of
// the nonces, the other signers get nonces that make up that sum: nothing else
// of them matters.
func (in *bip445) session(key *frost.PublicKey, own []byte) (*frost.Session, error) {
	var members []frost.Member
	algorithm, err := in.algorithm()
	if err != nil {
		return nil, err
	}
	if in.PubNonces != nil {
		if len(in.PubNonces) != len(in.IDs) {
			return nil, frost.ErrMembers
		}
		for i, id := range in.IDs {
			members = append(members, frost.Member{Validator: id, Commitment: in.PubNonces[i]})
		}
	} else if members, err = in.membersForSum(own); err != nil {
		return nil, err
	}
	slices.SortFunc(members, func(a, b frost.Member) int { return int(a.Validator) - int(b.Validator) })
	return frost.NewSession(key, []frost.Algorithm{algorithm}, nil, members)
}

func (in *bip445) membersForSum(own []byte) ([]frost.Member, error) {
	members := make([]frost.Member, len(in.IDs))
	for i, id := range in.IDs {
		members[i].Validator = id
	}
	for k := range 2 {
		if len(in.AggNonce) != 2*elementSize {
			return nil, contribution{-1, "aggnonce"}
		}
		rest, err := decodeSum(in.AggNonce[elementSize*k:][:elementSize])
		if err != nil {
			return nil, contribution{-1, "aggnonce"}
		}
		last := -1
		for i, id := range in.IDs {
			var nonce frost.Element
			if in.MyID != nil && id == *in.MyID && own != nil {
				if nonce, err = Group.DecodeElement(own[elementSize*k:][:elementSize]); err != nil {
					return nil, err
				}
			} else if last < 0 {
				last = i
				continue
			} else {
				nonce = Group.NewElement().VarTimeMultiplyBase(Group.NewScalar().SetUint64(uint64(1000 + i)))
			}
			members[i].Commitment = append(members[i].Commitment, nonce.Bytes()...)
			rest.Subtract(rest, nonce)
		}
		if last >= 0 {
			members[last].Commitment = append(members[last].Commitment, rest.Bytes()...)
		}
	}
	return members, nil
}

// fixedNonces is an algorithm whose nonces are given.
type fixedNonces struct {
	*BIP340
	nonces []byte
}

type fixedNoncesInstance struct {
	frost.Instance
	nonces []byte
}

func (a fixedNonces) ForKey(key frost.Element) (frost.Instance, error) {
	instance, err := a.BIP340.ForKey(key)
	return fixedNoncesInstance{instance, a.nonces}, err
}

func (in fixedNoncesInstance) DeriveNonces(io.Reader, frost.Scalar, frost.Element, []byte) (hiding, binding frost.Scalar, err error) {
	if len(in.nonces) != 2*scalarSize {
		return nil, nil, frost.ErrNonces
	}
	if hiding, err = Group.DecodeScalar(in.nonces[:scalarSize]); err != nil {
		return nil, nil, err
	}
	binding, err = Group.DecodeScalar(in.nonces[scalarSize:])
	return hiding, binding, err
}

func (in *bip445) sign() ([]byte, error) {
	key, err := in.key()
	if err != nil {
		return nil, err
	}
	share, err := frost.DecodeKeyShare(key, *in.MyID, in.SecShare)
	if err != nil && slices.Contains(in.IDs, *in.MyID) {
		return nil, err
	}
	algorithm, err := in.algorithm()
	if err != nil {
		return nil, err
	}
	var nonces *frost.Nonces
	var own []byte
	if share != nil {
		nonces, own, err = frost.Commit(nil, share, []frost.Algorithm{fixedNonces{algorithm, in.SecNonce}}, nil)
		if err != nil {
			return nil, err
		}
	}
	session, err := in.session(key, own)
	if err != nil {
		return nil, err
	}
	if share == nil {
		return nil, session.Verify(*in.MyID, nil)
	}
	answer, err := session.Sign(share, nonces)
	if err != nil {
		return nil, err
	}
	return answer, session.Verify(*in.MyID, answer)
}

func (in *bip445) verify() error {
	key, err := in.key()
	if err != nil {
		return err
	}
	session, err := in.session(key, nil)
	if err != nil {
		return err
	}
	return session.Verify(in.IDs[in.SignerIndex], in.PSig)
}

func (in *bip445) aggregate() ([]byte, error) {
	key, err := in.key()
	if err != nil {
		return nil, err
	}
	session, err := in.session(key, nil)
	if err != nil {
		return nil, err
	}
	if len(in.PSigs) != len(in.IDs) {
		_, err := session.Aggregate(make([][]byte, len(in.PSigs)))
		return nil, err
	}
	order := slices.Sorted(slices.Values(in.IDs))
	shares := make([][]byte, len(in.IDs))
	for i, id := range in.IDs {
		shares[slices.Index(order, id)] = in.PSigs[i]
	}
	signatures, err := session.Aggregate(shares)
	if err != nil {
		return nil, err
	}
	return signatures[0], nil
}
