// SPDX-License-Identifier: Apache-2.0

// Package identity holds the proxy's certificate and makes the TLS
// configurations that present it and verify peers.
package identity

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"meshx.io/stand-in/internal/spiffe"
)

// ErrNoMatchingSVID says that a Workload API answer has no SVID with our ID.
var ErrNoMatchingSVID = errors.New("no matching SVID found")

// Store is the identity of this process: the last good certificate, renewed
// while connections use it. It trusts the anchors it was made with and no other.
type Store struct {
	id      string
	anchors *x509.CertPool
	current atomic.Pointer[tls.Certificate]
	ready   chan struct{}
	once    sync.Once
}

// NewStore returns a Store without a certificate for the SPIFFE ID id.
func NewStore(id, anchorsPEM string) (*Store, error) {
	anchors := x509.NewCertPool()
	if !anchors.AppendCertsFromPEM([]byte(anchorsPEM)) {
		return nil, errors.New("no trust roots loaded")
	}
	return &Store{id: id, anchors: anchors, ready: make(chan struct{})}, nil
}

// Ready is closed once there is a certificate.
func (s *Store) Ready() <-chan struct{} { return s.ready }

// Select returns the SVID of our ID; of several with that ID, the last.
func (s *Store) Select(svids []spiffe.SVID) (spiffe.SVID, error) {
	for _, svid := range slices.Backward(svids) {
		if sameID(svid.ID, s.id) {
			return svid, nil
		}
	}
	return spiffe.SVID{}, ErrNoMatchingSVID
}

// Set verifies svid against the anchors and makes it the current certificate.
// It returns when that expires.
func (s *Store) Set(svid spiffe.SVID) (time.Time, error) {
	chain, err := x509.ParseCertificates(svid.Chain)
	if err != nil {
		return time.Time{}, fmt.Errorf("could not parse SVID: %w", err)
	}
	if len(chain) == 0 {
		return time.Time{}, errors.New("could not parse SVID: empty cert chain")
	}
	leaf := chain[0]
	if err := s.verify(chain, x509.ExtKeyUsageServerAuth); err != nil {
		return time.Time{}, fmt.Errorf("invalid peer certificate: %w", err)
	}
	if !hasID(leaf, s.id) {
		return time.Time{}, fmt.Errorf("invalid peer certificate: NotValidForName(%s)", s.id)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(svid.Key)
	if err != nil {
		return time.Time{}, err
	}
	key, ok := parsed.(*ecdsa.PrivateKey)
	if !ok || key.Curve != elliptic.P256() {
		return time.Time{}, errors.New("the private key is not ECDSA P-256")
	}
	if !key.PublicKey.Equal(leaf.PublicKey) {
		return time.Time{}, errors.New("the private key is not the certificate's")
	}
	cert := &tls.Certificate{PrivateKey: key, Leaf: leaf}
	for _, c := range chain {
		cert.Certificate = append(cert.Certificate, c.Raw)
	}
	s.current.Store(cert)
	s.once.Do(func() { close(s.ready) })
	return leaf.NotAfter, nil
}

// Server returns the configuration to terminate mesh TLS. Clients without a
// certificate are let in, as the real proxy does: policy decides about them.
func (s *Store) Server(protocols ...string) *tls.Config {
	return &tls.Config{
		MinVersion:             tls.VersionTLS13,
		NextProtos:             protocols,
		SessionTicketsDisabled: true,
		ClientAuth:             tls.VerifyClientCertIfGiven,
		ClientCAs:              s.anchors,
		GetCertificate:         func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return s.current.Load(), nil },
	}
}

// Client returns the configuration to dial a peer. serverName goes into the
// SNI; the peer must prove the identity id, a SPIFFE ID or a DNS name.
func (s *Store) Client(serverName, id string, protocols ...string) *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS13,
		NextProtos: protocols,
		ServerName: serverName,
		// The chain and the identity are verified below: the name in the SNI
		// need not be in the certificate.
		InsecureSkipVerify: true,
		VerifyConnection: func(state tls.ConnectionState) error {
			if err := s.verify(state.PeerCertificates, x509.ExtKeyUsageServerAuth); err != nil {
				return err
			}
			if !hasID(state.PeerCertificates[0], id) {
				return fmt.Errorf("the peer's certificate is not for %s", id)
			}
			return nil
		},
		GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			if cert := s.current.Load(); cert != nil {
				return cert, nil
			}
			return new(tls.Certificate), nil
		},
	}
}

func (s *Store) verify(chain []*x509.Certificate, usage x509.ExtKeyUsage) error {
	intermediates := x509.NewCertPool()
	for _, c := range chain[1:] {
		intermediates.AddCert(c)
	}
	_, err := chain[0].Verify(x509.VerifyOptions{
		Roots:         s.anchors,
		Intermediates: intermediates,
		KeyUsages:     []x509.ExtKeyUsage{usage},
	})
	return err
}

// ClientID returns the identity in a verified client's certificate, or "".
func ClientID(state tls.ConnectionState) string {
	if len(state.VerifiedChains) == 0 {
		return ""
	}
	leaf := state.PeerCertificates[0]
	switch {
	case len(leaf.URIs) > 0:
		return leaf.URIs[0].String()
	case len(leaf.DNSNames) > 0:
		return leaf.DNSNames[0]
	}
	return ""
}

func hasID(leaf *x509.Certificate, id string) bool {
	for _, uri := range leaf.URIs {
		if sameID(uri.String(), id) {
			return true
		}
	}
	return slices.Contains(leaf.DNSNames, id)
}

// sameID compares two IDs as URLs.
func sameID(a, b string) bool {
	if a == b {
		return true
	}
	ua, erra := url.Parse(a)
	ub, errb := url.Parse(b)
	return erra == nil && errb == nil && ua.Scheme != "" && ua.String() == ub.String()
}
