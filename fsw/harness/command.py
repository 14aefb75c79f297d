"""`fsw serve`: a live spacecraft on sockets, until Ctrl-C."""

import asyncio
import signal
from collections.abc import Callable
from pathlib import Path

from fsw import missions
from fsw.harness.live import Input, LiveSpacecraft, Output
from fsw.harness.operator import MakeOperations
from fsw.harness.server import Address, Ports, Server
from fsw.kernel.pace import Pace
from fsw.kernel.time import SECOND
from fsw.simulation import Settings, Simulation


def run_server(
    mission: str,
    settings: Settings | None = None,
    *,
    operations: MakeOperations | None,
    ports: Ports | None = None,
    output: Output = "cadu",
    input: Input = "cltu",
    light_time: bool = False,
    rate: float = 1.0,
    folder: Path | None = None,
    memory: Path | None = None,
    files: Path | None = None,
    log: Callable[[str], object] = print,
) -> int:
    """A live spacecraft on sockets: telemetry out, telecommands in, at the wall's pace.

    \b
    10015  telemetry: TCP, any number of listeners; and UDP to 127.0.0.1:10015, one datagram a unit
    10025  telecommand: TCP and UDP
    10030  control: `fsw console --connect 127.0.0.1:10030`

    Everything is on loopback (127.0.0.1) unless another address is bound. Bind another only where everybody
    may command the spacecraft: with settings.keys it obeys only protected telecommand frames, but the
    control port is open to who can reach it.

    output: 'cadu' (sync marker, Reed-Solomon code, randomised: 256 octets at the low rate, 1024 at the high
    one), 'frame' (220 or 892 octets, AOS; best by UDP, since in a TCP stream nothing marks the change of
    rate), or 'symbols' (the convolutional code over the CADUs, eight symbols an octet).

    input: 'cltu' (randomised, as the mission's receiver expects; any octets are radiated as they are) or
    'frame' (telecommand transfer frames with FECF and segment header; virtual channel 0, bypass).

    light_time: octets take as long as in space, 80 s each way; otherwise they pass at once.

    rate: mission seconds a second. folder: also write pictures, downlink.cadu and telemetry.sqlite there,
    as received by the built-in ground, one light time later. memory: folder of the orbiter's mass memory,
    which then outlives this program. files: folder of the ground's file store.

    operations: behind the control port; `fsw.console.session.ControlRoom`, or None to leave it closed.
    Ctrl-C leaves whole files. Returns the exit code. Raises FswError: a port is taken, a value not allowed.
    """
    found = missions.load(mission, missions.MissionFile)
    with Simulation(found, settings or Settings(), folder, memory=memory, files=files) as simulation:
        ports = ports or Ports()
        pace = Pace(rate)
        live = LiveSpacecraft(simulation, pace, output=output, input=input, light_time=light_time)
        room = None if operations is None else operations(simulation, pace)
        asyncio.run(_serve(Server(live, ports, room, log=log), live, ports, log))
        simulation.finish()
        for line in _ending(live):
            log(line)
    return 0


async def _serve(server: Server, live: LiveSpacecraft, ports: Ports, log: Callable[[str], object]) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, server.stop)
    try:
        await server.open()
        for line in _beginning(server, live, ports):
            log(line)
        await server.run()
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)


def _address(address: Address) -> str:
    return f"{address[0]}:{address[1]}"


def _beginning(server: Server, live: LiveSpacecraft, ports: Ports) -> list[str]:
    simulation = live.simulation
    opened = server.opened
    units = {"cadu": "CADUs", "frame": "transfer frames", "symbols": "channel symbols"}[live.output]
    commands = {"cltu": "CLTUs", "frame": "transfer frames"}[live.input]
    way_s = simulation.heavens.light_time.one_way_light_time_ns(simulation.now_ns, "down") / SECOND
    title, now = simulation.mission.mission.title, simulation.epoch.utc(simulation.now_ns, 0)
    lines = [f"{title}, from {now} at {live.pace.text}"]
    if "telemetry" in opened:
        lines.append(f"telemetry    {units} out, TCP {_address(opened['telemetry'])}")
    if ports.telemetry_to is not None:
        lines.append(f"telemetry    {units} out, UDP to {_address(ports.telemetry_to)}")
    if "telecommand" in opened:
        lines.append(f"telecommand  {commands} in, TCP and UDP {_address(opened['telecommand'])}")
    if "control" in opened:
        lines.append(f"control      fsw console --connect {_address(opened['control'])}")
    lines.append(
        f"light time   {way_s:.2f} s each way"
        if live.light_time
        else f"light time   off on these sockets ({way_s:.2f} s for the built-in ground)"
    )
    return [*lines, "Ctrl-C ends."]


def _ending(live: LiveSpacecraft) -> list[str]:
    counts = live.counts
    simulation = live.simulation
    refused = counts.refused_busy + counts.refused_frame + counts.refused_long
    now = simulation.epoch.utc(simulation.now_ns)
    lines = [
        f"ended at {now}: {counts.units_out} units ({counts.octets_out} octets) out, "
        f"{counts.blocks_in} blocks ({counts.octets_in} octets) in, {refused} refused"
    ]
    if live.pace.slipped_ns:
        lines.append(
            f"the machine could not keep up: {live.pace.slipped_ns / SECOND:.1f} s of wall time lost"
        )
    return lines
