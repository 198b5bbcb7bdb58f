# SPDX-License-Identifier: Apache-2.0
# Everything that people and CI run. 'make help' lists the targets.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

CACHE ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/meshx-agent
export XDG_CACHE_HOME := $(patsubst %/,%,$(dir $(CACHE)))

# The JDK 25: JAVA_HOME if it is one, else the first that the system's usual place has.
JDK := $(shell for home in "$${JAVA_HOME:-}" /usr/lib/jvm/*; do \
  [ -x "$$home/bin/javac" ] && "$$home/bin/javac" -version 2>&1 | grep -q '^javac 25' && { echo "$$home"; break; }; done)
export JAVA_HOME := $(JDK)
export MAVEN_OPTS := --sun-misc-unsafe-memory-access=allow
REVISION := $(shell git describe --always --abbrev=12 --dirty --exclude='*' 2>/dev/null || echo unknown)
MVN := mvn -B -ntp -Drevision=$(REVISION)
DEB := packaging/target/meshx-agent_0.1.0_amd64.deb
COMPRESSION = gzip
RPM := packaging/target/meshx-agent-0.1.0-1.x86_64.rpm

PACKAGES := maven mmdebstrap systemd-container dnsmasq-base bind9-dnsutils etcd-server iptables nftables conntrack iproute2 util-linux procps gcc libc6-dev
UNIT_TAGS := root,spire,kubernetes

include integration-tests/tools/tools.mk

# $(call step,WHAT,COMMAND): prints what is done and how long it took.
define step
@printf '==> %s\n' '$(1)'; began=$$SECONDS; $(2); printf '==> %s: %s s\n' '$(1)' $$((SECONDS - began))
endef

.PHONY: help
help: ## Lists the targets.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: jdk
jdk:
	@[ -n "$(JDK)" ] || { echo 'JDK 25 is missing: install a JDK 25 below /usr/lib/jvm or set JAVA_HOME to one' >&2; exit 1; }
	@command -v mvn >/dev/null || [ "$$(id -u)" = 0 ] || { echo 'Maven is missing: run make as root once, or install the package maven' >&2; exit 1; }

.PHONY: prerequisites
prerequisites: jdk
	@go version 2>/dev/null | grep -qE 'go1\.(2[6-9]|[3-9][0-9])' || { echo 'Go 1.26 is missing: install it and put it on the PATH' >&2; exit 1; }
	@[ "$$(id -u)" = 0 ] || { echo 'root is needed: the test hosts are network namespaces and mounts' >&2; exit 1; }
	@missing=; for p in $(PACKAGES); do dpkg-query -W -f='$${Status}' $$p 2>/dev/null | grep -q 'ok installed' || missing="$$missing $$p"; done; \
	if [ -n "$$missing" ]; then \
	  printf '==> installing the missing packages%s\n' "$$missing"; \
	  apt-get update -qq; DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing >/dev/null; \
	fi
	@ls /var/lib/apt/lists/*Packages* >/dev/null 2>&1 || apt-get update -qq

.PHONY: check
check: jdk ## Formats are checked, everything is linted, unit tests run: the inner loop.
	$(call step,check the agent,$(MVN) -pl agent -DexcludedGroups=$(UNIT_TAGS) verify)

.PHONY: format
format: jdk ## Formats the Java code.
	$(call step,format,$(MVN) -q spotless:apply)

.PHONY: package
package: jdk ## Builds the DEB and the RPM as they are released, the list of their components, and checksums.
	$(call step,build the packages,$(MVN) -q -pl agent$(comma)packaging -Dmaven.test.skip=true -Ddeb.compression=xz package)
	@cd packaging/target && sha256sum meshx-agent*.deb meshx-agent*.rpm sbom.cdx.json | tee SHA256SUMS
	@ls -l packaging/target/meshx-agent*.deb packaging/target/meshx-agent*.rpm

comma := ,

.PHONY: test
test: prerequisites tools tools-kube ## Everything that CI runs: unit tests, tools' tests, packages, suites on real systemd hosts.
	$(call step,tests of the test tools,cd integration-tests/tools/stand-in && go vet ./... && go test ./...)
	$(call step,unit tests$(comma) package and host suites,$(MVN) verify || { $(SWEEP); exit 1; })
	@$(SWEEP)
	$(call step,lint the packages,$(LINT))

test: PACKAGES += lintian rpmlint
LINT = lintian --fail-on error $(DEB) && rpmlint --strict -c packaging/src/rpmlint.toml $(RPM)

# Removes what dead test runs left on the machine; fails if something stays.
SWEEP = [ ! -f integration-tests/target/classpath.txt ] || $(LAB) io.meshx.it.Sweep

# A program of the lab, with the lab's own class path.
LAB = $(JDK)/bin/java --enable-native-access=ALL-UNNAMED -Dmeshx.deb=$(CURDIR)/$(DEB) -cp "integration-tests/target/classes:$$(cat integration-tests/target/classpath.txt)"

.PHONY: lab
lab: prerequisites tools
	$(call step,build the package and the lab,$(MVN) -q -DskipTests -Ddeb.compression=$(COMPRESSION) package)

.PHONY: demo
demo: lab ## Boots two real systemd hosts, joins them, shows a request with both identities, a rotation, the status. KEEP=1 leaves it running.
	@$(LAB) io.meshx.it.demo.Demo $(if $(KEEP),--keep)

.PHONY: test-realmesh
test-realmesh: lab tools-kube ## The suite against a real Linkerd; needs MESHX_LINKERD2_PROXY and its kin, see integration-tests/tools/README.md.
	$(call step,suite against a real Linkerd,$(MVN) -Dit.groups=realmesh -Dit.excluded= -Dsurefire.failIfNoSpecifiedTests=false -Dtest=NoUnitTest verify)

# What is measured is what is released.
bench: COMPRESSION = xz

.PHONY: bench
bench: lab tools-kube ## Measures the numbers to hold; writes integration-tests/target/bench.json.
	@$(LAB) io.meshx.it.bench.Bench

.PHONY: sweep
sweep:
	@$(SWEEP)

.PHONY: clean
clean: jdk sweep ## Removes what was built, and what dead test runs left. The cache of downloads stays.
	$(call step,clean,$(MVN) -q clean)
