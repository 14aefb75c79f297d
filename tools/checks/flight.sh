#!/usr/bin/env bash
# What would fly needs nothing under it: each flight file compiles alone and freestanding, for this
# processor and for a Cortex-M3, with no header but the compiler's own and c_core/freestanding, and all
# of them together call nothing but memcpy and its three siblings (and, on the M3, the compiler's own
# integer helpers: floating point would show here). Then gcc's path analysis reads them. `flight.sh WORK_DIR`
set -euo pipefail
cd "$(dirname "$0")/../../c_core"
work=$1/flight
rm -rf "$work"
mkdir -p "$work"
shopt -s nullglob
sources=(flight/*.c)
headers=(flight/*.h)
((${#sources[@]})) || { echo "FAILED: no flight code in c_core/flight"; exit 1; }

strict=(-std=c11 -Wall -Wextra -Wconversion -pedantic -Werror -O2 -ffreestanding -nostdinc -I. -Ifreestanding)
memory='mem(cpy|move|set|cmp)'
integers='__aeabi_(u?ldivmod|u?idiv(mod)?|l?lsl|l?lsr|l?asr|lmul|u?lcmp|mem(cpy|move|set|clr)[48]?|idiv0|ldiv0)|__(clz|ctz|popcount|bswap)[sd]i2'

alone() { # NAME ALLOWED COMPILER...: every file by itself, then what all of them together still need
    local name=$1 allowed=$2 && shift 2
    local own=(-isystem "$("$1" -print-file-name=include)") source needed
    mkdir "$work/$name"
    for source in "${sources[@]}"; do
        "$@" "${strict[@]}" "${own[@]}" -c "$source" -o "$work/$name/$(basename "$source" .c).o"
    done
    for source in "${headers[@]}"; do # a header is complete by itself
        "$@" "${strict[@]}" "${own[@]}" -include "$source" -fsyntax-only -x c /dev/null
    done
    "$1" -r -nostdlib -o "$work/$name.o" "$work/$name"/*.o
    needed=$("${1/%gcc/nm}" -u "$work/$name.o" | awk '{print $2}' | sort -u)
    if grep -vxE "$allowed" <<<"$needed"; then
        echo "FAILED: flight code for $name calls the above"
        exit 1
    fi
    echo "$name: ${#sources[@]} files; needs only:" $needed
}

alone this_processor "$memory|_GLOBAL_OFFSET_TABLE_" gcc
alone cortex-m3 "$memory|$integers" arm-none-eabi-gcc -mcpu=cortex-m3 -mthumb
arm-none-eabi-size "$work/cortex-m3.o"

# -O0: optimised, two fields compared in one load look like memory never written to gcc 12.
for source in "${sources[@]}"; do
    gcc -std=c11 -O0 -I. -fanalyzer -Werror -c "$source" -o /dev/null
done
echo "gcc -fanalyzer: nothing found"
