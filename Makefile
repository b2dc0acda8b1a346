# make demo         the daemon on sample pictures, until Ctrl-C (SECONDS=10: for ten seconds)
# make test         every test that needs no guest
# make release      .build/release/maskd and maskctl
# make test-system  the installed service in a virtual machine with a virtual camera
# make experiment   sizes, accuracy, memory and time of both mask classifiers in four forms, into docs/experiment.md
# make help         the rest
SHELL := /bin/bash

PACKAGES := pkg-config libv4l-dev libsystemd-dev libturbojpeg0-dev libpng-dev zlib1g-dev libyaml-dev libhdf5-dev
TEST_PACKAGES := clang-format python3 python3-numpy shellcheck
ARM64_KERNEL_PACKAGES := qemu-user libc6-dev-arm64-cross gcc-aarch64-linux-gnu
ARM64_PACKAGES := $(ARM64_KERNEL_PACKAGES) patchelf
GUEST_PACKAGES := qemu-system-x86 mmdebstrap e2fsprogs

RELEASE := .build/release
SHARED ?= ../shared
# Extra arguments for every swift build and swift test.
SWIFTFLAGS ?=

.PHONY: help demo test test-unit test-kernels test-kernels-arm64 test-arm64 test-end-to-end test-goldens test-mutants \
	test-accuracy test-quantize test-system experiment bundled-model release debug lint format deps deps-test deps-arm64 install uninstall clean

help:
	@sed -n 's/^# \(make .*\)/\1/p' Makefile
	@echo "make test-unit test-kernels test-kernels-arm64 test-end-to-end test-goldens test-mutants test-accuracy test-quantize: parts of test"
	@echo "make test-arm64   the programs cross-built for ARM64, run under emulation (downloads 1.1 GB once)"
	@echo "make lint         format and lint checks;  make format  mends the format"
	@echo "make bundled-model  quantizes the model in models/ again and records what TensorFlow Lite says of it"
	@echo "make install      release build onto this machine (as root);  make uninstall  removes it"

# Installs what is missing of $(1); silent where nothing is.
define install_packages
	@missing=$$(for p in $(1); do dpkg-query -W -f '$${Status}' $$p 2>/dev/null | grep -q "ok installed" || echo $$p; done); \
	if [ -n "$$missing" ]; then \
	  sudo=; [ "$$(id -u)" = 0 ] || sudo=sudo; \
	  echo "installing:" $$missing; \
	  $$sudo apt-get update -qq && \
	  DEBIAN_FRONTEND=noninteractive $$sudo apt-get install -y -qq --no-install-recommends $$missing > /dev/null; \
	fi
endef

deps:
	$(call install_packages,$(PACKAGES))

deps-test: deps
	$(call install_packages,$(TEST_PACKAGES))

release: deps
	swift build -c release --static-swift-stdlib $(SWIFTFLAGS)

debug: deps
	swift build $(SWIFTFLAGS)

demo: release
	@deploy/demo.sh $(if $(SECONDS_GIVEN),$(SECONDS_GIVEN))

# SECONDS is a variable of bash itself, so it reaches the script under another name.
ifneq ($(origin SECONDS),undefined)
SECONDS_GIVEN := $(SECONDS)
endif

test: test-unit test-kernels test-kernels-arm64 test-end-to-end test-goldens test-accuracy test-quantize test-mutants
	@echo "make test: all passed"

test-unit: deps
	swift test $(SWIFTFLAGS) --skip EndToEndTests

test-kernels: release
	$(RELEASE)/kernelcheck

test-kernels-arm64:
	$(call install_packages,$(ARM64_KERNEL_PACKAGES))
	Tests/KernelCheck/run-arm64

test-arm64:
	$(call install_packages,$(ARM64_PACKAGES))
	Tests/ARM64/make-sdk .arm64/sdk
	Tests/ARM64/run .arm64/sdk

# The daemon is slow without optimization: these tests run the release build.
test-end-to-end: release
	MASKD_PROGRAMS=$(CURDIR)/$(RELEASE) swift test $(SWIFTFLAGS) --filter EndToEndTests

test-goldens: release deps-test
	Tests/Goldens/run $(RELEASE)/maskctl $(SHARED)

test-accuracy: release deps-test
	Tests/Accuracy/run $(RELEASE)/maskctl $(SHARED)

test-quantize: release deps-test
	Tests/Quantize/run $(RELEASE)/maskctl $(SHARED)

# MASKD_PYTHON names a Python that has LiteRT (pip install ai-edge-litert), to time it beside.
experiment: release deps-test
	Tests/Experiment/run $(RELEASE)/maskctl $(SHARED) docs/experiment.md docs/experiment.svg

# MASKD_PYTHON names a Python that has ai-edge-litert, numpy and pillow.
bundled-model: release
	$(RELEASE)/maskctl quantize $(SHARED)/models/mask_mobilenetv2_float32.tflite -o models/mask_mobilenetv2_int8.tflite \
	  --mode int8 --calibrate $(SHARED)/masks/train
	$${MASKD_PYTHON:-python3} Tests/Accuracy/record.py . $(SHARED)

test-mutants: deps-test
	Tests/Mutants/run $(SHARED)

test-system: release
	$(call install_packages,$(GUEST_PACKAGES))
	Tests/System/run

lint: deps-test
	swift format lint --strict --recursive --parallel Package.swift Sources Tests Examples
	git ls-files '*.c' '*.h' | xargs clang-format --dry-run --Werror
	git ls-files '*.sh' 'Tests/*/run*' 'Tests/System/*' 'Tests/ARM64/*' .ci/run | sort -u | xargs grep -lE '^#!.*sh' | xargs shellcheck -S warning

format:
	swift format --in-place --recursive --parallel Package.swift Sources Tests Examples
	git ls-files '*.c' '*.h' | xargs clang-format -i

install: release
	deploy/install.sh --build $(RELEASE)

uninstall:
	deploy/uninstall.sh

clean:
	rm -rf .build .guest .arm64
