// SPDX-License-Identifier: Apache-2.0

// Package ejbca is a stub: it has the names that SPIRE's EJBCA upstream
// authority plugin compiles against, and no behaviour. It stands in for the
// real client where a module proxy does not serve that module. The integration
// tests never configure the plugin; a SPIRE server that does is told so by
// every constructor here.
package ejbca

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/http"
)

var errStub = errors.New("this SPIRE server was built with a stub of the EJBCA client: the plugin cannot be used")

// Authenticator authenticates requests to an EJBCA server.
type Authenticator interface {
	GetHttpClient() (*http.Client, error)
}

// MTLSAuthenticatorBuilder builds an Authenticator; Build always fails.
type MTLSAuthenticatorBuilder struct{}

// NewMTLSAuthenticatorBuilder returns an empty builder.
func NewMTLSAuthenticatorBuilder() *MTLSAuthenticatorBuilder { return &MTLSAuthenticatorBuilder{} }

// WithClientCertificate ignores the certificate.
func (b *MTLSAuthenticatorBuilder) WithClientCertificate(*tls.Certificate) *MTLSAuthenticatorBuilder {
	return b
}

// WithCaCertificates ignores the certificates.
func (b *MTLSAuthenticatorBuilder) WithCaCertificates([]*x509.Certificate) *MTLSAuthenticatorBuilder {
	return b
}

// Build fails.
func (b *MTLSAuthenticatorBuilder) Build() (Authenticator, error) { return nil, errStub }

// Configuration configures an APIClient.
type Configuration struct{ Host string }

// NewConfiguration returns an empty configuration.
func NewConfiguration() *Configuration { return &Configuration{} }

// SetAuthenticator ignores the authenticator.
func (c *Configuration) SetAuthenticator(Authenticator) {}

// APIClient is a client of the EJBCA REST API.
type APIClient struct{ V1CertificateApi *V1CertificateApiService }

// NewAPIClient fails.
func NewAPIClient(*Configuration) (*APIClient, error) { return nil, errStub }

// V1CertificateApiService issues certificates.
type V1CertificateApiService struct{}

// EnrollPkcs10Certificate returns a request that fails.
func (*V1CertificateApiService) EnrollPkcs10Certificate(context.Context) ApiEnrollPkcs10CertificateRequest {
	return ApiEnrollPkcs10CertificateRequest{}
}

// ApiEnrollPkcs10CertificateRequest is an enrolment about to be sent.
type ApiEnrollPkcs10CertificateRequest struct{}

// EnrollCertificateRestRequest ignores the body.
func (r ApiEnrollPkcs10CertificateRequest) EnrollCertificateRestRequest(EnrollCertificateRestRequest) ApiEnrollPkcs10CertificateRequest {
	return r
}

// Execute fails.
func (ApiEnrollPkcs10CertificateRequest) Execute() (*CertificateRestResponse, *http.Response, error) {
	return nil, nil, errStub
}

// EnrollCertificateRestRequest is the body of an enrolment.
type EnrollCertificateRestRequest struct{}

// NewEnrollCertificateRestRequest returns an empty body.
func NewEnrollCertificateRestRequest() *EnrollCertificateRestRequest {
	return &EnrollCertificateRestRequest{}
}

// The setters ignore their values.

func (*EnrollCertificateRestRequest) SetUsername(string)                 {}
func (*EnrollCertificateRestRequest) SetPassword(string)                 {}
func (*EnrollCertificateRestRequest) SetCertificateRequest(string)       {}
func (*EnrollCertificateRestRequest) SetCertificateAuthorityName(string) {}
func (*EnrollCertificateRestRequest) SetCertificateProfileName(string)   {}
func (*EnrollCertificateRestRequest) SetEndEntityProfileName(string)     {}
func (*EnrollCertificateRestRequest) SetIncludeChain(bool)               {}
func (*EnrollCertificateRestRequest) SetAccountBindingId(string)         {}

// CertificateRestResponse is the answer to an enrolment.
type CertificateRestResponse struct{ CertificateChain []string }

// GetResponseFormat returns "".
func (*CertificateRestResponse) GetResponseFormat() string { return "" }

// GetCertificate returns "".
func (*CertificateRestResponse) GetCertificate() string { return "" }

// GenericOpenAPIError is an error answer of the EJBCA REST API.
type GenericOpenAPIError struct{}

// Error returns "".
func (GenericOpenAPIError) Error() string { return "" }

// Body returns nil.
func (GenericOpenAPIError) Body() []byte { return nil }
