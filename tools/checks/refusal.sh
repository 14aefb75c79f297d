#!/usr/bin/env bash
# `pip install .` where no compiler is on the PATH must end in preflight's line, not in a page of CMake.
# `refusal.sh WORK_DIR`
set -euo pipefail
cd "$(dirname "$0")/../.."
work=$1/refusal
rm -rf "$work"
mkdir -p "$work"
python3 -m venv "$work/venv"
if env -u CC PATH=/nonexistent PIP_DISABLE_PIP_VERSION_CHECK=1 \
    "$work/venv/bin/python" -m pip install . >"$work/log" 2>&1; then
    echo "FAILED: built without a compiler"
    exit 1
fi
tail -n 12 "$work/log" | grep -F 'fsw needs a C compiler that works: ' ||
    { cat "$work/log"; echo "FAILED: the reason is not in the last lines"; exit 1; }
