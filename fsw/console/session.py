"""The operator's commands: a line of text in, lines of text out.

A `ControlRoom` holds what all operators of one flight share; each has a `Session`. Neither reads a clock or
a terminal: whoever drives the flight advances it, with the wall's time as an argument.
"""

import shlex
import tempfile
from collections.abc import Callable
from math import inf
from pathlib import Path
from typing import Any

from fsw import dictionary
from fsw.console import files, security, telecommand_link, views
from fsw.console.files import write_whole
from fsw.console.journal import Journal, event_line
from fsw.console.text import Fragment, Line, Reply, say, table
from fsw.console.words import clock, parse_duration, parse_time, span
from fsw.core.errors import FswError
from fsw.ground.commanding import Sent, Service
from fsw.ground.control_centre import News
from fsw.ground.telemetry import Telemetry
from fsw.ground.time_correlation import Correlation
from fsw.kernel.pace import Pace
from fsw.kernel.time import SECOND
from fsw.simulation import Simulation

EVENTS_SHOWN = 20
PICTURES_SHOWN = 40

# Command: (how it is written, what it does).
COMMANDS: dict[str, tuple[str, str]] = {
    "help": ("help [COMMAND | TELECOMMAND]", "this list; what a telecommand does and takes"),
    "step": ("step 30s | 5m | until 16:05:00", "run that far as fast as possible, then go on as before"),
    "run": ("run [RATE | max]", "let time run: 1 is real time"),
    "pause": ("pause", "stop time"),
    "tc": (
        "tc NAME argument=value ... [at 16:05:00 | ad | bd]",
        "send a telecommand, now or to arrive then; by the AD service if it is open, unless bd is said",
    ),
    "uplink": (telecommand_link.USAGE, "the telecommand link; opens and closes its AD service (COP-1)"),
    "release": ("release", "arm and fire the camera's release mechanism, after a confirmation"),
    "telemetry": ("telemetry [REPORT]", "all reports and their age; the latest values of one"),
    "events": ("events [NUMBER | all]", "the latest events of the spacecraft"),
    "verify": ("verify [NUMBER]", "telecommands sent, and what became of them"),
    "pictures": ("pictures [all | open N | save N FILE]", "what has been received"),
    "file": (files.USAGE, "files up and down by CFDP, and the file stores; alone: what is under way"),
    "time": ("time", "the spacecraft's clock, as correlated from its time reports"),
    "snapshot": ("snapshot FILE", "keep the whole flight in a file"),
    "restore": ("restore FILE", "go back to it"),
    "security": ("security [WHAT ...]", "what protects telecommands; keys: ping, inventory, renew, retire"),
    "status": ("status", "time, links, counts"),
    "quit": ("quit", "leave"),
}
# What else an operator may write; and beginnings are understood where only one command begins so.
_ALIASES = {"tm": "telemetry", "exit": "quit", "?": "help"}


class ControlRoom:
    """One flight and its operators. Takes over the simulation's news; earlier listeners are still told."""

    def __init__(self, simulation: Simulation, pace: Pace) -> None:
        self.simulation = simulation
        self.pace = pace
        self.journal = Journal(simulation.epoch)
        self._before: Callable[[News], object] | None = simulation.on_news
        simulation.on_news = self._note

    def open_session(self) -> "Session":
        """For one operator."""
        return Session(self)

    def advance(self, wall_ns: int) -> None:
        """Run what is due, a slice at most (see `Pace`)."""
        simulation = self.simulation
        simulation.run_until(self.pace.target(wall_ns, simulation.now_ns))

    def settle(self) -> None:
        """Run a `step` to its end."""
        while self.pace.goal_ns is not None:
            self.advance(0)

    def _note(self, news: News) -> None:
        if self._before is not None:
            self._before(news)
        self.journal.note(news, self._verified(news))

    def _verified(self, news: News) -> Sent | None:
        if not isinstance(news, Telemetry) or news.service != 1 or news.report is None:
            return None
        packet_id, sequence = news.values["request_packet_id"].raw, news.values["request_sequence"].raw
        for sent in reversed(self.simulation.control.telecommands()):
            if (sent.request.packet_id, sent.request.sequence) == (packet_id, sequence):
                return sent
        return None


class Session:
    """One operator's. `execute` a line; `news` since the last call; `status` for a status bar."""

    def __init__(self, room: ControlRoom) -> None:
        self._room = room
        self._read = room.journal.written
        self._question: Callable[[], list[Line]] | None = None
        self._stepping_to: int | None = None  # this operator's step, until its end is told

    # ---- for whoever shows it -------------------------------------------------------------------

    @property
    def busy(self) -> bool:
        """A step has not come to its end."""
        return self._room.pace.goal_ns is not None

    def execute(self, line: str) -> Reply:
        """One command. What is wrong with it is answered, never raised."""
        if self._question is not None:
            return self._answer(line)
        try:
            words = shlex.split(line, comments=True)
        except ValueError:
            return Reply(say("an open quotation mark", style="alarm"), ok=False)
        if not words:
            return Reply()
        try:
            return self._command(words[0])(words[1:])
        except FswError as error:
            return Reply(say(str(error), style="alarm"), ok=False)

    def news(self) -> list[Line]:
        """What has come down since the last call, for all operators the same."""
        journal = self._room.journal
        simulation = self._room.simulation
        lines = journal.since(self._read, simulation.now_ns)
        self._read = journal.written
        if self._stepping_to is not None and not self.busy:
            if simulation.now_ns >= self._stepping_to:
                lines += say(f"it is {clock(simulation.epoch, self._stepping_to)}", style="dim")
            self._stepping_to = None
        return lines

    def status(self) -> dict[str, Any]:
        """Plain data.

        utc: simulated time, that of reception on Earth; left_utc: when what arrives now left the
        spacecraft; light_time_s; pace: text; busy: a step runs; lock: the mode in which frames are
        received, or ''; frames received, failed and lost; range_m: the camera's, by telemetry, or None;
        pictures: whole files.
        """
        simulation = self._room.simulation
        station, control = simulation.station, simulation.control
        way_ns = self._light_time_ns(simulation.now_ns)
        heard = simulation.x_band.heard
        range_m = control.telemetry.value("HOUSEKEEPING_RELAY", "camera_range_m")
        wifi = control.telemetry.value("HOUSEKEEPING_RELAY", "wifi")
        separated = control.telemetry.value("HOUSEKEEPING_RELEASE", "break_wire")
        released = separated is not None and separated.value == "ON"
        linked = wifi is not None and wifi.value in ("LINKED", "LOST")
        return {
            "mission": simulation.mission.name,
            "utc": simulation.epoch.utc(simulation.now_ns, 1),
            "left_utc": simulation.epoch.utc(simulation.now_ns - way_ns, 1),
            "light_time_s": way_ns / SECOND,
            "pace": self._room.pace.text,
            "busy": self.busy,
            "lock": heard if heard and station.locked(heard) else "",
            "frames": station.frames,
            "frames_failed": station.failures,
            "frames_lost": sum(station.lost_frames.values()),
            "range_m": range_m.value if range_m is not None and (released or linked) else None,
            "pictures": control.pictures.complete,
            "slipped_s": self._room.pace.slipped_ns / SECOND,
        }

    # ---- dispatch -------------------------------------------------------------------------------

    def _command(self, word: str) -> Callable[[list[str]], Reply]:
        name = word.lower()
        name = _ALIASES.get(name, name)
        found = [command for command in COMMANDS if command == name]
        found = found or [command for command in COMMANDS if command.startswith(name)]
        if len(found) != 1:
            allowed = ", ".join(found or COMMANDS)
            raise FswError(f"command {word!r}: allowed are {allowed}")
        method: Callable[[list[str]], Reply] = getattr(self, f"_do_{found[0]}")
        return method

    def _answer(self, line: str) -> Reply:
        question, self._question = self._question, None
        assert question is not None
        if line.strip().lower() not in ("yes", "y"):
            return Reply(say("not sent", style="dim"), ok=False)
        try:
            return Reply(question())
        except FswError as error:
            return Reply(say(str(error), style="alarm"), ok=False)

    def _ask(self, text: str, then: Callable[[], list[Line]]) -> Reply:
        self._question = then
        return Reply(say(text, "Type yes to send, anything else not to.", style="warning"), asks=True)

    # ---- time -----------------------------------------------------------------------------------

    def _do_step(self, words: list[str]) -> Reply:
        simulation = self._room.simulation
        epoch, now_ns = simulation.epoch, simulation.now_ns
        if words[:1] == ["until"] and len(words) == 2:
            goal_ns = parse_time(words[1], epoch, now_ns)
        elif len(words) == 1:
            goal_ns = now_ns + parse_duration(words[0])
        else:
            raise _usage("step")
        if goal_ns <= now_ns:
            raise FswError(f"{epoch.utc(goal_ns)} is past: it is {epoch.utc(now_ns)}")
        self._room.pace.hurry_to(goal_ns)
        self._stepping_to = goal_ns
        return Reply(say(f"stepping {span(goal_ns - now_ns)} to {clock(epoch, goal_ns)}", style="dim"))

    def _do_run(self, words: list[str]) -> Reply:
        if len(words) > 1:
            raise _usage("run")
        word = (words or ["1"])[0].lower()
        try:
            rate = inf if word == "max" else float(word.removesuffix("x"))
        except ValueError:
            raise _usage("run") from None
        if not rate > 0:
            raise _usage("run")
        self._room.pace.goal_ns = None
        self._room.pace.set_rate(rate)
        return Reply(say(f"time runs: {self._room.pace.text}"))

    def _do_pause(self, words: list[str]) -> Reply:
        if words:
            raise _usage("pause")
        self._room.pace.stop()
        simulation = self._room.simulation
        return Reply(say(f"paused at {simulation.epoch.utc(simulation.now_ns)}"))

    # ---- commanding -----------------------------------------------------------------------------

    def _do_tc(self, words: list[str]) -> Reply:
        if not words:
            return Reply(views.telecommand_names())
        simulation = self._room.simulation
        name, rest = words[0], words[1:]
        arrive_ns = None
        service: Service = "AD" if simulation.control.commander.link.status().open else "BD"
        if len(rest) >= 2 and rest[-2].lower() == "at":
            arrive_ns = parse_time(rest[-1], simulation.epoch, simulation.now_ns)
            rest, service = rest[:-2], "BD"
        elif rest and rest[-1].lower() in ("ad", "bd"):
            service = "AD" if rest.pop().lower() == "ad" else "BD"
        arguments = shlex.join(rest)
        try:
            request = dictionary.parse_telecommand(name, arguments)
        except FswError as error:
            return Reply(views.explain(name, error), ok=False)
        if request.telecommand.hazardous:
            effect = request.telecommand.effect
            return self._ask(
                f"{request.telecommand.name} is hazardous. {effect}",
                lambda: [self._send(name, arguments, arrive_ns, service)],
            )
        return Reply([self._send(name, arguments, arrive_ns, service)])

    def _do_security(self, words: list[str]) -> Reply:
        wish = security.wish(words, self._room.simulation)
        if not isinstance(wish, security.Wish):
            return Reply(wish)

        def send() -> list[Line]:
            return [self._send("SECURITY_PROCEDURE", f"pdu={pdu.hex()}") for pdu in wish.commands]

        return self._ask(wish.hazardous, send) if wish.hazardous else Reply(send())

    def _do_release(self, words: list[str]) -> Reply:
        if words:
            raise _usage("release")
        text = "This arms and fires the release mechanism: the camera leaves. It cannot be undone."
        return self._ask(text, lambda: [self._send("RELEASE_ARM"), self._send("RELEASE_FIRE")])

    def _do_uplink(self, words: list[str]) -> Reply:
        return Reply(telecommand_link.execute(self._room.simulation, words))

    def _send(
        self, name: str, arguments: str = "", arrive_ns: int | None = None, service: Service = "BD"
    ) -> Line:
        simulation = self._room.simulation
        epoch = simulation.epoch
        arrival_ns = simulation.command(name, arguments, arrive_ns=arrive_ns, service=service)
        sent = simulation.control.telecommands()[-1]
        answer_ns = arrival_ns + self._light_time_ns(arrival_ns)
        leaves = clock(epoch, sent.radiated_ns)
        if service == "AD":
            earliest = f", arrives {clock(epoch, arrival_ns)} or later, answer due {clock(epoch, answer_ns)}"
            return [("good", f"{sent.name} given to the AD service {leaves}"), ("", earliest + " or later")]
        return [
            ("good", f"{sent.name} radiated {leaves}"),
            ("", f", arrives {clock(epoch, arrival_ns)}, answer due {clock(epoch, answer_ns)} or soon after"),
        ]

    def _light_time_ns(self, t_ns: int) -> int:
        return self._room.simulation.heavens.light_time.one_way_light_time_ns(max(0, t_ns), "down")

    # ---- what came down -------------------------------------------------------------------------

    def _do_telemetry(self, words: list[str]) -> Reply:
        simulation = self._room.simulation
        latest = simulation.control.telemetry.latest
        if not words:
            return Reply(
                [*views.telemetry_list(latest, simulation.epoch, simulation.now_ns), *self._silence()]
            )
        lines: list[Line] = []
        for word in words:
            report = views.find_report(word)
            telemetry = latest.get(report.name)
            lines += views.telemetry_report(
                report, telemetry, simulation.epoch, simulation.now_ns, self._correlation()
            )
        return Reply(lines)

    def _correlation(self) -> Correlation | None:
        time = self._room.simulation.control.time
        return None if time is None else time.correlation

    def _silence(self) -> list[Line]:
        """Why nothing has come yet."""
        simulation = self._room.simulation
        if simulation.station.frames:
            return []
        first_ns = self._light_time_ns(0)
        if simulation.now_ns > first_ns + 10 * SECOND:
            return say("no frame has been received", style="warning")
        return say(
            f"nothing can have been received before {clock(simulation.epoch, first_ns)}: light takes "
            f"{first_ns / SECOND:.1f} s",
            style="dim",
        )

    def _do_events(self, words: list[str]) -> Reply:
        number = _number("events", words, EVENTS_SHOWN)
        events = list(self._room.journal.events)[-number:]
        if not events:
            return Reply([*say("no event has been received", style="dim"), *self._silence()])
        return Reply([event_line(event, self._room.simulation.epoch) for event in events])

    def _do_verify(self, words: list[str]) -> Reply:
        number = _number("verify", words, EVENTS_SHOWN)
        simulation = self._room.simulation
        sent = simulation.control.telecommands()[-number:]

        def answer_ns(radiated_ns: int) -> int:
            return radiated_ns + 2 * self._light_time_ns(radiated_ns)

        return Reply(views.verification(sent, simulation.epoch, answer_ns))

    def _do_pictures(self, words: list[str]) -> Reply:
        store = self._room.simulation.control.pictures
        match words:
            case [] | ["all"]:
                return Reply(views.pictures(store.entries, len(store.entries) if words else PICTURES_SHOWN))
            case ["open", number]:
                entry = self._picture(number)
                path = self._keep(entry, Path(tempfile.gettempdir()) / Path(str(entry["file"])).name)
                return Reply(say(str(path)), opens=str(path))
            case ["save", number, file]:
                return Reply(say(f"saved to {self._keep(self._picture(number), Path(file))}"))
        raise _usage("pictures")

    def _do_file(self, words: list[str]) -> Reply:
        return Reply(files.execute(self._room.simulation, words))

    def _picture(self, number: str) -> dict[str, Any]:
        entries = self._room.simulation.control.pictures.entries
        if not number.isascii() or not number.isdecimal() or not 1 <= int(number) <= len(entries):
            allowed = f"1 to {len(entries)}" if entries else "none yet"
            raise FswError(f"picture {number!r}: allowed are {allowed}")
        return entries[int(number) - 1]

    def _keep(self, entry: dict[str, Any], path: Path) -> Path:
        octets = self._room.simulation.control.pictures.contents(entry["file"])
        return write_whole(path, octets)

    def _do_time(self, words: list[str]) -> Reply:
        if words:
            raise _usage("time")
        simulation = self._room.simulation
        correlation = simulation.control.time
        assert correlation is not None
        return Reply([*views.time_correlation(correlation, simulation.epoch), *self._silence()])

    # ---- the whole flight -----------------------------------------------------------------------

    def _do_snapshot(self, words: list[str]) -> Reply:
        if len(words) != 1:
            raise _usage("snapshot")
        octets = self._room.simulation.snapshot()
        path = write_whole(Path(words[0]), octets)
        return Reply(say(f"{len(octets)} octets in {path}"))

    def _do_restore(self, words: list[str]) -> Reply:
        if len(words) != 1:
            raise _usage("restore")
        room = self._room
        path = Path(words[0])
        try:
            octets = path.read_bytes()
        except OSError as error:
            raise FswError(f"snapshot {path}: {error.strerror or error}") from error
        room.simulation.restore(octets)
        room.pace.jumped()
        room.journal.clear()
        now = room.simulation.epoch.utc(room.simulation.now_ns)
        return Reply(say(f"the flight is as it was at {now}; {room.pace.text}"))

    def _do_status(self, words: list[str]) -> Reply:
        if words:
            raise _usage("status")
        status = self.status()
        simulation = self._room.simulation
        distance_km = simulation.heavens.earth_distance_km(simulation.now_ns)
        lock: Fragment = (
            ("good", f"in lock, {status['lock']} rate") if status["lock"] else ("warning", "no lock")
        )
        failures = status["frames_failed"] + status["frames_lost"]
        frames = "{frames} received, {frames_failed} undecodable, {frames_lost} missing".format(**status)
        range_m = status["range_m"]
        stages: dict[str, int] = {}
        for sent in simulation.control.telecommands():
            stages[sent.stage] = stages.get(sent.stage, 0) + 1
        rows: list[list[Fragment]] = [
            [("title", "mission"), ("", f"{status['mission']}: {simulation.mission.mission.title}")],
            [("title", "time"), ("", f"{status['utc']}  {status['pace']}")],
            [("title", "received now"), ("", f"what left the spacecraft at {status['left_utc']}")],
            [
                ("title", "Earth"),
                ("", f"{distance_km / 1e6:.3f} million km, {status['light_time_s']:.2f} s of light"),
            ],
            [("title", "downlink"), lock],
            [("title", "AD service"), telecommand_link.state(simulation.control.commander.link.status())],
            [("title", "frames"), ("warning" if failures else "", frames)],
            [
                ("title", "camera"),
                ("", "no range yet" if range_m is None else f"{range_m:.1f} m away, by telemetry"),
            ],
            [
                ("title", "telecommands"),
                ("", ", ".join(f"{n} {stage}" for stage, n in stages.items()) or "none sent"),
            ],
            [("title", "pictures"), ("", f"{status['pictures']} files whole")],
        ]
        return Reply([*table(rows), *self._silence()])

    # ---- help and leaving -----------------------------------------------------------------------

    def _do_help(self, words: list[str]) -> Reply:
        if not words:
            rows: list[list[Fragment]] = [[("title", usage), ("", text)] for usage, text in COMMANDS.values()]
            more = (
                "`tc` alone lists the telecommands; `help NAME` explains one. Beginnings of commands will do."
            )
            return Reply([*table(rows), *say(more, style="dim")])
        word = words[0].lower()
        if word in COMMANDS:
            more_lines = files.help_lines() if word == "file" else []
            return Reply([[("title", COMMANDS[word][0]), ("", f"  {COMMANDS[word][1]}")], *more_lines])
        try:
            return Reply(views.telecommand_help(dictionary.telecommand(words[0])))
        except FswError:
            raise FswError(
                f"help {words[0]!r}: allowed are {', '.join(COMMANDS)}, and telecommands"
            ) from None

    def _do_quit(self, words: list[str]) -> Reply:
        return Reply(leaves=True)


def _usage(command: str) -> FswError:
    return FswError(f"allowed is: {COMMANDS[command][0]}")


def _number(command: str, words: list[str], default: int) -> int:
    match words:
        case []:
            return default
        case ["all"]:
            return 1 << 30
        case [number] if number.isascii() and number.isdecimal() and int(number) > 0:
            return int(number)
    raise _usage(command)
