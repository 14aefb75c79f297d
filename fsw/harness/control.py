"""The control port: the operator's commands as lines of JSON, on loopback.

The server greets with {"fsw": VERSION, "mission": NAME}. A client sends {"id": any, "line": "telemetry
RADIO"} and gets {"id": the same, "ok": bool, "asks": bool, "leaves": bool, "lines": [[[style, text], ...],
...]}; meanwhile the server sends {"news": lines} as they happen and {"status": {...}} twice a second. `asks`:
the next line answers a question. A line that is not such an object ends the connection, so that nothing
that merely connects (a browser, say) is taken for an operator.
"""

import json
from typing import Any

from fsw.harness.operator import OperatorSession

LONGEST_LINE_OCTETS = 65_536


class ControlClient:
    """One client's side of the protocol, octets in and octets out."""

    def __init__(self, session: OperatorSession, version: str, mission: str) -> None:
        self._session = session
        self._held = b""
        self.open = True
        self.refused = False
        self.greeting = _line({"fsw": version, "mission": mission})

    def receive(self, octets: bytes) -> bytes:
        """What came from the client; what goes to it. After `open` is False the connection is over."""
        self._held += octets
        answers = []
        while self.open and b"\n" in self._held:
            line, _, self._held = self._held.partition(b"\n")
            answers.append(self._answer(line))
        if self.open and len(self._held) > LONGEST_LINE_OCTETS:
            answers.append(self._refuse(f"line longer than {LONGEST_LINE_OCTETS} octets"))
        return b"".join(answers)

    def poll(self, with_status: bool) -> bytes:
        """News since the last call, and the status if wished."""
        news = self._session.news()
        octets = _line({"news": news}) if news else b""
        return octets + _line({"status": self._session.status()}) if with_status else octets

    def _answer(self, line: bytes) -> bytes:
        try:
            request = json.loads(line)
        except (ValueError, RecursionError):
            return self._refuse("a line that is not JSON")
        if not isinstance(request, dict) or not isinstance(request.get("line"), str):
            return self._refuse('allowed are objects {"id": ..., "line": "COMMAND"}')
        answer = self._session.execute(request["line"])
        self.open = not answer.leaves
        reply = {
            "id": request.get("id"),
            "ok": answer.ok,
            "asks": answer.asks,
            "leaves": answer.leaves,
            "lines": answer.lines,
        }
        return _line(reply)

    def _refuse(self, why: str) -> bytes:
        self.open = False
        self.refused = True
        return _line({"error": why})


def _line(value: dict[str, Any]) -> bytes:
    return json.dumps(value, allow_nan=False, separators=(",", ":")).encode() + b"\n"
