"""Formats of recorded downlinks by name, and the language for those without one.

A format says what the file holds (frames, CADUs or soft symbols), the layout of the frames, how they
are coded, whose they are and where their time is.

    tianwen2, tianwen2-lowrate, change5, hera, tianwen1
    aos:LENGTH[:insert-zone=N][:ocf | :ocf=VC+VC...][:fecf][:fhec]
    tm:LENGTH[:secondary-header=N][:ocf][:fecf]
    cadu:LENGTH[:rs=223|239|none][:interleave=1..8][:basis=dual|conventional][:randomizer=255|131071|none]
        [:tm] and the options of the frame
    symbols:LENGTH[:convolutional=inverted|plain|none][:as=u8|i8|f32] and the options of cadu

tianwen1 and tianwen2 take frames of either of the spacecraft's lengths, and CADUs.

LENGTH is that of the frame for aos and tm, that of the whole CADU with its 4-octet sync marker for the
others. All take scid=A[+B...], the spacecraft whose frames are taken (otherwise all that the file shows).
"""

from dataclasses import dataclass, field, replace
from typing import Literal

from fsw.core.channel_coding import ChannelCode
from fsw.core.errors import FswError
from fsw.core.frame_format import FrameFormat
from fsw.protocols.time_codes import CHANGE5, TIANWEN1, TIANWEN1_LANDER, TIANWEN2, UtcCounter

Layer = Literal["frames", "cadus", "symbols"]


@dataclass(frozen=True, slots=True)
class ZoneTime:
    """A spacecraft's counter in the insert zone, `offset` octets from the zone's start."""

    counter: UtcCounter
    offset: int = 0


@dataclass(frozen=True, slots=True)
class RecordedFormat:
    """frame: layout; further: another frame layout that may follow on the same link, with its coding.

    spacecraft: identifiers taken, empty for whatever the file shows. times: by spacecraft.
    pus_time: reports carry CUC 4+3 without P-field, counted from an epoch that is not published.
    ocf_channels: virtual channels of idle data whose frames end in an operational control field, in a
    layout that has none otherwise.
    """

    name: str
    layer: Layer
    frame: FrameFormat
    code: ChannelCode | None = None  # of a CADU
    further: tuple[FrameFormat, ChannelCode] | None = None
    spacecraft: frozenset[int] = frozenset()
    times: dict[int, ZoneTime] = field(default_factory=dict)
    pus_time: bool = False
    without_packets: frozenset[int] = frozenset()
    ocf_channels: frozenset[int] = frozenset()
    symbol_encoding: Literal["u8", "i8", "f32"] = "u8"


_TIANWEN1_LOW = FrameFormat("aos", 220, insert_zone=8)
_TIANWEN1_HIGH = FrameFormat("aos", 892, insert_zone=8)
_TIANWEN2_HIGH, _TIANWEN2_LOW = _TIANWEN1_HIGH, _TIANWEN1_LOW
_TIANWEN1_TIMES = {245: ZoneTime(TIANWEN1), 82: ZoneTime(TIANWEN1_LANDER)}

NAMED = {
    # Frames of 892 octets, or CADUs of 1024 and 256 octets one after the other: told by the first marker. How
    # they are coded is as a mission file of ours assumes: the recordings hold frames.
    "tianwen2": RecordedFormat(
        "tianwen2",
        "frames",
        _TIANWEN2_HIGH,
        ChannelCode("tm255", 32, "dual", 4, "g2-inverted"),
        (_TIANWEN2_LOW, ChannelCode("tm255", 32, "dual", 1, "g2-inverted")),
        spacecraft=frozenset({237}),
        times={237: ZoneTime(TIANWEN2)},
    ),
    "tianwen2-lowrate": RecordedFormat(
        "tianwen2-lowrate",
        "frames",
        _TIANWEN2_LOW,
        spacecraft=frozenset({237}),
        times={237: ZoneTime(TIANWEN2)},
    ),
    "change5": RecordedFormat(
        "change5",
        "frames",
        FrameFormat("aos", 220, insert_zone=8),
        spacecraft=frozenset({91, 108}),
        times={91: ZoneTime(CHANGE5, 4), 108: ZoneTime(CHANGE5, 4)},
    ),
    "hera": RecordedFormat(
        "hera",
        "frames",
        FrameFormat("tm", 1113, ocf=True),
        spacecraft=frozenset({181}),
        pus_time=True,
    ),
    # Frames of 220 octets, or CADUs of 256 and 1024 octets one after the other: told by the first marker.
    "tianwen1": RecordedFormat(
        "tianwen1",
        "frames",
        _TIANWEN1_LOW,
        ChannelCode("tm255", 32, "conventional", 1, "g2-inverted"),
        (_TIANWEN1_HIGH, ChannelCode("tm255", 32, "conventional", 4, "plain")),
        spacecraft=frozenset({245, 82}),
        times=_TIANWEN1_TIMES,
        without_packets=frozenset({24}),
    ),
}

ALLOWED = (
    f"{', '.join(NAMED)}, each with [:ocf=VC+VC...], "
    "aos:LENGTH[:insert-zone=N][:ocf | :ocf=VC+VC...][:fecf][:fhec], "
    "tm:LENGTH[:secondary-header=N][:ocf][:fecf], "
    "cadu:LENGTH[:rs=none|223|239][:interleave=N][:basis=dual|conventional]"
    "[:randomizer=255|131071|none][:tm]..., "
    "symbols:LENGTH[:convolutional=inverted|plain|none][:as=u8|i8|f32]..., each with [:scid=A+B...]"
)


def parse_format(text: str) -> RecordedFormat:
    """The format that a user names or describes. Raises FswError that says what is allowed."""
    kind, *options = text.strip().lower().split(":")
    if kind in NAMED and not options:
        return NAMED[kind]
    if kind in NAMED and len(options) == 1 and options[0].startswith("ocf="):
        channels = _channels(text, options[0].removeprefix("ocf="))
        return replace(NAMED[kind], name=text, ocf_channels=channels)
    if kind not in ("aos", "tm", "cadu", "symbols") or not options:
        raise FswError(f"format {text!r}: allowed are {ALLOWED}")
    length, *options = options
    return _Described(text, kind, options).build(_number(text, "LENGTH", length, 1, 65536))


def _number(text: str, name: str, value: str, least: int, most: int) -> int:
    if not (value.isascii() and value.isdigit() and len(value) < 10 and least <= int(value) <= most):
        raise FswError(f"format {text!r}: {name} {value!r}; allowed are {least} to {most}")
    return int(value)


def _channels(text: str, value: str) -> frozenset[int]:
    return frozenset(_number(text, "ocf", part, 0, 63) for part in value.split("+"))


class _Described:
    """Options of one described format, each taken once; what is left over is refused."""

    def __init__(self, text: str, kind: str, options: list[str]) -> None:
        self._text = text
        self._kind = kind
        self._options: dict[str, str] = {}
        for option in options:
            name, equals, value = option.partition("=")
            if name in self._options:
                raise FswError(f"format {text!r}: {name!r} is given twice")
            self._options[name] = value if equals else ""

    def build(self, length: int) -> RecordedFormat:
        kind = self._kind
        code = None
        layer: Layer = "frames"
        encoding = "u8"
        tm = kind == "tm"
        if kind in ("cadu", "symbols"):
            layer = "cadus" if kind == "cadu" else "symbols"
            tm = self._flag("tm")
            code = self._code(kind == "symbols")
            length -= len(code.asm) + code.reed_solomon * code.interleave
        if kind == "symbols":
            encoding = self._choice("as", ("u8", "i8", "f32"))
        spacecraft = self._spacecraft()
        ocf_channels = self._ocf_channels()
        if length < 1:
            raise FswError(f"format {self._text!r}: LENGTH leaves no room for a frame")
        frame = self._frame(tm, length)
        if code is not None:
            try:
                code.codeblock_octets(length)
            except FswError as error:
                raise FswError(f"format {self._text!r}: {error}") from error
        if self._options:
            unknown = ", ".join(self._options)
            raise FswError(f"format {self._text!r}: {unknown} not understood; allowed are {ALLOWED}")
        return RecordedFormat(
            self._text,
            layer,
            frame,
            code,
            spacecraft=spacecraft,
            ocf_channels=ocf_channels,
            symbol_encoding=encoding,  # type: ignore[arg-type]
        )

    def _frame(self, tm: bool, length: int) -> FrameFormat:
        ocf, fecf = self._flag("ocf"), self._flag("fecf")
        try:
            if tm:
                secondary = self._integer("secondary-header", 0, 0, 64)
                return FrameFormat("tm", length, ocf=ocf, fecf=fecf, secondary_header=secondary)
            zone, fhec = self._integer("insert-zone", 0, 0, length), self._flag("fhec")
            return FrameFormat("aos", length, insert_zone=zone, fhec=fhec, ocf=ocf, fecf=fecf)
        except FswError as error:
            raise FswError(f"format {self._text!r}: {error}") from error

    def _code(self, symbols: bool) -> ChannelCode:
        rs = self._choice("rs", ("none", "223", "239"))
        randomizer = self._choice("randomizer", ("255", "131071", "none"))
        convolutional = None
        if symbols:
            convolutional = {"inverted": "g2-inverted", "plain": "plain", "none": None}[
                self._choice("convolutional", ("inverted", "plain", "none"))
            ]
        return ChannelCode(
            None if randomizer == "none" else f"tm{randomizer}",  # type: ignore[arg-type]
            0 if rs == "none" else 255 - int(rs),  # type: ignore[arg-type]
            self._choice("basis", ("dual", "conventional")),  # type: ignore[arg-type]
            self._integer("interleave", 1, 1, 8),
            convolutional,  # type: ignore[arg-type]
        )

    def _spacecraft(self) -> frozenset[int]:
        text = self._options.pop("scid", None)
        if text is None:
            return frozenset()
        return frozenset(_number(self._text, "scid", part, 0, 1023) for part in text.split("+"))

    def _ocf_channels(self) -> frozenset[int]:
        """Of ocf=VC+VC...; without a value the field is in every frame, which is the frame's layout."""
        value = self._options.get("ocf")
        return _channels(self._text, self._options.pop("ocf")) if value else frozenset()

    def _flag(self, name: str) -> bool:
        value = self._options.pop(name, None)
        if value:
            raise FswError(f"format {self._text!r}: {name} takes no value")
        return value is not None

    def _integer(self, name: str, default: int, least: int, most: int) -> int:
        value = self._options.pop(name, None)
        return default if value is None else _number(self._text, name, value, least, most)

    def _choice(self, name: str, allowed: tuple[str, ...]) -> str:
        value = self._options.pop(name, allowed[0])
        if value not in allowed:
            raise FswError(f"format {self._text!r}: {name}={value}; allowed are {', '.join(allowed)}")
        return value
