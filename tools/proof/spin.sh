#!/usr/bin/env bash
# Checks the model of COP-1 with SPIN: first that no assertion fails in any state, then that a healed link
# delivers everything (weak fairness). Needs spin and gcc. `spin.sh WORK_DIR [-DNAME=VALUE ...]`; CHECKS names
# those to run, if not both.
set -euo pipefail
model=$(realpath "$(dirname "$0")/cop1.pml")
mkdir -p "$1"
cd "$1"
shift

check() { # NAME OPTIONS_OF_SPIN OPTIONS_OF_GCC OPTIONS_OF_PAN
    local name=$1 log=$1.log
    [[ ${CHECKS:-safety liveness} == *$name* ]] || return 0
    # shellcheck disable=SC2086
    spin $2 "${@:5}" -a "$model" >"$log"
    # shellcheck disable=SC2086
    gcc -O2 -w $3 -o "pan-$name" pan.c
    # shellcheck disable=SC2086
    "./pan-$name" $4 >>"$log" 2>&1 || true
    if ! grep -q 'errors: 0' "$log" || grep -qE 'max search depth too small|out of memory|aborted|not completed' "$log"; then
        grep -vE '^\s*$' "$log" | tail -n 30
        echo "FAILED: $name"
        return 1
    fi
    echo "$name: holds in $(grep -oE '[0-9.e+]+ states, stored' "$log")"
}

check safety "" "-DSAFETY -DNOCLAIM -DMEMLIM=1500" "-m2000000 -w24" "$@"
check liveness "" "-DMEMLIM=1500 -DNFAIR=3" "-a -f -m4000000 -w24" "$@"
