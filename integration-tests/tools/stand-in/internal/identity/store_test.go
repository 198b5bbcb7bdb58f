// SPDX-License-Identifier: Apache-2.0

package identity

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"net/url"
	"testing"
	"time"

	"meshx.io/stand-in/internal/spiffe"
)

const webID, apiID = "spiffe://example.org/web", "spiffe://example.org/api"

// authority is a root certificate that signs SVIDs.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t *testing.T) authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), IsCA: true, BasicConstraintsValid: true, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return authority{cert, key}
}

func (a authority) pem() string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.cert.Raw}))
}

func (a authority) issue(t *testing.T, id string) spiffe.SVID {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	uri, err := url.Parse(id)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), URIs: []*url.URL{uri}, NotAfter: time.Now().Add(time.Minute),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth},
	}
	chain, err := x509.CreateCertificate(rand.Reader, template, a.cert, key.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return spiffe.SVID{ID: id, Chain: chain, Key: der}
}

func newStore(t *testing.T, a authority, id string) *Store {
	t.Helper()
	store, err := NewStore(id, a.pem())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := store.Set(a.issue(t, id)); err != nil {
		t.Fatal(err)
	}
	return store
}

func TestSelect(t *testing.T) {
	store, err := NewStore(webID, newAuthority(t).pem())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := store.Select([]spiffe.SVID{{ID: apiID}}); !errors.Is(err, ErrNoMatchingSVID) {
		t.Errorf("error %v", err)
	}
	if got, err := store.Select([]spiffe.SVID{{ID: apiID}, {ID: webID}}); err != nil || got.ID != webID {
		t.Errorf("%q, %v", got.ID, err)
	}
}

func TestSetVerifies(t *testing.T) {
	trusted, other := newAuthority(t), newAuthority(t)
	store, err := NewStore(webID, trusted.pem())
	if err != nil {
		t.Fatal(err)
	}
	mixed := trusted.issue(t, webID)
	mixed.Key = trusted.issue(t, webID).Key
	for name, svid := range map[string]spiffe.SVID{
		"other root":  other.issue(t, webID),
		"other ID":    trusted.issue(t, apiID),
		"other key":   mixed,
		"no chain":    {ID: webID},
		"not a chain": {ID: webID, Chain: []byte("no")},
	} {
		if _, err := store.Set(svid); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	select {
	case <-store.Ready():
		t.Error("ready without a certificate")
	default:
	}
	if _, err := store.Set(trusted.issue(t, webID)); err != nil {
		t.Error(err)
	}
	<-store.Ready()
}

func TestHandshake(t *testing.T) {
	root := newAuthority(t)
	web, api := newStore(t, root, webID), newStore(t, root, apiID)
	stranger := newStore(t, newAuthority(t), apiID)
	for name, test := range map[string]struct {
		client *Store
		want   string
		id     string
		fails  bool
	}{
		"mutual":            {api, webID, apiID, false},
		"wrong server":      {api, apiID, "", true},
		"untrusted server":  {stranger, webID, "", true},
		"client of no mesh": {nil, "", "", false},
	} {
		t.Run(name, func(t *testing.T) {
			near, far := connection(t)
			config := &tls.Config{ServerName: "web", InsecureSkipVerify: true}
			if test.client != nil {
				config = test.client.Client("web", test.want)
			}
			failed := make(chan error, 1)
			go func() { failed <- tls.Client(far, config).Handshake() }()
			server := tls.Server(near, web.Server())
			err := server.Handshake()
			if clientErr := <-failed; (err != nil || clientErr != nil) != test.fails {
				t.Fatalf("server: %v, client: %v", err, clientErr)
			}
			if test.fails {
				return
			}
			if got := ClientID(server.ConnectionState()); got != test.id {
				t.Errorf("client ID %q", got)
			}
		})
	}
}

// connection returns both ends of a connection.
func connection(t *testing.T) (near, far net.Conn) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	if far, err = net.Dial("tcp", listener.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if near, err = listener.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { near.Close(); far.Close() })
	return near, far
}
