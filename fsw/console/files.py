"""`file`: files up and down by CFDP, the stores at both ends, and the transfers under way."""

from pathlib import Path

from fsw.console.text import Fragment, Line, say, table
from fsw.console.words import clock, span
from fsw.core.errors import FswError
from fsw.dictionary.identifiers import GROUND_ENTITY
from fsw.ground.control_centre import Steer
from fsw.ground.files import transfer_name
from fsw.ground.whole_file import save
from fsw.protocols.cfdp_filestore import MOST_NAME_OCTETS, FileAction, FilestoreRequest, tame
from fsw.protocols.cfdp_messages import (
    DirectoryListingRequest,
    ProxyPut,
    RemoteResume,
    RemoteSuspend,
)
from fsw.protocols.cfdp_messages import Request as FileRequest
from fsw.protocols.cfdp_sender import PutRequest
from fsw.protocols.cfdp_transfer import Standing
from fsw.simulation import Simulation

# What may follow `file`, with what it does.
WISHES = {
    "send": ("send FILE [NAME]", "a file of this computer goes up, to be NAME on board"),
    "list": ("list [DIR]", "ask what is in a directory on board"),
    "fetch": ("fetch NAME [AS]", "ask for a file on board; it comes into the ground's store"),
    "delete": ("delete NAME", "ask to delete a file on board"),
    "rename": ("rename OLD NEW", "ask to rename or move a file on board"),
    "mkdir": ("mkdir DIR", "ask to make a directory on board"),
    "rmdir": ("rmdir DIR", "ask to remove an empty directory on board"),
    "suspend": ("suspend TRANSFER", "hold a transfer at the end that sends it: up3, down7"),
    "resume": ("resume TRANSFER", "go on with it"),
    "cancel": ("cancel TRANSFER", "end it"),
    "ground": ("ground [DIR]", "what is in the ground's store"),
    "save": ("save NAME FILE", "copy a file of the ground's store to this computer"),
}
USAGE = f"file [{' | '.join(WISHES)}] ..."
LISTINGS = "listings"  # where answers to `file list` are kept, in the ground's store


def execute(simulation: Simulation, words: list[str]) -> list[Line]:
    """What the words after `file` ask for. Raises FswError on others, and on what cannot be."""
    match words:
        case []:
            return show(simulation)
        case ["send", file, *name] if len(name) < 2:
            return _send(simulation, file, *name)
        case ["list", *directory] if len(directory) < 2:
            name = _name(directory[0].strip("/")) if directory and directory[0].strip("/") else ""
            return _ask(simulation, DirectoryListingRequest(name, _listing_name(name)))
        case ["fetch", name, *target] if len(target) < 2:
            wanted = ProxyPut(GROUND_ENTITY, _name(name), _name(*target or [name]), acknowledged=True)
            return _ask(simulation, wanted)
        case ["delete", name]:
            return _request(simulation, FilestoreRequest(FileAction.DELETE_FILE, _name(name)))
        case ["rename", old, new]:
            return _request(simulation, FilestoreRequest(FileAction.RENAME_FILE, _name(old), _name(new)))
        case ["mkdir", name]:
            return _request(simulation, FilestoreRequest(FileAction.CREATE_DIRECTORY, _name(name)))
        case ["rmdir", name]:
            return _request(simulation, FilestoreRequest(FileAction.REMOVE_DIRECTORY, _name(name)))
        case ["suspend" | "resume" | "cancel" as how, transfer]:
            return _steer(simulation, how, transfer)
        case ["ground", *directory] if len(directory) < 2:
            return _ground(simulation, "".join(directory))
        case ["save", name, file]:
            return _save(simulation, name, file)
    if words[0] in WISHES:
        raise FswError(f"allowed is: file {WISHES[words[0]][0]}")
    raise FswError(f"allowed is: {USAGE}; `help file` says what each does")


def help_lines() -> list[Line]:
    """What each does."""
    rows: list[list[Fragment]] = [
        [("title", f"  file {usage}"), ("", text)] for usage, text in WISHES.values()
    ]
    return [[("title", "  file"), ("", "  what is under way")], *table(rows)]


def show(simulation: Simulation) -> list[Line]:
    """Transfers under way, as far as the ground knows."""
    entity = simulation.control.files
    rows: list[list[Fragment]] = [[("title", head) for head in ("transfer", "file", "octets", "of", "")]]
    for standing in entity.standings():
        unnamed = "request" if standing.source == GROUND_ENTITY else "-"
        rows.append(
            [
                ("", transfer_name(standing.source, standing.sequence)),
                ("", standing.name or unnamed),
                ("", str(standing.octets)),
                ("", "?" if standing.size is None else str(standing.size)),
                ("warning" if standing.suspended else "dim", _state(standing)),
            ]
        )
    return table(rows, right=(2, 3)) if len(rows) > 1 else say("no file is under way", style="dim")


def _state(standing: Standing) -> str:
    if standing.suspended:
        return "suspended: `file resume` goes on"
    if standing.source != GROUND_ENTITY:
        return "coming"
    if not standing.name:
        return "waits for its answer"
    return "sent: waits for the answer" if standing.octets == standing.size else "going"


def _name(name: str) -> str:
    """A name in a file store. Raises FswError on one that no store has."""
    if not tame(name):
        raise FswError(
            f"file name {name!r}: allowed are relative names of up to {MOST_NAME_OCTETS} octets, with '/'"
            " between directories, without '.' and '..'"
        )
    return name


def _listing_name(directory: str) -> str:
    name = f"{LISTINGS}/{directory.replace('/', '.') or 'all'}"
    return name if tame(name) else f"{LISTINGS}/other"


def _send(simulation: Simulation, file: str, name: str | None = None) -> list[Line]:
    path = Path(file).expanduser()
    target = _name(path.name if name is None else name)
    most = simulation.mission.files.store_octets
    try:
        size = path.stat().st_size
        fits = path.is_file() and size <= most
        octets = path.read_bytes() if fits else b""
    except OSError as error:
        raise FswError(f"{path}: {error.strerror or error}") from error
    if not fits:
        what = f"{size} octets" if path.is_file() else "no file"
        raise FswError(f"{path}: {what}; allowed are files of up to {most} octets, as the store on board is")
    sequence = simulation.send_file(PutRequest(target, octets))
    least_ns = len(octets) * simulation.control.commander.link.transmitter.octet_ns
    text = f", {len(octets)} octets, {span(least_ns)} and more on the air; {_answer(simulation, least_ns)}"
    return [[("good", f"{target} goes up as up{sequence}"), ("", text)]]


def _answer(simulation: Simulation, later_ns: int = 0) -> str:
    """When the spacecraft's answer to what goes up now can be here."""
    leaves_ns = simulation.now_ns + later_ns
    light = simulation.heavens.light_time
    arrival_ns = leaves_ns + light.one_way_light_time_ns(leaves_ns, "up")
    answer_ns = arrival_ns + light.one_way_light_time_ns(arrival_ns, "down")
    return f"answer due {clock(simulation.epoch, answer_ns)} or later"


def _ask(simulation: Simulation, wanted: FileRequest) -> list[Line]:
    sequence = simulation.ask_for_file(wanted)
    told: list[Line] = [[("good", f"request up{sequence} goes up"), ("", f"; {_answer(simulation)}")]]
    if simulation.x_band.heard == "low":
        told += say("files come down in the high rate only: `tc DOWNLINK_RATE HIGH`", style="dim")
    return told


def _request(simulation: Simulation, request: FilestoreRequest) -> list[Line]:
    """A request to the store on board, with no file: its answer comes with the end of the transaction."""
    put = PutRequest("", b"", filestore_requests=(request.encode(),), acknowledged=True)
    sequence = simulation.send_file(put)
    return [[("good", f"request up{sequence} goes up"), ("", f"; {_answer(simulation)}")]]


def _steer(simulation: Simulation, how: Steer, transfer: str) -> list[Line]:
    """At the sending end: ours at once, the spacecraft's by asking for it. A cancel ends it here at once."""
    standing = _standing(simulation, transfer)
    said = {"suspend": "suspended", "resume": "goes on", "cancel": "cancelled"}[how]
    if standing.source == GROUND_ENTITY or how == "cancel":
        simulation.steer_file(how, standing.source, standing.sequence)
        return say(f"{transfer_name(standing.source, standing.sequence)} {said}", style="good")
    kind = RemoteSuspend if how == "suspend" else RemoteResume
    simulation.steer_file(how, standing.source, standing.sequence)
    return _ask(simulation, kind(standing.source, standing.sequence))


def _standing(simulation: Simulation, transfer: str) -> Standing:
    standings = {transfer_name(s.source, s.sequence): s for s in simulation.control.files.standings()}
    found = standings.get(transfer.lower())
    if found is None:
        raise FswError(f"transfer {transfer!r}: allowed are {', '.join(standings) or 'none now'}")
    return found


def _ground(simulation: Simulation, directory: str) -> list[Line]:
    octets = simulation.control.store.listing(directory)
    if octets is None:
        raise FswError(f"directory {directory!r}: the ground's store has no such one")
    rows: list[list[Fragment]] = [
        [("", cell) for cell in (name, size)]
        for name, _, size in (line.partition("\t") for line in octets.decode("utf-8", "replace").splitlines())
    ]
    return table(rows, right=(1,)) if rows else say("nothing", style="dim")


def _save(simulation: Simulation, name: str, file: str) -> list[Line]:
    octets = simulation.control.store.read(name)
    if octets is None:
        raise FswError(f"file {name!r}: the ground's store has no such one; `file ground` lists it")
    return say(f"saved to {write_whole(Path(file), octets)}")


def write_whole(path: Path, octets: bytes) -> Path:
    """Whole or not at all; where that is."""
    path = path.expanduser().absolute()
    save(path, octets)
    return path
