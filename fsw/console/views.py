"""What the operator sees: telemetry, events, telecommands, pictures, in lines."""

from typing import Any

from fsw import dictionary
from fsw.console.text import Fragment, Line, say, table
from fsw.console.words import clock, span
from fsw.core.errors import FswError
from fsw.dictionary.parameter import Value
from fsw.dictionary.report import Report
from fsw.dictionary.telecommand import Telecommand
from fsw.ground.commanding import Sent
from fsw.ground.telemetry import Telemetry
from fsw.ground.time_correlation import UNIT, Correlation, TimeCorrelation
from fsw.kernel.time import SECOND, Epoch

STALE_PERIODS = 3  # a periodic report older than this many periods is shown as stale


def reports_shown() -> list[Report]:
    """Reports that hold values: neither events nor verification."""
    return [r for r in dictionary.reports() if r.severity is None and r.service not in (1, 17)]


def find_report(name: str) -> Report:
    """By its name, or the beginning of one of its words, any case: RADIO, RAD. Raises FswError."""
    wanted = name.upper()
    shown = reports_shown()
    found = [r for r in shown if wanted in (r.name, r.name.removeprefix("HOUSEKEEPING_"))]
    found = found or [r for r in shown if f"_{r.name}".find(f"_{wanted}") >= 0]
    if len(found) != 1:
        allowed = ", ".join(r.name for r in (found or shown))
        raise FswError(f"report {name!r}: allowed are {allowed}")
    return found[0]


def value_text(value: Value) -> str:
    """An engineering value without its unit; numbers that were enumerated show as texts."""
    plain = value.value
    if isinstance(plain, bytes):
        return plain.hex() or "-"
    if isinstance(plain, float):
        return f"{plain:.9g}"
    return str(plain)


def _age(report: Report, telemetry: Telemetry, now_ns: int) -> Fragment:
    age_ns = now_ns - telemetry.received_ns
    stale = report.period_s is not None and age_ns > STALE_PERIODS * report.period_s * SECOND
    return ("warning", f"{span(age_ns)} ago, stale") if stale else ("", f"{span(age_ns)} ago")


def telemetry_list(latest: dict[str, Telemetry], epoch: Epoch, now_ns: int) -> list[Line]:
    """Every report with its age and what is out of limits."""
    rows: list[list[Fragment]] = [[("title", h) for h in ("report", "received", "age", "limits", "")]]
    for report in reports_shown():
        telemetry = latest.get(report.name)
        if telemetry is None:
            rows.append([("dim", t) for t in (report.name, "-", "never", "", report.text)])
            continue
        limits: Fragment = ("good", "ok")
        if telemetry.violations:
            level = "alarm" if any(v.level == "alarm" for v in telemetry.violations) else "warning"
            limits = (level, f"{level}: {', '.join(v.parameter for v in telemetry.violations)}")
        received = clock(epoch, telemetry.received_ns)
        rows.append(
            [("", report.name), ("", received), _age(report, telemetry, now_ns), limits, ("dim", report.text)]
        )
    return table(rows)


def telemetry_report(
    report: Report,
    telemetry: Telemetry | None,
    epoch: Epoch,
    now_ns: int,
    correlation: Correlation | None = None,
) -> list[Line]:
    """One report's latest values, with units, limits passed, and what each is.

    correlation: of the clock by which it was made on board; None shows that clock's time as it is.
    """
    head: Line = [("title", report.name), ("", f"  {report.text}  "), ("dim", f"layout: {report.origin}")]
    if telemetry is None:
        return [head, *say("never received", style="warning")]
    made = "unknown"
    if telemetry.spacecraft_ns is not None:
        made = f"{clock(epoch, telemetry.spacecraft_ns, 4)} by its clock"
        if correlation is not None:
            made += f" ({clock(epoch, correlation.corrected_ns(telemetry.spacecraft_ns), 4)} corrected)"
    times: Line = [
        ("dim", f"made on board {made}, received {clock(epoch, telemetry.received_ns)}, "),
        _age(report, telemetry, now_ns),
        ("dim", f"  count {telemetry.count}"),
    ]
    violations = {violation.parameter: violation for violation in telemetry.violations}
    texts = {parameter.name: parameter.text for parameter in report.parameters}
    rows: list[list[Fragment]] = []
    for name, value in telemetry.values.items():
        violation = violations.get(name)
        style, mark = "", ""
        if violation is not None:
            style = violation.level
            mark = (
                f"{violation.level} {'>' if violation.value > violation.bound else '<'} {violation.bound:g}"
            )
        described = ("dim", texts.get(name, ""))
        rows.append(
            [("", f"  {name}"), (style, value_text(value)), ("", value.unit), (style, mark), described]
        )
    return [head, times, *table(rows, right=(1,))]


def time_correlation(correlation: TimeCorrelation, epoch: Epoch) -> list[Line]:
    """How far the spacecraft's clock is off, and how well that is known."""
    reports = f"{correlation.taken} used"
    if correlation.lost:
        reports += f", {correlation.lost} without their frame"
    if correlation.steps:
        reports += f", followed {correlation.steps} times to a new setting"
    rows: list[list[Fragment]] = [[("title", "time reports"), ("", reports)]]
    found = correlation.correlation
    if found is None:
        return [*table(rows), *say("too few to correlate the clock", style="dim")]
    shown = "fast" if found.offset_ns > 0 else "slow"
    rows += [
        [
            ("title", "clock"),
            ("", f"{abs(found.offset_ns) / 1000:.3f} us {shown} at {clock(epoch, found.reference_ns)}"),
        ],
        [("title", "rate"), ("", f"{found.rate / UNIT:+.3e}")],
        [("title", "residual"), ("", f"{found.residual_ns} ns, {found.samples} reports")],
    ]
    if found.rejected:
        rows.append([("title", "rejected"), ("warning", f"{found.rejected} off the line")])
    return table(rows)


def verification(sent: list[Sent], epoch: Epoch, answer_ns: Any) -> list[Line]:
    """Telecommands and their stages. answer_ns: from the time of radiation to that of the first answer."""
    if not sent:
        return say("no telecommand was sent", style="dim")
    heads = ("telecommand", "count", "service", "radiated", "stage", "reports, as received")
    rows: list[list[Fragment]] = [[("title", head) for head in heads]]
    for one in sent:
        style = {
            "completed": "good",
            "failed": "alarm",
            "lost": "alarm",
            "unconfirmed": "warning",
            "radiated": "dim",
        }.get(one.stage, "")
        reports = ", ".join(f"{clock(epoch, time_ns)} {stage}" for time_ns, stage in one.history)
        if one.failure is not None:
            reports += f" ({one.failure})"
        if not one.history:
            reports = f"due {clock(epoch, answer_ns(one.radiated_ns))} or soon after"
        radiated = clock(epoch, one.radiated_ns)
        count = str(one.request.sequence & 0x3FFF)
        if one.stage == "waiting":
            radiated = "-"
        rows.append(
            [
                ("", one.name),
                ("dim", count),
                ("dim", one.service),
                ("", radiated),
                (style, one.stage),
                ("", reports),
            ]
        )
    return table(rows, right=(1,))


def pictures(entries: list[dict[str, Any]], most: int) -> list[Line]:
    """The latest files, numbered for `pictures open` and `pictures save`."""
    if not entries:
        return say("no picture has been received; they come with DUMP_START", style="dim")
    heads = ("no.", "file", "kind", "lens", "size", "exposed (UTC)", "range", "octets", "")
    rows: list[list[Fragment]] = [[("title", head) for head in heads]]
    first = max(0, len(entries) - most)
    for number, entry in enumerate(entries[first:], start=first + 1):
        state: Fragment = ("good", "whole") if entry["complete"] else ("warning", str(entry["reason"]))
        range_m = entry["range_m"]
        exposed = (entry["exposed_at_utc"] or "-").partition("T")[2] or "-"
        cells = (
            str(number),
            entry["file"],
            entry["kind"] or "-",
            entry["lens"] or "-",
            entry["size"] or "-",
            exposed,
            "-" if range_m is None else f"{range_m:.1f} m",
            str(entry["octets"]),
        )
        rows.append([*(("", cell) for cell in cells), state])
    whole = sum(1 for entry in entries if entry["complete"])
    lines = table(rows, right=(0, 6, 7))
    return [*lines, *say(f"{whole} of {len(entries)} files whole", style="dim")]


def telecommand_names() -> list[Line]:
    """One line for each telecommand."""
    rows: list[list[Fragment]] = [
        [
            ("warning" if command.hazardous else "", command.name),
            ("dim", f"[{command.service},{command.subtype}]"),
            ("", command.effect),
        ]
        for command in dictionary.telecommands()
    ]
    return table(rows)


def telecommand_help(command: Telecommand) -> list[Line]:
    """Its arguments, effect, how to see that it worked, how it can fail."""
    lines: list[Line] = [[("title", f"tc {command.name}"), ("", f"  [{command.service},{command.subtype}]")]]
    if command.hazardous:
        lines[0].append(("warning", "  hazardous: asks before it is sent"))
    lines += say(f"  {command.effect}", f"  To see that it worked: {command.verification}")
    if command.failures:
        lines += say(f"  It can fail with {', '.join(code.name for code in command.failures)}.")
    rows: list[list[Fragment]] = []
    for argument in command.arguments:
        default = argument.default
        given = ("warning", "must be given") if default is None else ("dim", "default " + str(default))
        what = ("dim", argument.text)
        rows.append([("", f"  {argument.name}="), ("", argument.allowed), given, what])
    return lines + table(rows)


def explain(name: str, error: FswError) -> list[Line]:
    """Why a telecommand was not sent, and what is allowed."""
    lines = say(str(error), style="alarm")
    try:
        command = dictionary.telecommand(name)
    except FswError:
        return lines
    return lines + telecommand_help(command)
