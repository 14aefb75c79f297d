"""The operator's `security`: what protects the telecommand link, and the management of its keys."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fsw.console.text import Fragment, Line, say, table
from fsw.core.errors import FswError
from fsw.ground.telemetry import TelemetryProcessor
from fsw.simulation import Simulation

if TYPE_CHECKING:  # loads OpenSSL, which a flight without security does not need
    from fsw.ground.security import GroundSecurity, Role

USAGE = "security [ping | inventory | log | erase | test | alarm | verify KEY | number SPI | status SPI]"
MANAGING = "security renew KEY ad|bd | retire SPI | use SPI ad|bd | synchronise SPI | window SPI N"


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be sent: protocol data units, in order. hazardous: why to ask before, or nothing."""

    commands: list[bytes]
    hazardous: str = ""


def wish(words: list[str], simulation: Simulation) -> Wish | list[Line]:
    """What the operator wants sent, or lines to show. Raises FswError on what is not understood."""
    security = simulation.control.security
    if security is None:
        raise FswError("telecommands are not protected on this flight: `fsw keys` and --keys do that")
    if not words:
        return overview(security, simulation.control.telemetry)
    from fsw.protocols import sdls_pdu
    from fsw.protocols.sdls_pdu import Procedure

    plain = {
        "ping": Procedure.PING,
        "log": Procedure.DUMP_LOG,
        "erase": Procedure.ERASE_LOG,
        "test": Procedure.SELF_TEST,
        "alarm": Procedure.RESET_ALARM,
    }
    match [word.lower() for word in words]:
        case [word] if word in plain:
            return Wish([sdls_pdu.encode(plain[word])])
        case ["inventory"]:
            return Wish([sdls_pdu.key_inventory(0, 0xFFFF)])
        case ["verify", key]:
            return Wish([security.verify(_number(key))])
        case ["number", spi]:
            return Wish([sdls_pdu.on_association(Procedure.READ_NUMBER, _number(spi))])
        case ["status", spi]:
            return Wish([sdls_pdu.on_association(Procedure.STATUS, _number(spi))])
        case ["window", spi, window]:
            return Wish([sdls_pdu.set_window(_number(spi), _number(window, 255))])
        case ["synchronise", spi]:
            return Wish([security.synchronise(_number(spi))])
        case ["use", spi, role]:
            security.use(_role(role), _number(spi))
            return say(f"type-{_role(role)} frames are protected by SPI {spi} from now on")
        case ["renew", key, role]:
            return Wish(
                security.renew(_number(key), _role(role)),
                f"Uploads key {key} and has it protect type-{_role(role)} frames.",
            )
        case ["retire", spi]:
            return Wish(security.retire(_number(spi)), f"Ends SPI {spi} and destroys its key at both ends.")
    raise FswError(f"allowed are: {USAGE}; {MANAGING}")


def overview(security: "GroundSecurity", telemetry: TelemetryProcessor) -> list[Line]:
    """Associations as the ground has them, and what the spacecraft has told."""
    lines: list[Line] = []
    if security.published:
        lines += say("the keys are published test keys: they protect nothing", style="alarm")
    heads = ("SPI", "service", "key", "state", "for", "sent", "window")
    rows: list[list[Fragment]] = [[("title", head) for head in heads]]
    used = {spi: role for role, spi in security.roles.items()}
    for spi, one in security.unit.associations.items():
        texts = (
            str(spi),
            one.service.name.lower().replace("_", " "),
            "-" if one.key_id is None else str(one.key_id),
            one.state.name.lower(),
            used.get(spi, "-"),
            str(security.frames_sent(spi)),
            str(one.window),
        )
        rows.append([("", text) for text in texts])
    lines += table(rows, right=(0, 2, 5, 6))
    values = telemetry.latest.get("HOUSEKEEPING_SECURITY")
    if values is None:
        return lines + say("nothing has been told by the spacecraft yet", style="dim")
    told = {name: str(value.value) for name, value in values.values.items()}
    refused = (
        f"{told['frames_refused']} refused ({told['frames_forged']} forged or damaged, "
        f"{told['frames_replayed']} replayed or stale, {told['frames_outside_window']} beyond the window)"
    )
    style = "" if told["frames_refused"] == "0" else "warning"
    lines += say(f"on board: {told['frames_authentic']} frames taken, {refused}", style=style)
    if security.out_of_step:
        text = f"{security.out_of_step} procedures were done on board and could not be followed here"
        lines += say(text, style="alarm")
    return lines


def _number(text: str, most: int = 0xFFFF) -> int:
    if not text.isascii() or not text.isdecimal() or not 0 < int(text) <= most:
        raise FswError(f"{text!r}: allowed are 1 to {most}")
    return int(text)


def _role(text: str) -> "Role":
    if text == "ad":
        return "AD"
    if text == "bd":
        return "BD"
    raise FswError(f"{text!r}: allowed are ad, bd")
