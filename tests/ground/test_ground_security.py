"""Both ends of a protected link, without a link between them: frames, types AD and BD, renewal of keys."""

import pytest

from fsw.core.errors import FswError
from fsw.core.telecommand import Discard, TelecommandFrame, decode_frame, encode_frame
from fsw.ground.security import GroundSecurity
from fsw.protocols import sdls_pdu
from fsw.protocols.sdls_codes import FrameRefusal, Service
from fsw.protocols.sdls_keys import LinkKeys
from fsw.protocols.sdls_link import LinkSecurity, SpacecraftSecurity
from fsw.protocols.sdls_pdu import Procedure
from fsw.protocols.sdls_procedures import Failure

SCID = 245
SEGMENT = b"\xc0"


def ends(
    service: Service = Service.AUTHENTICATED_ENCRYPTION, window: int = 20
) -> tuple[GroundSecurity, SpacecraftSecurity]:
    security = LinkSecurity(service, 1, window, SCID, {0: (0, 1), 3: ()})
    return GroundSecurity(LinkKeys.test(), security), SpacecraftSecurity(LinkKeys.test(), security)


def frame(data: bytes, *, channel: int = 0, bypass: bool = True, sequence: int = 0) -> TelecommandFrame:
    octets = encode_frame(SCID, channel, data, bypass=bypass, sequence=sequence)
    decoded = decode_frame(octets, spacecraft_id=SCID)
    assert not isinstance(decoded, Discard)
    return decoded


@pytest.mark.parametrize("service", Service)
@pytest.mark.parametrize("bypass", [True, False])
def test_a_frame_goes_through_whatever_cop1_puts_into_its_header(service: Service, bypass: bool) -> None:
    ground, board = ends(service)
    for sequence in (0, 77):
        protected = ground.apply(0, SEGMENT + b"data", bypass)
        assert len(protected) <= 5 + ground.octets
        arrived = frame(protected, bypass=bypass, sequence=0 if bypass else sequence)
        assert board.process(arrived) == SEGMENT + b"data"
    assert board.take_refused() == []


def test_channels_without_segments_are_protected_too() -> None:
    ground, board = ends()
    assert board.process(frame(ground.apply(3, b"data", True), channel=3)) == b"data"
    assert board.process(frame(ground.apply(3, b"", True), channel=3)) == b""


def test_a_frame_does_not_change_its_map_or_channel() -> None:
    ground, board = ends()
    protected = ground.apply(0, SEGMENT + b"data", True)
    assert board.process(frame(b"\xc1" + protected[1:])) is None
    assert board.process(frame(protected[1:], channel=3)) is None
    assert board.process(frame(protected[1:], channel=1)) is None
    assert [each.reason for each in board.take_refused()] == [
        FrameRefusal.BAD_MAC,
        FrameRefusal.BAD_MAC,
        FrameRefusal.OTHER_CHANNEL,
    ]
    assert board.take_refused() == [], "each is told once"
    assert board.process(frame(b"")) is None


def test_a_retransmission_after_later_expedited_frames_is_still_fresh() -> None:
    ground, board = ends()
    late = ground.apply(0, SEGMENT + b"in order", False)
    for _ in range(5):
        assert board.process(frame(ground.apply(0, SEGMENT + b"at once", True))) is not None
    assert board.process(frame(late, bypass=False)) == SEGMENT + b"in order"


def test_a_link_that_lost_too_much_is_brought_back_by_the_recovery_association() -> None:
    ground, board = ends(window=4)
    for _ in range(10):
        ground.apply(0, SEGMENT + b"lost", True)
    assert board.process(frame(ground.apply(0, SEGMENT + b"beyond", True))) is None
    assert [each.reason for each in board.take_refused()] == [FrameRefusal.OUTSIDE_WINDOW]
    ground.use("BD", 3)
    command = board.process(frame(ground.apply(0, SEGMENT + ground.synchronise(2), True)))
    assert command is not None
    assert board.execute(command[1:]) == b""
    ground.use("BD", 2)
    assert board.process(frame(ground.apply(0, SEGMENT + b"again", True))) == SEGMENT + b"again"


def send(ground: GroundSecurity, board: SpacecraftSecurity, command: bytes) -> str:
    """A procedure there, and its completion back; the reply in words."""
    arrived = board.process(frame(ground.apply(0, SEGMENT + command, True)))
    assert arrived is not None
    reply = board.execute(arrived[1:])
    assert isinstance(reply, bytes), reply
    ground.completed(command)
    return ground.describe(reply) if reply else ""


@pytest.mark.parametrize("service", Service)
def test_a_key_is_renewed_and_the_old_one_retired(service: Service) -> None:
    ground, board = ends(service)
    recorded = ground.apply(0, SEGMENT + b"kept by an eavesdropper", True)
    said = [send(ground, board, command) for command in ground.renew(131, "BD")]
    assert "key 131 proven" in said
    assert ground.roles == {"AD": 1, "BD": 4}
    for command in ground.retire(2):
        send(ground, board, command)
    assert ground.out_of_step == 0
    keys, associations = board.unit.keys, board.unit.associations
    assert 129 in keys
    assert keys[129].octets == ground.unit.keys[129].octets == b""
    assert associations == ground.unit.associations
    assert board.process(frame(recorded)) is None
    assert send(ground, board, sdls_pdu.key_inventory(128, 131)) == (
        "keys on board: 128 ACTIVE, 129 DESTROYED, 130 ACTIVE, 131 ACTIVE"
    )


def test_an_association_that_is_lost_before_its_completion_is_told_leaves_the_old_one_in_use() -> None:
    ground, board = ends()
    for command in ground.renew(131, "BD"):
        arrived = board.process(frame(ground.apply(0, SEGMENT + command, True)))
        assert arrived is not None
        assert board.execute(arrived[1:]) is not None
    assert ground.roles["BD"] == 2, "nothing was reported"
    assert board.process(frame(ground.apply(0, SEGMENT + b"still", True))) == SEGMENT + b"still"


def test_replies_are_put_into_words() -> None:
    ground, board = ends()
    board.process(frame(SEGMENT + b"\x12\x34"))
    assert send(ground, board, sdls_pdu.encode(Procedure.PING)) == "security unit alive"
    assert send(ground, board, sdls_pdu.encode(Procedure.SELF_TEST)) == "security self-test: passed"
    assert (
        send(ground, board, sdls_pdu.encode(Procedure.LOG_STATUS)) == "security log: 1 entries, room for 31"
    )
    assert send(ground, board, sdls_pdu.encode(Procedure.DUMP_LOG)) == (
        "security log: SPI 4660 number 0: no security association has this SPI"
    )
    assert send(ground, board, sdls_pdu.on_association(Procedure.READ_NUMBER, 1)) == (
        "SPI 1: last number taken 0"
    )
    assert send(ground, board, sdls_pdu.on_association(Procedure.STATUS, 1)) == "SPI 1: last procedure none"
    assert send(ground, board, sdls_pdu.set_window(1, 9)) == ""
    assert send(ground, board, sdls_pdu.on_association(Procedure.STATUS, 1)).endswith("SET_WINDOW")
    assert ground.describe(b"rubbish") == "no reply that is known: 72756262697368"


def test_an_answer_to_an_old_challenge_or_with_another_key_proves_nothing() -> None:
    ground, board = ends()
    first = board.execute(ground.verify(128))
    assert isinstance(first, bytes)
    second = board.execute(ground.verify(128))
    assert isinstance(second, bytes)
    assert ground.describe(first) == "key 128 NOT PROVEN"
    assert ground.describe(second) == "key 128 proven"
    board.unit.keys[128].octets = bytes(32)
    third = board.execute(ground.verify(128))
    assert isinstance(third, bytes)
    assert ground.describe(third) == "key 128 NOT PROVEN"


def test_what_cannot_be_is_said() -> None:
    ground, board = ends()
    with pytest.raises(FswError, match="key 128: allowed are 131, 132, 133, 134, 135"):
        ground.renew(128, "AD")
    with pytest.raises(FswError, match="SPI 1: allowed are 3"):
        ground.retire(1)
    with pytest.raises(FswError, match="SPI 9: allowed are 1, 2, 3"):
        ground.use("BD", 9)
    with pytest.raises(FswError, match="key 1: allowed are 128"):
        ground.verify(1)
    with pytest.raises(FswError, match="SPI 9: allowed are 1, 2, 3"):
        ground.synchronise(9)
    assert board.execute(sdls_pdu.on_association(Procedure.STOP, 99)) is Failure.NO_SUCH_ASSOCIATION


def test_both_ends_go_on_where_they_were_saved() -> None:
    ground, board = ends()
    recorded = ground.apply(0, SEGMENT + b"data", True)
    assert board.process(frame(recorded)) is not None
    ground.renew(131, "AD")
    board.process(frame(recorded))
    ground_too, board_too = ends()
    ground_too.load(ground.save())
    board_too.load(board.save())
    assert (ground_too.save(), board_too.save()) == (ground.save(), board.save())
    assert [each.reason for each in board_too.take_refused()] == [FrameRefusal.REPLAYED]
    assert board_too.process(frame(recorded)) is None
    following = ground.apply(0, SEGMENT + b"data", True)
    assert ground_too.apply(0, SEGMENT + b"data", True) == following
    assert board_too.process(frame(following)) is not None
