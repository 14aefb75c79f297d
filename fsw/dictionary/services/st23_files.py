"""ST[23] file management (ECSS-E-ST-70-41C 6.23, 8.23): the on-board file store, and copies out of it.

A repository path is a directory of the store, '' for its top. A path that begins with `ground:` names the
ground's file store: a file copied there goes by CFDP, as an operation that takes its time.
"""

import construct

from fsw.dictionary.identifiers import ORBITER_APID, FailureCode, FileObject, Origin, Switch
from fsw.dictionary.layout import Group
from fsw.dictionary.parameter import Parameter
from fsw.dictionary.report import Report
from fsw.dictionary.telecommand import Argument, Telecommand

GROUND = "ground:"  # what a path begins with that is not on board
MOST_FOUND = 512

_TEXT = construct.PascalString(construct.Int8ub, "utf8")


def _name(name: str, text: str) -> Parameter:
    return Parameter(name, _TEXT, text)


def _path(name: str = "path", text: str = "Repository path; '' for the top") -> Argument:
    return Argument(_name(name, text), maximum=100)


_PATH = _path()
_FILE = Argument(_name("file", "File name"), minimum=1, maximum=100)
_OPERATION = Parameter("operation", construct.Int16ub, "File copy operation identifier")
_OPERATIONS = Argument(
    Parameter("operations", construct.Int16ub, "File copy operation identifiers"), listed=True
)
_SOURCE = (
    _path("source_path", "Repository path of the file"),
    Argument(_name("source_file", "Its name"), minimum=1, maximum=100),
)
_TARGET = (
    _path("target_path", "Where to: a repository path on board, or `ground:` and a path there"),
    Argument(_name("target_file", "Its name there"), minimum=1, maximum=100),
)
_NO_FILE, _LOCKED, _REFUSED = (
    FailureCode.NO_SUCH_FILE,
    FailureCode.FILE_LOCKED,
    FailureCode.FILE_STORE_REFUSES,
)
_NO_PATH, _EXISTS = FailureCode.NO_SUCH_DIRECTORY, FailureCode.FILE_EXISTS
_COPY = (_NO_FILE, _EXISTS, _REFUSED, FailureCode.OPERATION_EXISTS)
_NO_OPERATION = (FailureCode.NO_SUCH_ITEM,)


def _request(
    subtype: int,
    name: str,
    effect: str,
    verification: str,
    failures: tuple[FailureCode, ...],
    *arguments: Argument,
) -> Telecommand:
    return Telecommand(name, 23, subtype, effect, verification, failures, arguments)


TELECOMMANDS = (
    _request(
        1, "FILE_CREATE", "Makes an empty file.", "FILE_REPORT.", (_EXISTS, _NO_PATH, _REFUSED), _PATH, _FILE
    ),
    _request(2, "FILE_DELETE", "Deletes a file.", "DIRECTORY_SUMMARY.", (_NO_FILE, _LOCKED), _PATH, _FILE),
    _request(3, "FILE_REPORT", "Reports a file's attributes.", "FILE_ATTRIBUTES.", (_NO_FILE,), _PATH, _FILE),
    _request(
        5,
        "FILE_LOCK",
        "Locks a file: it is neither changed, moved nor deleted.",
        "FILE_REPORT.",
        (_NO_FILE,),
        _PATH,
        _FILE,
    ),
    _request(6, "FILE_UNLOCK", "Unlocks a file.", "FILE_REPORT.", (_NO_FILE,), _PATH, _FILE),
    _request(
        7,
        "FILE_FIND",
        "Searches a directory and all in it for names that fit a pattern of * and ?.",
        "FILES_FOUND.",
        (_NO_PATH,),
        _PATH,
        Argument(_name("pattern", "Search pattern"), minimum=1, maximum=100),
    ),
    _request(
        9,
        "DIRECTORY_CREATE",
        "Makes a directory.",
        "DIRECTORY_SUMMARY.",
        (_EXISTS, _NO_PATH, _REFUSED),
        _PATH,
        Argument(_name("directory", "Its name"), minimum=1, maximum=100),
    ),
    _request(
        10,
        "DIRECTORY_DELETE",
        "Deletes an empty directory.",
        "DIRECTORY_SUMMARY.",
        (_NO_PATH, FailureCode.DIRECTORY_NOT_EMPTY),
        _PATH,
        Argument(_name("directory", "Its name"), minimum=1, maximum=100),
    ),
    _request(
        11,
        "DIRECTORY_RENAME",
        "Gives a directory another name; no file in it may be locked.",
        "DIRECTORY_SUMMARY.",
        (_NO_PATH, _EXISTS, _LOCKED, _REFUSED),
        _PATH,
        Argument(_name("directory", "Its name"), minimum=1, maximum=100),
        Argument(_name("new_name", "Its name from now on"), minimum=1, maximum=100),
    ),
    _request(
        12,
        "DIRECTORY_SUMMARY",
        "Reports what is directly in a directory.",
        "DIRECTORY_CONTENT.",
        (_NO_PATH,),
        _PATH,
    ),
    _request(
        14,
        "FILE_COPY",
        "Copies a file on board at once, or begins to send it to the ground by CFDP.",
        "FILE_REPORT; of a copy to the ground EVENT_FILE_SENT or EVENT_FILE_NOT_SENT.",
        _COPY,
        Argument(_OPERATION),
        *_SOURCE,
        *_TARGET,
    ),
    _request(
        15,
        "FILE_MOVE",
        "As FILE_COPY, and the file is deleted once the copy is whole.",
        "As FILE_COPY.",
        (*_COPY, _LOCKED),
        Argument(_OPERATION),
        *_SOURCE,
        *_TARGET,
    ),
    _request(
        16,
        "FILE_COPY_SUSPEND",
        "Stops copies to the ground, and their timers.",
        "FILE_COPY_STATUS.",
        _NO_OPERATION,
        _OPERATIONS,
    ),
    _request(17, "FILE_COPY_RESUME", "Goes on with them.", "FILE_COPY_STATUS.", _NO_OPERATION, _OPERATIONS),
    _request(
        18,
        "FILE_COPY_ABORT",
        "Ends them; the ground is told.",
        "EVENT_FILE_NOT_SENT.",
        _NO_OPERATION,
        _OPERATIONS,
    ),
    _request(
        22,
        "FILE_COPY_STATUS_ENABLE",
        "Reports copies to the ground periodically.",
        "FILE_COPY_STATUS.",
        (),
        Argument(Parameter("interval_s", construct.Int16ub, "Interval", "s"), minimum=1),
    ),
    _request(24, "FILE_COPY_STATUS_DISABLE", "No longer reports them.", "FILE_COPY_STATUS stops.", ()),
)

_SIZE = Parameter("file_octets", construct.Int32ub, "Its size", "octets")
_WHERE = (_name("path", "Repository path"), _name("file", "File name"))


def _report(subtype: int, name: str, text: str, parameters: tuple[Parameter, ...], *groups: Group) -> Report:
    return Report(name, ORBITER_APID, parameters, text, Origin.OURS, 23, subtype, groups=groups)


REPORTS = (
    _report(
        4,
        "FILE_ATTRIBUTES",
        "A file's attributes",
        (*_WHERE, _SIZE, Parameter("locked", construct.Int8ub, "Locked", enumeration=Switch)),
    ),
    _report(
        8,
        "FILES_FOUND",
        "Files whose names fit",
        (_name("path", "Repository path"), _name("pattern", "Search pattern")),
        Group("found", (_name("name", "Path and name"),), "Files", count_octets=2, most=MOST_FOUND),
    ),
    _report(
        13,
        "DIRECTORY_CONTENT",
        "What is directly in a directory",
        (_name("path", "Repository path"),),
        Group(
            "objects",
            (
                Parameter("kind", construct.Int8ub, "What it is", enumeration=FileObject),
                _name("name", "Its name"),
            ),
            "Files and directories",
            count_octets=2,
            most=MOST_FOUND,
        ),
    ),
    _report(
        23,
        "FILE_COPY_STATUS",
        "Copies to the ground that are under way",
        (),
        Group(
            "copies",
            (
                _OPERATION,
                Parameter("suspended", construct.Int8ub, "Suspended", enumeration=Switch),
                Parameter("octets_sent", construct.Int32ub, "Octets sent at least once", "octets"),
                _SIZE,
            ),
            "Copies",
            count_octets=2,
            most=MOST_FOUND,
        ),
    ),
)
