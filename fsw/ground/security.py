"""The ground's end of a protected telecommand link: ApplySecurity, and the management of keys.

It begins with the same keys and associations as the spacecraft and follows it: an extended procedure changes
the ground when the spacecraft has reported it complete, not before.
"""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any, Literal

from fsw.core.errors import FswError
from fsw.protocols import sdls_pdu
from fsw.protocols.sdls import AssociationState, Channel, KeyState, SecurityAssociation
from fsw.protocols.sdls_cipher import IV_OCTETS
from fsw.protocols.sdls_codes import FrameRefusal
from fsw.protocols.sdls_keys import FIRST_SESSION_KEY, MASTER_KEY, LinkKeys
from fsw.protocols.sdls_link import LinkSecurity, frame_header, make_unit
from fsw.protocols.sdls_pdu import Procedure
from fsw.protocols.sdls_procedures import Failure, Recipient

Role = Literal["AD", "BD"]
Saved = dict[str, Any]

# Those that only ask change nothing on the ground.
_CHANGING = frozenset(
    {
        Procedure.OTAR,
        Procedure.ACTIVATE_KEYS,
        Procedure.DEACTIVATE_KEYS,
        Procedure.DESTROY_KEYS,
        Procedure.CREATE,
        Procedure.DELETE,
        Procedure.SET_WINDOW,
        Procedure.REKEY,
        Procedure.EXPIRE,
        Procedure.START,
        Procedure.STOP,
    }
)


class GroundSecurity:
    """keys, security: as the spacecraft's."""

    def __init__(self, keys: LinkKeys, security: LinkSecurity) -> None:
        self.unit = make_unit(keys, security, on_board=False)
        self.unit.keys[MASTER_KEY].used_to = keys.first_number(IV_OCTETS)
        self.published = keys.published
        self._keys = keys
        self._security = security
        self._mirror = Recipient(self.unit, security.spacecraft_id)
        self._role: dict[Role, int] = {"AD": security.spi, "BD": security.spi + 1}
        self._renewing: dict[Role, int] = {}  # the association that takes over once it is started
        self._asked = 0  # challenges made
        self._challenges: dict[int, bytes] = {}  # the latest, by key
        self.out_of_step = 0  # procedures that were done on board and could not be followed here

    # ---- frames ----------------------------------------------------------------------------------------

    def apply(self, virtual_channel: int, data: bytes, bypass: bool) -> bytes:
        """A frame data field, protected; the segment header, if the channel has them, stays in front.

        Raises FswError if its security association is not operational or has used up its numbers.
        """
        size = 1 if self._security.maps.get(virtual_channel) else 0
        segment, plain = data[:size], data[size:]
        channel = Channel(virtual_channel, segment[0] & 0x3F if segment else None)
        role: Role = "BD" if bypass else "AD"
        header = frame_header(virtual_channel, segment)
        return segment + self.unit.apply(channel, header, plain, self._role[role])

    @property
    def octets(self) -> int:
        """By which a frame grows at most, whichever association protects it."""
        return max(each.overhead_octets for each in self.unit.associations.values())

    def use(self, role: Role, spi: int) -> None:
        """Frames of this type are protected by that association from now on."""
        found = self.unit.associations.get(spi)
        if found is None or found.state is not AssociationState.OPERATIONAL:
            raise FswError(f"SPI {spi}: allowed are {_listed(self._operational())}")
        self._role[role] = spi

    @property
    def roles(self) -> Mapping[Role, int]:
        """SPI of type-AD and of type-BD frames."""
        return self._role

    def frames_sent(self, spi: int) -> int:
        """How many numbers of this flight an association has used."""
        association = self.unit.associations[spi]
        return max(0, association.number - self._keys.first_number(association.anti_replay_octets))

    def _operational(self) -> list[int]:
        every = self.unit.associations.items()
        return [spi for spi, each in every if each.state is AssociationState.OPERATIONAL]

    # ---- commands --------------------------------------------------------------------------------------

    def renew(self, key_id: int, role: Role) -> list[bytes]:
        """Uploads a key of the key file and puts a new association with it into use, in commands to be sent.

        When the last of them is complete, frames of this type use it. Raises FswError: no such key, or one
        that is or was in use.
        """
        key = self.unit.keys.get(key_id)
        free = [
            number
            for number, each in self.unit.keys.items()
            if number >= FIRST_SESSION_KEY and each.state is KeyState.PRE_ACTIVE
        ]
        if key is None or key_id not in free:
            raise FswError(f"key {key_id}: allowed are {_listed(free)}")
        spi = next(spi for spi in range(self._security.spi, 0xFFFF) if spi not in self.unit.associations)
        like = self.unit.associations[self._role[role]]
        wanted = SecurityAssociation(
            spi, like.service, like.iv_octets, like.number_octets, like.window, like.mask
        )
        self._renewing[role] = spi
        size = wanted.anti_replay_octets
        return [
            self._otar(key_id),
            self._challenge(key_id),
            sdls_pdu.key_list(Procedure.ACTIVATE_KEYS, [key_id]),
            sdls_pdu.create(wanted),
            sdls_pdu.rekey(spi, key_id, self._keys.first_number(size), size),
            sdls_pdu.start(spi, self._security.spacecraft_id, self._security.channels),
        ]

    def retire(self, spi: int) -> list[bytes]:
        """Takes an association out of use, and its key. It must not be the one that protects frames now."""
        found = self.unit.associations.get(spi)
        if found is None or found.key_id is None or spi in self._role.values():
            allowed = [each for each in self.unit.associations if each not in self._role.values()]
            raise FswError(f"SPI {spi}: allowed are {_listed(allowed)}")
        commands = [
            sdls_pdu.on_association(Procedure.EXPIRE, spi),
            sdls_pdu.on_association(Procedure.DELETE, spi),
            sdls_pdu.key_list(Procedure.DEACTIVATE_KEYS, [found.key_id]),
            sdls_pdu.key_list(Procedure.DESTROY_KEYS, [found.key_id]),
        ]
        if found.state is AssociationState.OPERATIONAL:
            commands.insert(0, sdls_pdu.on_association(Procedure.STOP, spi))
        return commands

    def synchronise(self, spi: int) -> bytes:
        """Tells the spacecraft the number that the ground has come to, when too many frames were lost."""
        found = self.unit.associations.get(spi)
        if found is None:
            raise FswError(f"SPI {spi}: allowed are {_listed(self.unit.associations)}")
        return sdls_pdu.set_number(spi, found.number, found.anti_replay_octets)

    def verify(self, key_id: int) -> bytes:
        """Asks the spacecraft to prove that it holds a key."""
        if key_id not in self.unit.keys or key_id < FIRST_SESSION_KEY:
            allowed = [number for number in self.unit.keys if number >= FIRST_SESSION_KEY]
            raise FswError(f"key {key_id}: allowed are {_listed(allowed)}")
        return self._challenge(key_id)

    def _otar(self, key_id: int) -> bytes:
        master = self.unit.keys[MASTER_KEY]
        master.used_to += 1  # before it is used: an IV must never come twice
        iv = master.used_to.to_bytes(IV_OCTETS, "big")
        return sdls_pdu.otar(MASTER_KEY, master.octets, iv, [(key_id, self.unit.keys[key_id].octets)])

    def _challenge(self, key_id: int) -> bytes:
        """Never the same twice, so that an old answer proves nothing."""
        self._asked += 1
        text = f"fsw challenge {self._keys.flight} {self._asked}"
        self._challenges[key_id] = hashlib.sha256(text.encode()).digest()[: sdls_pdu.CHALLENGE_OCTETS]
        return sdls_pdu.verify_keys([(key_id, self._challenges[key_id])])

    # ---- what comes back -------------------------------------------------------------------------------

    def completed(self, command: bytes) -> list[tuple[str, bool]]:
        """The spacecraft has reported this extended procedure complete: the ground follows.

        What to tell the operator, and whether it alarms.
        """
        unit = sdls_pdu.decode(command)
        if unit is None or unit.procedure not in _CHANGING:
            return []
        name = Procedure(unit.procedure).name
        failure = self._mirror.execute(command)
        if isinstance(failure, Failure):
            self.out_of_step += 1
            return [(f"{name} was done on board but cannot be followed here: {failure.text}", True)]
        said = []
        if unit.procedure == Procedure.START:
            started = int.from_bytes(unit.data[:2], "big")
            for role, spi in list(self._renewing.items()):
                if spi == started:
                    self._role[role] = self._renewing.pop(role)
                    said.append((f"type-{role} frames are protected by SPI {spi} from now on", False))
        return said

    def describe(self, reply: bytes) -> str:
        """A reply of the spacecraft in words, with the verdict on answers to challenges."""
        said = sdls_pdu.read_reply(reply)
        match said:
            case None:
                return f"no reply that is known: {reply.hex()}"
            case {"procedure": "KEY_INVENTORY", "keys": keys}:
                listed = ", ".join(f"{number} {KeyState(state).name}" for number, state in keys)
                return f"keys on board: {listed or 'none'}"
            case {"procedure": "VERIFY_KEYS", "answers": answers}:
                return ", ".join(
                    f"key {number} {'proven' if self._proves(number, iv, sealed) else 'NOT PROVEN'}"
                    for number, iv, sealed in answers
                )
            case {"procedure": "READ_NUMBER", "spi": spi, "number": number}:
                return f"SPI {spi}: last number taken {number}"
            case {"procedure": "STATUS", "spi": spi, "last_procedure": tag}:
                name = Procedure(tag).name if tag in _TAGS else f"{tag:02x}"
                return f"SPI {spi}: last procedure {name if tag else 'none'}"
            case {"procedure": "DUMP_LOG", "events": events}:
                listed = "; ".join(
                    f"SPI {spi} number {number}: {_refusal(reason)}" for reason, spi, number in events
                )
                return f"security log: {listed or 'empty'}"
            case {"logged": logged, "remaining": remaining}:
                return f"security log: {logged} entries, room for {remaining}"
            case {"procedure": "SELF_TEST", "passed": passed}:
                return f"security self-test: {'passed' if passed else 'FAILED'}"
        return "security unit alive"

    def _proves(self, key_id: int, iv: bytes, sealed: bytes) -> bool:
        key, challenge = self.unit.keys.get(key_id), self._challenges.get(key_id)
        if key is None or not key.octets or challenge is None:
            return False
        return sdls_pdu.answer_proves(key.octets, challenge, iv, sealed)

    # ---- snapshots ---------------------------------------------------------------------------------------

    def save(self) -> Saved:
        """Plain data, keys included."""
        return {
            "unit": self.unit.save(),
            "role": dict(self._role),
            "renewing": dict(self._renewing),
            "asked": self._asked,
            "challenges": [[key_id, octets] for key_id, octets in self._challenges.items()],
            "out_of_step": self.out_of_step,
        }

    def load(self, saved: Saved) -> None:
        self.unit.load(saved["unit"])
        self._role = dict(saved["role"])
        self._renewing = dict(saved["renewing"])
        self._asked = saved["asked"]
        self._challenges = {key_id: octets for key_id, octets in saved["challenges"]}
        self.out_of_step = saved["out_of_step"]


_TAGS = frozenset(int(each) for each in Procedure)
_REFUSALS = frozenset(int(each) for each in FrameRefusal)


def _refusal(code: int) -> str:
    return FrameRefusal(code).text if code in _REFUSALS else str(code)


def _listed(numbers: Iterable[int]) -> str:
    return ", ".join(map(str, numbers)) or "none"
