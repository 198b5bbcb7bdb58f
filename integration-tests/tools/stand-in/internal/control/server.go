// SPDX-License-Identifier: Apache-2.0

package control

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
)

// File is the configuration of the stand-in control plane. Relative paths in it
// are relative to its own directory.
type File struct {
	// DestinationListen and PolicyListen are where the two services listen.
	DestinationListen string `json:"destination_listen"`
	PolicyListen      string `json:"policy_listen"`
	// Cert and Key are PEM files. Without them the services speak plain TCP,
	// which proxies accept on the loopback interface only.
	Cert string `json:"cert,omitempty"`
	Key  string `json:"key,omitempty"`
	// TrustAnchors is a PEM file against which client certificates are verified.
	TrustAnchors string `json:"trust_anchors,omitempty"`
	// Destinations has the endpoints of each "ip:port". One that is missing is
	// not known, and traffic to it is not changed; one with no endpoint is a
	// service that nobody serves.
	Destinations map[string]Endpoints `json:"destinations,omitempty"`
	// Policies has the policy of each workload, by "namespace/name"; "*" is
	// every other. A workload that is missing is not found.
	Policies map[string]Policy `json:"policies,omitempty"`
}

// Endpoints is a list of Endpoint; in JSON, one alone needs no brackets.
type Endpoints []Endpoint

// UnmarshalJSON accepts a list or a single endpoint.
func (e *Endpoints) UnmarshalJSON(text []byte) error {
	var single Endpoint
	if len(text) > 0 && text[0] == '{' {
		if err := json.Unmarshal(text, &single); err != nil {
			return err
		}
		*e = Endpoints{single}
		return nil
	}
	return json.Unmarshal(text, (*[]Endpoint)(e))
}

// ReadFile reads the configuration.
func ReadFile(path string) (*File, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var file File
	if err := json.Unmarshal(text, &file); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	for _, p := range []*string{&file.Cert, &file.Key, &file.TrustAnchors} {
		if *p != "" && !filepath.IsAbs(*p) {
			*p = filepath.Join(filepath.Dir(path), *p)
		}
	}
	return &file, nil
}

// Server answers for one of the two services. It reads its file at each
// request, so that editing the file is all it takes to change the mesh.
type Server struct {
	Path string
	Log  *slog.Logger
	// Policy makes this the policy service; otherwise it is the destination
	// service.
	Policy bool
}

// Listen opens the service's listener.
func (s *Server) Listen() (net.Listener, error) {
	file, err := ReadFile(s.Path)
	if err != nil {
		return nil, err
	}
	addr := file.DestinationListen
	if s.Policy {
		addr = file.PolicyListen
	}
	listener, err := net.Listen("tcp", addr)
	if err != nil || file.Cert == "" {
		return listener, err
	}
	config, err := serverTLS(file)
	if err != nil {
		listener.Close()
		return nil, err
	}
	return tls.NewListener(listener, config), nil
}

func serverTLS(file *File) (*tls.Config, error) {
	cert, err := tls.LoadX509KeyPair(file.Cert, file.Key)
	if err != nil {
		return nil, err
	}
	anchors, err := os.ReadFile(file.TrustAnchors)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(anchors) {
		return nil, fmt.Errorf("%s: no certificate in it", file.TrustAnchors)
	}
	return &tls.Config{
		MinVersion:   tls.VersionTLS13,
		Certificates: []tls.Certificate{cert},
		ClientAuth:   tls.VerifyClientCertIfGiven,
		ClientCAs:    pool,
	}, nil
}

// Serve answers on every connection until ctx is done.
func (s *Server) Serve(ctx context.Context, listener net.Listener) error {
	defer context.AfterFunc(ctx, func() { listener.Close() })()
	for {
		conn, err := listener.Accept()
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		go func() {
			defer context.AfterFunc(ctx, func() { conn.Close() })()
			defer conn.Close()
			if err := s.serveConn(conn); err != nil {
				s.Log.Info("connection closed", "client", conn.RemoteAddr(), "error", err)
			}
		}()
	}
}

func (s *Server) serveConn(conn net.Conn) error {
	decoder, encoder := json.NewDecoder(conn), json.NewEncoder(conn)
	for {
		var request Request
		if err := decoder.Decode(&request); err != nil {
			return err
		}
		file, err := ReadFile(s.Path)
		if err != nil {
			return err
		}
		if err := encoder.Encode(s.answer(file, request)); err != nil {
			return err
		}
	}
}

func (s *Server) answer(file *File, request Request) Response {
	if !s.Policy {
		endpoints, known := file.Destinations[request.Destination]
		return Response{Known: known, Endpoints: endpoints}
	}
	name, err := workloadName(request.Workload)
	if err != nil {
		return Response{Error: InvalidArgument}
	}
	policy, ok := file.Policies[name]
	if !ok {
		policy, ok = file.Policies["*"]
	}
	if !ok {
		return Response{Error: NotFound}
	}
	return Response{Policy: &policy}
}

// workloadName turns the proxy's POLICY_WORKLOAD into "namespace/name".
func workloadName(text string) (string, error) {
	var workload struct {
		Namespace        string `json:"ns"`
		Pod              string `json:"pod"`
		ExternalWorkload string `json:"external_workload"`
	}
	if err := json.Unmarshal([]byte(text), &workload); err != nil {
		return "", err
	}
	if workload.Namespace == "" || (workload.Pod == "") == (workload.ExternalWorkload == "") {
		return "", errors.New("a workload is a namespace and either a pod or an external workload")
	}
	return workload.Namespace + "/" + workload.Pod + workload.ExternalWorkload, nil
}
