"""SDLS extended procedures (CCSDS 355.1-B-1): keys, security associations, monitoring.

The spacecraft's `Recipient` obeys the commands that the ground built with `sdls_pdu`. Once the spacecraft
has said that one is done, the ground gives the same unit to a `Recipient` over its own `SecurityUnit`: so
both ends change alike.
"""

import struct
from collections.abc import Callable
from enum import IntEnum

from fsw.core.errors import FswError
from fsw.protocols import sdls_cipher
from fsw.protocols.sdls import (
    MOST_LOGGED,
    AssociationState,
    Channel,
    Key,
    KeyState,
    SecurityAssociation,
    SecurityUnit,
)
from fsw.protocols.sdls_cipher import IV_OCTETS, MAC_OCTETS
from fsw.protocols.sdls_codes import Service
from fsw.protocols.sdls_keys import FIRST_SESSION_KEY, KEY_OCTETS
from fsw.protocols.sdls_pdu import CHALLENGE_OCTETS, EVENT, NO_MAP, REPLY_FLAG, Procedure, decode, encode_unit

MOST_KEYS = 256
MOST_ASSOCIATIONS = 32
MOST_CHALLENGES = 16  # in one command: each makes the reply 46 octets longer
# IVs made on board never meet those of the uplink, though both use the same key: the first bit differs.
_ON_BOARD_IV = 1 << 95


class Failure(IntEnum):
    """Why a procedure was not carried out; then no key, state or number has changed."""

    MALFORMED = 1
    UNKNOWN_PROCEDURE = 2
    NO_SUCH_KEY = 3
    KEY_STATE = 4
    KEY_IN_USE = 5
    MASTER_KEY = 6
    NOT_AUTHENTIC = 7
    NO_SUCH_ASSOCIATION = 8
    ASSOCIATION_STATE = 9
    ASSOCIATION_IN_USE = 10
    NUMBER_BEHIND = 11
    FULL = 12

    @property
    def text(self) -> str:
        return _FAILURE_TEXTS[self]


_FAILURE_TEXTS = {
    Failure.MALFORMED: "the protocol data unit is malformed",
    Failure.UNKNOWN_PROCEDURE: "there is no such procedure",
    Failure.NO_SUCH_KEY: "there is no such key",
    Failure.KEY_STATE: "the key's state does not allow it",
    Failure.KEY_IN_USE: "a security association holds the key",
    Failure.MASTER_KEY: "master keys are not for sessions, nor session keys for keys",
    Failure.NOT_AUTHENTIC: "the uploaded keys are not authentic",
    Failure.NO_SUCH_ASSOCIATION: "there is no such security association",
    Failure.ASSOCIATION_STATE: "the security association's state does not allow it",
    Failure.ASSOCIATION_IN_USE: "the security association carries the command, or is its channel's only one",
    Failure.NUMBER_BEHIND: "numbers that were used would come again",
    Failure.FULL: "no room for more",
}


class _Refusal(Exception):
    """Ends a procedure before it has changed anything."""

    def __init__(self, failure: Failure) -> None:
        self.failure = failure


class Recipient:
    """Carries out procedures on a `SecurityUnit`: each one whole, or not at all.

    spacecraft_id: others' channels are not started.
    """

    def __init__(self, unit: SecurityUnit, spacecraft_id: int) -> None:
        self.unit = unit
        self._spacecraft_id = spacecraft_id

    def execute(self, octets: bytes, carrier: int | None = None) -> bytes | Failure:
        """The reply, empty where the procedure has none, or why nothing was done.

        carrier: SPI of the frame that brought the command; that association cannot be changed by it.
        """
        command = decode(octets)
        if command is None or command.is_reply:
            return Failure.MALFORMED
        if command.procedure not in _HANDLERS:
            return Failure.UNKNOWN_PROCEDURE
        try:
            reply = _HANDLERS[command.procedure](self, command.data, carrier)
        except _Refusal as refusal:
            return refusal.failure
        return b"" if reply is None else encode_unit(command.procedure | REPLY_FLAG, reply)

    # ---- keys (3.2) ----------------------------------------------------------------------------------

    def otar(self, data: bytes, carrier: int | None) -> None:
        entry = 2 + KEY_OCTETS
        count, rest = divmod(len(data) - 2 - IV_OCTETS - MAC_OCTETS, entry)
        _demand(count >= 1 and rest == 0, Failure.MALFORMED)
        master_id, sealed = int.from_bytes(data[:2], "big"), data[2 + IV_OCTETS :]
        _demand(master_id < FIRST_SESSION_KEY, Failure.MASTER_KEY)
        master = self._key(master_id)
        _demand(master.state is KeyState.ACTIVE, Failure.KEY_STATE)
        block = sdls_cipher.unseal(master.octets, data[2 : 2 + IV_OCTETS], sealed, b"")
        if block is None:
            raise _Refusal(Failure.NOT_AUTHENTIC)
        new: dict[int, bytes] = {}
        for at in range(0, len(block), entry):
            number = int.from_bytes(block[at : at + 2], "big")
            _demand(number not in new, Failure.MALFORMED)
            _demand(number >= FIRST_SESSION_KEY, Failure.MASTER_KEY)
            self._demand_unused(number, may_be_new=True)
            new[number] = block[at + 2 : at + entry]
        _demand(len(self.unit.keys | new) <= MOST_KEYS, Failure.FULL)
        for number, key_octets in new.items():
            before = self.unit.keys.get(number)
            # The same key may be uploaded again, so what was used with it stays used.
            self.unit.keys[number] = Key(key_octets, used_to=before.used_to if before else 0)
        self.unit.keys = dict(sorted(self.unit.keys.items()))

    def activate(self, data: bytes, carrier: int | None) -> None:
        for key in self._session_keys(data, (KeyState.PRE_ACTIVE,)):
            key.state = KeyState.ACTIVE

    def deactivate(self, data: bytes, carrier: int | None) -> None:
        keys = self._session_keys(data, (KeyState.ACTIVE,))
        for number in _numbers(data):
            _demand(not self.unit.is_in_use(number), Failure.KEY_IN_USE)
        for key in keys:
            key.state = KeyState.DEACTIVATED

    def destroy(self, data: bytes, carrier: int | None) -> None:
        keys = self._session_keys(data, (KeyState.PRE_ACTIVE, KeyState.DEACTIVATED))
        for number in _numbers(data):
            _demand(not self.unit.is_in_use(number), Failure.KEY_IN_USE)
        for key in keys:
            key.octets, key.state = b"", KeyState.DESTROYED

    def verify(self, data: bytes, carrier: int | None) -> bytes:
        entry = 2 + CHALLENGE_OCTETS
        _demand(0 < len(data) <= MOST_CHALLENGES * entry and len(data) % entry == 0, Failure.MALFORMED)
        asked = [
            (int.from_bytes(data[at : at + 2], "big"), data[at + 2 : at + entry])
            for at in range(0, len(data), entry)
        ]
        keys = [self._key(number) for number, _ in asked]
        for (number, _), key in zip(asked, keys):
            _demand(number >= FIRST_SESSION_KEY, Failure.MASTER_KEY)
            _demand(key.state is not KeyState.DESTROYED, Failure.KEY_STATE)
        reply = b""
        for (number, challenge), key in zip(asked, keys):
            self.unit.challenges_answered += 1
            iv = (_ON_BOARD_IV + self.unit.challenges_answered).to_bytes(IV_OCTETS, "big")
            reply += struct.pack(">H", number) + iv + sdls_cipher.seal(key.octets, iv, challenge, b"")
        return reply

    def inventory(self, data: bytes, carrier: int | None) -> bytes:
        _demand(len(data) == 4, Failure.MALFORMED)
        first, last = struct.unpack(">HH", data)
        _demand(first <= last, Failure.MALFORMED)
        found = [(number, key) for number, key in self.unit.keys.items() if first <= number <= last]
        entries = b"".join(struct.pack(">HB", number, key.state) for number, key in found)
        return struct.pack(">H", len(found)) + entries

    # ---- security associations (3.3) -----------------------------------------------------------------

    def create(self, data: bytes, carrier: int | None) -> None:
        association = _read_association(data)
        _demand(association.spi not in self.unit.associations, Failure.ASSOCIATION_STATE)
        _demand(len(self.unit.associations) < MOST_ASSOCIATIONS, Failure.FULL)
        association.last_procedure = Procedure.CREATE
        every = self.unit.associations | {association.spi: association}
        self.unit.associations = dict(sorted(every.items()))

    def rekey(self, data: bytes, carrier: int | None) -> None:
        association = self._association(data, Procedure.REKEY, carrier)
        _demand(association.state is AssociationState.UNKEYED, Failure.ASSOCIATION_STATE)
        _demand(len(data) == 4 + association.anti_replay_octets, Failure.MALFORMED)
        key_id, number = int.from_bytes(data[2:4], "big"), int.from_bytes(data[4:], "big")
        _demand(key_id >= FIRST_SESSION_KEY, Failure.MASTER_KEY)
        key = self._key(key_id)
        _demand(key.state is KeyState.ACTIVE, Failure.KEY_STATE)
        _demand(not self.unit.is_in_use(key_id), Failure.KEY_IN_USE)
        separate = association.iv_octets and association.number_octets
        _demand(key.used_to == 0 if separate else number >= key.used_to, Failure.NUMBER_BEHIND)
        association.key_id, association.number = key_id, number
        association.state = AssociationState.KEYED

    def start(self, data: bytes, carrier: int | None) -> None:
        association = self._association(data, Procedure.START, None)
        _demand(len(data) > 2 and (len(data) - 2) % 4 == 0, Failure.MALFORMED)
        _demand(association.state is AssociationState.KEYED, Failure.ASSOCIATION_STATE)
        channels = []
        for (word,) in struct.iter_unpack(">I", data[2:]):
            version, spacecraft, virtual_channel = word >> 28, word >> 12 & 0xFFFF, word >> 6 & 0x3F
            _demand(version == 0 and spacecraft == self._spacecraft_id, Failure.MALFORMED)
            channels.append(Channel(virtual_channel, None if word & 0x3F == NO_MAP else word & 0x3F))
        association.channels = tuple(channels)
        association.started = self.unit.next_start()
        association.state = AssociationState.OPERATIONAL

    def stop(self, data: bytes, carrier: int | None) -> None:
        association = self._bare_association(data, Procedure.STOP, carrier)
        _demand(association.state is AssociationState.OPERATIONAL, Failure.ASSOCIATION_STATE)
        _demand(not self.unit.is_only_one(association), Failure.ASSOCIATION_IN_USE)
        association.channels, association.state = (), AssociationState.KEYED

    def expire(self, data: bytes, carrier: int | None) -> None:
        association = self._bare_association(data, Procedure.EXPIRE, carrier)
        _demand(association.state is AssociationState.KEYED, Failure.ASSOCIATION_STATE)
        association.key_id, association.state = None, AssociationState.UNKEYED

    def delete(self, data: bytes, carrier: int | None) -> None:
        association = self._bare_association(data, Procedure.DELETE, carrier)
        _demand(association.state is AssociationState.UNKEYED, Failure.ASSOCIATION_STATE)
        del self.unit.associations[association.spi]

    def set_number(self, data: bytes, carrier: int | None) -> None:
        association = self._association(data, Procedure.SET_NUMBER, carrier)
        _demand(len(data) == 2 + association.anti_replay_octets, Failure.MALFORMED)
        _demand(association.state is not AssociationState.UNKEYED, Failure.ASSOCIATION_STATE)
        number = int.from_bytes(data[2:], "big")
        _demand(number >= association.number, Failure.NUMBER_BEHIND)
        association.number = number

    def set_window(self, data: bytes, carrier: int | None) -> None:
        association = self._association(data, Procedure.SET_WINDOW, None)
        _demand(len(data) == 3 and data[2] > 0, Failure.MALFORMED)
        association.window = data[2]

    def read_number(self, data: bytes, carrier: int | None) -> bytes:
        association = self._named(data)
        _demand(len(data) == 2, Failure.MALFORMED)
        return data + association.number.to_bytes(association.anti_replay_octets, "big")

    def status(self, data: bytes, carrier: int | None) -> bytes:
        association = self._named(data)
        _demand(len(data) == 2, Failure.MALFORMED)
        return data + bytes((association.last_procedure,))

    # ---- monitoring and control (3.4) ----------------------------------------------------------------

    def ping(self, data: bytes, carrier: int | None) -> bytes:
        _demand(not data, Failure.MALFORMED)
        return b""

    def log_status(self, data: bytes, carrier: int | None) -> bytes:
        _demand(not data, Failure.MALFORMED)
        return struct.pack(">HH", len(self.unit.log), MOST_LOGGED - len(self.unit.log))

    def dump_log(self, data: bytes, carrier: int | None) -> bytes:
        _demand(not data, Failure.MALFORMED)
        following = EVENT.size - 3
        return b"".join(EVENT.pack(reason, following, spi, number) for reason, spi, number in self.unit.log)

    def erase_log(self, data: bytes, carrier: int | None) -> bytes:
        _demand(not data, Failure.MALFORMED)
        self.unit.log = []
        return self.log_status(data, carrier)

    def self_test(self, data: bytes, carrier: int | None) -> bytes:
        """Known answers of both algorithms (NIST SP 800-38B D.3 and the GCM specification's case 13)."""
        _demand(not data, Failure.MALFORMED)
        sealed = sdls_cipher.seal(bytes(KEY_OCTETS), bytes(IV_OCTETS), b"", b"")
        cmac = sdls_cipher.authenticate(_CMAC_KEY, b"")
        passed = sealed == _GCM_ANSWER and cmac == _CMAC_ANSWER
        return b"\x00" if passed else b"\x80"

    def reset_alarm(self, data: bytes, carrier: int | None) -> None:
        _demand(not data, Failure.MALFORMED)
        self.unit.alarm = False

    # ---- what they share -----------------------------------------------------------------------------

    def _key(self, number: int) -> Key:
        key = self.unit.keys.get(number)
        if key is None:
            raise _Refusal(Failure.NO_SUCH_KEY)
        return key

    def _session_keys(self, data: bytes, states: tuple[KeyState, ...]) -> list[Key]:
        numbers = _numbers(data)
        _demand(len(set(numbers)) == len(numbers), Failure.MALFORMED)
        _demand(min(numbers) >= FIRST_SESSION_KEY, Failure.MASTER_KEY)
        keys = [self._key(number) for number in numbers]
        _demand(all(key.state in states for key in keys), Failure.KEY_STATE)
        return keys

    def _demand_unused(self, number: int, *, may_be_new: bool) -> None:
        """An uploaded key must not replace one that is active or held."""
        key = self.unit.keys.get(number)
        if key is None:
            _demand(may_be_new, Failure.NO_SUCH_KEY)
            return
        _demand(key.state is not KeyState.ACTIVE, Failure.KEY_STATE)
        _demand(not self.unit.is_in_use(number), Failure.KEY_IN_USE)

    def _named(self, data: bytes) -> SecurityAssociation:
        _demand(len(data) >= 2, Failure.MALFORMED)
        association = self.unit.associations.get(int.from_bytes(data[:2], "big"))
        if association is None:
            raise _Refusal(Failure.NO_SUCH_ASSOCIATION)
        return association

    def _association(self, data: bytes, procedure: Procedure, carrier: int | None) -> SecurityAssociation:
        association = self._named(data)
        _demand(association.spi != carrier, Failure.ASSOCIATION_IN_USE)
        association.last_procedure = procedure  # also of one that fails: it tells which was tried
        return association

    def _bare_association(
        self, data: bytes, procedure: Procedure, carrier: int | None
    ) -> SecurityAssociation:
        _demand(len(data) == 2, Failure.MALFORMED)
        return self._association(data, procedure, carrier)


_HANDLERS: dict[int, Callable[[Recipient, bytes, int | None], bytes | None]] = {
    Procedure.OTAR: Recipient.otar,
    Procedure.ACTIVATE_KEYS: Recipient.activate,
    Procedure.DEACTIVATE_KEYS: Recipient.deactivate,
    Procedure.VERIFY_KEYS: Recipient.verify,
    Procedure.DESTROY_KEYS: Recipient.destroy,
    Procedure.KEY_INVENTORY: Recipient.inventory,
    Procedure.CREATE: Recipient.create,
    Procedure.REKEY: Recipient.rekey,
    Procedure.START: Recipient.start,
    Procedure.STOP: Recipient.stop,
    Procedure.EXPIRE: Recipient.expire,
    Procedure.DELETE: Recipient.delete,
    Procedure.SET_NUMBER: Recipient.set_number,
    Procedure.SET_WINDOW: Recipient.set_window,
    Procedure.READ_NUMBER: Recipient.read_number,
    Procedure.STATUS: Recipient.status,
    Procedure.PING: Recipient.ping,
    Procedure.LOG_STATUS: Recipient.log_status,
    Procedure.DUMP_LOG: Recipient.dump_log,
    Procedure.ERASE_LOG: Recipient.erase_log,
    Procedure.SELF_TEST: Recipient.self_test,
    Procedure.RESET_ALARM: Recipient.reset_alarm,
}
assert set(_HANDLERS) == set(Procedure), "each procedure has a handler"

_CMAC_KEY = bytes.fromhex("603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4")
_CMAC_ANSWER = bytes.fromhex("028962f61b7bf89efc6b551f4667d983")
_GCM_ANSWER = bytes.fromhex("530f8afbc74536b9a963b4f1c4cb738b")


def _demand(holds: bool, failure: Failure) -> None:
    if not holds:
        raise _Refusal(failure)


def _numbers(data: bytes) -> list[int]:
    _demand(len(data) >= 2 and len(data) % 2 == 0, Failure.MALFORMED)
    return [number for (number,) in struct.iter_unpack(">H", data)]


def _read_association(data: bytes) -> SecurityAssociation:
    """From the data of CREATE, of which all must be used up and make sense together."""
    at = 0

    def take(octets: int) -> bytes:
        nonlocal at
        _demand(at + octets <= len(data), Failure.MALFORMED)
        at += octets
        return data[at - octets : at]

    spi = int.from_bytes(take(2), "big")
    services, lengths, mac_octets = take(3)
    ciphers = take(*take(1))
    iv = take(*take(1))
    take(*take(1))  # authentication suite: the service type says which
    mask = take(int.from_bytes(take(2), "big"))
    number = take(*take(1))
    window = take(*take(1))
    _demand(at == len(data) and len(window) == 1, Failure.MALFORMED)
    iv_octets, number_octets, pad_octets = services & 0x3F, lengths >> 2, lengths & 3
    encrypts = services >> 6 == Service.AUTHENTICATED_ENCRYPTION
    _demand(encrypts or services >> 6 == Service.AUTHENTICATION, Failure.MALFORMED)
    _demand(pad_octets == 0 and mac_octets == MAC_OCTETS and bool(ciphers) == encrypts, Failure.MALFORMED)
    _demand(len(iv) == iv_octets and len(number) == (number_octets or iv_octets), Failure.MALFORMED)
    try:
        association = SecurityAssociation(
            spi,
            Service(services >> 6),
            iv_octets,
            number_octets,
            window[0],
            number=int.from_bytes(number, "big"),
        )
    except FswError:
        raise _Refusal(Failure.MALFORMED) from None
    # Anything else would leave a field open that must be authenticated, or cover one that COP-1 changes.
    header_octets = len(mask) - association.header_octets
    _demand(header_octets in (5, 6) and mask == association.mask_for(header_octets), Failure.MALFORMED)
    return association
