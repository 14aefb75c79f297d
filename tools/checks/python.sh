#!/usr/bin/env bash
# The Python of the project as it reads: lint, format, types, who imports whom. `python.sh VENV`
set -euo pipefail
cd "$(dirname "$0")/../.."
bin=$1/bin

"$bin/ruff" check .
"$bin/ruff" format --check .
"$bin/mypy"
"$bin/lint-imports" --no-logo --no-cache
# The contracts see `import` statements; a compiled module can also be asked for by its name.
if grep -rnE '_core(_v[0-9])?["'\'']' fsw --include='*.py' | grep -v '^fsw/core/binding.py:'; then
    echo "FAILED: only fsw/core/binding.py may name the compiled module"
    exit 1
fi
