"""A bench for one task: it gets messages, its answers are kept, and every step is taken twice.

The second time by a task made anew from the first one's saved state, as octets: what a snapshot does
not hold shows at once as another answer.
"""

from types import SimpleNamespace

import pytest

from fsw import dictionary, missions
from fsw.kernel.scheduler import CancelTimer, Emit, Send, SetTimer, Spend
from fsw.kernel.snapshot import pack, unpack
from fsw.tasks import names
from fsw.tasks.clock import OnBoardClock
from fsw.tasks.commanding import Commanding
from fsw.tasks.device_access import DeviceAccess
from fsw.tasks.downlink import Downlink
from fsw.tasks.event_actions import EventActions
from fsw.tasks.events import Events
from fsw.tasks.fdir import Fdir
from fsw.tasks.files import Files
from fsw.tasks.housekeeping import Housekeeping
from fsw.tasks.lander import Lander
from fsw.tasks.large_packets import LargePackets
from fsw.tasks.mass_memory import MassMemory
from fsw.tasks.memory import MemoryManagement
from fsw.tasks.messages import Execute, Executed, PusReport
from fsw.tasks.monitoring import Monitoring
from fsw.tasks.navigation import Navigation
from fsw.tasks.packet_store_set import default_stores
from fsw.tasks.packet_stores import PacketStores
from fsw.tasks.parameters import Parameters
from fsw.tasks.procedures import Procedures
from fsw.tasks.relay import Relay
from fsw.tasks.release import Release
from fsw.tasks.schedule import Schedule
from fsw.tasks.selection import Selection
from fsw.tasks.sequences import Sequences
from fsw.tasks.statistics import Statistics
from fsw.tasks.timekeeping import Timekeeping
from fsw.vehicles.orbiter import control_channel, file_settings, reception_settings

MISSION = missions.load("tianwen1-cruise")
CLOCK = OnBoardClock(MISSION.epoch)
MAKERS = {
    names.COMMANDING: lambda: Commanding(reception_settings(MISSION)),
    names.RELEASE: Release,
    names.DOWNLINK: lambda: Downlink(CLOCK, 250, control_channel(MISSION)),
    names.EVENTS: Events,
    names.FDIR: Fdir,
    names.NAVIGATION: lambda: Navigation(CLOCK),
    names.LANDER: Lander,
    names.RELAY: lambda: Relay(CLOCK),
    names.MASS_MEMORY: lambda: MassMemory(1_000_000),
    names.LARGE_PACKETS: LargePackets,
    names.PACKET_STORES: lambda: PacketStores(1_000_000, lambda: default_stores(20_000, 40_000)),
    names.SELECTION: Selection,
    names.MONITORING: lambda: Monitoring(CLOCK),
    names.PARAMETERS: Parameters,
    names.STATISTICS: lambda: Statistics(CLOCK),
    names.DEVICE_ACCESS: DeviceAccess,
    names.MEMORY: MemoryManagement,
    names.HOUSEKEEPING: Housekeeping,
    names.FILES: lambda: Files(file_settings(MISSION)),
    names.TIMEKEEPING: lambda: Timekeeping(CLOCK),
    names.SCHEDULE: lambda: Schedule(CLOCK),
    names.SEQUENCES: Sequences,
    names.PROCEDURES: Procedures,
    names.EVENT_ACTIONS: EventActions,
}


class Bench:
    """timers: those set and not cancelled, by name. answers: of the latest step."""

    def __init__(self, name, make=None):
        self.make = make or MAKERS[name]
        self.task = self.make()
        self.timers = {}
        self.answers = self._note(list(self.task.start(0)))

    def tell(self, message, now_ns=0):
        twin = self.make()
        twin.load(unpack(pack(self.task.save())))
        answers = list(self.task.handle(message, now_ns))
        assert list(twin.handle(message, now_ns)) == answers
        assert pack(twin.save()) == pack(self.task.save())
        self.answers = self._note(answers)
        return answers

    def _note(self, answers):
        for action in answers:
            assert isinstance(action, (Send, Emit, SetTimer, CancelTimer, Spend)), action
            if isinstance(action, SetTimer):
                self.timers[action.name] = action
            elif isinstance(action, CancelTimer):
                self.timers.pop(action.name, None)
        return answers

    def expire(self, timer):
        """The timer's message, at its time."""
        due = self.timers.pop(timer)
        return self.tell(due.message, due.at_ns)

    def sent(self, to, kind=object):
        return [
            a.message
            for a in self.answers
            if isinstance(a, Send) and a.to == to and isinstance(a.message, kind)
        ]

    def emitted(self, port):
        return [a.value for a in self.answers if isinstance(a, Emit) and a.port == port]

    def events(self):
        return [(message.event.name, message.values) for message in self.sent(names.EVENTS)]

    def executed(self):
        """Failures of the requests answered, None for success."""
        return [message.failure for message in self.sent(names.COMMANDING, Executed)]

    def values(self):
        return {k: v for message in self.sent(names.HOUSEKEEPING) for k, v in message.values.items()}


def execute(name, arguments="", request=b"\x1f\x80\xc0\x07", acknowledge=15):
    """The message in which commanding hands this telecommand on."""
    parsed = dictionary.parse_telecommand(name, arguments)
    _, values = dictionary.recognise_telecommand(
        parsed.telecommand.service, parsed.telecommand.subtype, parsed.encode()
    )
    return Execute(request, acknowledge, name, values)


def decoded(report):
    """Name and values of a PUS report on its way to the downlink."""
    assert isinstance(report, PusReport)
    found = dictionary.recognise_report(report.apid, report.service, report.subtype, report.source_data)
    return found.name, {k: v.value for k, v in found.decode(report.source_data).items()}


@pytest.fixture(scope="session")
def bench():
    return SimpleNamespace(
        of=Bench, execute=execute, decoded=decoded, mission=MISSION, clock=CLOCK, makers=MAKERS
    )
