"""A ground client that is not ours: its telecommands by UDP, its reading of the reports that come back."""

import asyncio
import socket

import pytest

from fsw import missions
from fsw.core.frames_to_packets import PacketExtractor
from fsw.core.telecommand import SEGMENT_WHOLE, encode_cltu, encode_frame
from fsw.ground.receiving import TIANWEN1_LOW
from fsw.harness.live import LiveSpacecraft
from fsw.harness.server import Ports, Server
from fsw.kernel.pace import Pace
from fsw.simulation import Settings, Simulation

pytest.importorskip("spacepackets", reason="the judge is not installed")

from spacepackets.ecss.pus_1_verification import MessageSubtype, RequestId
from spacepackets.ecss.tc import PusTc
from spacepackets.ecss.tm import PusTm

ORBITER_APID = 1920
TIME_OCTETS = 7
PATIENCE_S = 30


async def converse(telecommands):
    """Sends each as a CLTU, and returns the PUS reports heard until as many have ended as were sent."""
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.bind(("127.0.0.1", 0))
    udp.setblocking(False)
    settings = Settings(pictures="test-card", link="frames", workers=0)
    with Simulation(missions.load("tianwen1-cruise"), settings) as simulation:
        live = LiveSpacecraft(simulation, Pace(20.0), output="frame")
        server = Server(live, Ports("127.0.0.1", udp.getsockname(), None, 0, None))
        await server.open()
        running = asyncio.create_task(server.run())
        extractor = PacketExtractor(TIANWEN1_LOW.frame, spacecraft_ids=(245,))
        for packet in telecommands:
            frame = encode_frame(245, 0, bytes(packet), segment=(SEGMENT_WHOLE, 0))
            udp.sendto(encode_cltu(frame, randomize=True), server.opened["telecommand"])
        reports, ended = [], 0
        try:
            async with asyncio.timeout(PATIENCE_S):
                while ended < len(telecommands):
                    batch = extractor.feed(await asyncio.get_running_loop().sock_recv(udp, 2048))
                    for index in range(len(batch)):
                        if batch.apid[index] != ORBITER_APID:
                            continue
                        report = PusTm.unpack(batch.packet(index), TIME_OCTETS)
                        reports.append(report)
                        ended += report.service == 1 and report.message_subtype in (2, 4, 7, 8)
        finally:
            server.stop()
            await running
            udp.close()
    return reports


def test_its_telecommands_are_verified_and_refused_as_the_standard_says():
    ping = PusTc(17, 1, apid=ORBITER_APID, seq_count=5, source_id=3)
    wifi = PusTc(8, 1, apid=ORBITER_APID, seq_count=6, source_id=3, app_data=bytes.fromhex("0010010101"))
    wrong = PusTc(17, 99, apid=ORBITER_APID, seq_count=7, source_id=3)
    reports = asyncio.run(converse([ping.pack(), wifi.pack(), wrong.pack()]))
    stages = {}
    for report in reports:
        if report.service == 1:
            request = RequestId.unpack(report.source_data[:4])
            stages.setdefault(request, []).append(MessageSubtype(report.message_subtype))
    done = [
        MessageSubtype.TM_ACCEPTANCE_SUCCESS,
        MessageSubtype.TM_START_SUCCESS,
        MessageSubtype.TM_COMPLETION_SUCCESS,
    ]
    assert stages == {
        RequestId.from_pus_tc(ping): done,
        RequestId.from_pus_tc(wifi): done,
        RequestId.from_pus_tc(wrong): [MessageSubtype.TM_ACCEPTANCE_FAILURE],
    }
    assert any((report.service, report.message_subtype) == (17, 2) for report in reports)
