"""How an entry becomes a hash: canonical JSON, the salted payload hash and the chained entry hash.

Pure Python and no Django, so that an auditor's own verifier can be checked against this one file.

- Canonical JSON: keys sorted, no spaces, ASCII only, no floating point, times as UTC ``2025-01-31T09:00:00.000000Z``.
- Payload hash: SHA-256(0x02 ‖ ``remit.ledger.payload`` ‖ 0x00 ‖ salt ‖ canonical payload), as hexadecimal.
- Entry hash: SHA-256(0x01 ‖ ``remit.ledger.entry`` ‖ 0x00 ‖ canonical header), as hexadecimal. The header holds the
  stream, its sequence, the schema version, the previous hash, event, times, actor, subject, change and payload hash.
  The first entry of a stream has the previous hash ``""``.
"""

import hashlib
import json
import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from uuid import UUID

SCHEMA_VERSION = 1
SALT_BYTES = 16

_ENTRY_DOMAIN = b"\x01remit.ledger.entry\x00"
_PAYLOAD_DOMAIN = b"\x02remit.ledger.payload\x00"

_TYPE_ERROR = "The ledger cannot hold a {kind} at {path}: {why}."

_encode = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False).encode
_encode_in_order = json.JSONEncoder(separators=(",", ":"), ensure_ascii=True, allow_nan=False).encode


def utc_text(moment: datetime) -> str:
    """The moment in UTC with six decimals and a ``Z``; refuses a moment without a time zone."""
    if moment.tzinfo is None:
        raise ValueError("A moment in the ledger needs a time zone.")
    in_utc = moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    return in_utc.isoformat(timespec="microseconds")[:-6] + "Z"


def plain(value: object, path: str = "value") -> object:
    """The value in JSON's own types: UUIDs, decimals, dates as text; sets, bytes and floating point are refused.

    Raises ``TypeError`` naming the place, so that the caller who recorded it is told, not the reader years later.
    """
    if isinstance(value, Enum):
        return plain(value.value, path)
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, Mapping):
        return {_key(key, path): plain(inner, f"{path}.{key}") for key, inner in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray):
        return [plain(inner, f"{path}[{index}]") for index, inner in enumerate(value)]
    return _as_text(value, path)


def _as_text(value: object, path: str) -> str:
    if isinstance(value, datetime):
        return utc_text(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, UUID | Decimal):
        return str(value)
    why = "write it as text or as whole units" if isinstance(value, float) else "give it as plain values"
    raise TypeError(_TYPE_ERROR.format(kind=type(value).__name__, path=path, why=why))


def _key(key: object, path: str) -> str:
    if isinstance(key, Enum):
        key = key.value
    if not isinstance(key, str):
        raise TypeError(_TYPE_ERROR.format(kind=type(key).__name__, path=f"a key of {path}", why="keys are text"))
    return str(key)


def canonical(value: object) -> str:
    """The one text of a value, the same on every machine and Python."""
    return _encode(plain(value))


def new_salt() -> str:
    """Random hexadecimal text that keeps a short payload from being guessed from its hash."""
    return secrets.token_hex(SALT_BYTES)


def payload_hash(salt: str, body: str) -> str:
    """The hash of a canonical payload text under its salt."""
    return hashlib.sha256(_PAYLOAD_DOMAIN + salt.encode("ascii") + body.encode("utf-8", "surrogatepass")).hexdigest()


def entry_hash(
    *,
    stream: str,
    sequence: int,
    schema_version: int,
    previous_hash: str,
    event: str,
    recorded_at: datetime,
    occurred_at: datetime | None,
    actor: str,
    on_behalf_of: str,
    subject: str,
    change_id: str,
    request_id: str,
    payload_hash: str,
) -> str:
    """The hash of one entry's header, which holds the hash before it."""
    header = {  # already in the order of its keys, and so canonical
        "actor": actor,
        "change_id": change_id,
        "event": event,
        "occurred_at": None if occurred_at is None else utc_text(occurred_at),
        "on_behalf_of": on_behalf_of,
        "payload_hash": payload_hash,
        "previous_hash": previous_hash,
        "recorded_at": utc_text(recorded_at),
        "request_id": request_id,
        "schema_version": schema_version,
        "sequence": sequence,
        "stream": stream,
        "subject": subject,
    }
    return hashlib.sha256(_ENTRY_DOMAIN + _encode_in_order(header).encode("ascii")).hexdigest()
