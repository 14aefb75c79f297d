"""FOP-1's states, alert reasons and state table: 232.1-B-2 table 5-1, as data.

A cell of the text: actions from left to right (what they do stands in `fop.py`), then the next state after
'>'; '-' ignores the event; 'n/a' cannot happen, by the standard's word. Alert and suspend end in S6.

One cell does more than the standard asks: E16 (E104) in S3 is ignored there, and leaves T1 stopped. If the
retransmission is then lost and the next report acknowledges a part (E6), frames are outstanding in S1, the
spacecraft reports nothing wrong, and no timer runs: the service stands still until somebody sends again. SPIN
finds that (tools/proof, -DIGNORE_T1_IN_S3); starting T1 again, and nothing else, closes it.
"""

from enum import Enum, IntEnum


class FopState(IntEnum):
    ACTIVE = 1
    RETRANSMIT = 2
    RETRANSMIT_WAIT = 3
    INITIALISING = 4
    INITIALISING_BC = 5
    INITIAL = 6


class AlertReason(Enum):
    """Table 4-4."""

    LIMIT = "limit"
    T1 = "T1"
    LOCKOUT = "lockout"
    SYNCH = "synch"
    NN_R = "NN(R)"
    CLCW = "CLCW"
    LLIF = "lower layer"
    TERM = "terminated"


_TEXT = """
event | S1 active             | S2 retransmit         | S3 retransmit, wait   | S4 initialising      | S5 initialising, BC       | S6 initial
E1    | -                     | alert:SYNCH           | alert:SYNCH           | confirm cancel >1    | confirm release cancel >1 | -
E2    | remove cancel look    | remove cancel look >1 | remove cancel look >1 | n/a                  | n/a                       | -
E3    | alert:CLCW            | alert:CLCW            | alert:CLCW            | alert:CLCW           | alert:CLCW                | -
E4    | alert:SYNCH           | alert:SYNCH           | alert:SYNCH           | alert:SYNCH          | -                         | -
E5    | -                     | alert:SYNCH           | alert:SYNCH           | n/a                  | n/a                       | -
E6    | remove look           | remove look >1        | remove look >1        | n/a                  | n/a                       | -
E7    | alert:CLCW            | alert:CLCW            | alert:CLCW            | n/a                  | n/a                       | -
E101  | remove alert:LIMIT    | remove alert:LIMIT    | remove alert:LIMIT    | n/a                  | n/a                       | -
E102  | alert:LIMIT           | alert:LIMIT           | alert:LIMIT           | n/a                  | n/a                       | -
E8    | remove again look >2  | remove again look     | remove again look >2  | n/a                  | n/a                       | -
E9    | remove >3             | remove >3             | remove                | n/a                  | n/a                       | -
E10   | again look >2         | -                     | again look >2         | n/a                  | n/a                       | -
E11   | >3                    | >3                    | -                     | n/a                  | n/a                       | -
E12   | >2                    | -                     | >2                    | n/a                  | n/a                       | -
E103  | >3                    | >3                    | -                     | n/a                  | n/a                       | -
E13   | alert:NN_R            | alert:NN_R            | alert:NN_R            | alert:NN_R           | -                         | -
E14   | alert:LOCKOUT         | alert:LOCKOUT         | alert:LOCKOUT         | alert:LOCKOUT        | -                         | -
E15   | alert:CLCW            | alert:CLCW            | alert:CLCW            | alert:CLCW           | alert:CLCW                | -
E16   | again look            | again look            | start                 | alert:T1             | again_bc look_bc          | n/a
E104  | again look            | again look            | start                 | suspend              | again_bc look_bc          | n/a
E17   | alert:T1              | alert:T1              | alert:T1              | alert:T1             | alert:T1                  | n/a
E18   | suspend               | suspend               | suspend               | suspend              | alert:T1                  | n/a
E19   | enqueue look          | enqueue look          | enqueue               | reject               | reject                    | reject
E20   | reject                | reject                | reject                | reject               | reject                    | reject
E21   | send_bd               | send_bd               | send_bd               | send_bd              | send_bd                   | send_bd
E22   | reject                | reject                | reject                | reject               | reject                    | reject
E23   | reject                | reject                | reject                | reject               | reject                    | accept initialise done >1
E24   | reject                | reject                | reject                | reject               | reject                    | accept initialise pend start >4
E25   | reject                | reject                | reject                | reject               | reject                    | accept initialise pend unlock >5
E26   | reject                | reject                | reject                | reject               | reject                    | reject
E27   | reject                | reject                | reject                | reject               | reject                    | accept initialise pend number set_vr >5
E28   | reject                | reject                | reject                | reject               | reject                    | reject
E29   | accept alert:TERM done | accept alert:TERM done | accept alert:TERM done | accept alert:TERM done | accept alert:TERM done | accept done
E30   | reject                | reject                | reject                | reject               | reject                    | reject
E31   | n/a                   | n/a                   | n/a                   | n/a                  | n/a                       | accept resume done >1
E32   | n/a                   | n/a                   | n/a                   | n/a                  | n/a                       | accept resume done >2
E33   | n/a                   | n/a                   | n/a                   | n/a                  | n/a                       | accept resume done >3
E34   | n/a                   | n/a                   | n/a                   | n/a                  | n/a                       | accept resume done >4
E35   | reject                | reject                | reject                | reject               | reject                    | set_vs
E36   | accept manage done    | accept manage done    | accept manage done    | accept manage done   | accept manage done        | accept manage done
E37   | accept manage done    | accept manage done    | accept manage done    | accept manage done   | accept manage done        | accept manage done
E38   | accept manage done    | accept manage done    | accept manage done    | accept manage done   | accept manage done        | accept manage done
E39   | accept manage done    | accept manage done    | accept manage done    | accept manage done   | accept manage done        | accept manage done
E40   | reject                | reject                | reject                | reject               | reject                    | reject
E41   | ready:AD look         | ready:AD look         | ready:AD              | ready:AD             | ready:AD                  | ready:AD
E42   | ready:AD alert:LLIF   | ready:AD alert:LLIF   | ready:AD alert:LLIF   | ready:AD alert:LLIF  | ready:AD alert:LLIF       | ready:AD alert:LLIF
E43   | ready:BC              | ready:BC              | ready:BC              | ready:BC             | ready:BC look_bc          | ready:BC
E44   | ready:BC alert:LLIF   | ready:BC alert:LLIF   | ready:BC alert:LLIF   | ready:BC alert:LLIF  | ready:BC alert:LLIF       | ready:BC alert:LLIF
E45   | ready:BD accept_bd    | ready:BD accept_bd    | ready:BD accept_bd    | ready:BD accept_bd   | ready:BD accept_bd        | ready:BD accept_bd
E46   | ready:BD reject_bd alert:LLIF | ready:BD reject_bd alert:LLIF | ready:BD reject_bd alert:LLIF | ready:BD reject_bd alert:LLIF | ready:BD reject_bd alert:LLIF | ready:BD reject_bd alert:LLIF
"""  # noqa: E501

Step = tuple[str, str | None]
Cell = tuple[tuple[Step, ...], FopState]


def _read_cell(text: str, own: FopState) -> Cell | None:
    if text == "n/a":
        return None
    steps: list[Step] = []
    following = own
    for word in text.replace("-", "").split():
        if word.startswith(">"):
            following = FopState(int(word[1:]))
            continue
        action, _, argument = word.partition(":")
        steps.append((action, argument or None))
        if action in ("alert", "suspend"):
            following = FopState.INITIAL
    return tuple(steps), following


def _read_table(text: str) -> dict[str, tuple[Cell | None, ...]]:
    rows = [[cell.strip() for cell in line.split("|")] for line in text.strip().splitlines()[1:]]
    return {
        row[0]: tuple(_read_cell(cell, state) for cell, state in zip(row[1:], FopState, strict=True))
        for row in rows
    }


TABLE = _read_table(_TEXT)
"""Event -> cell of each state, S1 first: actions and next state, or None for what cannot happen."""
