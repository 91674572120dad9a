# SPDX-License-Identifier: GPL-2.0
#
# xfrm-ha: stateful IPsec failover. `make help` lists what can be made here.
# The sources stay clean: everything goes to build/. What kbuild needs is in Kbuild.

KDIR ?= /lib/modules/$(shell uname -r)/build
PREFIX ?= /usr
DESTDIR ?=
VERSION := 0.1.0
# The guests' kernels that `make demo` and `make check` know; module-KERNEL builds for one of them.
KERNELS := 6.1 6.12

B := $(CURDIR)/build
LAB := selftests/lab
RUN := python3 -u -m selftests.run
KERNEL_SH := $(LAB)/kernel.sh
MODULE_SRC := Kbuild $(wildcard kmod/*.[ch] kmod/*/*.h uapi/linux/*.h)
export PYTHONDONTWRITEBYTECODE := 1

all: tools ## the tool, and the module for the running kernel if its headers are there (default)
	@if [ -f "$(KDIR)/Makefile" ]; then $(MAKE) --no-print-directory modules; else \
		echo "no headers in $(KDIR): the module is not built (make modules KDIR=...)"; fi

help: ## this list
	@awk -F ':.*## ' '/^[a-z0-9_%-]+:.*## / { printf "  %-16s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))
	@echo "  Variables: KDIR, DESTDIR, PREFIX, W=1 and C=1 as in the kernel;"
	@echo "  KERNEL=6.1|6.12 and SAS=N more SAs (demo), ONLY=WORD,... some parts (check), FUZZ_TIME and FLOOD (fuzz), XHA_CACHE (see $(LAB)/README)"

# ---- building ----------------------------------------------------------------

# Who builds by hand may have all that is needed without Debian's packages of that name.
define need_compiler
	@command -v $(CC) >/dev/null && command -v pkg-config >/dev/null && \
		pkg-config --exists libnl-genl-3.0 || $(LAB)/packages.sh build
endef

# A copy is touched only when its source has changed, so that kbuild builds only what changed.
copy = mkdir -p $(1)/kmod/compat $(1)/uapi/linux && for file in $(MODULE_SRC); do \
	cmp -s $$file $(1)/$$file || cp $$file $(1)/$$file || exit; done

# kbuild KDIR DIR TARGET
jobs = $(if $(findstring -j,$(MAKEFLAGS)),,-j$(shell nproc))
kbuild = $(MAKE) --no-print-directory $(jobs) -C $(1) M=$(2) XHA_VERSION=$(VERSION) $(3)

# What `uname -r` says there; Debian's kernel.release says something else.
release = $(shell sed -n 's/^#define UTS_RELEASE "\(.*\)"/\1/p' $(KDIR)/include/generated/utsrelease.h 2>/dev/null)
# Distributions do not give the key that their configuration wants modules to be signed with.
unsigned = $(if $(wildcard $(KDIR)/certs/signing_key.pem),,CONFIG_MODULE_SIG_ALL=)

headers:
	@[ -n "$(release)" ] || { echo "no kernel headers in $(KDIR)" >&2; exit 1; }

modules: headers ## the module for KDIR, in build/RELEASE/
	$(need_compiler)
	@$(call copy,$(B)/$(release))
	+@$(call kbuild,$(KDIR),$(B)/$(release),modules)
	@echo "built build/$(release)/xfrm_ha.ko"

modules_install: modules ## ... installed under DESTDIR/lib/modules
	+@$(call kbuild,$(KDIR),$(B)/$(release),modules_install $(unsigned) $(if $(DESTDIR),INSTALL_MOD_PATH=$(abspath $(DESTDIR))))

tools: ## the command line tool, in build/tools/
	$(need_compiler)
	@$(MAKE) --no-print-directory -C tools O=$(B)/tools VERSION=$(VERSION)

install: modules_install tools ## module, tool and man page, under DESTDIR and PREFIX
	@$(MAKE) --no-print-directory -C tools O=$(B)/tools VERSION=$(VERSION) PREFIX=$(PREFIX) DESTDIR=$(abspath $(DESTDIR)) install

clean: ## remove what was built, build/ and elsewhere
	rm -rf build
	@$(MAKE) --no-print-directory -s -C tools clean
	@$(MAKE) --no-print-directory -C selftests clean
	@$(MAKE) --no-print-directory -C selftests/unit clean
	@$(MAKE) --no-print-directory -C selftests/fuzz clean
	@$(MAKE) --no-print-directory -C selftests/tools clean

# The module for one of the lab's kernels (also `debug`), in build/KERNEL/ or build/NAME/.
NAME ?= $*
module-%: ## the module for a kernel of the lab: module-6.1, module-6.12, module-debug; NAME=, XHA_CFLAGS=
	@$(LAB)/packages.sh build lab
	@$(KERNEL_SH) $* fetch
	@$(call copy,$(B)/$(NAME))
	+@$(call kbuild,$$($(KERNEL_SH) $* kdir),$(B)/$(NAME),$$($(KERNEL_SH) $* makeflags) modules)

# A device for a test, for one of these kernels, in build/nic-KERNEL/.
nic-%:
	@$(LAB)/packages.sh build lab
	@$(KERNEL_SH) $* fetch
	@mkdir -p $(B)/nic-$* && cp selftests/nic/Kbuild selftests/nic/xha_nic.c $(B)/nic-$*
	+@$(call kbuild,$$($(KERNEL_SH) $* kdir),$(B)/nic-$*,$$($(KERNEL_SH) $* makeflags) modules)

# A clean copy of what the module is made of, for builds elsewhere.
sources:
	@rm -rf $(B)/src && $(call copy,$(B)/src)

# What every guest gets as /test, but for the module.
test-tree: ## what guests need: programs and scripts, in build/test/
	@$(LAB)/packages.sh build lab
	@$(MAKE) --no-print-directory -C selftests all OUT=$(B)/host/bin
	@for p in announce first; do $(CC) -std=gnu11 -O2 -Wall -Wextra -o $(B)/host/bin/xha-$$p selftests/vm/$$p.c || exit 1; done
	@rm -rf $(B)/test && mkdir -p $(B)/test/selftests $(B)/test/bin
	@cp -a $(B)/host/bin/x* $(B)/test/bin
	@cp -a selftests/Makefile selftests/net $(wildcard selftests/settings selftests/config) $(B)/test/selftests
	@ln -s ../bin $(B)/test/selftests/bin

# ---- trying and testing ------------------------------------------------------

KERNEL ?= 6.12
demo: module-$(KERNEL) test-tree ## three machines, one is killed, the tunnel lives on: prints what happened
	@SAS=$(SAS) python3 -u -m selftests.vm.demo $(KERNEL)

check: ## everything that tests (at most 45 minutes on two processors)
	@$(LAB)/packages.sh build lab fuzz model
	@$(RUN) check $(ONLY)

check-full: ## check with larger counts
	@$(LAB)/packages.sh build lab debug fuzz model
	@$(RUN) check-full $(ONLY)

check-debug: ## the tests on a kernel with KASAN, lockdep, kmemleak and others
	@$(LAB)/packages.sh build lab debug
	@$(RUN) check-debug $(ONLY)

check-kernels: ## builds against 6.1, 6.12 and Debian sid's newest kernel, warnings fail; the tests on that one
	@$(LAB)/packages.sh build lab
	@$(RUN) check-kernels $(ONLY)

mutants: ## wrong modules, each of which a test must find
	@$(LAB)/packages.sh build lab
	@$(RUN) mutants $(ONLY)

unit: ## unit tests of the pure files, a short run of the fuzzers, and the tests of the tool
	@$(LAB)/packages.sh build fuzz
	@$(RUN) unit $(ONLY)

model: ## the protocol as a model, checked by spin in its larger configuration
	@$(LAB)/packages.sh model
	@$(RUN) model $(ONLY)

FUZZ_TIME ?= 600
FLOOD ?= 10000000
fuzz: ## FUZZ_TIME seconds for each fuzzer of the decoders, then FLOOD hostile datagrams at a node in a guest
	@$(LAB)/packages.sh build lab fuzz
	@FUZZ_TIME=$(FUZZ_TIME) FLOOD=$(FLOOD) $(RUN) fuzz $(ONLY)

bench: ## bytes on the sync link per lease, window and SA
	@$(LAB)/packages.sh build lab
	@$(RUN) bench $(ONLY)

style: ## checkpatch --strict (if a kernel source is at hand) and shellcheck
	@$(LAB)/packages.sh build
	@$(RUN) style $(ONLY)

.PHONY: all help headers modules modules_install tools install clean sources test-tree demo check check-full check-debug \
	check-kernels mutants unit model fuzz bench style
