"""Text with styles, independent of any terminal.

A line is a list of (style, text); the styles are '', 'title', 'good', 'dim', 'warning' and 'alarm'. What a
colour says, the text says too.
"""

from dataclasses import dataclass, field

Fragment = tuple[str, str]
Line = list[Fragment]


@dataclass(frozen=True, slots=True)
class Reply:
    """To one command line. ok: it did what was asked. asks: the next line is the answer to a question.

    leaves: the session is over. opens: a picture's path that a viewer should show.
    """

    lines: list[Line] = field(default_factory=list)
    ok: bool = True
    asks: bool = False
    leaves: bool = False
    opens: str | None = None

    @property
    def text(self) -> str:
        """Without styles."""
        return "\n".join(plain(line) for line in self.lines)


def plain(line: Line) -> str:
    """A line without styles."""
    return "".join(text for _, text in line)


def say(*texts: str, style: str = "") -> list[Line]:
    """Lines of one style."""
    return [[(style, text)] for text in texts]


def table(rows: list[list[Fragment]], right: tuple[int, ...] = ()) -> list[Line]:
    """Columns as wide as they need to be, two blanks apart; those numbered in `right` are right-aligned."""
    if not rows:
        return []
    widths = [max(len(row[column][1]) for row in rows) for column in range(len(rows[0]))]
    lines: list[Line] = []
    for row in rows:
        line: Line = []
        for column, (style, text) in enumerate(row):
            last = column == len(row) - 1
            padded = text.rjust(widths[column]) if column in right else text.ljust(widths[column])
            line.append((style, padded.rstrip() if last else padded))
            if not last:
                line.append(("", "  "))
        while len(line) > 1 and not line[-1][1].strip():
            line.pop()
        lines.append(line)
    return lines
