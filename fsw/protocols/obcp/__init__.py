"""On-board control procedures: a small language that cannot hang the spacecraft.

Written on the ground, compiled to checked byte code (`compile_procedure`), loaded as octets
(`Program.decode` refuses what is not whole), run on board a slice at a time (`Machine`). The words
are those of ECSS-E-ST-70-01C; the language, its byte code and its limits are ours.

    procedure open_eyes (wait_s: integer, gain: real)
    version 2
    limit time 600 s                         # of mission time, in all
    limit instructions 20000                 # in all

    integer tries := 0
    step 1
    send WIFI state=ON                       # fails the procedure unless it completes
    while hk.wifi != "LINKED" limit 10       # an eleventh round fails the procedure
      wait wait_s s
      tries := tries + 1
    end
    step 2
    try send CAMERA_START timeout 20 s       # goes on either way; then `ok` and `failure` tell
    if not ok and failure = 19
      raise medium 1 tries                   # event with number 1 and a value
      fail 7
    end
    send CAMERA_EXPOSURE exposure_us=0 gain=(gain * 2)
    wait until hk.frames_taken > 100 timeout 3 min every 5 s
    wait event SELECTION_DONE timeout 60 s
    if not ok
      stop
    end

Statements, one a line, `#` begins a comment:

    integer NAME := VALUE, real NAME := VALUE    a local variable, from here on
    NAME := VALUE
    if C / elif C / else / end
    while C limit N / end        N rounds at most; one more fails the procedure
    repeat VALUE / end           so many rounds
    leave                        out of the innermost loop
    wait VALUE ms|s|min
    wait until C timeout VALUE UNIT [every VALUE UNIT]   `ok` tells whether C came true; every 1 s
    wait event NAME timeout VALUE UNIT                   `ok` tells whether it came
    send NAME arguments [timeout VALUE UNIT]             as an operator writes them, or (VALUE); 61 s
    try send ...
    raise info|low|medium|high NUMBER [VALUE]
    step NUMBER                  where the ground may have it suspended or stopped
    stop                         completes; so does the end of the text
    fail NUMBER

Values: integers of 64 bits, reals of 64 bits, truth. `hk.NAME` reads a housekeeping parameter when
it is reached, and may be compared with a text of its enumeration. `elapsed` is seconds since
activation. + - * and `/` (real), `div` and `mod` (towards zero), `abs min max round real`, comparisons
`= != < <= > >=`, `and or not`, which evaluate both sides. An integer goes where a real is needed, not
the other way round. What overflows, divides by zero or is no number fails the procedure.

Time: each activation runs at most `SLICE` instructions; then others run. A wait takes mission time.
"""

from fsw.protocols.obcp.compiler import Compiled, ProcedureError, compile_procedure
from fsw.protocols.obcp.instructions import (
    MAX_INSTRUCTIONS,
    MAX_PROGRAM_OCTETS,
    MAX_RUN_TIME_S,
    SLICE,
    Severity,
)
from fsw.protocols.obcp.machine import (
    Asleep,
    Awaiting,
    Busy,
    End,
    Ended,
    Happening,
    Machine,
    Raised,
    Reached,
    Reading,
    Sending,
)
from fsw.protocols.obcp.program import Packaged, Program, Unsound
from fsw.protocols.obcp.vocabulary import Hole, ParameterWord, TelecommandWord, Vocabulary

__all__ = [
    "MAX_INSTRUCTIONS",
    "MAX_PROGRAM_OCTETS",
    "MAX_RUN_TIME_S",
    "SLICE",
    "Asleep",
    "Awaiting",
    "Busy",
    "Compiled",
    "End",
    "Ended",
    "Happening",
    "Hole",
    "Machine",
    "Packaged",
    "ParameterWord",
    "ProcedureError",
    "Program",
    "Raised",
    "Reached",
    "Reading",
    "Sending",
    "Severity",
    "TelecommandWord",
    "Unsound",
    "Vocabulary",
    "compile_procedure",
]
