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

# $(call missing,PACKAGES): those that are not installed, for a shell; $(APT) installs $$missing.
missing = $$(for p in $(1); do dpkg-query -W -f='$${Status}' $$p 2>/dev/null | grep -q 'ok installed' || printf ' %s' $$p; done)
APT = apt-get update -qq; DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing >/dev/null

.PHONY: help
help: ## Lists the targets.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: jdk
jdk:
	@[ -n "$(JDK)" ] || { echo 'JDK 25 is missing: install a JDK 25 below /usr/lib/jvm or set JAVA_HOME to one' >&2; exit 1; }
	@command -v mvn >/dev/null || [ "$$(id -u)" = 0 ] || { echo 'Maven is missing: run make as root once, or install the package maven' >&2; exit 1; }

.PHONY: go
go:
	@go version 2>/dev/null | grep -qE 'go1\.(2[6-9]|[3-9][0-9])' || { echo 'Go 1.26 is missing: install it and put it on the PATH' >&2; exit 1; }

.PHONY: prerequisites
prerequisites: jdk go
	@[ "$$(id -u)" = 0 ] || { echo 'root is needed: the test hosts are network namespaces and mounts' >&2; exit 1; }
	@missing="$(call missing,$(PACKAGES))"; if [ -n "$$missing" ]; then printf '==> installing the missing packages%s\n' "$$missing"; $(APT); fi
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

test: PACKAGES += lintian rpmlint rpm
LINT = lintian --fail-on error $(DEB) && rpmlint --strict -c packaging/src/rpmlint.toml $(RPM)

# Removes what dead test runs left on the machine; fails if something stays.
SWEEP = [ ! -f integration-tests/target/classpath.txt ] || $(LAB) io.meshx.it.Sweep

# A program of the lab, with the lab's own class path.
LAB = $(JDK)/bin/java --enable-native-access=ALL-UNNAMED -Dmeshx.deb=$(CURDIR)/$(DEB) -cp "integration-tests/target/classes:$$(cat integration-tests/target/classpath.txt)"

.PHONY: lab
lab: prerequisites tools build

.PHONY: build
build: jdk
	$(call step,build the package and the lab,$(MVN) -q -DskipTests -Ddeb.compression=$(COMPRESSION) package)

.PHONY: demo
demo: lab ## Boots two real systemd hosts, joins them, shows a request with both identities, a rotation, the status. KEEP=1 leaves it running.
	@$(LAB) io.meshx.it.demo.Demo $(if $(KEEP),--keep)

.PHONY: test-realmesh
test-realmesh: lab tools-kube ## The suite against a real Linkerd; needs MESHX_LINKERD2_PROXY and its kin, see integration-tests/tools/README.md.
	$(call step,suite against a real Linkerd,$(MVN) -Dit.groups=realmesh -Dit.excluded= -Dsurefire.failIfNoSpecifiedTests=false -Dtest=NoUnitTest verify)

# Whole machines. What apt would install is asked for; YES=1 says yes.
VAGRANT := integration-tests/vagrant
VAGRANT_PACKAGES := vagrant vagrant-libvirt libvirt-daemon libvirt-daemon-driver-qemu libvirt-daemon-system libvirt-daemon-config-network libvirt-clients qemu-system-x86 qemu-utils dnsmasq-base iptables openssh-client
BOX_PACKAGES := mmdebstrap fdisk e2fsprogs qemu-utils vagrant
HOST_PACKAGES := integration-tests/src/main/resources/io/meshx/it/host/packages
BOX ?= $(if $(filter virtualbox,$(VAGRANT_DEFAULT_PROVIDER)),debian12,local)
VAGRANT_BOX = $(CACHE)/boxes/debian12-$(shell cat $(VAGRANT)/make-box $(HOST_PACKAGES) | sha256sum | cut -c1-12).box

# Both are there, from wherever.
HAVE_VAGRANT = type vagrant virsh qemu-system-x86_64 dnsmasq >/dev/null 2>&1 && vagrant plugin list 2>/dev/null | grep -q '^vagrant-libvirt '
HAVE_VAGRANT_VIRTUALBOX = type vagrant VBoxManage >/dev/null 2>&1

# $(call ask,TEST,PACKAGES): if the test fails, installs those that are missing, once somebody has agreed.
define ask
	@$(1) && exit 0; \
	type dpkg-query apt-get >/dev/null 2>&1 || { echo 'This needs what Debian has in these packages: $(2)' >&2; exit 1; }; \
	missing="$(call missing,$(2))"; \
	if [ -n "$$missing" ]; then \
	  printf 'These packages are missing:%s\n' "$$missing"; \
	  if [ "$(YES)" = 1 ]; then answer=y; else read -rp 'Install them? [y/N] ' answer || answer=; fi; \
	  [ "$$answer" = y ] || { echo 'Nothing was installed. Install them, or what takes their place, and run this again.' >&2; exit 1; }; \
	  $(APT); \
	fi
endef

.PHONY: vagrant-box
vagrant-box: ## Builds the box local/debian12 for Vagrant, where none can be downloaded. Needs root.
	@[ "$$(id -u)" = 0 ] || { echo 'root is needed: a file system is made and mounted' >&2; exit 1; }
	@[ -f '$(VAGRANT_BOX)' ] || $(MAKE) --no-print-directory make-box

.PHONY: make-box
make-box:
	$(call ask,false,$(BOX_PACKAGES))
	@mkdir -p '$(CACHE)/boxes'
	$(call step,build the box $(VAGRANT_BOX),$(VAGRANT)/make-box bookworm $(HOST_PACKAGES) '$(VAGRANT_BOX)')

.PHONY: vagrant-test
vagrant-test: jdk go $(if $(filter local,$(BOX)),vagrant-box) tools build ## Runs the suites on whole machines. BOX=debian12, debian13, ubuntu2404 or rocky9 downloads one; SUITES=NAME,NAME#CASE runs those.
	$(call ask,$(if $(filter virtualbox,$(VAGRANT_DEFAULT_PROVIDER)),$(HAVE_VAGRANT_VIRTUALBOX),$(HAVE_VAGRANT)),$(if $(filter virtualbox,$(VAGRANT_DEFAULT_PROVIDER)),vagrant,$(VAGRANT_PACKAGES)))
	@$(JDK)/bin/java --enable-native-access=ALL-UNNAMED -Dmeshx.deb=$(CURDIR)/$(DEB) -Dmeshx.box=$(BOX) -Dmeshx.localbox='$(VAGRANT_BOX)' -Dmeshx.vagrant=$(CURDIR)/$(VAGRANT) \
	  -Dmeshx.results=$(CURDIR)/integration-tests/target/vagrant \
	  -Dmeshx.tests="$(CURDIR)/integration-tests/target/test-classes:$(CURDIR)/integration-tests/target/classes:$$(cat integration-tests/target/classpath-of-the-suites.txt)" \
	  -cp "integration-tests/target/classes:$$(cat integration-tests/target/classpath.txt)" io.meshx.it.vagrant.VagrantRun

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
