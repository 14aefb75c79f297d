"""The orbiter's device bus: what lies at which address of ST[2]."""

from fsw.devices.device_bus import DeviceBus, Heater, LoadedRegister, Register
from fsw.devices.transponder import UplinkReceiver
from fsw.devices.wifi import WifiChannel
from fsw.dictionary.services.st02_device_access import LINES, REGISTERS, RegisterAddress


def device_bus(
    receiver: UplinkReceiver,
    wifi: WifiChannel,
    release_bay_heater: Heater,
    spare_amplifier_heater: Heater,
    test_register: LoadedRegister,
) -> DeviceBus:
    """Nothing hazardous is on it."""
    heaters = (release_bay_heater, spare_amplifier_heater)  # by bit of POWER_LINES

    def shown(address: RegisterAddress, now_ns: int) -> int:
        match address:
            case RegisterAddress.POWER_LINES:
                return sum(heater.on << bit for bit, heater in enumerate(heaters))
            case RegisterAddress.RECEIVER_STATUS:
                return receiver.carrier | receiver.bits << 1
            case RegisterAddress.RECEIVER_LOCKS:
                return receiver.locks
            case RegisterAddress.WIFI_STATUS:
                return wifi.on | wifi.linked << 1
            case RegisterAddress.WIFI_RATE:
                return int(wifi.status()["rate_kbps"])
            case RegisterAddress.RELEASE_BAY_WARMTH:
                return release_bay_heater.warmth(now_ns)
            case RegisterAddress.SPARE_AMPLIFIER_WARMTH:
                return spare_amplifier_heater.warmth(now_ns)
        raise AssertionError(f"{address!r} shows nothing")

    def read_only(address: RegisterAddress) -> Register:
        octets = REGISTERS[address].octets
        most = (1 << 8 * octets) - 1
        return Register(lambda now_ns: min(most, shown(address, now_ns)).to_bytes(octets, "big"))

    registers: dict[int, Register] = {
        address: read_only(address) for address in RegisterAddress if not REGISTERS[address].loadable
    }
    registers[RegisterAddress.TEST] = Register(test_register.read, test_register.write)
    lines = {address: (heaters[line.bit], line.on) for address, line in LINES.items()}
    return DeviceBus(lines, registers)
