"""A change writes everything or nothing, in a transaction of its own, and leaves its entries behind."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from django.db import transaction
from django.test import TestCase
from pytest_django import DjangoCaptureOnCommitCallbacks

from governance import failpoints, ledger
from governance.ledger import changes
from governance.ledger.verify import verify_ledger
from governance.models import Delivery, JobHeartbeat, LedgerEntry, LedgerPayload, LedgerStream

from .conftest import AMARA, BORIS, LOST, SENT, parcel, send

pytestmark = pytest.mark.django_db


def write_something(name: str = "a row of the change itself") -> None:
    JobHeartbeat.objects.create(name=name)


def test_an_entry_says_who_did_what_to_what_and_when() -> None:
    before = ledger.database_now()
    claimed = datetime(2019, 5, 4, 12, 0, tzinfo=UTC)
    with ledger.change(actor=AMARA, on_behalf_of=BORIS, request_id="req-1") as change:
        change.record(
            SENT,
            stream=parcel(),
            subject_title="Parcel one",
            subject_url="/p/one/",
            before={"to": None},
            after={"to": "Lagos"},
            reason="It was ready.",
            occurred_at=claimed,
            people=[12, 11, 12],
        )
        change.result = "kept"
    entry = LedgerEntry.objects.select_related("payload", "stream").get()
    assert (entry.stream.name, entry.sequence, entry.event, entry.subject) == ("parcel:one", 1, SENT, "parcel:one")
    assert (entry.actor, entry.on_behalf_of) == (str(AMARA.public_id), str(BORIS.public_id))
    assert (entry.occurred_at, entry.request_id, entry.previous_hash) == (claimed, "req-1", "")
    assert before <= entry.recorded_at <= ledger.database_now()
    assert json.loads(entry.payload.body) == {
        "before": {"to": None},
        "after": {"to": "Lagos"},
        "people": [11, 12],
        "reason": "It was ready.",
        "title": "Parcel one",
        "url": "/p/one/",
    }
    assert change.result == "kept"


def test_entries_are_chained_and_numbered_without_gap_in_each_stream() -> None:
    for _ in range(3):
        with ledger.change(actor=ledger.SYSTEM) as change:
            change.record(SENT, stream=parcel("b"))
            change.record(SENT, stream=parcel("a"))
            change.record(LOST, stream=parcel("b"))
    for key, count in (("a", 3), ("b", 6)):
        chain = list(LedgerEntry.objects.filter(stream__key=key).order_by("sequence"))
        assert [entry.sequence for entry in chain] == list(range(1, count + 1))
        assert [entry.previous_hash for entry in chain] == ["", *(entry.hash for entry in chain[:-1])]
        assert LedgerStream.objects.get(key=key).last_hash == chain[-1].hash
    assert LedgerEntry.objects.values("change_id").distinct().count() == 3
    assert verify_ledger().holds


def test_when_the_block_raises_nothing_is_written() -> None:
    with pytest.raises(ZeroDivisionError), ledger.change(actor=AMARA) as change:
        write_something()
        change.record(SENT, stream=parcel())
        raise ZeroDivisionError
    assert not LedgerEntry.objects.exists()
    assert not JobHeartbeat.objects.exists()
    send()  # and the ledger is free for the next change


@pytest.mark.parametrize("name", [changes.BEFORE_ENTRIES, changes.ENTRIES_WRITTEN, changes.DELIVERIES_WRITTEN], ids=str)
def test_when_writing_the_entries_fails_nothing_is_written(name: str, postman: Callable[..., list[str]]) -> None:
    postman()
    with failpoints.armed(name), pytest.raises(failpoints.FailpointReached), ledger.change(actor=AMARA) as change:
        write_something()
        change.record(SENT, stream=parcel())
    for table in (LedgerEntry, LedgerPayload, LedgerStream, Delivery, JobHeartbeat):
        assert not table._default_manager.exists()


def test_a_change_without_an_entry_is_undone_and_told() -> None:
    with pytest.raises(ledger.NothingRecorded, match="nothing_happened"), ledger.change(actor=AMARA):
        write_something()
    assert not JobHeartbeat.objects.exists()


def test_a_change_may_say_that_nothing_happened_but_not_both() -> None:
    with ledger.change(actor=AMARA) as change:
        change.nothing_happened()
    assert not LedgerEntry.objects.exists()
    with pytest.raises(ledger.LedgerError), ledger.change(actor=AMARA) as change:
        change.record(SENT, stream=parcel())
        change.nothing_happened()
    with pytest.raises(ledger.LedgerError), ledger.change(actor=AMARA) as change:
        change.nothing_happened()
        change.record(SENT, stream=parcel())
    assert not LedgerEntry.objects.exists()


def test_a_change_inside_a_change_is_refused() -> None:
    with pytest.raises(ledger.NestedChange, match="pass it on"), ledger.change(actor=AMARA) as change:
        change.record(SENT, stream=parcel())
        send("two")
    assert not LedgerEntry.objects.exists()


def test_a_change_inside_another_transaction_is_refused() -> None:
    """Also where a test case wraps everything: its own transaction is let pass, one opened within it is not."""
    with pytest.raises(ledger.TransactionOpen, match=r"outside transaction\.atomic"), transaction.atomic():
        send()
    assert not LedgerEntry.objects.exists()
    send()
    assert LedgerEntry.objects.count() == 1


class InATestCase(TestCase):
    """Django's own test case marks its transactions as the test's; they must not count, and others must."""

    def test_its_wrapping_passes_and_a_savepoint_inside_does_not(self) -> None:
        with pytest.raises(ledger.TransactionOpen), transaction.atomic():
            send()
        send()
        assert LedgerEntry.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_without_any_test_case_a_real_transaction_is_refused_and_none_is_fine() -> None:
    with pytest.raises(ledger.TransactionOpen), transaction.atomic():
        send()
    transaction.set_autocommit(False)
    try:
        with pytest.raises(ledger.TransactionOpen):
            send()
        transaction.rollback()
    finally:
        transaction.set_autocommit(True)
    send()
    assert LedgerEntry.objects.count() == 1


@pytest.mark.parametrize("actor", [None, SimpleNamespace(public_id="system"), SimpleNamespace(pk=1), "system"])
def test_an_actor_is_an_account_or_the_system(actor: object) -> None:
    with pytest.raises(ledger.LedgerError, match="actor"), ledger.change(actor=actor):  # type: ignore[arg-type]
        pass


def test_what_cannot_be_recorded_raises_where_it_is_recorded() -> None:
    with ledger.change(actor=AMARA) as change:
        with pytest.raises(ledger.UnknownEvent):
            change.record("parcel.eaten", stream=parcel())
        with pytest.raises(TypeError, match="float"):
            change.record(SENT, stream=parcel(), after={"weight": 1.5})
        with pytest.raises(ValueError, match="time zone"):
            change.record(SENT, stream=parcel(), occurred_at=datetime(2020, 1, 1))  # noqa: DTZ001
        with pytest.raises(ValueError, match="stream"):
            change.record(SENT, stream=ledger.stream("Parcel", "one two"))
        change.nothing_happened()


def test_a_history_written_down_later_claims_its_own_times_beside_the_databases() -> None:
    long_ago = datetime(2019, 5, 4, 12, 0, tzinfo=UTC)
    with ledger.claimed_time(long_ago):
        send()
        with ledger.change(actor=AMARA) as change:
            change.record(SENT, stream=parcel(), occurred_at=long_ago + timedelta(days=1))
    send()
    claims = list(LedgerEntry.objects.order_by("id").values_list("occurred_at", flat=True))
    assert claims == [long_ago, long_ago + timedelta(days=1), None]
    assert LedgerEntry.objects.filter(recorded_at__lt=long_ago + timedelta(days=365)).count() == 0
    with pytest.raises(ValueError, match="time zone"), ledger.claimed_time(datetime(2019, 5, 4)):  # noqa: DTZ001
        pass


def test_hostile_text_is_kept_exactly() -> None:
    text = "a\x00b \u202e \ud800 ' \" \\ 🙂" + "x" * 100_000
    with ledger.change(actor=AMARA) as change:
        change.record(SENT, stream=parcel(), subject_title=text, after={text: text}, reason=text)
    body = json.loads(LedgerPayload.objects.get().body)
    assert body["title"] == body["reason"] == body["after"][text] == text
    assert verify_ledger().holds


def test_an_import_records_thousands_from_a_generator() -> None:
    with ledger.change(actor=ledger.SYSTEM) as change:
        count = change.record_many(
            ledger.Record(
                event=SENT,
                stream=parcel(str(number % 7)),
                subject_title=f"Parcel {number}",
                occurred_at=datetime(2015, 1, 1, tzinfo=UTC) + timedelta(days=number),
            )
            for number in range(3000)
        )
    assert count == LedgerEntry.objects.count() == LedgerPayload.objects.count() == 3000
    found = verify_ledger()
    assert (found.holds, found.entries, found.streams) == (True, 3000, 7)


def test_an_erased_payload_is_gone_and_the_chain_still_holds() -> None:
    send("one", times=3, reason="Amara's private words")
    with ledger.change(actor=BORIS) as change:
        change.erase_payloads(parcel("one"), [2], reason="The right to erasure.")
    entry = LedgerEntry.objects.get(stream__key="one", sequence=2)
    assert not LedgerPayload.objects.filter(entry=entry).exists()
    found = verify_ledger()
    assert (found.holds, found.erased) == (True, 1)


def test_an_erasure_names_entries_that_exist_and_never_an_erasure() -> None:
    send("one")
    for sequences in ([], [2]):
        with pytest.raises(ledger.LedgerError), ledger.change(actor=BORIS) as change:
            change.erase_payloads(parcel("one"), sequences, reason="Asked for.")
    with ledger.change(actor=BORIS) as change:
        change.erase_payloads(parcel("one"), [1], reason="Asked for.")
    with pytest.raises(ledger.LedgerError, match="not erased"), ledger.change(actor=BORIS) as change:
        change.erase_payloads(ledger.stream("ledger", "erasures"), [1], reason="To hide it.")


def test_the_dispatcher_is_told_after_the_commit_and_only_when_something_is_due(
    postman: Callable[..., list[str]], django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    told: list[int] = []
    ledger.set_dispatcher(lambda: told.append(LedgerEntry.objects.count()))
    with django_capture_on_commit_callbacks(execute=True):
        send()
    assert told == []
    postman()
    with django_capture_on_commit_callbacks(execute=True):
        send()
        assert told == []
    assert told == [2]


def test_a_broken_dispatcher_harms_no_change(
    postman: Callable[..., list[str]],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    def broken() -> None:
        raise ConnectionError("no broker")

    noted = postman()
    ledger.set_dispatcher(broken)
    with django_capture_on_commit_callbacks() as callbacks:
        send()
    with pytest.raises(ConnectionError):
        callbacks[0]()
    ledger.deliver_due()
    assert noted == ["Parcel one"]


@pytest.mark.django_db(transaction=True)
def test_a_dispatcher_that_fails_after_the_commit_is_logged_and_the_change_stands(
    postman: Callable[..., list[str]],
) -> None:
    noted = postman()

    def broken() -> None:
        raise ConnectionError("no broker")

    ledger.set_dispatcher(broken)
    send()
    assert LedgerEntry.objects.count() == 1
    assert ledger.deliver_due().done == 1
    assert noted == ["Parcel one"]
