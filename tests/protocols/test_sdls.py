"""SDLS on telecommand frames: CryptoLib's frames, what must be refused, and the numbers against replay.

The judge of the cryptography is PyCA's own primitive, called here on octets laid out by hand.
"""

import json
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.cmac import CMAC
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from fsw.core.errors import FswError
from fsw.protocols import sdls_cipher
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

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "sdls.json").read_text())
KEY = bytes(range(100, 132))
OTHER_KEY = bytes(range(32))
CHANNEL = Channel(5, 0)
HEADER = bytes.fromhex("20f5142007c0")  # type AD, spacecraft 245, virtual channel 5, N(S) 7, whole segment
SERVICES = pytest.mark.parametrize("service", Service)


def unit(service: Service, *, number: int = 0, window: int = 5, key: bytes = KEY) -> SecurityUnit:
    association = SecurityAssociation.baseline(9, service, window)
    association.key_id, association.state, association.channels = (
        130,
        AssociationState.OPERATIONAL,
        (CHANNEL,),
    )
    association.number = number
    return SecurityUnit({130: Key(key, KeyState.ACTIVE)}, [association])


def pair(service: Service, **settings: int) -> tuple[SecurityUnit, SecurityUnit]:
    return unit(service, **settings), unit(service, **settings)


def refusal(verdict: Accepted | Refused) -> FrameRefusal | None:
    return verdict.reason if isinstance(verdict, Refused) else None


# ---- frames of others ---------------------------------------------------------------------------------


def cryptolib_unit(*, window: int, last: int, number_octets: int, mask: bytes) -> SecurityUnit:
    association = SecurityAssociation(
        9,
        Service.AUTHENTICATED_ENCRYPTION,
        12,
        number_octets,
        window,
        mask,
        AssociationState.OPERATIONAL,
        130,
        last,
        (Channel(0, 63),),
    )
    key = bytes.fromhex(VECTORS["tc_gcm_authenc"]["key"])
    return SecurityUnit({130: Key(key, KeyState.ACTIVE)}, [association])


def test_a_frame_of_cryptolib_is_opened() -> None:
    vector = VECTORS["tc_gcm_authenc"]
    frame = bytes.fromhex(vector["frame"])
    receiver = cryptolib_unit(window=5, last=0x123, number_octets=2, mask=bytes(22))
    verdict = receiver.process(Channel(0, 63), frame[:6], frame[6:])
    assert verdict == Accepted(bytes.fromhex(vector["plaintext"]), 9, 0x124)
    assert refusal(receiver.process(Channel(0, 63), frame[:6], frame[6:])) is FrameRefusal.REPLAYED


def test_a_frame_with_every_header_octet_authenticated_is_made_and_opened() -> None:
    vector = VECTORS["own_tc_fullmask"]
    frame = bytes.fromhex(vector["frame"])
    header, protected = frame[:6], frame[6:-2]
    for end in ("send", "receive"):
        association = SecurityAssociation.baseline(5, Service.AUTHENTICATED_ENCRYPTION)
        association.mask, association.key_id = b"\xff" * 20, 130
        association.state, association.channels = AssociationState.OPERATIONAL, (CHANNEL,)
        one = SecurityUnit({130: Key(bytes.fromhex(vector["key"]), KeyState.ACTIVE)}, [association])
        if end == "send":
            assert one.apply(CHANNEL, header, bytes.fromhex(vector["plaintext"])) == protected
        else:
            assert one.process(CHANNEL, header, protected) == Accepted(
                bytes.fromhex(vector["plaintext"]), 5, 1
            )


def test_cmac_is_cryptolibs() -> None:
    vector = VECTORS["tm_cmac"]
    key, frame = bytes.fromhex(vector["key"]), bytes.fromhex(vector["truth_mask1_frame"])
    payload, mac = frame[:-18], frame[-18:-2]
    assert mac.hex() == vector["cmac_full"]
    assert sdls_cipher.authenticate(key, payload) == mac
    assert sdls_cipher.is_authentic(key, payload, mac)
    assert not sdls_cipher.is_authentic(key, payload[:-1], mac)
    assert sdls_cipher.authenticate(key, bytes(len(payload))).hex() == vector["cmac_of_zeros_1768"]


@pytest.mark.parametrize("frame", VECTORS["tc_gcm_enc_only"]["frames"], ids=lambda frame: frame["expect"])
def test_the_anti_replay_verdicts_are_cryptolibs(frame: dict[str, str]) -> None:
    # Theirs have no MAC, which we do not take; so a MAC is put on, and the numbers are theirs.
    vector = VECTORS["tc_gcm_enc_only"]
    octets, key = bytes.fromhex(frame["hex"]), bytes.fromhex(vector["key"])
    last = int.from_bytes(bytes.fromhex(vector["last_iv"]), "big")
    receiver = cryptolib_unit(window=vector["arsnw"], last=last, number_octets=0, mask=bytes(20))
    sealed = AESGCM(key).encrypt(octets[8:20], bytes.fromhex(vector["pt_good"]), bytes(20))
    if octets[8:20] == bytes.fromhex(vector["frames"][2]["hex"])[8:20]:
        assert sealed[:16] == octets[20:36], (
            "and where the IV is the one they encrypted with, so are the data"
        )
    verdict = receiver.process(Channel(0, 63), octets[:6], octets[6:20] + sealed)
    assert isinstance(verdict, Accepted) == frame["expect"].startswith("accept")
    if "replay" in frame["expect"]:
        assert refusal(verdict) is FrameRefusal.REPLAYED
    elif "outside" in frame["expect"]:
        assert refusal(verdict) is FrameRefusal.OUTSIDE_WINDOW


def test_gcm_frames_are_laid_out_as_the_standard_says() -> None:
    sender = unit(Service.AUTHENTICATED_ENCRYPTION, number=0x41)
    protected = sender.apply(CHANNEL, HEADER, b"telecommand")
    assert protected[:2] == b"\x00\x09"
    assert protected[2:14] == bytes(11) + b"\x42"
    masked = bytes.fromhex("0000140000c0 0009") + bytes(12)
    assert AESGCM(KEY).decrypt(protected[2:14], protected[14:], masked) == b"telecommand"
    with pytest.raises(InvalidTag):
        AESGCM(OTHER_KEY).decrypt(protected[2:14], protected[14:], masked)


def test_cmac_frames_are_laid_out_as_the_standard_says() -> None:
    protected = unit(Service.AUTHENTICATION, number=0x41).apply(CHANNEL, HEADER, b"telecommand")
    assert protected[:-16] == bytes.fromhex("0009 00000042") + b"telecommand"
    cmac = CMAC(AES(KEY))
    cmac.update(bytes.fromhex("0000140000c0 0009 00000042") + b"telecommand")
    cmac.verify(protected[-16:])


# ---- what is refused ----------------------------------------------------------------------------------


@SERVICES
@given(data=st.binary(max_size=200), number=st.integers(0, 1000))
def test_what_was_applied_is_processed(service: Service, data: bytes, number: int) -> None:
    sender, receiver = pair(service, number=number)
    protected = sender.apply(CHANNEL, HEADER, data)
    assert len(protected) == len(data) + sender.associations[9].overhead_octets
    assert receiver.process(CHANNEL, HEADER, protected) == Accepted(data, 9, number + 1)
    assert receiver.counters == {**dict.fromkeys(receiver.counters, 0), "accepted": 1}


@SERVICES
def test_every_flipped_bit_is_refused(service: Service) -> None:
    sender, receiver = pair(service)
    protected = sender.apply(CHANNEL, HEADER, b"release the camera")
    before = receiver.save()["associations"]
    for bit in range(8 * len(protected)):
        flipped = bytearray(protected)
        flipped[bit // 8] ^= 0x80 >> bit % 8
        assert refusal(receiver.process(CHANNEL, HEADER, bytes(flipped))) in (
            FrameRefusal.BAD_MAC,
            FrameRefusal.UNKNOWN_ASSOCIATION,
        )
    assert receiver.save()["associations"] == before, "what is refused moves no number"
    assert isinstance(receiver.process(CHANNEL, HEADER, protected), Accepted)


@SERVICES
def test_the_virtual_channel_and_the_segment_header_are_authenticated_and_cop1s_fields_are_not(
    service: Service,
) -> None:
    protected = unit(service).apply(CHANNEL, HEADER, b"data")
    for bit in range(8 * len(HEADER)):
        flipped = bytearray(HEADER)
        flipped[bit // 8] ^= 0x80 >> bit % 8
        authenticated = 16 <= bit < 22 or bit >= 40
        verdict = unit(service).process(CHANNEL, bytes(flipped), protected)
        assert refusal(verdict) is (FrameRefusal.BAD_MAC if authenticated else None)


@SERVICES
def test_a_frame_cut_short_or_grown_is_refused(service: Service) -> None:
    sender, receiver = pair(service)
    protected = sender.apply(CHANNEL, HEADER, b"data")
    for octets in range(len(protected)):
        assert isinstance(receiver.process(CHANNEL, HEADER, protected[:octets]), Refused)
    for tail in (b"\x00", b"\x00" * 16, protected):
        assert isinstance(receiver.process(CHANNEL, HEADER, protected + tail), Refused)
    assert receiver.refused["TOO_SHORT"] == sender.associations[9].overhead_octets
    assert isinstance(receiver.process(CHANNEL, HEADER, protected), Accepted)


@SERVICES
@given(octets=st.binary(max_size=80))
def test_rubbish_is_refused_and_counted(service: Service, octets: bytes) -> None:
    receiver = unit(service)
    assert isinstance(receiver.process(CHANNEL, HEADER, b"\x00\x09" + octets), Refused)
    assert isinstance(receiver.process(CHANNEL, HEADER, octets), Refused)
    assert sum(receiver.refused.values()) == 2
    assert len(receiver.log) == 2
    assert receiver.alarm


@SERVICES
def test_a_frame_under_another_key_is_forged(service: Service) -> None:
    protected = unit(service, key=OTHER_KEY).apply(CHANNEL, HEADER, b"data")
    assert refusal(unit(service).process(CHANNEL, HEADER, protected)) is FrameRefusal.BAD_MAC


@SERVICES
def test_a_frame_is_refused_on_another_channel_and_by_state(service: Service) -> None:
    sender, receiver = pair(service)
    protected = sender.apply(CHANNEL, HEADER, b"data")
    assert refusal(receiver.process(Channel(5, 1), HEADER, protected)) is FrameRefusal.OTHER_CHANNEL
    assert refusal(receiver.process(Channel(4, 0), HEADER, protected)) is FrameRefusal.OTHER_CHANNEL
    receiver.keys[130].state = KeyState.DEACTIVATED
    assert refusal(receiver.process(CHANNEL, HEADER, protected)) is FrameRefusal.KEY_NOT_ACTIVE
    receiver.associations[9].state = AssociationState.KEYED
    assert refusal(receiver.process(CHANNEL, HEADER, protected)) is FrameRefusal.NOT_OPERATIONAL


# ---- numbers ------------------------------------------------------------------------------------------


@SERVICES
def test_the_window_has_edges(service: Service) -> None:
    sender, receiver = pair(service, number=100, window=5)
    frames = {100 + step: sender.apply(CHANNEL, HEADER, bytes([step])) for step in range(1, 12)}
    assert refusal(receiver.process(CHANNEL, HEADER, frames[106])) is FrameRefusal.OUTSIDE_WINDOW
    assert refusal(receiver.process(CHANNEL, HEADER, frames[105])) is None
    assert refusal(receiver.process(CHANNEL, HEADER, frames[105])) is FrameRefusal.REPLAYED
    assert refusal(receiver.process(CHANNEL, HEADER, frames[101])) is FrameRefusal.REPLAYED
    assert refusal(receiver.process(CHANNEL, HEADER, frames[111])) is FrameRefusal.OUTSIDE_WINDOW
    assert refusal(receiver.process(CHANNEL, HEADER, frames[110])) is None


@SERVICES
def test_numbers_end_and_never_wrap(service: Service) -> None:
    most = SecurityAssociation.baseline(9, service).most_number
    sender, receiver = pair(service, number=most - 1)
    last = sender.apply(CHANNEL, HEADER, b"last")
    for _ in range(2):
        with pytest.raises(FswError, match="used up; rekey"):
            sender.apply(CHANNEL, HEADER, b"one more")
    assert receiver.process(CHANNEL, HEADER, last) == Accepted(b"last", 9, most)
    first = unit(service).apply(CHANNEL, HEADER, b"first")
    assert refusal(receiver.process(CHANNEL, HEADER, first)) is FrameRefusal.REPLAYED


def test_the_log_is_bounded_and_keeps_the_newest() -> None:
    receiver = unit(Service.AUTHENTICATION)
    for spi in range(1000, 1100):
        receiver.process(CHANNEL, HEADER, spi.to_bytes(2, "big"))
    assert len(receiver.log) == 32
    assert receiver.log[-1] == [FrameRefusal.UNKNOWN_ASSOCIATION, 1099, 0]
    assert receiver.counters["unknown_association"] == 100


class TwoEnds(RuleBasedStateMachine):
    """A link that loses, repeats and delays frames; ends that are restored from what they saved last.

    Each accepted datum is one that was sent, in order, once; no IV is ever used twice.
    """

    def __init__(self) -> None:
        super().__init__()
        self.sender, self.receiver = pair(Service.AUTHENTICATED_ENCRYPTION, window=20)
        self.frames: list[bytes] = []
        self.obeyed: list[int] = []

    @rule()
    def send(self) -> None:
        self.frames.append(self.sender.apply(CHANNEL, HEADER, len(self.frames).to_bytes(4, "big")))

    @rule(pick=st.integers(0, 1 << 16))
    def deliver(self, pick: int) -> None:
        if self.frames:
            verdict = self.receiver.process(CHANNEL, HEADER, self.frames[pick % len(self.frames)])
            if isinstance(verdict, Accepted):
                self.obeyed.append(int.from_bytes(verdict.data, "big"))

    @rule(pick=st.integers(0, 1 << 16), flip=st.integers(0, 1 << 16))
    def forge(self, pick: int, flip: int) -> None:
        if self.frames:
            octets = bytearray(self.frames[pick % len(self.frames)])
            octets[flip % len(octets)] ^= 1 << flip % 8
            assert isinstance(self.receiver.process(CHANNEL, HEADER, bytes(octets)), Refused)

    @rule()
    def reset_either_end(self) -> None:
        for name in ("sender", "receiver"):
            fresh = SecurityUnit()
            fresh.load(getattr(self, name).save())
            setattr(self, name, fresh)

    @invariant()
    def in_order_and_once(self) -> None:
        assert all(earlier < later for earlier, later in zip(self.obeyed, self.obeyed[1:]))

    @invariant()
    def no_iv_twice(self) -> None:
        ivs = [frame[2:14] for frame in self.frames]
        assert len(set(ivs)) == len(ivs)


TestTwoEnds = TwoEnds.TestCase


def test_two_associations_that_share_a_key_share_no_iv() -> None:
    sender = unit(Service.AUTHENTICATED_ENCRYPTION, number=7)
    second = SecurityAssociation(10, Service.AUTHENTICATED_ENCRYPTION, 12, 2)
    second.key_id, second.state, second.channels = 130, AssociationState.OPERATIONAL, (Channel(6, 0),)
    sender.associations[10] = second
    ivs = [sender.apply(channel, HEADER, b"")[2:14] for channel in (CHANNEL, Channel(6, 0)) * 3]
    assert len(set(ivs)) == 6


def test_an_unprotected_channel_cannot_be_sent_on() -> None:
    sender = unit(Service.AUTHENTICATION)
    with pytest.raises(FswError, match="virtual channel 6, MAP 0: no security association"):
        sender.apply(Channel(6, 0), HEADER, b"")
    sender.keys[130].state = KeyState.DEACTIVATED
    with pytest.raises(FswError, match="no security association with an active key"):
        sender.apply(CHANNEL, HEADER, b"")


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"spi": 0}, "SPI 0: allowed are 1 to 65534"),
        ({"window": 0}, "window 0: allowed are 1 to 255"),
        ({"iv_octets": 8}, "IV of 8 octets"),
        ({"service": Service.AUTHENTICATION, "iv_octets": 0}, "sequence number of 0 octets"),
        ({"number_octets": 9}, "sequence number of 9 octets"),
    ],
)
def test_an_association_that_makes_no_sense_is_not_built(settings: dict[str, int], words: str) -> None:
    values = {"spi": 9, "service": Service.AUTHENTICATED_ENCRYPTION, **settings}
    with pytest.raises(FswError, match=words):
        SecurityAssociation(**values)  # type: ignore[arg-type]
