"""The two algorithms of SDLS's baselines (352.0-B, 355.0-B-2 annex E), by PyCA `cryptography`.

Importing this loads OpenSSL (some 50 ms), so it is imported only where a link is protected.
"""

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.cmac import CMAC

IV_OCTETS = 12
MAC_OCTETS = 16


def seal(key: bytes, iv: bytes, data: bytes, authenticated: bytes) -> bytes:
    """AES-256-GCM: the encrypted data, then the MAC over them and `authenticated`."""
    return AESGCM(key).encrypt(iv, data, authenticated)


def unseal(key: bytes, iv: bytes, sealed: bytes, authenticated: bytes) -> bytes | None:
    """The data of what `seal` gave; None if one bit of any argument differs."""
    if len(sealed) < MAC_OCTETS:
        return None
    try:
        return AESGCM(key).decrypt(iv, sealed, authenticated)
    except InvalidTag:
        return None


def authenticate(key: bytes, payload: bytes) -> bytes:
    """AES-256-CMAC of the authentication payload."""
    cmac = CMAC(AES(key))
    cmac.update(payload)
    return cmac.finalize()


def is_authentic(key: bytes, payload: bytes, mac: bytes) -> bool:
    """Whether `mac` is the payload's; compared in constant time."""
    cmac = CMAC(AES(key))
    cmac.update(payload)
    try:
        cmac.verify(mac)
    except InvalidSignature:
        return False
    return True
