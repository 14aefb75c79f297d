"""Prints a command exactly as README.md has it: `readme.py test`.

The command is the fenced block that follows a line `<!-- ci: NAME -->`, so what CI runs and what a
reader pastes cannot drift apart. Exit code 1, saying so, where README has no such block.
"""

import re
import sys
from pathlib import Path

README = Path(__file__).resolve().parents[2] / "README.md"


def command(name: str, text: str) -> str | None:
    """The text of the fenced block marked NAME, a leading `$ ` taken off; None where there is none."""
    block = re.search(rf"<!-- ci: {re.escape(name)} -->\s*\n```\w*\n(.*?)\n```", text, re.DOTALL)
    if block is None:
        return None
    return re.sub(r"^\$ ", "", block.group(1), flags=re.MULTILINE)


if __name__ == "__main__":
    found = command(sys.argv[1], README.read_text(encoding="utf-8"))
    if found is None:
        raise SystemExit(f"README.md has no fenced block after a line '<!-- ci: {sys.argv[1]} -->'")
    print(found)
