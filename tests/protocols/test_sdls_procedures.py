"""SDLS extended procedures: CryptoLib's octets, effects and refusals of each, and rotation of keys."""

import json
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsw.core.errors import FswError
from fsw.protocols import sdls_pdu
from fsw.protocols.sdls import (
    Accepted,
    AssociationState,
    Channel,
    Key,
    KeyState,
    Refused,
    SecurityAssociation,
    SecurityUnit,
)
from fsw.protocols.sdls_codes import FrameRefusal, Service
from fsw.protocols.sdls_pdu import Procedure
from fsw.protocols.sdls_procedures import Failure, Recipient

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "sdls.json").read_text())["extended_procedures"]
SPACECRAFT = 245
CHANNEL = Channel(0, 0)
HEADER = bytes(5) + b"\xc0"
MASTER, OLD, NEW, SPARE = bytes([1]) * 32, bytes([2]) * 32, bytes([3]) * 32, bytes([4]) * 32
IV = bytes(range(12))


def end() -> SecurityUnit:
    """Key 128 in use by SPI 1; 129 active, 130 deactivated; SPI 2 keyed with 129, SPI 3 without a key."""
    keys = {
        1: Key(MASTER, KeyState.ACTIVE),
        128: Key(OLD, KeyState.ACTIVE),
        129: Key(SPARE, KeyState.ACTIVE),
        130: Key(SPARE[::-1], KeyState.DEACTIVATED),
        131: Key(SPARE, KeyState.ACTIVE),
    }
    one, two, three = (
        SecurityAssociation.baseline(spi, Service.AUTHENTICATED_ENCRYPTION) for spi in (1, 2, 3)
    )
    one.key_id, one.state, one.channels, one.number, one.started = (
        128,
        AssociationState.OPERATIONAL,
        (CHANNEL,),
        40,
        1,
    )
    two.key_id, two.state = 129, AssociationState.KEYED
    return SecurityUnit(keys, [one, two, three])


def recipient() -> Recipient:
    return Recipient(end(), SPACECRAFT)


def raw(procedure: int, data: str = "") -> bytes:
    return sdls_pdu.encode_unit(procedure, bytes.fromhex(data))


# ---- CryptoLib's octets -------------------------------------------------------------------------------


def test_tags_are_cryptolibs() -> None:
    theirs = dict(VECTORS["tags"])
    ours = {
        **{p.name.lower(): int(p) for p in Procedure},
        "activate": Procedure.ACTIVATE_KEYS,
        "deactivate": Procedure.DEACTIVATE_KEYS,
        "verify": Procedure.VERIFY_KEYS,
        "destroy": Procedure.DESTROY_KEYS,
        "inventory": Procedure.KEY_INVENTORY,
    }
    assert {name: ours[name] for name in theirs} == theirs
    assert len(theirs) == len(Procedure)


def test_keys_uploaded_by_cryptolib_are_taken() -> None:
    vector = VECTORS["otar"]
    board = Recipient(
        SecurityUnit({0: Key(bytes.fromhex(vector["master_key"]), KeyState.ACTIVE)}), SPACECRAFT
    )
    assert board.execute(raw(Procedure.OTAR, vector["data"])) == b""
    assert sorted(vector["key_ids"]) == [number for number in board.unit.keys if number >= 128]
    assert board.unit.keys[141].octets.hex().startswith("2ceecd328ee02d4282ad808c50cdb905")
    assert board.execute(raw(Procedure.ACTIVATE_KEYS, VECTORS["activate"]["data"])) == b""
    assert board.unit.keys[142].state is KeyState.ACTIVE
    assert board.execute(raw(Procedure.DEACTIVATE_KEYS, VECTORS["deactivate"]["data"])) == b""
    assert board.unit.keys[142].state is KeyState.DEACTIVATED


def test_challenges_of_cryptolib_are_read_and_its_answers_proven() -> None:
    vector = VECTORS["verify"]
    keys = {int(number): bytes.fromhex(octets) for number, octets in vector["keys"].items()}
    data = bytes.fromhex(vector["data"])
    challenges = {132: data[2:18], 134: data[20:36]}
    theirs = sdls_pdu.read_reply(bytes.fromhex(vector["reply"]))
    board = Recipient(
        SecurityUnit({n: Key(octets, KeyState.ACTIVE) for n, octets in keys.items()}), SPACECRAFT
    )
    reply = board.execute(sdls_pdu.verify_keys(list(challenges.items())))
    assert isinstance(reply, bytes)
    ours = sdls_pdu.read_reply(reply)
    assert theirs is not None
    assert ours is not None
    for answers in (theirs["answers"], ours["answers"]):
        assert [number for number, _, _ in answers] == [132, 134]
        for number, iv, sealed in answers:
            assert sdls_pdu.answer_proves(keys[number], challenges[number], iv, sealed)
            assert not sdls_pdu.answer_proves(keys[number], bytes(16), iv, sealed)


def test_commands_are_laid_out_as_cryptolibs() -> None:
    assert sdls_pdu.key_inventory(132, 134)[3:].hex() == VECTORS["inventory"]["data"]
    assert sdls_pdu.rekey(6, 133, 0, 12)[3:].hex() == VECTORS["rekey"]["data"]
    assert sdls_pdu.set_window(6, 9)[3:].hex() == VECTORS["set_window"]["data"]
    assert sdls_pdu.on_association(Procedure.STATUS, 6)[3:].hex() == VECTORS["status"]["data"]
    assert sdls_pdu.start(6, 3, [Channel(1, 2)])[3:].hex() == "000600003042"
    assert sdls_pdu.encode(Procedure.PING).hex() == "310000"


# ---- keys ---------------------------------------------------------------------------------------------


def test_otar_loads_keys_that_must_still_be_activated() -> None:
    board = recipient()
    assert board.execute(sdls_pdu.otar(1, MASTER, IV, [(200, NEW), (130, NEW[::-1])])) == b""
    assert (board.unit.keys[200].octets, board.unit.keys[200].state) == (NEW, KeyState.PRE_ACTIVE)
    assert board.unit.keys[130].octets == NEW[::-1]


def _damaged(octets: bytes) -> bytes:
    return octets[:-1] + bytes([octets[-1] ^ 1])


@pytest.mark.parametrize(
    ("command", "failure"),
    [
        (_damaged(sdls_pdu.otar(1, MASTER, IV, [(200, NEW)])), Failure.NOT_AUTHENTIC),
        (sdls_pdu.otar(1, OLD, IV, [(200, NEW)]), Failure.NOT_AUTHENTIC),
        (sdls_pdu.otar(2, MASTER, IV, [(200, NEW)]), Failure.NO_SUCH_KEY),
        (sdls_pdu.otar(128, OLD, IV, [(200, NEW)]), Failure.MASTER_KEY),
        (sdls_pdu.otar(1, MASTER, IV, [(200, NEW), (1, NEW)]), Failure.MASTER_KEY),
        (sdls_pdu.otar(1, MASTER, IV, [(200, NEW), (128, NEW)]), Failure.KEY_STATE),
        (sdls_pdu.otar(1, MASTER, IV, [(200, NEW), (200, NEW)]), Failure.MALFORMED),
        (sdls_pdu.key_list(Procedure.ACTIVATE_KEYS, [130]), Failure.KEY_STATE),
        (sdls_pdu.key_list(Procedure.ACTIVATE_KEYS, [1]), Failure.MASTER_KEY),
        (sdls_pdu.key_list(Procedure.ACTIVATE_KEYS, [999]), Failure.NO_SUCH_KEY),
        (sdls_pdu.key_list(Procedure.ACTIVATE_KEYS, []), Failure.MALFORMED),
        (sdls_pdu.key_list(Procedure.DEACTIVATE_KEYS, [131, 128]), Failure.KEY_IN_USE),
        (sdls_pdu.key_list(Procedure.DEACTIVATE_KEYS, [131, 131]), Failure.MALFORMED),
        (sdls_pdu.key_list(Procedure.DESTROY_KEYS, [130, 131]), Failure.KEY_STATE),
        (sdls_pdu.verify_keys([(1, bytes(16))]), Failure.MASTER_KEY),
        (sdls_pdu.verify_keys([]), Failure.MALFORMED),
        (sdls_pdu.key_inventory(5, 4), Failure.MALFORMED),
        (sdls_pdu.rekey(3, 999, 0, 12), Failure.NO_SUCH_KEY),
        (sdls_pdu.rekey(3, 128, 0, 12), Failure.KEY_IN_USE),
        (sdls_pdu.rekey(3, 130, 0, 12), Failure.KEY_STATE),
        (sdls_pdu.rekey(3, 1, 0, 12), Failure.MASTER_KEY),
        (sdls_pdu.rekey(2, 131, 0, 12), Failure.ASSOCIATION_STATE),
        (sdls_pdu.rekey(3, 131, 0, 4), Failure.MALFORMED),
        (sdls_pdu.rekey(9, 131, 0, 12), Failure.NO_SUCH_ASSOCIATION),
        (sdls_pdu.start(3, SPACECRAFT, [CHANNEL]), Failure.ASSOCIATION_STATE),
        (sdls_pdu.start(2, SPACECRAFT + 1, [CHANNEL]), Failure.MALFORMED),
        (sdls_pdu.start(2, SPACECRAFT, []), Failure.MALFORMED),
        (sdls_pdu.on_association(Procedure.STOP, 2), Failure.ASSOCIATION_STATE),
        (sdls_pdu.on_association(Procedure.STOP, 1), Failure.ASSOCIATION_IN_USE),
        (sdls_pdu.on_association(Procedure.EXPIRE, 1), Failure.ASSOCIATION_STATE),
        (sdls_pdu.on_association(Procedure.DELETE, 2), Failure.ASSOCIATION_STATE),
        (sdls_pdu.set_number(1, 39, 12), Failure.NUMBER_BEHIND),
        (sdls_pdu.set_number(3, 39, 12), Failure.ASSOCIATION_STATE),
        (sdls_pdu.set_window(1, 0), Failure.MALFORMED),
        (sdls_pdu.create(SecurityAssociation.baseline(1, Service.AUTHENTICATION)), Failure.ASSOCIATION_STATE),
        (raw(0x2F), Failure.UNKNOWN_PROCEDURE),
        (raw(Procedure.PING | 0x80), Failure.MALFORMED),
        (raw(Procedure.PING | 0x40), Failure.MALFORMED),
        (raw(Procedure.PING, "00"), Failure.MALFORMED),
    ],
)
def test_a_procedure_that_may_not_be_is_refused_and_changes_nothing(command: bytes, failure: Failure) -> None:
    board = recipient()
    before = board.unit.save()
    assert board.execute(command) is failure
    after = board.unit.save()
    for association in (*before["associations"], *after["associations"]):
        del association["last_procedure"]
    assert after == before
    assert failure.text


def test_a_destroyed_key_is_gone() -> None:
    board = recipient()
    assert board.execute(sdls_pdu.key_list(Procedure.DESTROY_KEYS, [130])) == b""
    assert board.unit.keys[130].octets == b""
    assert SPARE[::-1] not in repr(board.unit.save()).encode()
    assert board.execute(sdls_pdu.verify_keys([(130, bytes(16))])) is Failure.KEY_STATE


def test_the_inventory_lists_identifiers_and_states() -> None:
    reply = recipient().execute(sdls_pdu.key_inventory(0, 130))
    assert isinstance(reply, bytes)
    assert sdls_pdu.read_reply(reply) == {
        "procedure": "KEY_INVENTORY",
        "keys": [
            (1, KeyState.ACTIVE),
            (128, KeyState.ACTIVE),
            (129, KeyState.ACTIVE),
            (130, KeyState.DEACTIVATED),
        ],
    }


# ---- security associations ----------------------------------------------------------------------------


@pytest.mark.parametrize("service", Service)
def test_an_association_is_created_keyed_started_stopped_expired_and_deleted(service: Service) -> None:
    board = recipient()
    wanted = SecurityAssociation.baseline(77, service, window=9)
    size = wanted.anti_replay_octets
    states = []
    for command in (
        sdls_pdu.create(wanted),
        sdls_pdu.rekey(77, 131, 1000, size),
        sdls_pdu.start(77, SPACECRAFT, [CHANNEL, Channel(3, None)]),
        sdls_pdu.on_association(Procedure.STOP, 77),
        sdls_pdu.on_association(Procedure.EXPIRE, 77),
        sdls_pdu.on_association(Procedure.DELETE, 77),
    ):
        if command[0] == Procedure.STOP:
            assert board.unit.associations[77].channels == (CHANNEL, Channel(3, None))
            board.unit.associations[77].channels = (CHANNEL,)  # on channel 3 it is the only one
        assert board.execute(command) == b""
        here = board.unit.associations.get(77)
        states.append(None if here is None else here.state.name)
        if here is not None:
            assert (here.window, here.service, here.last_procedure) == (9, service, command[0])
    assert states == ["UNKEYED", "KEYED", "OPERATIONAL", "KEYED", "UNKEYED", None]


def test_an_association_cannot_be_changed_by_a_command_that_it_carries() -> None:
    board = recipient()
    board.unit.associations[2].state = AssociationState.OPERATIONAL
    board.unit.associations[2].channels = (CHANNEL,)
    stop = sdls_pdu.on_association(Procedure.STOP, 1)
    assert board.execute(stop, carrier=1) is Failure.ASSOCIATION_IN_USE
    assert board.execute(stop, carrier=2) == b""


def test_a_key_that_was_used_keeps_its_numbers_used() -> None:
    board = recipient()
    board.unit.keys[131].used_to = 500
    assert board.execute(sdls_pdu.rekey(3, 131, 499, 12)) is Failure.NUMBER_BEHIND
    assert board.execute(sdls_pdu.rekey(3, 131, 500, 12)) == b""


def test_number_and_window_are_set_and_read() -> None:
    board = recipient()
    assert board.execute(sdls_pdu.set_number(1, 1 << 90, 12)) == b""
    assert board.execute(sdls_pdu.set_window(1, 200)) == b""
    reply = board.execute(sdls_pdu.on_association(Procedure.READ_NUMBER, 1))
    assert isinstance(reply, bytes)
    assert sdls_pdu.read_reply(reply) == {"procedure": "READ_NUMBER", "spi": 1, "number": 1 << 90}
    status = board.execute(sdls_pdu.on_association(Procedure.STATUS, 1))
    assert status == bytes.fromhex("9f0018000115")
    assert sdls_pdu.read_reply(status) == {
        "procedure": "STATUS",
        "spi": 1,
        "last_procedure": Procedure.SET_WINDOW,
    }


# ---- monitoring ---------------------------------------------------------------------------------------


def test_the_log_is_told_dumped_and_erased() -> None:
    board = recipient()
    board.unit.process(CHANNEL, HEADER, b"\x12\x34rubbish")
    board.unit.process(CHANNEL, HEADER, b"\x00\x01" + bytes(11) + b"\x07" + bytes(20))
    assert board.execute(sdls_pdu.encode(Procedure.LOG_STATUS)) == bytes.fromhex("b200200002001e")
    reply = board.execute(sdls_pdu.encode(Procedure.DUMP_LOG))
    assert isinstance(reply, bytes)
    assert sdls_pdu.read_reply(reply) == {
        "procedure": "DUMP_LOG",
        "events": [(FrameRefusal.UNKNOWN_ASSOCIATION, 0x1234, 0), (FrameRefusal.BAD_MAC, 1, 7)],
    }
    assert board.execute(sdls_pdu.encode(Procedure.ERASE_LOG)) == bytes.fromhex("b4002000000020")
    assert board.unit.alarm
    assert board.execute(sdls_pdu.encode(Procedure.RESET_ALARM)) == b""
    assert not board.unit.alarm
    assert board.unit.counters["bad_mac"] == 1, "counts stay"


def test_ping_and_self_test_answer() -> None:
    assert recipient().execute(sdls_pdu.encode(Procedure.PING)) == bytes.fromhex("b10000")
    assert recipient().execute(sdls_pdu.encode(Procedure.SELF_TEST)) == bytes.fromhex("b5000800")


# ---- octets that nobody should send -------------------------------------------------------------------

_TAGS = st.one_of(st.sampled_from(sorted(int(p) for p in Procedure)), st.integers(0, 255))


@given(tag=_TAGS, data=st.binary(max_size=60), by=st.sampled_from([None, 1, 2]))
def test_any_octets_are_obeyed_whole_or_refused(tag: int, data: bytes, by: int | None) -> None:
    board = recipient()
    answer = board.execute(struct.pack(">BH", tag, 8 * len(data)) + data, by)
    assert isinstance(answer, Failure) or answer == b"" or sdls_pdu.read_reply(answer) is not None
    restored = SecurityUnit()
    restored.load(board.unit.save())
    assert restored.save() == board.unit.save()


@given(octets=st.binary(max_size=40))
def test_any_octets_are_a_reply_or_none(octets: bytes) -> None:
    sdls_pdu.read_reply(octets)
    recipient().execute(octets)


def test_commands_cut_short_or_grown_are_malformed() -> None:
    for command in (
        sdls_pdu.otar(1, MASTER, IV, [(200, NEW)]),
        sdls_pdu.create(SecurityAssociation.baseline(77, Service.AUTHENTICATED_ENCRYPTION)),
        sdls_pdu.start(2, SPACECRAFT, [CHANNEL]),
        sdls_pdu.rekey(3, 131, 0, 12),
    ):
        for cut in range(len(command)):
            assert recipient().execute(command[:cut]) is Failure.MALFORMED
        assert recipient().execute(command + b"\0") is Failure.MALFORMED
        tag, data = command[0], command[3:]
        for cut in range(len(data)):  # with a length that is right
            assert isinstance(recipient().execute(sdls_pdu.encode_unit(tag, data[:cut])), Failure)
        longer = recipient().execute(sdls_pdu.encode_unit(tag, data + b"\0"))
        assert longer is Failure.MALFORMED


def test_too_much_for_one_unit_is_said() -> None:
    with pytest.raises(FswError, match="allowed are up to 8191"):
        sdls_pdu.key_list(Procedure.ACTIVATE_KEYS, list(range(5000)))


# ---- both ends ----------------------------------------------------------------------------------------


def test_keys_are_rotated_while_commands_flow() -> None:
    ground, board = recipient(), recipient()

    def send(command: bytes) -> None:
        protected = ground.unit.apply(CHANNEL, HEADER, command)
        verdict = board.unit.process(CHANNEL, HEADER, protected)
        assert isinstance(verdict, Accepted)
        assert not isinstance(board.execute(verdict.data, verdict.spi), Failure)
        assert not isinstance(ground.execute(command), Failure)

    old = ground.unit.apply(CHANNEL, HEADER, b"kept by an eavesdropper")
    send(sdls_pdu.otar(1, MASTER, IV, [(200, NEW)]))
    send(sdls_pdu.verify_keys([(200, bytes(16))]))
    send(sdls_pdu.key_list(Procedure.ACTIVATE_KEYS, [200]))
    send(sdls_pdu.rekey(3, 200, 0, 12))
    send(sdls_pdu.start(3, SPACECRAFT, [CHANNEL]))
    assert ground.unit.sending(CHANNEL).spi == 3
    send(sdls_pdu.on_association(Procedure.STOP, 1))
    send(sdls_pdu.on_association(Procedure.EXPIRE, 1))
    send(sdls_pdu.key_list(Procedure.DEACTIVATE_KEYS, [128]))
    send(sdls_pdu.key_list(Procedure.DESTROY_KEYS, [128]))
    assert OLD not in repr(board.unit.save()).encode()
    assert board.unit.keys == ground.unit.keys
    assert board.unit.associations == ground.unit.associations
    assert isinstance(board.unit.process(CHANNEL, HEADER, old), Refused)
