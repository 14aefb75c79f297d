"""The orbiter's end of the Wi-Fi link: commands to the camera, pictures and health from it.

Pictures come in parts or, where the mission says so, as CFDP files (`fsw.tasks.camera_files`).
"""

from collections.abc import Iterable
from typing import Any

import numpy as np

from fsw.core import picture_assembly
from fsw.core.errors import FswError
from fsw.core.picture_assembly import PictureAssembler
from fsw.dictionary import camera, tianwen1
from fsw.dictionary.events import Event
from fsw.dictionary.housekeeping import Structure
from fsw.dictionary.identifiers import (
    FailureCode,
    Lens,
    LensSelection,
    PictureCoding,
    PictureSize,
    WifiState,
)
from fsw.dictionary.settings import SETTINGS, SettableParameter
from fsw.kernel.scheduler import Action, CancelTimer, Emit, Send, SetTimer
from fsw.kernel.time import SECOND
from fsw.protocols.cfdp_entity import Peer
from fsw.protocols.cfdp_pdu import Condition
from fsw.tasks import names
from fsw.tasks.answers import executed, report
from fsw.tasks.camera_files import CameraFiles, Lost, Sent, Told, of_camera_files
from fsw.tasks.clock import OnBoardClock
from fsw.tasks.messages import (
    AccessPoint,
    AskParameters,
    Execute,
    FromCamera,
    Gather,
    Occurred,
    ParameterChanged,
    Picture,
    Tick,
    ToCamera,
    Values,
    WifiStatus,
)

ASSEMBLY_SLOTS = 6
LARGEST_PICTURE_OCTETS = 4 << 20  # a raw frame of 1600x1200
PICTURE_TIMEOUT_NS = 10 * SECOND
TICK_NS = tianwen1.CLOCK_TICK_NS


class Relay:
    """peer: the camera, where its pictures come by CFDP. on_bus_power: the camera's power is ours."""

    def __init__(self, clock: OnBoardClock, peer: Peer | None = None, on_bus_power: bool = False) -> None:
        self._clock = clock
        self._on_bus_power = on_bus_power
        self._files = None if peer is None else CameraFiles(peer)
        self._files_timer_ns: int | None = None
        self._assembler = PictureAssembler(
            slots=ASSEMBLY_SLOTS,
            slot_octets=LARGEST_PICTURE_OCTETS,
            timeout_ns=PICTURE_TIMEOUT_NS,
            apid_picture=camera.PICTURE_APID,
            apid_health=camera.HEALTH_APID,
            apid_report=camera.REPORT_APID,
        )
        self._camera_answers_within_s = SETTINGS[SettableParameter.CAMERA_ANSWERS_WITHIN_S].default
        self._low_battery_wh = SETTINGS[SettableParameter.LOW_BATTERY_WH].default
        self._state = WifiState.OFF
        self._status = WifiStatus(False, 0, 0.0, 0.0)
        self._awake = False
        self._battery_low = False
        self._health = b""  # the latest health packet
        self._health_ns = 0
        self._commands_sent = 0
        self._waiting: dict[bytes, list[Any]] = {}  # by what the answer holds: see `_wait_for`
        self._received = 0
        self._complete = 0
        self._incomplete = 0
        self._unreadable = 0

    def start(self, now_ns: int) -> Iterable[Action]:
        return [
            Emit(names.WIFI_PORT, AccessPoint(self._state is not WifiState.OFF)),
            Send(names.PARAMETERS, AskParameters(names.RELAY)),
            *self._say(now_ns),
        ]

    def handle(self, message: Any, now_ns: int) -> Iterable[Action]:
        match message:
            case FromCamera():
                return self._received_packets(message, now_ns)
            case WifiStatus():
                return self._link_status(message, now_ns)
            case Execute(_, _, "WIFI", _):
                return self._switch(message)
            case Execute():
                return self._command_camera(message, now_ns)
            case ParameterChanged(SettableParameter.CAMERA_ANSWERS_WITHIN_S, value):
                self._camera_answers_within_s = value
            case ParameterChanged(SettableParameter.LOW_BATTERY_WH, value):
                self._low_battery_wh = value
            case Tick("unanswered"):
                return self._unanswered(now_ns)
            case Tick("files") if self._files is not None:
                self._files_timer_ns = None
                return self._events(self._files.poll(now_ns), now_ns) + self._say(now_ns)
            case Gather(Structure.RELAY, reply_to):
                return [Send(reply_to, Values(self._link_values()))]
            case Gather(Structure.CAMERA, reply_to):
                return [Send(reply_to, Values(self._camera_values(now_ns)))]
        return ()

    # ---- telecommands ---------------------------------------------------------------------------

    def _switch(self, message: Execute) -> list[Action]:
        on = message.arguments["state"] == "ON"
        if on and self._state is WifiState.OFF:
            self._state = WifiState.SEARCHING
        elif not on:
            self._state = WifiState.OFF
        return [
            Emit(names.WIFI_PORT, AccessPoint(on)),
            Send(names.EVENTS, Occurred(Event.WIFI_SWITCHED, {"wifi": self._state.name})),
            executed(message.request, message.acknowledge),
        ]

    def _command_camera(self, message: Execute, now_ns: int) -> list[Action]:
        if self._state is not WifiState.LINKED:
            off = self._state is WifiState.OFF
            failure = FailureCode.WIFI_OFF if off else FailureCode.NO_LINK
            return [executed(message.request, message.acknowledge, failure)]
        count, arguments = self._commands_sent, message.arguments
        match message.name:
            case "CAMERA_START":
                packet = camera.start(count)
            case "CAMERA_STOP":
                packet = camera.stop(count)
            case "CAMERA_MODE":
                size, coding = PictureSize[arguments["size"]], PictureCoding[arguments["coding"]]
                packet = camera.set_mode(size, coding, LensSelection[arguments["lens"]], count)
            case "CONNECTION_TEST":
                packet = camera.report_health(count)
            case "CAMERA_SETTINGS":
                return self._send_settings(message, now_ns)
            case _:
                gain_256ths = round(256 * arguments["gain"])
                exposure_us, lens = int(arguments["exposure_us"]), LensSelection[arguments["lens"]]
                packet = camera.set_exposure(exposure_us, gain_256ths, lens, count)
        return [Emit(names.WIFI_PORT, ToCamera(packet)), self._wait_for(packet[:4], message, now_ns)]

    def _send_settings(self, message: Execute, now_ns: int) -> list[Action]:
        """By a file, which the camera's report answers as it does a telecommand, and Finished in class 2."""
        if self._files is None:
            return [executed(message.request, message.acknowledge, FailureCode.NO_FILE_LINK)]
        arguments = message.arguments
        octets = camera.settings_file(
            PictureSize[arguments["size"]],
            PictureCoding[arguments["coding"]],
            int(arguments["exposure_us"]),
            round(256 * arguments["gain"]),
            int(arguments["period_ms"]),
            LensSelection[arguments["lens"]],
        )
        sequence = self._files.send(camera.SETTINGS_FILE, octets, now_ns)
        wait = self._wait_for(sequence.to_bytes(4, "big"), message, now_ns)
        return [*self._say(now_ns), wait]

    def _wait_for(self, answer: bytes, message: Execute, now_ns: int) -> Action:
        """answer: what the camera's report will hold, of a telecommand or of a file.

        What waits: the request, its acknowledgement flags, until when, and whether it is a connection test.
        """
        self._commands_sent += 1
        deadline_ns = now_ns + round(self._camera_answers_within_s * SECOND)
        tested = message.name == "CONNECTION_TEST"
        self._waiting[answer] = [message.request, message.acknowledge, deadline_ns, tested]
        return SetTimer("unanswered", self._earliest_deadline(), Tick("unanswered"))

    def _earliest_deadline(self) -> int:
        return min(int(waiting[2]) for waiting in self._waiting.values())

    def _unanswered(self, now_ns: int) -> list[Action]:
        actions: list[Action] = []
        for packet, (request, acknowledge, deadline_ns, _) in list(self._waiting.items()):
            if deadline_ns <= now_ns:
                del self._waiting[packet]
                actions.append(executed(request, acknowledge, FailureCode.NO_ANSWER))
                if self._files is not None:
                    self._files.cancel(int.from_bytes(packet, "big"))  # if it is a file's
        if self._waiting:
            actions.append(SetTimer("unanswered", self._earliest_deadline(), Tick("unanswered")))
        return actions + self._say(now_ns)

    def _file_sent(self, sent: Sent) -> list[Action]:
        if sent.delivered is None:  # class 1: the camera's report will tell
            return []
        failure = FailureCode.NO_ANSWER
        if sent.condition == Condition.FILESTORE_REJECTION:
            failure = FailureCode.REFUSED_BY_CAMERA
        return self._answered(sent.sequence.to_bytes(4, "big"), None if sent.delivered else failure)

    def _answered(self, answer: bytes, failure: FailureCode | None) -> list[Action]:
        waiting = self._waiting.pop(answer, None)
        if waiting is None:
            return []
        request, acknowledge, _, tested = waiting
        actions: list[Action] = [executed(request, acknowledge, failure)]
        if tested and failure is None:
            actions.insert(0, report("CONNECTED", {"application": camera.TELECOMMAND_APID}))
        if not self._waiting:
            actions.append(CancelTimer("unanswered"))
        return actions

    # ---- the link -------------------------------------------------------------------------------

    def _link_status(self, status: WifiStatus, now_ns: int) -> list[Action]:
        before, self._status = self._status, status
        actions: list[Action] = self._events(self._assembler.expire(self._clock.agency_ns(now_ns)), now_ns)
        if self._state is WifiState.OFF:
            return actions
        if status.linked:
            self._state = WifiState.LINKED
            if before.linked and before.rate_kbps != status.rate_kbps:
                rates = {"rate_before_kbps": before.rate_kbps, "rate_now_kbps": status.rate_kbps}
                values = {**rates, "range_m": status.range_m}
                actions.append(Send(names.EVENTS, Occurred(Event.LINK_MODE_CHANGED, values)))
        elif self._state is WifiState.LINKED:
            self._state = WifiState.LOST
            actions += self._events(self._assembler.abandon(), now_ns)
            if self._files is not None:
                actions += self._events(self._files.link_gone(), now_ns) + self._say(now_ns)
            actions.append(Send(names.EVENTS, Occurred(Event.LINK_LOST, {"range_m": before.range_m})))
        return actions

    def _received_packets(self, message: FromCamera, now_ns: int) -> list[Action]:
        lengths = np.frombuffer(message.lengths, dtype="<u4")
        self._received += len(lengths)
        actions: list[Action] = []
        if not self._awake and len(lengths):
            self._awake = True
            awake = Occurred(Event.CAMERA_AWAKE, {"range_m": self._status.range_m})
            actions.append(Send(names.EVENTS, awake))
        octets = np.frombuffer(message.octets, dtype=np.uint8)
        if self._files is not None and len(lengths):
            units, starts = of_camera_files(octets, lengths)
            if units.all():
                pictures = self._files.receive(octets, lengths, starts, now_ns)
                lengths = lengths[:0]
            elif units.any():
                own, sizes = octets[np.repeat(units, lengths)], lengths[units]
                pictures = self._files.receive(own, sizes, sizes.cumsum(dtype=np.int64) - sizes, now_ns)
                octets, lengths = octets[np.repeat(~units, lengths)], lengths[~units]
            else:
                pictures = []
            actions += self._events(pictures, now_ns) + self._say(now_ns, heard=True)
        if len(lengths):
            events = self._assembler.feed(octets, None, lengths, self._clock.agency_ns(now_ns))
            actions += self._events(events, now_ns)
        return actions

    def _say(self, now_ns: int, heard: bool = False) -> list[Action]:
        """What there is to say of files, and when to look again. Said while nobody hears it is lost.

        heard: the camera has just been.
        """
        if self._files is None:
            return []
        packets = self._files.answers(now_ns)
        hears = heard or self._state in (WifiState.SEARCHING, WifiState.LINKED)
        actions: list[Action] = [Emit(names.WIFI_PORT, ToCamera(p)) for p in packets] if hears else []
        actions += self._events(self._files.ended(), now_ns)
        due_ns, timer_ns = self._files.due_ns(now_ns), self._files_timer_ns
        # Each packet puts it off: a timer that is early looks again when it has run out.
        if due_ns is not None and (timer_ns is None or due_ns < timer_ns):
            self._files_timer_ns = max(due_ns, now_ns)
            actions.append(SetTimer("files", self._files_timer_ns, Tick("files")))
        return actions

    def _events(self, events: Iterable[picture_assembly.Event | Told], now_ns: int) -> list[Action]:
        actions: list[Action] = []
        for event in events:
            match event:
                case picture_assembly.Complete(picture, octets):
                    actions += self._picture(picture, octets)
                case picture_assembly.Incomplete(picture, received_octets, _):
                    lost = Lost(picture.number, picture.lens, received_octets, picture.total_octets)
                    actions.append(self._lost(lost))
                case Lost():
                    actions.append(self._lost(event))
                case Sent():
                    actions += self._file_sent(event)
                case picture_assembly.Health(packet) | picture_assembly.Report(packet):
                    try:
                        actions += self._told(event, packet, now_ns)
                    except FswError:
                        self._unreadable += 1  # the CRC was right and the layout is not
        return actions

    def _lost(self, lost: Lost) -> Action:
        self._incomplete += 1
        values = {
            "picture": lost.number,
            "lens": Lens(lost.lens).name,
            "octets_received": lost.received_octets,
            "octets_expected": lost.expected_octets,
        }
        return Send(names.EVENTS, Occurred(Event.PICTURE_INCOMPLETE, values))

    def _told(self, event: picture_assembly.Event, packet: bytes, now_ns: int) -> list[Action]:
        if isinstance(event, picture_assembly.Health):
            used_wh = camera.battery_used_wh(packet)
            # The rest is taken apart when housekeeping asks, since the camera tells every second.
            self._health, self._health_ns = packet, now_ns
            if self._on_bus_power or used_wh < self._low_battery_wh or self._battery_low:
                return []
            self._battery_low = True
            return [Send(names.EVENTS, Occurred(Event.CAMERA_BATTERY_LOW, {"battery_used_wh": used_wh}))]
        answer = camera.answer_in(packet)
        if answer is None:
            return []
        return self._answered(answer.request, None if answer.accepted else FailureCode.REFUSED_BY_CAMERA)

    def _picture(self, picture: picture_assembly.Picture, octets: bytes) -> list[Action]:
        self._complete += 1
        descriptor = picture.descriptor
        assert descriptor is not None, "a complete picture has its first part"
        size = next(size for size in PictureSize if size.pixels == (picture.width, picture.height))
        message = Picture(
            picture.number,
            picture.lens,
            int(size),
            int(PictureCoding.RAW_BAYER if picture.encoding == "raw" else PictureCoding.JPEG),
            # To the nearest: the camera tells 2**-24 s, rounded down.
            (descriptor.start_ns + TICK_NS // 2) // TICK_NS,
            descriptor.exposure_us,
            self._status.range_m,
            octets,
        )
        return [Send(names.MASS_MEMORY, message), Send(names.SELECTION, message)]

    def _camera_values(self, now_ns: int) -> dict[str, Any]:
        """What the camera told last, or nothing."""
        if not self._health:
            return {}
        values = camera.health_values(self._health)
        values["health_age_s"] = (now_ns - self._health_ns) / SECOND
        return values

    def _link_values(self) -> dict[str, Any]:
        lost = self._assembler.lost + self._unreadable
        if self._files is not None:
            lost += self._files.lost + self._files.unreadable
        return {
            "wifi": self._state.name,
            "wifi_rate_kbps": self._status.rate_kbps,
            "wifi_signal_dbm": self._status.signal_dbm,
            "camera_range_m": self._status.range_m,
            "wifi_packets_received": self._received,
            "wifi_packets_lost": lost,
            "pictures_complete": self._complete,
            "pictures_incomplete": self._incomplete,
            "camera_commands_sent": self._commands_sent,
        }

    # ---- what outlives what ---------------------------------------------------------------------

    def retained(self) -> dict[str, Any]:
        """The link and its counts, and files under way: they go on where they were.

        Pictures half received in parts are lost, and so are answers waited for.
        """
        link = self.save()
        del link["assembler"], link["waiting"]
        return link

    def recall(self, retained: dict[str, Any]) -> None:
        self.load(self.save() | retained)
        self._files_timer_ns = None

    # ---- snapshots ------------------------------------------------------------------------------

    def save(self) -> dict[str, Any]:
        return {
            "assembler": self._assembler.save(),
            "files": None if self._files is None else self._files.save(),
            "files_timer_ns": self._files_timer_ns,
            "camera_answers_within_s": self._camera_answers_within_s,
            "low_battery_wh": self._low_battery_wh,
            "state": int(self._state),
            "status": self._status,
            "awake": self._awake,
            "battery_low": self._battery_low,
            "health": self._health,
            "health_ns": self._health_ns,
            "commands_sent": self._commands_sent,
            "waiting": {key.hex(): list(value) for key, value in self._waiting.items()},
            "received": self._received,
            "complete": self._complete,
            "incomplete": self._incomplete,
            "unreadable": self._unreadable,
        }

    def load(self, saved: dict[str, Any]) -> None:
        self._assembler.load(saved["assembler"])
        if self._files is not None:
            self._files.load(saved["files"])
        self._files_timer_ns = saved["files_timer_ns"]
        self._camera_answers_within_s = saved["camera_answers_within_s"]
        self._low_battery_wh = saved["low_battery_wh"]
        self._state = WifiState(saved["state"])
        self._status = saved["status"]
        self._awake = saved["awake"]
        self._battery_low = saved["battery_low"]
        self._health = saved["health"]
        self._health_ns = saved["health_ns"]
        self._commands_sent = saved["commands_sent"]
        self._waiting = {bytes.fromhex(key): list(value) for key, value in saved["waiting"].items()}
        self._received = saved["received"]
        self._complete = saved["complete"]
        self._incomplete = saved["incomplete"]
        self._unreadable = saved["unreadable"]
