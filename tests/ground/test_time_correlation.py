"""Time correlation: the true clock comes out, to its code's last place, through jitter and outliers."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsw.core.frame_format import FrameFormat
from fsw.core.frames_to_packets import PacketExtractor
from fsw.devices.oscillator import Oscillator, OscillatorFigures
from fsw.ground.time_correlation import WINDOW, Correlation, TimeCorrelation
from fsw.kernel.snapshot import pack, unpack
from fsw.kernel.time import SECOND, Epoch
from fsw.tasks.clock import OnBoardClock

EPOCH = Epoch.from_utc("2020-09-30T15:59:50Z")
PLACE_NS = 60  # 2**-24 s
WAY_NS = 80 * SECOND
FRAME_NS = SECOND // 2


def light_time_ns(received_ns):
    """Receding at 15 km/s: 50 us more each second."""
    return WAY_NS + received_ns // 20_000


def received_of(radiated_ns):
    """When that arrives of which the prediction above is true."""
    received_ns = radiated_ns + WAY_NS
    for _ in range(5):
        received_ns = radiated_ns + light_time_ns(received_ns)
    return received_ns


class Downlink:
    """Frames with their counts, and a report for every 2**exponent of them, some frames later."""

    def __init__(self, figures, exponent=5):
        self.clock = OnBoardClock(EPOCH, Oscillator(figures, 3))
        self.exponent = exponent
        self.reports = []  # to send behind which frame, time

    def fly(self, correlation, first, frames, jitter=lambda k: 0, late=3, lost=()):
        for count in range(first, first + frames):
            radiated_ns = count * FRAME_NS
            received_ns = received_of(radiated_ns) + jitter(count)
            if count not in lost:
                correlation.frame(count, received_ns)
            if count % (1 << self.exponent) == 0:
                self.reports.append((count + late, self.clock.cuc(radiated_ns)))
            while self.reports and self.reports[0][0] <= count:
                correlation.report(self.exponent, self.reports.pop(0)[1], received_ns + FRAME_NS)


def true_error_ns(clock, t_ns):
    return clock.agency_ns(t_ns) - OnBoardClock(EPOCH).agency_ns(t_ns)


CLOCKS = st.builds(
    OscillatorFigures, offset_ns=st.integers(-(10**10), 10**10), drift=st.integers(-(10**11), 10**11)
)


@given(CLOCKS, st.integers(0, 10**6), st.integers(3, 8))
def test_the_true_clock_comes_out_to_two_of_its_last_places(figures, first, exponent):
    downlink, correlation = Downlink(figures, exponent), TimeCorrelation(EPOCH, light_time_ns)
    downlink.fly(correlation, first, 8 << exponent)
    found = correlation.correlation
    assert found.samples >= 7
    assert found.residual_ns <= PLACE_NS
    end_ns = (first + (8 << exponent)) * FRAME_NS
    # At its ends a line weighs samples, each cut off by up to a place, with more than 1 in all.
    for t_ns in (first * FRAME_NS, end_ns):
        assert abs(found.error_ns(t_ns) - true_error_ns(downlink.clock, t_ns)) <= 2 * PLACE_NS
    shown_ns = EPOCH.from_posix_ns(EPOCH.posix_ns(0) + true_error_ns(downlink.clock, end_ns)) + end_ns
    assert abs(found.corrected_ns(shown_ns) - end_ns) <= 2 * PLACE_NS


@given(CLOCKS, st.lists(st.integers(-5000, 5000), min_size=WINDOW, max_size=WINDOW))
def test_jitter_of_reception_averages_out(figures, jitters):
    downlink, correlation = Downlink(figures), TimeCorrelation(EPOCH, light_time_ns)
    downlink.fly(correlation, 1, 32 * WINDOW + 4, jitter=lambda count: jitters[count // 32 % WINDOW])
    found = correlation.correlation
    assert found.samples + found.rejected == WINDOW
    # A line through +-5 us, at its middle: no farther than the mean of what was put on it.
    error_ns = found.error_ns(found.reference_ns) - true_error_ns(downlink.clock, found.reference_ns)
    assert abs(error_ns) <= 5000 + PLACE_NS
    if found.rejected == 0:
        counts = range(32, 32 * WINDOW + 1, 32)
        mean = sum(jitters[count // 32 % WINDOW] for count in counts) / WINDOW
        assert abs(error_ns + mean) <= PLACE_NS


@given(CLOCKS, st.sets(st.integers(0, 23), max_size=8), st.integers(2_000_000, 10**12))
def test_a_third_of_outliers_moves_nothing(figures, wild, by_ns):
    clock, correlation = OnBoardClock(EPOCH, Oscillator(figures)), TimeCorrelation(EPOCH, light_time_ns)
    # Four in a row are a step (below), and three at the end could begin one.
    wild = {k for k in wild if k < 20 and k % 4}
    for k in range(24):
        t_ns = 16 * SECOND * k
        correlation.add((t_ns, true_error_ns(clock, t_ns) + (by_ns * (1 + k % 3) if k in wild else 0)))
    found = correlation.correlation
    assert found.rejected == len(wild)
    assert abs(found.error_ns(0) - true_error_ns(clock, 0)) <= 2
    assert found.residual_ns <= 1


def test_a_set_clock_is_followed_after_four_reports():
    clock, correlation = OnBoardClock(EPOCH), TimeCorrelation(EPOCH, light_time_ns)
    for k in range(24):
        t_ns = 16 * SECOND * k
        if k == 20:
            clock.set(clock.agency_ns(t_ns) + 3 * SECOND, t_ns)
        correlation.add((t_ns, true_error_ns(clock, t_ns)))
        if k in (20, 21, 22):
            assert correlation.correlation.offset_ns == 0
    assert correlation.steps == 1
    assert correlation.correlation == Correlation(16 * SECOND * 43 // 2, 3 * SECOND, 0, 0, 4, 0)


def test_a_report_whose_frame_is_lost_is_taken_for_no_other():
    figures = OscillatorFigures(offset_ns=-1_800_000, drift=10**8)
    downlink, correlation = Downlink(figures), TimeCorrelation(EPOCH, light_time_ns)
    downlink.fly(correlation, 0, 32 * 12, lost={32 * 5, 32 * 8})
    found = correlation.correlation
    # Their nearest frames are 16 s off: outliers.
    assert (found.samples, found.rejected) == (10, 2)
    assert abs(found.error_ns(0) + 1_800_000) <= PLACE_NS
    alone = TimeCorrelation(EPOCH, light_time_ns)
    alone.report(5, downlink.clock.cuc(0), SECOND)
    assert (alone.taken, alone.lost, alone.correlation) == (0, 1, None)


def test_reports_held_up_for_longer_than_their_period_find_their_frames():
    figures = OscillatorFigures(offset_ns=4 * SECOND, drift=10**8)
    downlink, correlation = Downlink(figures), TimeCorrelation(EPOCH, light_time_ns)
    downlink.fly(correlation, 0, 32 * 6)
    downlink.fly(correlation, 32 * 6, 32 * 6, late=70)
    assert correlation.correlation.rejected == 0
    assert correlation.correlation.residual_ns <= PLACE_NS


def test_a_saved_correlation_goes_on_the_same():
    figures = OscillatorFigures(offset_ns=-1_800_000, drift=10**8, wander_ns=2000)
    one, other = Downlink(figures), Downlink(figures)
    first, twin = TimeCorrelation(EPOCH, light_time_ns), TimeCorrelation(EPOCH, light_time_ns)
    one.fly(first, 0, 330, jitter=lambda k: k * 7919 % 4001)
    other.fly(TimeCorrelation(EPOCH, light_time_ns), 0, 330)
    twin.load(unpack(pack(first.save())))
    one.fly(first, 330, 400)
    other.fly(twin, 330, 400)
    assert twin.correlation == first.correlation
    assert twin.save() == first.save()


def test_the_default_drift_is_seen_within_half_an_hour():
    figures = OscillatorFigures(offset_ns=-1_800_000, drift=120_000_000, swing=4_000_000, wander_ns=100)
    downlink, correlation = Downlink(figures), TimeCorrelation(EPOCH, light_time_ns)
    downlink.fly(correlation, 0, 3600)
    found = correlation.correlation
    assert found.samples == WINDOW
    assert abs(found.rate - 120_000_000) < 5_000_000
    assert abs(found.error_ns(1800 * SECOND) - true_error_ns(downlink.clock, 1800 * SECOND)) < 500


HERA = Path(__file__).resolve().parents[3] / "shared/recordings/hera/2024-10-07T162420_lowrate_frames.u8"
HERA_FRAME_OCTETS = 1113


@pytest.mark.skipif(not HERA.exists(), reason="recordings are absent: ../shared/recordings")
def test_the_real_heras_time_reports_lie_on_a_line_of_its_frames():
    """Recording: Daniel Estevez et al., github.com/daniestevez/jupyter_notebooks, CC BY 4.0.

    It tells no times of reception, but frames follow each other without a gap: each took as long as any.
    """
    frame_ns = 594_675_780
    frames = np.fromfile(HERA, np.uint8).reshape(-1, HERA_FRAME_OCTETS)
    batch = PacketExtractor(FrameFormat("tm", HERA_FRAME_OCTETS, ocf=True), spacecraft_ids=[181]).feed(frames)
    reports = {}
    for at, length, frame in zip(batch.offset.tolist(), batch.length.tolist(), batch.frame_index.tolist()):
        packet = batch.octets[at : at + length].tobytes()
        if packet[:2] == b"\0\0":
            reports[frame] = packet
    samples = []
    correlation = TimeCorrelation(EPOCH, lambda t_ns: 0, lambda sample, found: samples.append(sample))
    for index, (channel, count) in enumerate(zip(batch.frame_virtual_channel, batch.frame_count)):
        if channel == 1:
            correlation.frame(int(count), index * frame_ns)
        if index in reports:
            rate, code, time = reports[index][6], reports[index][7], reports[index][8:15]
            assert (rate, code) == (3, 0x2F)
            correlation.report(rate, time, (index + 1) * frame_ns)
    found = correlation.correlation
    # The first is of a frame before the recording: of all others the frame is found.
    assert (len(samples), found.samples, found.rejected) == (6, 5, 1)
    assert [sample[0] // frame_ns for sample in samples] == [8, 8, 17, 26, 36, 48]
    assert found.residual_ns < 20_000
