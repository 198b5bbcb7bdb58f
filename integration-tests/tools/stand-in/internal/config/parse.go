// SPDX-License-Identifier: Apache-2.0

package config

import (
	"errors"
	"fmt"
	"math"
	"net/netip"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Errors in the words of the real proxy's log.
var (
	errNotADuration     = errors.New("NotADuration")
	errNotAnIP          = errors.New("NotAnIp")
	errNotAnInteger     = errors.New("NotAnInteger")
	errNotABool         = errors.New("NotABool")
	errNotAPortRange    = errors.New("NotAPortRange")
	errNotANetwork      = errors.New("NotANetwork")
	errNotAnAddress     = errors.New("AddrError")
	errHostIsNotAnIP    = errors.New("HostIsNotAnIpAddress")
	errTooManyAddrs     = errors.New("TooManyAddrs")
	errName             = errors.New("NameError")
	errNotASuffix       = errors.New("NotADomainSuffix")
	errInvalidAnchors   = errors.New("InvalidTrustAnchors")
	errInvalidPolicy    = errors.New("InvalidPortPolicy")
	errNotAuthoritySpec = errors.New("NotAnAuthorityLabelsSetting")
)

var durationPattern = regexp.MustCompile(`^\s*(\d+)(ms|s|m|h|d)?\s*$`)

func parseDuration(s string) (time.Duration, error) {
	match := durationPattern.FindStringSubmatch(s)
	if match == nil {
		return 0, errNotADuration
	}
	n, err := strconv.ParseUint(match[1], 10, 63)
	if err != nil {
		return 0, errNotAnInteger
	}
	units := map[string]time.Duration{"ms": time.Millisecond, "s": time.Second, "m": time.Minute, "h": time.Hour, "d": 24 * time.Hour}
	unit, ok := units[match[2]]
	switch {
	case !ok && n == 0:
		return 0, nil
	case !ok:
		return 0, errNotADuration
	case n > uint64(math.MaxInt64/unit):
		return math.MaxInt64, nil
	}
	return time.Duration(n) * unit, nil
}

// parseOptionalDuration takes "" as unset.
func parseOptionalDuration(s string) (time.Duration, error) {
	if s == "" {
		return 0, nil
	}
	return parseDuration(s)
}

func parseBool(s string) (bool, error) {
	switch s {
	case "true":
		return true, nil
	case "false":
		return false, nil
	}
	return false, errNotABool
}

func parseNumber(s string) (uint64, error) {
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil {
		return 0, errNotAnInteger
	}
	return n, nil
}

func parseFloat(s string) (float64, error) { return strconv.ParseFloat(s, 64) }

func parseString(s string) (string, error) { return s, nil }

// parseHostPort takes HOST:PORT, where the host is a name or an address.
func parseHostPort(s string) (HostPort, error) {
	if addr, err := netip.ParseAddrPort(s); err == nil {
		return HostPort{Host: addr.Addr().String(), Port: addr.Port()}, nil
	}
	host, text, ok := strings.Cut(s, ":")
	port, err := strconv.ParseUint(text, 10, 16)
	if !ok || err != nil {
		return HostPort{}, errNotAnAddress
	}
	if _, err := parseName(host); err != nil {
		return HostPort{}, errNotAnAddress
	}
	return HostPort{Host: host, Port: uint16(port)}, nil
}

func parseSocketAddr(s string) (netip.AddrPort, error) {
	hostPort, err := parseHostPort(s)
	if err != nil {
		return netip.AddrPort{}, err
	}
	ip, err := netip.ParseAddr(hostPort.Host)
	if err != nil {
		return netip.AddrPort{}, errHostIsNotAnIP
	}
	return netip.AddrPortFrom(ip, hostPort.Port), nil
}

func parseSocketAddrs(s string) ([]netip.AddrPort, error) {
	parts := strings.Split(s, ",")
	if len(parts) > 2 {
		return nil, errTooManyAddrs
	}
	return parseEach(parts, parseSocketAddr)
}

// parseIPs allows neither blanks nor an empty string.
func parseIPs(s string) ([]netip.Addr, error) {
	return parseEach(strings.Split(s, ","), func(part string) (netip.Addr, error) {
		ip, err := netip.ParseAddr(part)
		if err != nil || ip.Zone() != "" {
			return netip.Addr{}, errNotAnIP
		}
		return ip, nil
	})
}

func parseNetworks(s string) ([]netip.Prefix, error) {
	return parseEach(fields(s), func(part string) (netip.Prefix, error) {
		if prefix, err := netip.ParsePrefix(part); err == nil {
			return prefix.Masked(), nil
		}
		ip, err := netip.ParseAddr(part)
		if err != nil {
			return netip.Prefix{}, errNotANetwork
		}
		return netip.PrefixFrom(ip, ip.BitLen()), nil
	})
}

func parsePorts(s string) ([]PortRange, error) {
	return parseEach(fields(s), func(part string) (PortRange, error) {
		lowText, highText, ranged := strings.Cut(part, "-")
		low, err := strconv.ParseUint(strings.TrimSpace(lowText), 10, 16)
		if err != nil {
			return PortRange{}, errNotAnInteger
		}
		high := low
		if ranged {
			if high, err = strconv.ParseUint(strings.TrimSpace(highText), 10, 16); err != nil {
				return PortRange{}, errNotAnInteger
			}
		}
		if high < low {
			return PortRange{}, errNotAPortRange
		}
		return PortRange{uint16(low), uint16(high)}, nil
	})
}

var namePattern = regexp.MustCompile(`^([A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?\.)*[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?\.?$`)

func parseName(s string) (string, error) {
	if len(s) > 254 || !namePattern.MatchString(s) {
		return "", errName
	}
	return s, nil
}

func parseSuffixes(s string) ([]string, error) {
	return parseEach(fields(s), func(part string) (string, error) {
		if part == "." {
			return part, nil
		}
		if _, err := parseName(part); err != nil {
			return "", errNotASuffix
		}
		return strings.ToLower(part), nil
	})
}

// parseIdentity takes a URI or a DNS name.
func parseIdentity(s string) (string, error) {
	if uri, err := url.Parse(s); err == nil && uri.Scheme != "" {
		return s, nil
	}
	return parseName(s)
}

func parseTrustAnchors(s string) (string, error) {
	if s == "" {
		return "", errInvalidAnchors
	}
	return s, nil
}

func parseAuthorityLabels(s string) (bool, error) {
	if s == "" || strings.EqualFold(s, "unsafe") {
		return s != "", nil
	}
	return false, errNotAuthoritySpec
}

func policyParser(clusterNetworks bool) func(string) (string, error) {
	return func(s string) (string, error) {
		switch s {
		case "deny", "all-authenticated", "all-unauthenticated":
			return s, nil
		case "cluster-authenticated", "cluster-unauthenticated", "audit":
			if clusterNetworks {
				return s, nil
			}
		}
		return "", fmt.Errorf("%w(%q)", errInvalidPolicy, s)
	}
}

func parseEach[T any](parts []string, parse func(string) (T, error)) ([]T, error) {
	values := make([]T, 0, len(parts))
	for _, part := range parts {
		value, err := parse(part)
		if err != nil {
			return nil, err
		}
		values = append(values, value)
	}
	return values, nil
}

// fields splits a list that may have blanks and empty entries.
func fields(s string) []string {
	var parts []string
	for part := range strings.SplitSeq(s, ",") {
		if part = strings.TrimSpace(part); part != "" {
			parts = append(parts, part)
		}
	}
	return parts
}
