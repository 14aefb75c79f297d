"""Somebody else's FOP-1 on the sockets' octets: frames in, telemetry frames with control words out."""

from fsw import dictionary, missions
from fsw.core.telecommand import SEGMENT_WHOLE
from fsw.harness.live import LiveSpacecraft
from fsw.kernel.pace import Pace
from fsw.kernel.time import SECOND
from fsw.protocols import pus
from fsw.protocols.clcw import Clcw
from fsw.protocols.fop import Confirmed, Directive, Fop, FopSettings, Transmit
from fsw.protocols.fop_table import FopState
from fsw.simulation import Settings, Simulation

MISSION = missions.load("tianwen1-cruise")


class ExternalGround:
    """Knows the mission's managed parameters, and nothing of the flight but its octets."""

    def __init__(self, live):
        self.live, self.now_ns = live, 0
        self.fop = Fop(FopSettings(245, 0, window=4, t1_ns=20 * SECOND, transmission_limit=3))
        self.confirmed, self.words = [], []

    def act(self, events):
        for event in events:
            if isinstance(event, Transmit):
                assert self.live.receive(event.frame)
                self.act(self.fop.lower(event.kind, True, self.now_ns))
            elif isinstance(event, Confirmed):
                self.confirmed.append(event.tag)

    def run(self, seconds):
        for _ in range(seconds * 10):
            self.now_ns += SECOND // 10
            for frame in self.live.advance(self.now_ns):
                if frame[1] & 0x3F == MISSION.downlink.ocf_vcid:
                    self.words.append(Clcw.decode(frame[-4:]))
                    self.act(self.fop.clcw(frame[-4:], self.now_ns))
            self.act(self.fop.tick(self.now_ns))


def ping(count):
    everything = pus.Acknowledge.ALL
    command = dictionary.telecommand("PING")
    packet = pus.encode_telecommand(
        pus.Telecommand(command.apid, count, command.service, command.subtype, 1, everything, b"")
    )
    return bytes([SEGMENT_WHOLE << 6]) + packet


def test_an_external_fop_opens_the_ad_service_and_its_frames_are_confirmed():
    with Simulation(MISSION, Settings(seed=2, pictures="test-card", link="frames", workers=0)) as simulation:
        ground = ExternalGround(LiveSpacecraft(simulation, Pace(1.0), output="frame", input="frame"))
        ground.run(6)
        assert ground.words[0].lockout == 1
        ground.act(ground.fop.directive(Directive.INIT_WITH_UNLOCK, ground.now_ns, tag="open"))
        ground.run(9)
        assert ground.fop.state is FopState.ACTIVE
        for count in range(6):
            ground.act(ground.fop.transfer(ping(count), ground.now_ns, tag=count))
            ground.run(5)
        ground.run(9)
        assert ground.confirmed == ["open", *range(6)]
        assert ground.words[-1].report_value == 6
        assert simulation.orbiter.scheduler.task("commanding").save()["accepted"] == 6
        # Nobody here commands through the flight's own control centre.
        assert simulation.control.telecommands() == []
