"""Fails where a test was skipped that must not be: `skips.py REPORT.xml REASON...`.

REPORT is pytest's JUnit report. Each REASON is a regular expression that excuses a skip; CI has
installed every judge, so that only what no machine can be asked to have is excused.
"""

import re
import sys
from xml.etree import ElementTree


def unexcused(report: str, reasons: list[str]) -> list[str]:
    """One line for each skipped test whose reason matches none of the reasons."""
    lines = []
    for case in ElementTree.parse(report).iter("testcase"):
        for skipped in case.iter("skipped"):
            why = f"{skipped.get('message', '')} {skipped.text or ''}"
            if not any(re.search(reason, why) for reason in reasons):
                lines.append(f"{case.get('classname')}.{case.get('name')}: {skipped.get('message')}")
    return lines


if __name__ == "__main__":
    found = unexcused(sys.argv[1], sys.argv[2:])
    print(*found, f"{len(found)} tests skipped without excuse", sep="\n")
    sys.exit(bool(found))
