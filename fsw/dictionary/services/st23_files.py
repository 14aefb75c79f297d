"""ST[23] file management (ECSS-E-ST-70-41C 6.23, 8.23): the on-board file store, and copies to and from it.

A repository path is a directory of the store, '' for its top. A path that begins with `ground:` names the
ground's file store: a file copied there goes by CFDP, one copied from there is asked for by CFDP, as an
operation that takes its time.
"""

from functools import partial

import construct

from fsw.dictionary.identifiers import FailureCode, FileObject, Switch
from fsw.dictionary.layout import Group
from fsw.dictionary.parameter import Parameter
from fsw.dictionary.services.declare import report, request
from fsw.dictionary.telecommand import Argument

GROUND = "ground:"  # what a path begins with that is not on board
MOST_FOUND = 512

_TEXT = construct.PascalString(construct.Int8ub, "utf8")


def _name(name: str, text: str) -> Parameter:
    return Parameter(name, _TEXT, text)


def _path(name: str = "path", text: str = "Repository path; '' for the top") -> Argument:
    return Argument(_name(name, text), maximum=100)


PATH = _path()
FILE = Argument(_name("file", "File name"), minimum=1, maximum=100)
_OPERATION = Parameter("operation", construct.Int16ub, "File copy operation identifier")
_OPERATIONS = Argument(
    Parameter("operations", construct.Int16ub, "File copy operation identifiers"), listed=True
)
_INVOLVED = _path(text="Repository path, or `ground:` and a path there; '' for all on board")
_SOURCE = (
    _path("source_path", "Where from: a repository path on board, or `ground:` and a path there"),
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

_request, _report = partial(request, 23), partial(report, 23)
TELECOMMANDS = (
    _request(
        "FILE_CREATE",
        1,
        "Makes an empty file.",
        "FILE_REPORT.",
        PATH,
        FILE,
        failures=(_EXISTS, _NO_PATH, _REFUSED),
    ),
    _request(
        "FILE_DELETE", 2, "Deletes a file.", "DIRECTORY_SUMMARY.", PATH, FILE, failures=(_NO_FILE, _LOCKED)
    ),
    _request(
        "FILE_REPORT",
        3,
        "Reports a file's attributes.",
        "FILE_ATTRIBUTES.",
        PATH,
        FILE,
        failures=(_NO_FILE,),
    ),
    _request(
        "FILE_LOCK",
        5,
        "Locks a file: it is neither changed, moved nor deleted.",
        "FILE_REPORT.",
        PATH,
        FILE,
        failures=(_NO_FILE,),
    ),
    _request("FILE_UNLOCK", 6, "Unlocks a file.", "FILE_REPORT.", PATH, FILE, failures=(_NO_FILE,)),
    _request(
        "FILE_FIND",
        7,
        "Searches a directory and all in it for names that fit a pattern of * and ?.",
        "FILES_FOUND.",
        PATH,
        Argument(_name("pattern", "Search pattern"), minimum=1, maximum=100),
        failures=(_NO_PATH,),
    ),
    _request(
        "DIRECTORY_CREATE",
        9,
        "Makes a directory.",
        "DIRECTORY_SUMMARY.",
        PATH,
        Argument(_name("directory", "Its name"), minimum=1, maximum=100),
        failures=(_EXISTS, _NO_PATH, _REFUSED),
    ),
    _request(
        "DIRECTORY_DELETE",
        10,
        "Deletes an empty directory.",
        "DIRECTORY_SUMMARY.",
        PATH,
        Argument(_name("directory", "Its name"), minimum=1, maximum=100),
        failures=(_NO_PATH, FailureCode.DIRECTORY_NOT_EMPTY),
    ),
    _request(
        "DIRECTORY_RENAME",
        11,
        "Gives a directory another name; no file in it may be locked.",
        "DIRECTORY_SUMMARY.",
        PATH,
        Argument(_name("directory", "Its name"), minimum=1, maximum=100),
        Argument(_name("new_name", "Its name from now on"), minimum=1, maximum=100),
        failures=(_NO_PATH, _EXISTS, _LOCKED, _REFUSED),
    ),
    _request(
        "DIRECTORY_SUMMARY",
        12,
        "Reports what is directly in a directory, one of the ground's (`ground:`) when its listing has come.",
        "DIRECTORY_CONTENT; EVENT_FILE_NOT_RECEIVED if the ground has no such directory.",
        PATH,
        failures=(_NO_PATH, _REFUSED),
    ),
    _request(
        "FILE_COPY",
        14,
        "Copies a file on board at once, or begins to send it to the ground, or to ask the ground for it.",
        "FILE_REPORT; to or from the ground EVENT_FILE_SENT, _NOT_SENT, _RECEIVED or _NOT_RECEIVED.",
        Argument(_OPERATION),
        *_SOURCE,
        *_TARGET,
        failures=_COPY,
    ),
    _request(
        "FILE_MOVE",
        15,
        "As FILE_COPY, and the file is deleted once the copy is whole.",
        "As FILE_COPY.",
        Argument(_OPERATION),
        *_SOURCE,
        *_TARGET,
        failures=(*_COPY, _LOCKED),
    ),
    _request(
        "FILE_COPY_SUSPEND",
        16,
        "Stops copies to or from the ground; one from there once it has begun to come.",
        "FILE_COPY_STATUS.",
        _OPERATIONS,
        failures=_NO_OPERATION,
    ),
    _request(
        "FILE_COPY_RESUME", 17, "Goes on with them.", "FILE_COPY_STATUS.", _OPERATIONS, failures=_NO_OPERATION
    ),
    _request(
        "FILE_COPY_ABORT",
        18,
        "Ends them; the ground is told.",
        "EVENT_FILE_NOT_SENT or EVENT_FILE_NOT_RECEIVED.",
        _OPERATIONS,
        failures=_NO_OPERATION,
    ),
    _request(
        "FILE_COPIES_SUSPEND",
        19,
        "As FILE_COPY_SUSPEND, all copies from or to a path and what is below it.",
        "FILE_COPY_STATUS.",
        _INVOLVED,
        failures=(_NO_PATH,),
    ),
    _request(
        "FILE_COPIES_RESUME",
        20,
        "As FILE_COPY_RESUME, all copies from or to a path and what is below it.",
        "FILE_COPY_STATUS.",
        _INVOLVED,
        failures=(_NO_PATH,),
    ),
    _request(
        "FILE_COPIES_ABORT",
        21,
        "As FILE_COPY_ABORT, all copies from or to a path and what is below it.",
        "EVENT_FILE_NOT_SENT or EVENT_FILE_NOT_RECEIVED.",
        _INVOLVED,
        failures=(_NO_PATH,),
    ),
    _request(
        "FILE_COPY_STATUS_ENABLE",
        22,
        "Reports copies to and from the ground periodically.",
        "FILE_COPY_STATUS.",
        Argument(Parameter("interval_s", construct.Int16ub, "Interval", "s"), minimum=1),
    ),
    _request("FILE_COPY_STATUS_DISABLE", 24, "No longer reports them.", "FILE_COPY_STATUS stops."),
)

_SIZE = Parameter("file_octets", construct.Int32ub, "Its size", "octets")
_WHERE = (_name("path", "Repository path"), _name("file", "File name"))

REPORTS = (
    _report(
        "FILE_ATTRIBUTES",
        4,
        "A file's attributes",
        *_WHERE,
        _SIZE,
        Parameter("locked", construct.Int8ub, "Locked", enumeration=Switch),
    ),
    _report(
        "FILES_FOUND",
        8,
        "Files whose names fit",
        _name("path", "Repository path"),
        _name("pattern", "Search pattern"),
        Group("found", (_name("name", "Path and name"),), "Files", count_octets=2, most=MOST_FOUND),
    ),
    _report(
        "DIRECTORY_CONTENT",
        13,
        "What is directly in a directory",
        _name("path", "Repository path"),
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
        "FILE_COPY_STATUS",
        23,
        "Copies to and from the ground that are under way",
        Group(
            "copies",
            (
                _OPERATION,
                Parameter("suspended", construct.Int8ub, "Suspended", enumeration=Switch),
                Parameter("octets_copied", construct.Int32ub, "Octets sent once, or received", "octets"),
                _SIZE,
            ),
            "Copies",
            count_octets=2,
            most=MOST_FOUND,
        ),
    ),
)
