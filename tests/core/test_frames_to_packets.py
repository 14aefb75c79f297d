"""Frames in, packets out, and an account of everything lost."""

import json
from pathlib import Path

import numpy as np
import pytest

from fsw.core.frame_format import FrameFormat
from fsw.core.frames_to_packets import PacketExtractor

RECORDINGS = Path(__file__).resolve().parents[2] / ".." / "shared" / "recordings"
FORMATS = {
    "tianwen-2/2026-05-25T155215_frames_892.u8": FrameFormat("aos", 892, insert_zone=8),
    "tianwen-2/2026-06-08T132135_lowrate_frames_220.u8": FrameFormat("aos", 220, insert_zone=8),
    "change-5/2021-09-18_frames_220.u8": FrameFormat("aos", 220, insert_zone=8),
    "hera/2024-10-07T162420_lowrate_frames.u8": FrameFormat("tm", 1113, ocf=True),
}


@pytest.mark.skipif(not RECORDINGS.exists(), reason="the recordings are not part of the project")
@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("frames_a_batch", [1, 7, 1 << 20])
def test_recordings_hold_what_an_independent_reading_found(name, frames_a_batch):
    expected = json.loads((RECORDINGS / "expected.json").read_text())[name]
    extractor = PacketExtractor(FORMATS[name])
    octets = np.fromfile(RECORDINGS / name, np.uint8).reshape(-1, FORMATS[name].length)
    batches = [extractor.feed(octets[k : k + frames_a_batch]) for k in range(0, len(octets), frames_a_batch)]
    channels = {
        key: {"frames": row["frames"], "gaps": row["gaps"]} for key, row in extractor.stats.items()
    } | {key: {"frames": frames, "gaps": 0} for key, frames in extractor.foreign.items()}
    assert channels == expected["virtual_channels"]
    assert extractor.verdicts["bad_version"] == expected["bad_version"]
    assert sum(extractor.verdicts.values()) == expected["frames"]
    # Where a gap or a bad frame cuts packets two readings may differ by two for each.
    slack = 2 * (sum(row["gaps"] for row in channels.values()) + expected["bad_version"])
    assert abs(sum(map(len, batches)) - expected["packets"]) <= slack
    apids, counts = np.unique(np.concatenate([batch.apid for batch in batches]), return_counts=True)
    found = dict(zip(map(str, apids.tolist()), counts.tolist(), strict=True))
    assert found.keys() == expected["apids"].keys()
    assert all(abs(found[apid] - many) <= slack for apid, many in expected["apids"].items())
