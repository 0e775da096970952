package block_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"strconv"
)

// number is one that is written as such or as a string.
type number uint64

func (n *number) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		return nil
	}
	v, err := strconv.ParseUint(string(bytes.Trim(b, `"`)), 10, 64)
	*n = number(v)
	return err
}

// tag is a view tag that is written as a number or in hex.
type tag byte

func (n *tag) UnmarshalJSON(b []byte) error {
	base := 10
	if b[0] == '"' {
		base = 16
	}
	v, err := strconv.ParseUint(string(bytes.Trim(b, `"`)), base, 8)
	*n = tag(v)
	return err
}

// octets are written in hex or as an array of numbers.
type octets []byte

func (o *octets) UnmarshalJSON(b []byte) error {
	var text string
	if json.Unmarshal(b, &text) == nil {
		var err error
		*o, err = hex.DecodeString(text)
		return err
	}
	var list []uint16
	err := json.Unmarshal(b, &list)
	*o = make([]byte, len(list))
	for i, v := range list {
		(*o)[i] = byte(v)
	}
	return err
}

type (
	inputVector struct {
		Amount     number
		KeyOffsets []number `json:"key_offsets"`
		KeyImage   string   `json:"key_image"`
		KImage     string   `json:"k_image"`
	}
	outputVector struct {
		Amount  number
		Key     string
		ViewTag *tag `json:"view_tag"`
	}
	transactionVector struct {
		Hex, Hash   string
		Version     *int
		UnlockTime  number `json:"unlock_time"`
		Inputs      []inputVector
		Outputs     []outputVector
		Extra       *octets
		Type        *int   `json:"rct_type"`
		Prefix      string `json:"prefix_hash"`
		Base        string `json:"rct_base_hash"`
		Prunable    string `json:"prunable_hash"`
		Message     string `json:"signature_hash"`
		Pruned      string `json:"pruned_hex"`
		Fee         number
		Encrypted   []string `json:"encrypted_amounts"`
		Commitments []string
		PseudoOuts  []string `json:"pseudo_outs"`
		Weight      *uint64
		Rendering   *nodeJSON `json:"json_fields"`
	}
	// nodeJSON is a transaction as nodes render it.
	nodeJSON struct {
		Version    int
		UnlockTime number `json:"unlock_time"`
		Vin        []struct {
			Key *inputVector
			Gen *struct{ Height number }
		}
		Vout []struct {
			Amount number
			Target struct {
				Key    string
				Tagged *outputVector `json:"tagged_key"`
			}
		}
		Extra octets
		Base  *struct {
			Type   int
			TxnFee number
			Ecdh   []struct{ Mask, Amount string } `json:"ecdhInfo"`
			OutPk  []string
			Pseudo []string `json:"pseudoOuts"`
		} `json:"rct_signatures"`
		Prunable *struct {
			Pseudo []string `json:"pseudoOuts"`
		} `json:"rctsig_prunable"`
		Signatures []string
	}
)
