// SPDX-License-Identifier: Apache-2.0

package spiffe

import (
	"encoding/binary"
	"errors"
)

// SVID is one X.509 identity as the Workload API sends it.
type SVID struct {
	ID    string // SPIFFE ID
	Chain []byte // certificates in DER, leaf first, concatenated
	Key   []byte // private key, PKCS#8 in DER
}

var errMalformed = errors.New("malformed message")

// parseResponse decodes an X509SVIDResponse: its SVIDs are field 1, and of each
// the ID, chain and key are fields 1 to 3. Everything else is skipped.
func parseResponse(message []byte) ([]SVID, error) {
	var svids []SVID
	err := eachField(message, func(number uint64, value []byte) error {
		if number != 1 {
			return nil
		}
		svids = append(svids, SVID{})
		last := &svids[len(svids)-1]
		return eachField(value, func(number uint64, value []byte) error {
			switch number {
			case 1:
				last.ID = string(value)
			case 2:
				last.Chain = value
			case 3:
				last.Key = value
			}
			return nil
		})
	})
	return svids, err
}

// eachField calls visit for every length-delimited field of a Protocol Buffers
// message and skips the fields of other wire types.
func eachField(message []byte, visit func(number uint64, value []byte) error) error {
	for len(message) > 0 {
		tag, n := binary.Uvarint(message)
		if n <= 0 {
			return errMalformed
		}
		message = message[n:]
		var size uint64
		switch tag & 7 {
		case 0:
			_, n := binary.Uvarint(message)
			if n <= 0 {
				return errMalformed
			}
			size = uint64(n)
		case 1:
			size = 8
		case 2:
			length, n := binary.Uvarint(message)
			if n <= 0 || length > uint64(len(message)-n) {
				return errMalformed
			}
			if err := visit(tag>>3, message[n:n+int(length)]); err != nil {
				return err
			}
			size = uint64(n) + length
		case 5:
			size = 4
		default:
			return errMalformed
		}
		if size > uint64(len(message)) {
			return errMalformed
		}
		message = message[size:]
	}
	return nil
}
