#!/usr/bin/env bash
# Runs every libFuzzer target of c_core/fuzz under ASan and UBSan, two at a time, against the portable
# core and against the one for this processor. A crash fails, and its input is kept under
# WORK_DIR/fuzz/kept: give it to the target of that name to see it again. `fuzz.sh WORK_DIR [RUNS] [SECONDS]`
# RUNS bounds each, so that a commit has one verdict; SECONDS only stops what is slow.
set -euo pipefail
cd "$(dirname "$0")/../../c_core"
runs=${2:-1000000} seconds=${3:-5}
mkdir -p "$1/fuzz/kept"
work=$(cd "$1/fuzz" && pwd)
shopt -s nullglob
targets=(fuzz/fuzz_*.c)
((${#targets[@]})) || { echo "FAILED: no target in c_core/fuzz"; exit 1; }
export ASAN_SYMBOLIZER_PATH=/usr/bin/llvm-symbolizer-19

build() { # FOLDER OPTION...
    local folder=$1 source name
    shift
    local options=(-std=c11 -O2 -g -I. -fsanitize=address,undefined -fno-sanitize-recover=all "$@")
    rm -rf "$folder" && mkdir -p "$folder/core"
    printf '%s\n' flight/*.c ground/*.c world/*.c "${targets[@]}" | xargs -P 2 -I{} bash -c '
        source={} folder=$1
        [[ $source == fuzz/* ]] && object=$folder/${source##*/}.o || object=$folder/core/${source//\//_}.o
        clang-19 "${@:2}" -fsanitize=fuzzer-no-link -c "$source" -o "$object"
    ' build "$folder" "${options[@]}"
    for source in "${targets[@]}"; do
        name=$(basename "$source" .c)
        clang-19 "${options[@]}" -fsanitize=fuzzer -o "$folder/$name" "$folder/$name.c.o" "$folder"/core/*.o -lm
    done
}

one() { # TARGET RUNS SECONDS, with the empty corpus and one seed
    local log=$1.log
    mkdir "$1-corpus"
    if "$1" -seed=1 -runs="$2" -max_total_time="$3" -max_len=4096 -timeout=20 \
        -artifact_prefix="$(dirname "$1")/../kept/$(basename "$1")-" "$1-corpus" >"$log" 2>&1; then
        echo "${1##*/}: $(grep -oE 'Done [0-9]+ runs in [0-9]+ second' "$log" | tail -n 1)(s)," \
            "$(grep -oE 'cov: [0-9]+' "$log" | tail -n 1)"
    else
        tail -n 40 "$log"
        echo "FAILED: $1; its input is beside it, in ../kept"
        return 1
    fi
}
export -f one

for core in portable native; do
    march=()
    [ "$core" = portable ] || march=(-march=native)
    echo "$core:"
    build "$work/$core" "${march[@]}"
    printf '%s\n' "${targets[@]}" | sed "s,.*/,$work/$core/,; s,\.c\$,," |
        xargs -P 2 -I{} bash -c "one {} $runs $seconds"
done
