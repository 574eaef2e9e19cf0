"""The canonical text and the hashes: the same on every machine, and different for every difference."""

import hashlib
import json
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from governance.ledger import chain
from governance.vocabulary import Role

MOMENT = datetime(2025, 1, 31, 9, 0, tzinfo=UTC)
HEADER: dict[str, Any] = {
    "stream": "document:1",
    "sequence": 2,
    "schema_version": 1,
    "previous_hash": "ab" * 32,
    "event": "document.published",
    "recorded_at": MOMENT,
    "occurred_at": None,
    "actor": "system",
    "on_behalf_of": "",
    "subject": "document:1",
    "change_id": "c",
    "request_id": "",
    "payload_hash": "cd" * 32,
}

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def test_canonical_text_sorts_keys_and_leaves_no_choice() -> None:
    value = {"b": [1, None, True], "a": {"é": "\x00\u202e"}, "role": Role.LEAD}
    assert chain.canonical(value) == '{"a":{"\\u00e9":"\\u0000\\u202e"},"b":[1,null,true],"role":"lead"}'


def test_times_are_written_in_utc_whatever_their_zone() -> None:
    east = datetime(2025, 1, 31, 11, 0, tzinfo=timezone(timedelta(hours=2)))
    assert chain.canonical(east) == chain.canonical(MOMENT) == '"2025-01-31T09:00:00.000000Z"'


def test_ids_dates_and_decimals_are_text() -> None:
    value = [UUID(int=1), date(2025, 1, 31), Decimal("1.50")]
    assert chain.canonical(value) == '["00000000-0000-0000-0000-000000000001","2025-01-31","1.50"]'


@pytest.mark.parametrize("value", [1.5, {1, 2}, b"bytes", object(), {1: "key"}])
def test_what_has_no_single_text_is_refused_with_its_place(value: object) -> None:
    with pytest.raises(TypeError, match="after"):
        chain.plain({"changed": [value]}, "after")


def test_a_time_without_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        chain.canonical(datetime(2025, 1, 31))  # noqa: DTZ001


@settings(max_examples=50, deadline=None)
@given(json_values)
def test_canonical_text_reads_back_as_the_same_value(value: object) -> None:
    text = chain.canonical(value)
    assert json.loads(text) == value
    assert chain.canonical(json.loads(text)) == text


def test_the_hashes_are_as_documented() -> None:
    """An auditor's own verifier is written from the module's docstring; this is that verifier."""
    header = {**HEADER, "recorded_at": "2025-01-31T09:00:00.000000Z"}
    text = json.dumps(header, sort_keys=True, separators=(",", ":"))
    assert chain.entry_hash(**HEADER) == hashlib.sha256(b"\x01remit.ledger.entry\x00" + text.encode()).hexdigest()
    assert chain.payload_hash("aa", "{}") == hashlib.sha256(b"\x02remit.ledger.payload\x00aa{}").hexdigest()


@pytest.mark.parametrize("field", sorted(HEADER))
def test_every_field_of_the_header_is_in_the_hash(field: str) -> None:
    value = HEADER[field]
    later = MOMENT + timedelta(microseconds=1)
    other = value + 1 if isinstance(value, int) else later if field.endswith("_at") else "x"
    assert chain.entry_hash(**{**HEADER, field: other}) != chain.entry_hash(**HEADER)


def test_salts_differ_so_equal_payloads_have_different_hashes() -> None:
    assert chain.payload_hash(chain.new_salt(), "{}") != chain.payload_hash(chain.new_salt(), "{}")
