#!/usr/bin/env bash
# The whole core, every processor's build of it, by two compilers with every warning an error; then
# cppcheck and the order of the C rooms. `c_strict.sh VENV WORK_DIR`
set -euo pipefail
cd "$(dirname "$0")/../.."
bin=$(realpath "$1")/bin
work=$2

python3 tools/checks/c_includes.py
for compiler in gcc clang-19; do
    "$bin/cmake" -S c_core -B "$work/strict-$compiler" -G Ninja \
        -DCMAKE_MAKE_PROGRAM="$bin/ninja" -DCMAKE_C_COMPILER="$compiler" \
        -DPython_EXECUTABLE="$bin/python" -DFSW_WERROR=ON >/dev/null
    "$bin/ninja" -C "$work/strict-$compiler" --quiet -k 0
    echo "$compiler: no warning in $(find c_core -name '*.c' | wc -l) files"
done
# What is suppressed is wrong about tables of pointers into the middle of a row, about arrays filled in
# one loop and read in another, and about one allocation divided among arrays. Flight code has none of these.
cppcheck --quiet --std=c11 --enable=warning,performance,portability --inline-suppr --error-exitcode=1 \
    -j 2 -I c_core --suppress=missingIncludeSystem \
    --suppress={negativeIndex,uninitvar,invalidPointerCast}:c_core/{ground,world}/'*' \
    c_core/{flight,ground,world,host}
echo "cppcheck: nothing found"
