"""Both ends of a telecommand link's security, made of one mission file and one set of keys."""

from typing import TYPE_CHECKING, Any

from fsw.missions.mission_file import MissionFile

if TYPE_CHECKING:  # loads OpenSSL, which a flight without security does not need
    from fsw.ground.security import GroundSecurity
    from fsw.protocols.sdls_keys import LinkKeys
    from fsw.protocols.sdls_link import SpacecraftSecurity


def security_of(
    mission: MissionFile, keys: "LinkKeys | None"
) -> "tuple[GroundSecurity | None, SpacecraftSecurity | None]":
    """The ground's and the spacecraft's: as the mission says, and where keys are given in any case.

    A mission that asks for it without anybody's keys gets published ones, and the spacecraft says so.
    """
    service = mission.uplink.security
    if service == "none" and keys is None:
        return None, None
    from fsw.ground.security import GroundSecurity
    from fsw.protocols.sdls_codes import Service
    from fsw.protocols.sdls_keys import LinkKeys
    from fsw.protocols.sdls_link import LinkSecurity, SpacecraftSecurity

    security = LinkSecurity(
        Service.AUTHENTICATION if service == "authenticated" else Service.AUTHENTICATED_ENCRYPTION,
        mission.uplink.security_spi,
        mission.uplink.security_window,
        mission.uplink.scid,
        {channel.vcid: channel.maps for channel in mission.uplink.channel},
    )
    keys = LinkKeys.test() if keys is None else keys
    return GroundSecurity(keys, security), SpacecraftSecurity(keys, security)


def security_summary(security: "SpacecraftSecurity | None") -> dict[str, Any]:
    """What protected the telecommands. Refused: frames, by the spacecraft."""
    if security is None:
        return {"security": "none", "security_keys": None, "security_refused": 0}
    refused = sum(security.unit.refused.values())
    keys = "published test keys, which protect nothing" if security.published else "own"
    service = security.service.name.lower().replace("_", " ")
    return {"security": service, "security_keys": keys, "security_refused": refused}
