#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# What the agent does, done by hand with the same binaries and the same gates:
# the measure for the benchmarks.
#
#   by-hand.sh join NAME PORT     the host, and one workload on it
#   by-hand.sh add NAME PORT      one more workload
#   by-hand.sh leave              everything is as it was
#
# Beside this file: agent.json, and NAME.env for each proxy. A workload's user
# has its name. Ports of the proxies: PORT - 8000 hundreds above the usual ones.
set -euo pipefail

here=${0%/*}
run=/run/by-hand
domain=cluster.local

unit() {
  local name=$1
  shift
  systemd-run --quiet --collect --unit="by-hand-$name" "$@"
}

# The SPIRE agent takes longest, so it is first; it needs no route and no name.
host() {
  install -d "$run"
  install -d -o meshx-spire "$run/public"
  install -d -o meshx-spire -m 700 "$run/admin"
  unit spire-agent -p User=meshx-spire /opt/spire/bin/spire-agent run -config "$here/agent.json"

  ip route add 10.244.0.0/16 via 10.77.0.1
  ip route add 10.96.0.0/16 via 10.77.0.1

  # Some kernels have no dummy links.
  ip link add by-hand-dns type dummy 2>/dev/null || {
    ip link add by-hand-dns type veth peer name by-hand-peer
    ip link set by-hand-peer up
  }
  ip addr add 169.254.77.1/32 dev by-hand-dns
  ip link set by-hand-dns up
  unit dns /usr/sbin/dnsmasq --keep-in-foreground --conf-file=/dev/null --pid-file= --no-hosts \
    --no-resolv --bind-dynamic --listen-address=169.254.77.1 --cache-size=0 \
    --server=/$domain/10.96.0.10
  resolvectl dns by-hand-dns 169.254.77.1
  resolvectl domain by-hand-dns "~$domain"
  resolvectl default-route by-hand-dns false
}

as() {
  local user=$1
  shift
  setpriv --reuid="$user" --regid="$user" --clear-groups "$@"
}

has_svid() {
  as by-hand-proxy /opt/spire/bin/spire-agent api fetch x509 \
    -socketPath "$run/public/api.sock" 2>/dev/null | grep -q "SPIFFE ID:.*/$1\$"
}

# As the agent judges: certificate, both control plane services, listeners, no panic.
is_ready() {
  local name=$1 metrics
  metrics=$(curl -sf "http://127.0.0.1:$admin/metrics") || return 1
  [[ $metrics =~ control_identity_cert_refreshes_total\{[^}]*result=\"ok\"[^}]*\}\ [1-9] ]] || return 1
  [[ $metrics =~ control_policy_balancer_endpoints\{[^}]*endpoint_state=\"ready\"[^}]*\}\ [1-9] ]] || return 1
  [[ $metrics =~ control_destination_balancer_endpoints\{[^}]*endpoint_state=\"ready\"[^}]*\}\ [1-9] ]] || return 1
  [ -n "$(ss -Hltn "sport = :$inbound")" ] || return 1
  [ -n "$(ss -Hltn "sport = :$outbound")" ] || return 1
  ! journalctl --quiet --unit="by-hand-proxy-$name" --grep='panicked at' >/dev/null
}

rules() {
  local name=$1 first=$2
  echo '*nat'
  if [ "$first" = yes ]; then
    cat <<EOF
:BYHAND_OUT - [0:0]
:BYHAND_IN - [0:0]
-I OUTPUT -j BYHAND_OUT
-I PREROUTING -j BYHAND_IN
-A BYHAND_OUT -m owner --uid-owner by-hand-proxy -j RETURN
-A BYHAND_OUT -m owner --uid-owner meshx-spire -j RETURN
-A BYHAND_OUT -o lo -j RETURN
EOF
  fi
  cat <<EOF
-A BYHAND_OUT -p tcp -m owner --uid-owner $name -j REDIRECT --to-ports $outbound
-A BYHAND_IN -p tcp --dport $port -m addrtype --dst-type LOCAL -j REDIRECT --to-ports $inbound
COMMIT
EOF
}

workload() {
  local name=$1 port=$2 first=$3
  local inbound=$((4143 + 100 * (port - 8000)))
  local outbound=$((inbound - 3)) admin=$((inbound + 48))

  until [ -S "$run/public/api.sock" ]; do sleep 0.005; done
  until has_svid "$name"; do sleep 0.005; done

  unit "proxy-$name" -p User=by-hand-proxy -p EnvironmentFile="$here/$name.env" \
    -p LimitNOFILE=1048576 "$PROXY"
  until is_ready "$name"; do sleep 0.005; done

  rules "$name" "$first" | iptables-restore --noflush -w 5
  rules "$name" "$first" | ip6tables-restore --noflush -w 5

  # Nobody has these addresses: only a redirect answers. As the workload's user and in its slice,
  # like the agent's own probe.
  unit "probe-$name" --wait --slice=by-hand-workload.slice -p User="$name" \
    bash -c 'nc -z -w 1 192.0.2.2 1404 && nc -z -w 1 2001:db8::2 1404'

  unit "workload-$name" --slice=by-hand-workload.slice -p User="$name" -p WorkingDirectory=/ -E WORKLOAD_NAME="$name" \
    -E WORKLOAD_NAMESPACE=mixed-env -E NODE_NAME="$HOSTNAME" /workload/start -listen ":$port"
}

leave() {
  systemctl stop 'by-hand-workload-*' 'by-hand-proxy-*' by-hand-dns by-hand-spire-agent
  for tables in iptables ip6tables; do
    $tables -w -t nat -D OUTPUT -j BYHAND_OUT
    $tables -w -t nat -D PREROUTING -j BYHAND_IN
    for chain in BYHAND_OUT BYHAND_IN; do
      $tables -w -t nat -F $chain
      $tables -w -t nat -X $chain
    done
  done
  ip link del by-hand-dns
  ip route del 10.244.0.0/16
  ip route del 10.96.0.0/16
  rm -rf "$run"
}

case $1 in
  join)
    host
    workload "$2" "$3" yes
    ;;
  add) workload "$2" "$3" no ;;
  leave) leave ;;
esac
