// SPDX-License-Identifier: Apache-2.0

package proxy

import (
	"encoding/binary"
	"errors"
	"io"
)

// headerProtocol is the ALPN name under which the stand-ins send a transport
// header: six bytes that say which port of the peer's host a connection is for.
// The real proxy has another name and another header, so that one can never
// take the other for its like.
const headerProtocol = "stand-in.meshx.io/v1"

var headerMagic = [4]byte{'M', 'X', 'S', '1'}

func writeHeader(w io.Writer, port uint16) error {
	_, err := w.Write(binary.BigEndian.AppendUint16(headerMagic[:], port))
	return err
}

func readHeader(r io.Reader) (port uint16, err error) {
	var header [6]byte
	if _, err := io.ReadFull(r, header[:]); err != nil {
		return 0, err
	}
	if [4]byte(header[:4]) != headerMagic {
		return 0, errors.New("not a transport header")
	}
	return binary.BigEndian.Uint16(header[4:]), nil
}
