"""Time codes against recorded and independent vectors, and round trips to their resolution."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsw.core.errors import FswError
from fsw.kernel.time import DAY, POSIX_TO_1958_NS, SECOND, Epoch
from fsw.protocols.time_codes import (
    CHANGE5,
    TIANWEN1,
    TIANWEN1_LANDER,
    TIANWEN2,
    CdsFormat,
    CdsTime,
    CucFormat,
)

VECTORS = Path(__file__).parent.parent / "vectors"
TIME = json.loads((VECTORS / "time.json").read_text())
STATES = json.loads((VECTORS / "tianwen1_states.json").read_text())
EPOCH = Epoch.from_utc("2020-01-01T00:00:00Z")
COUNTERS = [TIANWEN1, TIANWEN1_LANDER, TIANWEN2, CHANGE5]


def posix_ns(utc):
    return EPOCH.posix_ns(EPOCH.parse(utc.replace(" ", "T").removesuffix("Z") + "Z"))


@pytest.mark.parametrize(("counter", "vector"), list(zip([TIANWEN1, TIANWEN2, CHANGE5], TIME["chinese"])))
def test_counters_of_recorded_frames(counter, vector):
    octets = bytes.fromhex(vector["hex"])
    assert abs(counter.decode(octets) - posix_ns(vector["utc"])) < 1000
    assert counter.encode(counter.decode(octets)) == octets


@pytest.mark.parametrize("row", STATES["state_vectors"], ids=lambda row: row["ts"])
def test_tianwen1_ticks_are_exact_without_leap_seconds(row):
    assert TIANWEN1.encode(posix_ns(row["utc"])).hex() == row["ts"]
    assert TIANWEN1.decode(bytes.fromhex(row["ts"])) == posix_ns(row["utc"])


@pytest.mark.parametrize("row", STATES["frame_headers"], ids=lambda row: f"{row['scid']}-{row['vcfc']}")
def test_insert_zones_of_recorded_frame_headers(row):
    counter = {245: TIANWEN1, 82: TIANWEN1_LANDER}[row["scid"]]
    insert_zone = bytes.fromhex(row["first_14_bytes"])[6:]
    assert abs(counter.decode(insert_zone) - posix_ns(row["utc"])) <= 1000


@given(st.sampled_from(COUNTERS), st.data())
def test_any_counter_value_survives_decoding_and_encoding(counter, data):
    octets = data.draw(st.binary(min_size=counter.octets, max_size=counter.octets + 4))
    assert counter.encode(counter.decode(octets)) == octets[: counter.octets]


@given(st.sampled_from(COUNTERS), st.integers(0, 100 * 365 * DAY))
def test_a_counter_is_late_by_less_than_one_unit(counter, elapsed_ns):
    time_ns = posix_ns(counter.epoch_utc) + elapsed_ns
    late_ns = time_ns - counter.decode(counter.encode(time_ns))
    assert 0 <= late_ns < -(-SECOND // counter.units_per_second)


def test_a_counter_refuses_times_before_its_epoch_and_past_its_range():
    for time in (posix_ns(CHANGE5.epoch_utc) - 1, posix_ns(CHANGE5.epoch_utc) + 2**32 * SECOND):
        with pytest.raises(FswError, match="allowed are 0 to 4294967295"):
            CHANGE5.encode(time)
    with pytest.raises(FswError, match="5 octets given, 6 needed"):
        TIANWEN1.decode(bytes(5))


def test_cuc_of_yamcs():
    vector = TIME["cuc"][0]
    cuc = CucFormat.from_p_field(bytes.fromhex(vector["pfield"]))
    octets = bytes.fromhex(vector["pfield"] + vector["tfield"])
    assert abs(cuc.decode(octets) - posix_ns(vector["unix_epoch_utc"])) < 1_000_000
    assert cuc.encode(cuc.decode(octets)) == octets


@pytest.mark.parametrize(("vector", "fine_octets"), [(TIME["cuc"][1], 3), (TIME["cuc"][2], 2)])
def test_cuc_of_recorded_hera_and_euclid_packets(vector, fine_octets):
    cuc = CucFormat(4, fine_octets, implicit=True)
    octets = bytes.fromhex(vector["tfield"])
    units = (vector["coarse"] << 8 * fine_octets) + vector["fine"]
    assert cuc.decode(octets) / SECOND == pytest.approx(units / (1 << 8 * fine_octets), abs=1e-9)
    assert cuc.encode(cuc.decode(octets)) == octets


@pytest.mark.parametrize(("p_field", "cuc"), [
    ("1e", CucFormat(4, 2, "tai")), ("1f", CucFormat(4, 3, "tai")), ("2e", CucFormat(4, 2)),
    ("2f", CucFormat(4, 3)), ("2c", CucFormat(4, 0)), ("9f2c", CucFormat(5, 6, "tai")),
])  # fmt: skip
def test_cuc_p_fields(p_field, cuc):
    assert cuc.p_field.hex() == p_field
    assert CucFormat.from_p_field(bytes.fromhex(p_field)) == cuc
    assert CucFormat(cuc.coarse, cuc.fine, cuc.epoch, implicit=True).octets == cuc.coarse + cuc.fine


cuc_formats = st.builds(
    CucFormat, st.integers(1, 7), st.integers(0, 10), st.sampled_from(["tai", "agency"]), st.booleans()
)


@given(cuc_formats, st.integers(0, 255 * SECOND), st.binary(max_size=3))
def test_cuc_round_trip_to_its_resolution(cuc, elapsed_ns, trailing):
    octets = cuc.encode(elapsed_ns)
    assert len(octets) == cuc.octets
    late_ns = elapsed_ns - cuc.decode(octets + trailing)
    assert 0 <= late_ns <= SECOND >> 8 * cuc.fine
    for short in range(len(octets)):
        with pytest.raises(FswError):
            cuc.decode(octets[:short])


def test_cds_of_spacepackets():
    vector = TIME["cds"][0]
    time = CdsTime.from_elapsed_ns(posix_ns(vector["utc"]) + POSIX_TO_1958_NS)
    assert CdsFormat().encode(time).hex() == vector["hex"]
    assert CdsFormat.from_p_field(0x40).decode(bytes.fromhex(vector["hex"])) == time


@pytest.mark.parametrize("p_field", [0x40, 0x41, 0x42, 0x44, 0x45, 0x48, 0x49, 0x4E])
def test_cds_p_fields(p_field):
    assert CdsFormat.from_p_field(p_field).p_field == bytes([p_field])


cds_formats = st.builds(
    CdsFormat, st.sampled_from([2, 3]), st.sampled_from([0, 2, 4]), st.sampled_from(["1958", "agency"]),
    st.booleans(),
)  # fmt: skip


@given(cds_formats, st.integers(0, 65535), st.integers(0, 86_401 * SECOND - 1), st.binary(max_size=3))
def test_cds_round_trip_to_its_resolution(cds, day, ns_of_day, trailing):
    octets = cds.encode(CdsTime(day, ns_of_day))
    assert len(octets) == cds.octets
    back = cds.decode(octets + trailing)
    assert back.day == day
    assert 0 <= ns_of_day - back.ns_of_day < {0: 1_000_000, 2: 1000, 4: 1}[cds.submillisecond]
    assert cds.encode(back) == octets


@given(st.binary(max_size=12), cds_formats)
def test_any_octets_are_a_cds_time_or_refused(octets, cds):
    try:
        time = cds.decode(octets)
    except FswError:
        return
    assert 0 <= time.ns_of_day <= 86_401 * SECOND


@pytest.mark.parametrize("octets", ["", "3e", "00", "af", "9f", "9f80"])
def test_other_p_fields_are_refused(octets):
    with pytest.raises(FswError, match="P-field"):
        CucFormat.from_p_field(bytes.fromhex(octets))
