#!/usr/bin/env bash
# Runs every libFuzzer target of c_core/fuzz for a while, two at a time, under ASan and UBSan.
# A crash fails and its input is kept under WORK_DIR/fuzz/kept. `fuzz.sh WORK_DIR [RUNS] [SECONDS]`
# RUNS bounds each target, so that a commit has one verdict; SECONDS only stops a slow machine.
set -euo pipefail
cd "$(dirname "$0")/../../c_core"
work=$1/fuzz runs=${2:-400000} seconds=${3:-20}
mkdir -p "$work/kept"
work=$(cd "$work" && pwd)
shopt -s nullglob
targets=(fuzz/fuzz_*.c)
((${#targets[@]})) || { echo "FAILED: no target in c_core/fuzz"; exit 1; }

options=(-std=c11 -O2 -g -I. -fsanitize=address,undefined -fno-sanitize-recover=all)
build() {
    rm -rf "$work/objects" && mkdir "$work/objects"
    local source
    for source in flight/*.c ground/*.c world/*.c "${targets[@]}"; do
        echo "$source"
    done | xargs -P 2 -I{} sh -c '
        clang-19 "$@" -fsanitize=fuzzer-no-link -c "{}" -o "$0/$(basename "{}" .c).o"
    ' "$work/objects" "${options[@]}"
    for source in "${targets[@]}"; do
        source=$(basename "$source" .c)
        # shellcheck disable=SC2046  # the objects of the core: all but the other targets
        clang-19 "${options[@]}" -fsanitize=fuzzer -o "$work/$source" "$work/objects/$source.o" \
            $(find "$work/objects" -name '*.o' ! -name 'fuzz_*' | sort) -lm
    done
}
one() { # TARGET RUNS SECONDS
    local corpus=corpus-$1
    rm -rf "$corpus" && mkdir "$corpus"
    if ./"$1" -seed=1 -runs="$2" -max_total_time="$3" -max_len=4096 -timeout=10 -artifact_prefix=kept/"$1"- \
        "$corpus" >"$1.log" 2>&1; then
        echo "$1: $(grep -oE 'Done [0-9]+ runs in [0-9]+ second' "$1.log")s," \
            "$(grep -oE 'cov: [0-9]+' "$1.log" | tail -n 1)"
    else
        tail -n 40 "$1.log"
        echo "FAILED: $1; its input is in $PWD/kept"
        exit 1
    fi
}
export -f one

build
cd "$work"
printf '%s\n' "${targets[@]}" | sed 's,.*/,,; s,\.c$,,' | xargs -P 2 -I{} bash -c "one {} $runs $seconds"
