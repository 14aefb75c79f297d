#!/usr/bin/env bash
# Installs, from Debian's own mirrors, every tool and outside judge that .ci/run uses. Needs root.
set -euo pipefail

packages=(
    clang-19 libclang-rt-19-dev llvm-19 # second compiler, libFuzzer, names in its reports
    cppcheck                           # static analysis
    gcc-arm-none-eabi                  # Cortex-M3, no C library: flight code must not need one
    tshark                             # judge: Space Packets
    libfec-dev                         # judge: Reed-Solomon, Viterbi
    gnuradio gr-satellites             # judge: coded downlink
    spin                               # model checker: COP-1
)

export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
trap 'rm -f "$log"' EXIT
quietly() {
    "$@" </dev/null >"$log" 2>&1 || { tail -n 20 "$log"; echo "FAILED: $*"; exit 1; }
}

quietly apt-get update
# One by one costs no more than a second in all, and a package that fails is named.
for package in "${packages[@]}"; do
    quietly apt-get install -y --no-install-recommends "$package"
    echo "$package $(dpkg-query -W -f '${Version}' "$package")"
done
