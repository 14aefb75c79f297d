"""Decodes recorded downlinks: frames, CADUs or soft symbols in a file to packets and an account.

The file is read a piece at a time; memory does not grow with it. Whatever the file holds, the result is
a report: damage costs what it touched, and the report says what that was.
"""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from fsw.core.errors import FswError
from fsw.core.frame_format import FECF_OCTETS, OCF_OCTETS, FrameFormat
from fsw.core.frames_to_packets import VERDICTS, Batch, PacketExtractor
from fsw.core.receiver import Receiver
from fsw.ground.alignment import Aligned, FrameAligner
from fsw.ground.decode_report import DecodeReport
from fsw.ground.formats import RecordedFormat, parse_format
from fsw.ground.frame_counts import ChannelCounts, FrameCounter
from fsw.ground.mending import Habits, Mender
from fsw.kernel.time import SECOND, Epoch
from fsw.protocols import pus
from fsw.protocols.time_codes import UtcCounter

_PIECE_OCTETS = 1 << 20
_LEARN_OCTETS = 1 << 22
_FRAMES_AT_ONCE = 256
_POSIX = Epoch.from_utc("1972-01-01T00:00:00Z")
_TIME_STEP_NS = 86_400 * SECOND  # two frames' times further apart do not confirm each other
_UNIX_DIGITS = 6
_PAST_NS = _POSIX.posix_ns(0)
_MOST_NS = 253_402_300_799 * SECOND  # the year 9999


class _Times:
    """First and last time, believed only where the time before or after is near."""

    def __init__(self) -> None:
        self.first: int | None = None
        self.last: int | None = None
        self._before: int | None = None

    def add(self, time_ns: int) -> None:
        before, self._before = self._before, time_ns
        if before is not None and abs(time_ns - before) <= _TIME_STEP_NS:
            if self.first is None:
                self.first = before
            self.last = time_ns

    def bounds(self) -> tuple[int, int] | None:
        if self.first is not None and self.last is not None:
            return self.first, self.last
        return None if self._before is None else (self._before, self._before)


@dataclass(slots=True)
class _Channel:
    frames: int = 0
    good: int = 0
    packets: int = 0
    fields: int = 0
    field: bytes = b""


class _Accountant:
    """Frames of one or two layouts on one link: packets, counts, gaps, times."""

    def __init__(self, recorded: RecordedFormat, habits: Habits, packets_to: BinaryIO | None) -> None:
        self._recorded = recorded
        self._habits = habits
        self._packets_to = packets_to
        self._extractors: dict[int, tuple[FrameFormat, PacketExtractor, Mender]] = {}
        self.frames = 0
        self.wrong_checksums = 0
        self.channels: dict[tuple[int, int], _Channel] = {}
        self._counter = FrameCounter()
        self.apids: dict[int, int] = {}
        self.times: dict[int, _Times] = {}

    def _extractor(self, frame: FrameFormat) -> tuple[FrameFormat, PacketExtractor, Mender]:
        found = self._extractors.get(frame.length)
        if found is None:
            extractor = PacketExtractor(
                frame,
                spacecraft_ids=self._recorded.spacecraft or None,
                without_packets=self._recorded.without_packets,
                channels_most=1024,
            )
            found = self._extractors[frame.length] = (
                frame,
                extractor,
                Mender(frame, extractor, self._habits),
            )
        return found

    def take(self, frame: FrameFormat, frames: npt.NDArray[np.uint8]) -> None:
        """Frames (n, length) in the order received.

        Frames of another length than before follow all that came earlier: counts of a virtual channel
        run on through a change of the downlink's mode.
        """
        for length, (before, _, mender) in self._extractors.items():
            if length != frame.length:
                for batch, used in mender.flush():
                    self._count(before, used, batch)
        frame, _, mender = self._extractor(frame)
        for batch, used in mender.feed(frames):
            self._count(frame, used, batch)

    def take_irregular(self, frame: FrameFormat, octets: bytes) -> None:
        """A piece that begins and ends with a frame, but lost or won octets in between."""
        frame, _, mender = self._extractor(frame)
        for batch, used in mender.feed_irregular(octets):
            self._count(frame, used, batch)

    def finish(self) -> None:
        """Give out what the menders hold back."""
        for frame, _, mender in self._extractors.values():
            for batch, used in mender.flush():
                self._count(frame, used, batch)

    def _count(self, frame: FrameFormat, frames: npt.NDArray[np.uint8], batch: Batch) -> None:
        self.frames += len(frames)
        for index, (verdict, spacecraft, virtual_channel, count) in enumerate(batch.frames()):
            name = VERDICTS[verdict]
            if name in ("fecf", "fhec", "bad_version", "no_channel"):
                continue
            channel = self.channels.setdefault((spacecraft, virtual_channel), _Channel())
            channel.frames += 1
            if name == "foreign":
                continue
            channel.good += 1
            self._counter.follow(frame.kind, spacecraft, virtual_channel, count)
            if frame.ocf or virtual_channel in self._recorded.ocf_channels:
                end = frame.length - FECF_OCTETS * frame.fecf
                channel.fields += 1
                channel.field = frames[index, end - OCF_OCTETS : end].tobytes()
            if spacecraft in self._recorded.times:
                self._note_zone_time(spacecraft, bytes(frames[index]))
        rows_of_packets = zip(
            batch.spacecraft_id.tolist(), batch.virtual_channel.tolist(), batch.apid.tolist(), strict=True
        )
        for index, (spacecraft, virtual_channel, apid) in enumerate(rows_of_packets):
            if self._recorded.pus_time and not self._note_pus(batch.packet(index)):
                self.wrong_checksums += 1
                continue
            self.channels[spacecraft, virtual_channel].packets += 1
            self.apids[apid] = self.apids.get(apid, 0) + 1
            if self._packets_to is not None:
                self._packets_to.write(batch.packet(index))

    def _note_zone_time(self, spacecraft: int, frame: bytes) -> None:
        zone = self._recorded.times[spacecraft]
        at = 6 + zone.offset
        counter: UtcCounter = zone.counter
        time_ns = counter.decode(frame[at : at + counter.octets])
        if _PAST_NS <= time_ns <= _MOST_NS:
            self.times.setdefault(spacecraft, _Times()).add(time_ns)

    def _note_pus(self, packet: bytes) -> bool:
        """Time of a report; False if its error control is wrong."""
        report = pus.decode_report(packet)
        if not isinstance(report, str):
            self.times.setdefault(-1, _Times()).add(pus.TIME_FORMAT.decode(report.time))
        return report != "packet error control wrong"

    def bounds(self) -> tuple[str, str] | None:
        """First and last time as text."""
        found = [bounds for times in self.times.values() if (bounds := times.bounds()) is not None]
        if not found:
            return None
        first, last = min(bound[0] for bound in found), max(bound[1] for bound in found)
        return self._text(first), self._text(last)

    def _text(self, time_ns: int) -> str:
        if self._recorded.pus_time:
            return f"{time_ns // SECOND}.{time_ns % SECOND // 1000:06d} s"
        return _POSIX.utc(_POSIX.from_posix_ns(time_ns), _UNIX_DIGITS)

    def fill(self, report: DecodeReport) -> None:
        report.frames = self.frames
        none = ChannelCounts(0)
        for (spacecraft, virtual_channel), channel in sorted(self.channels.items()):
            counts = self._counter.channels.get((spacecraft, virtual_channel), none)
            report.virtual_channels[f"{spacecraft}/{virtual_channel}"] = {
                "frames": channel.frames,
                "good": channel.good,
                "gaps": counts.gaps,
                "lost_frames": counts.lost_frames,
                "packets": channel.packets,
            }
        report.control_words = {
            f"{spacecraft}/{virtual_channel}": {"fields": channel.fields, "last": channel.field}
            for (spacecraft, virtual_channel), channel in sorted(self.channels.items())
            if channel.fields
        }
        report.apids = self.apids
        report.packets = sum(self.apids.values())
        openings = 0
        for _, extractor, mender in self._extractors.values():
            report.idle_packets += extractor.idle_packets - mender.substituted
            for reason, many in extractor.discarded.items():
                report.discarded[reason] = report.discarded.get(reason, 0) + many
            if mender.damaged_packets:
                report.discarded["damaged"] = report.discarded.get("damaged", 0) + mender.damaged_packets
            # The tail of a packet that began before the recording is no loss of ours.
            openings += sum(1 for row in extractor.stats.values() if row["packets"])
        if self.wrong_checksums:
            report.discarded["packet error control"] = self.wrong_checksums
        bounds = self.bounds()
        if bounds is not None:
            report.first_time, report.last_time = bounds
        lost = {
            reason: many
            for reason, many in report.discarded.items()
            if reason not in ("foreign", "bad_version") and not (reason == "truncated" and many <= openings)
        }
        report.losses = bool(lost) or any(counts.gaps for counts in self._counter.channels.values())


def decode_file(path: str | Path, format_text: str, packets_path: str | Path | None = None) -> DecodeReport:
    """Read a recording to its end. With `packets_path`, its Space Packets are written there, one after
    the other. Raises FswError on an unknown format and on files that cannot be opened; never on contents.
    """
    recorded = parse_format(format_text)
    report = DecodeReport(Path(path), format_text)
    try:
        with open(path, "rb") as source:
            recorded = _of_length(source, recorded)
            habits = _learn(source, recorded)
            source.seek(0)
            if packets_path is None:
                _decode(source, recorded, report, habits, None)
            else:
                with open(packets_path, "wb") as packets_to:
                    _decode(source, recorded, report, habits, packets_to)
    except OSError as error:
        raise FswError(f"{error.filename or path}: {error.strerror or error}") from error
    return report


def export_packets(report: DecodeReport, path: str | Path) -> None:
    """The Space Packets of a decoded recording, one after the other. Reads the recording again."""
    decode_file(report.path, report.format_text, path)


def _of_length(source: BinaryIO, recorded: RecordedFormat) -> RecordedFormat:
    """Of a format with two frame lengths, whose file has frames of the further one alone: that one."""
    if recorded.layer != "frames" or recorded.further is None or recorded.code is None:
        return recorded
    octets = source.read(_LEARN_OCTETS)
    source.seek(0)
    if recorded.code.asm in octets[: 4 * recorded.frame.length]:
        return recorded
    other = recorded.further[0]
    own, others = (_headers(octets, frame.length, recorded.spacecraft) for frame in (recorded.frame, other))
    return replace(recorded, frame=other) if others > own else recorded


def _headers(octets: bytes, length: int, spacecraft: frozenset[int]) -> int:
    """How many pairs of places, a frame's length apart, look like AOS headers of these spacecraft."""
    values = np.frombuffer(octets, np.uint8).astype(np.uint16)
    words = values[:-1] << 8 | values[1:]
    header = np.isin(words >> 6, [1 << 8 | scid for scid in sorted(spacecraft)])
    return int(np.count_nonzero(header[:-length] & header[length:]))


def _learn(source: BinaryIO, recorded: RecordedFormat) -> Habits:
    """The packets' habits, from the start of a file of frames; coded frames need no mending."""
    habits = Habits()
    if recorded.layer == "frames":
        aligner = FrameAligner(recorded.frame, recorded.spacecraft)
        extractor = PacketExtractor(
            recorded.frame,
            spacecraft_ids=recorded.spacecraft or None,
            without_packets=recorded.without_packets,
            channels_most=1024,
        )
        frames = aligner.feed(source.read(_LEARN_OCTETS)) + aligner.flush()
        whole = [frame.octets for frame in frames if len(frame.octets) == recorded.frame.length]
        for start in range(0, len(whole), _FRAMES_AT_ONCE):
            habits.learn(extractor.feed(b"".join(whole[start : start + _FRAMES_AT_ONCE])))
    return habits


def _decode(
    source: BinaryIO,
    recorded: RecordedFormat,
    report: DecodeReport,
    habits: Habits,
    packets_to: BinaryIO | None,
) -> None:
    accountant = _Accountant(recorded, habits, packets_to)
    pieces = _pieces(source, report)
    if recorded.layer == "frames":
        first = next(pieces, b"")
        if recorded.code is not None and recorded.code.asm in first[: 4 * recorded.frame.length]:
            _decode_cadus(_prepended(first, pieces), recorded, report, accountant)
        else:
            _decode_frames(_prepended(first, pieces), recorded, report, accountant)
    else:
        _decode_cadus(pieces, recorded, report, accountant)
    accountant.finish()
    accountant.fill(report)
    report.losses = (
        report.losses
        or any(not damage.harmless for damage in report.damages)
        or "undecodable CADUs" in report.discarded
    )


def _pieces(source: BinaryIO, report: DecodeReport) -> Iterator[bytes]:
    while octets := source.read(_PIECE_OCTETS):
        report.octets += len(octets)
        yield octets


def _prepended(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    if first:
        yield first
    yield from rest


def _decode_frames(
    pieces: Iterator[bytes], recorded: RecordedFormat, report: DecodeReport, accountant: _Accountant
) -> None:
    aligner = FrameAligner(recorded.frame, recorded.spacecraft)
    for octets in pieces:
        _take_aligned(aligner.feed(octets), recorded, accountant)
    _take_aligned(aligner.flush(), recorded, accountant)
    report.damages = aligner.damages
    report.damaged_octets = aligner.damaged_octets
    report.repaired_frames = aligner.repaired


def _take_aligned(frames: list[Aligned], recorded: RecordedFormat, accountant: _Accountant) -> None:
    length = recorded.frame.length
    regular: list[bytes] = []

    def hand_over() -> None:
        for start in range(0, len(regular), _FRAMES_AT_ONCE):
            chunk = regular[start : start + _FRAMES_AT_ONCE]
            rows = np.frombuffer(b"".join(chunk), np.uint8).reshape(len(chunk), length)
            accountant.take(recorded.frame, rows)
        regular.clear()

    for frame in frames:
        if len(frame.octets) != length:
            hand_over()
            accountant.take_irregular(recorded.frame, frame.octets)
        else:
            regular.append(frame.octets)
    hand_over()


def _decode_cadus(
    pieces: Iterator[bytes], recorded: RecordedFormat, report: DecodeReport, accountant: _Accountant
) -> None:
    """One receiver for each frame length that may be on the link; their frames merge by position.

    A receiver may keep a frame until it has seen what follows, so a frame is passed on only when the
    piece after it has been read by all.
    """
    assert recorded.code is not None
    links = [(recorded.frame, recorded.code)] + ([recorded.further] if recorded.further else [])
    receivers = [Receiver(code, frame.length) for frame, code in links]
    failures = [0] * len(links)
    symbols = recorded.layer == "symbols"
    remainder = b""
    found: list[tuple[int, int, npt.NDArray[np.uint8]]] = []
    settled = -1  # position up to which every receiver has given all it will

    def take(receptions: list[object], last: bool = False) -> None:
        nonlocal found, settled
        for which, reception in enumerate(receptions):
            failures[which] += reception.failures  # type: ignore[attr-defined]
            report.corrected_symbols += int(reception.corrected.sum())  # type: ignore[attr-defined]
            positions = reception.positions.tolist()  # type: ignore[attr-defined]
            found += [(at, which, row) for at, row in zip(positions, reception.frames)]  # type: ignore[attr-defined]
        found.sort(key=lambda item: item[:2])
        due = len(found) if last else bisect_right(found, settled, key=lambda item: item[0])
        settled = found[-1][0] if found else settled
        start = 0
        while start < due:
            stop = start
            while stop < due and found[stop][1] == found[start][1]:
                stop += 1
            rows = np.stack([row for _, _, row in found[start:stop]])
            accountant.take(links[found[start][1]][0], rows)
            start = stop
        found = found[due:]

    for octets in pieces:
        if symbols:
            soft, remainder = _soft_symbols(remainder + octets, recorded.symbol_encoding)
            take([receiver.feed(soft) for receiver in receivers])
        else:
            take([receiver.feed_cadus(octets) for receiver in receivers])
    take([receiver.flush() for receiver in receivers], last=True)
    # With two lengths on one link each receiver stumbles over the other's CADUs: what is not decoded by
    # either shows as gaps, so only a lone receiver's failures are told.
    if len(links) == 1 and failures[0]:
        report.discarded["undecodable CADUs"] = failures[0]


def _soft_symbols(octets: bytes, encoding: str) -> tuple[npt.NDArray[np.uint8], bytes]:
    """Offset binary symbols, and octets of a symbol that is not whole."""
    if encoding == "u8":
        return np.frombuffer(octets, np.uint8), b""
    if encoding == "i8":
        return np.frombuffer(octets, np.uint8) ^ np.uint8(0x80), b""
    whole = len(octets) // 4 * 4
    with np.errstate(invalid="ignore"):
        values = np.frombuffer(octets[:whole], "<f4").astype(np.float64)
    # gr-satellites and GNU Radio: a positive number is a one; unit amplitude fills most of the scale.
    scaled = np.nan_to_num(values, nan=0.0, posinf=2.0, neginf=-2.0) * 64 + 127.5
    return np.clip(np.rint(scaled), 0, 255).astype(np.uint8), octets[whole:]
