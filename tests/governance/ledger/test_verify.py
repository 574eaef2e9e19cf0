"""Whoever passes the triggers is found out by the hashes: planted faults, each found, and none where there is none."""

import random
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from governance import ledger
from governance.ledger import triggers
from governance.ledger.verify import Verified, verify_ledger
from governance.models import LedgerEntry

from .conftest import BORIS, LOST, parcel, send

pytestmark = pytest.mark.django_db

ENTRY, PAYLOAD, STREAM = triggers.TABLES


def the_third() -> str:
    return f"(SELECT e.id FROM {ENTRY} e JOIN {STREAM} s ON s.id = e.stream_id WHERE s.key = 'b' AND e.sequence = 3)"


def of_b() -> str:
    return f"stream_id = (SELECT id FROM {STREAM} WHERE key = 'b')"


def lift_triggers() -> None:
    connection.check_constraints()  # PostgreSQL alters no table while its deferred checks wait
    triggers.lift()


def install_triggers() -> None:
    connection.check_constraints()
    triggers.install()


def tamper(*statements: str) -> Verified:
    """What the verifier finds after the statements, run with the triggers lifted; all is put back."""
    with transaction.atomic(), connection.cursor() as cursor:
        lift_triggers()
        for statement in statements:
            cursor.execute(statement)
        install_triggers()
        found = verify_ledger()
        transaction.set_rollback(True)
    return found


@pytest.fixture
def three_streams() -> None:
    for key in "abc":
        send(key, times=6, reason=f"words about {key}")


TAMPERING = {
    "edited actor": ([f"UPDATE {ENTRY} SET actor = 'x' WHERE id = {the_third()}"], 3, "hash does not fit"),
    "edited event": ([f"UPDATE {ENTRY} SET event = '{LOST}' WHERE id = {the_third()}"], 3, "hash does not fit"),
    "edited time": (
        [f"UPDATE {ENTRY} SET recorded_at = '2020-01-01 00:00:00' WHERE id = {the_third()}"],
        3,
        "hash does not fit",
    ),
    "claimed another time": (
        [f"UPDATE {ENTRY} SET occurred_at = '2020-01-01 00:00:00' WHERE id = {the_third()}"],
        3,
        "hash does not fit",
    ),
    "edited payload": (
        [f"UPDATE {PAYLOAD} SET body = '{{}}' WHERE entry_id = {the_third()}"],
        3,
        "payload was altered",
    ),
    "edited salt": ([f"UPDATE {PAYLOAD} SET salt = '00' WHERE entry_id = {the_third()}"], 3, "payload was altered"),
    "deleted payload": ([f"DELETE FROM {PAYLOAD} WHERE entry_id = {the_third()}"], 3, "payload is missing"),
    "deleted entry": (
        [f"DELETE FROM {PAYLOAD} WHERE entry_id = {the_third()}", f"DELETE FROM {ENTRY} WHERE id = {the_third()}"],
        4,
        "before it is missing",
    ),
    "deleted and renumbered": (
        [
            f"DELETE FROM {PAYLOAD} WHERE entry_id = {the_third()}",
            f"DELETE FROM {ENTRY} WHERE id = {the_third()}",
            f"UPDATE {ENTRY} SET sequence = 3 WHERE {of_b()} AND sequence = 4",
            f"UPDATE {ENTRY} SET sequence = 4 WHERE {of_b()} AND sequence = 5",
            f"UPDATE {ENTRY} SET sequence = 5 WHERE {of_b()} AND sequence = 6",
        ],
        3,
        "previous hash",
    ),
    "swapped": (
        [
            f"UPDATE {ENTRY} SET sequence = 99 WHERE {of_b()} AND sequence = 3",
            f"UPDATE {ENTRY} SET sequence = 3 WHERE {of_b()} AND sequence = 4",
            f"UPDATE {ENTRY} SET sequence = 4 WHERE {of_b()} AND sequence = 99",
        ],
        3,
        "previous hash",
    ),
    "cut tail": (
        [
            f"DELETE FROM {PAYLOAD} WHERE entry_id IN (SELECT id FROM {ENTRY} WHERE {of_b()} AND sequence > 4)",
            f"DELETE FROM {ENTRY} WHERE {of_b()} AND sequence > 4",
        ],
        5,
        "up to #6 are missing",
    ),
    "all entries gone": (
        [
            f"DELETE FROM {PAYLOAD} WHERE entry_id IN (SELECT id FROM {ENTRY} WHERE {of_b()})",
            f"DELETE FROM {ENTRY} WHERE {of_b()}",
        ],
        1,
        "up to #6 are missing",
    ),
    "moved to another stream": (
        [
            (
                f"UPDATE {ENTRY} SET sequence = 7, stream_id = (SELECT id FROM {STREAM} WHERE key = 'b') "
                f"WHERE sequence = 6 AND stream_id = (SELECT id FROM {STREAM} WHERE key = 'c')"
            )
        ],
        7,
        "previous hash",
    ),
    "head wound back": (
        [f"UPDATE {STREAM} SET last_sequence = 5 WHERE key = 'b'"],
        7,
        "head names #5",
    ),
    "stream renamed": ([f"UPDATE {STREAM} SET name = 'parcel:x' WHERE key = 'b'"], 1, "hash does not fit"),
}


@pytest.mark.usefixtures("three_streams")
@pytest.mark.parametrize(("statements", "sequence", "words"), TAMPERING.values(), ids=TAMPERING)
def test_the_verifier_finds(statements: list[str], sequence: int, words: str) -> None:
    assert verify_ledger().holds
    found = tamper(*statements)
    assert not found.holds
    by_stream = {problem.stream.replace("parcel:x", "parcel:b"): problem for problem in found.problems}
    assert by_stream["parcel:b"].sequence == sequence
    assert words in by_stream["parcel:b"].sentence
    assert by_stream.keys() <= {"parcel:b", "parcel:c"}
    assert verify_ledger().holds


@pytest.mark.usefixtures("three_streams")
def test_an_edit_is_reported_where_it_was_made_and_once_a_stream() -> None:
    found = tamper(f"UPDATE {ENTRY} SET actor = 'x' WHERE sequence >= 2")
    assert [(problem.stream, problem.sequence) for problem in found.problems] == [
        ("parcel:a", 2),
        ("parcel:b", 2),
        ("parcel:c", 2),
    ]
    assert found.entries == 18


@pytest.mark.usefixtures("three_streams")
def test_an_entry_slipped_in_is_found() -> None:
    found = tamper(
        f"INSERT INTO {ENTRY} (stream_id, sequence, schema_version, event, recorded_at, actor, on_behalf_of, subject,"
        " change_id, request_id, payload_hash, previous_hash, hash) SELECT stream_id, 7, schema_version, event,"
        " recorded_at, actor, on_behalf_of, subject, change_id, request_id, payload_hash, hash, hash"
        f" FROM {ENTRY} WHERE {of_b()} AND sequence = 6"
    )
    assert [(problem.stream, problem.sequence) for problem in found.problems] == [("parcel:b", 7)]


def test_an_erasure_that_nobody_recorded_is_not_taken_for_one() -> None:
    send("b", times=4)
    with ledger.change(actor=BORIS) as change:
        change.erase_payloads(parcel("b"), [2], reason="Asked for.")
    assert verify_ledger().holds
    found = tamper(f"DELETE FROM {PAYLOAD} WHERE entry_id = {the_third()}")
    assert [(problem.stream, problem.sequence) for problem in found.problems] == [("parcel:b", 3)]
    forged = tamper(
        f"DELETE FROM {PAYLOAD} WHERE entry_id = {the_third()}",
        f"UPDATE {PAYLOAD} SET body = replace(body, '[2]', '[2,3]')",
    )
    assert ("ledger:erasures", 1) in {(problem.stream, problem.sequence) for problem in forged.problems}


@pytest.mark.usefixtures("three_streams")
def test_a_lifted_trigger_is_a_problem_too() -> None:
    lift_triggers()
    found = verify_ledger()
    install_triggers()
    assert not found.holds
    assert found.problems[0].stream == "database"


@pytest.mark.usefixtures("three_streams")
def test_random_tampering_is_found_each_time_and_nothing_else_is() -> None:
    """Sixty single changes to any column of any row, values drawn with a fixed seed."""
    draw = random.Random(20250131)
    columns = ["sequence", "event", "actor", "on_behalf_of", "subject", "change_id", "request_id", "payload_hash",
               "previous_hash", "hash"]  # fmt: skip
    rows = list(LedgerEntry.objects.values_list("id", "stream__name"))
    for _ in range(60):
        pk, stream = draw.choice(rows)
        column = draw.choice(columns)
        value = str(draw.randrange(100, 200)) if column == "sequence" else f"'{draw.getrandbits(64):x}'"
        found = tamper(f"UPDATE {ENTRY} SET {column} = {value} WHERE id = {pk}")
        assert {problem.stream for problem in found.problems} == {stream}, (column, value)
    assert verify_ledger().holds


@pytest.mark.usefixtures("three_streams")
def test_the_command_prints_what_it_found_and_fails_on_any_problem() -> None:
    out = StringIO()
    call_command("verify_ledger", stdout=out)
    assert "18 entries in 3 streams" in out.getvalue()
    assert "The ledger holds." in out.getvalue()
    lift_triggers()
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {ENTRY} SET actor = 'x' WHERE id = {the_third()}")
    install_triggers()
    err = StringIO()
    with pytest.raises(CommandError, match="1 problems"):
        call_command("verify_ledger", stdout=StringIO(), stderr=err)
    assert "parcel:b #3: its hash does not fit what it says" in err.getvalue()


@pytest.mark.usefixtures("three_streams")
def test_the_number_of_queries_does_not_grow_with_the_entries() -> None:
    with CaptureQueriesContext(connection) as few:
        verify_ledger()
    for key in "defgh":
        send(key, times=3)
    with CaptureQueriesContext(connection) as many:
        assert verify_ledger().streams == 8
    assert len(many) == len(few)
