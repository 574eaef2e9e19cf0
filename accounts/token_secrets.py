"""The form of a token's secret: recognisable to a person, and to a scanner that looks for leaked ones.

``remit_`` + 43 letters and digits (256 random bits) + 6 of a checksum. A scanner's pattern is
``remit_[0-9A-Za-z]{49}``; the checksum spares it, and us, from looking up what was never a token.
"""

import re
import secrets
import zlib
from hashlib import sha256
from typing import Final

PREFIX: Final = "remit_"
_ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_RANDOM, _CHECK = 43, 6
_FORM: Final = re.compile(rf"{PREFIX}[0-9A-Za-z]{{{_RANDOM + _CHECK}}}")
SHOWN: Final = len(PREFIX) + 6
"""How many characters of a secret stay visible, so that its person can tell it from others."""


def new_secret() -> str:
    """Return a secret that nobody has had before."""
    random = _digits(secrets.randbits(256), _RANDOM)
    return f"{PREFIX}{random}{_checksum(random)}"


def is_well_formed(secret: str) -> bool:
    """Return whether the text could be a token: its form and its checksum are right."""
    if not _FORM.fullmatch(secret):
        return False
    random = secret[len(PREFIX) : -_CHECK]
    return secrets.compare_digest(_checksum(random), secret[-_CHECK:])


def hash_of(secret: str) -> str:
    """Return what is stored instead of the secret."""
    return sha256(secret.encode()).hexdigest()


def _checksum(random: str) -> str:
    return _digits(zlib.crc32(f"{PREFIX}{random}".encode()), _CHECK)


def _digits(number: int, width: int) -> str:
    found = ""
    for _ in range(width):
        number, digit = divmod(number, len(_ALPHABET))
        found = _ALPHABET[digit] + found
    return found
