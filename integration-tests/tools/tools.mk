# SPDX-License-Identifier: Apache-2.0
#
# Builds the programs that the integration tests run, each into a directory of
# the cache named by its version. Include it from the top Makefile.
#
#   make tools        SPIRE and the stand-ins
#   make tools-kube   kube-apiserver and kubectl
#
# A build goes to a temporary directory beside its destination and is renamed
# when complete, so that an interrupted one leaves nothing behind that a later
# run would take for a result. Nothing is written to the source tree.

CACHE ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/meshx-agent

TOOLS_SRC := $(patsubst %/,%,$(dir $(abspath $(lastword $(MAKEFILE_LIST)))))
STAND_IN_SRC := $(TOOLS_SRC)/stand-in

SPIRE_VERSION := 1.15.3
KUBE_VERSION := 1.34.3

SPIRE_DIR = $(CACHE)/spire-$(SPIRE_VERSION)
KUBE_DIR = $(CACHE)/kube-$(KUBE_VERSION)

# The name of the stand-ins' directory is a hash of what they are built from.
# Recursive on purpose: hashing costs nothing to a target that does not ask.
STAND_IN_DIR = $(CACHE)/stand-in-$(shell cd '$(STAND_IN_SRC)' && \
	find . -type f \( -name '*.go' ! -name '*_test.go' -o -name 'go.mod' -o -name 'go.sum' \) -print0 \
	| LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum | cut -c1-12)

KUBE_LDFLAGS = $(foreach p,k8s.io/component-base/version k8s.io/client-go/pkg/version,\
	-X $(p).gitVersion=v$(KUBE_VERSION) -X $(p).gitMajor=1 -X $(p).gitMinor=34)

GO_BUILD = go build -trimpath -buildvcs=false

# $(call cached,WHAT,DESTINATION,SOURCE,COMMANDS) runs COMMANDS in SOURCE with
# $$out as the directory to fill, unless DESTINATION exists already.
define cached
	@set -e; dest='$(2)'; \
	if [ -d "$$dest" ]; then echo "tools: $(1): cached in $$dest"; exit 0; fi; \
	echo "tools: $(1): building into $$dest"; began=$$(date +%s); \
	mkdir -p "$$(dirname "$$dest")"; out=$$(mktemp -d "$$dest.XXXXXX"); \
	trap 'rm -rf "$$out"' EXIT; trap 'exit 130' HUP INT TERM; \
	cd '$(3)'; $(4); \
	chmod 755 "$$out"; mv -T "$$out" "$$dest" 2>/dev/null || [ -d "$$dest" ]; \
	echo "tools: $(1): done in $$(( $$(date +%s) - began )) s"
endef

.PHONY: tools tools-spire tools-stand-in tools-kube

tools: tools-stand-in tools-spire

# The server keeps its data in SQLite, which is C.
tools-spire:
	$(call cached,SPIRE $(SPIRE_VERSION),$(SPIRE_DIR),$(TOOLS_SRC)/spire,\
	version='-X github.com/spiffe/spire/pkg/common/version.gittag=$(SPIRE_VERSION)'; \
	CGO_ENABLED=0 $(GO_BUILD) -ldflags "-s -w $$version" -o "$$out/spire-agent" github.com/spiffe/spire/cmd/spire-agent; \
	CGO_ENABLED=1 $(GO_BUILD) -ldflags "-s -w $$version" -o "$$out/spire-server" github.com/spiffe/spire/cmd/spire-server)

tools-stand-in:
	$(call cached,stand-ins,$(STAND_IN_DIR),$(STAND_IN_SRC),\
	CGO_ENABLED=0 $(GO_BUILD) -ldflags '-s -w' -o "$$out/" ./cmd/...)

tools-kube:
	$(call cached,Kubernetes $(KUBE_VERSION),$(KUBE_DIR),$(TOOLS_SRC)/kube-apiserver,\
	CGO_ENABLED=0 $(GO_BUILD) -ldflags '-s -w $(KUBE_LDFLAGS)' -o "$$out/" k8s.io/kubernetes/cmd/kube-apiserver k8s.io/kubernetes/cmd/kubectl)
