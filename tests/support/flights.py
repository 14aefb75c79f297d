"""A flight for tests: telecommands at their times, and what the ground was told of it."""

from fsw import missions
from fsw.kernel.time import SECOND
from fsw.simulation import Settings, Simulation

MISSION = missions.load("tianwen1-cruise")


class Flight:
    """With a test card and without noise on the X band. told: all that the ground was told, as it came."""

    def __init__(self, mission=MISSION, memory=None, **settings):
        chosen = {"seed": 5, "pictures": "test-card", "link": "frames", "workers": 0} | settings
        self.told = []
        self.simulation = Simulation(mission, Settings(**chosen), on_news=self.told.append, memory=memory)

    def command(self, at_s, name, arguments=""):
        self.simulation.command(name, arguments, arrive_ns=round(at_s * SECOND))

    def release(self, fire_s=3):
        self.command(1, "WIFI", "ON")
        self.command(2, "RELEASE_ARM")
        self.command(fire_s, "RELEASE_FIRE")

    def fly(self, until_s):
        self.simulation.run_until(round(until_s * SECOND))

    def reports(self, name):
        """Those of that name, in the order in which they came."""
        return [told for told in self.told if getattr(told, "report", None) and told.report.name == name]

    def values(self, report):
        return [{name: value.value for name, value in t.values.items()} for t in self.reports(report)]

    def events(self, name):
        """Their values."""
        return self.values(f"EVENT_{name}")

    def failures(self):
        return [(sent.name, sent.failure) for sent in self.simulation.control.telecommands() if sent.failure]
