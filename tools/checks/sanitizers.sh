#!/usr/bin/env bash
# The tests that run C, the outside judges apart, against a core built with ASan and UBSan,
# which stop at the first fault; the same build counts which lines of C the tests ran. `sanitizers.sh WORK_DIR`
set -euo pipefail
cd "$(dirname "$0")/../.."
root=$PWD
work=$(mkdir -p "$1" && cd "$1" && pwd)/sanitizers
rm -rf "$work"
mkdir -p "$work"

python3 -m venv "$work/venv"
"${uv:-uv}" pip install -q --python "$work/venv/bin/python" '.[test,check]' \
    --config-settings cmake.define.FSW_SANITIZE=address,undefined \
    --config-settings cmake.define.CMAKE_C_FLAGS=--coverage \
    --config-settings build-dir="$work/build"
cd "$work" # away from ./fsw: the installed package is the one tested

preload=
for library in libasan.so libubsan.so libstdc++.so.6; do # ASan must see C++'s throw before numpy uses it
    preload+="$(gcc -print-file-name="$library") "
done
export ASAN_OPTIONS=detect_leaks=0:abort_on_error=1 UBSAN_OPTIONS=print_stacktrace=1
export HYPOTHESIS_PROFILE=sanitizer
tests() { # FOLDER...: from where ./fsw is not on the path
    LD_PRELOAD=$preload venv/bin/python -P -m pytest -q --tb=short -n 2 --dist worksteal -p no:cacheprovider \
        --rootdir "$root" -c "$root/pyproject.toml" "$@"
}
# What cffi and Python allocate is a block of its own to ASan with PYTHONMALLOC=malloc, which costs half as
# much again: so the tests of the seam itself run. Elsewhere small blocks are hidden in Python's arenas.
echo "the seam, with the widest core that this processor runs, then with the portable one:"
# Comparing the builds is for those that are not slowed down.
PYTHONMALLOC=malloc tests -k "not every_build" "$root/tests/core" "$root/tests/world"
FSW_CORE=portable PYTHONMALLOC=malloc tests "$root/tests/core"
echo "flights, devices, tasks and ground:"
# What is left out runs Python alone, or the C that these fly, or draws what the seam's tests draw.
left_out=()
for subject in automation cop1 files mars monitoring mounted packet_stores portrait resets security time; do
    left_out+=(--ignore="$root/tests/vehicles/test_flight_$subject.py")
done
tests "${left_out[@]}" "$root"/tests/{vehicles,devices,tasks,ground} "$root"/tests/test_{cli,simulation}.py
# One function may stand on different lines in the builds for different processors: all of them count.
# gcov's counters are not for several threads: how often a line ran may be wrong, but not whether it did.
venv/bin/gcovr --root "$root" --filter "$root/c_core/" --exclude-unreachable-branches \
    --merge-mode-functions=separate --txt-metric line -j 2 \
    --gcov-ignore-parse-errors=suspicious_hits.warn_once_per_file \
    --gcov-ignore-parse-errors=negative_hits.warn_once_per_file build ||
    echo "no coverage: gcovr refuses what a killed test left of gcov's counters"
