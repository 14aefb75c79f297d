"""`uplink`: the telecommand link as the operator sees it, and its AD service in his hand (COP-1, 232.1-B)."""

from fsw.console.text import Fragment, Line, say, table
from fsw.console.words import clock, parse_duration, span
from fsw.core.errors import FswError
from fsw.ground.command_link import ChannelStatus
from fsw.kernel.time import Epoch
from fsw.protocols.clcw import Clcw
from fsw.protocols.fop import Directive
from fsw.protocols.fop_table import FopState
from fsw.simulation import Simulation

USAGE = "uplink [open [check | unlock | set-vr N | unchecked] | close | resume | set NAME VALUE]"
HOWS = {
    "check": "as soon as a control word shows nothing wrong",
    "unlock": "by Unlock, which ends a lockout on board",
    "set-vr": "by Set V(R) to the number that follows",
    "unchecked": "at once, whatever the spacecraft's state",
}
SETTINGS = {
    "vs": (Directive.SET_VS, "V(S), the number of the next frame; while the service is closed"),
    "window": (Directive.SET_WINDOW, "K, frames sent ahead of their acknowledgement"),
    "t1": (Directive.SET_T1, "time to wait for an acknowledgement, such as 190s"),
    "limit": (Directive.SET_TRANSMISSION_LIMIT, "how often a frame is sent at most"),
    "timeout": (Directive.SET_TIMEOUT_TYPE, "after the last time: alert (0) or suspend (1)"),
}
STATE_TEXTS = {
    FopState.ACTIVE: "open",
    FopState.RETRANSMIT: "open, sending again what is missing",
    FopState.RETRANSMIT_WAIT: "open, but the spacecraft asks to wait",
    FopState.INITIALISING: "opening: waits for a good control word",
    FopState.INITIALISING_BC: "opening: waits for the answer to Unlock or Set V(R)",
    FopState.INITIAL: "closed",
}


def execute(simulation: Simulation, words: list[str]) -> list[Line]:
    """What the words after `uplink` ask for. Raises FswError on others, and on what cannot be now."""
    match words:
        case []:
            status = simulation.control.commander.link.status()
            return show(status, simulation.epoch, simulation.now_ns)
        case ["open"]:
            return say(f"{simulation.initiate()}: on its way")
        case ["open", "set-vr", number]:
            return say(f"{simulation.initiate('set-vr', value=_number(number))}: on its way")
        case ["open", ("check" | "unlock" | "unchecked") as how]:
            return say(f"{simulation.initiate(how)}: on its way")
        case ["close"]:
            simulation.direct(Directive.TERMINATE)
            return say("the AD service is closed")
        case ["resume"]:
            simulation.direct(Directive.RESUME)
            return say("the AD service goes on")
        case ["set", name, value] if name in SETTINGS:
            directive, _ = SETTINGS[name]
            simulation.direct(directive, _value(name, value))
            return say(f"{name} is {value}")
    raise FswError(f"allowed is: {USAGE}; NAME is one of {', '.join(SETTINGS)}")


def show(status: ChannelStatus, epoch: Epoch, now_ns: int) -> list[Line]:
    """COP-1 of a virtual channel: both ends, as far as the ground knows."""
    due = "" if status.due_ns is None else f", runs out {clock(epoch, status.due_ns)}"
    sent = f"transmission {status.transmission_count} of {status.transmission_limit}"
    return table(
        [
            [("title", "virtual channel"), ("", str(status.virtual_channel))],
            [("title", "AD service"), state(status)],
            [("title", "frames"), ("", f"{status.outstanding} outstanding, {status.waiting} waiting")],
            [("title", "numbers"), ("", f"V(S) {status.vs}, N(R) {status.nn_r}, window {status.window}")],
            [("title", "timer"), ("", f"T1 {span(status.t1_ns)}, {sent}{due}")],
            [("title", "control word"), _word(status, epoch, now_ns)],
        ]
    )


def state(status: ChannelStatus) -> Fragment:
    """In words."""
    if status.suspended:
        return ("warning", "suspended: `uplink resume` goes on")
    text = f"{STATE_TEXTS[status.state]} (S{int(status.state)})"
    return ("good" if status.state is FopState.ACTIVE else "warning" if status.open else "dim", text)


def flags(word: Clcw) -> str:
    """What a control word shows besides numbers; 'nothing wrong' if none is set."""
    shown = (
        ("lockout", word.lockout),
        ("wait", word.wait),
        ("retransmit", word.retransmit),
        ("no carrier", word.no_rf),
        ("no bit lock", word.no_bit_lock),
    )
    return ", ".join(text for text, is_set in shown if is_set) or "nothing wrong"


def _word(status: ChannelStatus, epoch: Epoch, now_ns: int) -> Fragment:
    word = status.word
    if word is None:
        return ("dim", "none has come")
    age = f"received {clock(epoch, status.word_ns)}, {span(now_ns - status.word_ns)} ago: "
    numbers = f"N(R) {word.report_value}, FARM-B {word.farm_b}, "
    return ("warning" if word.lockout or word.wait else "", age + numbers + flags(word))


def _number(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise FswError(f"{text!r}: allowed are whole numbers")
    return int(text)


def _value(name: str, text: str) -> int:
    if name == "t1":
        return parse_duration(text)
    if name == "timeout" and text in ("alert", "suspend"):
        return int(text == "suspend")
    return _number(text)
